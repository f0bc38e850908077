package origination

import (
	"context"

	"lenddesk/access"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// LoanInput names a loan, for the moves that need no more.
type LoanInput struct {
	LoanID          string
	ExpectedVersion *int
}

// Submit hands an application in, to be judged by the parameters in force now. The terms in force are those requested.
//
// It returns NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT; NOT_ELIGIBLE unless the borrower is ACTIVE and a borrowing company VERIFIED and the borrower's; CARD_NOT_BOUND;
// DOCUMENTS_MISSING; OUT_OF_RANGE for terms beyond the parameters; LIMIT_EXCEEDED when the borrower would owe too much.
func (o *Office) Submit(ctx context.Context, in LoanInput) (key.Loan, error) {
	if err := lifecycle.SubmitLoanApplication.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		l, err := o.Loan(ctx, tx, in.LoanID)
		if err != nil {
			return 0, err
		}
		if l.CompanyID != nil { // another person may apply for the same company at this moment
			if err := workflow.CompanyTurn(ctx, tx, *l.CompanyID); err != nil {
				return 0, err
			}
		}
		now := lifecycle.Now()
		values, err := o.ParametersAt(ctx, tx, now)
		if err != nil {
			return 0, err
		}
		update := tx.Loan.Update().SetSubmittedAt(now).SetRequiredDocuments(values.Needs(parameter.RequiredDocuments).For(l.CompanyID != nil, l.RequestedAmount)).
			SetApprovalsNeeded(values.ByAmount(parameter.ApprovalsByAmount, l.RequestedAmount))
		return l.ID, lifecycle.Make(ctx, tx, lifecycle.SubmitLoanApplication, update, workflow.Borrowing(l), lifecycle.Said{Expected: in.ExpectedVersion})
	})
}
