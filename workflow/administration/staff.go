package administration

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/claim"
	"lenddesk/ent/company"
	"lenddesk/ent/link"
	"lenddesk/ent/predicate"
	"lenddesk/ent/role"
	"lenddesk/ent/session"
	"lenddesk/ent/staff"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/text"
	"lenddesk/workflow"
)

// CreateStaffInput is a new employee.
type CreateStaffInput struct {
	Name, Email                                          *string
	RoleIDs                                              []string
	CompanyID, Phone, EmployeeNumber, Department, Locale *string
}

// Invited is an employee who has been sent an invitation.
type Invited struct {
	Staff key.Staff
	// URL is the invitation's link where no mail is sent, and empty otherwise. It is a secret: told once, never stored.
	URL string `json:"-"`
}

// CreateStaff enters an employee and sends the invitation. It returns ALREADY_TAKEN for an e-mail address, phone or employee number that another
// employee has, and NOT_ELIGIBLE at roleIds.i for a role that holds what the viewer does not.
func (o *Office) CreateStaff(ctx context.Context, in CreateStaffInput) (Invited, error) {
	if err := lifecycle.CreateStaff.Permit(access.From(ctx)); err != nil {
		return Invited{}, err
	}
	var faults fault.List
	name := read(&faults, in.Name, identity.PersonName, "name")
	email := read(&faults, in.Email, identity.Email, "email")
	number, department := workflow.Text(&faults, in.EmployeeNumber, 40, "employeeNumber"), workflow.Text(&faults, in.Department, 100, "department")
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (Invited, error) {
		if err := tx.Alone(ctx, holding); err != nil {
			return Invited{}, err
		}
		create := tx.Staff.Create().SetStatus(staff.StatusInvited).SetNillableEmployeeNumber(some(number)).SetNillableDepartment(some(department))
		phoneHash := ""
		if in.Phone != nil {
			phone := read(&faults, in.Phone, identity.Phone, "phone")
			sealed, hash, err := o.Hide(seal.Phone, phone)
			if err != nil {
				return Invited{}, err
			}
			create.SetPhone(sealed).SetPhoneHash(hash)
			phoneHash = hash
		}
		if in.CompanyID != nil {
			k, err := o.branch(ctx, tx, *in.CompanyID, &faults)
			if err != nil {
				return Invited{}, err
			}
			create.SetCompanyID(k)
		}
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return Invited{}, err
		}
		locale := values.Text(parameter.DefaultLocale)
		if in.Locale != nil {
			locale = language(&faults, in.Locale)
		}
		roles, err := o.roles(ctx, tx, in.RoleIDs, nil, 0, &faults)
		if err != nil {
			return Invited{}, err
		}
		if err := unique(ctx, tx, identifiers{email, phoneHash, number}, 0, &faults); err != nil {
			return Invited{}, err
		}
		if err := faults.Err(); err != nil {
			return Invited{}, err
		}
		s, err := create.SetName(name).SetEmail(email).SetLocale(locale).AddRoleIDs(roles...).Save(ctx)
		if err != nil {
			return Invited{}, lostRace(fmt.Errorf("enter employee: %w", err))
		}
		if err := lifecycle.Born(ctx, tx, lifecycle.CreateStaff, int64(s.ID), s.Status, 0, lifecycle.Said{}); err != nil {
			return Invited{}, err
		}
		return o.invite(ctx, tx, s)
	})
}

// UpdateStaffInput is what changes of an employee; what is left out stays, and null clears.
type UpdateStaffInput struct {
	StaffID                                                           string
	Name, Email, CompanyID, Phone, EmployeeNumber, Department, Locale graphql.Omittable[*string]
	ExpectedVersion                                                   *int
}

// UpdateStaff changes what is on file of an employee. An invitation that was not accepted goes to a changed address anew. It returns NOT_ELIGIBLE at
// email or phone for somebody who may do what the viewer may not: these are logins, and whoever has the mailbox has the account.
func (o *Office) UpdateStaff(ctx context.Context, in UpdateStaffInput) (key.Staff, error) {
	if err := lifecycle.UpdateStaff.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Staff, error) {
		s, err := o.employee(ctx, tx, in.StaffID)
		if err != nil {
			return 0, err
		}
		mended, err := o.mend(ctx, tx, s, in)
		if err != nil {
			return 0, err
		}
		said := lifecycle.Said{Expected: in.ExpectedVersion, Changes: mended.changes}
		if err := lifecycle.Make(ctx, tx, lifecycle.UpdateStaff, mended.update, officer(s), said); err != nil {
			return 0, lostRace(err)
		}
		if mended.changes["email"] == nil || s.Status != staff.StatusInvited {
			return s.ID, nil
		}
		if s, err = tx.Staff.Get(ctx, s.ID); err != nil {
			return 0, fmt.Errorf("read employee: %w", err)
		}
		_, err = o.invite(ctx, tx, s)
		return s.ID, err
	})
}

