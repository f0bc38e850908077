package demo

import (
	"math/big"
	"math/bits"
	"slices"
	"time"

	"lenddesk/ent/loan"
	"lenddesk/money"
)

// line is what is due on one day, in minor units.
type line struct{ principal, interest int64 }

// plan is the repayment plan of a loan: exact until an amount is rounded half up to 0.01. The last line's principal is what is left.
func plan(method loan.RepaymentMethod, amount money.Amount, annual money.Rate, months int) []line {
	principal, monthly := int64(amount), big.NewRat(int64(annual), 12*1_000_000) // a rate is ten-thousandths of a percent
	if method == loan.RepaymentMethodBullet {
		return []line{{principal, round(times(times(monthly, int64(months)), principal))}}
	}
	regular := instalment(method, principal, monthly, months)
	lines := make([]line, months)
	balance := principal
	for k := range lines {
		interest := round(times(monthly, balance))
		part := regular
		if method == loan.RepaymentMethodEqualInstallments {
			part = regular - interest
		}
		if k == months-1 {
			part = balance
		}
		lines[k] = line{part, interest}
		balance -= part
	}
	return lines
}

// instalment is the regular payment: principal and interest of equal instalments, the principal alone of the other methods.
func instalment(method loan.RepaymentMethod, principal int64, monthly *big.Rat, months int) int64 {
	switch {
	case method == loan.RepaymentMethodInterestOnly:
		return 0
	case method == loan.RepaymentMethodEqualPrincipal || monthly.Sign() == 0:
		return round(big.NewRat(principal, int64(months)))
	}
	growth, one := big.NewRat(1, 1), big.NewRat(1, 1)
	for range months {
		growth.Mul(growth, new(big.Rat).Add(one, monthly))
	}
	payment := new(big.Rat).Mul(times(monthly, principal), growth)
	return round(payment.Quo(payment, new(big.Rat).Sub(growth, one)))
}

func times(r *big.Rat, n int64) *big.Rat { return new(big.Rat).Mul(r, new(big.Rat).SetInt64(n)) }

// round rounds an amount that is not negative half up.
func round(r *big.Rat) int64 {
	twice := new(big.Int).Mul(r.Num(), big.NewInt(2))
	twice.Add(twice, r.Denom())
	return twice.Div(twice, new(big.Int).Mul(r.Denom(), big.NewInt(2))).Int64()
}

// split shares a total by weights, by the largest remainder; ties go to the earlier. The total is at most the sum of the weights, or any share
// may exceed its weight. Without weights nobody gets anything.
func split(total int64, weights []int64) []int64 {
	var sum uint64
	for _, w := range weights {
		sum += uint64(w)
	}
	shares := make([]int64, len(weights))
	if sum == 0 {
		return shares
	}
	rests := make([]uint64, len(weights))
	left := total
	for i, w := range weights {
		high, low := bits.Mul64(uint64(total), uint64(w))
		share, rest := bits.Div64(high, low, sum)
		shares[i], rests[i] = int64(share), rest
		left -= int64(share)
	}
	order := make([]int, len(weights))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case rests[a] > rests[b]:
			return -1
		case rests[a] < rests[b]:
			return 1
		}
		return 0
	})
	for _, i := range order[:left] {
		shares[i]++
	}
	return shares
}

// shares splits each line among the bids, by what each has outstanding before it: the first index is the line, the second the bid. So shares
// add up to the line, and each bid's principal over the life is the bid.
func shares(lines []line, bids []int64) [][]line {
	outstanding := slices.Clone(bids)
	all := make([][]line, len(lines))
	for k, l := range lines {
		principal, interest := split(l.principal, outstanding), split(l.interest, outstanding)
		all[k] = make([]line, len(bids))
		for i := range bids {
			all[k][i] = line{principal[i], interest[i]}
			outstanding[i] -= principal[i]
		}
	}
	return all
}

// dueOn is the day, as midnight in the zone of the value date, k months later. A day that the month lacks is its last; the next month has it again.
func dueOn(value time.Time, k int) time.Time {
	year, month, on := value.Date()
	last := time.Date(year, month+time.Month(k)+1, 0, 0, 0, 0, 0, value.Location())
	if on > last.Day() {
		return last
	}
	return time.Date(year, month+time.Month(k), on, 0, 0, 0, 0, value.Location())
}
