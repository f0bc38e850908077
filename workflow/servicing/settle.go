package servicing

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"lenddesk/access"
	"lenddesk/ent/loan"
	"lenddesk/ent/servicerequest"
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

// valued are the days whose price settles the loan by a payment of a moment, the cheapest first: the day itself, and those of quotes that hold then. A quote fixes the day and not
// the amount: what was paid since then is counted. It ends with a new plan.
func (b *book) valued(ctx context.Context, tx *store.Tx, at time.Time) ([]ledger.Day, error) {
	planned := b.loan.CreatedAt
	for _, row := range b.rows {
		if row.CreatedAt.After(planned) {
			planned = row.CreatedAt
		}
	}
	on := b.rules.day(at)
	days := []ledger.Day{on}
	quotes, err := tx.ServiceRequest.Query().Where(servicerequest.LoanID(b.loan.ID), servicerequest.KindEQ(servicerequest.KindEarlySettlement),
		servicerequest.StatusEQ(servicerequest.StatusApproved), servicerequest.ValidUntilGT(at), servicerequest.StatusSinceGTE(planned)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for quotes: %w", err)
	}
	for _, q := range quotes {
		if q.QuotedOn == nil {
			continue
		}
		d, ok := ledger.ParseDay(*q.QuotedOn)
		if !ok {
			return nil, fmt.Errorf("request %d was quoted on no day", q.ID)
		}
		if d < on {
			days = append(days, d)
		}
	}
	slices.SortStableFunc(days, func(a, c ledger.Day) int {
		first, _ := ledger.Settle(b.lines, a, b.terms())
		second, _ := ledger.Settle(b.lines, c, b.terms())
		return cmp.Compare(first.Sum(), second.Sum())
	})
	return days, nil
}

// SettleEarly enters the payment that settles a loan before its time: the amount must be the price of the day on which the money came in, or of the day of a quote that
// holds then; the payment counts as of that day. The interest to come is cancelled.
//
// It returns what Repay returns; OUT_OF_RANGE at amount, naming the price, for any other amount.
func (o *Office) SettleEarly(ctx context.Context, in RepayInput) (Paid, error) {
	if err := lifecycle.SettleLoanEarly.Permit(access.From(ctx)); err != nil {
		return Paid{}, err
	}
	return o.reported(ctx, in, true, func(ctx context.Context, tx *store.Tx, b *book, p payment) (Paid, error) {
		days, err := b.valued(ctx, tx, p.at)
		if err != nil {
			return Paid{}, err
		}
		on := days[0]
		for _, d := range days { // the day whose price was paid
			if price, _ := ledger.Settle(b.lines, d, b.terms()); price.Sum() == p.amount {
				on = d
				break
			}
		}
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
		// The last moment of the day that is asked about: as long as a quote then holds, it is what settles.
		at := time.Date(1970, 1, 1+int(on), 23, 59, 59, 0, b.rules.zone)
		days, err := b.valued(ctx, tx, at.UTC())
		if err != nil {
			return err
		}
		cost, _ := ledger.Settle(b.lines, days[0], b.terms())
		price = &Price{cost, on, l.AnnualRate}
		return nil
	})
	return price, err
}
