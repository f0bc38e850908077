package ledger

import (
	"testing"

	"pgregory.net/rapid"

	"lenddesk/money"
)

func line(due Day, interest, principal money.Amount) Line {
	return Line{Due: due, Owed: Parts{Interest: interest, Principal: principal}}
}

func TestAPaymentGoesToTheOldestLineFirst(t *testing.T) {
	lines := []Line{line(10, 100, 1000), line(40, 90, 1000)}
	lines[0].Owed.Penalty = 7
	for _, c := range []struct {
		amount money.Amount
		want   []Parts
		left   money.Amount
	}{
		{5, []Parts{{Penalty: 5}, {}}, 0},
		{107, []Parts{{Penalty: 7, Interest: 100}, {}}, 0},
		{1200, []Parts{{7, 100, 1000}, {Interest: 90, Principal: 3}}, 0},
		{2200, []Parts{{7, 100, 1000}, {Interest: 90, Principal: 1000}}, 3},
	} {
		got, left := Allocate(lines, c.amount)
		if got[0] != c.want[0] || got[1] != c.want[1] || left != c.left {
			t.Errorf("%d: %v, left %d", c.amount, got, left)
		}
	}
	got, left := Recover(lines, 2050)
	if got[0] != (Parts{0, 50, 1000}) || got[1] != (Parts{0, 0, 1000}) || left != 0 {
		t.Errorf("a recovery: %v, left %d", got, left)
	}
}

func TestPenaltiesAreOfThePrincipalThatIsOverdue(t *testing.T) {
	l := line(100, 5_00, 10_000_00)
	for _, c := range []struct {
		on    Day
		grace int
		want  money.Amount
	}{
		{100, 0, 0}, {101, 0, 4_93}, {110, 0, 49_32}, {103, 3, 0}, {104, 3, 19_73}, // 10,000.00 × 18 % × days / 365
	} {
		if got := l.Accrued(c.on, c.grace, 18_0000); got != c.want {
			t.Errorf("day %d with %d days of grace: %s, want %s", c.on, c.grace, got, c.want)
		}
	}
	l.Paid.Principal, l.Payments = 4_000_00, []Payment{{105, 4_000_00}}
	if got := l.Accrued(110, 0, 18_0000); got != 39_45 { // 6,000 × 10 days + 4,000 × 5
		t.Errorf("partly paid: %s", got)
	}
	l.Fixed = 1_00
	if got := l.Accrued(110, 0, 18_0000); got != 40_45 {
		t.Errorf("with a part that does not grow: %s", got)
	}
}

func TestSettlingCostsInterestByDaysAndTheFee(t *testing.T) {
	lines := []Line{line(31, 1000_00, 8000_00), line(62, 900_00, 8000_00), line(90, 800_00, 8000_00)}
	lines[0].Paid = lines[0].Owed
	s, after := Settle(lines, 41, Terms{Value: 0, Annual: 12_0000, Fee: 1_0000})
	if s.Due.Sum() != 0 || s.Principal != 16000_00 || s.Interest != 52_60 || s.Fee != 160_00 { // 16,000 × 12 % × 10 / 365
		t.Errorf("%+v", s)
	}
	if open := Open(after).Sum(); open != s.Sum() {
		t.Errorf("the lines then owe %s, the price is %s", open, s.Sum())
	}
}

// Whatever is paid in whatever parts on whatever days: no line is over-paid, what is allocated adds up, penalties don't depend on the days on which they
// were looked at, and paying all that is open leaves nothing.
func TestALedgerNeverLosesACent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var lines []Line
		for i := range rapid.IntRange(1, 8).Draw(t, "lines") {
			lines = append(lines, line(Day(30*(i+1)), money.Amount(rapid.IntRange(0, 100_00).Draw(t, "interest")), money.Amount(rapid.IntRange(0, 100_000_00).Draw(t, "principal"))))
		}
		grace, rate, on, paid := rapid.IntRange(0, 5).Draw(t, "grace"), money.Rate(rapid.IntRange(0, 24_0000).Draw(t, "rate")), Day(0), money.Amount(0)
		for range rapid.IntRange(0, 20).Draw(t, "payments") {
			on += Day(rapid.IntRange(0, 40).Draw(t, "days"))
			if rapid.Bool().Draw(t, "looked at") {
				Charge(lines, on-Day(rapid.IntRange(0, 9).Draw(t, "earlier")), grace, rate)
			}
			Charge(lines, on, grace, rate)
			amount := money.Amount(rapid.IntRange(1, 50_000_00).Draw(t, "amount"))
			parts, left := Allocate(lines, amount)
			var sum money.Amount
			for _, p := range parts {
				sum += p.Sum()
			}
			if sum+left != amount {
				t.Fatalf("%s went to %s and %s", amount, sum, left)
			}
			paid += sum
			Pay(lines, parts, on)
		}
		Charge(lines, on, grace, rate)
		var total money.Amount
		for _, l := range lines {
			total += l.Paid.Sum()
			if o := l.Open(); o.Penalty < 0 || o.Interest < 0 || o.Principal < 0 {
				t.Fatalf("over-paid: %+v", l)
			}
		}
		if total != paid {
			t.Fatalf("%s was paid, the lines have %s", paid, total)
		}
		s, after := Settle(lines, on, Terms{Annual: 12_0000, Fee: 1_0000, Grace: grace, PenaltyRate: rate})
		if s.Sum() != Open(after).Sum() {
			t.Fatalf("the price %+v is not what the lines then owe: %s", s, Open(after).Sum())
		}
		parts, left := Allocate(after, s.Sum())
		Pay(after, parts, on)
		if left != 0 || Open(after).Sum() != 0 {
			t.Fatalf("settled, and %s is open", Open(after).Sum())
		}
	})
}

// What an extension has replaced stands for no time of its own: interest that was paid ahead on it is taken off until the line in its place is due.
func TestSettlingCountsWhatWasPaidOnReplacedLines(t *testing.T) {
	lines := []Line{
		{Due: 100, Owed: Parts{Interest: 200, Principal: 10_000}, Paid: Parts{Interest: 150}, Cancelled: true, Replaced: 100},
		{Due: 100, Owed: Parts{Interest: 50, Principal: 5_000_000}},
		{Due: 130, Owed: Parts{Interest: 100, Principal: 5_000_000}},
	}
	terms := Terms{Value: 70, Annual: 12_0000}
	before, _ := Settle(lines, 90, terms)
	if want := money.Amount(65753 - 150); before.Interest != want || before.Principal != 10_000_000 || before.Due.Sum() != 0 {
		t.Errorf("before the line is due: %+v, want interest of %d", before, want)
	}
	after, _ := Settle(lines, 110, terms)
	if want := money.Amount(16438); after.Interest != want || after.Due.Sum() != 5_000_050 {
		t.Errorf("after it was due: %+v, want interest of %d", after, want)
	}
	// The same, where what was paid ahead bounced and is owed again on its own line.
	lines[0] = Line{Due: 100, Owed: Parts{Interest: 150}, Replaced: 100}
	owed, _ := Settle(lines, 90, terms)
	if owed.Interest != before.Interest+150 {
		t.Errorf("when it bounced: %+v", owed)
	}
}
