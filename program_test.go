package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"lenddesk/store/storetest"
)

func quiet() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestWrongSettingsAreRefusedByName(t *testing.T) {
	for setting, value := range map[string]string{
		"LENDDESK_ADDR": "8080", "LENDDESK_DATABASE_URL": "mysql://x:hush@y/z", "LENDDESK_SMTP_URL": "http://user:hush@mail", "LENDDESK_KEYSET": "hush",
		"LENDDESK_ALLOWED_ORIGINS": "https://a.example/hush", "LENDDESK_PROFILE": "hush", "LENDDESK_TRUSTED_PROXIES": "10.0.0.0/hush", "LENDDESK_SLOW_STATEMENT": "hush", "LENDDESK_LOG_LEVEL": "loud-hush", "LENDDESK_DEMO": "hush",
		"LENDDESK_KXD_SECRET": "hush", "LENDDESK_BACKUP_URL": "s3://hush", "LENDDESK_WEBHOOK_ALLOW": "hush", "LENDDESK_KXDM_URL": "ftp://hush.example",
	} {
		t.Run(setting, func(t *testing.T) {
			t.Setenv(setting, value)
			_, _, err := parse(nil)
			if err == nil || !strings.Contains(err.Error(), setting) {
				t.Fatalf("the error does not name the setting: %v", err)
			}
			if strings.Contains(err.Error(), "hush") {
				t.Errorf("the error echoes the value: %v", err)
			}
		})
	}
	t.Setenv("LENDDESK_ADDR", "nowhere")
	t.Setenv("LENDDESK_DEMO", "2")
	if _, _, err := parse(nil); err == nil || !strings.Contains(err.Error(), "LENDDESK_ADDR") || !strings.Contains(err.Error(), "LENDDESK_DEMO") {
		t.Errorf("not all faults at once: %v", err)
	}
}

func TestWithoutSettingsEverythingHasADefault(t *testing.T) {
	for _, name := range names {
		t.Setenv(name, "")
		if err := os.Unsetenv(name); err != nil {
			t.Fatal(err)
		}
	}
	command, s, err := parse(nil)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "command", command, "serve")
	want(t, "address", s.Addr, "127.0.0.1:8080")
	want(t, "database", s.DatabaseURL, "sqlite:lenddesk.db")
	want(t, "keys", s.keyFile(), "lenddesk.keys")
}

