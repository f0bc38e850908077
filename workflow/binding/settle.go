package binding

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/gateway/kxd"
	"lenddesk/gateway/kxdm"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/text"
	"lenddesk/workflow/mailing"
)

// What became of a question, as an attempt keeps it.
const (
	passed    = "PASSED"    // KXD: the four elements are of one person
	failed    = "FAILED"    // KXD: they are not
	paid      = "PAID"      // KXDM: the bank has taken the payment
	refused   = "REFUSED"   // KXDM: it has not
	withdrawn = "WITHDRAWN" // the card was cancelled before the question was put, or the other side knows nothing of it
)

// answer is what either system says. No result means that it goes on.
type answer struct {
	system          bankcardattempt.System
	request, result string
	code            string // theirs, as sent
}

func ofKXD(a kxd.Answer) answer {
	result := map[kxd.Result]string{kxd.Passed: passed, kxd.Failed: failed}[a.Result]
	return answer{bankcardattempt.SystemKxd, a.RequestID, result, a.Code}
}

func ofKXDM(a kxdm.Answer) answer {
	result := map[kxdm.Result]string{kxdm.Paid: paid, kxdm.Refused: refused}[a.Result]
	return answer{bankcardattempt.SystemKxdm, a.RequestID, result, a.Code}
}

// ErrUnknown is said of an answer to a question that was never asked.
var ErrUnknown = errors.New("no such request")

// Verified takes KXD's answer, whichever way it came. It returns ErrUnknown for a request that is not ours; an answer that is there already changes
// nothing.
func (o *Office) Verified(ctx context.Context, a kxd.Answer) error { return o.settle(ctx, ofKXD(a)) }

// Paid takes KXDM's answer, whichever way it came. It returns ErrUnknown for a request that is not ours; an answer that is there already changes nothing.
func (o *Office) Paid(ctx context.Context, a kxdm.Answer) error { return o.settle(ctx, ofKXDM(a)) }

// actors are the machine's own names in the history of a card.
var actors = map[bankcardattempt.System]string{bankcardattempt.SystemKxd: "card-verifier", bankcardattempt.SystemKxdm: "card-binder"}

// settle has an answer take effect, in one transaction and once.
func (o *Office) settle(ctx context.Context, a answer) error {
	return o.Store.InTx(access.AsSystem(ctx, actors[a.system]), func(ctx context.Context, tx *store.Tx) error {
		asked, err := tx.BankCardAttempt.Query().Where(bankcardattempt.RequestID(a.request), bankcardattempt.SystemEQ(a.system)).Only(ctx)
		if ent.IsNotFound(err) {
			return ErrUnknown
		}
		if err != nil {
			return fmt.Errorf("look for the question: %w", err)
		}
		if a.result == "" {
			return nil
		}
		c, err := inTurn(ctx, tx, asked.BankCardID)
		if err != nil {
			return err
		}
		if asked, err = tx.BankCardAttempt.Get(ctx, asked.ID); err != nil { // whoever had the turn before may have brought the answer
			return fmt.Errorf("read the question: %w", err)
		}
		if asked.FinishedAt != nil {
			if *asked.Result != a.result {
				slog.WarnContext(ctx, "a second answer about a card contradicts the first, which stands", "system", a.system, "request", a.request, "first", *asked.Result, "second", a.result)
			}
			return nil
		}
		if err := finish(ctx, tx, asked.ID, a.result, a.code); err != nil {
			return err
		}
		if c.Status != awaits[a.system] { // cancelled meanwhile: the answer is kept, and that is all
			return nil
		}
		u, err := o.Myself(ctx, tx, c.UserID)
		if err != nil {
			return err
		}
		return o.effect(ctx, tx, c, u, a)
	})
}

// finish ends a question with its answer, unless it has ended.
func finish(ctx context.Context, tx *store.Tx, k key.BankCardAttempt, result, code string) error {
	ended := tx.BankCardAttempt.Update().Where(bankcardattempt.ID(k), bankcardattempt.FinishedAtIsNil()).SetResult(result).SetFinishedAt(lifecycle.Now())
	if code != "" {
		ended.SetRawCode(code)
	}
	if err := ended.Exec(ctx); err != nil {
		return fmt.Errorf("keep the answer: %w", err)
	}
	return nil
}

// giveUp ends a question about a card that waits for no answer, of which the other side knows nothing.
func (o *Office) giveUp(ctx context.Context, k key.BankCardAttempt) error {
	return o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return finish(ctx, tx, k, withdrawn, "") })
}

// effect moves a card by an answer and writes to its owner.
func (o *Office) effect(ctx context.Context, tx *store.Tx, c *ent.BankCard, u *ent.User, a answer) error {
	move, mail := lifecycle.PassVerification, mailing.CardVerified
	update, said := tx.BankCard.Update(), lifecycle.Said{}
	data := map[string]any{"issuer": ""}
	if c.Issuer != nil {
		data["issuer"] = *c.Issuer
	}
	fail := func(by lifecycle.Move[bankcard.Status], kind string) {
		move, mail = by, kind
		said.Reason = failure(u.Locale, a)
		update.SetFailure(said.Reason)
		data["reason"] = said.Reason
	}
	switch a.result {
	case passed:
		update.ClearFailure()
	case failed:
		fail(lifecycle.FailVerification, mailing.CardVerificationFailed)
	case paid:
		move, mail = lifecycle.ConfirmBinding, mailing.CardBound
		update.ClearFailure()
		if err := replace(ctx, tx, c); err != nil {
			return err
		}
	case refused:
		fail(lifecycle.FailBinding, mailing.CardPaymentFailed)
	}
	if err := lifecycle.Make(ctx, tx, move, update, object(c), said); err != nil {
		return err
	}
	return mailing.Tell(ctx, o.Desk, tx, u, mail, data)
}

// replace lets the owner's bound card go, just before another one is bound in its place.
func replace(ctx context.Context, tx *store.Tx, by *ent.BankCard) error {
	old, err := tx.BankCard.Query().Where(bankcard.UserID(by.UserID), bankcard.StatusEQ(bankcard.StatusBound)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("look for the card to replace: %w", err)
	}
	return lifecycle.Make(ctx, tx, lifecycle.ReplaceCard, tx.BankCard.Update(), object(old), lifecycle.Said{})
}

// failure is why a card was not verified or paid for, in the owner's language: by the system's code where that is known.
func failure(locale string, a answer) string {
	kind := "card_failure.kxd"
	if a.system == bankcardattempt.SystemKxdm {
		kind = "card_failure.kxdm"
	}
	if known := kind + "." + a.code; text.Has(known) {
		kind = known
	}
	return text.Sentence(locale, kind, nil)
}
