package customers

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent/company"
	"lenddesk/ent/servicerecord"
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

// AddPotential enters a potential customer, with a task to follow up that falls due after FOLLOW_UP_DAYS. Who is on the books and looks like the same
// person is told, and hinders nothing. It returns NOT_ELIGIBLE at accountManagerId for an employee who is not ACTIVE.
func (o *Office) AddPotential(ctx context.Context, in AddPotentialInput) (Entered, error) {
	me := access.From(ctx)
	if err := lifecycle.AddPotentialCustomer.Permit(me); err != nil {
		return Entered{}, err
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
	source, task := workflow.Text(&faults, in.Source, 100, "source"), workflow.Text(&faults, in.Note, workflow.MaxNote, "note")
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (Entered, error) {
		create := tx.User.Create().SetStatus(user.StatusPotential).SetName(name)
		if in.CompanyID != nil {
			k, err := access.Find[key.Company](ctx, tx, o.IDs, key.KindCompany, company.Table, *in.CompanyID, "companyId")
			if err := workflow.Gather(&faults, err); err != nil {
				return Entered{}, err
			}
			create.SetCompanyID(k)
		}
		var assignee *key.Staff
		if me.Staff != 0 {
			assignee = &me.Staff
			create.SetCreatedByID(me.Staff)
		}
		if in.AccountManagerID != nil {
			s, err := o.atWork(ctx, tx, *in.AccountManagerID, "accountManagerId", &faults)
			if err != nil {
				return Entered{}, err
			}
			if s != nil {
				create.SetAccountManagerID(s.ID)
				assignee = &s.ID
			}
		}
		if err := faults.Err(); err != nil {
			return Entered{}, err
		}
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return Entered{}, err
		}
		sealed, err := o.Keys.Seal(seal.Phone, phone)
		if err != nil {
			return Entered{}, err
		}
		hash, err := o.Keys.Hash(seal.Phone, phone)
		if err != nil {
			return Entered{}, err
		}
		if email != "" {
			create.SetEmail(email)
		}
		if source != "" {
			create.SetSource(source)
		}
		u, err := create.SetPhone(sealed).SetPhoneHash(hash).SetLocale(values.Text(parameter.DefaultLocale)).Save(ctx)
		if err != nil {
			return Entered{}, fmt.Errorf("add potential customer: %w", err)
		}
		if err := lifecycle.Born(ctx, tx, lifecycle.AddPotentialCustomer, int64(u.ID), u.Status, u.ID, lifecycle.Said{}); err != nil {
			return Entered{}, err
		}
		if task == "" {
			task = text.Sentence(me.Locale, "task.follow_up", nil)
		}
		due := lifecycle.Now().AddDate(0, 0, int(values.Int(parameter.FollowUpDays)))
		if _, err := note(ctx, tx, tx.ServiceRecord.Create().SetUserID(u.ID).SetKind(servicerecord.KindTask).SetText(task).SetDueAt(due).
			SetNillableAssigneeID(assignee)); err != nil {
			return Entered{}, err
		}
		return o.entered(ctx, tx, u.ID)
	})
}
