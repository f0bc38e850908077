package demo

import (
	"fmt"
	"time"

	"lenddesk/ent"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/seal"
)

// The machine's own actors in the story of a card.
var (
	verifier = bySystem("card-verifier")
	binder   = bySystem("card-binder")
)

// issuers are banks and the first digits of their cards.
var issuers = []struct{ name, prefix string }{
	{"中国工商银行", "622202"}, {"中国建设银行", "621700"}, {"中国农业银行", "622848"}, {"中国银行", "621661"}, {"招商银行", "622588"},
}

// newcomersCards are the stories of cards, one for each newcomer.
var newcomersCards = []func(b *book, t *trader, at time.Time){
	func(b *book, t *trader, at time.Time) { b.boundCard(t, at, nil) },
	func(b *book, t *trader, at time.Time) {
		b.lifeOfCard(b.boundCard(t, at, nil)).move(lifecycle.UnbindBankCard, byUser(t.ID), at.Add(2*day))
	},
	func(b *book, t *trader, at time.Time) { // corrected and bound
		c := b.failedCard(t, at)
		b.lifeOfCard(c).move(lifecycle.RetryBankCardVerification, byUser(t.ID), at.Add(time.Hour))
		c.Failure = nil
		b.pay(c, b.verify(c, at.Add(time.Hour), true))
	},
	func(b *book, t *trader, at time.Time) { // refused and given up
		b.lifeOfCard(b.failedCard(t, at)).move(lifecycle.CancelBankCardBinding, byUser(t.ID), at.Add(day))
	},
	func(b *book, t *trader, at time.Time) {
		b.lifeOfCard(b.card(t, at, nil)).move(lifecycle.CancelBankCardBinding, byUser(t.ID), at.Add(time.Second))
	},
	func(b *book, t *trader, at time.Time) { b.failedCard(t, at) },
	func(b *book, t *trader, at time.Time) { b.failedCard(t, at) },
	func(b *book, t *trader, at time.Time) { b.verify(b.card(t, at, nil), at, true) },
	func(b *book, t *trader, at time.Time) { // the bank refused, it may be tried again
		c := b.card(t, at, nil)
		at = b.verify(c, at, true).Add(time.Minute)
		b.lifeOfCard(c).move(lifecycle.PayBankCardBinding, byUser(t.ID), at)
		done := b.attempt(c, bankcardattempt.SystemKxdm, "REFUSED", "5102", at)
		b.lifeOfCard(c).because(lifecycle.FailBinding, binder, done, insufficient)
		c.Failure = some(insufficient)
	},
	func(b *book, t *trader, _ time.Time) { b.openAttempt(b.card(t, b.ago(2*time.Hour), nil)) },
	func(b *book, t *trader, _ time.Time) { b.openAttempt(b.card(t, b.ago(20*time.Minute), nil)) },
	func(*book, *trader, time.Time) {}, // no card yet
}

// bindingPayment is what the bank takes to bind a card.
const bindingPayment = money.Amount(100)

const (
	mismatched   = "银行预留手机号不一致。"
	insufficient = "银行未能完成绑卡扣款，请稍后再试。"
)

// card asks to bind a new card, or one in place of another.
func (b *book) card(t *trader, at time.Time, replaces *ent.BankCard) *ent.BankCard {
	b.cardNo++
	bank := issuers[b.cardNo%len(issuers)]
	c := &ent.BankCard{
		ID: key.BankCard(b.take(key.KindBankCard)), UserID: t.ID, HolderName: t.Name, NationalID: t.NationalID, Issuer: &bank.name,
	}
	c.Number, c.NumberHash = b.hide(seal.CardNumber, cardNumber(fmt.Sprintf("%s%012d", bank.prefix, b.cardNo)))
	c.Phone, _ = b.hide(seal.Phone, t.phone)
	b.cards, t.card = append(b.cards, c), c
	move := lifecycle.BindBankCard
	if replaces != nil {
		c.ReplacesID, move = &replaces.ID, lifecycle.RebindBankCard
	}
	b.lifeOfCard(c).born(move, byUser(t.ID), at)
	return c
}

// attempt is a call to an outer system that was answered.
func (b *book) attempt(c *ent.BankCard, system bankcardattempt.System, result, code string, at time.Time) (done time.Time) {
	done = at.Add(b.between(2*time.Second, 40*time.Second))
	a := b.openAttempt(c)
	asked := at.Add(time.Second)
	a.System, a.Result, a.RawCode, a.StartedAt, a.AskedAt, a.FinishedAt = system, &result, &code, asked, &asked, &done
	if system == bankcardattempt.SystemKxdm {
		a.Amount, a.Currency = some(bindingPayment), some("CNY")
	}
	return done
}

// openAttempt is the first check of a card, not answered yet.
func (b *book) openAttempt(c *ent.BankCard) *ent.BankCardAttempt {
	asked := c.CreatedAt.Add(time.Second)
	k := key.BankCardAttempt(b.take(key.KindBankCardAttempt))
	a := &ent.BankCardAttempt{
		ID: k, BankCardID: c.ID, System: bankcardattempt.SystemKxd, RequestID: fmt.Sprintf("demo-%06d", k), StartedAt: asked, AskedAt: &asked, Asks: 1,
	}
	b.attempts = append(b.attempts, a)
	return a
}

// verify has KXD check the card.
func (b *book) verify(c *ent.BankCard, at time.Time, passes bool) (done time.Time) {
	if passes {
		done = b.attempt(c, bankcardattempt.SystemKxd, "PASSED", "0000", at)
		b.lifeOfCard(c).move(lifecycle.PassVerification, verifier, done)
		return done
	}
	done = b.attempt(c, bankcardattempt.SystemKxd, "FAILED", "2004", at)
	b.lifeOfCard(c).because(lifecycle.FailVerification, verifier, done, mismatched)
	c.Failure = some(mismatched)
	return done
}

// pay has the bank bind the card.
func (b *book) pay(c *ent.BankCard, at time.Time) (done time.Time) {
	at = at.Add(b.between(time.Minute, 20*time.Minute))
	b.lifeOfCard(c).move(lifecycle.PayBankCardBinding, byUser(c.UserID), at)
	done = b.attempt(c, bankcardattempt.SystemKxdm, "PAID", "0000", at)
	b.lifeOfCard(c).move(lifecycle.ConfirmBinding, binder, done)
	b.bound[c.UserID] = c.ID
	return done
}

func (b *book) failedCard(t *trader, at time.Time) *ent.BankCard {
	c := b.card(t, at, nil)
	b.verify(c, at, false)
	return c
}

func (b *book) boundCard(t *trader, at time.Time, replaces *ent.BankCard) *ent.BankCard {
	c := b.card(t, at, replaces)
	b.pay(c, b.verify(c, at, true))
	return c
}

// replaceCard binds another card in place of the one that is bound, half a year later.
func (b *book) replaceCard(t *trader) {
	old := t.card
	fresh := b.boundCard(t, t.ready.Add(180*day), old)
	b.lifeOfCard(old).move(lifecycle.ReplaceCard, binder, fresh.StatusSince)
}

// rebind asks for another card; the check is not finished.
func (b *book) rebind(t *trader) { b.openAttempt(b.card(t, b.ago(3*time.Hour), t.card)) }
