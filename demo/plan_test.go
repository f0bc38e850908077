package demo

import (
	"math/rand/v2"
	"testing"
	"time"

	"lenddesk/ent/loan"
	"lenddesk/money"
)

// The vectors that the platform's documents give.
func TestPlansFollowTheVectors(t *testing.T) {
	for _, c := range []struct {
		method              loan.RepaymentMethod
		amount              money.Amount
		rate                money.Rate
		months              int
		first, last, profit int64
	}{
		{loan.RepaymentMethodEqualInstallments, 100_000_00, 12_0000, 12, 8884_88, 8884_85, 6618_53},
		{loan.RepaymentMethodEqualPrincipal, 100_000_00, 12_0000, 12, 9333_33, 8416_70, 6500_00},
		{loan.RepaymentMethodInterestOnly, 100_000_00, 12_0000, 12, 1000_00, 101_000_00, 12_000_00},
		{loan.RepaymentMethodBullet, 100_000_00, 12_0000, 12, 112_000_00, 112_000_00, 12_000_00},
		{loan.RepaymentMethodEqualInstallments, 10_000_00, 10_0000, 3, 3389_04, 3389_05, 167_13},
		{loan.RepaymentMethodEqualInstallments, 1_000_00, 0, 3, 333_33, 333_34, 0},
	} {
		lines := plan(c.method, c.amount, c.rate, c.months)
		var principal, interest int64
		for _, l := range lines {
			principal += l.principal
			interest += l.interest
		}
		first, last := lines[0].principal+lines[0].interest, lines[len(lines)-1].principal+lines[len(lines)-1].interest
		if first != c.first || last != c.last || interest != c.profit || principal != int64(c.amount) {
			t.Errorf("%s of %s: first %d, last %d, interest %d, principal %d", c.method, c.amount, first, last, interest, principal)
		}
	}
}

// Whatever the bids, shares add up to each line and each bid gets its principal back.
func TestSharesAddUp(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		bids := make([]int64, 1+rnd.IntN(12))
		var sum int64
		for i := range bids {
			bids[i] = 1 + rnd.Int64N(500_000_00)
			sum += bids[i]
		}
		method := everyMethod[rnd.IntN(len(everyMethod))]
		lines := plan(method, money.Amount(sum), money.Rate(rnd.Int64N(36_0000)), 1+rnd.IntN(36))
		back := make([]int64, len(bids))
		for k, parts := range shares(lines, bids) {
			left := lines[k]
			for i, p := range parts {
				if p.principal < 0 || p.interest < 0 {
					t.Fatalf("a negative share of %v", lines[k])
				}
				left.principal -= p.principal
				left.interest -= p.interest
				back[i] += p.principal
			}
			if left != (line{}) {
				t.Fatalf("the shares of line %d leave %v", k+1, left)
			}
		}
		for i := range bids {
			if back[i] != bids[i] {
				t.Fatalf("bid %d of %d gets %d back", i, bids[i], back[i])
			}
		}
	}
}

func TestDueDatesKeepTheEndOfTheMonth(t *testing.T) {
	value := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	for k, want := range []string{"2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"} {
		if got := dueOn(value, k).Format(time.DateOnly); got != want {
			t.Errorf("after %d months: %s, want %s", k, got, want)
		}
	}
}
