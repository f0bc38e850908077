package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	_ "github.com/mattn/go-sqlite3" // the driver "sqlite3"
)

const (
	busyTimeout      = 5_000  // milliseconds that a connection waits for another process to write
	migrationTimeout = 60_000 // the same while another process migrates
	pageCache        = 64_000 // KiB, all readers together; the writer has SQLite's own
)

// openSQLite opens the file at path with one writing connection and a pool of reading ones.
func openSQLite(ctx context.Context, path string) (*Store, error) {
	path, err := sqliteFile(path)
	if err != nil {
		return nil, err
	}
	slow := &notebook{}
	writer := sql.OpenDB(sqliteConnector{sqliteDSN(path, url.Values{
		"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_fk": {"1"}, "_txlock": {"immediate"},
		"_busy_timeout": {strconv.Itoa(busyTimeout)}, "_stmt_cache_size": {"256"},
		"_secure_delete": {"on"}, // what is deleted is overwritten: see Scrub
	}), slow})
	limitPool(writer, 1)
	reader := sql.OpenDB(sqliteConnector{sqliteDSN(path, url.Values{
		"mode": {"ro"}, "_query_only": {"1"}, "_mutex": {"no"}, "_cache_size": {strconv.Itoa(-max(pageCache/readers(), 2_000))},
		"_busy_timeout": {strconv.Itoa(busyTimeout)}, "_stmt_cache_size": {"256"},
	}), slow})
	limitPool(reader, readers())
	s := &Store{dialect: dialect.SQLite, path: path, writer: writer, reader: reader, slow: slow}
	// The writer first: it turns the write-ahead log on, which a reader cannot. A read, not a ping, tells a file that is no database,
	// and has the writer take part in the log, so that it empties it when it closes last.
	for _, pool := range []*sql.DB{writer, reader} {
		var tables int
		if err := pool.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil {
			return nil, errors.Join(fmt.Errorf("store: open SQLite's %s: %w", path, err), s.Close())
		}
	}
	return s, nil
}

// readers is how many connections read.
func readers() int { return 4 * runtime.GOMAXPROCS(0) }

// sqliteFile gives the absolute path of the database and makes the file, with its folder, if there is none: only its owner may read
// it, and SQLite gives the files beside it (-wal, -shm) the same mode.
func sqliteFile(path string) (string, error) {
	switch {
	case path == "" || strings.Contains(path, ":memory:"):
		return "", errors.New("store: SQLite needs a file, as in sqlite:lenddesk.db; a database in memory is not offered")
	case strings.HasPrefix(path, "//") && !strings.HasPrefix(path, "///"):
		return "", errors.New("store: write sqlite:PATH, without // before the path")
	case strings.Contains(path, "?"):
		return "", errors.New("store: sqlite:PATH takes no options after a question mark")
	}
	path, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("store: find SQLite's file: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return "", fmt.Errorf("store: make the folder of SQLite's file: %w", err)
	}
	file, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return "", fmt.Errorf("store: open SQLite's file: %w", err)
	}
	return path, file.Close()
}

// sqliteDSN is the file as a URI (https://www.sqlite.org/uri.html) with the driver's options.
func sqliteDSN(path string, options url.Values) string {
	return "file:" + (&url.URL{Path: path}).EscapedPath() + "?" + options.Encode()
}

// limitPool keeps n connections and doesn't let them go when they are idle: opening one costs more than keeping it.
func limitPool(pool *sql.DB, n int) {
	pool.SetMaxOpenConns(n)
	pool.SetMaxIdleConns(n)
}
