package administration

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/apikey"
	"lenddesk/ent/role"
	"lenddesk/ent/staff"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// AdministratorRole is the built-in role that holds every permission and is never changed.
const AdministratorRole = "ADMINISTRATOR"

// maxDescription is the longest description of a role, in characters.
const maxDescription = 500

// CreateRoleInput is a new role.
type CreateRoleInput struct {
	Name        *string
	Permissions []string
	Description *string
}

// CreateRole makes a role. It returns ALREADY_TAKEN at name, and NOT_ELIGIBLE at permissions.i for what the viewer does not hold.
func (o *Office) CreateRole(ctx context.Context, in CreateRoleInput) (key.Role, error) {
	me := access.From(ctx)
	if err := access.Require(me, access.ManageRoles); err != nil {
		return 0, err
	}
	var faults fault.List
	name, description := needed(&faults, in.Name, 100, "name"), workflow.Text(&faults, in.Description, maxDescription, "description")
	if in.Permissions == nil {
		faults.Add(fault.Problem{Code: fault.Required}, "permissions")
	}
	holds := permissionsOf(in.Permissions, 0, me.Permissions, access.EveryPermission, &faults)
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Role, error) {
		if err := unnamed(ctx, tx, name, 0, &faults); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		r, err := tx.Role.Create().SetName(name).SetNillableDescription(some(description)).SetPermissions(holds.Names()).Save(ctx)
		if err != nil {
			return 0, nameRace(err)
		}
		changes := changed("name", nil, name)
		changes["permissions"] = map[string]any{"from": []string{}, "to": holds.Names()}
		return r.ID, lifecycle.Record(ctx, tx, "createRole", key.KindRole, int64(r.ID), 0, lifecycle.Said{Changes: changes})
	})
}

// UpdateRoleInput is what changes of a role; what is left out stays, and null clears the description.
type UpdateRoleInput struct {
	RoleID          string
	Name            graphql.Omittable[*string]
	Permissions     graphql.Omittable[[]string]
	Description     graphql.Omittable[*string]
	ExpectedVersion *int
}

// UpdateRole changes a role, for everybody who holds it from the next request on. The administrator's role never changes; other built-in roles keep
// their names. It returns NOT_ELIGIBLE at permissions.i for what is added and the viewer does not hold, INVALID for what a customers' role cannot
// hold, and NOT_ALLOWED_NOW when the last administrator would be lost.
func (o *Office) UpdateRole(ctx context.Context, in UpdateRoleInput) (key.Role, error) {
	me := access.From(ctx)
	if err := access.Require(me, access.ManageRoles); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Role, error) {
		if err := tx.Alone(ctx, holding); err != nil {
			return 0, err
		}
		r, err := o.role(ctx, tx, in.RoleID, in.ExpectedVersion)
		if err != nil {
			return 0, err
		}
		if r.BuiltIn && r.Name == AdministratorRole {
			return 0, fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "role_fixed"})
		}
		var faults fault.List
		update, changes := tx.Role.Update().Where(role.ID(r.ID), role.Version(r.Version)).AddVersion(1), map[string]any{}
		if said, given := in.Name.ValueOK(); given {
			name := needed(&faults, said, 100, "name")
			if r.BuiltIn && name != r.Name {
				faults.Add(fault.Problem{Code: fault.NotAllowedNow, Text: "role_named"}, "name")
			}
			if err := unnamed(ctx, tx, name, r.ID, &faults); err != nil {
				return 0, err
			}
			update.SetName(name)
			note(changes, "name", r.Name, name)
		}
		if said, given := in.Description.ValueOK(); given {
			description := workflow.Text(&faults, said, maxDescription, "description")
			if description == "" {
				update.ClearDescription()
			} else {
				update.SetDescription(description)
			}
			note(changes, "description", workflow.Value(r.Description), description)
		}
		if said, given := in.Permissions.ValueOK(); given {
			if said == nil {
				faults.Add(fault.Problem{Code: fault.Required}, "permissions")
			}
			most := access.EveryPermission
			if r.BuiltIn && (r.Name == access.BorrowerRole || r.Name == access.InvestorRole) {
				most = access.Customers
			}
			holds := permissionsOf(said, access.ParsePermissions(r.Permissions), me.Permissions, most, &faults)
			update.SetPermissions(holds.Names())
			if !slices.Equal(r.Permissions, holds.Names()) {
				changes["permissions"] = map[string]any{"from": r.Permissions, "to": holds.Names()}
			}
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		n, err := update.Save(ctx)
		if err != nil {
			return 0, nameRace(err)
		}
		if n == 0 {
			return 0, fault.Refuse(fault.Problem{Code: fault.Conflict})
		}
		if err := keepAdministrator(ctx, tx); err != nil {
			return 0, err
		}
		return r.ID, lifecycle.Record(ctx, tx, "updateRole", key.KindRole, int64(r.ID), 0, lifecycle.Said{Changes: changes})
	})
}

