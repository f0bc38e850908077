package lifecycle

import (
	"context"
	"errors"
	"testing"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/event"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

var reviewer = access.Viewer{Permissions: access.Of(access.ReviewRegistrations, access.ManageUsers), APIKey: 1}

// person writes a registration as it is born.
func person(t *testing.T, s *store.Store) *ent.User {
	t.Helper()
	var u *ent.User
	err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
		u, err = tx.User.Create().SetName("王小明").SetEmail("a@example.com").SetPhone([]byte("sealed")).SetPhoneHash("hash").SetPasswordHash("x").
			SetLocale("en").SetBorrower(true).SetStatus(user.StatusPendingReview).Save(ctx)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func object(u *ent.User) Object[user.Status] {
	return Object[user.Status]{ID: int64(u.ID), Status: u.Status, Version: u.Version, Owner: u.ID}
}

func TestAMoveIsACompareAndSetWithOneEvent(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		s.Client().Use(Lock())
		u, ctx := person(t, s), access.With(t.Context(), reviewer)
		make := func(u *ent.User, said Said) error {
			return s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				return Make(ctx, tx, ApproveRegistration, tx.User.Update(), object(u), said)
			})
		}
		if err := make(u, Said{Note: "in order"}); err != nil {
			t.Fatal(err)
		}
		now := s.Client().User.GetX(ctx, u.ID)
		if now.Status != user.StatusActive || now.Version != u.Version+1 || !now.StatusSince.After(u.StatusSince) {
			t.Errorf("moved to %s, version %d", now.Status, now.Version)
		}
		e := s.Client().Event.Query().Where(event.UserID(u.ID)).OnlyX(ctx)
		if e.Kind != "APPROVE_REGISTRATION" || *e.From != "PENDING_REVIEW" || *e.To != "ACTIVE" || *e.Note != "in order" || e.ActorType != "ApiKey" {
			t.Errorf("the event tells %+v", e)
		}
		stale := 1
		for name, c := range map[string]struct {
			of   *ent.User
			said Said
			want fault.Code
		}{
			"somebody was first":  {u, Said{}, fault.Conflict}, // u still says PENDING_REVIEW
			"a wrong status":      {now, Said{}, fault.NotAllowedNow},
			"a stale version":     {now, Said{Expected: &stale}, fault.Conflict},
			"a version of before": {u, Said{Expected: &stale}, fault.Conflict},
		} {
			err := make(c.of, c.said)
			if found, ok := fault.Find(err); !ok || len(found) != 1 || found[0].Code != c.want {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
		if n := s.Client().Event.Query().CountX(ctx); n != 1 {
			t.Errorf("%d events for one move", n)
		}
	})
}

func TestAStatusIsWrittenByMovesOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		s.Client().Use(Lock())
		u, ctx := person(t, s), t.Context()
		tries := map[string]func(*ent.Client) error{
			"an update of one":  func(c *ent.Client) error { return c.User.UpdateOneID(u.ID).SetStatus(user.StatusActive).Exec(ctx) },
			"an update of many": func(c *ent.Client) error { return c.User.Update().SetStatus(user.StatusActive).Exec(ctx) },
			"a birth": func(c *ent.Client) error {
				return c.User.Create().SetName("x").SetLocale("en").SetStatus(user.StatusClosed).Exec(ctx)
			},
			"births in bulk": func(c *ent.Client) error {
				return c.User.CreateBulk(c.User.Create().SetName("x").SetLocale("en").SetStatus(user.StatusClosed)).Exec(ctx)
			},
		}
		for name, try := range tries {
			if err := try(s.Client()); err == nil {
				t.Errorf("%s wrote a status", name)
			}
			if err := s.InTx(ctx, func(_ context.Context, tx *store.Tx) error { return try(tx.Client) }); err == nil {
				t.Errorf("%s wrote a status in a transaction", name)
			}
		}
		if now := s.Client().User.GetX(ctx, u.ID); now.Status != user.StatusPendingReview {
			t.Errorf("the status is %s", now.Status)
		}
		if err := s.Client().User.UpdateOneID(u.ID).SetName("王小民").Exec(ctx); err != nil {
			t.Errorf("what is no status is written freely: %v", err)
		}
	})
}

func TestTheOwnerAloneMakesTheOwnersMoves(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		u := person(t, s)
		for name, c := range map[string]struct {
			viewer access.Viewer
			want   fault.Reason
		}{
			"nobody": {access.Viewer{}, fault.Unauthenticated}, "another": {access.Viewer{User: u.ID + 1}, fault.Forbidden}, "staff": {reviewer, fault.Forbidden},
		} {
			err := s.InTx(access.With(t.Context(), c.viewer), func(ctx context.Context, tx *store.Tx) error {
				return Make(ctx, tx, WithdrawRegistration, tx.User.Update(), object(u), Said{})
			})
			var refused *fault.Refusal
			if !errors.As(err, &refused) || refused.Reason != c.want {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
	})
}
