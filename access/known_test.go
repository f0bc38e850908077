package access_test

import (
	"context"
	"testing"
	"time"

	"lenddesk/access"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// What begins or ends by the clock is written by nobody: it must be noticed all the same.
func TestWhatIsKnownEndsByTheClock(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		reviewer, _ := employee(t, s, 1, staff.StatusActive, "VIEW_USERS")
		borrower := customer(t, s, 2, user.StatusActive, true, false)
		known := access.NewKnown(s)
		is := func(token string) access.Viewer {
			t.Helper()
			v, err := known.Authenticate(t.Context(), token)
			if err != nil {
				t.Fatal(err)
			}
			return v
		}
		staffs, short := session(t, s, ofStaff(reviewer.ID), soon()), session(t, s, ofUser(borrower.ID), time.Now().Add(2*time.Second).UTC().Truncate(time.Microsecond))
		inTx(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.Parameter.Create().SetName(parameter.StaffSecondFactor).SetValue(parameter.FactorRequired).
				SetEffectiveAt(time.Now().Add(2 * time.Second).UTC().Truncate(time.Microsecond)).Exec(ctx)
		})
		if v := is(staffs); v.Permissions != access.Of(access.ViewUsers) {
			t.Fatalf("before a second factor is demanded: %v", v.Permissions.Names())
		}
		if v := is(short); v.User != borrower.ID {
			t.Fatalf("before the session ends: %+v", v)
		}
		for deadline := time.Now().Add(20 * time.Second); is(staffs).Permissions != 0 || is(short).Somebody(); {
			if time.Now().After(deadline) {
				t.Fatal("what was to end has not")
			}
		}
		if _, _, taken := known.Assume(short); taken {
			t.Error("whose session has ended is taken for who they were")
		}
	})
}

// An assumption that is asked with a question holds until authority changes, and then no question is answered on it.
func TestAnAssumptionFailsWithItsQuestions(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		reviewer, holding := employee(t, s, 1, staff.StatusActive, "VIEW_USERS")
		token := session(t, s, ofStaff(reviewer.ID), soon())
		known := access.NewKnown(s)
		if _, _, taken := known.Assume(token); taken {
			t.Fatal("nobody is known yet")
		}
		for _, last := range []bool{true, false} {
			for _, changed := range []bool{false, true} {
				if _, err := known.Authenticate(t.Context(), token); err != nil {
					t.Fatal(err)
				}
				_, assumed, taken := known.Assume(token)
				if asked, _ := assumed.Found(); !taken || asked {
					t.Fatal("not taken for who they are")
				}
				if changed {
					inTx(t, s, func(ctx context.Context, tx *store.Tx) error {
						return tx.Role.UpdateOneID(holding.ID).SetPermissions([]string{"VIEW_LOANS"}).Exec(ctx)
					})
				}
				for _, n := range []int{1, 2} {
					m := s.Moment()
					m.Assume(assumed)
					questions := make([]*store.Question, n)
					for i := range questions {
						questions[i] = &store.Question{SQL: "SELECT count(*) FROM roles", Width: 1}
					}
					err := m.Ask(t.Context(), last, questions...)
					m.End()
					if first := n == 1; (err != nil) != (changed && first) {
						t.Errorf("changed %t, last %t, %d questions: %v", changed, last, n, err)
					}
				}
				if holds, err := known.Holds(t.Context(), assumed); err != nil || holds == changed {
					t.Errorf("changed %t: it holds %t, %v", changed, holds, err)
				}
			}
		}
	})
}
