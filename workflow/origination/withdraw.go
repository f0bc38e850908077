package origination

import (
	"context"

	"lenddesk/access"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Withdraw takes an application back. It returns NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT.
func (o *Office) Withdraw(ctx context.Context, in LoanInput) (key.Loan, error) {
	if err := lifecycle.WithdrawLoanApplication.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		l, err := o.Loan(ctx, tx, in.LoanID)
		if err != nil {
			return 0, err
		}
		return l.ID, lifecycle.Make(ctx, tx, lifecycle.WithdrawLoanApplication, tx.Loan.Update(), workflow.Borrowing(l), lifecycle.Said{Expected: in.ExpectedVersion})
	})
}
