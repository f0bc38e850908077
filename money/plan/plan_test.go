package plan

import (
	"math/big"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lenddesk/money"
)

// The vectors that the platform's documents give.
func TestPlansFollowTheVectors(t *testing.T) {
	for _, c := range []struct {
		terms             Terms
		first, last, cost money.Amount
		lines             int
		effective         money.Rate   // where the document or a year's compounding gives it
		middle            money.Amount // every line between the first and the last, where they are alike
	}{
		{Terms{100_000_00, 12_0000, 12, EqualInstallments}, 8884_88, 8884_85, 6618_53, 12, 12_6825, 8884_88},
		{Terms{100_000_00, 12_0000, 12, EqualPrincipal}, 9333_33, 8416_70, 6500_00, 12, 12_6825, 0},
		{Terms{100_000_00, 12_0000, 12, InterestOnly}, 1000_00, 101_000_00, 12_000_00, 12, 12_6825, 1000_00},
		{Terms{100_000_00, 12_0000, 12, Bullet}, 112_000_00, 112_000_00, 12_000_00, 1, 12_0000, 0},
		{Terms{10_000_00, 10_0000, 3, EqualInstallments}, 3389_04, 3389_05, 167_13, 3, 0, 3389_04},
		{Terms{1_000_00, 0, 3, EqualInstallments}, 333_33, 333_34, 0, 3, 0, 333_33},
	} {
		q, problem := c.terms.Quote()
		if problem != nil {
			t.Errorf("%v: %v", c.terms, problem)
			continue
		}
		last := q.Lines[len(q.Lines)-1]
		if len(q.Lines) != c.lines || q.Lines[0].Payment() != c.first || last.Payment() != c.last || q.Interest != c.cost {
			t.Errorf("%v: %d lines, first %s, last %s, interest %s", c.terms, len(q.Lines), q.Lines[0].Payment(), last.Payment(), q.Interest)
		}
		if c.middle != 0 {
			for k, l := range q.Lines[1 : len(q.Lines)-1] {
				if l.Payment() != c.middle {
					t.Errorf("%v: line %d is %s, not %s", c.terms, k+2, l.Payment(), c.middle)
				}
			}
		}
		if c.effective != 0 && (q.EffectiveAnnual < c.effective-1 || q.EffectiveAnnual > c.effective+1) {
			t.Errorf("%v: the effective rate is %s, not %s", c.terms, q.EffectiveAnnual, c.effective)
		}
	}
}

func TestATinyLoanOverALongTermHasNoPlan(t *testing.T) {
	for _, terms := range []Terms{
		{100, 0, 120, EqualInstallments},
		{100, 0, 120, EqualPrincipal},
		{0, 12_0000, 12, Bullet},
		{100_00, -1, 12, Bullet},
		{100_00, 12_0000, 0, InterestOnly},
		{money.MaxAmount, money.MaxRate, 120, Bullet},
		{money.MaxAmount, money.MaxRate, 120, EqualInstallments},
		{money.MaxAmount, 12_0000, 120, InterestOnly},
		{1000_00, money.MaxRate, 12, InterestOnly},
	} {
		if q, problem := terms.Quote(); problem == nil {
			t.Errorf("%v has the plan %v", terms, q)
		}
	}
}

func anyTerms(t *rapid.T) Terms {
	return Terms{
		Amount: money.Amount(rapid.Int64Range(1_000_00, 10_000_000_00).Draw(t, "amount")),
		Rate:   money.Rate(rapid.Int64Range(0, 36_0000).Draw(t, "rate")),
		Months: rapid.IntRange(1, 120).Draw(t, "months"),
		Method: rapid.SampledFrom(Methods).Draw(t, "method"),
	}
}

