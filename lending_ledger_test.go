package main

import (
	"fmt"
	"slices"

	"pgregory.net/rapid"

	"lenddesk/money"
	"lenddesk/money/ledger"
)

func (l *modelLoan) plain() []ledger.Line {
	lines := make([]ledger.Line, len(l.lines))
	for i, x := range l.lines {
		lines[i] = x.Line
	}
	return lines
}

func (l *modelLoan) outstanding() money.Amount { return ledger.Open(l.plain()).Principal }

// moment is noon of a day in the platform's zone.
func (tn *lendingTown) moment(d ledger.Day) string { return d.String() + "T04:00:00Z" }

// payment is one that finance reports, of the model's day or of some days before.
func (tn *lendingTown) payment(t *rapid.T, settles bool, l *modelLoan, input vars) (func(answer), []string) {
	on := max(tn.clock-ledger.Day(pick(t, "days ago", []int{0, 0, 0, 3, 20})), l.value)
	if on == tn.today { // noon may lie ahead
		on--
	}
	input["paidAt"], input["reference"] = tn.moment(on), fmt.Sprint("model in ", lent.Add(1))
	if len(l.lines) == 0 {
		input["amount"] = "1.00"
		return nil, nil
	}
	if on < l.value {
		input["amount"] = "1.00"
		return nil, []string{"OUT_OF_RANGE paidAt"}
	}
	lines := l.plain()
	writtenOff := l.in("WRITTEN_OFF")
	ledger.Charge(lines, l.fined(on), modelGrace, modelFine)
	if settles {
		price, _ := ledger.Settle(l.plain(), on, l.pricing())
		x := price.Sum()
		var faults []string
		if x == 0 || under(t, "wrong price", 3) == 0 {
			x, faults = x+1, []string{"OUT_OF_RANGE amount"}
		}
		input["amount"] = x.String()
		return func(got answer) { tn.settled(l, got, on, x) }, faults
	}
	owed := ledger.Open(lines).Sum()
	x := owed
	switch pick(t, "how much", []string{"next", "next", "some", "all", "too much"}) {
	case "next":
		for _, line := range lines {
			if n := line.Open().Sum(); n > 0 {
				x = n
				break
			}
		}
	case "some":
		x = max(1, owed*money.Amount(1+under(t, "percent", 99))/100)
	case "too much":
		x = owed + 1
	}
	input["amount"] = max(x, 1).String()
	if x > owed || x == 0 {
		return nil, []string{"AMOUNT_EXCEEDS_REMAINING amount"}
	}
	return func(got answer) {
		allocate := ledger.Allocate
		if writtenOff {
			allocate = ledger.Recover
		}
		parts, _ := allocate(lines, x)
		tn.pay(t, l, got, "recordRepayment", on, parts, &modelPayment{})
		tn.conclude(l, on)
	}, nil
}

func (l *modelLoan) pricing() ledger.Terms {
	return ledger.Terms{Value: l.value, Annual: modelRate, Fee: modelFee, Grace: modelGrace, PenaltyRate: modelFine}
}

// pay enters what a payment brings to each line, as the house says, too.
func (tn *lendingTown) pay(t *rapid.T, l *modelLoan, got answer, move string, on ledger.Day, parts []ledger.Parts, x *modelPayment) {
	x.id, x.on, x.parts = got.text(move+".repayment.id"), on, parts
	var whole ledger.Parts
	for i, p := range parts {
		whole = whole.Plus(p)
		line := l.lines[i]
		line.Paid = line.Paid.Plus(p)
		line.Owed.Penalty = max(line.Owed.Penalty, line.Paid.Penalty)
		if p.Principal > 0 {
			line.Payments = append(line.Payments, ledger.Payment{On: on, Principal: p.Principal})
		}
	}
	said := got.text(move+".repayment.penalty") + " " + got.text(move+".repayment.interest") + " " + got.text(move+".repayment.principal")
	if want := whole.Penalty.String() + " " + whole.Interest.String() + " " + whole.Principal.String(); said != want && t != nil {
		t.Fatalf("%s of %s: the model says %s: %s", move, l.status, want, got)
	}
	l.payments = append(l.payments, x)
}

// settled enters an early settlement: the interest to come is gone.
func (tn *lendingTown) settled(l *modelLoan, got answer, on ledger.Day, amount money.Amount) {
	price, lines := ledger.Settle(l.plain(), on, l.pricing())
	for i, line := range lines {
		if was := l.lines[i].Owed.Interest; was != line.Owed.Interest && l.lines[i].planned == nil {
			l.lines[i].planned = &was
		}
		l.lines[i].Owed, l.lines[i].Fixed = line.Owed, line.Fixed
	}
	parts, _ := ledger.Allocate(l.plain(), amount)
	tn.pay(nil, l, got, "settleLoanEarly", on, parts, &modelPayment{settles: true, fee: price.Fee})
	l.accrued = on
	tn.conclude(l, on)
}

// fined is the day through which penalties run on a day: on a loan that is written off not beyond the day on which they were charged last.
func (l *modelLoan) fined(on ledger.Day) ledger.Day {
	if l.in("WRITTEN_OFF") {
		return min(on, l.accrued)
	}
	return on
}

