package consoletest

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// patience is how long the page may take for anything that is waited for.
const patience = time.Minute

// Browser is one window of a headless Chromium. Its methods fail the test when the page does not get there within a minute.
type Browser struct {
	t   testing.TB
	ctx context.Context

	mu       sync.Mutex
	requests []string
	faults   []string
}

// Start opens Chromium, found as "chromium" or by $LENDDESK_CHROMIUM, and closes it when the test ends. Without it the test
// fails and says what to install.
func Start(t testing.TB) *Browser {
	t.Helper()
	path := chromium(t)
	ctx, cancel := chromedp.NewExecAllocator(context.Background(),
		chromedp.ExecPath(path),
		chromedp.Headless, chromedp.NoSandbox, chromedp.DisableGPU, chromedp.NoFirstRun, chromedp.NoDefaultBrowserCheck,
		chromedp.Flag("disable-quic", true),
		chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-default-apps", true),
		chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-sync", true),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"),
	)
	t.Cleanup(cancel)
	ctx, _ = chromedp.NewContext(ctx)
	t.Cleanup(func() {
		if err := chromedp.Cancel(ctx); err != nil {
			t.Errorf("closing Chromium: %v", err)
		}
	})
	b := &Browser{t: t, ctx: ctx}
	if err := chromedp.Listen(ctx, b.record); err != nil {
		t.Fatalf("starting Chromium (%s): %v", path, err)
	}
	b.do("sizing the window", chromedp.EmulateViewport(1440, 900))
	return b
}

func chromium(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("LENDDESK_CHROMIUM"); path != "" {
		return path
	}
	path, err := exec.LookPath("chromium")
	if err != nil {
		t.Fatal("This test needs Chromium: install Debian's package chromium, or name the program in LENDDESK_CHROMIUM.")
	}
	return path
}

// record runs inside the loop that reads from the browser, so it only notes.
func (b *Browser) record(event any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch event := event.(type) {
	case *network.EventRequestWillBeSent:
		b.requests = append(b.requests, event.Request.URL)
	case *network.EventWebSocketCreated:
		b.requests = append(b.requests, event.URL)
	case *runtime.EventExceptionThrown:
		b.faults = append(b.faults, "exception: "+exceptionText(event.ExceptionDetails))
	case *runtime.EventConsoleAPICalled:
		if event.Type == "error" || event.Type == "assert" {
			b.faults = append(b.faults, "console: "+consoleText(event.Args))
		}
	case *log.EventEntryAdded:
		if event.Entry.Level == log.EntryLevelError {
			b.faults = append(b.faults, fmt.Sprintf("%s: %s %s", event.Entry.Source, event.Entry.Text, event.Entry.URL))
		}
	}
}

// Requests is the address of everything the page asked for until now, in order. What the content policy refused was never
// asked for and stands under Faults.
func (b *Browser) Requests() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.requests)
}

// Faults is what the page's console complained of until now: errors, uncaught exceptions, failed loads and violations of the
// content policy (these begin with "security:").
func (b *Browser) Faults() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.faults)
}

// Open goes to an address and waits until the page has loaded.
func (b *Browser) Open(url string) {
	b.t.Helper()
	b.do("opening "+url, chromedp.Navigate(url))
}

// Screenshot writes the window as a PNG of 1440×900 points.
func (b *Browser) Screenshot(file string) {
	b.t.Helper()
	picture := run(b, "taking a screenshot", chromedp.CaptureScreenshot())
	if err := os.WriteFile(file, picture, 0o644); err != nil {
		b.t.Fatal(err)
	}
}

func (b *Browser) do(what string, action chromedp.Action[chromedp.Void]) {
	b.t.Helper()
	run(b, what, action)
}

// await waits until the JavaScript function, called with the arguments, gives a true value.
func (b *Browser) await(what, function string, args ...any) {
	b.t.Helper()
	met := "(...args) => Boolean((" + function + ")(...args))"
	b.do(what, chromedp.PollFunction[chromedp.Void](met, chromedp.WithPollingArgs(args...), chromedp.WithPollingTimeout(patience)))
}

func run[T any](b *Browser, what string, action chromedp.Action[T]) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, patience)
	defer cancel()
	value, err := chromedp.Run(ctx, action)
	if err != nil {
		b.t.Fatalf("%s: %v\nfaults of the page: %q", what, err, b.Faults())
	}
	return value
}

func exceptionText(details *runtime.ExceptionDetails) string {
	if details.Exception != nil && details.Exception.Description != "" {
		return details.Exception.Description
	}
	return details.Text
}

func consoleText(args []*runtime.RemoteObject) string {
	var words []string
	for _, arg := range args {
		words = append(words, cmp.Or(arg.Description, string(arg.Value)))
	}
	return strings.Join(words, " ")
}