// Whatever is lent within the limits, and to whomever it is owed.
func TestPlansAndSharesAddUp(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		terms := anyTerms(t)
		var bids []money.Amount
		for left := terms.Amount; left > 0; {
			bid := money.Amount(rapid.Int64Range(1, int64(left)).Draw(t, "bid"))
			if len(bids) == 12 {
				bid = left
			}
			bids, left = append(bids, bid), left-bid
		}
		lines, problem := terms.Lines()
		if problem != nil {
			t.Fatalf("%v has no plan: %v", terms, problem)
		}
		back := make([]money.Amount, len(bids))
		var principal money.Amount
		for k, parts := range Shares(lines, bids) {
			l := lines[k]
			if l.Principal < 0 || l.Interest < 0 {
				t.Fatalf("line %d of %v is negative: %v", k+1, terms, l)
			}
			principal += l.Principal
			for i, p := range parts {
				if p.Principal < 0 || p.Interest < 0 {
					t.Fatalf("a negative share of line %d: %v", k+1, p)
				}
				l.Principal -= p.Principal
				l.Interest -= p.Interest
				back[i] += p.Principal
			}
			if l != (Line{}) {
				t.Fatalf("the shares of line %d leave %v", k+1, l)
			}
		}
		if principal != terms.Amount {
			t.Fatalf("%v pays back %s", terms, principal)
		}
		for i := range bids {
			if back[i] != bids[i] {
				t.Fatalf("bid %s gets %s back", bids[i], back[i])
			}
		}
	})
}

func TestASplitIsByTheLargestRemainderAndTiesGoToTheOlder(t *testing.T) {
	for _, c := range []struct {
		total   money.Amount
		weights []money.Amount
		want    []money.Amount
	}{
		{100, []money.Amount{1, 1, 1}, []money.Amount{34, 33, 33}},
		{101, []money.Amount{1, 1, 1}, []money.Amount{34, 34, 33}},
		{10, []money.Amount{1, 2, 4}, []money.Amount{1, 3, 6}}, // 1.43, 2.86, 5.71
		{0, []money.Amount{1, 2}, []money.Amount{0, 0}},
		{5, []money.Amount{0, 0}, []money.Amount{0, 0}},
		{7, []money.Amount{0, 3}, []money.Amount{0, 7}},
		{money.MaxAmount, []money.Amount{money.MaxAmount, money.MaxAmount}, []money.Amount{money.MaxAmount/2 + 1, money.MaxAmount / 2}},
		{1, nil, []money.Amount{}},
	} {
		got := Split(c.total, c.weights)
		for i := range c.want {
			if got[i] != c.want[i] {
				t.Errorf("%d by %d: %d, want %d", c.total, c.weights, got, c.want)
				break
			}
		}
	}
}

// digits is the precision of the other computation, in bits: more than 50 decimal digits.
const digits = 200

func exact(n int64) *big.Float { return new(big.Float).SetPrec(digits).SetInt64(n) }

// cents rounds a positive number half up.
func cents(x *big.Float) int64 {
	n, _ := new(big.Float).SetPrec(digits).Add(x, big.NewFloat(0.5)).Int64()
	return n
}

// another is the plan once more, told in another way: by the annuity factor as a sum of discounts, at 50 digits and more.
func another(terms Terms) (lines [][2]int64) {
	i := new(big.Float).Quo(exact(int64(terms.Rate)), exact(12_000_000))
	p := exact(int64(terms.Amount))
	if terms.Method == Bullet {
		interest := new(big.Float).Mul(p, i)
		return [][2]int64{{int64(terms.Amount), cents(interest.Mul(interest, exact(int64(terms.Months))))}}
	}
	growth := new(big.Float).Add(exact(1), i)
	discount, factor := exact(1), exact(0)
	for range terms.Months {
		discount.Quo(discount, growth)
		factor.Add(factor, discount)
	}
	payment := cents(new(big.Float).Quo(p, factor))
	balance := int64(terms.Amount)
	for k := 1; k <= terms.Months; k++ {
		interest := cents(new(big.Float).Mul(exact(balance), i))
		principal := int64(0)
		switch {
		case k == terms.Months:
			principal = balance
		case terms.Method == EqualInstallments:
			principal = payment - interest
		case terms.Method == EqualPrincipal:
			principal = cents(new(big.Float).Quo(p, exact(int64(terms.Months))))
		}
		lines = append(lines, [2]int64{principal, interest})
		balance -= principal
	}
	return lines
}

