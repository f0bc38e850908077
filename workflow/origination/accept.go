package origination

import (
	"context"

	"lenddesk/access"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Accept takes terms that differ from those requested. It returns NOT_FOUND; NOT_ALLOWED_NOW, also where there is nothing to accept; CONFLICT.
func (o *Office) Accept(ctx context.Context, in LoanInput) (key.Loan, error) {
	if err := lifecycle.AcceptLoanTerms.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		l, err := o.Loan(ctx, tx, in.LoanID)
		if err != nil {
			return 0, err
		}
		said := lifecycle.Said{Expected: in.ExpectedVersion, Changes: map[string]any{
			"amount": l.Amount.String(), "annualRate": l.AnnualRate.String(), "termMonths": l.TermMonths,
		}}
		return l.ID, lifecycle.Make(ctx, tx, lifecycle.AcceptLoanTerms, tx.Loan.Update().SetTermsAccepted(true), workflow.Borrowing(l), said)
	})
}
