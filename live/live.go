// Package live wakes those who wait for news, in this program and, on PostgreSQL, in every server on the database.
//
// It owns the waking only: it does not know what is new. Whoever is woken looks for themselves, as who they are. A wake-up may come for nothing; none
// is lost, since who waits has asked for the next one before looking.
package live

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgxlisten"
)

// Hub wakes. The zero value is ready; it is safe for concurrent use.
type Hub struct {
	mu   sync.Mutex
	next chan struct{}
}

// Next is closed when somebody wakes.
func (h *Hub) Next() <-chan struct{} {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.next == nil {
		h.next = make(chan struct{})
	}
	return h.next
}

// Wake wakes everybody who waits.
func (h *Hub) Wake() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.next != nil {
		close(h.next)
		h.next = nil
	}
}

// again is how long a lost connection is left alone before the next.
const again = time.Second

// Listen wakes the hub whenever a channel of PostgreSQL is notified, and whenever the connection was made anew, since something may have been missed. It ends
// with ctx.
func Listen(ctx context.Context, connect func(context.Context) (*pgx.Conn, error), channel string, h *Hub, log *slog.Logger) {
	listener := &pgxlisten.Listener{
		Connect:        connect,
		LogError:       func(_ context.Context, err error) { log.Warn("live updates are late", "error", err) },
		ReconnectDelay: again,
	}
	listener.Handle(channel, waker{h})
	_ = listener.Listen(ctx) // it ends with ctx only
}

type waker struct{ *Hub }

// HandleNotification wakes.
func (w waker) HandleNotification(context.Context, *pgconn.Notification, *pgx.Conn) error {
	w.Wake()
	return nil
}

// HandleBacklog wakes when a connection has begun to listen: something may have been missed.
func (w waker) HandleBacklog(context.Context, string, *pgx.Conn) error {
	w.Wake()
	return nil
}
