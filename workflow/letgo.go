package workflow

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/link"
	"lenddesk/ent/session"
	"lenddesk/lifecycle"
	"lenddesk/store"
)

// LetGo is what follows when the relation with a customer ends: cards are unbound, links are void, sessions end.
func LetGo(ctx context.Context, tx *store.Tx, u *ent.User) error {
	if err := Turn(ctx, tx, u.ID); err != nil {
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
	if _, err := tx.Link.Delete().Where(link.UserID(u.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("void links: %w", err)
	}
	if _, err := tx.Session.Delete().Where(session.UserID(u.ID)).Exec(ctx); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return nil
}
