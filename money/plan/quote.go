package plan

import (
	"math/big"

	"lenddesk/fault"
	"lenddesk/money"
)

// Quote is what a loan would cost, before anything is stored.
type Quote struct {
	Lines           []Line
	Interest        money.Amount // of all lines
	EffectiveAnnual money.Rate   // (1 + monthly internal rate of return)^12 − 1, rounded half up
}

// Quote computes the plan and its cost.
//
// Problems: those of Lines; OUT_OF_RANGE plan_impossible also for an effective rate that is larger than any rate.
func (t Terms) Quote() (Quote, *fault.Problem) {
	lines, problem := t.Lines()
	if problem != nil {
		return Quote{}, problem
	}
	q := Quote{Lines: lines}
	for _, l := range lines {
		q.Interest += l.Interest
	}
	rate, ok := t.effective(lines)
	if !ok {
		return Quote{}, impossible()
	}
	q.EffectiveAnnual = rate
	return q, nil
}

// precision is in bits: some 96 decimal digits.
const precision = 320

func number(n int64) *big.Float { return new(big.Float).SetPrec(precision).SetInt64(n) }

// effective looks for the monthly discount v = 1/(1+r) at which the payments are worth the amount, by Newton's method: the worth of the payments
// grows with v, ever faster, so that from v = 1 the steps come down to the root and never pass it.
func (t Terms) effective(lines []Line) (money.Rate, bool) {
	v, tiny := number(1), new(big.Float).SetMantExp(number(1), -precision/2)
	for range 1000 {
		worth, slope := number(0), number(0)
		for k := len(lines) - 1; k >= 0; k-- { // Horner, over months
			months := t.DueAfter(k)
			if k > 0 {
				months -= t.DueAfter(k - 1)
			}
			worth.Add(worth, number(int64(lines[k].Payment())))
			for range months {
				slope.Mul(slope, v).Add(slope, worth)
				worth.Mul(worth, v)
			}
		}
		step := worth.Sub(worth, number(int64(t.Amount)))
		step.Quo(step, slope)
		v.Sub(v, step)
		if step.Abs(step).Cmp(tiny) < 0 {
			break
		}
	}
	year := number(1)
	for range 12 {
		year.Quo(year, v)
	}
	year.Sub(year, number(1)).Mul(year, number(1_000_000)).Add(year, new(big.Float).SetFloat64(0.5))
	rate, _ := year.Int(nil) // half up, since it is not negative
	if rate.Sign() < 0 {
		rate.SetInt64(0)
	}
	if !rate.IsInt64() || rate.Int64() > int64(money.MaxRate) {
		return 0, false
	}
	return money.Rate(rate.Int64()), true
}
