package access_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/role"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// inTx does something to the book.
func inTx(t *testing.T, s *store.Store, f func(ctx context.Context, tx *store.Tx) error) {
	t.Helper()
	if err := s.InTx(t.Context(), f); err != nil {
		t.Fatal(err)
	}
}

// customer writes a customer with this status; n keeps customers apart.
func customer(t *testing.T, s *store.Store, n int, status user.Status, borrower, investor bool) *ent.User {
	t.Helper()
	var u *ent.User
	inTx(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
		u, err = tx.User.Create().SetName("王小明").SetEmail(fmt.Sprintf("c%d@example.com", n)).SetPhone([]byte("sealed")).SetPhoneHash(fmt.Sprint("hash ", n)).
			SetPasswordHash("x").SetLocale("zh-CN").SetBorrower(borrower).SetInvestor(investor).SetStatus(status).Save(ctx)
		return err
	})
	return u.Unwrap()
}

// employee writes an employee with a role of these permissions.
func employee(t *testing.T, s *store.Store, n int, status staff.Status, holds ...string) (*ent.Staff, *ent.Role) {
	t.Helper()
	var who *ent.Staff
	var holding *ent.Role
	inTx(t, s, func(ctx context.Context, tx *store.Tx) (err error) {
		if holding, err = tx.Role.Create().SetName(fmt.Sprint("role ", n)).SetPermissions(holds).Save(ctx); err != nil {
			return err
		}
		who, err = tx.Staff.Create().SetName("Reviewer").SetEmail(fmt.Sprintf("s%d@example.com", n)).SetPasswordHash("x").SetLocale("en").
			SetStatus(status).AddRoles(holding).Save(ctx)
		return err
	})
	return who.Unwrap(), holding.Unwrap()
}

// session opens a session that ends at the given time.
func session(t *testing.T, s *store.Store, whose func(*ent.SessionCreate), ends time.Time) string {
	t.Helper()
	token, hash := access.NewToken()
	inTx(t, s, func(ctx context.Context, tx *store.Tx) error {
		create := tx.Session.Create().SetTokenHash(hash).SetExpiresAt(ends)
		whose(create)
		return create.Exec(ctx)
	})
	return token
}

func ofUser(k key.User) func(*ent.SessionCreate) {
	return func(c *ent.SessionCreate) { c.SetUserID(k) }
}

func ofStaff(k key.Staff) func(*ent.SessionCreate) {
	return func(c *ent.SessionCreate) { c.SetStaffID(k) }
}

func soon() time.Time { return time.Now().Add(time.Hour).UTC().Truncate(time.Microsecond) }

// knowing is what a server knows of each store; whatever a test changes between two looks, it must notice.
var knowing sync.Map

// who is whoever a token belongs to, by the database and by what is known.
func who(t *testing.T, s *store.Store, token string) access.Viewer {
	t.Helper()
	v, err := access.Authenticate(t.Context(), s.Reader(), s.Dialect(), token)
	if err != nil {
		t.Fatal(err)
	}
	known, _ := knowing.LoadOrStore(s, access.NewKnown(s))
	for range 2 { // found out, and remembered
		if k, err := known.(*access.Known).Authenticate(t.Context(), token); err != nil || k != v {
			t.Fatalf("known as %+v (%v), but it is %+v", k, err, v)
		}
	}
	return v
}

func TestATokenIsRandomAndStoredHashed(t *testing.T) {
	a, hashOfA := access.NewToken()
	b, hashOfB := access.NewToken()
	if a == b || len(a) < 43 || len(hashOfA) != 32 || slices.Equal(hashOfA, hashOfB) {
		t.Errorf("tokens %q and %q", a, b)
	}
}

func TestWhatIsNoSessionIsNobodys(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		u := customer(t, s, 1, user.StatusActive, true, false)
		good := session(t, s, ofUser(u.ID), soon())
		never, _ := access.NewToken()
		for name, token := range map[string]string{
			"none": "", "nonsense": "' OR 1=1 --", "never given": never, "cut": good[:len(good)-1], "longer": good + "A", "no text": "\x00\xff",
			"expired": session(t, s, ofUser(u.ID), time.Now().Add(-time.Second).UTC().Truncate(time.Microsecond)),
		} {
			if v := who(t, s, token); v.Somebody() || v.Permissions != 0 || v.Session != 0 {
				t.Errorf("%s: %+v", name, v)
			}
		}
		if v := who(t, s, good); v.User != u.ID || v.Session == 0 || v.Locale != "zh-CN" {
			t.Errorf("the owner's own: %+v", v)
		}
		inTx(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.Session.DeleteOneID(who(t, s, good).Session).Exec(ctx)
		})
		if v := who(t, s, good); v.Somebody() {
			t.Errorf("after the end: %+v", v)
		}
	})
}

