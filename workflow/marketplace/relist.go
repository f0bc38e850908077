package marketplace

import (
	"context"

	"lenddesk/access"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// RelistInput names a loan whose listing failed or was cancelled.
type RelistInput struct {
	LoanID          string
	ExpectedVersion *int
}

// Relist makes a loan ready to be listed again: it is APPROVED, as it was.
//
// It returns NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT, SAME_PERSON; NOT_ELIGIBLE, CARD_NOT_BOUND and LIMIT_EXCEEDED of the borrower.
func (o *Office) Relist(ctx context.Context, in RelistInput) (key.Loan, error) {
	if err := lifecycle.RelistLoan.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		l, err := o.loan(ctx, tx, in.LoanID)
		if err != nil {
			return 0, err
		}
		if err := workflow.Turn(ctx, tx, l.BorrowerID); err != nil {
			return 0, err
		}
		again := tx.Loan.Update().ClearOpensAt().ClearClosesAt().ClearMinimumBid().ClearBidStep()
		return l.ID, lifecycle.Make(ctx, tx, lifecycle.RelistLoan, again, ofLoan(l), lifecycle.Said{Expected: in.ExpectedVersion})
	})
}
