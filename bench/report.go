package main

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"time"
)

// report gathers the rows and the profiles, and writes the page.
type report struct {
	options  options
	durable  []string // how sure each database is of what it has committed
	rows     []*row
	profiles []string
}

func newReport(o options) *report { return &report{options: o} }

// row is one screen on one database with so many clients.
type row struct {
	dialect    string
	screen     screen
	clients    int
	cells      []cell
	statements map[string]int64
}

// cell is what a contestant showed in all its rounds.
type cell struct {
	name      string
	took      time.Duration
	latencies []time.Duration
	used      used
}

func (c *cell) add(h heat) {
	c.took += h.took
	c.latencies = append(c.latencies, h.latencies...)
	c.used.server += h.used.server
	c.used.database += h.used.database
	c.used.memory = max(c.used.memory, h.used.memory)
}

func (c *cell) rate() float64 { return float64(len(c.latencies)) / c.took.Seconds() }

// processor is the time for one request.
func (c *cell) processor() time.Duration {
	return (c.used.server + c.used.database) / time.Duration(max(1, len(c.latencies)))
}

// percentile of the latencies, which are sorted.
func (c *cell) percentile(p int) time.Duration {
	if len(c.latencies) == 0 {
		return 0
	}
	return c.latencies[min(len(c.latencies)-1, len(c.latencies)*p/100)]
}

// better is the hand-written one that answers more requests.
func (r *row) better() *cell {
	best := &r.cells[1]
	for i := range r.cells[1:] {
		if r.cells[1+i].rate() > best.rate() {
			best = &r.cells[1+i]
		}
	}
	return best
}

func (r *report) add(row *row) {
	for i := range row.cells {
		slices.Sort(row.cells[i].latencies)
	}
	r.rows = append(r.rows, row)
	ours, theirs := &row.cells[0], row.better()
	fmt.Fprintf(os.Stderr, "%-8s %s  %2d clients: %7.0f/s, by hand %7.0f/s: %.2f\n", row.dialect, row.screen.name, row.clients, ours.rate(), theirs.rate(), ours.rate()/theirs.rate())
}

// profile profiles the program while it answers.
func (r *report) profile(ctx context.Context, b *book, s screen, c *contestant, requests [][]byte) error {
	if err := c.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	heat, err := drive(ctx, c, requests, 16, 4*time.Second)
	if err != nil {
		return err
	}
	if err := c.cmd.Process.Signal(syscall.SIGUSR1); err != nil {
		return err
	}
	path := filepath.Join(b.folder, "cpu.out")
	var text []byte
	for range 50 { // the profile is written when the program has come to the signal
		time.Sleep(100 * time.Millisecond)
		if text, err = exec.CommandContext(ctx, "go", "tool", "pprof", "-top", "-cum", "-nodecount=400", b.program, path).Output(); err == nil {
			break
		}
	}
	if err != nil {
		return fmt.Errorf("read the profile: %w", err)
	}
	r.profiles = append(r.profiles, fmt.Sprintf("### %s, %s\n\n%.2f ms of the server's processor time a request, %.2f ms of PostgreSQL's.\n\n%s", title(b.dialect), s.name,
		milliseconds(heat.used.server/time.Duration(len(heat.latencies))), milliseconds(heat.used.database/time.Duration(len(heat.latencies))), shares(string(text))))
	return nil
}

// parts are what the program does, by the function under which it is done, as pprof names it.
var parts = []struct{ name, function string }{
	{"answering over HTTP, all in all", "net/http.(*conn).serve"},
	{"  reading the request and its headers", "net/http.(*conn).readRequest"},
	{"  finding out who asks", "lenddesk/graph.Entrance.func1"},
	{"  parsing and checking the document", "lenddesk/graph/door.(*guard).check"},
	{"  gqlgen: the operation, its root fields", "lenddesk/graph/generated.(*executionContext)._Query"},
	{"  reading/: plan, questions, rows and JSON", "lenddesk/reading.(*Reader).Connection"},
	{"    asking the database", "lenddesk/store.(*Moment).Ask"},
	{"      calls into SQLite", "runtime.cgocall"},
	{"      pgx: writing questions, reading rows", "github.com/jackc/pgx/v5.(*Conn).SendBatch"},
	{"    writing JSON", "lenddesk/reading.(*writer).object"},
	{"writing to and reading from sockets", "internal/runtime/syscall.Syscall6"},
	{"allocating", "runtime.mallocgc"},
	{"collecting garbage", "runtime.gcBgMarkWorker"},
	{"waiting for work", "runtime.schedule"},
}

// shares are the parts' shares of a profile, and the functions that have most of it for themselves and below.
func shares(top string) string {
	share := map[string]string{}
	var ours []string
	for _, line := range strings.Split(top, "\n") {
		f := strings.Fields(line)
		if len(f) < 6 || !strings.HasSuffix(f[4], "%") {
			continue
		}
		name := strings.Join(f[5:], " ")
		share[name] = f[4]
		if strings.HasPrefix(name, "lenddesk/") && len(ours) < 24 {
			ours = append(ours, fmt.Sprintf("%7s  %s", f[4], name))
		}
	}
	var b strings.Builder
	b.WriteString("| part | of the server's processor time |\n|---|---:|\n")
	for _, p := range parts {
		if share[p.function] != "" {
			fmt.Fprintf(&b, "| %s (`%s`) | %s |\n", strings.ReplaceAll(p.name, "  ", "&ensp;"), p.function, share[p.function])
		}
	}
	fmt.Fprintf(&b, "\nOur own functions, with what they call:\n\n```\n%s\n```\n", strings.Join(ours, "\n"))
	return b.String()
}

