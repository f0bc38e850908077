package jobs

import (
	"context"
	"database/sql"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riversqlite"
)

// wakingDriver is River's driver for SQLite with a listener inside the program: wake does what NOTIFY does on PostgreSQL. River asks
// once a second otherwise.
type wakingDriver struct {
	*riversqlite.Driver
	pending chan struct{}
}

func newWakingDriver(db *sql.DB) *wakingDriver {
	return &wakingDriver{riversqlite.New(db), make(chan struct{}, 1)}
}

// wake has the workers look for jobs. It never blocks: one pending wake-up is as good as many.
func (d *wakingDriver) wake() {
	select {
	case d.pending <- struct{}{}:
	default:
	}
}

// SupportsListener tells River to use GetListener.
func (d *wakingDriver) SupportsListener() bool { return true }

// GetListener gives River the receiving end of wake.
func (d *wakingDriver) GetListener(*riverdriver.GetListenenerParams) riverdriver.Listener {
	return listener{d.pending}
}

// listener says for every wake-up what NOTIFY says on PostgreSQL when a job is inserted. Everything else that is told over a connection
// there, has no meaning within one program.
type listener struct{ pending <-chan struct{} }

func (l listener) WaitForNotification(ctx context.Context) (*riverdriver.Notification, error) {
	select {
	case <-l.pending:
		return &riverdriver.Notification{Topic: "river_insert", Payload: `{"queue": "` + river.QueueDefault + `"}`}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (listener) Close(context.Context) error            { return nil }
func (listener) Connect(context.Context) error          { return nil }
func (listener) Listen(context.Context, string) error   { return nil }
func (listener) Ping(context.Context) error             { return nil }
func (listener) Schema() string                         { return "" }
func (listener) SetAfterConnectExec(string)             {}
func (listener) Unlisten(context.Context, string) error { return nil }
