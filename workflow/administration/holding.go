package administration

import (
	"context"
	"fmt"
	"strconv"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/role"
	"lenddesk/ent/staff"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/store"
	"lenddesk/workflow"
)

// holding is the number under which one transaction at a time changes who holds what.
const holding = 0x6c64_6465_736b_0001

// keepAdministrator refuses a change after which no active employee holds every permission: nobody could give them back.
func keepAdministrator(ctx context.Context, tx *store.Tx) error {
	active, err := tx.Staff.Query().Where(staff.StatusEQ(staff.StatusActive)).WithRoles().All(ctx)
	if err != nil {
		return fmt.Errorf("look for an administrator: %w", err)
	}
	for _, s := range active {
		if holds(s.Edges.Roles) == access.EveryPermission {
			return nil
		}
	}
	return fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "last_administrator"})
}

func holds(roles []*ent.Role) access.Permissions {
	var all access.Permissions
	for _, r := range roles {
		all |= access.ParsePermissions(r.Permissions)
	}
	return all
}

// roles finds the roles that an input names at roleIds. Each that is not among kept must hold nothing that the viewer does not: nobody gives what they
// don't have. forbidden is what none of them may hold at all.
func (o *Office) roles(ctx context.Context, tx *store.Tx, ids []string, kept []*ent.Role, forbidden access.Permissions, faults *fault.List) ([]key.Role, error) {
	if ids == nil {
		faults.Add(fault.Problem{Code: fault.Required}, "roleIds")
	}
	mine, had := access.From(ctx).Permissions, map[key.Role]bool{}
	for _, r := range kept {
		had[r.ID] = true
	}
	named, found := map[key.Role]bool{}, make([]key.Role, 0, len(ids))
	for i, id := range ids {
		at := []string{"roleIds", strconv.Itoa(i)}
		k, err := access.Find[key.Role](ctx, tx, o.IDs, key.KindRole, role.Table, id, at...)
		if _, missing := fault.Find(err); missing {
			if err := workflow.Gather(faults, err); err != nil {
				return nil, err
			}
			continue
		}
		if err != nil {
			return nil, err
		}
		r, err := tx.Role.Get(ctx, k)
		if err != nil {
			return nil, fmt.Errorf("read role: %w", err)
		}
		held := access.ParsePermissions(r.Permissions)
		switch {
		case named[k]:
			faults.Add(fault.Problem{Code: fault.Invalid, Text: "duplicate_value"}, at...)
		case held&forbidden != 0:
			faults.Add(fault.Problem{Code: fault.Invalid, Text: "key_reviews"}, at...)
		case !had[k] && held&^mine != 0:
			faults.Add(fault.Problem{Code: fault.NotEligible, Text: "not_yours_to_give"}, at...)
		}
		named[k] = true
		found = append(found, k)
	}
	return found, nil
}
