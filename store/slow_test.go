package store_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"lenddesk/store"
	"lenddesk/store/storetest"
)

// Whatever takes long is noted by its text, however it was asked; never more than fifty, and never a value.
func TestSlowStatementsAreNoted(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			s, err := store.Open(t.Context(), storetest.URL(t, dialect))
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			if n := len(s.Slow()); n != 0 {
				t.Errorf("%d statements noted before anybody asked for it", n)
			}
			s.NoteSlow(time.Nanosecond)
			noted := func(part string) *store.Slow {
				for _, slow := range s.Slow() {
					if strings.Contains(slow.SQL, part) {
						return &slow
					}
				}
				return nil
			}
			var n int
			for range 3 {
				if err := s.Reader().QueryRowContext(t.Context(), "SELECT 1 AS by_reader WHERE 'a secret''s' <> ''").Scan(&n); err != nil {
					t.Fatal(err)
				}
			}
			if got := noted("by_reader"); got == nil || got.Times != 3 || got.Longest <= 0 || time.Since(got.Last) > time.Minute || strings.Contains(got.SQL, "secret") || !strings.Contains(got.SQL, "'…' <> '…'") {
				t.Errorf("asked three times: %+v", got)
			}
			q := []*store.Question{{SQL: "SELECT 2 AS by_moment", Width: 1}, {SQL: "SELECT 3 AS beside_it", Width: 1}}
			m := s.Moment()
			if err := m.Ask(t.Context(), true, q...); err != nil {
				t.Fatal(err)
			}
			m.End()
			err = s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.SQL.ExecContext(ctx, "CREATE TABLE by_writer (n integer)")
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, part := range []string{"by_moment", "beside_it", "by_writer"} {
				if noted(part) == nil {
					t.Errorf("%s is not noted: %v", part, s.Slow())
				}
			}
			for i := range 60 {
				if err := s.Reader().QueryRowContext(t.Context(), fmt.Sprintf("SELECT %d AS n%d", i, i)).Scan(&n); err != nil {
					t.Fatal(err)
				}
			}
			if all := s.Slow(); len(all) != 50 || !strings.HasSuffix(all[0].SQL, "n59") || noted("by_reader") != nil {
				t.Errorf("%d statements, the latest %q", len(all), all[0].SQL)
			}
			long := "SELECT 1 AS " + strings.Repeat("王", 1000)
			if err := s.Reader().QueryRowContext(t.Context(), long).Scan(&n); err != nil {
				t.Fatal(err)
			}
			if got := s.Slow()[0].SQL; len(got) > 2000 || !strings.HasPrefix(long, got) {
				t.Errorf("a long one is kept with %d bytes", len(got))
			}
			s.NoteSlow(time.Hour)
			if err := s.Reader().QueryRowContext(t.Context(), "SELECT 4 AS quick").Scan(&n); err != nil || noted("quick") != nil {
				t.Errorf("what was quick is noted: %v", err)
			}
		})
	}
}
