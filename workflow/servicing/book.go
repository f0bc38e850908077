package servicing

import (
	"context"
	"fmt"

	"lenddesk/ent"
	"lenddesk/ent/allocation"
	"lenddesk/ent/installment"
	"lenddesk/ent/loan"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/money/ledger"
	"lenddesk/money/plan"
	"lenddesk/store"
)

// book is what is owed and paid on a loan: its lines as a ledger, and the rows behind them. A line that is changed in the ledger is written by save,
// together with the shares of the bids, which follow from it.
type book struct {
	loan   *ent.Loan
	rules  rules
	rows   []*ent.Installment   // of the loan, oldest due first
	shares [][]*ent.Installment // of each line, by bid
	lines  []ledger.Line
	plans  []*money.Amount // planned interest of each line, where the interest differs from it
}

// openBook reads a loan's lines, and what is paid on them from the allocations that stand.
func (o *Office) openBook(ctx context.Context, tx *store.Tx, l *ent.Loan) (*book, error) {
	r, err := o.rulesOf(ctx, tx, l)
	if err != nil {
		return nil, err
	}
	b := &book{loan: l, rules: r}
	all, err := tx.Installment.Query().Where(installment.LoanID(l.ID)).Order(installment.ByDueOn(), installment.ByPlan(), installment.ByNumber(), installment.ByBidID(), installment.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the plan: %w", err)
	}
	type place struct{ plan, number int }
	at := map[place]int{}
	for _, row := range all {
		if row.BidID == nil {
			at[place{row.Plan, row.Number}] = len(b.rows)
			b.rows = append(b.rows, row)
		}
	}
	b.shares = make([][]*ent.Installment, len(b.rows))
	for _, row := range all {
		if row.BidID != nil {
			i := at[place{row.Plan, row.Number}]
			b.shares[i] = append(b.shares[i], row)
		}
	}
	latest := map[int]*ent.Installment{} // of each number, the line of the last plan that has it
	for _, row := range b.rows {
		if was := latest[row.Number]; was == nil || was.Plan < row.Plan {
			latest[row.Number] = row
		}
	}
	keys := make([]key.Installment, len(b.rows))
	of := make(map[key.Installment]int, len(b.rows))
	for i, row := range b.rows {
		keys[i], of[row.ID] = row.ID, i
		due, ok := ledger.ParseDay(row.DueOn)
		if !ok {
			return nil, fmt.Errorf("installment %d is due on no day", row.ID)
		}
		var replaced ledger.Day
		if by := latest[row.Number]; by != row {
			if replaced, ok = ledger.ParseDay(by.DueOn); !ok {
				return nil, fmt.Errorf("installment %d is due on no day", by.ID)
			}
		}
		b.plans = append(b.plans, row.PlannedInterest)
		b.lines = append(b.lines, ledger.Line{
			Due: due, Owed: ledger.Parts{Penalty: row.Penalty, Interest: row.Interest, Principal: row.Principal},
			Paid:  ledger.Parts{Penalty: row.PaidPenalty, Interest: row.PaidInterest, Principal: row.PaidPrincipal},
			Fixed: row.FixedPenalty, Cancelled: row.Status == installment.StatusCancelled, Replaced: replaced,
		})
	}
	went, err := tx.Allocation.Query().Where(allocation.InstallmentIDIn(keys...), allocation.Reversed(false), allocation.PrincipalGT(0)).Order(allocation.ByID()).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read allocations: %w", err)
	}
	for _, a := range went {
		on, ok := ledger.ParseDay(a.PaidOn)
		if !ok {
			return nil, fmt.Errorf("allocation %d is of no day", a.ID)
		}
		line := &b.lines[of[a.InstallmentID]]
		line.Payments = append(line.Payments, ledger.Payment{On: on, Principal: a.Principal})
	}
	return b, nil
}

// seen is the last day through which penalties were charged; the day itself when none were. On a loan that is written off it stays where it was.
func (b *book) seen(on ledger.Day) ledger.Day {
	last := on
	if b.loan.AccruedOn != nil {
		last, _ = ledger.ParseDay(*b.loan.AccruedOn)
	} else if b.lost() {
		last = b.rules.day(b.loan.StatusSince)
	}
	if b.lost() {
		return last
	}
	return max(on, last)
}

// lost tells whether the loan is written off.
func (b *book) lost() bool { return b.loan.Status == loan.StatusWrittenOff }

// charge sets penalties to what they are on a day. On a loan that is written off they grow no more.
func (b *book) charge(on ledger.Day) {
	ledger.Charge(b.lines, min(on, b.seen(on)), b.rules.grace, b.rules.penalty)
}

