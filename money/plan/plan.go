package plan

import (
	"math/big"

	"lenddesk/fault"
	"lenddesk/money"
)

// Method is how a loan is paid back, in the contract's own words.
type Method string

// The methods.
const (
	EqualInstallments Method = "EQUAL_INSTALLMENTS" // 等额本息: the same payment every month
	EqualPrincipal    Method = "EQUAL_PRINCIPAL"    // 等额本金: the same principal every month
	InterestOnly      Method = "INTEREST_ONLY"      // 按月付息到期还本: the principal with the last
	Bullet            Method = "BULLET"             // 到期一次性还本付息: everything at the end
)

// Methods is every Method.
var Methods = []Method{EqualInstallments, EqualPrincipal, InterestOnly, Bullet}

// Terms are what a plan follows from: an amount above zero, a rate of zero or more, a term of at least one month.
type Terms struct {
	Amount money.Amount
	Rate   money.Rate
	Months int
	Method Method
}

// Line is what is due on one day.
type Line struct{ Principal, Interest money.Amount }

// Payment is the whole of a line.
func (l Line) Payment() money.Amount { return l.Principal + l.Interest }

// monthly is the denominator of the interest of a month: a rate is ten-thousandths of a percent a year.
const monthly = 12 * 1_000_000

// Lines is the repayment plan. The interest of a line is on the balance before it; the last line's principal is what is left. A bullet loan has one
// line, due at the end.
//
// Problems: OUT_OF_RANGE plan_impossible when a line would be negative, or the sum larger than any amount.
func (t Terms) Lines() ([]Line, *fault.Problem) {
	if t.Amount <= 0 || t.Rate < 0 || t.Months < 1 {
		return nil, impossible()
	}
	if t.Method == Bullet {
		// P·i·n, rounded once.
		interest, ok := portion(t.Amount, big.NewInt(int64(t.Rate)), int64(t.Months), monthly)
		if !ok || t.Amount+interest > money.MaxAmount {
			return nil, impossible()
		}
		return []Line{{t.Amount, interest}}, nil
	}
	regular, ok := t.regular()
	if !ok {
		return nil, impossible()
	}
	lines := make([]Line, t.Months)
	balance, total := t.Amount, t.Amount
	rate := big.NewInt(int64(t.Rate))
	for k := range lines {
		interest, ok := portion(balance, rate, 1, monthly)
		if !ok {
			return nil, impossible()
		}
		part := regular
		if t.Method == EqualInstallments {
			part -= interest
		}
		if k == t.Months-1 {
			part = balance
		}
		balance -= part
		total += interest
		if part < 0 || balance < 0 || total > money.MaxAmount {
			return nil, impossible()
		}
		lines[k] = Line{part, interest}
	}
	return lines, nil
}

func impossible() *fault.Problem {
	return &fault.Problem{Code: fault.OutOfRange, Text: "plan_impossible"}
}

// regular is what comes back every month: principal and interest of equal instalments, of the other methods the principal alone.
func (t Terms) regular() (money.Amount, bool) {
	switch {
	case t.Method == InterestOnly:
		return 0, true
	case t.Method == EqualPrincipal || t.Rate == 0:
		return portion(t.Amount, big.NewInt(1), 1, int64(t.Months))
	}
	// A = P·i·(1+i)^n / ((1+i)^n − 1); with i = r/d that is P·r·(d+r)^n / (d·((d+r)^n − d^n)), in whole numbers.
	d, r, n := big.NewInt(monthly), big.NewInt(int64(t.Rate)), big.NewInt(int64(t.Months))
	grown := new(big.Int).Exp(new(big.Int).Add(d, r), n, nil)
	above := new(big.Int).Sub(grown, new(big.Int).Exp(d, n, nil))
	above.Mul(above, d)
	grown.Mul(grown, r).Mul(grown, big.NewInt(int64(t.Amount)))
	return round(grown, above)
}

// portion is amount·by·times/of, rounded half up.
func portion(amount money.Amount, by *big.Int, times, of int64) (money.Amount, bool) {
	n := new(big.Int).Mul(big.NewInt(int64(amount)), by)
	return round(n.Mul(n, big.NewInt(times)), big.NewInt(of))
}

// round is a fraction that is not negative, rounded half up; false when it is larger than any amount. It spoils its numerator.
func round(n, d *big.Int) (money.Amount, bool) {
	n.Lsh(n, 1).Add(n, d)
	n.Quo(n, new(big.Int).Lsh(d, 1))
	if !n.IsInt64() || n.Int64() > int64(money.MaxAmount) {
		return 0, false
	}
	return money.Amount(n.Int64()), true
}

// Accrued is the interest or penalty on an amount for some days: amount × rate × days / 365 (ACT/365F), rounded half up. An amount that runs for no
// days, or is none, accrues nothing; one that would be larger than any amount is that largest one.
func Accrued(on money.Amount, annual money.Rate, days int) money.Amount {
	if on <= 0 || annual <= 0 || days <= 0 {
		return 0
	}
	accrued, ok := portion(on, big.NewInt(int64(annual)), int64(days), 365*1_000_000)
	if !ok {
		return money.MaxAmount
	}
	return accrued
}
