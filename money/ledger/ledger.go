// Package ledger is what is owed on a repayment plan and where a payment goes: pure arithmetic over lines, exact to the cent.
//
// It owns the order of a payment, penalties, what is overdue, and what an early settlement costs. It does not own how plans are made (package plan) nor
// what is stored.
//
// A payment goes to the oldest line first, and in a line to the penalty (fees are part of it), then the interest, then the principal. What comes in on a
// loan that was written off goes to the principal of all lines first, then to interest, then to penalties.
//
// Invariants: what is paid on a line never exceeds the line; a penalty never shrinks below what is paid of it; the same lines, payments and day always
// give the same penalty, whatever was computed on other days.
package ledger

import (
	"math/big"
	"time"

	"lenddesk/money"
	"lenddesk/money/plan"
)

// Day is a calendar day, counted from some day on.
type Day int

// ParseDay reads YYYY-MM-DD.
func ParseDay(s string) (Day, bool) {
	t, err := time.Parse(time.DateOnly, s)
	return DayOf(t), err == nil
}

// DayOf is the calendar day of a moment, in the zone that it is in.
func DayOf(t time.Time) Day {
	year, month, day := t.Date()
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / 86400)
}

// String is YYYY-MM-DD.
func (d Day) String() string { return time.Unix(int64(d)*86400, 0).UTC().Format(time.DateOnly) }

// Parts are amounts of the three kinds that a line has.
type Parts struct{ Penalty, Interest, Principal money.Amount }

// Sum is all of them.
func (p Parts) Sum() money.Amount { return p.Penalty + p.Interest + p.Principal }

// Plus adds.
func (p Parts) Plus(q Parts) Parts {
	return Parts{p.Penalty + q.Penalty, p.Interest + q.Interest, p.Principal + q.Principal}
}

// Payment is principal that was paid on a line on a day.
type Payment struct {
	On        Day
	Principal money.Amount
}

// Line is one line of a plan as it stands. Fixed is the part of the penalty that does not grow.
type Line struct {
	Due        Day
	Owed, Paid Parts
	Fixed      money.Amount
	Payments   []Payment
	Cancelled  bool // not owed at all
	Replaced   Day  // when the line is due that an extension put in its place, which stands for its time; 0 without one
}

// Open is what is still owed on the line.
func (l Line) Open() Parts {
	if l.Cancelled {
		return Parts{}
	}
	return Parts{l.Owed.Penalty - l.Paid.Penalty, l.Owed.Interest - l.Paid.Interest, l.Owed.Principal - l.Paid.Principal}
}

// Late tells whether the line is unpaid on a day that is past its due date and the days of grace.
func (l Line) Late(on Day, grace int) bool { return on > l.Due+Day(grace) && l.Open().Sum() > 0 }

// Accrued is the penalty of a line at the end of a day: for each day after the due date, what of the principal was unpaid on it, times rate / 365, rounded
// once. Within the days of grace there is none; once they are over it counts from the due date.
func (l Line) Accrued(on Day, grace int, rate money.Rate) money.Amount {
	if l.Cancelled || rate <= 0 || on <= l.Due {
		return l.Fixed
	}
	days := new(big.Int)
	add := func(p money.Amount, until Day) {
		if until > l.Due+Day(grace) {
			days.Add(days, new(big.Int).Mul(big.NewInt(int64(p)), big.NewInt(int64(until-l.Due))))
		}
	}
	add(l.Owed.Principal-l.Paid.Principal, on)
	for _, p := range l.Payments {
		add(p.Principal, min(p.On, on))
	}
	n, d := days.Mul(days, big.NewInt(int64(rate))), big.NewInt(365*1_000_000)
	n.Lsh(n, 1).Add(n, d)
	n.Quo(n, d.Lsh(d, 1))
	if !n.IsInt64() || n.Int64() > int64(money.MaxAmount) {
		return money.MaxAmount
	}
	return l.Fixed + money.Amount(n.Int64())
}

// Charge sets the penalty of every line to what it is on a day, or to what is paid of it if that is more.
func Charge(lines []Line, on Day, grace int, rate money.Rate) {
	for i := range lines {
		lines[i].Owed.Penalty = max(lines[i].Accrued(on, grace, rate), lines[i].Paid.Penalty)
	}
}

// Open is what is still owed on all lines.
func Open(lines []Line) (all Parts) {
	for _, l := range lines {
		all = all.Plus(l.Open())
	}
	return all
}

