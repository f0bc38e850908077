package lifecycle_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bid"
	"lenddesk/ent/event"
	"lenddesk/ent/loan"
	"lenddesk/ent/migrate"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// movesOfUsers are the moves of a user as verbs name them. The first test below says that none is missing.
var movesOfUsers = []lifecycle.Move[user.Status]{
	lifecycle.AddPotentialCustomer, lifecycle.RegisterUser, lifecycle.ApproveRegistration, lifecycle.ReturnRegistration, lifecycle.ResubmitRegistration,
	lifecycle.RejectRegistration, lifecycle.ReopenRegistration, lifecycle.WithdrawRegistration, lifecycle.SuspendUser, lifecycle.ReinstateUser,
	lifecycle.AmendRegistration, lifecycle.UpdateProfile, lifecycle.ConfirmEmail, lifecycle.JoinPotentialCustomer, lifecycle.UpdateUser,
	lifecycle.AssignAccountManager, lifecycle.TagUser, lifecycle.MergeUsers, lifecycle.GiveUpForMerger, lifecycle.CloseUser, lifecycle.EraseUser,
}

// stored are the statuses that the database takes for an entity, from the schema of its table.
func stored(t *testing.T, kind key.Kind) []string {
	t.Helper()
	name := map[key.Kind]string{
		key.KindUser: "users", key.KindBankCard: "bank_cards", key.KindLoan: "loans", key.KindBid: "bids", key.KindDocument: "documents",
		key.KindCompany: "companies", key.KindStaff: "staff", key.KindServiceRequest: "service_requests", key.KindBackup: "backups",
		key.KindServiceRecord: "service_records", key.KindExport: "exports", key.KindImport: "imports",
	}[kind]
	for _, table := range migrate.Tables {
		for _, c := range table.Columns {
			if table.Name == name && c.Name == "status" {
				return c.Enums
			}
		}
	}
	t.Fatalf("%s has no table with a status", kind)
	return nil
}

func TestEveryStatusThatIsStoredHasItsPlaceInATable(t *testing.T) {
	for _, table := range lifecycle.Tables {
		reached := slices.Clone(table.Initial())
		for i := 0; i < len(reached); i++ { // grows while it is walked
			for _, l := range table.Lines {
				if slices.Contains(l.From, reached[i]) {
					reached = append(reached, l.To...)
				}
			}
			slices.Sort(reached[i+1:])
			reached = unique(reached)
		}
		want := stored(t, table.Kind)
		for _, s := range want {
			if !slices.Contains(reached, s) {
				t.Errorf("%s: no life leads to %s", table.Kind, s)
			}
		}
		for _, s := range reached {
			if !slices.Contains(want, s) {
				t.Errorf("%s: %s is not stored", table.Kind, s)
			}
		}
	}
	for i, l := range lifecycle.Users.Lines {
		if i >= len(movesOfUsers) || movesOfUsers[i].Name != l.Name {
			t.Fatalf("the tests do not know the move %s", l.Name)
		}
	}
}

// unique drops what stood before, and keeps the order.
func unique(all []string) []string {
	var once []string
	for _, s := range all {
		if !slices.Contains(once, s) {
			once = append(once, s)
		}
	}
	return once
}

// builder calls ent's generated code by name, so that no entity with a lifecycle is forgotten.
type builder struct{ reflect.Value }

func entity(c *ent.Client, kind key.Kind) builder {
	name := string(kind)
	if kind == key.KindImport {
		name = "Importation"
	}
	return builder{reflect.ValueOf(c).Elem().FieldByName(name)}
}

func (b builder) call(method string, args ...any) builder {
	m := b.MethodByName(method)
	in := make([]reflect.Value, len(args))
	for i, a := range args {
		in[i] = reflect.ValueOf(a)
		if v, ok := a.(builder); ok {
			in[i] = v.Value
		}
		if want := m.Type().In(min(i, m.Type().NumIn()-1)); in[i].Type().ConvertibleTo(want) {
			in[i] = in[i].Convert(want)
		}
	}
	return builder{m.Call(in)[0]}
}

