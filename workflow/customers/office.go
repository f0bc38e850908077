package customers

import (
	"context"

	"lenddesk/ent"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// Office does the verbs of customer relations.
type Office struct{ *workflow.Desk }

// move finds the user, makes the move and writes to the customer; then is what else belongs to the transaction.
func (o *Office) move(ctx context.Context, m lifecycle.Move[user.Status], userID, mail string, said lifecycle.Said, then func(context.Context, *store.Tx, *ent.User) error) (key.User, error) {
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.User, error) {
		u, err := o.User(ctx, tx, userID, "userId")
		if err != nil {
			return 0, err
		}
		if err := lifecycle.Make(ctx, tx, m, tx.User.Update(), workflow.Person(u), said); err != nil {
			return 0, err
		}
		if then != nil {
			if err := then(ctx, tx, u); err != nil {
				return 0, err
			}
		}
		if u.Status == user.StatusPotential { // nobody has promised them mail
			return u.ID, nil
		}
		return u.ID, mailing.Tell(ctx, o.Desk, tx, u, mail, map[string]any{"reason": said.Reason})
	})
}
