package marketplace

import (
	"context"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// CancelInput names a listed loan, and says why it is taken down.
type CancelInput struct {
	LoanID          string
	Reason          *string
	ExpectedVersion *int
}

// Cancel takes a loan from the market: every bid is released, borrower and investors are told.
//
// It returns REQUIRED, TOO_LONG at reason; NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT, SAME_PERSON.
func (o *Office) Cancel(ctx context.Context, in CancelInput) (key.Loan, error) {
	if err := lifecycle.CancelListing.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var entered fault.List
	reason := workflow.Reason(&entered, in.Reason)
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		faults := append(fault.List{}, entered...)
		l, err := o.loan(ctx, tx, in.LoanID)
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		return l.ID, Fail(ctx, o.Desk, tx, l, lifecycle.CancelListing, lifecycle.Said{Reason: reason, Expected: in.ExpectedVersion})
	})
}
