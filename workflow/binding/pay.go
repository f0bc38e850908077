package binding

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// PayInput names the card to be bound.
type PayInput struct {
	BankCardID      string
	ExpectedVersion *int
}

// Pay has the bank take the payment that binds a card. While one is open, another call changes nothing and answers with the same card.
//
// It returns NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT, and NOT_ELIGIBLE unless the owner is ACTIVE.
func (o *Office) Pay(ctx context.Context, in PayInput) (key.BankCard, error) {
	if err := lifecycle.PayBankCardBinding.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.BankCard, error) {
		c, err := o.card(ctx, tx, in.BankCardID)
		if err != nil {
			return 0, err
		}
		open, err := tx.BankCardAttempt.Query().
			Where(bankcardattempt.BankCardID(c.ID), bankcardattempt.SystemEQ(bankcardattempt.SystemKxdm), bankcardattempt.FinishedAtIsNil()).Exist(ctx)
		if err != nil {
			return 0, fmt.Errorf("look for an open payment: %w", err)
		}
		if open {
			if in.ExpectedVersion != nil && *in.ExpectedVersion != c.Version {
				return 0, fault.Refuse(fault.Problem{Code: fault.Conflict, Text: "expected_version"}, "expectedVersion")
			}
			return c.ID, nil
		}
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return 0, err
		}
		err = lifecycle.Make(ctx, tx, lifecycle.PayBankCardBinding, tx.BankCard.Update().ClearFailure(), object(c), lifecycle.Said{Expected: in.ExpectedVersion})
		if err != nil {
			return 0, err
		}
		return c.ID, o.ask(ctx, tx, c.ID, bankcardattempt.SystemKxdm,
			&payment{values.Amount(parameter.BindingPayment), values.Text(parameter.Currency)})
	})
}