// mending is a change of an employee, and what it changes, as the event tells it.
type mending struct {
	update  *ent.StaffUpdate
	changes map[string]any
}

// mend checks what changes.
func (o *Office) mend(ctx context.Context, tx *store.Tx, s *ent.Staff, in UpdateStaffInput) (mending, error) {
	var faults fault.List
	var ids identifiers
	m := mending{tx.Staff.Update(), map[string]any{}}
	if said, given := in.Name.ValueOK(); given {
		name := read(&faults, said, identity.PersonName, "name")
		m.update.SetName(name)
		note(m.changes, "name", s.Name, name)
	}
	if said, given := in.Email.ValueOK(); given {
		ids.email = read(&faults, said, identity.Email, "email")
		m.update.SetEmail(ids.email)
		if s.Email != ids.email {
			m.changes["email"] = map[string]any{"from": identity.MaskEmail(s.Email), "to": identity.MaskEmail(ids.email)}
		}
	}
	if said, given := in.Locale.ValueOK(); given {
		locale := language(&faults, said)
		m.update.SetLocale(locale)
		note(m.changes, "locale", s.Locale, locale)
	}
	if said, given := in.Department.ValueOK(); given {
		department := workflow.Text(&faults, said, 100, "department")
		if department == "" {
			m.update.ClearDepartment()
		} else {
			m.update.SetDepartment(department)
		}
		note(m.changes, "department", workflow.Value(s.Department), department)
	}
	if said, given := in.EmployeeNumber.ValueOK(); given {
		ids.number = workflow.Text(&faults, said, 40, "employeeNumber")
		if ids.number == "" {
			m.update.ClearEmployeeNumber()
		} else {
			m.update.SetEmployeeNumber(ids.number)
		}
		note(m.changes, "employeeNumber", workflow.Value(s.EmployeeNumber), ids.number)
	}
	if said, given := in.Phone.ValueOK(); given {
		if err := o.mendPhone(s, said, &m, &ids, &faults); err != nil {
			return m, err
		}
	}
	if said, given := in.CompanyID.ValueOK(); given && said == nil {
		m.update.ClearCompanyID()
	} else if given {
		k, err := o.branch(ctx, tx, *said, &faults)
		if err != nil {
			return m, err
		}
		m.update.SetCompanyID(k)
	}
	mayTakeOver(access.From(ctx), s, m, &faults)
	if err := unique(ctx, tx, ids, s.ID, &faults); err != nil {
		return m, err
	}
	return m, faults.Err()
}

func (o *Office) mendPhone(s *ent.Staff, said *string, m *mending, ids *identifiers, faults *fault.List) error {
	before, after := "", ""
	if s.Phone != nil {
		phone, err := o.Keys.Open(seal.Phone, s.Phone)
		if err != nil {
			return err
		}
		before = phone
	}
	if said == nil {
		m.update.ClearPhone().ClearPhoneHash()
	} else {
		after = read(faults, said, identity.Phone, "phone")
		sealed, hash, err := o.Hide(seal.Phone, after)
		if err != nil {
			return err
		}
		m.update.SetPhone(sealed).SetPhoneHash(hash)
		ids.phoneHash = hash
	}
	if before != after {
		m.changes["phone"] = map[string]any{"from": some(identity.MaskPhone(before)), "to": some(identity.MaskPhone(after))}
	}
	return nil
}

// mayTakeOver adds a fault when a login changes of somebody who may do what the viewer may not.
func mayTakeOver(me access.Viewer, s *ent.Staff, m mending, faults *fault.List) {
	if me.Staff == s.ID || holds(s.Edges.Roles)&^me.Permissions == 0 {
		return
	}
	for _, login := range []string{"email", "phone"} {
		if m.changes[login] != nil {
			faults.Add(fault.Problem{Code: fault.NotEligible, Text: "not_yours_to_give"}, login)
		}
	}
}

// DeactivateStaffInput says whom, and why.
type DeactivateStaffInput struct {
	StaffID         string
	Reason          *string
	ExpectedVersion *int
}

