package reviewing

import (
	"context"

	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// ApproveMaterialsInput names a loan whose documents are right.
type ApproveMaterialsInput struct {
	LoanID          string
	Note            *string
	ExpectedVersion *int
}

// ApproveMaterials says that the documents of a loan are right, and hands it on to be judged. It returns NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT; DOCUMENTS_MISSING unless every
// document is approved or waived, those required are there and none has expired; SAME_PERSON; NOT_ELIGIBLE while the borrower is not ACTIVE.
func (o *Office) ApproveMaterials(ctx context.Context, in ApproveMaterialsInput) (key.Loan, error) {
	if err := permit(ctx, lifecycle.ApproveLoanMaterials); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Note: workflow.Text(&faults, in.Note, workflow.MaxNote, "note"), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		l, err := o.Loan(ctx, tx, in.LoanID)
		if err != nil {
			return 0, err
		}
		if err := lifecycle.Make(ctx, tx, lifecycle.ApproveLoanMaterials, tx.Loan.Update(), workflow.Borrowing(l), said); err != nil {
			return 0, err
		}
		return l.ID, keep(ctx, tx, ofLoan(l, review.StepMaterials), review.DecisionApproved, said)
	})
}
