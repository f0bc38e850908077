package storetest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"
	"github.com/riverqueue/river/rivermigrate"

	"lenddesk/store"
	"lenddesk/store/migrations"
)

// templateLock is the session lock under which templates are made, since the packages' tests run in several processes.
const templateLock = 7_336_463_021

// postgresTemplate is the name of the migrated database that the tests' are copied from.
var postgresTemplate = sync.OnceValues(func() (string, error) {
	ctx := context.Background()
	version, err := fingerprint()
	if err != nil {
		return "", err
	}
	name := "lenddesk_template_" + version
	return name, administer(ctx, func(admin *pgx.Conn) error {
		if _, err := admin.Exec(ctx, "SELECT pg_advisory_lock($1)", int64(templateLock)); err != nil {
			return err
		}
		var made bool
		if err := admin.QueryRow(ctx, "SELECT EXISTS (SELECT 1 FROM pg_database WHERE datname = $1)", name).Scan(&made); err != nil || made {
			return err
		}
		// It gets its name when it is whole.
		draft := name + "_draft"
		for _, statement := range []string{"DROP DATABASE IF EXISTS " + draft + " WITH (FORCE)", "CREATE DATABASE " + draft + " TEMPLATE template0"} {
			if _, err := admin.Exec(ctx, statement); err != nil {
				return err
			}
		}
		at, err := databaseURL(draft)
		if err != nil {
			return err
		}
		if err := migrate(ctx, at); err != nil {
			return err
		}
		_, err = admin.Exec(ctx, "ALTER DATABASE "+draft+" RENAME TO "+name)
		return err
	})
})

// fingerprint changes with our migrations, with what follows them, and with the queue's.
func fingerprint() (string, error) {
	files, err := migrations.Of(dialect.Postgres)
	if err != nil {
		return "", err
	}
	names, err := fs.Glob(files, "*.sql")
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	for _, statement := range store.BesideMigrations() {
		sum.Write([]byte(statement))
	}
	for _, name := range names {
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(sum, "%s\n%s\n", name, content)
	}
	queue, err := rivermigrate.New(riverpgxv5.New(nil), nil)
	if err != nil {
		return "", err
	}
	for _, m := range queue.AllVersions() {
		fmt.Fprintf(sum, "%d\n%s\n", m.Version, m.SQLUp)
	}
	return hex.EncodeToString(sum.Sum(nil)[:6]), nil
}

func postgresURL(t testing.TB) string {
	t.Helper()
	template, err := postgresTemplate()
	if err != nil {
		t.Fatal("make the template: ", err)
	}
	return newPostgres(t, template)
}

// newPostgres makes a database for the length of the test.
func newPostgres(t testing.TB, template string) string {
	t.Helper()
	name := "lenddesk_test_" + strings.ToLower(rand.Text())
	at, err := databaseURL(name)
	if err != nil {
		t.Fatal(err)
	}
	run := func(ctx context.Context, statement string) error {
		return administer(ctx, func(admin *pgx.Conn) error {
			_, err := admin.Exec(ctx, statement)
			return err
		})
	}
	if err := run(t.Context(), "CREATE DATABASE "+name+" TEMPLATE "+template); err != nil {
		t.Fatal("make a database: ", err)
	}
	t.Cleanup(func() {
		if err := run(context.WithoutCancel(t.Context()), "DROP DATABASE "+name+" WITH (FORCE)"); err != nil {
			t.Error("remove the test's database:", err)
		}
	})
	return at
}

// administer gives f a connection of the server's administrator.
func administer(ctx context.Context, f func(admin *pgx.Conn) error) (err error) {
	at, err := server()
	if err != nil {
		return err
	}
	admin, err := pgx.Connect(ctx, at)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, admin.Close(context.WithoutCancel(ctx))) }()
	return f(admin)
}

// databaseURL is the URL of another database on the administrator's server.
func databaseURL(name string) (string, error) {
	at, err := server()
	if err != nil {
		return "", err
	}
	parsed, err := url.Parse(at)
	if err != nil {
		return "", errors.New("LENDDESK_TEST_POSTGRES can't be read; it must be a URL, postgres://…")
	}
	parsed.Path = "/" + name
	return parsed.String(), nil
}

// server is the URL of the administrator's database.
func server() (string, error) {
	at := os.Getenv("LENDDESK_TEST_POSTGRES")
	if at == "" {
		return "", errors.New("these tests need a PostgreSQL server: run them with `make test`, which starts one, or set LENDDESK_TEST_POSTGRES to the URL of its administrator")
	}
	return at, nil
}
