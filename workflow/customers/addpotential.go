package customers

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent/company"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
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

// AddPotentialInput is what is known of somebody who may become a customer.
type AddPotentialInput struct {
	Name, Phone, Email, Source, CompanyID, AccountManagerID, Note *string
}

// AddPotential enters a potential customer, with a task to follow up.
func (o *Office) AddPotential(ctx context.Context, in AddPotentialInput) (key.User, error) {
	me := access.From(ctx)
	if err := lifecycle.AddPotentialCustomer.Permit(me); err != nil {
		return 0, err
	}
	var faults fault.List
	need := func(field string, s *string, check func(string) (string, *fault.Problem)) string {
		v, problem := check(workflow.Value(s))
		if problem != nil {
			faults.Add(*problem, field)
		}
		return v
	}
	name, phone := need("name", in.Name, identity.PersonName), need("phone", in.Phone, identity.Phone)
	email := ""
	if in.Email != nil {
		email = need("email", in.Email, identity.Email)
	}
	source, note := workflow.Text(&faults, in.Source, 100, "source"), workflow.Text(&faults, in.Note, workflow.MaxNote, "note")
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.User, error) {
		create := tx.User.Create().SetStatus(user.StatusPotential).SetName(name)
		if in.CompanyID != nil {
			k, err := access.Find[key.Company](ctx, tx, o.IDs, key.KindCompany, company.Table, *in.CompanyID, "companyId")
			if err := workflow.Gather(&faults, err); err != nil {
				return 0, err
			}
			create.SetCompanyID(k)
		}
		var assignee *key.Staff
		if me.Staff != 0 {
			assignee = &me.Staff
			create.SetCreatedByID(me.Staff)
		}
		if in.AccountManagerID != nil {
			k, err := access.Find[key.Staff](ctx, tx, o.IDs, key.KindStaff, staff.Table, *in.AccountManagerID, "accountManagerId")
			if err := workflow.Gather(&faults, err); err != nil {
				return 0, err
			}
			create.SetAccountManagerID(k)
			assignee = &k
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return 0, err
		}
		sealed, err := o.Keys.Seal(seal.Phone, phone)
		if err != nil {
			return 0, err
		}
		hash, err := o.Keys.Hash(seal.Phone, phone)
		if err != nil {
			return 0, err
		}
		if email != "" {
			create.SetEmail(email)
		}
		if source != "" {
			create.SetSource(source)
		}
		u, err := create.SetPhone(sealed).SetPhoneHash(hash).SetLocale(values.Text(parameter.DefaultLocale)).Save(ctx)
		if err != nil {
			return 0, fmt.Errorf("add potential customer: %w", err)
		}
		if err := lifecycle.Born(ctx, tx, lifecycle.AddPotentialCustomer, int64(u.ID), u.Status, u.ID, lifecycle.Said{}); err != nil {
			return 0, err
		}
		if note == "" {
			note = text.Sentence(me.Locale, "task.follow_up", nil)
		}
		task := tx.ServiceRecord.Create().SetUserID(u.ID).SetKind(servicerecord.KindTask).SetText(note).SetNillableAssigneeID(assignee)
		if me.Staff != 0 {
			task.SetAuthorID(me.Staff)
		}
		if err := task.Exec(ctx); err != nil {
			return 0, fmt.Errorf("add the task to follow up: %w", err)
		}
		return u.ID, nil
	})
}