// DeactivateStaff shuts an account at once: sessions and invitations end, claims on reviews are released. It returns NOT_ALLOWED_NOW for the last
// administrator.
func (o *Office) DeactivateStaff(ctx context.Context, in DeactivateStaffInput) (key.Staff, error) {
	if err := lifecycle.DeactivateStaff.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Reason: needed(&faults, in.Reason, workflow.MaxReason, "reason"), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Staff, error) {
		if err := tx.Alone(ctx, holding); err != nil {
			return 0, err
		}
		s, err := o.employee(ctx, tx, in.StaffID)
		if err != nil {
			return 0, err
		}
		if err := lifecycle.Make(ctx, tx, lifecycle.DeactivateStaff, tx.Staff.Update(), officer(s), said); err != nil {
			return 0, err
		}
		if _, err := tx.Session.Delete().Where(session.StaffID(s.ID)).Exec(ctx); err != nil {
			return 0, fmt.Errorf("end sessions: %w", err)
		}
		if err := releaseClaims(ctx, tx, s.ID); err != nil {
			return 0, err
		}
		if _, err := tx.Link.Delete().Where(link.StaffID(s.ID)).Exec(ctx); err != nil {
			return 0, fmt.Errorf("void links: %w", err)
		}
		return s.ID, keepAdministrator(ctx, tx)
	})
}

// releaseClaims lets go of what an employee has claimed. Who follows a queue hears of each claim that had not lapsed.
func releaseClaims(ctx context.Context, tx *store.Tx, of key.Staff) error {
	held, err := tx.Claim.Query().Where(claim.StaffID(of), claim.ExpiresAtGT(lifecycle.Now())).Order(claim.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("look for claims: %w", err)
	}
	if _, err := tx.Claim.Delete().Where(claim.StaffID(of)).Exec(ctx); err != nil {
		return fmt.Errorf("release claims: %w", err)
	}
	for _, c := range held {
		said := lifecycle.Said{Changes: map[string]any{"step": string(c.Step)}}
		if err := lifecycle.Record(ctx, tx, "releaseReview", key.Kind(c.SubjectType), c.SubjectID, 0, said); err != nil {
			return err
		}
	}
	return nil
}

// ReactivateStaffInput says whom.
type ReactivateStaffInput struct {
	StaffID         string
	Note            *string
	ExpectedVersion *int
}

// ReactivateStaff opens an account again. Who had never accepted the invitation is invited anew. It returns NOT_ELIGIBLE for somebody who may do what
// the viewer may not.
func (o *Office) ReactivateStaff(ctx context.Context, in ReactivateStaffInput) (key.Staff, error) {
	me := access.From(ctx)
	if err := lifecycle.ReactivateStaff.Permit(me); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Note: workflow.Text(&faults, in.Note, workflow.MaxNote, "note"), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Staff, error) {
		s, err := o.employee(ctx, tx, in.StaffID)
		if err != nil {
			return 0, err
		}
		if holds(s.Edges.Roles)&^me.Permissions != 0 {
			return 0, fault.Refuse(fault.Problem{Code: fault.NotEligible, Text: "not_yours_to_give"}, "staffId")
		}
		to := staff.StatusActive
		if s.PasswordHash == nil {
			to = staff.StatusInvited
		}
		if err := lifecycle.MakeTo(ctx, tx, lifecycle.ReactivateStaff, tx.Staff.Update(), officer(s), to, said); err != nil {
			return 0, err
		}
		if to == staff.StatusActive {
			return s.ID, nil
		}
		_, err = o.invite(ctx, tx, s)
		return s.ID, err
	})
}

// SetStaffRolesInput is the whole list of roles that somebody is to have.
type SetStaffRolesInput struct {
	StaffID         string
	RoleIDs         []string
	ExpectedVersion *int
}

// SetStaffRoles says what an employee may do, from the next request on. It returns NOT_ELIGIBLE at roleIds.i for an added role that holds what the
// viewer does not, and NOT_ALLOWED_NOW when the last administrator would be lost.
func (o *Office) SetStaffRoles(ctx context.Context, in SetStaffRolesInput) (key.Staff, error) {
	if err := lifecycle.SetStaffRoles.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Staff, error) {
		if err := tx.Alone(ctx, holding); err != nil {
			return 0, err
		}
		s, err := o.employee(ctx, tx, in.StaffID)
		if err != nil {
			return 0, err
		}
		var faults fault.List
		roles, err := o.roles(ctx, tx, in.RoleIDs, s.Edges.Roles, 0, &faults)
		if err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		given, err := tx.Role.Query().Where(role.IDIn(roles...)).All(ctx)
		if err != nil {
			return 0, fmt.Errorf("read roles: %w", err)
		}
		said := lifecycle.Said{Expected: in.ExpectedVersion, Changes: map[string]any{"roles": map[string]any{"from": names(s.Edges.Roles), "to": names(given)}}}
		if err := lifecycle.Make(ctx, tx, lifecycle.SetStaffRoles, tx.Staff.Update(), officer(s), said); err != nil {
			return 0, err
		}
		if err := tx.Staff.UpdateOneID(s.ID).ClearRoles().AddRoleIDs(roles...).Exec(ctx); err != nil {
			return 0, fmt.Errorf("set roles: %w", err)
		}
		return s.ID, keepAdministrator(ctx, tx)
	})
}

