package door

import (
	"bufio"
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
)

type contextKey int

const (
	requestIDKey contextKey = iota
	noteKey
	settleKey
)

// statusGone is logged when the client went away before the answer (nginx's number; it is never sent).
const statusGone = 499

// note is what the transports tell the access log. Operations over one WebSocket tell it at the same time; the log has the one that began last.
type note struct {
	mu        sync.Mutex
	operation string
	gone      bool
}

func noteOperation(ctx context.Context, name string) {
	if n, ok := ctx.Value(noteKey).(*note); ok {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.operation = name
	}
}

func noteGone(ctx context.Context) {
	if n, ok := ctx.Value(noteKey).(*note); ok {
		n.mu.Lock()
		defer n.mu.Unlock()
		n.gone = true
	}
}

// RequestID gives each request an id, in its context and in the answer's X-Request-Id: the client's own when it is 1–64
// characters out of letters, digits, `.`, `_` and `-`, else a random one.
func RequestID(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !sane(id) {
			id = rand.Text()
		}
		w.Header().Set("X-Request-Id", id)
		next.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), requestIDKey, id)))
	})
}

// RequestIDOf is the id of the request that a context belongs to, empty outside of one.
func RequestIDOf(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey).(string)
	return id
}

func sane(id string) bool {
	if id == "" || len(id) > 64 {
		return false
	}
	for i := range len(id) {
		c := id[i]
		if (c < '0' || c > '9') && (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && c != '.' && c != '_' && c != '-' {
			return false
		}
	}
	return true
}

// AccessLog writes a line per request: method, path, status, duration, request id, the GraphQL operation's name. Never
// the query string, a header or a body: they hold variables and sessions.
func AccessLog(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		start := time.Now()
		n := &note{}
		rec := record(w)
		defer func() {
			status := rec.status
			n.mu.Lock()
			defer n.mu.Unlock()
			switch {
			case n.gone:
				status = statusGone
			case status == 0:
				status = http.StatusOK
			}
			log.LogAttrs(r.Context(), slog.LevelInfo, "request",
				slog.String("method", cut(r.Method, 16)),
				slog.String("path", cut(r.URL.Path, 200)),
				slog.Int("status", status),
				slog.Duration("duration", time.Since(start)),
				slog.String("request", RequestIDOf(r.Context())),
				slog.String("operation", n.operation))
		}()
		next.ServeHTTP(rec, r.WithContext(context.WithValue(r.Context(), noteKey, n)))
	})
}

// PanicGuard answers 500 with INTERNAL when a handler panics and logs the stack. When the answer had begun, the
// connection is cut, so that half of it is not taken for the whole. Stand it inside AccessLog.
func PanicGuard(log *slog.Logger, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rec := record(w)
		defer func() {
			panicked := recover()
			if panicked == nil {
				return
			}
			if panicked == http.ErrAbortHandler {
				panic(panicked)
			}
			log.LogAttrs(r.Context(), slog.LevelError, "a handler panicked",
				slog.String("request", RequestIDOf(r.Context())),
				slog.String("path", cut(r.URL.Path, 200)),
				slog.String("panic", fmt.Sprint(panicked)),
				slog.String("stack", string(debug.Stack())))
			if rec.status != 0 {
				panic(http.ErrAbortHandler)
			}
			for _, h := range []string{"Content-Encoding", "Content-Length", "Etag", "Last-Modified"} {
				rec.Header().Del(h)
			}
			write(rec, r, legacyJSON, http.StatusInternalServerError, &graphql.Response{Errors: errorsOf(errInternal)})
		}()
		next.ServeHTTP(rec, r)
	})
}

// recorder remembers the status that was sent, 0 for none yet. It hands on flushing and hijacking, for streams and
// WebSockets.
type recorder struct {
	http.ResponseWriter
	status int
}

func record(w http.ResponseWriter) *recorder {
	if rec, ok := w.(*recorder); ok {
		return rec
	}
	return &recorder{ResponseWriter: w}
}

func (w *recorder) WriteHeader(status int) {
	if w.status == 0 && status >= 200 || status == http.StatusSwitchingProtocols {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

func (w *recorder) Write(b []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	return w.ResponseWriter.Write(b)
}

func (w *recorder) Unwrap() http.ResponseWriter { return w.ResponseWriter }

func (w *recorder) Flush() {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	_ = http.NewResponseController(w.ResponseWriter).Flush()
}

func (w *recorder) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	w.status = http.StatusSwitchingProtocols
	return http.NewResponseController(w.ResponseWriter).Hijack()
}
