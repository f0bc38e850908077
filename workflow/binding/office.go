package binding

import (
	"context"
	"crypto/rand"
	"fmt"
	"strings"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Office does the verbs of bank cards.
type Office struct{ *workflow.Desk }

// inProcess are the statuses of a card that is being checked or paid for.
var inProcess = []bankcard.Status{bankcard.StatusPendingReview, bankcard.StatusPendingBinding}

// form is a card as its owner enters it: checked, with what is stored of it.
type form struct {
	issuer        string
	number, phone seal.Sealed
	numberHash    string
}

// check finds every fault of the form by itself.
func (o *Office) check(cardNumber, phone *string, faults *fault.List) (f form, err error) {
	number, problem := identity.CardNumber(workflow.Value(cardNumber))
	if problem != nil {
		faults.Add(*problem, "cardNumber")
	} else {
		f.issuer = identity.Issuer(number)
		if f.number, f.numberHash, err = o.Hide(seal.CardNumber, number); err != nil {
			return f, err
		}
	}
	f.phone, err = o.phone(phone, faults)
	return f, err
}

// phone checks the phone number that the bank knows, and seals it.
func (o *Office) phone(phone *string, faults *fault.List) (seal.Sealed, error) {
	number, problem := identity.Phone(workflow.Value(phone))
	if problem != nil {
		faults.Add(*problem, "phone")
		return nil, nil
	}
	return o.Keys.Seal(seal.Phone, number)
}

// enter makes a card of the form and has it checked. replaces is the card that it is to replace, if there is one.
func (o *Office) enter(ctx context.Context, tx *store.Tx, move lifecycle.Move[bankcard.Status], u *ent.User, f form, replaces *ent.BankCard) (key.BankCard, error) {
	create := tx.BankCard.Create().SetUserID(u.ID).SetStatus(bankcard.StatusPendingReview).SetNumber(f.number).SetNumberHash(f.numberHash).
		SetHolderName(u.Name).SetPhone(f.phone)
	if len(u.NationalID) > 0 {
		create.SetNationalID(u.NationalID)
	}
	if f.issuer != "" {
		create.SetIssuer(f.issuer)
	}
	if replaces != nil {
		create.SetReplacesID(replaces.ID)
	}
	c, err := create.Save(ctx)
	if err != nil {
		return 0, lostRace(fmt.Errorf("enter card: %w", err))
	}
	if err := lifecycle.Born(ctx, tx, move, int64(c.ID), c.Status, u.ID, lifecycle.Said{}); err != nil {
		return 0, err
	}
	return c.ID, o.ask(ctx, tx, c.ID, bankcardattempt.SystemKxd, nil)
}

// payment is what KXDM takes from a card.
type payment struct {
	amount   money.Amount
	currency string
}

// ask enters a question about a card, and the job that puts it.
func (o *Office) ask(ctx context.Context, tx *store.Tx, about key.BankCard, system bankcardattempt.System, p *payment) error {
	create := tx.BankCardAttempt.Create().SetBankCardID(about).SetSystem(system).SetRequestID(rand.Text())
	if p != nil {
		create.SetAmount(p.amount).SetCurrency(p.currency)
	}
	a, err := create.Save(ctx)
	if err != nil {
		return fmt.Errorf("enter a question to %s: %w", system, err)
	}
	return o.Queue.Enqueue(ctx, tx, Ask{Attempt: int64(a.ID)}, nil)
}

// numberHeld tells whether a card with this number is bound or being bound, whosever it is.
func numberHeld(ctx context.Context, tx *store.Tx, hash string) (bool, error) {
	held, err := tx.BankCard.Query().Where(bankcard.NumberHash(hash), bankcard.StatusIn(append(inProcess, bankcard.StatusBound)...)).Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("look for the same card: %w", err)
	}
	return held, nil
}

// What the form is told of other cards.
var (
	numberTaken  = fault.Problem{Code: fault.AlreadyTaken, Text: "card_number_taken"}
	oneInProcess = fault.Problem{Code: fault.NotAllowedNow, Text: "card_in_process"}
)

// lostRace turns the database's refusal of a second card that came at the same moment into what the form would have been told.
func lostRace(err error) error {
	name, ok := store.UniqueViolation(err)
	switch {
	case !ok:
		return err
	case strings.Contains(name, "number"):
		return fault.Refuse(numberTaken, "cardNumber")
	case strings.Contains(name, "bank_cards_in_process") || strings.Contains(name, "bank_cards.user_id"):
		return fault.Refuse(oneInProcess)
	}
	return err
}

// card takes the card that an input names, as the viewer may see it, once it is the turn of its owner. It returns NOT_FOUND at bankCardId.
func (o *Office) card(ctx context.Context, tx *store.Tx, id string) (*ent.BankCard, error) {
	k, err := access.Find[key.BankCard](ctx, tx, o.IDs, key.KindBankCard, bankcard.Table, id, "bankCardId")
	if err != nil {
		return nil, err
	}
	return inTurn(ctx, tx, k)
}

// inTurn reads a card once it is the turn of its owner.
func inTurn(ctx context.Context, tx *store.Tx, k key.BankCard) (*ent.BankCard, error) {
	c, err := tx.BankCard.Get(ctx, k) // whose it is never changes
	if err != nil {
		return nil, fmt.Errorf("read card: %w", err)
	}
	if err := workflow.Turn(ctx, tx, c.UserID); err != nil {
		return nil, err
	}
	if c, err = tx.BankCard.Get(ctx, k); err != nil {
		return nil, fmt.Errorf("read card: %w", err)
	}
	return c, nil
}

// object is a card as a move's object.
func object(c *ent.BankCard) lifecycle.Object[bankcard.Status] {
	return lifecycle.Object[bankcard.Status]{ID: int64(c.ID), Status: c.Status, Version: c.Version, Owner: c.UserID}
}