// conclude brings a loan to where its lines say that it stands on a day, or on the last that was looked at.
func (tn *lendingTown) conclude(l *modelLoan, on ledger.Day) {
	on = l.fined(max(on, l.accrued))
	l.charge(on)
	l.accrued = on
	was := l.status
	l.status = l.stands(on)
	switch {
	case was == l.status:
	case l.status == "SETTLED":
		l.each("HOLDING", "SETTLED")
	case was == "SETTLED":
		l.each("SETTLED", "HOLDING")
	}
}

func (l *modelLoan) charge(on ledger.Day) {
	lines := l.plain()
	ledger.Charge(lines, on, modelGrace, modelFine)
	for i := range lines {
		l.lines[i].Owed = lines[i].Owed
	}
}

func (l *modelLoan) stands(on ledger.Day) string {
	switch {
	case l.in("WRITTEN_OFF"):
		return l.status
	case ledger.Open(l.plain()).Sum() == 0:
		return "SETTLED"
	case l.defaulted:
		return "DEFAULTED"
	case ledger.DaysLate(l.plain(), on, modelGrace) > 0:
		return "OVERDUE"
	}
	return "REPAYING"
}

// reverse takes a payment back: what it paid is owed again.
func (tn *lendingTown) reverse(l *modelLoan, x *modelPayment) {
	x.reversed = true
	last := -1
	for i, line := range l.lines {
		if i < len(x.parts) && x.parts[i].Sum() > 0 {
			if line.Cancelled { // an extension replaced it: it is owed again as far as it was paid
				line.Cancelled, line.Owed, line.planned = false, line.Paid, nil
			}
			p := x.parts[i]
			line.Paid = ledger.Parts{Penalty: line.Paid.Penalty - p.Penalty, Interest: line.Paid.Interest - p.Interest, Principal: line.Paid.Principal - p.Principal}
			if at := slices.Index(line.Payments, ledger.Payment{On: x.on, Principal: p.Principal}); p.Principal > 0 && at >= 0 {
				line.Payments = slices.Delete(line.Payments, at, at+1)
			}
		}
		if x.settles && line.planned != nil {
			line.Owed.Interest, line.planned = *line.planned, nil
		}
		if !line.Cancelled && (last < 0 || line.Due >= l.lines[last].Due) {
			last = i
		}
	}
	if x.fee > 0 {
		l.lines[last].Fixed -= x.fee
		l.lines[last].Owed.Penalty = max(l.lines[last].Owed.Penalty-x.fee, l.lines[last].Paid.Penalty)
	}
	tn.conclude(l, x.on)
}

// ahead are the lines that are not due on a day and not paid.
func (l *modelLoan) ahead(on ledger.Day) (lines []*modelLine, principal money.Amount) {
	for _, x := range l.lines {
		if x.Due > on && x.Open().Sum() > 0 {
			lines, principal = append(lines, x), principal+x.Open().Principal
		}
	}
	return lines, principal
}

func (l *modelLoan) unextensible(months int, on ledger.Day) []string {
	if _, principal := l.ahead(on); principal == 0 {
		return []string{"NOT_ALLOWED_NOW"}
	}
	return when(months > min(12, 120-l.months), "OUT_OF_RANGE")
}

// extended takes the new plan from the house: how it is made has tests of its own. What it replaces, and that nothing is lost, the model knows.
func (tn *lendingTown) extended(t *rapid.T, l *modelLoan, months int) {
	gone, principal := l.ahead(tn.today)
	l.months += months
	newest := 0
	for _, x := range l.lines {
		newest = max(newest, x.plan)
	}
	got := tn.boss.ask(`query($id: ID!) { node(id: $id) { ... on Loan { installments(first: 100) { nodes { plan number dueOn principal interest penalty } } } } }`, vars{"id": l.id})
	var sum money.Amount
	for _, n := range got.at("node.installments.nodes").([]any) {
		m := n.(map[string]any)
		if int(m["plan"].(float64)) != newest+1 {
			continue
		}
		due, _ := ledger.ParseDay(m["dueOn"].(string))
		p, _ := money.ParseAmount(m["principal"].(string))
		i, _ := money.ParseAmount(m["interest"].(string))
		line := &modelLine{plan: newest + 1, number: int(m["number"].(float64)), Line: ledger.Line{Due: due, Owed: ledger.Parts{Interest: i, Principal: p}}}
		for _, x := range l.lines {
			if x.number == line.number {
				x.Replaced = due
			}
		}
		l.lines, sum = append(l.lines, line), sum+p
	}
	for _, x := range gone {
		x.Cancelled = true
	}
	if sum != principal {
		t.Fatalf("a new plan of %s for %s that is owed: %s", sum, principal, got)
	}
	l.sort()
}

// sort puts lines in the order in which they are paid, and what payments brought to them with them.
func (l *modelLoan) sort() {
	was := slices.Clone(l.lines)
	slices.SortStableFunc(l.lines, func(a, b *modelLine) int {
		return int(a.Due-b.Due)*1_000_000 + (a.plan-b.plan)*1000 + a.number - b.number
	})
	for _, x := range l.payments {
		parts := make([]ledger.Parts, len(l.lines))
		for i, line := range l.lines {
			if at := slices.Index(was, line); at < len(x.parts) {
				parts[i] = x.parts[at]
			}
		}
		x.parts = parts
	}
}
