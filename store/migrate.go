package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/url"
	"strconv"
	"strings"

	"github.com/pressly/goose/v3"
	"github.com/pressly/goose/v3/lock"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"entgo.io/ent/dialect"

	"lenddesk/store/migrations"
)

// Migrate brings the tables up to date, ours first and then the queue's. Several servers may start at once on one database: one
// migrates, the others wait for it and find nothing to do. A migration that fails leaves nothing of itself.
func (s *Store) Migrate(ctx context.Context) error {
	migrate := s.migratePostgres
	if s.sqlite() {
		migrate = s.migrateSQLite
	}
	if err := migrate(ctx); err != nil {
		return fmt.Errorf("store: migrate: %w", err)
	}
	return nil
}

// migratePostgres holds a session lock over everything; each migration is a transaction.
func (s *Store) migratePostgres(ctx context.Context) (err error) {
	locker, err := lock.NewPostgresSessionLocker(lock.WithLockTimeout(1, 300))
	if err != nil {
		return err
	}
	conn, err := s.writer.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if err := locker.SessionLock(ctx, conn); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, locker.SessionUnlock(context.WithoutCancel(ctx), conn)) }()

	provider, err := s.goose(s.writer)
	if err != nil {
		return err
	}
	if _, err := up(ctx, provider); err != nil {
		return err
	}
	if err := each(ctx, conn, BesideMigrations()); err != nil {
		return err
	}
	queue, err := rivermigrate.New(riverpgxv5.New(s.pgx), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	_, err = queue.Migrate(ctx, rivermigrate.DirectionUp, nil)
	return err
}

// BesideMigrations are the statements that follow PostgreSQL's migrations at every start: they make what is missing of the index of names and of the count
// of authority.
func BesideMigrations() []string { return append(searchPostgres(), authority(dialect.Postgres)...) }

func each(ctx context.Context, db interface {
	ExecContext(context.Context, string, ...any) (sql.Result, error)
}, statements []string,
) error {
	for _, s := range statements {
		if _, err := db.ExecContext(ctx, s); err != nil {
			return fmt.Errorf("%s: %w", s, err)
		}
	}
	return nil
}

// migrateSQLite runs on a connection of its own, with foreign keys off, since SQLite changes a table by making it anew, and within
// one transaction, begun by hand since the pragma does nothing inside of one. So the files of SQLite say NO TRANSACTION.
// What the keys no longer checked is checked before the commit.
func (s *Store) migrateSQLite(ctx context.Context) (err error) {
	db, err := sql.Open("sqlite3", sqliteDSN(s.path, url.Values{
		"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_fk": {"0"}, "_txlock": {"immediate"},
		"_busy_timeout": {strconv.Itoa(migrationTimeout)},
	}))
	if err != nil {
		return err
	}
	limitPool(db, 1)
	// Closing the connection rolls back what has not been committed.
	defer func() { err = errors.Join(err, db.Close()) }()

	provider, err := s.goose(db)
	if err != nil {
		return err
	}
	// goose makes its own table in a transaction of its own, so before ours.
	if _, _, err := provider.GetVersions(ctx); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return err
	}
	changed, err := up(ctx, provider)
	if err != nil {
		return err
	}
	if changed { // looking at every row of a large book takes minutes, at every start
		if err := checkForeignKeys(ctx, db); err != nil {
			return err
		}
	}
	if err := makeSearchSQLite(ctx, db); err != nil {
		return err
	}
	if err := each(ctx, db, authority(s.dialect)); err != nil {
		return err
	}
	if _, err := db.ExecContext(ctx, "COMMIT"); err != nil {
		return err
	}

	queue, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	//lint:ignore SA1019 one transaction is what keeps two servers apart; the statements that can't share one are PostgreSQL's
	if _, err := queue.MigrateTx(ctx, tx, rivermigrate.DirectionUp, nil); err != nil {
		return err
	}
	return tx.Commit()
}

// checkForeignKeys refuses rows that point to rows which are not there; it names tables, never what stands in them.
func checkForeignKeys(ctx context.Context, db *sql.DB) error {
	var child, parent string
	err := db.QueryRowContext(ctx, `SELECT "table", "parent" FROM pragma_foreign_key_check LIMIT 1`).Scan(&child, &parent)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("check foreign keys: %w", err)
	}
	return fmt.Errorf("rows of %s would point to rows missing in %s", child, parent)
}

// goose is the runner of our migrations on db.
func (s *Store) goose(db *sql.DB) (*goose.Provider, error) {
	files, err := migrations.Of(s.dialect)
	if err != nil {
		return nil, err
	}
	name := goose.DialectPostgres
	if s.sqlite() {
		name = goose.DialectSQLite3
	}
	return goose.NewProvider(name, db, files, goose.WithDisableGlobalRegistry(true), goose.WithSlog(slog.Default()))
}

// up applies what is missing, logs what it applied, and tells whether that was anything.
func up(ctx context.Context, provider *goose.Provider) (changed bool, err error) {
	applied, err := provider.Up(ctx)
	if err != nil {
		return false, err
	}
	for _, m := range applied {
		slog.InfoContext(ctx, "migration applied", "version", m.Source.Version, "took", m.Duration)
	}
	return len(applied) > 0, nil
}

// Migration tells the version of the newest migration in the database, 0 if there is none yet, and that of the newest that this
// program knows. Equal means up to date. It changes nothing.
func (s *Store) Migration(ctx context.Context) (current, latest int64, err error) {
	if latest, err = newest(s.dialect); err != nil {
		return 0, 0, fmt.Errorf("store: find the newest migration: %w", err)
	}
	current, err = MigrationIn(ctx, s.reader, s.dialect)
	return current, latest, err
}

// MigrationIn is the version of the newest migration in a database that is opened otherwise, 0 if there is none yet.
func MigrationIn(ctx context.Context, q interface {
	QueryRowContext(context.Context, string, ...any) *sql.Row
}, name string,
) (current int64, err error) {
	there := "SELECT to_regclass('" + goose.DefaultTablename + "') IS NOT NULL"
	if name == dialect.SQLite {
		there = "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '" + goose.DefaultTablename + "')"
	}
	var begun bool
	if err := q.QueryRowContext(ctx, there).Scan(&begun); err != nil {
		return 0, fmt.Errorf("store: look for the migrations' table: %w", err)
	}
	if !begun {
		return 0, nil
	}
	err = q.QueryRowContext(ctx, "SELECT COALESCE(MAX(version_id), 0) FROM "+goose.DefaultTablename).Scan(&current)
	if err != nil {
		return 0, fmt.Errorf("store: read the database's migration: %w", err)
	}
	return current, nil
}

// Newest tells which kind of database a URL names, as Open takes it, and the newest migration that this program knows for it.
func Newest(url string) (name string, latest int64, err error) {
	name = dialect.Postgres
	if strings.HasPrefix(url, "sqlite:") {
		name = dialect.SQLite
	}
	latest, err = newest(name)
	return name, latest, err
}

// newest is the version of the last file, which starts with it.
func newest(name string) (int64, error) {
	files, err := migrations.Of(name)
	if err != nil {
		return 0, err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil || len(names) == 0 {
		return 0, errors.Join(errors.New("no migrations"), err)
	}
	version, _, _ := strings.Cut(names[len(names)-1], "_")
	return strconv.ParseInt(version, 10, 64)
}
