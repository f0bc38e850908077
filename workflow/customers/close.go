package customers

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/session"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// CloseInput says whom, and why.
type CloseInput struct {
	UserID          string
	Reason          *string
	ExpectedVersion *int
}

// Close ends the relation with a customer who has no loan or bid alive, and no payment for a card open: cards are unbound, sessions end, the identifiers are free again.
func (o *Office) Close(ctx context.Context, in CloseInput) (key.User, error) {
	if err := lifecycle.CloseUser.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Reason: workflow.Reason(&faults, in.Reason), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return o.move(ctx, lifecycle.CloseUser, in.UserID, mailing.UserClosed, said, letGo)
}

// letGo unbinds the customer's cards and ends their sessions.
func letGo(ctx context.Context, tx *store.Tx, u *ent.User) error {
	if err := workflow.Turn(ctx, tx, u.ID); err != nil {
		return err
	}
	cards, err := tx.BankCard.Query().Where(bankcard.UserID(u.ID)).Order(bankcard.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("read cards: %w", err)
	}
	for _, c := range cards {
		move := lifecycle.CancelBankCardBinding
		switch c.Status {
		case bankcard.StatusBound:
			move = lifecycle.UnbindBankCard
		case bankcard.StatusUnbound, bankcard.StatusReplaced, bankcard.StatusCancelled:
			continue
		}
		card := lifecycle.Object[bankcard.Status]{ID: int64(c.ID), Status: c.Status, Version: c.Version, Owner: u.ID}
		if err := lifecycle.Make(access.AsSystem(ctx, "customers"), tx, move, tx.BankCard.Update(), card, lifecycle.Said{}); err != nil {
			return err
		}
	}
	if _, err := tx.Session.Delete().Where(session.UserID(u.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}
