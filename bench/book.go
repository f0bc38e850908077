package main

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lenddesk/seal"
	"lenddesk/store"
)

// book is a filled database, and what opens it.
type book struct {
	dialect  string
	url      string
	keyset   string
	password string // of the first administrator
	program  string
	self     string
	folder   string
}

// buildProgram builds lenddesk as it is now.
func buildProgram(ctx context.Context, o options) (string, error) {
	if err := os.MkdirAll(o.folder, 0o700); err != nil {
		return "", err
	}
	path, err := filepath.Abs(filepath.Join(o.folder, "lenddesk"))
	if err != nil {
		return "", err
	}
	build := exec.CommandContext(ctx, "go", "build", "-tags", "bench", "-o", path, "lenddesk")
	build.Stderr = os.Stderr
	return path, build.Run()
}

// openBook takes up the book that is kept, or makes it.
func openBook(ctx context.Context, o options, program, dialect string) (*book, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	base, err := filepath.Abs(filepath.Join(o.folder, o.name))
	if err != nil {
		return nil, err
	}
	b := &book{dialect: dialect, program: program, self: self, folder: filepath.Dir(base)}
	if err := b.secrets(base); err != nil {
		return nil, err
	}
	there := false
	if dialect == "sqlite" {
		b.url = "sqlite:" + base + ".db"
		_, err := os.Stat(base + ".db")
		there = err == nil
	} else if b.url, there, err = database(ctx, o.database); err != nil {
		return nil, err
	}
	if !there {
		return b, b.fill(ctx, o)
	}
	migrate := exec.CommandContext(ctx, program, "migrate")
	migrate.Env, migrate.Stderr = b.environment(b.url), os.Stderr
	if err := migrate.Run(); err != nil {
		return nil, fmt.Errorf("bring the kept book up to date: %w", err)
	}
	return b, b.whole(ctx, o)
}

// secrets reads the keys and the administrator's password, or makes them.
func (b *book) secrets(base string) error {
	if _, err := seal.Load(base + ".keys"); errors.Is(err, seal.ErrNoFile) {
		if _, err := seal.Create(base + ".keys"); err != nil {
			return err
		}
		if err := os.WriteFile(base+".password", []byte(rand.Text()), 0o600); err != nil {
			return err
		}
	}
	keys, err := os.ReadFile(base + ".keys")
	if err != nil {
		return err
	}
	password, err := os.ReadFile(base + ".password")
	b.keyset, b.password = strings.TrimSpace(string(keys)), strings.TrimSpace(string(password))
	return err
}

// database makes a database on the server that the tests use, if it is not there yet.
func database(ctx context.Context, name string) (at string, there bool, err error) {
	u, err := url.Parse(os.Getenv("LENDDESK_TEST_POSTGRES"))
	if err != nil || u.Host == "" {
		return "", false, errors.New("LENDDESK_TEST_POSTGRES must name a PostgreSQL server: run `make bench`")
	}
	admin, err := pgx.Connect(ctx, u.String())
	if err != nil {
		return "", false, err
	}
	defer func() { err = errors.Join(err, admin.Close(ctx)) }()
	u.Path = "/" + name
	if err := admin.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&there); err != nil || there {
		return u.String(), there, err
	}
	_, err = admin.Exec(ctx, "CREATE DATABASE "+pgx.Identifier{name}.Sanitize())
	return u.String(), false, err
}

// environment is the caller's without its own settings of lenddesk.
func (b *book) environment(at string) []string {
	var kept []string
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "LENDDESK_") {
			kept = append(kept, v)
		}
	}
	return append(kept, "LENDDESK_DATABASE_URL="+at, "LENDDESK_KEYSET="+b.keyset, "LENDDESK_ADMIN_PASSWORD="+b.password,
		"LENDDESK_ADDR=127.0.0.1:0", "LENDDESK_LOG_LEVEL=info", "LENDDESK_TEST_PROFILE="+filepath.Join(b.folder, "cpu.out"))
}

// fill has the program write the book. One that was not finished is not kept.
func (b *book) fill(ctx context.Context, o options) error {
	fmt.Fprintf(os.Stderr, "the book is not there yet (%s); it is made once and kept\n", b.dialect)
	fill := exec.CommandContext(ctx, b.program, "demo", fmt.Sprint("-users=", o.users), fmt.Sprint("-companies=", max(20, o.users/20)), fmt.Sprint("-loans=", max(200, o.users/2)),
		fmt.Sprint("-bids=", max(800, o.users*10)), fmt.Sprint("-cards=", o.users*6/5), "-seed=1")
	fill.Env, fill.Stderr = b.environment(b.url), os.Stderr
	err := fill.Run()
	if path, ok := strings.CutPrefix(b.url, "sqlite:"); ok && err != nil {
		for _, end := range []string{"", "-wal", "-shm", "-journal"} {
			if gone := os.Remove(path + end); !errors.Is(gone, fs.ErrNotExist) {
				err = errors.Join(err, gone)
			}
		}
	}
	return err
}

// whole refuses a kept book that has another size: what is measured would not be what is said.
func (b *book) whole(ctx context.Context, o options) error {
	return b.reading(ctx, func(db *sql.DB) error {
		var n int
		if err := db.QueryRowContext(ctx, "SELECT COUNT(*) FROM users").Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return b.fill(ctx, o)
		}
		if n != o.users {
			return fmt.Errorf("the kept book has %d users, not %d: take another -name, or remove it", n, o.users)
		}
		return nil
	})
}

// sealed waits until the program has sealed the events of the book, as it does with a new one for minutes: what it does beside would be measured, too.
func (b *book) sealed(ctx context.Context) error {
	return b.reading(ctx, func(db *sql.DB) error {
		for told := false; ; told = true {
			var open bool
			if err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM events WHERE position IS NULL)").Scan(&open); err != nil || !open {
				return err
			}
			if !told {
				fmt.Fprintln(os.Stderr, "the events of the book are being sealed")
			}
			select {
			case <-ctx.Done():
				return ctx.Err()
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
}

// reading opens the book for a few questions.
func (b *book) reading(ctx context.Context, f func(*sql.DB) error) error {
	s, err := store.Open(ctx, b.url)
	if err != nil {
		return err
	}
	return errors.Join(f(s.Reader()), s.Close())
}
