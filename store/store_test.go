package store_test

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"lenddesk/ent"
	"lenddesk/ent/role"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// addRole writes the smallest thing there is, with all that ent does about it.
func addRole(ctx context.Context, tx *store.Tx, name string) error {
	return tx.Role.Create().SetName(name).SetPermissions([]string{}).Exec(ctx)
}

func roles(t *testing.T, s *store.Store) (n int) {
	t.Helper()
	if err := s.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM roles").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func TestACommittedTransactionStaysAndThenCallsBackInOrder(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var seen []int
		err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			for i := range 3 {
				tx.AfterCommit(func() { seen = append(seen, i, roles(t, s)) })
			}
			return addRole(ctx, tx, "a")
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := []int{0, 1, 1, 1, 2, 1}; !slices.Equal(seen, want) {
			t.Errorf("after the commit %v, want %v: order and rows seen", seen, want)
		}
	})
}

func TestAFailedTransactionLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		broken := errors.New("broken")
		called := false
		err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			tx.AfterCommit(func() { called = true })
			if err := addRole(ctx, tx, "a"); err != nil {
				return err
			}
			return broken
		})
		if err != broken {
			t.Errorf("got %v, want the function's own error", err)
		}
		func() {
			defer func() {
				if got := recover(); got != broken {
					t.Errorf("recovered %v, want the function's own panic", got)
				}
			}()
			_ = s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				tx.AfterCommit(func() { called = true })
				if err := addRole(ctx, tx, "b"); err != nil {
					return err
				}
				panic(broken)
			})
		}()
		if n := roles(t, s); n != 0 || called {
			t.Errorf("%d rows stayed, called back %v; want none", n, called)
		}
		// Neither holds the one writer.
		if err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return addRole(ctx, tx, "c") }); err != nil {
			t.Error("afterwards:", err)
		}
	})
}

func TestACancelledTransactionLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		err := s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			if err := addRole(ctx, tx, "a"); err != nil {
				return err
			}
			cancel()
			return nil
		})
		if err == nil {
			t.Error("committed for a caller that had gone")
		}
		if err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return addRole(ctx, tx, "b") }); err != nil {
			t.Error("afterwards:", err)
		}
		if n := roles(t, s); n != 1 {
			t.Errorf("%d rows, want 1", n)
		}
	})
}

func TestATransactionWithinATransactionIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		err := s.InTx(t.Context(), func(ctx context.Context, _ *store.Tx) error {
			return s.InTx(ctx, func(context.Context, *store.Tx) error { return nil })
		})
		if !errors.Is(err, store.ErrNested) {
			t.Errorf("got %v, want ErrNested", err)
		}
	})
}

func TestTheSQLTransactionIsTheOneUnderEnt(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		undone := errors.New("undone")
		err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			if err := addRole(ctx, tx, "a"); err != nil {
				return err
			}
			var n int
			if err := tx.SQL.QueryRowContext(ctx, "SELECT count(*) FROM roles").Scan(&n); err != nil {
				return err
			}
			if n != 1 {
				t.Errorf("the *sql.Tx sees %d rows of ent's, want 1", n)
			}
			if _, err := tx.SQL.ExecContext(ctx, "UPDATE roles SET name = 'b'"); err != nil {
				return err
			}
			if ok, err := tx.Role.Query().Where(role.Name("b")).Exist(ctx); err != nil || !ok {
				t.Errorf("ent does not see what the *sql.Tx wrote: %v, %v", ok, err)
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		if n := roles(t, s); n != 0 {
			t.Errorf("%d rows stayed, want none", n)
		}
	})
}

func TestHooksOfTheClientHoldInsideATransaction(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		refused := errors.New("refused")
		s.Client().Use(func(ent.Mutator) ent.Mutator {
			return ent.MutateFunc(func(context.Context, ent.Mutation) (ent.Value, error) { return nil, refused })
		})
		err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return addRole(ctx, tx, "a") })
		if !errors.Is(err, refused) {
			t.Errorf("got %v, want the hook's error", err)
		}
	})
}

func TestTimesComeBackInUTC(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := time.Date(2026, 3, 4, 5, 6, 7, 891_234_000, time.FixedZone("CST", 8*3600))
		err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Role.Create().SetName("a").SetPermissions([]string{}).SetCreatedAt(at.UTC()).Exec(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		var got time.Time
		if err := s.Reader().QueryRowContext(t.Context(), "SELECT created_at FROM roles").Scan(&got); err != nil {
			t.Fatal(err)
		}
		if !got.Equal(at) || got.Location() != time.UTC {
			t.Errorf("got %v, want %v", got, at.UTC())
		}
	})
}

func TestAUniqueViolationIsKnownByName(t *testing.T) {
	want := map[string]string{dialect.SQLite: "roles.name", dialect.Postgres: "roles_name_key"}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		add := func(ctx context.Context, tx *store.Tx) error { return addRole(ctx, tx, "a") }
		if err := s.InTx(t.Context(), add); err != nil {
			t.Fatal(err)
		}
		err := s.InTx(t.Context(), add)
		if name, ok := store.UniqueViolation(err); !ok || name != want[s.Dialect()] {
			t.Errorf("got %q, %v for %v; want %q", name, ok, err, want[s.Dialect()])
		}
		if store.Unavailable(err) {
			t.Error("a duplicate is not an unavailable database")
		}
		_, err = s.Writer().ExecContext(t.Context(), "UPDATE roles SET version = 0")
		if name, ok := store.UniqueViolation(err); ok || err == nil {
			t.Errorf("a broken check (%v) is taken for a duplicate of %q", err, name)
		}
	})
}

