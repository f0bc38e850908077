package binding

import (
	"context"

	"lenddesk/access"
	"lenddesk/ent/bankcard"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// CancelInput names a card that is not bound yet.
type CancelInput struct {
	BankCardID      string
	ExpectedVersion *int
}

// Cancel takes a card back before it is bound. An answer that still comes is kept with its attempt and changes nothing.
//
// It returns NOT_FOUND, CONFLICT, and NOT_ALLOWED_NOW, also while a payment is open.
func (o *Office) Cancel(ctx context.Context, in CancelInput) (key.BankCard, error) {
	return o.letGo(ctx, lifecycle.CancelBankCardBinding, in.BankCardID, in.ExpectedVersion)
}

// letGo makes a move that ends a card.
func (o *Office) letGo(ctx context.Context, move lifecycle.Move[bankcard.Status], id string, expected *int) (key.BankCard, error) {
	if err := move.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.BankCard, error) {
		c, err := o.card(ctx, tx, id)
		if err != nil {
			return 0, err
		}
		return c.ID, lifecycle.Make(ctx, tx, move, tx.BankCard.Update(), object(c), lifecycle.Said{Expected: expected})
	})
}