// worth is what the payments are worth at an effective annual rate in millionths, less the amount, at 50 digits: by the 12th root of the year's growth.
func worth(terms Terms, lines []Line, annual *big.Float) *big.Float {
	growth := new(big.Float).Add(exact(1), new(big.Float).Quo(annual, exact(1_000_000)))
	month := new(big.Float).SetPrec(digits).Sqrt(growth)
	month.Sqrt(month) // the fourth root; the third root of that by Newton
	root := exact(1)
	for range 200 {
		square := new(big.Float).Mul(root, root)
		next := new(big.Float).Quo(month, square)
		root = next.Add(next, root).Add(next, root).Quo(next, exact(3))
	}
	sum, discount, months := exact(-int64(terms.Amount)), exact(1), 0
	for k, l := range lines {
		for ; months < terms.DueAfter(k); months++ {
			discount.Quo(discount, root)
		}
		sum.Add(sum, new(big.Float).Mul(exact(int64(l.Principal+l.Interest)), discount))
	}
	return sum
}

func TestQuotesAgreeWithAnotherComputationAtFiftyDigits(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	n := 1000
	if testing.Short() {
		n = 100
	}
	for range n {
		terms := Terms{
			money.Amount(1_000_00 + rnd.Int64N(1_000_000_00)), money.Rate(rnd.Int64N(36_0000)), 1 + rnd.IntN(120), Methods[rnd.IntN(len(Methods))],
		}
		q, problem := terms.Quote()
		if problem != nil {
			t.Fatalf("%v: %v", terms, problem)
		}
		want := another(terms)
		if len(want) != len(q.Lines) {
			t.Fatalf("%v has %d lines, want %d", terms, len(q.Lines), len(want))
		}
		var cost int64
		for k, l := range q.Lines {
			if int64(l.Principal) != want[k][0] || int64(l.Interest) != want[k][1] {
				t.Fatalf("line %d of %v is %v, want %v", k+1, terms, l, want[k])
			}
			cost += want[k][1]
		}
		if int64(q.Interest) != cost {
			t.Fatalf("%v costs %s, want %d", terms, q.Interest, cost)
		}
		// The worth falls with the rate: the root lies within half a unit of the last place.
		half := big.NewFloat(0.5)
		above, below := exact(int64(q.EffectiveAnnual)), exact(int64(q.EffectiveAnnual))
		if worth(terms, q.Lines, above.Add(above, half)).Sign() > 0 {
			t.Fatalf("%v: the effective rate %s is too low", terms, q.EffectiveAnnual)
		}
		if below.Sub(below, half).Sign() >= 0 && worth(terms, q.Lines, below).Sign() < 0 {
			t.Fatalf("%v: the effective rate %s is too high", terms, q.EffectiveAnnual)
		}
	}
}

func TestDueDatesKeepTheEndOfTheMonth(t *testing.T) {
	value := time.Date(2026, 1, 31, 9, 0, 0, 0, time.UTC)
	for k, want := range []string{"2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"} {
		if got := DueOn(value, k).Format(time.DateOnly); got != want {
			t.Errorf("after %d months: %s, want %s", k, got, want)
		}
	}
	if got := (Terms{Months: 7, Method: Bullet}).DueAfter(0); got != 7 {
		t.Errorf("a bullet loan is due after %d months", got)
	}
}

func TestWhatRunsByDaysIsOf365(t *testing.T) {
	for _, c := range []struct {
		on   money.Amount
		rate money.Rate
		days int
		want money.Amount
	}{
		{8796_88, 18_0000, 10, 43_38}, // 43.3819…
		{100_000_00, 12_0000, 365, 12_000_00},
		{100_000_00, 12_0000, 366, 12_032_88}, // the year has 365 days whatever the calendar says
		{365_00, 1_0000, 1, 1},
		{365_00, 5000, 1, 1}, // half a cent is up
		{365_00, 4999, 1, 0},
		{0, 18_0000, 10, 0},
		{100, 18_0000, -1, 0},
		{money.MaxAmount, money.MaxRate, 10_000, money.MaxAmount},
	} {
		if got := Accrued(c.on, c.rate, c.days); got != c.want {
			t.Errorf("%s at %s for %d days: %s, want %s", c.on, c.rate, c.days, got, c.want)
		}
	}
}