// The command as it stands in the manual, with numbers that take no time: with one dash, on both databases, and the book can be signed in to.
func TestTheCommandDemoFillsAnEmptyDatabase(t *testing.T) {
	args := []string{"-users", "500", "-companies", "20", "-loans=200", "-bids", "1000", "-cards", "500", "-seed", "3", "-proof"}
	for _, dialect := range storetest.Dialects {
		s := settings{Addr: "127.0.0.1:0", DatabaseURL: storetest.Empty(t, dialect), Keyset: newKeyset(t), LogLevel: "info", Demo: "0"}
		t.Setenv("LENDDESK_KEYSET", s.Keyset)
		var out, progress bytes.Buffer
		command := append([]string{"demo", "--database-url", s.DatabaseURL}, args...)
		if err := run(t.Context(), command, &out, &progress); err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(progress.String(), "users 500 of 500, loans 200 of 200, bids 1000 of 1000") || !strings.Contains(out.String(), "Every rule of the domain holds") {
			t.Errorf("it told %s and %s", &progress, &out)
		}
		_, after, _ := strings.Cut(out.String(), "with the password ")
		password, _, _ := strings.Cut(after, "\n")
		if strings.Contains(progress.String(), password) {
			t.Error("the password stands in the log")
		}
		if err := run(t.Context(), command, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "not empty") {
			t.Errorf("a second time: %v", err)
		}
		p, err := open(t.Context(), s, io.Discard, quiet())
		if err != nil {
			t.Fatal(err)
		}
		(&house{program: p}).anybody(t).signIn("admin@lenddesk.example", password)
		if err := p.close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := run(t.Context(), []string{"demo", "-users", "1", "-cards", "2"}, io.Discard, io.Discard); err == nil ||
		!strings.Contains(err.Error(), "-users must be") || !strings.Contains(err.Error(), "-cards must be") {
		t.Errorf("numbers that cannot be: %v", err)
	}
}

func TestVersionAndMigrate(t *testing.T) {
	var out bytes.Buffer
	if err := run(t.Context(), []string{"version"}, &out, io.Discard); err != nil || strings.TrimSpace(out.String()) == "" {
		t.Errorf("version: %q, %v", out.String(), err)
	}
	for _, dialect := range storetest.Dialects {
		url := storetest.Empty(t, dialect)
		for range 2 { // a second time there is nothing to do
			if err := run(t.Context(), []string{"migrate", "--database-url", url}, io.Discard, io.Discard); err != nil {
				t.Errorf("migrate %s: %v", dialect, err)
			}
		}
	}
}

func TestTheFirstPasswordIsPrintedOnceAndWorks(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			s := settings{Addr: "127.0.0.1:0", DatabaseURL: storetest.Empty(t, dialect), Keyset: newKeyset(t), LogLevel: "info", Demo: "0"}
			var first, second bytes.Buffer
			p, err := open(t.Context(), s, &first, quiet())
			if err != nil {
				t.Fatal(err)
			}
			_, after, _ := strings.Cut(first.String(), "with the password ")
			password, _, _ := strings.Cut(after, "\n")
			h := &house{program: p}
			h.anybody(t).signIn("admin@lenddesk.example", password)
			if err := p.close(); err != nil {
				t.Fatal(err)
			}
			if p, err = open(t.Context(), s, &second, quiet()); err != nil {
				t.Fatal(err)
			}
			want(t, "said at the second start", second.String(), "")
			if err := p.close(); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func TestAWrongFirstPasswordIsRefusedByName(t *testing.T) {
	_, err := open(t.Context(), settings{
		Addr: "127.0.0.1:0", DatabaseURL: storetest.Empty(t, storetest.Dialects[0]), Keyset: newKeyset(t), LogLevel: "info", Demo: "0",
		AdminEmail: "nobody", AdminPassword: "password",
	}, io.Discard, quiet())
	if err == nil || !strings.Contains(err.Error(), "LENDDESK_ADMIN_EMAIL") || !strings.Contains(err.Error(), "LENDDESK_ADMIN_PASSWORD") {
		t.Errorf("opened with %v", err)
	}
}

func TestADatabaseIsOpenedWithItsOwnKeysOnly(t *testing.T) {
	folder := t.TempDir()
	s := settings{Addr: "127.0.0.1:0", DatabaseURL: "sqlite:" + filepath.Join(folder, "book.db"), LogLevel: "info", Demo: "0"}
	begin := func(s settings) error {
		p, err := open(t.Context(), s, io.Discard, quiet())
		if err != nil {
			return err
		}
		return p.close()
	}
	if err := begin(s); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "book.keys")
	info, err := os.Stat(file)
	if err != nil {
		t.Fatal(err)
	}
	want(t, "mode of the key file", info.Mode().Perm(), 0o600)
	own, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if err := begin(s); err == nil || !strings.Contains(err.Error(), "book.keys is missing") {
		t.Errorf("without its keys: %v", err)
	}
	if _, err := os.Stat(file); !os.IsNotExist(err) {
		t.Error("a refused start made new keys")
	}
	other := s
	other.Keyset = newKeyset(t)
	if err := begin(other); err == nil || !strings.Contains(err.Error(), "not those of this database") {
		t.Errorf("with other keys: %v", err)
	}
	other.Keyset = string(own)
	if err := begin(other); err != nil {
		t.Errorf("with its keys from LENDDESK_KEYSET: %v", err)
	}
}

func TestSeveralServersStartOnOneEmptyDatabase(t *testing.T) {
	s := settings{Addr: "127.0.0.1:0", DatabaseURL: storetest.Empty(t, "postgres"), Keyset: newKeyset(t), LogLevel: "info", Demo: "0"}
	var told [3]bytes.Buffer
	var wg sync.WaitGroup
	for i := range told {
		wg.Go(func() {
			p, err := open(t.Context(), s, &told[i], quiet())
			if err != nil {
				t.Error(err)
				return
			}
			if err := p.close(); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	want(t, "first administrators", strings.Count(told[0].String()+told[1].String()+told[2].String(), "with the password"), 1)
}

func TestAliveAndReady(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		get := func(path string) (int, map[string]string) {
			res, err := http.Get("http://" + h.address + path)
			if err != nil {
				t.Fatal(err)
			}
			defer res.Body.Close()
			checks := map[string]string{}
			_ = json.NewDecoder(res.Body).Decode(&checks) // /healthz is no JSON
			return res.StatusCode, checks
		}
		code, _ := get("/healthz")
		want(t, "alive", code, http.StatusOK)
		code, checks := get("/readyz")
		want(t, "ready", code, http.StatusOK)
		for _, name := range []string{"database", "migrations", "queue"} {
			want(t, name, checks[name], "ok")
		}
		h.draining.Store(true)
		code, checks = get("/readyz")
		want(t, "ready while draining", code, http.StatusServiceUnavailable)
		want(t, "server", checks["server"], "draining")
		h.draining.Store(false)
		if err := h.queue.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		code, checks = get("/readyz")
		want(t, "ready without a queue", code, http.StatusServiceUnavailable)
		want(t, "queue", checks["queue"], "failing")
	})
}

// slowBody is a request whose end the client sends when it is told to.
type slowBody struct {
	first io.Reader
	rest  chan struct{}
	last  io.Reader
}

func (s *slowBody) Read(p []byte) (int, error) {
	if n, err := s.first.Read(p); err == nil {
		return n, nil
	}
	<-s.rest
	return s.last.Read(p)
}

func TestDrainingDropsNoAcceptedRequest(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			ctx, terminate := context.WithCancel(t.Context())
			s := settings{Addr: "127.0.0.1:0", DatabaseURL: storetest.URL(t, dialect), Keyset: newKeyset(t), LogLevel: "info", Demo: "0", AdminPassword: adminPassword}
			p, err := open(ctx, s, io.Discard, quiet())
			if err != nil {
				t.Fatal(err)
			}
			body := &slowBody{strings.NewReader(`{"query":"{ __ty`), make(chan struct{}), strings.NewReader(`pename }"}`)}
			answered := make(chan string, 1)
			go func() {
				r, err := http.NewRequest(http.MethodPost, "http://"+p.address+"/graphql", body)
				if err != nil {
					answered <- err.Error()
					return
				}
				r.Header.Set("Content-Type", "application/json")
				res, err := http.DefaultClient.Do(r)
				if err != nil {
					answered <- err.Error()
					return
				}
				defer res.Body.Close()
				b, _ := io.ReadAll(res.Body)
				answered <- string(b)
			}()
			until(t, "the request is accepted", func() bool { return p.active.Load() == 1 })
			terminate()
			closed := make(chan error, 1)
			go func() { closed <- p.close() }()
			until(t, "the server drains", func() bool { return p.draining.Load() })
			close(body.rest)
			if got := <-answered; !strings.Contains(got, `"Query"`) {
				t.Errorf("the accepted request was answered %q", got)
			}
			if err := <-closed; err != nil {
				t.Error(err)
			}
			if _, err := http.Get("http://" + p.address + "/healthz"); err == nil {
				t.Error("still listening after the end")
			}
		})
	}
}

// until waits for a condition that another goroutine brings about.
func until(t testing.TB, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(20 * time.Second)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited in vain: ", what)
		}
	}
}
