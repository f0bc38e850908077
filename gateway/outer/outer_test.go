package outer_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lenddesk/gateway/outer"
	"lenddesk/gateway/signing"
)

const (
	secret = "a secret of both"
	phone  = "+8613800138000"
)

// system is a system that answers as it is told, and counts.
func system(t *testing.T, answer http.HandlerFunc) (url string, asked *atomic.Int32) {
	t.Helper()
	asked = new(atomic.Int32)
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		body, _ := io.ReadAll(r.Body) // only then does the server see that who asks has gone
		r.Body = io.NopCloser(bytes.NewReader(body))
		answer(w, r)
	}))
	t.Cleanup(s.Close)
	return s.URL, asked
}

func says(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func open(t *testing.T, url string, change func(*outer.Options)) *outer.Caller {
	t.Helper()
	o := outer.Options{System: "KXD", URL: url, Secrets: []string{secret}, Deadline: 200 * time.Millisecond, Pause: time.Millisecond, Tries: 3, Failures: 1000}
	if change != nil {
		change(&o)
	}
	c, err := outer.Open(o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func ask(ctx context.Context, c *outer.Caller) (outer.Answer, error) {
	return c.Ask(ctx, "/questions", "r1", map[string]string{"requestId": "r1", "phone": phone}, "YES", "NO")
}

const yes = `{"requestId":"r1","result":"YES","code":"00","at":"2026-03-01T08:00:00Z","more":1}`

func TestAQuestionIsSignedAndAnswered(t *testing.T) {
	var signature error
	url, asked := system(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		signature = signing.Verifier{Secrets: []string{secret}}.Check(r.Header, body, time.Now())
		says(http.StatusOK, yes)(w, r)
	})
	a, err := ask(t.Context(), open(t, url+"/", nil))
	if err != nil || a.Result != "YES" || a.Code != "00" || !a.At.Equal(time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)) || signature != nil || asked.Load() != 1 {
		t.Errorf("%+v %v, signature %v, asked %d times", a, err, signature, asked)
	}
}

func TestWhatGoesWrongOutsideIsJudged(t *testing.T) {
	hold := make(chan struct{})
	defer close(hold)
	cut := func(said string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			conn, to, err := w.(http.Hijacker).Hijack()
			if err != nil {
				panic(err)
			}
			_, _ = to.WriteString(said)
			_ = to.Flush()
			_ = conn.Close()
		}
	}
	for _, c := range []struct {
		what   string
		answer http.HandlerFunc
		want   error
		tries  int32
	}{
		{"down", says(http.StatusServiceUnavailable, `{"code":"DOWN"}`), outer.ErrUnavailable, 3},
		{"too busy", says(http.StatusTooManyRequests, ``), outer.ErrUnavailable, 3},
		{"slow", func(_ http.ResponseWriter, r *http.Request) {
			select {
			case <-hold:
			case <-r.Context().Done():
			}
		}, outer.ErrUnavailable, 3},
		{"cutting the line", cut(""), outer.ErrUnavailable, 3},
		{"cutting the line in an answer", cut("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"requestId\":\"r1\""), outer.ErrUnavailable, 3},
		{"garbage", says(http.StatusOK, "<html>"+phone), outer.ErrUnavailable, 3},
		{"no HTTP", cut("SSH-2.0-\r\n"), outer.ErrUnavailable, 3},
		{"an answer of another kind", func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, yes) }, outer.ErrUnavailable, 3},
		{"an endless answer", says(http.StatusOK, strings.Repeat(" ", 1<<20)+yes), outer.ErrUnavailable, 3},
		{"an answer about another request", says(http.StatusOK, strings.Replace(yes, "r1", "r2", 1)), outer.ErrUnavailable, 3},
		{"a result that is none", says(http.StatusOK, strings.Replace(yes, "YES", "MAYBE", 1)), outer.ErrUnavailable, 3},
		{"unknown", says(http.StatusNotFound, `{"code":"UNKNOWN_REQUEST"}`), outer.ErrUnknown, 1},
		{"not signed rightly", says(http.StatusUnauthorized, `{"code":"SIGNATURE"}`), outer.ErrRejected, 1},
		{"other content", says(http.StatusConflict, `{"code":"OTHER_CONTENT"}`), outer.ErrRejected, 1},
		{"sent elsewhere", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}, outer.ErrRejected, 1},
	} {
		t.Run(c.what, func(t *testing.T) {
			url, asked := system(t, c.answer)
			_, err := ask(t.Context(), open(t, url, nil))
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if asked.Load() < c.tries { // the transport itself repeats what got no byte of an answer
				t.Errorf("asked %d times, want %d", asked.Load(), c.tries)
			}
			if err != nil && (strings.Contains(err.Error(), phone) || strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), url)) {
				t.Errorf("the error tells too much: %v", err)
			}
		})
	}
	nowhere, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = nowhere.Close()
	if _, err := ask(t.Context(), open(t, "http://"+nowhere.Addr().String(), nil)); !errors.Is(err, outer.ErrUnavailable) {
		t.Errorf("nobody there: %v", err)
	}
}

