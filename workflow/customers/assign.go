package customers

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/staff"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// MostAtOnce is how many customers one call may be about.
const MostAtOnce = 500

// AssignInput says who looks after whom; null takes them from whoever did.
type AssignInput struct {
	UserIDs          []string
	AccountManagerID graphql.Omittable[*string]
}

// AssignAccountManager gives customers, all or none, into an employee's care. It returns NOT_FOUND and NOT_ALLOWED_NOW at userIds.i, NOT_ELIGIBLE at
// accountManagerId for an employee who is not ACTIVE.
func (o *Office) AssignAccountManager(ctx context.Context, in AssignInput) ([]key.User, error) {
	if err := lifecycle.AssignAccountManager.Permit(access.From(ctx)); err != nil {
		return nil, err
	}
	var faults fault.List
	id, given := in.AccountManagerID.ValueOK()
	if !given {
		faults.Add(fault.Problem{Code: fault.Required}, "accountManagerId")
	}
	if len(in.UserIDs) == 0 {
		faults.Add(fault.Problem{Code: fault.Required}, "userIds")
	}
	if len(in.UserIDs) > MostAtOnce {
		faults.Add(fault.Problem{Code: fault.OutOfRange, Text: "out_of_range", Data: map[string]any{"minimum": 1, "maximum": MostAtOnce}}, "userIds")
		return nil, faults.Err()
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) ([]key.User, error) {
		var manager *ent.Staff
		if id != nil {
			var err error
			if manager, err = o.atWork(ctx, tx, *id, "accountManagerId", &faults); err != nil {
				return nil, err
			}
		}
		var people []*ent.User
		seen := map[key.User]bool{}
		for i, id := range in.UserIDs {
			u, err := o.User(ctx, tx, id, "userIds")
			if err != nil {
				if err := atPlace(&faults, err, "userIds", strconv.Itoa(i)); err != nil {
					return nil, err
				}
				continue
			}
			if !slices.Contains(lifecycle.AssignAccountManager.From, u.Status) {
				faults.Add(fault.Problem{Code: fault.NotAllowedNow, Data: map[string]any{"move": lifecycle.AssignAccountManager.Name, "status": string(u.Status)}},
					"userIds", strconv.Itoa(i))
				continue
			}
			if !seen[u.ID] {
				seen[u.ID] = true
				people = append(people, u)
			}
		}
		if err := faults.Err(); err != nil {
			return nil, err
		}
		var done []key.User
		for _, u := range people {
			if err := assign(ctx, tx, u, manager); err != nil {
				return nil, err
			}
			done = append(done, u.ID)
		}
		return done, nil
	})
}

func assign(ctx context.Context, tx *store.Tx, u *ent.User, to *ent.Staff) error {
	name := func(k *key.Staff) (any, error) {
		if k == nil {
			return nil, nil
		}
		s, err := tx.Staff.Get(ctx, *k)
		if err != nil {
			return nil, fmt.Errorf("read employee: %w", err)
		}
		return s.Name, nil
	}
	before, err := name(u.AccountManagerID)
	if err != nil {
		return err
	}
	update, after := tx.User.Update(), any(nil)
	if to == nil {
		update.ClearAccountManagerID()
	} else {
		update.SetAccountManagerID(to.ID)
		after = to.Name
	}
	return lifecycle.Make(ctx, tx, lifecycle.AssignAccountManager, update, workflow.Person(u),
		lifecycle.Said{Changes: map[string]any{"accountManager": map[string]any{"from": before, "to": after}}})
}

// atWork finds an employee who can be given work. A fault is gathered.
func (o *Office) atWork(ctx context.Context, tx *store.Tx, id, field string, faults *fault.List) (*ent.Staff, error) {
	k, err := access.Find[key.Staff](ctx, tx, o.IDs, key.KindStaff, staff.Table, id, field)
	if err != nil {
		return nil, workflow.Gather(faults, err)
	}
	s, err := tx.Staff.Get(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("read employee: %w", err)
	}
	if s.Status != staff.StatusActive {
		faults.Add(fault.Problem{Code: fault.NotEligible, Text: "staff_not_active"}, field)
	}
	return s, nil
}

// atPlace gathers faults at a place of their own; what is none goes on.
func atPlace(faults *fault.List, err error, place ...string) error {
	found, ok := fault.Find(err)
	if !ok {
		return err
	}
	for _, f := range found {
		f.Field = place
		*faults = append(*faults, f)
	}
	return nil
}

// TagInput is the whole list of labels that a customer is to have.
type TagInput struct {
	UserID          string
	Tags            []string
	ExpectedVersion *int
}

// The most labels of a customer, and the longest in characters.
const (
	mostTags   = 20
	longestTag = 40
)

// Tag labels a customer: the list replaces the one of before, the empty one clears it.
func (o *Office) Tag(ctx context.Context, in TagInput) (key.User, error) {
	if err := lifecycle.TagUser.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	if in.Tags == nil {
		faults.Add(fault.Problem{Code: fault.Required}, "tags")
	}
	tags := []string{}
	for i, t := range in.Tags {
		at := strconv.Itoa(i)
		said := workflow.Text(&faults, &t, longestTag, "tags", at)
		if said == "" {
			faults.Add(fault.Problem{Code: fault.Required}, "tags", at)
		} else if !slices.Contains(tags, said) {
			tags = append(tags, said)
		}
	}
	if len(tags) > mostTags {
		faults.Add(fault.Problem{Code: fault.TooLong, Text: "too_many", Data: map[string]any{"maximum": mostTags}}, "tags")
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.User, error) {
		u, err := o.User(ctx, tx, in.UserID, "userId")
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		was := u.Tags
		if was == nil {
			was = []string{}
		}
		said := lifecycle.Said{Expected: in.ExpectedVersion, Changes: map[string]any{"tags": map[string]any{"from": was, "to": tags}}}
		return u.ID, lifecycle.Make(ctx, tx, lifecycle.TagUser, tx.User.Update().SetTags(tags), workflow.Person(u), said)
	})
}
