package copies_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"lenddesk/store"
	"lenddesk/store/copies"
	"lenddesk/store/storetest"
)

const keys = "the fingerprint of these keys.."

// book is a migrated database that belongs to the keys, with a parameter of some value.
func book(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Migrate(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Keyset.Create().SetID(1).SetFingerprint(keys).Exec(ctx)
	}); err != nil {
		t.Fatal(err)
	}
	return s
}

// add writes n rows that point to each other in pairs: a copy that tears a transaction apart has an odd number.
func add(ctx context.Context, s *store.Store, n int) error {
	for range n {
		if err := s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			for range 2 {
				if _, err := tx.Guess.Create().SetAccount("a").SetAddress("b").SetHome(true).SetExpiresAt(time.Unix(0, 0).UTC()).Save(ctx); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return err
		}
	}
	return nil
}

func count(t *testing.T, q *sql.DB) (n int64) {
	t.Helper()
	if err := q.QueryRowContext(t.Context(), "SELECT count(*) FROM guesses").Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

func fine(context.Context, *sql.DB) error { return nil }

// A copy taken while others write is one moment's truth, is verified, and brings that moment back into the database.
func TestACopyIsOneMomentAndComesBack(t *testing.T) {
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url, file := storetest.URL(t, name), filepath.Join(t.TempDir(), "copy")
			s := book(t, url)
			if err := add(t.Context(), s, 50); err != nil {
				t.Fatal(err)
			}
			writing, stop := context.WithCancel(t.Context())
			var writers sync.WaitGroup
			begun := make(chan struct{}, 1)
			writers.Go(func() {
				for writing.Err() == nil {
					if err := add(context.WithoutCancel(writing), s, 1); err != nil {
						t.Error(err)
						return
					}
					select {
					case begun <- struct{}{}:
					default:
					}
				}
			})
			<-begun
			m, err := copies.Take(t.Context(), s, url, file)
			if err != nil {
				t.Fatal(err)
			}
			<-begun // they go on while a copy is taken
			stop()
			writers.Wait()
			if m.Rows["guesses"] < 102 || m.Rows["guesses"]%2 != 0 || m.Keys != keys || m.Migration == 0 || m.Size == 0 {
				t.Errorf("the manifest is %+v", m)
			}
			if err := copies.Verify(t.Context(), url, file, fine); err != nil {
				t.Errorf("verify: %v", err)
			}
			broken := errors.New("not so")
			if err := copies.Verify(t.Context(), url, file, func(context.Context, *sql.DB) error { return broken }); !errors.Is(err, broken) {
				t.Errorf("what else is asked for: %v", err)
			}
			after := count(t, s.Reader())

			plan, err := copies.Prepare(t.Context(), url, file, keys)
			if err != nil {
				t.Fatal(err)
			}
			if err := plan.Restore(t.Context()); !errors.Is(err, copies.ErrInUse) {
				t.Errorf("into a database in use: %v", err)
			}
			if got := count(t, s.Reader()); got != after {
				t.Errorf("a refused restore left %d rows of %d", got, after)
			}
			if err := s.Close(); err != nil {
				t.Fatal(err)
			}
			if err := plan.Restore(t.Context()); err != nil {
				t.Fatal(err)
			}
			back, err := store.Open(t.Context(), url)
			if err != nil {
				t.Fatal(err)
			}
			defer back.Close()
			if got := count(t, back.Reader()); got != m.Rows["guesses"] {
				t.Errorf("%d rows came back of %d", got, m.Rows["guesses"])
			}
			if err := back.Migrate(t.Context()); err != nil {
				t.Errorf("migrate what came back: %v", err)
			}
			if name == dialect.SQLite {
				kept, err := os.Stat(plan.Keeps)
				if err != nil || kept.Size() == 0 {
					t.Errorf("the database of before is not kept: %v", err)
				}
			}
		})
	}
}

// A copy that is not what was written is found out, and nothing is put back from it.
func TestADamagedCopyIsFound(t *testing.T) {
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			url := storetest.URL(t, name)
			s := book(t, url)
			defer s.Close()
			if err := add(t.Context(), s, 200); err != nil {
				t.Fatal(err)
			}
			for what, spoil := range map[string]func(file string) error{
				"a byte is another": func(file string) error {
					content, err := os.ReadFile(file)
					content[len(content)/2] ^= 1
					return errors.Join(err, os.WriteFile(file, content, 0o600))
				},
				"its end is missing":  func(file string) error { return os.Truncate(file, 1000) },
				"no manifest":         func(file string) error { return os.Remove(file + ".json") },
				"the manifest is cut": func(file string) error { return os.Truncate(file+".json", 20) },
				"it has other rows": func(file string) error {
					content, err := os.ReadFile(file + ".json")
					return errors.Join(err, os.WriteFile(file+".json", []byte(strings.Replace(string(content), `"guesses": 400`, `"guesses": 401`, 1)), 0o600))
				},
			} {
				file := filepath.Join(t.TempDir(), "copy")
				if _, err := copies.Take(t.Context(), s, url, file); err != nil {
					t.Fatal(err)
				}
				if err := spoil(file); err != nil {
					t.Fatal(err)
				}
				if err := copies.Verify(t.Context(), url, file, fine); err == nil {
					t.Errorf("%s: verified", what)
				}
				if _, err := copies.Prepare(t.Context(), url, file, keys); err == nil && what != "it has other rows" {
					t.Errorf("%s: would be put back", what)
				}
			}
		})
	}
}

// What cannot be put back is refused before anything is touched.
func TestACopyIsOnlyPutBackWhereItFits(t *testing.T) {
	urls, files := map[string]string{}, map[string]string{}
	for _, name := range storetest.Dialects {
		urls[name], files[name] = storetest.URL(t, name), filepath.Join(t.TempDir(), name)
		s := book(t, urls[name])
		if _, err := copies.Take(t.Context(), s, urls[name], files[name]); err != nil {
			t.Fatal(err)
		}
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
	}
	for what, try := range map[string]struct{ url, file, keys, says string }{
		"of another kind": {urls[dialect.SQLite], files[dialect.Postgres], keys, "a copy of PostgreSQL"},
		"other keys":      {urls[dialect.SQLite], files[dialect.SQLite], "others", "other keys"},
		"no such file":    {urls[dialect.SQLite], files[dialect.SQLite] + "x", keys, "no manifest"},
	} {
		if _, err := copies.Prepare(t.Context(), try.url, try.file, try.keys); err == nil || !strings.Contains(err.Error(), try.says) {
			t.Errorf("%s: %v", what, err)
		}
	}
	for _, name := range storetest.Dialects {
		manifest := files[name] + ".json"
		content, err := os.ReadFile(manifest)
		if err != nil {
			t.Fatal(err)
		}
		m, err := copies.Read(files[name])
		if err != nil {
			t.Fatal(err)
		}
		newer := strings.Replace(string(content), fmt.Sprintf(`"migration": %d`, m.Migration), `"migration": 99990101000000`, 1)
		if err := os.WriteFile(manifest, []byte(newer), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := copies.Prepare(t.Context(), urls[name], files[name], keys); err == nil || !strings.Contains(err.Error(), "newer lenddesk") {
			t.Errorf("%s from a newer program: %v", name, err)
		}
	}
}