func (b builder) exec(ctx context.Context) error {
	err, _ := b.call("Exec", ctx).Interface().(error)
	return err
}

func TestNoStatusOfAnyEntityIsWrittenWithoutAMove(t *testing.T) {
	tries := map[string]func(builder, string) builder{
		"an update of many": func(e builder, status string) builder { return e.call("Update").call("SetStatus", status) },
		"an update of one": func(e builder, status string) builder {
			return e.call("UpdateOneID", int64(1)).call("SetStatus", status)
		},
		"a birth": func(e builder, status string) builder { return e.call("Create").call("SetStatus", status) },
		"a birth in bulk": func(e builder, status string) builder {
			return e.call("CreateBulk", e.call("Create").call("SetStatus", status))
		},
	}
	locked := func(err error) bool { return err != nil && strings.Contains(err.Error(), "written by moves only") }
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		s.Client().Use(lifecycle.Lock())
		for _, table := range lifecycle.Tables {
			for _, status := range stored(t, table.Kind) {
				for name, try := range tries {
					born := strings.HasPrefix(name, "a birth") && slices.Contains(table.Initial(), status)
					outside := try(entity(s.Client(), table.Kind), status).exec(t.Context())
					inside := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
						return try(entity(tx.Client, table.Kind), status).exec(ctx)
					})
					if locked(outside) == born || locked(inside) == born {
						t.Errorf("%s of %s as %s: outside a transaction %v, inside %v", name, table.Kind, status, outside, inside)
					}
				}
			}
		}
	})
}

// The lock sees what a create would write, not what it would overwrite: an upsert could set a row back to where rows begin. So ent is generated
// without them.
func TestNobodyCanUpsert(t *testing.T) {
	if _, can := reflect.TypeFor[*ent.UserCreate]().MethodByName("OnConflict"); can {
		t.Error("ent is generated with upserts: the lock of statuses does not see what they overwrite")
	}
	if _, there := reflect.TypeFor[*ent.UserCreate]().MethodByName("Save"); !there {
		t.Error("this test looks at the wrong type")
	}
}

// town is a book with one customer in every status, and some staff.
type town struct {
	*store.Store
	users     map[user.Status]*ent.User
	bystander *ent.Staff
}

