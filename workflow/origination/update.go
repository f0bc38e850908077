package origination

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// UpdateInput is what changes of an application; what is left out stays, and null clears.
type UpdateInput struct {
	LoanID                                                               string
	Amount, AnnualRate, RepaymentMethod, Purpose, Description, CompanyID graphql.Omittable[*string]
	TermMonths                                                           graphql.Omittable[*int]
	ExpectedVersion                                                      *int
}

// Update changes an application that is being written or was returned. It returns the same faults as Apply; NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT.
func (o *Office) Update(ctx context.Context, in UpdateInput) (key.Loan, error) {
	if err := lifecycle.UpdateLoanApplication.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		l, err := o.Loan(ctx, tx, in.LoanID)
		if err != nil {
			return 0, err
		}
		var faults fault.List
		update := tx.Loan.Update()
		changes, err := o.fill(ctx, tx, update.Mutation(), l, wish{
			amount: in.Amount, rate: in.AnnualRate, months: in.TermMonths, method: in.RepaymentMethod, purpose: in.Purpose, description: in.Description, company: in.CompanyID,
		}, &faults)
		if err != nil {
			return 0, err
		}
		said := lifecycle.Said{Expected: in.ExpectedVersion, Changes: changes}
		if len(faults) > 0 { // what forbids the move altogether is said with them
			if err := workflow.Gather(&faults, lifecycle.Allowed(ctx, tx, lifecycle.UpdateLoanApplication, workflow.Borrowing(l), said)); err != nil {
				return 0, err
			}
			return 0, faults
		}
		return l.ID, lifecycle.Make(ctx, tx, lifecycle.UpdateLoanApplication, update, workflow.Borrowing(l), said)
	})
}
