package servicing

import (
	"context"
	"fmt"
	"slices"

	"lenddesk/access"
	"lenddesk/ent/loan"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/money/ledger"
	"lenddesk/store"
)

// terms are what an early settlement of the loan is computed from.
func (b *book) terms() ledger.Terms {
	t := ledger.Terms{Annual: b.loan.AnnualRate, Fee: b.rules.fee, Grace: b.rules.grace, PenaltyRate: b.rules.penalty}
	if b.loan.DisbursedAt != nil {
		t.Value = b.rules.day(*b.loan.DisbursedAt)
	}
	return t
}

// SettleEarly enters the payment that settles a loan before its time: the amount must be the price of the day on which the money came in. The interest
// to come is cancelled.
//
// It returns what Repay returns; OUT_OF_RANGE at amount, naming the price, for any other amount.
func (o *Office) SettleEarly(ctx context.Context, in RepayInput) (Paid, error) {
	if err := lifecycle.SettleLoanEarly.Permit(access.From(ctx)); err != nil {
		return Paid{}, err
	}
	return o.reported(ctx, in, true, func(ctx context.Context, tx *store.Tx, b *book, p payment) (Paid, error) {
		on := b.rules.day(p.at)
		price, settled := ledger.Settle(b.lines, on, b.terms())
		if price.Sum() != p.amount {
			return Paid{}, fault.Refuse(fault.Problem{Code: fault.OutOfRange, Text: "settlement_price", Data: map[string]any{"amount": price.Sum().String()}}, "amount")
		}
		for i := range settled {
			if was := b.lines[i].Owed.Interest; settled[i].Owed.Interest != was && b.plans[i] == nil {
				b.plans[i] = &was
			}
		}
		b.lines = settled
		parts, _ := ledger.Allocate(b.lines, p.amount)
		made, err := o.enter(ctx, tx, b, p, parts, on, price.Fee)
		if err != nil {
			return Paid{}, err
		}
		return made, o.conclude(ctx, tx, b, on, lifecycle.SettleLoanEarly, in.ExpectedVersion)
	}, lifecycle.SettleLoanEarly)
}

// Price is what an early settlement costs on a day, and the rate of the loan.
type Price struct {
	ledger.Settlement
	On     ledger.Day
	Annual money.Rate
}

// QuoteSettlement tells what it costs to settle a loan on a day, today or later; nil for a loan that the viewer may not see or does not borrow, and for one
// that cannot be settled.
//
// It returns INVALID and OUT_OF_RANGE at on.
func (o *Office) QuoteSettlement(ctx context.Context, id string, day *string) (price *Price, err error) {
	me := access.From(ctx)
	err = o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		k, err := access.Find[key.Loan](ctx, tx, o.IDs, key.KindLoan, loan.Table, id, "loanId")
		if _, missing := fault.Find(err); missing {
			return nil
		}
		if err != nil {
			return err
		}
		l, err := tx.Loan.Get(ctx, k)
		if err != nil {
			return fmt.Errorf("read loan: %w", err)
		}
		if me.User != 0 && me.User != l.BorrowerID || !slices.Contains(lifecycle.SettleLoanEarly.From, l.Status) {
			return nil
		}
		b, err := o.openBook(ctx, tx, l)
		if err != nil {
			return err
		}
		today := b.rules.day(lifecycle.Now())
		on := today
		if day != nil {
			var ok bool
			if on, ok = ledger.ParseDay(*day); !ok {
				return fault.Refuse(fault.Problem{Code: fault.Invalid, Text: "date_malformed"}, "on")
			}
			if on < today {
				return fault.Refuse(fault.Problem{Code: fault.OutOfRange, Text: "date_past"}, "on")
			}
		}
		cost, _ := ledger.Settle(b.lines, on, b.terms())
		price = &Price{cost, on, l.AnnualRate}
		return nil
	})
	return price, err
}
