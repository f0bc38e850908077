package store

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"entgo.io/ent/dialect"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/jackc/pgx/v5/stdlib"
)

const (
	oldestPostgres = 13_00_00 // as server_version_num counts
	listeners      = 8        // connections of the pool for listening and for the queue
)

// openPostgres opens the pool that everything uses, and the small one for listening. Two pools, since database/sql keeps prepared
// statements with its connections, which it would lose with every connection given back to pgx's pool.
func openPostgres(ctx context.Context, url string) (*Store, error) {
	config, err := pgxpool.ParseConfig(url)
	if err != nil {
		// The cause is left out on purpose: it may quote the URL, and with it the password.
		return nil, errors.New("store: the PostgreSQL URL can't be read; it must be postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	session := config.ConnConfig
	session.RuntimeParams["timezone"] = "UTC"
	if session.RuntimeParams["application_name"] == "" {
		session.RuntimeParams["application_name"] = "lenddesk"
	}
	slow := &notebook{}
	session.Tracer = tracer{slow}
	if session.ConnectTimeout == 0 {
		session.ConnectTimeout = 10 * time.Second
	}
	config.MaxConns = listeners
	config.AfterConnect = readTimesInUTC
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return nil, errors.New("store: the settings in the PostgreSQL URL can't be used")
	}
	db := stdlib.OpenDB(*session, stdlib.OptionAfterConnect(readTimesInUTC))
	limitPool(db, max(4*runtime.GOMAXPROCS(0), 16))
	s := &Store{dialect: dialect.Postgres, writer: db, reader: db, pgx: pool, slow: slow}
	if err := s.checkPostgres(ctx); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// readTimesInUTC makes a connection give timestamps in UTC, not in the machine's zone.
func readTimesInUTC(_ context.Context, conn *pgx.Conn) error {
	conn.TypeMap().RegisterType(&pgtype.Type{
		Name: "timestamptz", OID: pgtype.TimestamptzOID, Codec: &pgtype.TimestamptzCodec{ScanLocation: time.UTC},
	})
	return nil
}

// checkPostgres makes sure that the server answers and is new enough.
func (s *Store) checkPostgres(ctx context.Context) error {
	var version int
	if err := s.writer.QueryRowContext(ctx, "SELECT current_setting('server_version_num')::int").Scan(&version); err != nil {
		return fmt.Errorf("store: reach PostgreSQL: %w", err)
	}
	if version < oldestPostgres {
		return fmt.Errorf("store: PostgreSQL %d is too old, 13 or later is needed", version/1_00_00)
	}
	return nil
}