func milliseconds(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

func title(dialect string) string {
	if dialect == "sqlite" {
		return "SQLite"
	}
	return "PostgreSQL"
}

// text is the page.
func (r *report) text() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Performance

This page is written by `+"`make bench`"+` and not by hand. %s; %s; Go %s; a book of %d users, %d loans and %d bids (`+"`lenddesk demo`"+`).

%s

How it is measured: each server is a process of its own on the machine of the clients and the database. **lenddesk** is the program as it is, asked over HTTP with a
session of an administrator: sign-in, permissions, row rules, masks and limits in force. **By hand** is a server written for these screens alone
(`+"`bench/byhand*.go`"+`): prepared statements, JSON appended in Go, the same runtime settings and as many connections, no viewer, no rules, no limits. On SQLite
there is a second one in which the database makes the JSON, and the better one counts. All answers were compared before anything was timed. Clients ask
without pause over connections that stay open; %d rounds of %s each take turns. Processor time is the server's and that of its connections to PostgreSQL; statements are what
goes over the wire to PostgreSQL, who asks and beginning and ending a transaction included.

`, machine(), time.Now().UTC().Format("2 January 2006"), strings.TrimPrefix(runtime.Version(), "go"), r.options.users, max(200, r.options.users/2), max(800, r.options.users*10),
		busy(), r.options.rounds, r.options.each)
	for _, s := range screens {
		fmt.Fprintf(&b, "- **%s** %s\n", s.name, s.title)
	}
	fmt.Fprintf(&b, "\nWhoever places bids (B1) serves alone, on loans made for it: else each would wait for what the other still does. Both write bid, loan and event in one transaction; lenddesk's\nseal of the events, which follows, is in its figures. Written is on %s.\n", strings.Join(r.durable, ", and on "))
	for _, dialect := range r.options.dialects {
		fmt.Fprintf(&b, "\n## %s\n\n", title(dialect))
		b.WriteString("| | clients | requests/s | by hand | ratio | target | CPU ms | by hand | ratio | p50 ms | by hand | p99 ms | by hand | MB | by hand | statements | by hand |\n")
		b.WriteString("|---|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
		for _, row := range r.rows {
			if row.dialect == dialect {
				row.write(&b)
			}
		}
	}
	if len(r.profiles) > 0 {
		b.WriteString("\n## Where the rest goes\n\nWith 16 clients, by a profile of the server. Shares of parts that call each other overlap.\n\n")
		b.WriteString(strings.Join(r.profiles, "\n"))
	}
	return b.String()
}

func (r *row) write(b *strings.Builder) {
	ours, theirs := &r.cells[0], r.better()
	target := ""
	if ratio := ours.rate() / theirs.rate(); r.screen.target > 0 && r.clients == 16 {
		target = fmt.Sprintf("%.2f: missed", r.screen.target)
		if ratio >= r.screen.target {
			target = fmt.Sprintf("%.2f: reached", r.screen.target)
		}
	}
	mark := ""
	if theirs != &r.cells[1] {
		mark = "*"
	}
	statements := func(name string) string {
		if n, ok := r.statements[name]; ok {
			return fmt.Sprint(n)
		}
		return "–"
	}
	fmt.Fprintf(b, "| %s | %d | %.0f | %.0f%s | **%.2f** | %s | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %.2f | %d | %d | %s | %s |\n", r.screen.name, r.clients,
		ours.rate(), theirs.rate(), mark, ours.rate()/theirs.rate(), target, milliseconds(ours.processor()), milliseconds(theirs.processor()),
		float64(theirs.processor())/float64(max(1, ours.processor())), milliseconds(ours.percentile(50)), milliseconds(theirs.percentile(50)),
		milliseconds(ours.percentile(99)), milliseconds(theirs.percentile(99)), ours.used.memory>>20, theirs.used.memory>>20, statements("lenddesk"), statements("by hand"))
}

// machine is what it was measured on.
func machine() string {
	model := "an unknown processor"
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, after, ok := bytes.Cut(info, []byte("model name\t: ")); ok {
			line, _, _ := bytes.Cut(after, []byte("\n"))
			model = string(line)
		}
	}
	return fmt.Sprintf("%d cores of %s, %s/%s", runtime.NumCPU(), model, runtime.GOOS, runtime.GOARCH)
}

// load is how many processes wanted to run when the measuring began, on average of five minutes.
var load = func() string {
	text, err := os.ReadFile("/proc/loadavg")
	if f := strings.Fields(string(text)); err == nil && len(f) > 1 {
		return f[1]
	}
	return "unknown"
}()

// busy says so when other work ran beside.
func busy() string {
	return "The load of the machine when it began was " + load + " (average of five minutes): what is near 0 means that nothing else ran; else look at processor time rather than at requests."
}