// Allocate says what of an amount goes to each line: oldest first, in each penalty, interest, principal. What is left over is told, too.
func Allocate(lines []Line, amount money.Amount) (parts []Parts, left money.Amount) {
	parts = make([]Parts, len(lines))
	for i, l := range lines {
		open := l.Open()
		for _, k := range []struct{ of, to *money.Amount }{
			{&open.Penalty, &parts[i].Penalty}, {&open.Interest, &parts[i].Interest}, {&open.Principal, &parts[i].Principal},
		} {
			take := min(*k.of, amount)
			*k.to += take
			amount -= take
		}
	}
	return parts, amount
}

// Recover says what of an amount goes to each line of a loan that was written off: to principal first, so that it is shared by the principal that was
// lost, then to interest, then to penalties.
func Recover(lines []Line, amount money.Amount) (parts []Parts, left money.Amount) {
	parts = make([]Parts, len(lines))
	for _, kind := range []func(*Parts) *money.Amount{
		func(p *Parts) *money.Amount { return &p.Principal }, func(p *Parts) *money.Amount { return &p.Interest }, func(p *Parts) *money.Amount { return &p.Penalty },
	} {
		for i, l := range lines {
			open := l.Open()
			take := min(*kind(&open), amount)
			*kind(&parts[i]) += take
			amount -= take
		}
	}
	return parts, amount
}

// Pay enters what a payment of a day brings to each line.
func Pay(lines []Line, parts []Parts, on Day) {
	for i, p := range parts {
		lines[i].Paid = lines[i].Paid.Plus(p)
		if p.Principal > 0 {
			lines[i].Payments = append(lines[i].Payments, Payment{on, p.Principal})
		}
	}
}

// DaysLate is how many days the oldest line that is late has been unpaid after its due date; 0 when none is.
func DaysLate(lines []Line, on Day, grace int) int {
	late := 0
	for _, l := range lines {
		if l.Late(on, grace) {
			late = max(late, int(on-l.Due))
		}
	}
	return late
}

// Settlement is what it costs to settle on a day: what is due and unpaid, the principal of what comes later, the interest on that principal since the last
// due date (or the value date) by days, and a fee, a share of the principal that comes later.
type Settlement struct {
	Due                      Parts // unpaid on lines that are due
	Principal, Interest, Fee money.Amount
}

// Sum is the whole price.
func (s Settlement) Sum() money.Amount { return s.Due.Sum() + s.Principal + s.Interest + s.Fee }

// Terms are what a settlement is computed from beside the lines. Fee is a share in percent.
type Terms struct {
	Value       Day
	Annual, Fee money.Rate
	Grace       int
	PenaltyRate money.Rate
}

// Settle computes the price on a day, with the penalties of that day. The lines are as they will be: nothing on them is owed but the price, the interest
// to come is reduced to what has accrued, and the fee stands with the last line. What was paid ahead of the interest of later lines is counted.
func Settle(lines []Line, on Day, t Terms) (Settlement, []Line) {
	settled := make([]Line, len(lines))
	copy(settled, lines)
	Charge(settled, on, t.Grace, t.PenaltyRate)
	var s Settlement
	since, ahead, first, last := t.Value, money.Amount(0), -1, -1
	for i, l := range settled {
		switch {
		case l.Cancelled:
			if l.Replaced > on {
				ahead += l.Paid.Interest
			}
		case l.Due <= on:
			s.Due = s.Due.Plus(l.Open())
			last = i
			if l.Replaced > on {
				ahead += l.Paid.Interest
			} else {
				since = max(since, l.Due)
			}
		default:
			if first < 0 && l.Open().Sum() > 0 {
				first = i
			}
			if l.Open().Sum() > 0 {
				s.Principal += l.Open().Principal
				s.Due.Penalty += l.Open().Penalty
				ahead += l.Paid.Interest
				settled[i].Owed.Interest = l.Paid.Interest
			} else if l.Replaced > on {
				ahead += l.Paid.Interest
			} else {
				since = max(since, min(l.Due, on)) // paid in full before its day
			}
			last = i
		}
	}
	if first >= 0 {
		s.Interest = max(0, plan.Accrued(s.Principal, t.Annual, int(on-since))-ahead)
		settled[first].Owed.Interest += s.Interest
	}
	s.Fee = Share(s.Principal, t.Fee)
	if s.Fee > 0 {
		settled[last].Fixed += s.Fee
		settled[last].Owed.Penalty += s.Fee
	}
	return s, settled
}

// Share is a percentage of an amount, rounded half up.
func Share(of money.Amount, percent money.Rate) money.Amount {
	n, d := new(big.Int).Mul(big.NewInt(int64(of)), big.NewInt(int64(percent))), big.NewInt(1_000_000)
	n.Lsh(n, 1).Add(n, d)
	return money.Amount(n.Quo(n, d.Lsh(d, 1)).Int64())
}
