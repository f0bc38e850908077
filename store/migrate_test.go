package store_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"

	"lenddesk/store"
	"lenddesk/store/migrations/plan"
	"lenddesk/store/storetest"
)

func folder(name string) string {
	if name == dialect.SQLite {
		return "migrations/sqlite"
	}
	return "migrations/postgres"
}

func TestServersThatStartTogetherMigrateOnce(t *testing.T) {
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			url := storetest.Empty(t, name)
			var servers sync.WaitGroup
			for range 4 {
				servers.Go(func() {
					s, err := store.Open(t.Context(), url)
					if err != nil {
						t.Error(err)
						return
					}
					defer s.Close()
					if err := s.Migrate(t.Context()); err != nil {
						t.Error(err)
					}
					current, latest, err := s.Migration(t.Context())
					if err != nil || current == 0 || current != latest {
						t.Errorf("at %d of %d (%v) after migrating", current, latest, err)
					}
					var jobs int
					if err := s.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM river_job").Scan(&jobs); err != nil {
						t.Error("the queue's tables:", err)
					}
				})
			}
			servers.Wait()
		})
	}
}

func TestAnEmptyDatabaseIsAtZeroAndStaysEmpty(t *testing.T) {
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			s, err := store.Open(t.Context(), storetest.Empty(t, name))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			for range 2 {
				current, latest, err := s.Migration(t.Context())
				if err != nil || current != 0 || latest == 0 {
					t.Errorf("at %d of %d (%v), want 0 of some", current, latest, err)
				}
			}
		})
	}
}

// copied is a folder of migrations that a test may write into.
func copied(t *testing.T, name string) string {
	t.Helper()
	dir := t.TempDir()
	if err := os.CopyFS(dir, os.DirFS(folder(name))); err != nil {
		t.Fatal(err)
	}
	return dir
}

func write(t *testing.T, name, dir string) (written []string) {
	t.Helper()
	before := files(t, dir)
	if err := plan.Write(t.Context(), name, dir, "drift", os.Getenv("LENDDESK_TEST_POSTGRES")); err != nil {
		t.Fatal(err)
	}
	return files(t, dir)[len(before):]
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	found, err := filepath.Glob(dir + "/*.sql")
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestTheMigrationsMakeWhatTheSchemaWants(t *testing.T) {
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			for _, file := range write(t, name, copied(t, name)) {
				content, err := os.ReadFile(file)
				t.Errorf("`make generate` is missing, it would write:\n%s%v", content, err)
			}
		})
	}
}

// A change that the comparison overlooked would never reach a database, and the test above would not tell.
func TestTheComparisonSeesWhatHasChangedUnderTheSameName(t *testing.T) {
	for _, name := range storetest.Dialects {
		for what, c := range map[string]struct{ is, was string }{
			"a check":              {"CHECK (amount > 0)", "CHECK (amount > 1)"},
			"an index's condition": {"WHERE status = 'REQUESTED'", "WHERE status = 'APPROVED'"},
		} {
			t.Run(name+"/"+what, func(t *testing.T) {
				dir := copied(t, name)
				change(t, dir, c.is, c.was)
				if written := write(t, name, dir); len(written) != 1 {
					t.Errorf("%d files written, want 1", len(written))
				}
			})
		}
	}
}

// change edits the first migration and makes the checksums fit.
func change(t *testing.T, dir, is, was string) {
	t.Helper()
	all := files(t, dir)
	content, err := os.ReadFile(all[0])
	if err != nil {
		t.Fatal(err)
	}
	edited := strings.Replace(string(content), is, was, 1)
	if edited == string(content) {
		t.Fatalf("%q is not in %s", is, all[0])
	}
	if err := os.WriteFile(all[0], []byte(edited), 0o600); err != nil {
		t.Fatal(err)
	}
	local, err := sqltool.NewGooseDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	sum, err := local.Checksum()
	if err != nil {
		t.Fatal(err)
	}
	if err := migrate.WriteSumFile(local, sum); err != nil {
		t.Fatal(err)
	}
}
