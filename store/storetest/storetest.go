// Package storetest gives tests fresh, migrated databases of both kinds, quickly: each is a copy of a template that is migrated
// once, for SQLite in the test's process, for PostgreSQL on its server.
//
// PostgreSQL's server is the one whose administrator's URL is in LENDDESK_TEST_POSTGRES. Without it the tests fail; they are not
// skipped, since a rule proved on one database only is not proved.
package storetest

import (
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"lenddesk/store"
)

// Dialects are the databases that everything is tested on, as Store.Dialect names them.
var Dialects = []string{dialect.SQLite, dialect.Postgres}

// Each runs f as a subtest for each database, "sqlite" and "postgres", with a fresh migrated one.
func Each(t *testing.T, f func(t *testing.T, s *store.Store)) {
	t.Helper()
	for _, name := range Dialects {
		t.Run(strings.TrimSuffix(name, "3"), func(t *testing.T) { f(t, Open(t, name)) })
	}
}

// Open opens a fresh migrated database, which is closed and removed when the test ends.
func Open(t testing.TB, name string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), URL(t, name))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error("close the database:", err)
		}
	})
	return s
}

// URL makes a fresh migrated database and gives its URL, as store.Open takes it. It is removed when the test ends.
func URL(t testing.TB, name string) string {
	t.Helper()
	if name == dialect.SQLite {
		return sqliteURL(t)
	}
	return postgresURL(t)
}

// Empty is URL without any table.
func Empty(t testing.TB, name string) string {
	t.Helper()
	if name == dialect.SQLite {
		return "sqlite:" + t.TempDir() + "/empty.db"
	}
	return newPostgres(t, "template0")
}
