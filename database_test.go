package main

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store/copies"
	"lenddesk/store/storetest"
	"lenddesk/workflow/administration"
)

const backupFields = `id status version file scheduled size sha256 finishedAt verifiedAt error availableActions { mutation allowed } timeline { nodes { kind } }`

// backUp begins a backup and waits until it is something else than RUNNING, and verified where that is asked for.
func (p *person) backUp(until_ string) answer {
	p.t.Helper()
	got := p.ask(`mutation { createBackup { backup { id status } userErrors { code } } }`)
	id := got.text("createBackup.backup.id")
	if id == "" || got.text("createBackup.backup.status") != "RUNNING" {
		p.t.Fatalf("a backup is begun: %s", got)
	}
	until(p.t, "the backup to be "+until_, func() bool {
		got = p.ask(`query($id: ID!) { node(id: $id) { ... on Backup { `+backupFields+` } } }`, vars{"id": id})
		return got.text("node.status") == until_
	})
	return got
}

// A backup is made and verified while the platform goes on, comes back by the command, and what happened after it is gone then.
func TestABackupIsMadeVerifiedAndPutBack(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			s := settings{DatabaseURL: storetest.URL(t, dialect), Keyset: newKeyset(t), BackupURL: t.TempDir()}
			h := begin(t, s)
			early := h.register(t, applicant(1))
			admin := h.administrator(t)
			got := admin.backUp("VERIFIED")
			size, _ := got.at("node.size").(float64)
			file := filepath.Join(s.BackupURL, got.text("node.file"))
			kept, err := os.Stat(file)
			if err != nil || kept.Size() != int64(size) || len(got.text("node.sha256")) != 64 || got.at("node.scheduled") != false || kept.Mode().Perm()&0o077 != 0 {
				t.Errorf("the backup's file: %v %v: %s", kept, err, got)
			}
			for _, kind := range []string{"CREATE_BACKUP", "FINISH_BACKUP", "PASS_BACKUP_VERIFICATION"} {
				if !strings.Contains(got.raw, kind) {
					t.Errorf("%s is not in the timeline: %s", kind, got)
				}
			}
			again := admin.ask(`mutation($i: VerifyBackupInput!) { verifyBackup(input: $i) { backup { status } userErrors { code } } }`,
				vars{"i": vars{"backupId": got.text("node.id"), "expectedVersion": got.at("node.version")}})
			want(t, "asked for again", again.text("verifyBackup.backup.status"), "VERIFIED")
			late := h.register(t, applicant(2))

			var said bytes.Buffer
			command := []string{"restore", file, "--database-url", s.DatabaseURL, "--keyset", s.Keyset}
			if err := run(t.Context(), append(command, "--yes"), &said, &said); !errors.Is(err, copies.ErrInUse) {
				t.Errorf("while the server runs: %v", err)
			}
			if err := h.close(); err != nil {
				t.Fatal(err)
			}
			if err := run(t.Context(), command, &said, &said); err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(said.String(), "users 1,") || !strings.Contains(said.String(), "Nothing has been done") {
				t.Errorf("what would be done: %s", &said)
			}
			if err := run(t.Context(), append(command, "--yes"), &said, &said); err != nil {
				t.Fatal(err)
			}
			h = start(t, s)
			admin = h.administrator(t)
			there := admin.ask(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": []string{early, late}})
			want(t, "who came back", there.text("nodes.0.id"), early)
			want(t, "who came after the backup", there.at("nodes.1"), nil)
		})
	}
}

// What the system tells of its database: which, how it is connected, how far it is migrated, what waits, and which statements took long, without a value of them.
func TestTheSystemTellsOfItsDatabase(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			h := start(t, settings{DatabaseURL: storetest.URL(t, dialect), SlowStatement: "1ns"})
			form := applicant(53)
			h.register(t, form)
			admin := h.administrator(t)
			admin.ask(`query($n: String) { users(filter: {name: $n}) { nodes { name } } }`, vars{"n": form["name"]})
			got := admin.ask(`{ system { version database { driver connectionMode size migration openConnections queuedJobs slowStatements { text times longestMilliseconds lastAt } } } }`)
			for field, holds := range map[string]string{"driver": map[string]string{"sqlite3": "SQLite 3.", "postgres": "PostgreSQL "}[dialect], "connectionMode": map[string]string{"sqlite3": "journal wal, one writer, up to ", "postgres": "pool of "}[dialect], "migration": "2026"} {
				if !strings.HasPrefix(got.text("system.database."+field), holds) {
					t.Errorf("%s is %q", field, got.text("system.database."+field))
				}
			}
			for _, field := range []string{"size", "openConnections"} {
				if n, _ := got.at("system.database." + field).(float64); n <= 0 {
					t.Errorf("%s is %v", field, n)
				}
			}
			if n, ok := got.at("system.database.queuedJobs").(float64); !ok || n < 0 {
				t.Errorf("jobs that wait: %v", got.at("system.database.queuedJobs"))
			}
			slow, _ := got.at("system.database.slowStatements").([]any)
			if len(slow) < 5 || len(slow) > 50 || !strings.Contains(got.raw, "INSERT INTO") || !strings.Contains(got.raw, "SELECT") {
				t.Errorf("%d slow statements: %.2000s", len(slow), got.raw)
			}
			for what, value := range form {
				if text, ok := value.(string); ok && what != "locale" && strings.Contains(got.raw, text) {
					t.Errorf("the %s stands among the slow statements", what)
				}
			}
			quick := start(t, settings{DatabaseURL: storetest.URL(t, dialect), SlowStatement: "0"})
			want(t, "where none are noted", fmt.Sprint(quick.administrator(t).ask(`{ system { database { slowStatements { text } } } }`).at("system.database.slowStatements")), "[]")
		})
	}
}

