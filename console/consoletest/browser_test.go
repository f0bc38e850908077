package consoletest_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"lenddesk/console/consoletest"
)

// A browser that saw nothing would let every page pass: here is a page that does what the playground must not.
func TestTheBrowserSeesWhatAPageMustNotDo(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/":
			w.Header().Set("Content-Security-Policy", "default-src 'none'; script-src 'self'; img-src http://elsewhere.invalid")
			fmt.Fprint(w, `<script>console.error("inline")</script><img src="http://elsewhere.invalid/pixel.png"><script src="/page.js"></script>`)
		case "/page.js":
			w.Header().Set("Content-Type", "text/javascript")
			fmt.Fprint(w, `console.error("said aloud"); throw new Error("thrown")`)
		default:
			w.WriteHeader(http.StatusNoContent)
		}
	}))
	t.Cleanup(server.Close)

	b := consoletest.Start(t)
	b.Open(server.URL + "/")

	if asked := b.Requests(); !slices.Contains(asked, "http://elsewhere.invalid/pixel.png") {
		t.Errorf("the request to elsewhere was not seen: %q", asked)
	}
	faults := strings.Join(b.Faults(), "\n")
	for _, want := range []string{"security: ", "console: \"said aloud\"", "exception: Error: thrown", "elsewhere.invalid/pixel.png"} {
		if !strings.Contains(faults, want) {
			t.Errorf("no fault with %q among:\n%s", want, faults)
		}
	}
	if strings.Contains(faults, `console: "inline"`) {
		t.Error("the content policy did not hold")
	}
}