// DeleteRoleInput names a role.
type DeleteRoleInput struct {
	RoleID          string
	ExpectedVersion *int
}

// DeleteRole removes a role that is not built in and that no employee and no living API key holds; else it returns NOT_ALLOWED_NOW.
func (o *Office) DeleteRole(ctx context.Context, in DeleteRoleInput) (key.Role, error) {
	if err := access.Require(access.From(ctx), access.ManageRoles); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Role, error) {
		if err := tx.Alone(ctx, holding); err != nil {
			return 0, err
		}
		r, err := o.role(ctx, tx, in.RoleID, in.ExpectedVersion)
		if err != nil {
			return 0, err
		}
		if r.BuiltIn {
			return 0, fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "role_built_in"})
		}
		byStaff, err := tx.Staff.Query().Where(staff.HasRolesWith(role.ID(r.ID))).Exist(ctx)
		if err != nil {
			return 0, fmt.Errorf("look for holders: %w", err)
		}
		byKey, err := tx.APIKey.Query().Where(apikey.RevokedAtIsNil(), apikey.HasRolesWith(role.ID(r.ID))).Exist(ctx)
		if err != nil {
			return 0, fmt.Errorf("look for holders: %w", err)
		}
		if byStaff || byKey {
			return 0, fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "role_in_use"})
		}
		n, err := tx.Role.Delete().Where(role.ID(r.ID), role.Version(r.Version)).Exec(ctx)
		if err != nil {
			return 0, fmt.Errorf("delete role: %w", err)
		}
		if n == 0 {
			return 0, fault.Refuse(fault.Problem{Code: fault.Conflict})
		}
		changes := changed("name", r.Name, nil)
		return r.ID, lifecycle.Record(ctx, tx, "deleteRole", key.KindRole, int64(r.ID), 0, lifecycle.Said{Changes: changes})
	})
}

// role finds the role that an input names, at the version that the caller has seen.
func (o *Office) role(ctx context.Context, tx *store.Tx, id string, expected *int) (*ent.Role, error) {
	k, err := access.Find[key.Role](ctx, tx, o.IDs, key.KindRole, role.Table, id, "roleId")
	if err != nil {
		return nil, err
	}
	r, err := tx.Role.Get(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("read role: %w", err)
	}
	if expected != nil && *expected != r.Version {
		return nil, fault.Refuse(fault.Problem{Code: fault.Conflict, Text: "expected_version"}, "expectedVersion")
	}
	return r, nil
}

// permissionsOf reads a list of permissions: those that are added must be mine, and all of them within most.
func permissionsOf(names []string, had, mine, most access.Permissions, faults *fault.List) access.Permissions {
	var all access.Permissions
	for i, name := range names {
		p, err := access.ParsePermission(name)
		switch {
		case err != nil:
			faults.Add(fault.Problem{Code: fault.Invalid}, "permissions", strconv.Itoa(i))
			continue
		case !most.Has(p):
			faults.Add(fault.Problem{Code: fault.Invalid, Text: "not_for_customers"}, "permissions", strconv.Itoa(i))
		case !had.Has(p) && !mine.Has(p):
			faults.Add(fault.Problem{Code: fault.NotEligible, Text: "not_yours_to_give"}, "permissions", strconv.Itoa(i))
		}
		all |= access.Of(p)
	}
	return all
}

// unnamed adds a fault when another role has the name.
func unnamed(ctx context.Context, tx *store.Tx, name string, except key.Role, faults *fault.List) error {
	taken, err := tx.Role.Query().Where(role.Name(name), role.IDNEQ(except)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for the same name: %w", err)
	}
	if taken {
		faults.Add(fault.Problem{Code: fault.AlreadyTaken}, "name")
	}
	return nil
}

// nameRace is the fault of a name that somebody else took at the same moment.
func nameRace(err error) error {
	if _, twin := store.UniqueViolation(err); twin {
		return fault.Refuse(fault.Problem{Code: fault.AlreadyTaken}, "name")
	}
	return fmt.Errorf("write role: %w", err)
}
