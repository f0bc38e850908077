package reviewing

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/claim"
	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Office does the verbs of reviewers.
type Office struct{ *workflow.Desk }

// permit refuses whom the move does, and API keys: a review is a person's.
func permit[S ~string](ctx context.Context, m lifecycle.Move[S]) error {
	me := access.From(ctx)
	if err := m.Permit(me); err != nil {
		return err
	}
	if me.Staff == 0 {
		return fault.Deny(fault.Forbidden, "Reviews are people's, not API keys'.")
	}
	return nil
}

// subject is what a decision is about.
type subject struct {
	kind  key.Kind
	id    int64
	step  review.Step
	round int
}

func ofLoan(l *ent.Loan, step review.Step) subject {
	return subject{key.KindLoan, int64(l.ID), step, l.Round}
}

// keep stores a reviewer's decision; the claim on it is over.
func keep(ctx context.Context, tx *store.Tx, of subject, d review.Decision, said lifecycle.Said) error {
	create := tx.Review.Create().SetSubjectType(string(of.kind)).SetSubjectID(of.id).SetStep(of.step).SetRound(of.round).SetDecision(d).
		SetReviewerID(access.From(ctx).Staff)
	if said.Reason != "" {
		create.SetReason(said.Reason)
	}
	if said.Note != "" {
		create.SetNote(said.Note)
	}
	if err := create.Exec(ctx); err != nil {
		return fmt.Errorf("keep the decision: %w", err)
	}
	if _, err := tx.Claim.Delete().Where(claim.SubjectType(string(of.kind)), claim.SubjectID(of.id), claim.StepEQ(claim.Step(of.step))).Exec(ctx); err != nil {
		return fmt.Errorf("end the claim: %w", err)
	}
	return nil
}
