package registration

import (
	"context"

	"lenddesk/access"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// WithdrawInput has the version that the owner has seen, if they care.
type WithdrawInput struct{ ExpectedVersion *int }

// Withdraw takes the owner's registration back: the identifiers are free again and every session ends. One that was amended while a loan or bid is
// alive is not withdrawn.
func (o *Office) Withdraw(ctx context.Context, in WithdrawInput) (key.User, error) {
	me := access.From(ctx)
	if err := lifecycle.WithdrawRegistration.Permit(me); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.User, error) {
		u, err := o.Myself(ctx, tx, me.User)
		if err != nil {
			return 0, err
		}
		if err := lifecycle.Make(ctx, tx, lifecycle.WithdrawRegistration, tx.User.Update(), workflow.Person(u), lifecycle.Said{Expected: in.ExpectedVersion}); err != nil {
			return 0, err
		}
		return u.ID, workflow.LetGo(ctx, tx, u)
	})
}