func build(t *testing.T, s *store.Store) *town {
	t.Helper()
	town := &town{Store: s, users: map[user.Status]*ent.User{}}
	err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) { // not locked yet: rows as they may have become
		if town.bystander, err = tx.Staff.Create().SetName("Somebody").SetEmail("staff@example.com").SetPasswordHash("x").SetLocale("en").SetStatus(staff.StatusActive).Save(ctx); err != nil {
			return err
		}
		town.bystander.Unwrap()
		for i, status := range stored(t, key.KindUser) {
			u, err := tx.User.Create().SetName("王小明").SetEmail(fmt.Sprintf("%d@example.com", i)).SetPhone([]byte("sealed")).SetPhoneHash(fmt.Sprint("phone ", i)).
				SetNationalID([]byte("sealed")).SetNationalIDHash(fmt.Sprint("id ", i)).SetPasswordHash("x").SetLocale("en").SetBorrower(true).
				SetStatus(user.Status(status)).Save(ctx)
			if err != nil {
				return err
			}
			town.users[user.Status(status)] = u.Unwrap()
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s.Client().Use(lifecycle.Lock())
	return town
}

func object(u *ent.User) lifecycle.Object[user.Status] {
	return lifecycle.Object[user.Status]{ID: int64(u.ID), Status: u.Status, Version: u.Version, Owner: u.ID}
}

// errUndone takes a transaction back after it has been looked at.
var errUndone = errors.New("undone")

// attempt makes a move as a viewer, tells what became of it, and takes it back.
func (town *town) attempt(t *testing.T, v access.Viewer, m lifecycle.Move[user.Status], u *ent.User, said lifecycle.Said, before func(context.Context, *store.Tx) error) (after *ent.User, events []*ent.Event, refusal error) {
	t.Helper()
	err := town.InTx(access.With(t.Context(), v), func(ctx context.Context, tx *store.Tx) (err error) {
		if before != nil {
			if err := before(ctx, tx); err != nil {
				return err
			}
		}
		refusal = lifecycle.Make(ctx, tx, m, tx.User.Update(), object(u), said)
		if after, err = tx.User.Get(ctx, u.ID); err != nil {
			return fmt.Errorf("after %v: %w", refusal, err)
		}
		if events, err = tx.Event.Query().Where(event.SubjectType("User"), event.SubjectID(int64(u.ID))).Order(event.ByID()).All(ctx); err != nil {
			return err
		}
		return errUndone
	})
	if !errors.Is(err, errUndone) {
		t.Fatal(err)
	}
	return after, events, refusal
}

// outcome is a refusal in one word, and "" for none.
func outcome(t *testing.T, err error) string {
	t.Helper()
	if err == nil {
		return ""
	}
	if r, ok := fault.FindRefusal(err); ok {
		return string(r.Reason)
	}
	found, ok := fault.Find(err)
	if !ok {
		t.Fatalf("neither made nor refused: %v", err)
	}
	codes := make([]string, len(found))
	for i, f := range found {
		codes[i] = string(f.Code)
	}
	return strings.Join(codes, " ")
}

// Everybody tries every move of a user from every status; what happens is what the table says, and a refusal writes nothing.
func TestEveryMoveByEverybodyFromEveryStatus(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		town := build(t, s)
		lines := lifecycle.Users.Lines
		for i, m := range movesOfUsers {
			if len(m.From) == 0 {
				continue
			}
			permission, byStaff := lines[i].Permission()
			needed := access.Permissions(0)
			if byStaff {
				needed = access.Of(permission)
			}
			for status, u := range town.users {
				for _, who := range []struct {
					name    string
					viewer  access.Viewer
					may     bool
					refused string
				}{
					{"nobody", access.Viewer{}, false, "UNAUTHENTICATED"},
					{"permitted staff", access.Viewer{Staff: town.bystander.ID, Permissions: needed}, byStaff, "FORBIDDEN"},
					{"an API key with the permission", access.Viewer{APIKey: 1, Permissions: needed}, byStaff, "FORBIDDEN"},
					{"staff with every other permission", access.Viewer{Staff: town.bystander.ID, Permissions: access.EveryPermission &^ needed}, false, "FORBIDDEN"},
					{"the owner", access.Viewer{User: u.ID, Permissions: access.Of(access.ApplyForLoans)}, slices.ContainsFunc(m.By, func(b lifecycle.By) bool { return b.Who == lifecycle.Owner }), "FORBIDDEN"},
					{"another customer", access.Viewer{User: u.ID + 1000}, false, "FORBIDDEN"},
					{"the system", access.Viewer{System: "clock"}, slices.ContainsFunc(m.By, func(b lifecycle.By) bool { return b.Who == lifecycle.System }), "FORBIDDEN"},
				} {
					want := who.refused
					switch {
					case who.may && slices.Contains(m.From, status):
						want = ""
					case who.may:
						want = "NOT_ALLOWED_NOW"
					}
					after, events, refusal := town.attempt(t, who.viewer, m, u, lifecycle.Said{}, nil)
					if got := outcome(t, refusal); got != want {
						t.Errorf("%s of a %s user by %s: %q, want %q", m.Name, status, who.name, got, want)
						continue
					}
					to, version, told := m.To, u.Version+1, 1
					if len(to) == 0 {
						to = []user.Status{status}
					}
					if want != "" {
						to, version, told = []user.Status{status}, u.Version, 0
					}
					if after.Status != to[0] || after.Version != version || len(events) != told {
						t.Errorf("%s of a %s user by %s leaves %s, version %d, %d events", m.Name, status, who.name, after.Status, after.Version, len(events))
					}
				}
			}
		}
	})
}

