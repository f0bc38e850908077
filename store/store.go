package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/jackc/pgx/v5/pgxpool"

	"lenddesk/ent"
)

// Store is an open database. It is safe for concurrent use.
type Store struct {
	dialect string
	path    string // SQLite's file, else empty
	writer  *sql.DB
	reader  *sql.DB       // the writer itself on PostgreSQL
	pgx     *pgxpool.Pool // nil on SQLite
	client  *ent.Client

	committed chan struct{} // see Committed
	slow      *notebook
}

// Open opens the database that url names and makes sure that it answers: "sqlite:PATH", a file that is made if there is none
// (readable by its owner only), or "postgres://…" ("postgresql://…"), PostgreSQL 13 or later. It does not migrate.
func Open(ctx context.Context, url string) (*Store, error) {
	var s *Store
	var err error
	scheme, rest, _ := strings.Cut(url, ":")
	switch scheme {
	case "sqlite":
		s, err = openSQLite(ctx, rest)
	case "postgres", "postgresql":
		s, err = openPostgres(ctx, url)
	default:
		err = errors.New("store: the database must be sqlite:PATH or postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	if err != nil {
		return nil, err
	}
	s.committed = make(chan struct{}, 1)
	s.client = ent.NewClient(ent.Driver(newDriver(s.dialect, s.writer)))
	return s, nil
}

// Client is ent's client outside of any transaction, for hooks (Use) and the program's start; everything else uses InTx.
func (s *Store) Client() *ent.Client { return s.client }

// Dialect is dialect.SQLite or dialect.Postgres.
func (s *Store) Dialect() string { return s.dialect }

// Reader is the pool for reading. On SQLite it cannot write; on PostgreSQL it is the Writer.
func (s *Store) Reader() *sql.DB { return s.reader }

// Writer is the pool for writing: one connection on SQLite. Whatever holds it, holds up every other writer.
func (s *Store) Writer() *sql.DB { return s.writer }

// Pgx is PostgreSQL's small pool for listening and for the queue, nil on SQLite.
func (s *Store) Pgx() *pgxpool.Pool { return s.pgx }

// Close closes all connections, after what uses them has finished.
func (s *Store) Close() error {
	var err error
	if s.reader != s.writer {
		err = s.reader.Close()
	}
	err = errors.Join(err, s.writer.Close())
	if s.pgx != nil {
		s.pgx.Close()
	}
	return err
}

func (s *Store) sqlite() bool { return s.dialect == dialect.SQLite }
