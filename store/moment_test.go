package store_test

import (
	"context"
	"math"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"lenddesk/store"
	"lenddesk/store/storetest"
)

func rolesAt(t *testing.T, m *store.Moment, last bool) int64 {
	t.Helper()
	q := &store.Question{SQL: "SELECT count(*) FROM roles", Width: 1}
	if err := m.Ask(t.Context(), last, q); err != nil {
		t.Fatal(err)
	}
	return q.Row(0)[0].Int()
}

func TestAMomentDoesNotSeeWhatIsWrittenMeanwhile(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		m := s.Moment()
		defer m.End()
		if n := rolesAt(t, m, false); n != 0 {
			t.Fatal(n)
		}
		write := func(name string) {
			if err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return addRole(ctx, tx, name) }); err != nil {
				t.Fatal(err)
			}
		}
		write("a")
		one, two := &store.Question{SQL: "SELECT count(*) FROM roles", Width: 1}, &store.Question{SQL: "SELECT name, id FROM roles", Width: 2}
		if err := m.Ask(t.Context(), false, one, two); err != nil || one.Row(0)[0].Int() != 0 || two.Len() != 0 {
			t.Errorf("%v %v %v", one, two, err)
		}
		m.End()
		if err := m.Ask(t.Context(), false, one); err == nil {
			t.Error("asked after the end")
		}
		for range 40 { // more than there are connections
			later := s.Moment()
			if err := later.Ask(t.Context(), true, one, two); err != nil || one.Row(0)[0].Int() != 1 || two.Len() != 1 || two.Row(0)[0].Text() != "a" {
				t.Fatalf("%v %v %v", one, two, err)
			}
			if n := rolesAt(t, later, true); n != 1 {
				t.Error(n)
			}
			later.End()
		}
		write("b") // no reader is in its way
		m = s.Moment()
		defer m.End()
		if n := rolesAt(t, m, true); n != 2 {
			t.Error(n)
		}
	})
}

func TestAQuestionGivenUpStops(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		long := "SELECT count(*) FROM pg_sleep(30)"
		if s.Dialect() == dialect.SQLite {
			long = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM n) SELECT count(*) FROM n"
		}
		for _, last := range []bool{true, false} {
			m := s.Moment()
			ctx, cancel := context.WithTimeout(t.Context(), 30*time.Millisecond)
			began := time.Now()
			if err := m.Ask(ctx, last, &store.Question{SQL: long, Width: 1}); err == nil {
				t.Error("it was answered")
			}
			cancel()
			m.End()
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		}
		m := s.Moment()
		defer m.End()
		rolesAt(t, m, false)
	})
}

func TestAMomentAnswersManyAtOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		m := s.Moment()
		defer m.End()
		var all sync.WaitGroup
		for range 20 {
			all.Go(func() { rolesAt(t, m, false) })
		}
		all.Wait()
	})
}

// A server that was started again leaves dead connections in the pool.
func TestADeadConnectionIsReplaced(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		if s.Dialect() == dialect.SQLite {
			t.Skip("its connections don't die")
		}
		var moments []*store.Moment
		for range 6 {
			m := s.Moment()
			rolesAt(t, m, false)
			moments = append(moments, m)
		}
		begun := moments[0]
		for _, m := range moments[1:] {
			m.End()
		}
		kill := s.Moment()
		defer kill.End()
		for deadline := time.Now().Add(10 * time.Second); ; { // until the ends are there, which nobody waits for
			q := &store.Question{SQL: "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state = 'idle in transaction'", Width: 1}
			if err := kill.Ask(t.Context(), true, q); err != nil {
				t.Fatal(err)
			}
			if q.Row(0)[0].Int() == 1 || time.Now().After(deadline) {
				break
			}
		}
		q := &store.Question{SQL: "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND application_name = 'lenddesk'", Width: 1}
		if err := kill.Ask(t.Context(), true, q); err != nil || q.Len() < 2 {
			t.Fatal(q.Len(), err)
		}
		if err := begun.Ask(t.Context(), false, &store.Question{SQL: "SELECT 1", Width: 1}); err == nil {
			t.Error("half of a moment cannot be told from another")
		}
		begun.End()
		for range 8 {
			m := s.Moment()
			rolesAt(t, m, false)
			m.End()
		}
	})
}

func TestCellsHoldWhatStands(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		at := time.Date(2026, 3, 1, 8, 0, 0, 250_100_000, time.UTC)
		if err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.User.Create().SetName("王小明 \"x\"").SetLocale("en").SetStatus("POTENTIAL").SetTags([]string{"a"}).SetPhone([]byte{0, 255, 1}).SetPhoneHash("h").SetInvestor(true).
				SetCreatedAt(at).SetUpdatedAt(at).Exec(ctx)
		}); err != nil {
			t.Fatal(err)
		}
		m := s.Moment()
		defer m.End()
		q := &store.Question{SQL: "SELECT id, name, created_at, phone, borrower, investor, email, tags, 0.5 * 3, CAST(7 AS smallint), (SELECT created_at FROM users), '' FROM users", Width: 12}
		if err := m.Ask(t.Context(), true, q); err != nil {
			t.Fatal(err)
		}
		row := q.Row(0)
		created, ok := row[2].Time()
		again, also := row[10].Time()
		for what, holds := range map[string]bool{
			"a key": row[0].Int() > 0, "letters": row[1].Text() == "王小明 \"x\"", "an instant": ok && created.Equal(at), "bytes": string(row[3].Bytes()) == "\x00\xff\x01",
			"false": !row[4].Bool() && !row[4].Null(), "true": row[5].Bool(), "null": row[6].Null() && row[6].Text() == "" && row[6].Int() == 0, "JSON": row[7].Text() == `["a"]`,
			"a fraction": math.Abs(row[8].Float()-1.5) < 1e-9, "a small number": row[9].Int() == 7, "an instant of an expression": also && again.Equal(at), "no letters": !row[11].Null() && row[11].Text() == "",
		} {
			if !holds {
				t.Errorf("%s is lost: %v", what, row)
			}
		}
	})
}
