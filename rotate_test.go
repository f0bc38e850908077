package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/store/storetest"
	"lenddesk/workflow/administration"
)

// rotateKeys runs `lenddesk keys rotate` where the servers run.
func rotateKeys(t *testing.T, folder string, set ...string) {
	t.Helper()
	cmd := command(t, folder, set, "keys", "rotate")
	said, err := cmd.CombinedOutput()
	if err != nil || !strings.Contains(string(said), "has a new encryption key") {
		t.Fatalf("keys rotate: %v\n%s", err, said)
	}
}

// withoutOldKeys is a key set that has lost all encryption keys but the newest.
func withoutOldKeys(t *testing.T, file string) *seal.Keys {
	t.Helper()
	written, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var set struct {
		Encryption struct {
			Primary uint32           `json:"primaryKeyId"`
			Keys    []map[string]any `json:"key"`
		} `json:"encryption"`
		Lookup json.RawMessage `json:"lookup"`
		IDs    []byte          `json:"ids"`
	}
	if err := json.Unmarshal(written, &set); err != nil {
		t.Fatal(err)
	}
	before := len(set.Encryption.Keys)
	set.Encryption.Keys = slices.DeleteFunc(set.Encryption.Keys, func(k map[string]any) bool { return k["keyId"] != float64(set.Encryption.Primary) })
	if before < 2 || len(set.Encryption.Keys) != 1 {
		t.Fatalf("of %d keys %d are left", before, len(set.Encryption.Keys))
	}
	if written, err = json.Marshal(set); err != nil {
		t.Fatal(err)
	}
	keys, err := seal.Parse(written)
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

// openedBy counts the sealed values that a key set opens, and those that it does not.
func openedBy(t *testing.T, s *store.Store, keys *seal.Keys) (opened, closed int) {
	t.Helper()
	for _, c := range administration.SealedColumns {
		for _, v := range rowsOf(t, s, fmt.Sprintf("SELECT %s FROM %s WHERE %[1]s IS NOT NULL", c.Column, c.Table), func(scan func(...any) error) (v seal.Sealed, err error) {
			return v, scan(&v)
		}) {
			if _, err := keys.Open(c.Purpose, v); err != nil {
				closed++
			} else {
				opened++
			}
		}
	}
	return opened, closed
}

// waitingToReseal counts the jobs that will seal values anew.
func waitingToReseal(t *testing.T, s *store.Store) int {
	t.Helper()
	return rowsOf(t, s, "SELECT count(*) FROM river_job WHERE kind = 'reseal' AND state = 'scheduled'", func(scan func(...any) error) (n int, err error) {
		return n, scan(&n)
	})[0]
}

// resealNow lets the time pass that a server waits before it seals anew.
func resealNow(t *testing.T, s *store.Store) {
	t.Helper()
	long := "now() - interval '1 hour'"
	if s.Dialect() == dialect.SQLite {
		long = "datetime('now', '-1 hour')"
	}
	statement := "UPDATE river_job SET state = 'available', scheduled_at = " + long + " WHERE kind = 'reseal' AND state = 'scheduled'"
	if _, err := s.Writer().ExecContext(t.Context(), statement); err != nil {
		t.Fatal(err)
	}
}

func TestKeysAreRotatedWhileServing(t *testing.T) {
	servers := map[string]int{dialect.SQLite: 1, dialect.Postgres: 2}
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			at, folder := storetest.URL(t, name), t.TempDir()
			file := filepath.Join(folder, "lenddesk.keys")
			if path, ok := strings.CutPrefix(at, "sqlite:"); ok {
				file = strings.TrimSuffix(path, filepath.Ext(path)) + ".keys"
			}
			set := []string{"LENDDESK_DATABASE_URL=" + at}
			var running []*process
			for range servers[name] {
				running = append(running, launch(t, folder, set...))
			}
			token := adminToken(t, running[0].address)
			d, stages := newDeeds(), []*stage{}
			var waits []func()
			for _, p := range running { // 8 clients in all
				s := newStage()
				waits = append(waits, s.clients(t, d, token, 8/len(running)).Wait)
				s.set(p.address, false)
				stages = append(stages, s)
			}
			s, err := store.Open(t.Context(), at)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			busy := func(what string) {
				enough := d.told.Load() + 10
				eventually(t, what, func() bool { return d.told.Load() >= enough || t.Failed() })
			}
			// Every server opens what any server sealed: the whole list shows every phone number, masked.
			readable := func(what string) {
				for _, p := range running {
					got, err := try(p.address, token, `{ users(first: 100) { nodes { maskedPhone maskedNationalId } } }`, nil)
					if err != nil || len(got.Errors) > 0 || got.at("users.nodes.9.maskedPhone") == nil {
						t.Errorf("%s: %v %.300s", what, err, got)
					}
				}
			}
			busy("before")
			for i := range 2 {
				rotateKeys(t, folder, set...)
				busy("after a rotation")
				readable("right after a rotation")
				eventually(t, "every server has taken the key up", func() bool { return waitingToReseal(t, s) >= (i+1)*len(running) })
			}
			newest := withoutOldKeys(t, file)
			busy("in the end")
			for i := range stages {
				stages[i].set("", true)
				waits[i]()
			}
			readable("in the end")
			resealNow(t, s)
			eventually(t, "all values are sealed anew", func() bool {
				_, closed := openedBy(t, s, newest)
				return closed == 0
			})
			if opened, _ := openedBy(t, s, newest); opened < 2*len(d.entered) {
				t.Errorf("the newest key alone opens %d values of %d people", opened, len(d.entered))
			}
			readable("sealed anew")
			if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
				t.Errorf("the key file: %v %v", info, err)
			}
			for _, p := range running {
				p.terminate(t)
				for line := range strings.Lines(p.logs.String()) {
					if strings.Contains(line, "a field failed") || strings.Contains(line, "cannot be followed") {
						t.Errorf("logged: %s", line)
					}
				}
			}
			again := launch(t, folder, set...) // the database still takes the rotated keys for its own
			running = []*process{again}
			readable("after a new start")
			again.terminate(t)
		})
	}
}

func TestKeysFromTheEnvironmentAreNotRotated(t *testing.T) {
	folder := t.TempDir()
	keyset := newKeyset(t)
	said, err := command(t, folder, []string{"LENDDESK_KEYSET=" + keyset}, "keys", "rotate").CombinedOutput()
	if err == nil || !strings.Contains(string(said), "LENDDESK_KEYSET") || strings.Contains(string(said), "primaryKeyId") {
		t.Errorf("answered %v\n%s", err, said)
	}
	said, err = command(t, folder, nil, "keys", "rotate").CombinedOutput()
	if err == nil || !strings.Contains(string(said), "no key file") {
		t.Errorf("without any keys: %v\n%s", err, said)
	}
	if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestEverySealedColumnIsSealedAnew(t *testing.T) {
	column := regexp.MustCompile(`field\.Bytes\("(\w+)"\)\.GoType\(seal\.Sealed`)
	table := regexp.MustCompile(`\.on\("(\w+)"\)`)
	files, err := filepath.Glob("schema/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var wanted, listed []string
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, c := range column.FindAllSubmatch(text, -1) {
			wanted = append(wanted, string(table.FindSubmatch(text)[1])+"."+string(c[1]))
		}
	}
	for _, c := range administration.SealedColumns {
		listed = append(listed, c.Table+"."+c.Column)
	}
	slices.Sort(wanted)
	slices.Sort(listed)
	want(t, "columns that are sealed anew", fmt.Sprint(listed), fmt.Sprint(wanted))
}
