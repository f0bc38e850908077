package store

import (
	"context"
	"database/sql/driver"
	"fmt"
	"io"
	"net"
	"testing"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
)

func TestWhatTheDatabaseSaysIsJudged(t *testing.T) {
	type verdict struct{ unavailable, uncertain bool }
	for what, c := range map[string]struct {
		err  error
		want verdict
	}{
		"nothing":                          {nil, verdict{}},
		"SQLite: full":                     {sqlite3.Error{Code: sqlite3.ErrFull}, verdict{unavailable: true}},
		"SQLite: read-only":                {sqlite3.Error{Code: sqlite3.ErrReadonly}, verdict{unavailable: true}},
		"SQLite: a broken rule":            {sqlite3.Error{Code: sqlite3.ErrConstraint}, verdict{}},
		"SQLite: full when committing":     {unanswered(sqlite3.Error{Code: sqlite3.ErrFull}), verdict{unavailable: true}},
		"PostgreSQL: disk full":            {&pgconn.PgError{Code: "53100"}, verdict{unavailable: true}},
		"PostgreSQL: too many connections": {&pgconn.PgError{Code: "53300"}, verdict{unavailable: true}},
		"PostgreSQL: read-only":            {&pgconn.PgError{Code: "25006"}, verdict{unavailable: true}},
		"PostgreSQL: connection ended":     {&pgconn.PgError{Code: "57P01"}, verdict{unavailable: true}},
		"PostgreSQL: a broken rule":        {&pgconn.PgError{Code: "23514"}, verdict{}},
		"PostgreSQL: refused committing":   {unanswered(&pgconn.PgError{Code: "40001"}), verdict{}},
		"the line is cut":                  {io.ErrUnexpectedEOF, verdict{unavailable: true}},
		"the line is cut while committing": {unanswered(io.ErrUnexpectedEOF), verdict{uncertain: true}},
		"reset while committing":           {unanswered(&net.OpError{Op: "read", Err: io.EOF}), verdict{uncertain: true}},
		"the connection was dead before":   {driver.ErrBadConn, verdict{unavailable: true}},
		"given up by the caller":           {context.Canceled, verdict{}},
		"too late":                         {context.DeadlineExceeded, verdict{}},
		"too late while committing":        {unanswered(context.DeadlineExceeded), verdict{uncertain: true}},
	} {
		err := c.err
		if err != nil {
			err = fmt.Errorf("wrapped: %w", err)
		}
		if got := (verdict{Unavailable(err), Uncertain(err)}); got != c.want {
			t.Errorf("%s: %+v, want %+v", what, got, c.want)
		}
	}
}
