package binding

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// BindInput is a card and the phone number that its bank knows.
type BindInput struct{ CardNumber, Phone *string }

// Bind enters the caller's first card and has it checked. Holder and ID number are those of the registration.
//
// It returns a fault for every field that breaks its rule; ALREADY_TAKEN at cardNumber for a card that is bound or being bound, whosever it is;
// NOT_ELIGIBLE unless the caller is ACTIVE; NOT_ALLOWED_NOW while another card is in process or bound (a bound one is replaced by Rebind).
func (o *Office) Bind(ctx context.Context, in BindInput) (key.BankCard, error) {
	me := access.From(ctx)
	if err := lifecycle.BindBankCard.Permit(me); err != nil {
		return 0, err
	}
	var entered fault.List
	f, err := o.check(in.CardNumber, in.Phone, &entered)
	if err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.BankCard, error) {
		faults := append(fault.List{}, entered...)
		if err := workflow.Turn(ctx, tx, me.User); err != nil {
			return 0, err
		}
		u, err := o.Myself(ctx, tx, me.User)
		if err != nil {
			return 0, err
		}
		if u.Status != user.StatusActive {
			faults.Add(fault.Problem{Code: fault.NotEligible})
		}
		others, err := tx.BankCard.Query().Where(bankcard.UserID(u.ID), bankcard.StatusIn(append(inProcess, bankcard.StatusBound)...)).All(ctx)
		if err != nil {
			return 0, fmt.Errorf("look for other cards: %w", err)
		}
		for _, c := range others {
			if c.Status == bankcard.StatusBound {
				faults.Add(fault.Problem{Code: fault.NotAllowedNow, Text: "card_bound_already"})
			} else {
				faults.Add(oneInProcess)
			}
		}
		if err := o.free(ctx, tx, f, &faults); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		return o.enter(ctx, tx, lifecycle.BindBankCard, u, f, nil)
	})
}

// free adds a fault when the number of the form is held.
func (o *Office) free(ctx context.Context, tx *store.Tx, f form, faults *fault.List) error {
	if f.numberHash == "" {
		return nil
	}
	held, err := numberHeld(ctx, tx, f.numberHash)
	if held {
		faults.Add(numberTaken, "cardNumber")
	}
	return err
}
