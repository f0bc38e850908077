package reviewing

import (
	"context"

	"lenddesk/ent"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// ReasonInput names a loan, and says why.
type ReasonInput struct {
	LoanID          string
	Reason, Note    *string
	ExpectedVersion *int
}

// Return hands an application back to be completed: a new round begins, with no approvals and the terms that were requested; documents stay. The borrower is told the reason.
// It returns REQUIRED at reason; NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT; SAME_PERSON.
func (o *Office) Return(ctx context.Context, in ReasonInput) (key.Loan, error) {
	return o.turnDown(ctx, lifecycle.ReturnLoanApplication, review.DecisionReturned, mailing.LoanReturned, in, func(l *ent.Loan, u *ent.LoanUpdate) {
		u.SetRound(l.Round + 1).SetAmount(l.RequestedAmount).SetAnnualRate(l.RequestedAnnualRate).SetTermMonths(l.RequestedTermMonths).SetTermsAccepted(false).
			ClearRequiredDocuments()
	})
}

// Reject refuses an application; the borrower is told the reason. It returns REQUIRED at reason; NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT; SAME_PERSON.
func (o *Office) Reject(ctx context.Context, in ReasonInput) (key.Loan, error) {
	return o.turnDown(ctx, lifecycle.RejectLoanApplication, review.DecisionRejected, mailing.LoanRejected, in, func(*ent.Loan, *ent.LoanUpdate) {})
}

func (o *Office) turnDown(ctx context.Context, m lifecycle.Move[loan.Status], d review.Decision, mail string, in ReasonInput, and func(*ent.Loan, *ent.LoanUpdate)) (key.Loan, error) {
	if err := permit(ctx, m); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{
		Reason: workflow.Reason(&faults, in.Reason), Note: workflow.Text(&faults, in.Note, workflow.MaxNote, "note"), Expected: in.ExpectedVersion,
	}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		l, err := o.Loan(ctx, tx, in.LoanID)
		if err != nil {
			return 0, err
		}
		step := review.StepMaterials
		if l.Status == loan.StatusApplicationReview {
			step = review.StepApplication
		}
		update := tx.Loan.Update()
		and(l, update)
		if err := lifecycle.Make(ctx, tx, m, update, workflow.Borrowing(l), said); err != nil {
			return 0, err
		}
		if err := keep(ctx, tx, ofLoan(l, step), d, said); err != nil {
			return 0, err
		}
		u, err := o.Myself(ctx, tx, l.BorrowerID)
		if err != nil {
			return 0, err
		}
		return l.ID, mailing.Tell(ctx, o.Desk, tx, u, mail, map[string]any{"number": l.Number, "reason": said.Reason})
	})
}
