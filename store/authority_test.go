package store_test

import (
	"context"
	"testing"
	"time"

	"lenddesk/ent/session"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// Whatever is written by whatever way is counted when it decides of what somebody may, and nothing else is.
func TestChangesOfAuthorityAreCounted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		before := func() int64 {
			t.Helper()
			n, err := s.AuthorityVersion(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		write := func(what string, counted bool, f func(ctx context.Context, tx *store.Tx) error) {
			t.Helper()
			was := before()
			if err := s.InTx(t.Context(), f); err != nil {
				t.Fatalf("%s: %v", what, err)
			}
			if is := before(); is > was != counted {
				t.Errorf("%s: %d became %d", what, was, is)
			}
		}
		now := time.Now().UTC().Truncate(time.Microsecond)
		exec := func(statement string) func(ctx context.Context, tx *store.Tx) error {
			return func(ctx context.Context, tx *store.Tx) error {
				_, err := tx.SQL.ExecContext(ctx, statement)
				return err
			}
		}
		write("a customer comes", false, func(ctx context.Context, tx *store.Tx) error {
			return tx.User.Create().SetName("x").SetLocale("en").SetStatus("POTENTIAL").SetPhone([]byte{1}).SetPhoneHash("h").SetCreatedAt(now).SetUpdatedAt(now).Exec(ctx)
		})
		write("a session begins", false, func(ctx context.Context, tx *store.Tx) error {
			return tx.Session.Create().SetUserID(tx.User.Query().OnlyIDX(ctx)).SetTokenHash([]byte("hash")).SetExpiresAt(now.Add(time.Hour)).Exec(ctx)
		})
		write("a customer is tagged", false, exec("UPDATE users SET tags = '[\"a\"]'"))
		write("a customer invests", true, exec("UPDATE users SET investor = NOT investor"))
		write("a role is made", true, func(ctx context.Context, tx *store.Tx) error { return addRole(ctx, tx, "a") })
		write("a role is renamed past the program", true, exec("UPDATE roles SET name = 'b'"))
		write("a parameter is scheduled", true, func(ctx context.Context, tx *store.Tx) error {
			return tx.Parameter.Create().SetName("X").SetValue("1").SetEffectiveAt(now).Exec(ctx)
		})
		write("nothing has run out", false, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Session.Delete().Where(session.ExpiresAtLT(now)).Exec(ctx)
			return err
		})
		write("a session ends", true, exec("DELETE FROM sessions"))
		was := before()
		_ = s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			if err := addRole(ctx, tx, "c"); err != nil {
				t.Error(err)
			}
			return context.Canceled
		})
		if is := before(); is != was {
			t.Errorf("what was undone is counted: %d became %d", was, is)
		}
	})
}