func TestAReadOnlyDatabaseIsUnavailable(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		setting := map[string]string{
			dialect.SQLite:   "PRAGMA query_only = 1",
			dialect.Postgres: "SET default_transaction_read_only = on",
		}
		conn, err := s.Writer().Conn(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.ExecContext(t.Context(), setting[s.Dialect()]); err != nil {
			t.Fatal(err)
		}
		if _, err := conn.ExecContext(t.Context(), "DELETE FROM roles"); !store.Unavailable(err) {
			t.Errorf("%v is not taken for unavailable", err)
		}
	})
}

func TestAClosedDatabaseIsUnavailable(t *testing.T) {
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(t.Context(), storetest.URL(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := s.InTx(t.Context(), func(context.Context, *store.Tx) error { return nil }); !store.Unavailable(err) {
				t.Errorf("%v is not taken for unavailable", err)
			}
		})
	}
}

func TestAServerThatIsNotThereIsUnavailable(t *testing.T) {
	_, err := store.Open(t.Context(), "postgres://desk:hunter2@127.0.0.1:1/desk?sslmode=disable")
	if !store.Unavailable(err) || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("got %v, want unavailable and no password", err)
	}
}

func TestAGivenUpRequestIsNotAnUnavailableDatabase(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := s.InTx(ctx, func(context.Context, *store.Tx) error { return nil }); err == nil || store.Unavailable(err) {
			t.Errorf("%v is taken for unavailable", err)
		}
	})
}

func TestOnlyTheTwoDatabasesAreOpened(t *testing.T) {
	for url, want := range map[string]string{
		"":                                   "sqlite:PATH",
		"mysql://desk:hunter2@localhost/x":   "postgres://",
		"desk:hunter2":                       "sqlite:PATH",
		"sqlite:":                            "needs a file",
		"sqlite::memory:":                    "in memory",
		"sqlite:file::memory:":               "in memory",
		"sqlite://desk.db":                   "without //",
		"sqlite:desk.db?cache=shared":        "no options",
		"postgres://desk:hunter2@host:p/x":   "can't be read",
		"postgres://desk:hunter2@%zz/x":      "can't be read",
		"postgres://h/x?sslmode=hunter2&a=%": "can't be read",
	} {
		s, err := store.Open(t.Context(), url)
		if err == nil {
			_ = s.Close()
			t.Errorf("%q is opened", url)
			continue
		}
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v; want it to say %q and no password", url, err, want)
		}
	}
}

func TestSQLiteFilesAreTheOwnersOnly(t *testing.T) {
	path := t.TempDir() + "/a folder/100% mine#1.db"
	s, err := store.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, suffix := range []string{"", "-wal", "-shm"} {
		file, err := os.Stat(path + suffix)
		if err != nil {
			t.Fatal(err)
		}
		if mode := file.Mode().Perm(); mode != 0o600 {
			t.Errorf("%s has mode %o, want 600", file.Name(), mode)
		}
	}
}

func TestSQLiteIsSetAsPromised(t *testing.T) {
	s := storetest.Open(t, dialect.SQLite)
	for _, c := range []struct {
		pool   *sql.DB
		pragma string
		want   string
	}{
		{s.Writer(), "journal_mode", "wal"},
		{s.Writer(), "synchronous", "2"}, // FULL
		{s.Writer(), "foreign_keys", "1"},
		{s.Writer(), "query_only", "0"},
		{s.Reader(), "query_only", "1"},
		{s.Reader(), "busy_timeout", "5000"},
	} {
		var got string
		if err := c.pool.QueryRowContext(t.Context(), "PRAGMA "+c.pragma).Scan(&got); err != nil || got != c.want {
			t.Errorf("%s is %q (%v), want %q", c.pragma, got, err, c.want)
		}
	}
	if _, err := s.Reader().ExecContext(t.Context(), "DELETE FROM roles"); !store.Unavailable(err) {
		t.Errorf("a reader wrote: %v", err)
	}
}

func TestPostgresSessionsAreNamedAndInUTC(t *testing.T) {
	s := storetest.Open(t, dialect.Postgres)
	for setting, want := range map[string]string{"application_name": "lenddesk", "timezone": "UTC"} {
		var got string
		if err := s.Writer().QueryRowContext(t.Context(), "SELECT current_setting($1)", setting).Scan(&got); err != nil || got != want {
			t.Errorf("%s is %q (%v), want %q", setting, got, err, want)
		}
	}
}

func TestInfoTellsAboutTheDatabase(t *testing.T) {
	want := map[string]string{dialect.SQLite: "SQLite 3.", dialect.Postgres: "PostgreSQL "}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		info, err := s.Info(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasPrefix(info.Driver, want[s.Dialect()]) || info.ConnectionMode == "" || info.Size < 1<<16 ||
			len(info.Migration) != len("20060102150405") || info.OpenConnections < 1 {
			t.Errorf("got %+v", info)
		}
	})
}

func TestAClosedSQLiteFileIsWhole(t *testing.T) {
	path := strings.TrimPrefix(storetest.URL(t, dialect.SQLite), "sqlite:")
	s, err := store.Open(t.Context(), "sqlite:"+path)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return addRole(ctx, tx, "a") }); err != nil {
		t.Fatal(err)
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(path + "-wal"); !os.IsNotExist(err) {
		t.Errorf("what was written is still in the log beside the file: %v", err)
	}
}

func TestAFileThatIsNoDatabaseIsRefused(t *testing.T) {
	path := t.TempDir() + "/letter.txt"
	if err := os.WriteFile(path, []byte(strings.Repeat("Dear Sir or Madam, ", 100)), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := store.Open(t.Context(), "sqlite:"+path); err == nil {
		_ = s.Close()
		t.Error("opened")
	}
}
