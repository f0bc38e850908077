package store

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"lenddesk/ent"
)

// ErrNested is InTx's answer inside InTx.
var ErrNested = errors.New("store: a transaction within a transaction")

// Tx is a running transaction. It is not safe for concurrent use and must not leave InTx; entities read in it that do are Unwrapped.
type Tx struct {
	// Client is ent's client bound to the transaction, with the hooks of Store.Client.
	*ent.Client
	// SQL is the transaction under Client, for the queue and for statements that ent can't say.
	SQL *stdsql.Tx

	dialect string
	after   []func()
}

// Dialect is dialect.SQLite or dialect.Postgres, for statements that are built by hand.
func (tx *Tx) Dialect() string { return tx.dialect }

// AfterCommit has f run when the transaction has been committed, after those given before it. A transaction that is rolled
// back runs none of them. What must happen even if the program dies now, is a job and doesn't belong here.
func (tx *Tx) AfterCommit(f func()) { tx.after = append(tx.after, f) }

// Alone waits until no other transaction is alone under the same number, and is so until it ends: what it then counts does not change before it
// commits. SQLite has one writer anyway; PostgreSQL takes an advisory lock.
func (tx *Tx) Alone(ctx context.Context, number int64) error {
	if tx.dialect != dialect.Postgres {
		return nil
	}
	if _, err := tx.SQL.ExecContext(ctx, "SELECT pg_advisory_xact_lock($1)", number); err != nil {
		return fmt.Errorf("store: wait to be alone: %w", err)
	}
	return nil
}

type inTx struct{ s *Store }

// InTx runs f in a transaction and commits it if f returns nil; if f returns an error or panics, nothing of it stays. f must use the
// context that it is given: InTx refuses it with ErrNested. On SQLite the write lock is taken before f is called, so that what f
// reads can't change under it; on PostgreSQL (READ COMMITTED) a change stands only by compare-and-set.
//
// It returns f's error as it is, and otherwise what begin or commit said; see Unavailable, Uncertain and UniqueViolation.
func (s *Store) InTx(ctx context.Context, f func(ctx context.Context, tx *Tx) error) error {
	if ctx.Value(inTx{s}) != nil {
		return ErrNested
	}
	var under *stdsql.Tx
	etx, err := s.client.Tx(context.WithValue(ctx, seat{}, &under))
	if err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	// Also when f panics. A rollback that fails has lost its connection, and the database rolls back by itself; after the commit it does nothing.
	defer func() { _ = etx.Rollback() }()
	tx := &Tx{Client: etx.Client(), SQL: under, dialect: s.dialect}
	if err := f(context.WithValue(ctx, inTx{s}, true), tx); err != nil {
		return err
	}
	if err := etx.Commit(); err != nil {
		return fmt.Errorf("store: commit: %w", unanswered(err))
	}
	for _, f := range tx.after {
		f()
	}
	select {
	case s.committed <- struct{}{}:
	default: // it is told already
	}
	return nil
}

// Committed says that something was committed since it was last received from. It has one listener.
func (s *Store) Committed() <-chan struct{} { return s.committed }

// Notify tells all who listen to a channel of PostgreSQL, when the transaction commits. On SQLite there is nobody else.
func (tx *Tx) Notify(ctx context.Context, channel string) error {
	if tx.dialect != dialect.Postgres {
		return nil
	}
	if _, err := tx.SQL.ExecContext(ctx, "SELECT pg_notify($1, '')", channel); err != nil {
		return fmt.Errorf("store: notify: %w", err)
	}
	return nil
}

// seat is where the driver leaves the *sql.Tx that ent's transaction is made of.
type seat struct{}

// seatedDriver is ent's driver that shows the *sql.Tx under a transaction, so that the queue writes into the same one. A client made anew
// on a *sql.Tx would do that too, but has none of the hooks.
type seatedDriver struct{ *sql.Driver }

func newDriver(name string, db *stdsql.DB) dialect.Driver { return seatedDriver{sql.OpenDB(name, db)} }

// Tx begins a transaction.
func (d seatedDriver) Tx(ctx context.Context) (dialect.Tx, error) { return d.BeginTx(ctx, nil) }

// BeginTx begins a transaction and leaves it in the context's seat.
func (d seatedDriver) BeginTx(ctx context.Context, options *stdsql.TxOptions) (dialect.Tx, error) {
	tx, err := d.DB().BeginTx(ctx, options)
	if err != nil {
		return nil, err
	}
	if under, ok := ctx.Value(seat{}).(**stdsql.Tx); ok {
		*under = tx
	}
	conn := d.Conn
	conn.ExecQuerier = tx
	return &sql.Tx{Conn: conn, Tx: tx}, nil
}