func names(roles []*ent.Role) []string {
	all := make([]string, len(roles))
	for i, r := range roles {
		all[i] = r.Name
	}
	slices.Sort(all)
	return all
}

// employee finds the employee that an input names, with the roles.
func (o *Office) employee(ctx context.Context, tx *store.Tx, id string) (*ent.Staff, error) {
	k, err := access.Find[key.Staff](ctx, tx, o.IDs, key.KindStaff, staff.Table, id, "staffId")
	if err != nil {
		return nil, err
	}
	s, err := tx.Staff.Query().Where(staff.ID(k)).WithRoles().Only(ctx)
	if err != nil {
		return nil, fmt.Errorf("read employee: %w", err)
	}
	return s, nil
}

// officer is an employee as a move's object.
func officer(s *ent.Staff) lifecycle.Object[staff.Status] {
	return lifecycle.Object[staff.Status]{ID: int64(s.ID), Status: s.Status, Version: s.Version}
}

// branch finds the company that an employee is to belong to: one of the platform's own.
func (o *Office) branch(ctx context.Context, tx *store.Tx, id string, faults *fault.List) (key.Company, error) {
	k, err := access.Find[key.Company](ctx, tx, o.IDs, key.KindCompany, company.Table, id, "companyId")
	if err != nil {
		return 0, workflow.Gather(faults, err)
	}
	ours, err := tx.Company.Query().Where(company.ID(k), company.KindEQ(company.KindBranch)).Exist(ctx)
	if err != nil {
		return 0, fmt.Errorf("read company: %w", err)
	}
	if !ours {
		faults.Add(fault.Problem{Code: fault.Invalid, Text: "branch_needed"}, "companyId")
	}
	return k, nil
}

// identifiers are what only one employee has; the empty text is none.
type identifiers struct{ email, phoneHash, number string }

// unique adds a fault for every identifier that another employee has.
func unique(ctx context.Context, tx *store.Tx, ids identifiers, except key.Staff, faults *fault.List) error {
	for _, c := range []struct {
		value, field string
		same         predicate.Staff
	}{
		{ids.email, "email", staff.Email(ids.email)},
		{ids.phoneHash, "phone", staff.PhoneHash(ids.phoneHash)},
		{ids.number, "employeeNumber", staff.EmployeeNumber(ids.number)},
	} {
		if c.value == "" {
			continue
		}
		taken, err := tx.Staff.Query().Where(staff.IDNEQ(except), c.same).Exist(ctx)
		if err != nil {
			return fmt.Errorf("look for the same employee: %w", err)
		}
		if taken {
			faults.Add(fault.Problem{Code: fault.AlreadyTaken}, c.field)
		}
	}
	return nil
}

// lostRace turns the database's refusal of a second same employee, who came at the same moment, into the fault of the field.
func lostRace(err error) error {
	name, twin := store.UniqueViolation(err)
	if !twin {
		return err
	}
	for part, field := range map[string]string{"email": "email", "phone": "phone", "employee_number": "employeeNumber"} {
		if strings.Contains(name, part) {
			return fault.Refuse(fault.Problem{Code: fault.AlreadyTaken}, field)
		}
	}
	return err
}

// read checks a value by its rule; a value that breaks it is a fault of the field, and empty.
func read(faults *fault.List, s *string, check func(string) (string, *fault.Problem), field string) string {
	v, problem := check(workflow.Value(s))
	if problem != nil {
		faults.Add(*problem, field)
		return ""
	}
	return v
}

// language checks a locale.
func language(faults *fault.List, s *string) string {
	said := workflow.Value(s)
	if !slices.Contains(text.Locales, said) {
		faults.Add(fault.Problem{Code: fault.Invalid, Text: "locale_unknown", Data: map[string]any{"locales": strings.Join(text.Locales, ", ")}}, "locale")
	}
	return said
}
