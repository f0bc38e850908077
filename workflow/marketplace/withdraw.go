package marketplace

import (
	"context"

	"lenddesk/access"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// WithdrawInput names a bid.
type WithdrawInput struct {
	BidID           string
	ExpectedVersion *int
}

// Withdraw takes the caller's bid back while the loan takes bids: the amount is free again.
//
// It returns NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT.
func (o *Office) Withdraw(ctx context.Context, in WithdrawInput) (key.Bid, error) {
	if err := lifecycle.WithdrawBid.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Bid, error) {
		b, err := o.bid(ctx, tx, in.BidID)
		if err != nil {
			return 0, err
		}
		return b.ID, o.free(ctx, tx, b, func() error {
			return lifecycle.Make(ctx, tx, lifecycle.WithdrawBid, tx.Bid.Update(), ofBid(b), lifecycle.Said{Expected: in.ExpectedVersion})
		})
	})
}
