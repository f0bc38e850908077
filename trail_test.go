package main

import (
	"bytes"
	"fmt"
	"strings"
	"sync"
	"testing"

	"lenddesk/store"
	"lenddesk/store/storetest"
	"lenddesk/workflow/audit"
)

// sealed waits until every event has its place, and tells the head of the trail.
func (h *house) sealed(t testing.TB) audit.Head {
	t.Helper()
	until(t, "every event to be sealed", func() bool {
		var waiting int
		if err := h.store.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM events WHERE position IS NULL").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		return waiting == 0
	})
	head, err := audit.Verify(t.Context(), h.store.Client())
	if err != nil {
		t.Fatal(err)
	}
	return head
}

// Whatever is changed, removed, put in or cut off in the trail is found.
func TestATrailThatWasTamperedWithIsFound(t *testing.T) {
	tries := []struct{ what, statement, says string }{
		{"a changed reason", "UPDATE events SET reason = 'another' WHERE position = 3", "event 3"},
		{"another actor", "UPDATE events SET actor_id = actor_id + 1 WHERE position = 4", "event 4"},
		{"another time", "UPDATE events SET at = '2020-01-01 00:00:00+00:00' WHERE position = 2", "event 2"},
		{"a changed seal", "UPDATE events SET seal = (SELECT e.seal FROM events e WHERE e.position = 1) WHERE position = 5", "event 5"},
		{"a removed one", "DELETE FROM events WHERE position = 3", "event 3"},
		{"the last one cut off", "DELETE FROM events WHERE position = (SELECT max(e.position) FROM events e)", "the trail ends here"},
		{"two exchanged", "UPDATE events SET kind = CASE position WHEN 1 THEN (SELECT kind FROM events e WHERE e.position = 2) ELSE (SELECT kind FROM events e WHERE e.position = 1) END, subject_id = subject_id + 1 WHERE position IN (1, 2)", "event 1"},
	}
	for _, dialect := range storetest.Dialects {
		for _, try := range tries {
			t.Run(dialect+"/"+try.what, func(t *testing.T) {
				t.Parallel()
				s := settings{DatabaseURL: storetest.URL(t, dialect), Keyset: newKeyset(t)}
				h := begin(t, s)
				for n := range 3 {
					h.register(t, applicant(n))
				}
				h.administrator(t)
				head := h.sealed(t)
				if head.Events < 5 {
					t.Fatalf("the trail has %d events", head.Events)
				}
				if err := h.close(); err != nil {
					t.Fatal(err)
				}
				verify := func() (string, error) {
					var said bytes.Buffer
					err := run(t.Context(), []string{"audit", "verify", "--database-url", s.DatabaseURL, "--known", head.String()}, &said, &said)
					return said.String(), err
				}
				if said, err := verify(); err != nil || !strings.Contains(said, head.String()) {
					t.Fatalf("before: %v %s", err, said)
				}
				st := openedBeside(t, s.DatabaseURL)
				if _, err := st.Writer().ExecContext(t.Context(), try.statement); err != nil {
					t.Fatal(err)
				}
				if err := st.Close(); err != nil {
					t.Fatal(err)
				}
				if _, err := verify(); err == nil || !strings.Contains(err.Error(), try.says) {
					t.Errorf("%s: %v", try.what, err)
				}
			})
		}
	}
}

// Places are given in the order of commits, without a gap, however many write at once; an event that nobody seals is found.
func TestEveryEventGetsItsPlaceOnce(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		var many sync.WaitGroup
		for n := range 24 {
			many.Go(func() { h.anybody(t).do("registerUser", applicant(100+n)) })
		}
		many.Wait()
		head := h.sealed(t)
		var events, last int64
		if err := h.store.Reader().QueryRowContext(t.Context(), "SELECT count(*), max(position) FROM events").Scan(&events, &last); err != nil {
			t.Fatal(err)
		}
		want(t, "places", fmt.Sprint(events, last), fmt.Sprint(head.Events, head.Events))
		if head.Events < 24 {
			t.Errorf("%d events of 24 registrations", head.Events)
		}
		again, err := audit.Verify(t.Context(), h.store.Client(), audit.Head{Events: head.Events - 1, Seal: strings.Repeat("0", 64)})
		if err == nil {
			t.Errorf("another head was noted, and the trail holds: %v", again)
		}
		if _, err := audit.ParseHead("no head"); err == nil {
			t.Error("no head is read as one")
		}
	})
}

// openedBeside is a database beside the program.
func openedBeside(t *testing.T, url string) *store.Store {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	return s
}
