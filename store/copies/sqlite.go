package copies

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"

	"github.com/mattn/go-sqlite3"

	"lenddesk/store"
)

// step is how many pages are copied between two looks whether somebody still waits.
const step = 4096

// takeSQLite copies a SQLite database page by page. A reader's open transaction keeps the moment: in the write-ahead log it holds up no writer, and no
// writer makes the copy begin again.
func takeSQLite(ctx context.Context, s *store.Store, _, file string, m *Manifest) (err error) {
	from, err := s.Reader().Conn(ctx)
	if err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	if _, err := from.ExecContext(ctx, "BEGIN"); err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	defer func() {
		_, ended := from.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		err = errors.Join(err, ended)
	}()
	var tables int
	if err := from.QueryRowContext(ctx, "SELECT count(*) FROM sqlite_master").Scan(&tables); err != nil { // the transaction's moment is its first read
		return fmt.Errorf("copies: %w", err)
	}
	into, err := openFile(file, url.Values{"mode": {"rw"}, "_synchronous": {"OFF"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, into.Close()) }()
	if err := pages(ctx, from, into); err != nil {
		return err
	}
	// The copy is one file, without a log beside it.
	if _, err := into.ExecContext(ctx, "PRAGMA journal_mode = DELETE"); err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	return m.look(ctx, into)
}

// pages copies from one connection into the only one of a pool.
func pages(ctx context.Context, from *sql.Conn, pool *sql.DB) (err error) {
	into, err := pool.Conn(ctx)
	if err != nil {
		return fmt.Errorf("copies: make the copy's file: %w", err)
	}
	defer func() { err = errors.Join(err, into.Close()) }()
	return into.Raw(func(target any) error {
		return from.Raw(func(source any) (err error) {
			b, err := store.SQLite(target).Backup("main", store.SQLite(source), "main")
			if err != nil {
				return fmt.Errorf("copies: begin to copy: %w", err)
			}
			defer func() { err = errors.Join(err, b.Finish()) }()
			for done := false; !done; {
				if err := ctx.Err(); err != nil {
					return err
				}
				if done, err = b.Step(step); err != nil {
					return fmt.Errorf("copies: copy: %w", err)
				}
			}
			return nil
		})
	})
}

// openFile opens a SQLite file by itself, with one connection.
func openFile(file string, options url.Values) (*sql.DB, error) {
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: file}).EscapedPath()+"?"+options.Encode())
	if err != nil {
		return nil, fmt.Errorf("copies: open %s: %w", file, err)
	}
	db.SetMaxOpenConns(1)
	return db, nil
}

// openCopy opens a copy to look at it.
func openCopy(file string) (*sql.DB, error) {
	return openFile(file, url.Values{"mode": {"ro"}, "immutable": {"1"}, "_query_only": {"1"}})
}

// soundSQLite asks SQLite whether a file is whole, and every row's references are there.
func soundSQLite(ctx context.Context, db *sql.DB) error {
	var said string
	if err := db.QueryRowContext(ctx, "PRAGMA integrity_check(1)").Scan(&said); err != nil {
		return fmt.Errorf("copies: the copy cannot be opened: %w", err)
	}
	if said != "ok" {
		return fmt.Errorf("copies: the copy is damaged: %s", said)
	}
	var child, parent string
	err := db.QueryRowContext(ctx, `SELECT "table", "parent" FROM pragma_foreign_key_check LIMIT 1`).Scan(&child, &parent)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return nil
	case err != nil:
		return fmt.Errorf("copies: check foreign keys: %w", err)
	}
	return fmt.Errorf("copies: rows of %s point to rows missing in %s", child, parent)
}

// restoreSQLite puts the copy in the place of the database, which it keeps beside under another name.
func restoreSQLite(ctx context.Context, p Plan) error {
	if err := unused(ctx, p.target); err != nil {
		return err
	}
	return whole(p.target, func(draft string) error {
		if err := duplicate(p.File, draft); err != nil {
			return err
		}
		if p.Keeps == "" {
			return nil
		}
		return os.Link(p.target, p.Keeps) // so that there is a database under its name at any moment
	})
}

// unused refuses a SQLite file that somebody has open, and leaves it as one file without a log beside it.
func unused(ctx context.Context, file string) (err error) {
	if _, err := os.Stat(file); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	db, err := openFile(file, url.Values{"mode": {"rw"}, "_busy_timeout": {"500"}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	// A file leaves the write-ahead log only when nobody else has it open.
	var mode string
	err = db.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	var busy sqlite3.Error
	if errors.As(err, &busy) && (busy.Code == sqlite3.ErrBusy || busy.Code == sqlite3.ErrLocked) || err == nil && mode != "delete" {
		return ErrInUse
	}
	if err != nil {
		return fmt.Errorf("copies: open the present database: %w", err)
	}
	return nil
}