// Copies come by the clock, once each time, and go when their days are over, but for the newest good one.
func TestBackupsComeAndGoByTheClock(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		wantFaults(t, admin.act("setParameter", "parameter { value }", vars{"name": parameter.BackupMode, "value": parameter.BackupCopy}), "setParameter")
		keeper := &administration.Keeper{Office: &administration.Office{Desk: h.desk}, Copies: administration.Copies{Database: h.settings.DatabaseURL, Folder: h.settings.BackupURL}}
		keep := func() {
			t.Helper()
			if err := keeper.Keep(t.Context(), lifecycle.Now()); err != nil {
				t.Fatal(err)
			}
			until(t, "copies to be made", func() bool {
				n, _ := admin.ask(`{ backups(filter: {status: [RUNNING]}) { totalCount } }`).at("backups.totalCount").(float64)
				return n == 0
			})
		}
		made := func() (files []string) {
			nodes, _ := admin.ask(`{ backups { nodes { file status } } }`).at("backups.nodes").([]any)
			for _, n := range nodes {
				want(t, "status", n.(vars)["status"], any("SUCCEEDED"))
				files = append(files, n.(vars)["file"].(string))
			}
			return files
		}
		keep()
		want(t, "copies of a book that was begun today", len(made()), 0)
		h.exec(t, "UPDATE staff SET created_at = '2020-01-01 00:00:00+00:00'")
		keep()
		keep()
		want(t, "copies when one was due", len(made()), 1)
		first := made()[0]
		admin.backUp("SUCCEEDED")
		second := made()[0]
		h.exec(t, "UPDATE backups SET created_at = '2020-01-01 00:00:00+00:00', scheduled = false WHERE scheduled")
		h.exec(t, "UPDATE staff SET created_at = '2030-01-01 00:00:00+00:00'")
		keep()
		want(t, "copies after the days of the first", strings.Join(made(), " "), second)
		if _, err := os.Stat(filepath.Join(h.settings.BackupURL, first)); !os.IsNotExist(err) {
			t.Errorf("its file is there: %v", err)
		}
		h.exec(t, "UPDATE backups SET created_at = '2020-01-01 00:00:00+00:00'")
		keep()
		want(t, "the newest good copy", strings.Join(made(), " "), second)
	})
}

// A book is carried from SQLite to PostgreSQL whole: what is asked there is answered as here.
func TestABookIsCarriedToPostgres(t *testing.T) {
	s := settings{DatabaseURL: storetest.URL(t, "sqlite3"), Keyset: newKeyset(t), Demo: "1"}
	h := begin(t, s)
	const question = `{ loans(first: 50) { totalCount nodes { id number status amount borrower { name maskedPhone } bids { totalCount nodes { amount investor { name } } }
		installments { nodes { dueOn principal } } timeline { totalCount } } } users(first: 50) { totalCount nodes { id name maskedNationalId kinds tags createdAt bankCards { nodes { maskedNumber } } } }
		parameters { name value } staff { nodes { name roles { name permissions } } } }`
	before := h.administrator(t).ask(question).raw
	empty := storetest.Empty(t, "postgres")
	command := []string{"move", "--to", empty, "--database-url", s.DatabaseURL, "--keyset", s.Keyset}
	var said bytes.Buffer
	if err := run(t.Context(), command, &said, &said); !errors.Is(err, copies.ErrInUse) {
		t.Errorf("while the server runs: %v", err)
	}
	if err := h.close(); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), command, &said, &said); err != nil {
		t.Fatal(err)
	}
	if err := run(t.Context(), command, &said, &said); err == nil || !strings.Contains(err.Error(), "there is a book") {
		t.Errorf("a second time: %v", err)
	}
	s.DatabaseURL, s.Demo = empty, "0"
	there := start(t, s)
	if after := there.administrator(t).ask(question).raw; after != before || len(before) < 10000 {
		t.Errorf("before %.3000s\nafter %.3000s", before, after)
	}
	there.register(t, applicant(500)) // keys go on behind the last ones
}

// A connection is tried before it is used, and nothing is left there.
func TestADatabaseIsTried(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		var said bytes.Buffer
		if err := run(t.Context(), []string{"check", "--to", storetest.URL(t, dialect)}, &said, &said); err != nil || !strings.Contains(said.String(), "it can be used") {
			t.Errorf("%s: %v %s", dialect, err, &said)
		}
		said.Reset()
		if err := run(t.Context(), []string{"check", "--to", storetest.Empty(t, dialect)}, &said, &said); dialect == "postgres" && (err != nil || !strings.Contains(said.String(), "empty")) {
			t.Errorf("%s, empty: %v %s", dialect, err, &said)
		}
	}
	for _, url := range []string{"postgres://nobody:hush@127.0.0.1:1/none", "sqlite:" + filepath.Join(t.TempDir(), "none.db")} {
		var said bytes.Buffer
		if err := run(t.Context(), []string{"check", "--to", url}, &said, &said); err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%s: %v", url, err)
		}
	}
}
