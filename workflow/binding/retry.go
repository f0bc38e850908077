package binding

import (
	"context"

	"lenddesk/access"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// RetryInput names the card that could not be verified; the phone may be corrected.
type RetryInput struct {
	BankCardID      string
	Phone           *string
	ExpectedVersion *int
}

// Retry has a card checked again that failed. Holder and ID number are taken from the registration anew, since they may have been amended.
//
// It returns INVALID for a phone that is none; NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT; NOT_ELIGIBLE unless the owner is ACTIVE; ALREADY_TAKEN when somebody
// else has had the same card bound meanwhile.
func (o *Office) Retry(ctx context.Context, in RetryInput) (key.BankCard, error) {
	me := access.From(ctx)
	if err := lifecycle.RetryBankCardVerification.Permit(me); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.BankCard, error) {
		c, err := o.card(ctx, tx, in.BankCardID)
		if err != nil {
			return 0, err
		}
		u, err := o.Myself(ctx, tx, me.User)
		if err != nil {
			return 0, err
		}
		said := lifecycle.Said{Expected: in.ExpectedVersion}
		again := tx.BankCard.Update().SetHolderName(u.Name).ClearFailure()
		if len(u.NationalID) > 0 {
			again.SetNationalID(u.NationalID)
		}
		if in.Phone != nil {
			var faults fault.List
			phone, err := o.phone(in.Phone, &faults)
			if err != nil {
				return 0, err
			}
			if err := faults.Err(); err != nil {
				return 0, err
			}
			again.SetPhone(phone)
			said.Changes = map[string]any{"fields": []string{"phone"}}
		}
		if err := lifecycle.Make(ctx, tx, lifecycle.RetryBankCardVerification, again, object(c), said); err != nil {
			return 0, lostRace(err)
		}
		return c.ID, o.ask(ctx, tx, c.ID, bankcardattempt.SystemKxd, nil)
	})
}
