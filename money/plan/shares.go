package plan

import (
	"cmp"
	"math/bits"
	"slices"

	"lenddesk/money"
)

// Shares splits each line among the bids, by what each has outstanding before it: the first index is the line, the second the bid. Bids come
// oldest first and add up to the principal of the lines. So shares add up to their line, each bid's principal over the lines is the bid, and the
// last line pays what each has left.
func Shares(lines []Line, bids []money.Amount) [][]Line {
	outstanding := slices.Clone(bids)
	all := make([][]Line, len(lines))
	for k, l := range lines {
		principal, interest := Split(l.Principal, outstanding), Split(l.Interest, outstanding)
		all[k] = make([]Line, len(bids))
		for i := range bids {
			all[k][i] = Line{principal[i], interest[i]}
			outstanding[i] -= principal[i]
		}
	}
	return all
}

// Split shares a total by weights, by the largest remainder; ties go to the earlier. Neither the total nor a weight is negative. A total that is
// at most the sum of the weights gives nobody more than their weight. Where all weights are zero nobody gets anything.
func Split(total money.Amount, weights []money.Amount) []money.Amount {
	var sum uint64
	for _, w := range weights {
		sum += uint64(w)
	}
	shares := make([]money.Amount, len(weights))
	if sum == 0 {
		return shares
	}
	rests := make([]uint64, len(weights))
	order := make([]int, len(weights))
	left := total
	for i, w := range weights {
		// A share is at most the total, so the high half of the product stays below the sum.
		high, low := bits.Mul64(uint64(total), uint64(w))
		share, rest := bits.Div64(high, low, sum)
		shares[i], rests[i], order[i] = money.Amount(share), rest, i
		left -= money.Amount(share)
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(rests[b], rests[a]) })
	for _, i := range order[:left] {
		shares[i]++
	}
	return shares
}