// stands is where the rows say that the loan stands on a day.
func (b *book) stands(on ledger.Day) loan.Status {
	switch {
	case b.lost():
		return loan.StatusWrittenOff
	case ledger.Open(b.lines).Sum() == 0:
		return loan.StatusSettled
	case b.loan.DefaultedAt != nil || b.loan.Status == loan.StatusDefaulted:
		return loan.StatusDefaulted
	case ledger.DaysLate(b.lines, on, b.rules.grace) > 0:
		return loan.StatusOverdue
	}
	return loan.StatusRepaying
}

// status is a line's on a day.
func (b *book) status(l ledger.Line, on ledger.Day) installment.Status {
	switch {
	case l.Cancelled:
		return installment.StatusCancelled
	case l.Open().Sum() == 0:
		return installment.StatusPaid
	case l.Late(on, b.rules.grace):
		return installment.StatusOverdue
	case l.Paid.Sum() > 0:
		return installment.StatusPartlyPaid
	}
	return installment.StatusDue
}

// save writes every line that has changed, and its shares: of principal and interest each bid has its own, penalties go by them, and what is paid by what
// is owed, largest remainder first.
func (b *book) save(ctx context.Context, tx *store.Tx, on ledger.Day) error {
	for i, row := range b.rows {
		l, status := b.lines[i], b.status(b.lines[i], on)
		shares := b.shares[i]
		principals, interests := make([]money.Amount, len(shares)), make([]money.Amount, len(shares))
		for j, s := range shares {
			principals[j], interests[j] = s.Principal, s.Interest
		}
		by := principals
		if row.Principal == 0 {
			by = interests
		}
		if l.Owed.Principal != row.Principal {
			principals = plan.Split(l.Owed.Principal, principals)
		}
		planned := make([]*money.Amount, len(shares))
		switch {
		case b.plans[i] == nil && row.PlannedInterest != nil: // restored
			for j, s := range shares {
				if s.PlannedInterest != nil {
					interests[j] = *s.PlannedInterest
				}
			}
		case l.Owed.Interest != row.Interest:
			for j, s := range shares {
				was := s.Interest
				if s.PlannedInterest != nil {
					was = *s.PlannedInterest
				}
				if b.plans[i] != nil {
					planned[j] = &was
				}
			}
			interests = plan.Split(l.Owed.Interest, by)
		default:
			for j, s := range shares {
				planned[j] = s.PlannedInterest
			}
		}
		penalties, fixed := plan.Split(l.Owed.Penalty, by), plan.Split(l.Fixed, by)
		paidPrincipals, paidInterests, paidPenalties := plan.Split(l.Paid.Principal, principals), plan.Split(l.Paid.Interest, interests), plan.Split(l.Paid.Penalty, penalties)
		if err := write(ctx, tx, row, l, b.plans[i], status); err != nil {
			return err
		}
		for j, s := range shares {
			part := ledger.Line{
				Owed:  ledger.Parts{Penalty: penalties[j], Interest: interests[j], Principal: principals[j]},
				Paid:  ledger.Parts{Penalty: paidPenalties[j], Interest: paidInterests[j], Principal: paidPrincipals[j]},
				Fixed: fixed[j],
			}
			if err := write(ctx, tx, s, part, planned[j], status); err != nil {
				return err
			}
		}
	}
	return nil
}

// write changes a row that is not as it should be.
func write(ctx context.Context, tx *store.Tx, row *ent.Installment, l ledger.Line, planned *money.Amount, status installment.Status) error {
	samePlan := planned == row.PlannedInterest || planned != nil && row.PlannedInterest != nil && *planned == *row.PlannedInterest
	if samePlan && status == row.Status && l.Fixed == row.FixedPenalty &&
		l.Owed == (ledger.Parts{Penalty: row.Penalty, Interest: row.Interest, Principal: row.Principal}) &&
		l.Paid == (ledger.Parts{Penalty: row.PaidPenalty, Interest: row.PaidInterest, Principal: row.PaidPrincipal}) {
		return nil
	}
	u := tx.Installment.UpdateOneID(row.ID).SetPenalty(l.Owed.Penalty).SetInterest(l.Owed.Interest).SetPrincipal(l.Owed.Principal).SetFixedPenalty(l.Fixed).
		SetPaidPenalty(l.Paid.Penalty).SetPaidInterest(l.Paid.Interest).SetPaidPrincipal(l.Paid.Principal).AddVersion(1)
	if planned == nil {
		u.ClearPlannedInterest()
	} else {
		u.SetPlannedInterest(*planned)
	}
	if status != row.Status {
		u.SetStatus(status).SetStatusSince(lifecycle.Now())
	}
	if err := u.Exec(ctx); err != nil {
		return fmt.Errorf("write a line: %w", err)
	}
	return nil
}

// changed is the update of a loan whose penalties are charged through a day.
func (b *book) changed(tx *store.Tx, on ledger.Day) *ent.LoanUpdate {
	return tx.Loan.Update().SetAccruedOn(on.String())
}