func TestTheEventTellsTheMove(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		town := build(t, s)
		v := access.Viewer{Staff: town.bystander.ID, Permissions: access.Of(access.ReviewRegistrations), Address: "192.0.2.7", RequestID: "request-1"}
		u := town.users[user.StatusPendingReview]
		after, events, refusal := town.attempt(t, v, lifecycle.ReturnRegistration, u,
			lifecycle.Said{Reason: "The name differs.", Note: "second time", Changes: map[string]any{"fields": []any{"name"}}}, nil)
		if refusal != nil || len(events) != 1 {
			t.Fatalf("%v, %d events", refusal, len(events))
		}
		e := events[0]
		got := []any{e.Kind, *e.From, *e.To, e.ActorType, e.ActorID, e.ActorName, *e.UserID, *e.Reason, *e.Note, e.Changes, *e.Address, *e.RequestID, e.At.Equal(after.StatusSince)}
		want := []any{
			"RETURN_REGISTRATION", "PENDING_REVIEW", "RETURNED", "Staff", int64(town.bystander.ID), (*string)(nil), u.ID, "The name differs.", "second time",
			map[string]any{"fields": []any{"name"}},
			"192.0.2.7", "request-1", true,
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("the event tells %v, want %v", got, want)
		}
	})
}

func TestARaceIsLostOnce(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		town := build(t, s)
		manager := access.Viewer{Staff: town.bystander.ID, Permissions: access.Of(access.ManageUsers)}
		u := town.users[user.StatusActive]
		meanwhile := func(column, value string) func(context.Context, *store.Tx) error {
			return func(ctx context.Context, tx *store.Tx) error { // after it was read: behind ent's back
				_, err := tx.SQL.ExecContext(ctx, fmt.Sprintf("UPDATE users SET %s = %s WHERE id = %d", column, value, u.ID))
				return err
			}
		}
		seen, past := u.Version, u.Version-1
		for name, c := range map[string]struct {
			meanwhile func(context.Context, *store.Tx) error
			expected  *int
			want      string
			status    user.Status
			counted   int // how far the version goes
		}{
			"nothing happened":                  {nil, &seen, "", user.StatusSuspended, 1},
			"somebody moved it":                 {meanwhile("status", "'CLOSED'"), nil, "CONFLICT", user.StatusClosed, 0},
			"somebody made the same move":       {meanwhile("status", "'SUSPENDED'"), nil, "CONFLICT", user.StatusSuspended, 0},
			"somebody edited it":                {meanwhile("version", "version + 1"), nil, "", user.StatusSuspended, 2},
			"somebody edited it, and one cares": {meanwhile("version", "version + 1"), &seen, "CONFLICT", user.StatusActive, 1},
			"one has seen an older version":     {nil, &past, "CONFLICT", user.StatusActive, 0},
		} {
			after, events, refusal := town.attempt(t, manager, lifecycle.SuspendUser, u, lifecycle.Said{Reason: "A question.", Expected: c.expected}, c.meanwhile)
			told := 0
			if c.want == "" {
				told = 1
			}
			if outcome(t, refusal) != c.want || after.Status != c.status || after.Version != u.Version+c.counted || len(events) != told {
				t.Errorf("%s: %v leaves %s, version %d of %d, %d events", name, refusal, after.Status, after.Version, u.Version, len(events))
			}
		}
	})
}

