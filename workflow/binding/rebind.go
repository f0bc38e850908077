package binding

import (
	"context"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// RebindInput names the bound card, and the one to replace it.
type RebindInput struct {
	BankCardID        string
	CardNumber, Phone *string
	ExpectedVersion   *int
}

// Rebind enters a card in place of the caller's bound one and has it checked. The old card stays bound until the new one is; the expected version is the
// old card's.
//
// It returns the faults of Bind, and NOT_ALLOWED_NOW for a card that is not bound.
func (o *Office) Rebind(ctx context.Context, in RebindInput) (key.BankCard, error) {
	me := access.From(ctx)
	if err := lifecycle.RebindBankCard.Permit(me); err != nil {
		return 0, err
	}
	var entered fault.List
	f, err := o.check(in.CardNumber, in.Phone, &entered)
	if err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.BankCard, error) {
		faults := append(fault.List{}, entered...)
		old, err := o.card(ctx, tx, in.BankCardID)
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		if old != nil {
			err := lifecycle.Beside(ctx, tx, lifecycle.RebindBankCard, object(old), lifecycle.Said{Expected: in.ExpectedVersion})
			if err := workflow.Gather(&faults, err); err != nil {
				return 0, err
			}
		}
		if err := o.free(ctx, tx, f, &faults); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		u, err := o.Myself(ctx, tx, me.User)
		if err != nil {
			return 0, err
		}
		return o.enter(ctx, tx, lifecycle.RebindBankCard, u, f, old)
	})
}
