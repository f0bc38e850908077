package customers

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
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

// Lead is a potential customer, checked and ready to be entered.
type Lead struct {
	Name, Phone, Email, Source, Note string
	Company                          key.Company // 0: none
	Manager                          key.Staff   // 0: none
}

// ReadLead checks what is known of somebody, but for whom it names, and gathers every fault of it.
func ReadLead(faults *fault.List, in AddPotentialInput) Lead {
	need := func(field string, s *string, check func(string) (string, *fault.Problem)) string {
		v, problem := check(workflow.Value(s))
		if problem != nil {
			faults.Add(*problem, field)
		}
		return v
	}
	l := Lead{Name: need("name", in.Name, identity.PersonName), Phone: need("phone", in.Phone, identity.Phone)}
	if in.Email != nil {
		l.Email = need("email", in.Email, identity.Email)
	}
	l.Source, l.Note = workflow.Text(faults, in.Source, 100, "source"), workflow.Text(faults, in.Note, workflow.MaxNote, "note")
	return l
}

// AddPotential enters a potential customer, with a task to follow up that falls due after FOLLOW_UP_DAYS. Who is on the books and looks like the same
// person is told, and hinders nothing. It returns NOT_ELIGIBLE at accountManagerId for an employee who is not ACTIVE.
func (o *Office) AddPotential(ctx context.Context, in AddPotentialInput) (Entered, error) {
	if err := lifecycle.AddPotentialCustomer.Permit(access.From(ctx)); err != nil {
		return Entered{}, err
	}
	var faults fault.List
	l := ReadLead(&faults, in)
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (Entered, error) {
		if in.CompanyID != nil {
			var err error
			l.Company, err = access.Find[key.Company](ctx, tx, o.IDs, key.KindCompany, company.Table, *in.CompanyID, "companyId")
			if err := workflow.Gather(&faults, err); err != nil {
				return Entered{}, err
			}
		}
		if in.AccountManagerID != nil {
			s, err := o.atWork(ctx, tx, *in.AccountManagerID, "accountManagerId", &faults)
			if err != nil {
				return Entered{}, err
			}
			if s != nil {
				l.Manager = s.ID
			}
		}
		if err := faults.Err(); err != nil {
			return Entered{}, err
		}
		entered, err := o.AddLeads(ctx, tx, []Lead{l})
		if err != nil {
			return Entered{}, err
		}
		return o.entered(ctx, tx, entered[0])
	})
}

// AddLeads enters potential customers, each with an event and a task to follow up, in a few statements however many they are. It needs what AddPotential does.
func (o *Office) AddLeads(ctx context.Context, tx *store.Tx, leads []Lead) ([]key.User, error) {
	me := access.From(ctx)
	if err := lifecycle.AddPotentialCustomer.Permit(me); err != nil {
		return nil, err
	}
	values, err := o.Parameters(ctx, tx)
	if err != nil {
		return nil, err
	}
	people := make([]*ent.UserCreate, len(leads))
	for i, l := range leads {
		sealed, hash, err := o.Hide(seal.Phone, l.Phone)
		if err != nil {
			return nil, err
		}
		people[i] = tx.User.Create().SetStatus(user.StatusPotential).SetName(l.Name).SetPhone(sealed).SetPhoneHash(hash).SetLocale(values.Text(parameter.DefaultLocale)).
			SetNillableEmail(some(l.Email)).SetNillableSource(some(l.Source)).SetNillableCompanyID(given(l.Company)).SetNillableAccountManagerID(given(l.Manager)).
			SetNillableCreatedByID(given(me.Staff))
	}
	added, err := tx.User.CreateBulk(people...).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("add potential customers: %w", err)
	}
	due := lifecycle.Now().AddDate(0, 0, int(values.Int(parameter.FollowUpDays)))
	keys, born, tasks := make([]key.User, len(added)), make([]lifecycle.Newborn[user.Status], len(added)), make([]*ent.ServiceRecordCreate, len(added))
	for i, u := range added {
		keys[i], born[i] = u.ID, lifecycle.Newborn[user.Status]{ID: int64(u.ID), Status: u.Status, Owner: u.ID}
		task, assignee := leads[i].Note, leads[i].Manager
		if task == "" {
			task = text.Sentence(me.Locale, "task.follow_up", nil)
		}
		if assignee == 0 {
			assignee = me.Staff
		}
		tasks[i] = tx.ServiceRecord.Create().SetUserID(u.ID).SetKind(servicerecord.KindTask).SetText(task).SetDueAt(due).SetNillableAssigneeID(given(assignee))
	}
	if err := lifecycle.BornAll(ctx, tx, lifecycle.AddPotentialCustomer, born); err != nil {
		return nil, err
	}
	_, err = notes(ctx, tx, tasks)
	return keys, err
}

// given is a key, nil when it is of nobody.
func given[K ~int64](k K) *K {
	if k == 0 {
		return nil
	}
	return &k
}