func TestACustomerHoldsRightsByKindWhileActive(t *testing.T) {
	kinds := []struct {
		name               string
		borrower, investor bool
		holds              access.Permissions
	}{
		{"borrower", true, false, access.Of(access.ApplyForLoans)},
		{"investor", false, true, access.Of(access.PlaceBids)},
		{"both", true, true, access.Of(access.ApplyForLoans, access.PlaceBids)},
	}
	statuses := []user.Status{
		user.StatusPendingReview, user.StatusReturned, user.StatusActive, user.StatusRejected, user.StatusSuspended, user.StatusWithdrawn, user.StatusClosed,
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		inTx(t, s, func(ctx context.Context, tx *store.Tx) error {
			if err := tx.Role.Create().SetName(access.BorrowerRole).SetBuiltIn(true).SetPermissions([]string{"APPLY_FOR_LOANS"}).Exec(ctx); err != nil {
				return err
			}
			return tx.Role.Create().SetName(access.InvestorRole).SetBuiltIn(true).SetPermissions([]string{"PLACE_BIDS"}).Exec(ctx)
		})
		for i, status := range statuses {
			for j, kind := range kinds {
				u := customer(t, s, 10*i+j, status, kind.borrower, kind.investor)
				v := who(t, s, session(t, s, ofUser(u.ID), soon()))
				holds, whose := access.Permissions(0), u.ID
				switch status {
				case user.StatusActive:
					holds = kind.holds
				case user.StatusWithdrawn, user.StatusClosed:
					whose = 0 // whatever session is left over is nobody's
				}
				if v.Permissions != holds || v.User != whose {
					t.Errorf("a %s who is %s is %d and holds %v", kind.name, status, v.User, v.Permissions.Names())
				}
			}
		}
	})
}

func TestStaffHoldTheirRolesFromTheNextCallOn(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		reviewer, holding := employee(t, s, 1, staff.StatusActive, "VIEW_USERS", "NO_SUCH_THING")
		token := session(t, s, ofStaff(reviewer.ID), soon())
		holds := func(what string, want ...access.Permission) {
			t.Helper()
			if v := who(t, s, token); v.Staff != reviewer.ID || v.User != 0 || v.Permissions != access.Of(want...) {
				t.Errorf("%s: staff %d holds %v", what, v.Staff, v.Permissions.Names())
			}
		}
		holds("as hired", access.ViewUsers)
		inTx(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.Role.UpdateOneID(holding.ID).SetPermissions([]string{"VIEW_LOANS", "REVIEW_LOANS"}).Exec(ctx)
		})
		holds("after the role was edited", access.ViewLoans, access.ReviewLoans)
		inTx(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.Staff.UpdateOneID(reviewer.ID).AddRoleIDs(tx.Role.Create().SetName("second").SetPermissions([]string{"VIEW_BIDS", "VIEW_LOANS"}).SaveX(ctx).ID).Exec(ctx)
		})
		holds("with a second role", access.ViewLoans, access.ReviewLoans, access.ViewBids)
		inTx(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.Staff.UpdateOneID(reviewer.ID).RemoveRoleIDs(holding.ID).Exec(ctx)
		})
		holds("without the first", access.ViewLoans, access.ViewBids)
		inTx(t, s, func(ctx context.Context, tx *store.Tx) error {
			_, err := tx.Role.Delete().Where(role.Name("second")).Exec(ctx)
			return err
		})
		holds("without any")
		inTx(t, s, func(ctx context.Context, tx *store.Tx) error {
			return tx.Staff.UpdateOneID(reviewer.ID).SetStatus(staff.StatusDeactivated).Exec(ctx)
		})
		if v := who(t, s, token); v.Somebody() || v.Permissions != 0 {
			t.Errorf("deactivated: %+v", v)
		}
	})
}

func TestARoleOfStaffNamedLikeACustomersGivesCustomersNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		inTx(t, s, func(ctx context.Context, tx *store.Tx) error { // not built in: somebody made it
			return tx.Role.Create().SetName(access.BorrowerRole).SetPermissions([]string{"VIEW_USERS"}).Exec(ctx)
		})
		u := customer(t, s, 1, user.StatusActive, true, false)
		if v := who(t, s, session(t, s, ofUser(u.ID), soon())); v.Permissions != 0 {
			t.Errorf("a borrower holds %v", v.Permissions.Names())
		}
	})
}
