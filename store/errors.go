package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"net"
	"strings"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/mattn/go-sqlite3"
)

// UniqueViolation reports whether err, ent's errors included, says that a row with the same unique key is there already. name is what
// the database tells: the index on PostgreSQL ("users_email_occupied"), the columns on SQLite ("users.email", several joined by ", ").
func UniqueViolation(err error) (name string, ok bool) {
	if pg, is := errors.AsType[*pgconn.PgError](err); is {
		return pg.ConstraintName, pg.Code == "23505"
	}
	lite, is := errors.AsType[sqlite3.Error](err)
	if !is || lite.ExtendedCode != sqlite3.ErrConstraintUnique && lite.ExtendedCode != sqlite3.ErrConstraintPrimaryKey {
		return "", false
	}
	return strings.TrimPrefix(lite.Error(), "UNIQUE constraint failed: "), true
}

// lost is a commit whose answer did not come.
type lost struct{ error }

func (l lost) Unwrap() error { return l.error }

// unanswered marks the error of a commit that reached the database and of which the database said nothing.
func unanswered(err error) error {
	_, postgres := errors.AsType[*pgconn.PgError](err)
	_, lite := errors.AsType[sqlite3.Error](err)
	if postgres || lite || pgconn.SafeToRetry(err) {
		return err
	}
	return lost{err}
}

// Uncertain reports whether err says that the connection was lost while committing: the transaction may stand, or not.
func Uncertain(err error) bool {
	_, is := errors.AsType[lost](err)
	return is
}

// Unavailable reports whether err says that the database cannot take this now, whatever is asked: it is full, read-only, too
// busy, shutting down, or can't be reached. Nothing has changed, and the same may succeed later. A request given up by its caller
// is not that, nor is what is Uncertain.
func Unavailable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || Uncertain(err) {
		return false
	}
	if _, is := errors.AsType[*pgconn.ConnectError](err); is { // whatever the server says to refuse it
		return true
	}
	if pg, is := errors.AsType[*pgconn.PgError](err); is {
		return unavailablePostgres(pg.Code)
	}
	if lite, is := errors.AsType[sqlite3.Error](err); is {
		switch lite.Code {
		case sqlite3.ErrBusy, sqlite3.ErrLocked, sqlite3.ErrReadonly, sqlite3.ErrFull, sqlite3.ErrIoErr, sqlite3.ErrCantOpen, sqlite3.ErrNomem:
			return true
		}
		return false
	}
	if errors.Is(err, context.DeadlineExceeded) {
		return false
	}
	if pgconn.SafeToRetry(err) { // it was lost before anything was sent
		return true
	}
	if _, is := errors.AsType[*net.OpError](err); is {
		return true
	}
	for _, lost := range []error{driver.ErrBadConn, sql.ErrConnDone, net.ErrClosed, io.EOF, io.ErrUnexpectedEOF} {
		if errors.Is(err, lost) {
			return true
		}
	}
	// database/sql has no name for this one.
	return strings.HasSuffix(err.Error(), "sql: database is closed")
}

// unavailablePostgres knows the classes and codes of https://www.postgresql.org/docs/current/errcodes-appendix.html.
func unavailablePostgres(code string) bool {
	switch code {
	case "25006", // read-only transaction: a standby, or switched so
		"57P01", "57P02", "57P03", "57P05", // shutting down, crashed, starting up, idle session ended
		"58030": // input or output failed
		return true
	}
	// Class 08 is the connection, class 53 the lack of disk, memory or connections.
	return strings.HasPrefix(code, "08") || strings.HasPrefix(code, "53")
}