func TestGuards(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		town := build(t, s)
		active, pending := town.users[user.StatusActive], town.users[user.StatusPendingReview]
		clerk := access.Viewer{Staff: town.bystander.ID, Permissions: access.Of(access.ManageUsers, access.ReviewRegistrations)}
		is := func(change func(*ent.StaffUpdateOne)) func(context.Context, *store.Tx) error {
			return func(ctx context.Context, tx *store.Tx) error {
				update := tx.Staff.UpdateOneID(town.bystander.ID)
				change(update)
				return update.Exec(ctx)
			}
		}
		entered := func(ctx context.Context, tx *store.Tx) error {
			return tx.User.Update().Where(user.IDIn(active.ID, pending.ID)).SetCreatedByID(town.bystander.ID).Exec(ctx)
		}
		borrows := func(status loan.Status) func(context.Context, *store.Tx) error {
			return func(ctx context.Context, tx *store.Tx) error {
				return newLoan(lifecycle.Book(ctx), tx, active.ID, status).Exec(lifecycle.Book(ctx))
			}
		}
		invests := func(status bid.Status) func(context.Context, *store.Tx) error {
			return func(ctx context.Context, tx *store.Tx) error {
				ctx = lifecycle.Book(ctx)
				l, err := newLoan(ctx, tx, pending.ID, loan.StatusBidding).Save(ctx)
				if err != nil {
					return err
				}
				return tx.Bid.Create().SetLoanID(l.ID).SetInvestorID(active.ID).SetAmount(100).SetStatus(status).Exec(ctx)
			}
		}
		type try struct {
			name   string
			before func(context.Context, *store.Tx) error
			move   lifecycle.Move[user.Status]
			of     *ent.User
			want   string
		}
		tries := []try{
			{"a stranger", nil, lifecycle.ApproveRegistration, pending, ""},
			{"who entered them, and only suspends", entered, lifecycle.SuspendUser, active, ""},
			{"a customer without business", nil, lifecycle.CloseUser, active, ""},
			{"another's loan", invests(bid.StatusWithdrawn), lifecycle.CloseUser, active, ""},
		}
		for _, m := range []lifecycle.Move[user.Status]{
			lifecycle.ApproveRegistration, lifecycle.ReturnRegistration, lifecycle.RejectRegistration,
		} {
			tries = append(tries,
				try{"the same phone", is(func(s *ent.StaffUpdateOne) { s.SetPhone([]byte("sealed")).SetPhoneHash(*pending.PhoneHash) }), m, pending, "SAME_PERSON"},
				try{"the same ID number", is(func(s *ent.StaffUpdateOne) { s.SetNationalIDHash(*pending.NationalIDHash) }), m, pending, "SAME_PERSON"},
				try{"another's ID number", is(func(s *ent.StaffUpdateOne) { s.SetNationalIDHash(*active.NationalIDHash) }), m, pending, ""},
				try{"who entered them", entered, m, pending, "SAME_PERSON"})
		}
		for _, m := range []lifecycle.Move[user.Status]{lifecycle.SuspendUser, lifecycle.CloseUser} {
			tries = append(tries, try{"oneself", is(func(s *ent.StaffUpdateOne) { s.SetNationalIDHash(*active.NationalIDHash) }), m, active, "SAME_PERSON"})
		}
		for _, status := range stored(t, key.KindLoan) {
			want := "NOT_ALLOWED_NOW"
			switch loan.Status(status) {
			case loan.StatusDraft, loan.StatusRejected, loan.StatusWithdrawn, loan.StatusListingFailed, loan.StatusCancelled, loan.StatusSettled, loan.StatusWrittenOff:
				want = ""
			}
			tries = append(tries, try{"a loan that is " + status, borrows(loan.Status(status)), lifecycle.CloseUser, active, want})
		}
		for _, status := range stored(t, key.KindBid) {
			want := ""
			switch bid.Status(status) {
			case bid.StatusPendingReview, bid.StatusApproved, bid.StatusHolding:
				want = "NOT_ALLOWED_NOW"
			}
			tries = append(tries, try{"a bid that is " + status, invests(bid.Status(status)), lifecycle.CloseUser, active, want})
		}
		for _, c := range tries {
			after, events, refusal := town.attempt(t, clerk, c.move, c.of, lifecycle.Said{Reason: "So it is."}, c.before)
			if got := outcome(t, refusal); got != c.want {
				t.Errorf("%s, %s: %q, want %q", c.name, c.move.Name, got, c.want)
			}
			if c.want != "" && (after.Status != c.of.Status || after.Version != c.of.Version || len(events) != 0) {
				t.Errorf("%s, %s: refused, and it is %s, version %d, with %d events", c.name, c.move.Name, after.Status, after.Version, len(events))
			}
		}
	})
}

func newLoan(ctx context.Context, tx *store.Tx, borrower key.User, status loan.Status) *ent.LoanCreate {
	return tx.Loan.Create().SetNumber("L1").SetBorrowerID(borrower).SetStatus(status).SetPurpose(loan.PurposeOther).SetRepaymentMethod(loan.RepaymentMethodBullet).
		SetRequestedAmount(100_000).SetRequestedAnnualRate(100_000).SetRequestedTermMonths(12).SetAmount(100_000).SetAnnualRate(100_000).SetTermMonths(12)
}
