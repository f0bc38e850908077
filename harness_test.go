package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store/storetest"
)

// The whole program in a test: its own database, its own port, nothing mocked that can be run.

const (
	adminEmail    = "admin@lenddesk.example"
	adminPassword = "a long enough phrase"
)

// house is a running lenddesk.
type house struct {
	*program
	settings settings
	logs     *logbook

	mu    sync.Mutex
	deeds []deed // mutations that were answered as done
}

// onEach runs a story on every database, each with a program of its own.
func onEach(t *testing.T, story func(t *testing.T, h *house)) {
	t.Helper()
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			h := start(t, settings{DatabaseURL: storetest.URL(t, dialect)})
			story(t, h)
			if !t.Failed() {
				h.audited(t)
			}
		})
	}
}

// start starts the program until the test ends.
func start(t testing.TB, s settings) *house {
	t.Helper()
	h := begin(t, s)
	t.Cleanup(func() {
		if err := h.close(); err != nil {
			t.Error(err)
		}
	})
	return h
}

// begin starts the program with what the settings leave open filled in.
func begin(t testing.TB, s settings) *house {
	t.Helper()
	if s.Keyset == "" {
		s.Keyset = newKeyset(t)
	}
	s.Addr, s.AdminEmail, s.AdminPassword, s.LogLevel = "127.0.0.1:0", adminEmail, adminPassword, "info"
	if s.SlowStatement == "" {
		s.SlowStatement = "0"
	}
	if s.Profile == "" {
		s.Profile = string(parameter.CNP2P2016)
	}
	if s.BlobURL == "" {
		s.BlobURL = filepath.Join(t.TempDir(), "files")
	}
	s.TrustedProxies = []string{"127.0.0.1"}
	if s.Demo == "" {
		s.Demo = "0"
	}
	s.Outer.Deadline, s.Outer.Pause, s.Outer.Closed = 300*time.Millisecond, 10*time.Millisecond, 100*time.Millisecond
	s.Simulation.Slow, s.Simulation.Later = 2*s.Outer.Deadline, 20*time.Millisecond
	if err := s.check(); err != nil {
		t.Fatal(err)
	}
	if s.BackupURL == "" {
		s.BackupURL = t.TempDir()
	}
	h := &house{settings: s, logs: &logbook{}}
	var err error
	h.program, err = open(context.Background(), s, io.Discard, slog.New(slog.NewTextHandler(h.logs, &slog.HandlerOptions{Level: slog.LevelInfo})))
	if err != nil {
		t.Fatal(err)
	}
	return h
}

// person is somebody at the door, with a token or none.
type person struct {
	t       testing.TB
	h       *house
	token   string
	address string // where they come from, as a proxy says: the harness trusts its own; empty is the machine itself
}

// from is the same person somewhere else.
func (p *person) from(address string) *person { return &person{p.t, p.h, p.token, address} }

func (h *house) anybody(t testing.TB) *person { return &person{t: t, h: h} }

func (h *house) administrator(t testing.TB) *person {
	t.Helper()
	return h.anybody(t).signIn(adminEmail, adminPassword)
}

func (p *person) signIn(login, password string) *person {
	p.t.Helper()
	got := p.ask(`mutation($i: SignInInput!) { signIn(input: $i) { session { token } userErrors { code } } }`, vars{"i": vars{"login": login, "password": password}})
	token, _ := got.at("signIn.session.token").(string)
	if token == "" {
		p.t.Fatalf("%s cannot sign in: %s", login, got)
	}
	return &person{p.t, p.h, token, p.address}
}

type vars = map[string]any

// answer is a GraphQL answer.
type answer struct {
	Data   map[string]any
	Errors []struct {
		Message    string
		Path       []any
		Extensions map[string]any
	}
	raw string
}

func (a answer) String() string { return a.raw }

// at walks into the data: names and positions joined by dots.
func (a answer) at(path string) any {
	var v any = a.Data
	for step := range strings.SplitSeq(path, ".") {
		switch x := v.(type) {
		case map[string]any:
			v = x[step]
		case []any:
			i := 0
			for _, c := range step {
				i = i*10 + int(c-'0')
			}
			if i >= len(x) {
				return nil
			}
			v = x[i]
		default:
			return nil
		}
	}
	return v
}

func (a answer) text(path string) string { s, _ := a.at(path).(string); return s }

// codes are the codes of top-level errors.
func (a answer) codes() []string {
	var codes []string
	for _, e := range a.Errors {
		c, _ := e.Extensions["code"].(string)
		codes = append(codes, c)
	}
	return codes
}

// faults are the userErrors of a mutation, as "CODE field.path".
func (a answer) faults(mutation string) []string {
	list, _ := a.at(mutation + ".userErrors").([]any)
	var faults []string
	for _, f := range list {
		m := f.(map[string]any)
		s := m["code"].(string)
		if field, ok := m["field"].([]any); ok {
			var path []string
			for _, step := range field {
				path = append(path, step.(string))
			}
			s += " " + strings.Join(path, ".")
		}
		faults = append(faults, s)
	}
	return faults
}

// ask sends one document.
func (p *person) ask(query string, v ...vars) answer {
	p.t.Helper()
	body := vars{"query": query}
	if len(v) > 0 {
		body["variables"] = v[0]
	}
	b, err := json.Marshal(body)
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequest(http.MethodPost, "http://"+p.h.address+"/graphql", bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	r.Header.Set("Accept-Language", "en")
	if p.address != "" {
		r.Header.Set("X-Forwarded-For", p.address)
	}
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	a := answer{raw: string(raw)}
	if err := json.Unmarshal(raw, &a); err != nil {
		p.t.Fatalf("%d %s", res.StatusCode, raw)
	}
	p.h.note(query, a, res.Header.Get("X-Request-Id"))
	return a
}

var mutationName = regexp.MustCompile(`^[a-z][A-Za-z]*$`)

// do calls a mutation that answers with a user.
func (p *person) do(mutation string, input vars) answer {
	p.t.Helper()
	if !mutationName.MatchString(mutation) {
		p.t.Fatalf("%q is no mutation", mutation)
	}
	kind := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input"
	return p.ask(`mutation($i: `+kind+`!) { `+mutation+`(input: $i) { user { id status version name } userErrors { code message field } } }`, vars{"i": input})
}

// newKeyset makes the keys of one test.
func newKeyset(t testing.TB) string {
	t.Helper()
	keys, err := seal.Generate()
	if err != nil {
		t.Fatal(err)
	}
	return string(keys)
}

// logbook is what the program has logged.
type logbook struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logbook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logbook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
