package registration

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/review"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// Office does the verbs of registration.
type Office struct{ *workflow.Desk }

// decision is what the verbs of a reviewer have in common.
type decision struct {
	move   lifecycle.Move[user.Status]
	review review.Decision // none for a move that decides nothing
	mail   string
	data   func(*ent.User) map[string]any // what the mail says beside the name
}

// decide finds the user, moves it, keeps the reviewer's decision and writes to the customer; then is what else belongs to the transaction.
func (o *Office) decide(ctx context.Context, d decision, userID string, said lifecycle.Said, then func(context.Context, *store.Tx, *ent.User) error) (key.User, error) {
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.User, error) {
		u, err := o.User(ctx, tx, userID, "userId")
		if err != nil {
			return 0, err
		}
		if err := lifecycle.Make(ctx, tx, d.move, tx.User.Update(), workflow.Person(u), said); err != nil {
			return 0, err
		}
		if d.review != "" {
			if err := o.keep(ctx, tx, d.review, u.ID, said); err != nil {
				return 0, err
			}
		}
		if then != nil {
			if err := then(ctx, tx, u); err != nil {
				return 0, err
			}
		}
		var data map[string]any
		if d.data != nil {
			data = d.data(u)
		}
		return u.ID, mailing.Tell(ctx, o.Desk, tx, u, d.mail, data)
	})
}

// keep stores a reviewer's decision. Each one is a round of its own.
func (o *Office) keep(ctx context.Context, tx *store.Tx, d review.Decision, about key.User, said lifecycle.Said) error {
	before, err := tx.Review.Query().Where(review.SubjectType(string(key.KindUser)), review.SubjectID(int64(about))).Count(ctx)
	if err != nil {
		return fmt.Errorf("count reviews: %w", err)
	}
	create := tx.Review.Create().SetSubjectType(string(key.KindUser)).SetSubjectID(int64(about)).SetStep(review.StepRegistration).
		SetRound(before + 1).SetDecision(d).SetReviewerID(access.From(ctx).Staff)
	if said.Reason != "" {
		create.SetReason(said.Reason)
	}
	if said.Note != "" {
		create.SetNote(said.Note)
	}
	if err := create.Exec(ctx); err != nil {
		return fmt.Errorf("keep the decision: %w", err)
	}
	return nil
}
