package customers

import (
	"context"

	"lenddesk/access"
	"lenddesk/ent/company"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/leads"
)

// AddPotentialInput is what is known of somebody who may become a customer.
type AddPotentialInput struct {
	Name, Phone, Email, Source, CompanyID, AccountManagerID, Note *string
}

// AddPotential enters a potential customer, with a task to follow up that falls due after FOLLOW_UP_DAYS. Who is on the books and looks like the same
// person is told, and hinders nothing. It returns NOT_ELIGIBLE at accountManagerId for an employee who is not ACTIVE.
func (o *Office) AddPotential(ctx context.Context, in AddPotentialInput) (Entered, error) {
	if err := lifecycle.AddPotentialCustomer.Permit(access.From(ctx)); err != nil {
		return Entered{}, err
	}
	var faults fault.List
	l := leads.Read(&faults, leads.Said{Name: in.Name, Phone: in.Phone, Email: in.Email, Source: in.Source, Note: in.Note})
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
		entered, err := leads.Add(ctx, o.Desk, tx, []leads.Lead{l})
		if err != nil {
			return Entered{}, err
		}
		return o.entered(ctx, tx, entered[0])
	})
}
