package reviewing

import (
	"context"
	"fmt"

	"lenddesk/ent"
	"lenddesk/ent/loan"
	"lenddesk/ent/predicate"
	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money/plan"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// ApproveApplicationInput names a loan that is to be granted, perhaps on other terms; what is left out stays as it is in force.
type ApproveApplicationInput struct {
	LoanID                   string
	Amount, AnnualRate, Note *string
	TermMonths               *int
	ExpectedVersion          *int
}

// ApproveApplication is one reviewer's approval. With as many of different people as the requested amount asks for the loan is APPROVED. Changed terms void the
// approvals given before.
//
// It returns INVALID at amount, annualRate; OUT_OF_RANGE at amount (more than requested, or too little), annualRate, termMonths, by the parameters in force at the submission, and for
// terms without a plan; NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT; SAME_PERSON also for a second approval by one person; DOCUMENTS_MISSING when a document is open again;
// NOT_ELIGIBLE while the borrower is not ACTIVE.
func (o *Office) ApproveApplication(ctx context.Context, in ApproveApplicationInput) (key.Loan, error) {
	if err := permit(ctx, lifecycle.ApproveLoanApplication); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		l, err := o.Loan(ctx, tx, in.LoanID)
		if err != nil {
			return 0, err
		}
		var faults fault.List
		said := lifecycle.Said{Note: workflow.Text(&faults, in.Note, workflow.MaxNote, "note"), Expected: in.ExpectedVersion}
		terms, err := o.terms(ctx, tx, l, in, &faults)
		if err != nil {
			return 0, err
		}
		if len(faults) > 0 { // what forbids the move altogether is said with them
			if err := workflow.Gather(&faults, lifecycle.Allowed(ctx, tx, lifecycle.ApproveLoanApplication, workflow.Borrowing(l), said)); err != nil {
				return 0, err
			}
			return 0, faults
		}
		return l.ID, o.approve(ctx, tx, l, terms, said)
	})
}

// terms are those that the reviewer approves of.
func (o *Office) terms(ctx context.Context, tx *store.Tx, l *ent.Loan, in ApproveApplicationInput, faults *fault.List) (plan.Terms, error) {
	terms := workflow.Terms(l)
	judged := lifecycle.Now()
	if l.SubmittedAt != nil {
		judged = *l.SubmittedAt
	}
	values, err := o.ParametersAt(ctx, tx, judged)
	if err != nil {
		return terms, err
	}
	before := len(*faults)
	if in.Amount != nil {
		if a, ok := workflow.Amount(faults, in.Amount, "amount"); ok && workflow.Note(faults, workflow.AmountWithin(values, a), "amount") {
			terms.Amount = a
			if a > l.RequestedAmount {
				faults.Add(fault.Problem{Code: fault.OutOfRange, Text: "amount_not_raised", Data: map[string]any{"maximum": l.RequestedAmount.String()}}, "amount")
			}
		}
	}
	if in.AnnualRate != nil {
		if r, ok := workflow.Rate(faults, in.AnnualRate, "annualRate"); ok && workflow.Note(faults, workflow.RateWithin(values, r), "annualRate") {
			terms.Rate = r
		}
	}
	if in.TermMonths != nil && workflow.Note(faults, workflow.TermWithin(values, *in.TermMonths), "termMonths") {
		terms.Months = *in.TermMonths
	}
	if len(*faults) == before {
		if _, problem := terms.Lines(); problem != nil {
			faults.Add(*problem)
		}
	}
	return terms, nil
}

// standing are the approvals of this round that hold.
func standing(l *ent.Loan) []predicate.Review {
	return []predicate.Review{
		review.SubjectType(string(key.KindLoan)), review.SubjectID(int64(l.ID)), review.StepEQ(review.StepApplication), review.DecisionEQ(review.DecisionApproved),
		review.Round(l.Round), review.VoidedAtIsNil(),
	}
}

// approve adds an approval of these terms; with the last that is needed the loan is approved.
func (o *Office) approve(ctx context.Context, tx *store.Tx, l *ent.Loan, terms plan.Terms, said lifecycle.Said) error {
	given, err := tx.Review.Query().Where(standing(l)...).Count(ctx)
	if err != nil {
		return fmt.Errorf("count approvals: %w", err)
	}
	update := tx.Loan.Update()
	changes := map[string]any{}
	was := workflow.Terms(l)
	if terms != was {
		given = 0
		update.SetAmount(terms.Amount).SetAnnualRate(terms.Rate).SetTermMonths(terms.Months).SetTermsAccepted(false)
		for field, pair := range map[string][2]any{
			"amount": {was.Amount.String(), terms.Amount.String()}, "annualRate": {was.Rate.String(), terms.Rate.String()}, "termMonths": {was.Months, terms.Months},
		} {
			if pair[0] != pair[1] {
				changes[field] = map[string]any{"from": pair[0], "to": pair[1]}
			}
		}
	}
	given++
	changes["approvals"] = fmt.Sprintf("%d/%d", given, l.ApprovalsNeeded)
	said.Changes = changes
	to := loan.StatusApplicationReview
	if given >= l.ApprovalsNeeded {
		to = loan.StatusApproved
	}
	if err := lifecycle.MakeTo(ctx, tx, lifecycle.ApproveLoanApplication, update, workflow.Borrowing(l), to, said); err != nil {
		return err
	}
	if terms != was {
		if err := tx.Review.Update().Where(standing(l)...).SetVoidedAt(lifecycle.Now()).Exec(ctx); err != nil {
			return fmt.Errorf("void approvals: %w", err)
		}
	}
	if err := keep(ctx, tx, ofLoan(l, review.StepApplication), review.DecisionApproved, said); err != nil {
		return err
	}
	if to != loan.StatusApproved {
		return nil
	}
	u, err := o.Myself(ctx, tx, l.BorrowerID)
	if err != nil {
		return err
	}
	mail := mailing.LoanApproved
	if terms.Amount != l.RequestedAmount || terms.Rate != l.RequestedAnnualRate || terms.Months != l.RequestedTermMonths {
		mail = mailing.LoanApprovedChanged
	}
	return mailing.Tell(ctx, o.Desk, tx, u, mail, map[string]any{
		"number": l.Number, "amount": terms.Amount.String(), "rate": terms.Rate.String(), "months": terms.Months,
	})
}
