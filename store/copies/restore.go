package copies

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"entgo.io/ent/dialect"

	"lenddesk/store"
)

// ErrInUse says that a program has the database open.
var ErrInUse = errors.New("copies: the database is in use: stop every server and program that has it open")

// Plan is what putting a copy back would do.
type Plan struct {
	File     string
	Manifest Manifest
	Keeps    string // where the present SQLite database is kept; empty when there is none, and of PostgreSQL

	target string // a path, or PostgreSQL's URL
}

// Prepare finds out whether a copy may be put back into the database that url names: the file is the one that was written, it is of the same kind of
// database, and neither it nor the database there is from a newer program than this one. keys is the fingerprint of the keys at hand; "" when there are
// none. It changes nothing.
func Prepare(ctx context.Context, url, file, keys string) (Plan, error) {
	p := Plan{File: file}
	var err error
	if p.Manifest, err = Read(file); err != nil {
		return p, err
	}
	if err := p.Manifest.intact(file); err != nil {
		return p, err
	}
	kind, latest, err := store.Newest(url)
	if err != nil {
		return p, err
	}
	if kind != p.Manifest.Database {
		return p, fmt.Errorf("copies: this is a copy of %s, and LENDDESK_DATABASE_URL names %s", name(p.Manifest.Database), name(kind))
	}
	if p.Manifest.Migration > latest {
		return p, fmt.Errorf("copies: the copy comes from a newer lenddesk (migration %d, this one knows %d): take that one", p.Manifest.Migration, latest)
	}
	if keys != p.Manifest.Keys {
		return p, errors.New("copies: the copy was sealed under other keys than those at hand: put the key file of its time in place first (LENDDESK_KEYSET)")
	}
	if kind == dialect.SQLite {
		return p, p.prepareSQLite(ctx, url, latest)
	}
	p.target = url
	return p, newer(ctx, url, latest)
}

func (p *Plan) prepareSQLite(ctx context.Context, url string, latest int64) (err error) {
	if p.target, err = filepath.Abs(strings.TrimPrefix(url, "sqlite:")); err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	if _, err := os.Stat(p.target); errors.Is(err, os.ErrNotExist) {
		return nil
	}
	p.Keeps = p.target + ".before-" + time.Now().UTC().Format("20060102T150405Z")
	return newer(ctx, url, latest)
}

// newer refuses a database that a newer program has migrated.
func newer(ctx context.Context, url string, latest int64) error {
	s, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	current, _, err := s.Migration(ctx)
	if err := errors.Join(err, s.Close()); err != nil {
		return err
	}
	if current > latest {
		return fmt.Errorf("copies: the database there is from a newer lenddesk (migration %d, this one knows %d)", current, latest)
	}
	return nil
}

func name(database string) string {
	if database == dialect.SQLite {
		return "SQLite"
	}
	return "PostgreSQL"
}

// Restore does what was planned, whole or not at all. It returns ErrInUse for a database that somebody has open.
func (p Plan) Restore(ctx context.Context) error {
	if p.Manifest.Database == dialect.SQLite {
		return restoreSQLite(ctx, p)
	}
	return restorePostgres(ctx, p)
}

// duplicate copies a file.
func duplicate(from, to string) (err error) {
	source, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	defer source.Close()
	target, err := os.OpenFile(to, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	if _, err := io.Copy(target, source); err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	return nil
}