func TestAHiccupIsAskedOver(t *testing.T) {
	var n atomic.Int32
	url, _ := system(t, func(w http.ResponseWriter, r *http.Request) {
		if n.Add(1) < 3 {
			says(http.StatusBadGateway, "")(w, r)
			return
		}
		says(http.StatusAccepted, `{"requestId":"r1","result":"PENDING","at":"2026-03-01T08:00:00Z"}`)(w, r)
	})
	if a, err := ask(t.Context(), open(t, url, nil)); err != nil || a.Result != outer.Pending {
		t.Errorf("%+v %v", a, err)
	}
}

func TestASystemThatIsDownIsLeftAloneForAWhile(t *testing.T) {
	var up atomic.Bool
	url, asked := system(t, func(w http.ResponseWriter, r *http.Request) {
		if up.Load() {
			says(http.StatusOK, yes)(w, r)
			return
		}
		says(http.StatusInternalServerError, "")(w, r)
	})
	c := open(t, url, func(o *outer.Options) { o.Tries, o.Failures, o.Closed = 1, 3, 50*time.Millisecond })
	for range 10 {
		if _, err := ask(t.Context(), c); !errors.Is(err, outer.ErrUnavailable) {
			t.Fatal(err)
		}
	}
	if n := asked.Load(); n != 3 {
		t.Errorf("asked %d times", n)
	}
	up.Store(true)
	deadline := time.Now().Add(20 * time.Second)
	for {
		_, err := ask(t.Context(), c)
		if err == nil {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("it is never asked again: ", err)
		}
	}
}

func TestAQuestionThatIsGivenUpEnds(t *testing.T) {
	url, _ := system(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := ask(ctx, open(t, url, func(o *outer.Options) { o.Deadline = time.Minute })); !errors.Is(err, outer.ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Error(err)
	}
}

func TestAnAddressMustBeOne(t *testing.T) {
	for _, url := range []string{"", "kxd", "ftp://kxd.example.com", "http://user:word@127.0.0.1", "https://kxd.example.com?x=1", "http://kxd.example.com", "http://10.0.0.1"} {
		if _, err := outer.Open(outer.Options{System: "KXD", URL: url, Secrets: []string{secret}}); err == nil {
			t.Errorf("%q is taken", url)
		}
	}
	for _, url := range []string{"https://kxd.example.com", "http://127.0.0.1:1", "http://[::1]:1", "http://localhost"} {
		if _, err := outer.Open(outer.Options{System: "KXD", URL: url, Secrets: []string{secret}}); err != nil {
			t.Errorf("%q: %v", url, err)
		}
	}
	if _, err := outer.Open(outer.Options{System: "KXD", URL: "https://kxd.example.com"}); err == nil {
		t.Error("no secret is taken")
	}
}

func TestAnAnswerIsReadStrictly(t *testing.T) {
	for body, want := range map[string]string{
		yes: "YES 00", strings.Replace(yes, "00", phone, 1): "YES ", strings.Replace(yes, `"00"`, `"`+strings.Repeat("x", 41)+`"`, 1): "YES ",
		`{"requestId":"r1","result":"PENDING","at":"2026-03-01T08:00:00Z"}`: "PENDING ",
		`{"requestId":"","result":"YES"}`:                                   "no", `{"result":"YES"}`: "no", `[]`: "no", ``: "no", `{"requestId":"r1","result":"yes"}`: "no",
		`{"requestId":"` + strings.Repeat("1", 65) + `","result":"YES"}`: "no",
	} {
		a, err := outer.Read([]byte(body), "YES", "NO")
		got := fmt.Sprint(a.Result, " ", a.Code)
		if err != nil {
			got = "no"
		}
		if got != want {
			t.Errorf("%s: %s, want %s", body, got, want)
		}
	}
}
