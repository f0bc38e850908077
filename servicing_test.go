package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lenddesk/access"
	"lenddesk/ent/loan"
	"lenddesk/key"
	"lenddesk/money"
	"lenddesk/money/plan"
	"lenddesk/workflow/servicing"
)

// debt is a house with one loan that is funded, and the people around it.
type debt struct {
	*market
	funder, finance, manager *person
	investors                []*person
}

// funded is a loan of 30,000.00 at 12 % over three months, made of three bids.
func funded(t *testing.T, h *house, method loan.RepaymentMethod) *debt {
	t.Helper()
	d := &debt{market: &market{house: h, t: t}}
	d.borrower, d.owner = h.trader(t)
	d.lister = h.clerk(t, "lister", access.ListLoans)
	d.funder, d.finance = h.clerk(t, "funder", access.ReviewFunding), h.clerk(t, "finance", access.ReportPayments)
	d.manager = h.clerk(t, "manager", access.ManageLoans)
	d.fund(method)
	return d
}

// fund lists another loan and fills it.
func (d *debt) fund(method loan.RepaymentMethod) {
	d.t.Helper()
	d.loan = d.approved(d.t, d.owner, 30_000_00, 3, method)
	d.done(d.lister, "listLoan", "loan", terms(d.loan))
	d.investors = nil
	for _, amount := range []string{"10000.00", "9950.00", "10000.00", "50.00"} {
		p, _ := d.trader(d.t)
		if _, status, got := p.bid(d.loan, amount); status != "APPROVED" {
			d.t.Fatal(got)
		}
		d.investors = append(d.investors, p)
	}
}

// order approves the funding and tells the order's number.
func (d *debt) order() string {
	d.t.Helper()
	d.done(d.funder, "approveFunding", "loan", vars{"loanId": d.loan})
	return d.finance.ask(`query($id: ID!) { node(id: $id) { ... on Loan { orderNumber } } }`, vars{"id": d.loan}).text("node.orderNumber")
}

// paidOut has the loan paid out some days ago.
func (d *debt) paidOut(daysAgo int) {
	d.t.Helper()
	number := d.order()
	d.done(d.finance, "confirmDisbursement", "loan", vars{
		"loanId": d.loan, "orderNumber": number, "reference": fmt.Sprint("out ", lent.Add(1)), "disbursedAt": ago(daysAgo),
	})
}

func ago(days int) string { return time.Now().AddDate(0, 0, -days).UTC().Format(time.RFC3339) }

// pay reports a payment some days ago.
func (d *debt) pay(amount string, daysAgo int) answer {
	return d.finance.act("recordRepayment", "loan { status outstandingPrincipal } repayment { id penalty interest principal }",
		vars{"loanId": d.loan, "amount": amount, "paidAt": ago(daysAgo), "reference": fmt.Sprint("in ", lent.Add(1))})
}

// ends ends the business day, some days ago.
func (d *debt) ends(daysAgo int) {
	d.t.Helper()
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		d.t.Fatal(err)
	}
	if err := (&servicing.Office{Desk: d.desk}).EndDay(d.t.Context(), time.Now().In(zone).AddDate(0, 0, -daysAgo).Format(time.DateOnly)); err != nil {
		d.t.Fatal(err)
	}
}

// lines are the plan: due day apart, what is owed, paid, and how it stands.
func (d *debt) lines() string {
	got := d.finance.ask(`query($id: ID!) { node(id: $id) { ... on Loan { status installments { nodes { number principal interest penalty paid status } } } } }`, vars{"id": d.loan})
	var told []string
	for _, n := range got.at("node.installments.nodes").([]any) {
		m := n.(map[string]any)
		told = append(told, fmt.Sprint(m["principal"], "+", m["interest"], "+", m["penalty"], " ", m["paid"], " ", m["status"]))
	}
	return got.text("node.status") + ": " + strings.Join(told, ", ")
}

// derives computes every balance anew from the rows below it.
func (d *debt) derives() {
	d.t.Helper()
	d.keepsTheRules(d.t)
	for rule, query := range map[string]string{
		"what is paid on a line is what was allocated to it": `SELECT i.id FROM installments i LEFT JOIN (SELECT installment_id, SUM(penalty) AS pe, SUM(interest) AS ie, SUM(principal) AS pr
			FROM allocations WHERE NOT reversed GROUP BY installment_id) a ON a.installment_id = i.id
			WHERE i.bid_id IS NULL AND (i.paid_penalty <> COALESCE(a.pe, 0) OR i.paid_interest <> COALESCE(a.ie, 0) OR i.paid_principal <> COALESCE(a.pr, 0))`,
		"what a repayment brought is what was allocated of it": `SELECT r.id FROM repayments r JOIN (SELECT repayment_id, SUM(penalty) AS pe, SUM(interest) AS ie, SUM(principal) AS pr
			FROM allocations GROUP BY repayment_id) a ON a.repayment_id = r.id
			WHERE r.penalty <> a.pe OR r.interest <> a.ie OR r.principal <> a.pr OR r.amount <> a.pe + a.ie + a.pr`,
		"allocations stand with their repayment": `SELECT a.id FROM allocations a JOIN repayments r ON r.id = a.repayment_id WHERE a.reversed <> (r.reversed_at IS NOT NULL)`,
	} {
		if broken := rowsOf(d.t, d.store, query, func(scan func(...any) error) (n int64, err error) { return n, scan(&n) }); len(broken) > 0 {
			d.t.Errorf("not so: %s: %v", rule, broken)
		}
	}
}

func TestALoanIsPaidOutAndPaidBack(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := funded(t, h, loan.RepaymentMethodEqualInstallments)
		d.stands("filled", "FULLY_FUNDED", "30000.00", "30000.00")
		number := d.order()
		d.stands("approved", "AWAITING_DISBURSEMENT", "30000.00", "30000.00")
		confirm := func(change vars) answer {
			input := vars{"loanId": d.loan, "orderNumber": number, "reference": "out", "disbursedAt": ago(0)}
			for k, v := range change {
				input[k] = v
			}
			return d.finance.act("confirmDisbursement", "loan { id status }", input)
		}
		wantFaults(t, confirm(vars{"orderNumber": nil, "reference": " ", "disbursedAt": nil}), "confirmDisbursement", "REQUIRED orderNumber", "REQUIRED reference", "REQUIRED disbursedAt")
		wantFaults(t, confirm(vars{"disbursedAt": "now"}), "confirmDisbursement", "INVALID disbursedAt")
		wantFaults(t, confirm(vars{"disbursedAt": ago(-2)}), "confirmDisbursement", "OUT_OF_RANGE disbursedAt")
		wantFaults(t, confirm(vars{"orderNumber": number + "x"}), "confirmDisbursement", "CONFLICT orderNumber")
		when := ago(0)
		first := confirm(vars{"disbursedAt": when})
		want(t, "paid out: "+first.raw, first.text("confirmDisbursement.loan.status"), "REPAYING")
		want(t, "told again", confirm(vars{"disbursedAt": when}).text("confirmDisbursement.loan.status"), "REPAYING")
		wantFaults(t, confirm(vars{"disbursedAt": when, "reference": "other"}), "confirmDisbursement", "CONFLICT orderNumber")
		want(t, "the plan", d.lines(), "REPAYING: 9900.66+300.00+0.00 0.00 DUE, 9999.67+200.99+0.00 0.00 DUE, 10099.67+101.00+0.00 0.00 DUE")
		for i, p := range d.investors {
			got := p.ask(`{ bids { nodes { status outstandingPrincipal installments { totalCount } } } }`)
			want(t, "a bid", fmt.Sprint(got.at("bids.nodes.0.status"), got.at("bids.nodes.0.outstandingPrincipal"), got.at("bids.nodes.0.installments.totalCount")),
				"HOLDING"+[]string{"10000.00", "9950.00", "10000.00", "50.00"}[i]+"3")
		}
		d.derives()
		wantFaults(t, d.pay("0.00", 0), "recordRepayment", "OUT_OF_RANGE amount")
		wantFaults(t, d.pay("30602.00", 0), "recordRepayment", "AMOUNT_EXCEEDS_REMAINING amount")
		wantFaults(t, d.pay("1.00", 3), "recordRepayment", "OUT_OF_RANGE paidAt")
		part := d.pay("350.00", 0)
		want(t, "a part: "+part.raw, part.text("recordRepayment.repayment.interest")+" "+part.text("recordRepayment.repayment.principal"), "300.00 50.00")
		d.pay("10000.00", 0)
		want(t, "several lines", d.lines(), "REPAYING: 9900.66+300.00+0.00 10200.66 PAID, 9999.67+200.99+0.00 149.34 PARTLY_PAID, 10099.67+101.00+0.00 0.00 DUE")
		d.derives()
		same := vars{"loanId": d.loan, "amount": "10.00", "paidAt": ago(0), "reference": "twice"}
		once := d.finance.act("recordRepayment", "repayment { id }", same).text("recordRepayment.repayment.id")
		want(t, "the same report", d.finance.act("recordRepayment", "repayment { id }", same).text("recordRepayment.repayment.id"), once)
		same["amount"] = "11.00"
		wantFaults(t, d.finance.act("recordRepayment", "repayment { id }", same), "recordRepayment", "CONFLICT reference")
		last := d.pay("20241.99", 0)
		want(t, "all of it: "+last.raw, last.text("recordRepayment.loan.status")+" "+last.text("recordRepayment.loan.outstandingPrincipal"), "SETTLED 0.00")
		earned := money.Amount(0)
		for _, p := range d.investors {
			got := p.ask(`{ bids { nodes { status earned outstandingPrincipal } } }`)
			want(t, "a bid in the end", got.text("bids.nodes.0.status")+" "+got.text("bids.nodes.0.outstandingPrincipal"), "SETTLED 0.00")
			n, _ := money.ParseAmount(got.text("bids.nodes.0.earned"))
			earned += n
		}
		want(t, "earned by all", earned.String(), "601.99")
		d.derives()
		bounced := last.text("recordRepayment.repayment.id")
		wantFaults(t, d.finance.act("reverseRepayment", "loan { status }", vars{"repaymentId": bounced}), "reverseRepayment", "REQUIRED reason")
		back := d.finance.act("reverseRepayment", "loan { status } repayment { reversed }", vars{"repaymentId": bounced, "reason": "The bank returned it."})
		want(t, "bounced: "+back.raw, fmt.Sprint(back.at("reverseRepayment.loan.status"), back.at("reverseRepayment.repayment.reversed")), "REPAYINGtrue")
		wantFaults(t, d.finance.act("reverseRepayment", "loan { status }", vars{"repaymentId": bounced, "reason": "Again."}), "reverseRepayment", "NOT_ALLOWED_NOW repaymentId")
		want(t, "a bid then", d.investors[0].ask(`{ bids { nodes { status } } }`).text("bids.nodes.0.status"), "HOLDING")
		d.derives()
		want(t, "mails", d.written(t, d.owner), "loan_disbursed loan_settled")
	})
}

func TestADisbursementThatFails(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := funded(t, h, loan.RepaymentMethodBullet)
		number := d.order()
		fail := func(number string, bids ...string) answer {
			return d.finance.act("failDisbursement", "loan { status }", vars{"loanId": d.loan, "orderNumber": number, "reason": "No money on the card.", "failedBidIds": bids})
		}
		want(t, "as a whole", fail(number).text("failDisbursement.loan.status"), "FULLY_FUNDED")
		want(t, "told again", fail(number).text("failDisbursement.loan.status"), "FULLY_FUNDED")
		d.derives()
		other := d.order()
		if other == number {
			t.Error("two orders under one number")
		}
		wantFaults(t, fail(number, "bid_0000000000000"), "failDisbursement", "NOT_FOUND failedBidIds.0")
		first := d.investors[0].ask(`{ bids { nodes { id } } }`).text("bids.nodes.0.id")
		wantFaults(t, fail(number, first), "failDisbursement", "CONFLICT orderNumber")
		wantFaults(t, fail(other, first, first), "failDisbursement", "INVALID failedBidIds.1")
		want(t, "of one bid", fail(other, first).text("failDisbursement.loan.status"), "BIDDING")
		d.stands("open again", "BIDDING", "20000.00", "20000.00")
		want(t, "its bid", d.investors[0].ask(`{ bids { nodes { status } } }`).text("bids.nodes.0.status"), "RELEASED")
		d.derives()
		if _, status, got := d.investors[1].bid(d.loan, "10000.00"); status != "APPROVED" {
			t.Fatal(got)
		}
		d.paidOut(0)
		d.derives()
		d.fund(loan.RepaymentMethodBullet)
		want(t, "refused", d.done(d.funder, "rejectFunding", "loan", vars{"loanId": d.loan, "reason": "Not clear where the money comes from."}), "LISTING_FAILED")
		d.stands("refused", "LISTING_FAILED", "0.00", "0.00")
		d.derives()
	})
}

func TestWhoFundsALoanHasNeitherApprovedItNorReportsItsPayment(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := funded(t, h, loan.RepaymentMethodBullet)
		both := h.clerk(t, "both", access.ReviewFunding, access.ReportPayments)
		_, number, _ := h.desk.IDs.Decode(d.loan)
		h.exec(t, fmt.Sprintf(`INSERT INTO reviews (created_at, subject_type, subject_id, step, round, decision, reviewer_id)
			SELECT l.created_at, 'Loan', l.id, 'APPLICATION', 1, 'APPROVED', s.id FROM loans l, staff s WHERE l.id = %d AND s.name = 'both'`, number))
		wantFaults(t, both.act("approveFunding", "loan { id }", vars{"loanId": d.loan}), "approveFunding", "SAME_PERSON")
		wantFaults(t, both.act("rejectFunding", "loan { id }", vars{"loanId": d.loan, "reason": "x"}), "rejectFunding", "SAME_PERSON")
		h.exec(t, "DELETE FROM reviews WHERE step = 'APPLICATION'")
		d.done(both, "approveFunding", "loan", vars{"loanId": d.loan})
		order := both.ask(`query($id: ID!) { node(id: $id) { ... on Loan { orderNumber } } }`, vars{"id": d.loan}).text("node.orderNumber")
		report := vars{"loanId": d.loan, "orderNumber": order, "reference": "r", "disbursedAt": ago(0)}
		wantFaults(t, both.act("confirmDisbursement", "loan { id }", report), "confirmDisbursement", "SAME_PERSON")
		want(t, "by another", d.done(d.finance, "confirmDisbursement", "loan", report), "REPAYING")
	})
}

func TestALateLoanIsOverdueCuredDefaultedAndWrittenOff(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := funded(t, h, loan.RepaymentMethodEqualPrincipal)
		d.paidOut(300) // three lines, the last due more than 200 days ago
		d.ends(290)
		want(t, "not yet due", strings.HasPrefix(d.lines(), "REPAYING"), true)
		first := rowsOf(t, h.store, "SELECT due_on FROM installments WHERE bid_id IS NULL ORDER BY number", func(scan func(...any) error) (s string, err error) { return s, scan(&s) })[0]
		due, _ := time.Parse(time.DateOnly, first)
		end := func(day time.Time) {
			t.Helper()
			for range 2 { // twice is as once
				if err := (&servicing.Office{Desk: h.desk}).EndDay(t.Context(), day.Format(time.DateOnly)); err != nil {
					t.Fatal(err)
				}
			}
		}
		end(due)
		want(t, "on its day", strings.HasPrefix(d.lines(), "REPAYING"), true)
		end(due.AddDate(0, 0, 10))
		want(t, "ten days later", d.lines(), "OVERDUE: 10000.00+300.00+49.32 0.00 OVERDUE, 10000.00+200.00+0.00 0.00 DUE, 10000.00+100.00+0.00 0.00 DUE")
		end(due.AddDate(0, 0, 5)) // an earlier day changes nothing
		want(t, "still", strings.HasPrefix(d.lines(), "OVERDUE: 10000.00+300.00+49.32"), true)
		d.derives()
		at := func(day time.Time) string { return day.Add(4 * time.Hour).Format(time.RFC3339) }
		report := func(amount string, day time.Time) answer {
			return d.finance.act("recordRepayment", "loan { status } repayment { id penalty interest principal }",
				vars{"loanId": d.loan, "amount": amount, "paidAt": at(day), "reference": fmt.Sprint("late ", lent.Add(1))})
		}
		cured := report("10349.32", due.AddDate(0, 0, 10))
		want(t, "cured: "+cured.raw, cured.text("recordRepayment.loan.status"), "REPAYING")
		d.derives()
		bounced := cured.text("recordRepayment.repayment.id")
		back := d.finance.act("reverseRepayment", "loan { status }", vars{"repaymentId": bounced, "reason": "Returned."})
		want(t, "bounced: "+back.raw, back.text("reverseRepayment.loan.status"), "OVERDUE")
		d.derives()
		again := report("10349.32", due.AddDate(0, 0, 10)) // the penalty of that day, though more has passed since
		want(t, "paid then, reported later", again.text("recordRepayment.repayment.principal"), "10000.00")
		d.derives()
		second := due.AddDate(0, 1, 0)
		end(second.AddDate(0, 0, 80))
		wantFaults(t, d.manager.act("writeOffLoan", "loan { id }", vars{"loanId": d.loan, "reason": "x"}), "writeOffLoan", "NOT_ALLOWED_NOW")
		want(t, "by hand", d.done(d.manager, "defaultLoan", "loan", vars{"loanId": d.loan, "reason": "Does not answer."}), "DEFAULTED")
		partly := report("5000.00", second.AddDate(0, 0, 85))
		want(t, "after the default: "+partly.raw, partly.text("recordRepayment.loan.status"), "DEFAULTED")
		d.derives()
		d.ends(0)
		want(t, "in the end", strings.HasPrefix(d.lines(), "WRITTEN_OFF"), true)
		d.derives()
		lost := d.investors[0].ask(`{ bids { nodes { status lost outstandingPrincipal } } }`)
		want(t, "a bid: "+lost.raw, lost.text("bids.nodes.0.status"), "WRITTEN_OFF")
		recovered := d.pay("3000.00", 0)
		want(t, "a recovery: "+recovered.raw, recovered.text("recordRepayment.loan.status")+recovered.text("recordRepayment.repayment.principal"), "WRITTEN_OFF3000.00")
		after := d.investors[0].ask(`{ bids { nodes { lost } } }`)
		was, _ := money.ParseAmount(lost.text("bids.nodes.0.lost"))
		now, _ := money.ParseAmount(after.text("bids.nodes.0.lost"))
		want(t, "shared", (was - now).String(), "1000.00")
		d.derives()
		events := d.finance.ask(`query($id: ID!) { node(id: $id) { ... on Loan { timeline(first: 100) { nodes { kind } } } } }`, vars{"id": d.loan})
		story := strings.Join(kinds(events, "node.timeline.nodes"), " ")
		for _, kind := range []string{"WRITE_OFF_LOAN", "DEFAULT_LOAN", "MARK_OVERDUE", "CONFIRM_DISBURSEMENT", "APPROVE_FUNDING"} {
			if !strings.Contains(story, kind) {
				t.Errorf("the story has no %s: %s", kind, story)
			}
		}
	})
}

func TestALoanIsWrittenOffByHand(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := funded(t, h, loan.RepaymentMethodEqualPrincipal)
		d.paidOut(100)
		d.ends(60)
		reason := vars{"loanId": d.loan, "reason": "Has left the country."}
		wantFaults(t, d.manager.act("writeOffLoan", "loan { id }", reason), "writeOffLoan", "NOT_ALLOWED_NOW")
		d.done(d.manager, "defaultLoan", "loan", reason)
		wantFaults(t, d.manager.act("writeOffLoan", "loan { id }", vars{"loanId": d.loan}), "writeOffLoan", "REQUIRED reason")
		want(t, "the loan", d.done(d.manager, "writeOffLoan", "loan", reason), "WRITTEN_OFF")
		for i, p := range d.investors {
			got := p.ask(`{ bids { nodes { status lost outstandingPrincipal } } }`)
			want(t, "a bid", got.text("bids.nodes.0.status")+" "+got.text("bids.nodes.0.lost")+" "+got.text("bids.nodes.0.outstandingPrincipal"),
				"WRITTEN_OFF "+[]string{"10000.00", "9950.00", "10000.00", "50.00"}[i]+" 0.00")
		}
		d.derives()
	})
}

func TestAPaymentOfALoanThatIsGivenUpBounces(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := funded(t, h, loan.RepaymentMethodEqualPrincipal)
		d.paidOut(400) // three lines, the last due more than 300 days ago
		d.ends(340)    // the first is late
		// told is what everybody is told of the loan, and of the bids what is lost and what is still to come.
		told := func() string {
			said := d.lines()
			for _, p := range d.investors {
				got := p.ask(`{ bids { nodes { status lost outstandingPrincipal earned } } }`)
				said += fmt.Sprint("; ", got.at("bids.nodes.0.status"), " ", got.at("bids.nodes.0.lost"), " ", got.at("bids.nodes.0.outstandingPrincipal"), " ", got.at("bids.nodes.0.earned"))
			}
			return said
		}
		paid := func(amount string, daysAgo int) (id string) {
			t.Helper()
			got := d.pay(amount, daysAgo)
			if id = got.text("recordRepayment.repayment.id"); id == "" {
				t.Fatal(got)
			}
			d.derives()
			return id
		}
		bounces := func(id string) string {
			t.Helper()
			got := d.finance.act("reverseRepayment", "loan { status availableActions { mutation allowed } } repayment { reversed }", vars{"repaymentId": id, "reason": "The bank returned it."})
			want(t, "reversed: "+got.raw, got.at("reverseRepayment.repayment.reversed"), any(true))
			d.derives()
			return got.text("reverseRepayment.loan.status")
		}
		early := paid("8000.00", 345)
		d.ends(290)
		want(t, "in default", d.done(d.manager, "defaultLoan", "loan", vars{"loanId": d.loan, "reason": "Does not answer."}), "DEFAULTED")
		before := told()
		want(t, "paid in default", bounces(paid("5000.00", 290)), "DEFAULTED")
		want(t, "as if it had never come", told(), before)
		owed := rowsOf(t, h.store, "SELECT SUM(penalty + interest + principal - paid_penalty - paid_interest - paid_principal) FROM installments WHERE bid_id IS NULL",
			func(scan func(...any) error) (n int64, err error) { return n, scan(&n) })[0]
		want(t, "all of it paid in default", bounces(paid(money.Amount(owed).String(), 290)), "DEFAULTED")
		want(t, "as if it had never come", told(), before)
		d.ends(150)
		before = told()
		want(t, "lost", strings.HasPrefix(before, "WRITTEN_OFF"), true)

		first, second := paid("3000.00", 100), paid("600.00", 50)
		want(t, "a recovery", bounces(first), "WRITTEN_OFF")
		want(t, "the other", bounces(second), "WRITTEN_OFF")
		want(t, "as if they had never come", told(), before)
		wantFaults(t, d.finance.act("reverseRepayment", "loan { id }", vars{"repaymentId": first, "reason": "Again."}), "reverseRepayment", "NOT_ALLOWED_NOW repaymentId")
		want(t, "came before, was told after", bounces(paid("100.00", 200)), "WRITTEN_OFF")
		want(t, "as if it had never come", told(), before)

		// What was paid long before bounces, too: that is lost as well, with the penalties of the day on which the rest was given up.
		want(t, "the lines: "+before, strings.HasPrefix(before, "WRITTEN_OFF: 10000.00+300.00+"), true)
		want(t, "paid before the write-off", bounces(early), "WRITTEN_OFF")
		never := told()
		due, _ := time.Parse(time.DateOnly, rowsOf(t, h.store, "SELECT due_on FROM installments WHERE bid_id IS NULL ORDER BY number", func(scan func(...any) error) (s string, err error) { return s, scan(&s) })[0])
		accrued := rowsOf(t, h.store, "SELECT accrued_on FROM loans WHERE status = 'WRITTEN_OFF'", func(scan func(...any) error) (s string, err error) { return s, scan(&s) })[0]
		on, _ := time.Parse(time.DateOnly, accrued)
		want(t, "the first line", strings.HasPrefix(never, "WRITTEN_OFF: 10000.00+300.00+"+plan.Accrued(10_000_00, 18_0000, int(on.Sub(due).Hours()/24)).String()+" 0.00 OVERDUE"), true)
		lost := d.investors[0].ask(`{ bids { nodes { lost outstandingPrincipal } } }`)
		want(t, "a third of everything: "+lost.raw, lost.text("bids.nodes.0.lost")+" "+lost.text("bids.nodes.0.outstandingPrincipal"), "10000.00 0.00")
		again := paid("30000.00", 0) // the principal first
		none := d.investors[0].ask(`{ bids { nodes { lost } } }`)
		want(t, "nothing lost: "+none.raw, none.text("bids.nodes.0.lost"), "0.00")
		bounces(again)
		want(t, "as it was", told(), never)
	})
}

func TestALoanIsSettledEarlyAtItsPrice(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := funded(t, h, loan.RepaymentMethodInterestOnly)
		d.paidOut(10)
		quote := func(p *person) answer {
			return p.ask(`query($id: ID!) { quoteEarlySettlement(loanId: $id) { totalPayment totalInterest installments { principal interest payment dueOn } } }`, vars{"id": d.loan})
		}
		// 30,000.00 + 12 % of it for 10 days + 1 % fee
		price := quote(d.borrower)
		want(t, "the price: "+price.raw, price.text("quoteEarlySettlement.totalPayment"), "30398.63")
		want(t, "for staff", quote(d.finance).text("quoteEarlySettlement.totalPayment"), "30398.63")
		want(t, "for an investor", quote(d.investors[0]).at("quoteEarlySettlement"), any(nil))
		settle := func(amount string) answer {
			return d.finance.act("settleLoanEarly", "loan { status } repayment { id amount penalty interest principal }",
				vars{"loanId": d.loan, "amount": amount, "paidAt": ago(0), "reference": fmt.Sprint("early ", lent.Add(1))})
		}
		wantFaults(t, settle("30398.62"), "settleLoanEarly", "OUT_OF_RANGE amount")
		before := d.lines()
		done := settle("30398.63")
		want(t, "settled: "+done.raw, done.text("settleLoanEarly.loan.status")+" "+done.text("settleLoanEarly.repayment.penalty")+" "+done.text("settleLoanEarly.repayment.interest"), "SETTLED 300.00 98.63")
		want(t, "its lines", d.lines(), "SETTLED: 0.00+98.63+0.00 98.63 PAID, 0.00+0.00+0.00 0.00 PAID, 30000.00+0.00+300.00 30300.00 PAID")
		d.derives()
		wantFaults(t, settle("30398.63"), "settleLoanEarly", "NOT_ALLOWED_NOW")
		back := d.finance.act("reverseRepayment", "loan { status }", vars{"repaymentId": done.text("settleLoanEarly.repayment.id"), "reason": "Returned."})
		want(t, "bounced: "+back.raw, back.text("reverseRepayment.loan.status"), "REPAYING")
		want(t, "the plan is as it was", d.lines(), before)
		d.derives()
		d.pay("100.00", 0)
		want(t, "interest that was paid ahead is counted", quote(d.borrower).text("quoteEarlySettlement.totalPayment"), "30300.00")
		d.derives()
	})
}

// Whatever a loan needs of its borrower's card it keeps: who reads a bid's plan is its investor alone.
func TestAPlanIsSeenByWhoseItIs(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := funded(t, h, loan.RepaymentMethodBullet)
		d.paidOut(1)
		look := `query($id: ID!) { node(id: $id) { ... on Loan { orderNumber installments { totalCount } repayments { totalCount } } } }`
		want(t, "the borrower", d.borrower.ask(look, vars{"id": d.loan}).at("node.installments.totalCount"), any(1.0))
		want(t, "an investor", d.investors[0].ask(look, vars{"id": d.loan}).at("node.installments.totalCount"), any(0.0))
		rows := rowsOf(t, h.store, "SELECT id FROM installments WHERE bid_id IS NOT NULL ORDER BY id", func(scan func(...any) error) (n int64, err error) { return n, scan(&n) })
		theirs := vars{"id": h.desk.IDs.Encode(key.KindInstallment, rows[0])}
		if d.investors[0].ask(`query($id: ID!) { node(id: $id) { id } }`, theirs).at("node") == nil || d.investors[1].ask(`query($id: ID!) { node(id: $id) { id } }`, theirs).at("node") != nil {
			t.Error("a share is seen by another investor, or not by its own")
		}
	})
}

// asks makes a request of the borrower and tells its id.
func (d *debt) asks(mutation string, more vars) string {
	d.t.Helper()
	input := vars{"loanId": d.loan}
	for k, v := range more {
		input[k] = v
	}
	got := d.borrower.act(mutation, "serviceRequest { id status }", input)
	if got.text(mutation+".serviceRequest.status") != "REQUESTED" {
		d.t.Fatalf("%s: %s", mutation, got)
	}
	return got.text(mutation + ".serviceRequest.id")
}

// decides decides on a request.
func (d *debt) decides(request string, approve bool, more vars) answer {
	d.t.Helper()
	input := vars{"serviceRequestId": request, "approve": approve}
	for k, v := range more {
		input[k] = v
	}
	return d.manager.act("decideServiceRequest", "serviceRequest { id status months quotedAmount validUntil decisionReason }", input)
}

// plans are the lines with the plan that they belong to.
func (d *debt) plans() string {
	got := d.finance.ask(`query($id: ID!) { node(id: $id) { ... on Loan { termMonths outstandingPrincipal installments { nodes { plan number principal interest paid status } } } } }`, vars{"id": d.loan})
	var told []string
	for _, n := range got.at("node.installments.nodes").([]any) {
		m := n.(map[string]any)
		told = append(told, fmt.Sprint(m["plan"], ".", m["number"], " ", m["principal"], "+", m["interest"], " ", m["paid"], " ", m["status"]))
	}
	return fmt.Sprint(got.at("node.termMonths"), " ", got.at("node.outstandingPrincipal"), ": ", strings.Join(told, ", "))
}

func TestAnExtensionMakesANewPlanOfWhatIsNotDue(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := funded(t, h, loan.RepaymentMethodEqualPrincipal)
		d.paidOut(40) // the first line was due some days ago
		d.ends(0)
		ask := func(p *person, more vars) answer {
			input := vars{"loanId": d.loan, "months": 2, "reason": "The machine comes later."}
			for k, v := range more {
				input[k] = v
			}
			return p.act("requestExtension", "serviceRequest { id status kind months reason loan { id } availableActions { mutation } timeline { nodes { kind } } }", input)
		}
		wantFaults(t, ask(d.borrower, vars{"months": nil, "reason": " "}), "requestExtension", "REQUIRED months", "REQUIRED reason")
		wantFaults(t, ask(d.borrower, vars{"months": 0}), "requestExtension", "OUT_OF_RANGE months")
		wantFaults(t, ask(d.borrower, vars{"months": 13}), "requestExtension", "OUT_OF_RANGE months")
		wantFaults(t, ask(d.borrower, vars{"expectedVersion": 1}), "requestExtension", "CONFLICT expectedVersion")
		wantFaults(t, ask(d.investors[0], nil), "requestExtension", "NOT_FOUND loanId")
		wantCodes(t, ask(d.manager, nil), "FORBIDDEN")
		asked := ask(d.borrower, nil)
		request := asked.text("requestExtension.serviceRequest.id")
		want(t, "asked: "+asked.raw, asked.text("requestExtension.serviceRequest.timeline.nodes.0.kind"), "REQUEST_EXTENSION")
		wantFaults(t, ask(d.borrower, nil), "requestExtension", "NOT_ALLOWED_NOW")
		queue := d.manager.ask(`{ reviewQueue(kind: SERVICE_REQUEST) { nodes { subject { ... on ServiceRequest { id availableActions { mutation allowed } } } } } }`)
		want(t, "it waits: "+queue.raw, queue.text("reviewQueue.nodes.0.subject.id"), request)
		want(t, "to be decided", fmt.Sprint(queue.at("reviewQueue.nodes.0.subject.availableActions.0")), "map[allowed:true mutation:decideServiceRequest]")
		claimed := d.manager.act("claimReview", "reviewItem { claimedBy { name } }", vars{"subjectId": request, "step": "SERVICE_REQUEST"})
		want(t, "claimed: "+claimed.raw, claimed.text("claimReview.reviewItem.claimedBy.name"), "manager")

		// The first line, and some of the second line's interest ahead.
		first := d.finance.ask(`query($id: ID!) { node(id: $id) { ... on Loan { installments { nodes { penalty } } } } }`, vars{"id": d.loan}).text("node.installments.nodes.0.penalty")
		penalty, _ := money.ParseAmount(first)
		d.pay((10300_00 + penalty).String(), 0)
		ahead := d.pay("150.00", 0).text("recordRepayment.repayment.id")
		if got := d.decides(request, false, vars{"reason": ""}); len(got.faults("decideServiceRequest")) != 1 {
			t.Errorf("rejected without a reason: %s", got)
		}
		wantCodes(t, d.borrower.act("decideServiceRequest", "serviceRequest { id }", vars{"serviceRequestId": request, "approve": true}), "FORBIDDEN")
		wantFaults(t, d.manager.act("decideServiceRequest", "serviceRequest { id }", vars{"serviceRequestId": "request_0000000000000"}), "decideServiceRequest", "REQUIRED approve", "NOT_FOUND serviceRequestId")
		before := d.plans()
		h.set(t, "MAX_TERM_MONTHS", "4")
		wantFaults(t, d.decides(request, true, nil), "decideServiceRequest", "OUT_OF_RANGE")
		want(t, "refused, nothing has changed", d.plans(), before)
		h.set(t, "MAX_TERM_MONTHS", "120")
		got := d.decides(request, true, vars{"reason": "Agreed.", "expectedVersion": 1})
		want(t, "approved: "+got.raw, got.text("decideServiceRequest.serviceRequest.status"), "APPROVED")
		d.derives()
		wantFaults(t, d.decides(request, true, nil), "decideServiceRequest", "NOT_ALLOWED_NOW")
		line := fmt.Sprint("1.1 10000.00+300.00 ", (10300_00 + penalty).String(), " PAID, ")
		want(t, "the plans", d.plans(), "5 20000.00: "+line+"1.2 10000.00+200.00 150.00 CANCELLED, 2.2 5000.00+50.00 0.00 DUE, "+
			"1.3 10000.00+100.00 0.00 CANCELLED, 2.3 5000.00+150.00 0.00 DUE, 2.4 5000.00+100.00 0.00 DUE, 2.5 5000.00+50.00 0.00 DUE")
		for i, p := range d.investors {
			want(t, "a bid", p.ask(`{ bids { nodes { outstandingPrincipal } } }`).text("bids.nodes.0.outstandingPrincipal"), []string{"6666.67", "6633.33", "6666.67", "33.33"}[i])
		}
		back := d.finance.act("reverseRepayment", "loan { status }", vars{"repaymentId": ahead, "reason": "The bank returned it."})
		want(t, "what was paid ahead bounced: "+back.raw, back.text("reverseRepayment.loan.status"), "REPAYING")
		want(t, "it is owed again", d.plans(), "5 20000.00: "+line+"1.2 0.00+150.00 0.00 DUE, 2.2 5000.00+50.00 0.00 DUE, "+
			"1.3 10000.00+100.00 0.00 CANCELLED, 2.3 5000.00+150.00 0.00 DUE, 2.4 5000.00+100.00 0.00 DUE, 2.5 5000.00+50.00 0.00 DUE")
		d.derives()
		d.decides(d.asks("requestExtension", vars{"months": 1, "reason": "Once more."}), true, nil)
		want(t, "once more", d.plans(), "6 20000.00: "+line+"1.2 0.00+150.00 0.00 CANCELLED, 2.2 5000.00+50.00 0.00 CANCELLED, 3.2 4000.00+200.00 0.00 DUE, "+
			"1.3 10000.00+100.00 0.00 CANCELLED, 2.3 5000.00+150.00 0.00 CANCELLED, 3.3 4000.00+160.00 0.00 DUE, 2.4 5000.00+100.00 0.00 CANCELLED, 3.4 4000.00+120.00 0.00 DUE, "+
			"2.5 5000.00+50.00 0.00 CANCELLED, 3.5 4000.00+80.00 0.00 DUE, 3.6 4000.00+40.00 0.00 DUE")
		d.derives()
		request = d.asks("requestExtension", vars{"months": 1, "reason": "And again."})
		refused := d.decides(request, false, vars{"reason": "Twice is enough."})
		want(t, "rejected: "+refused.raw, refused.text("decideServiceRequest.serviceRequest.status")+" "+refused.text("decideServiceRequest.serviceRequest.decisionReason"), "REJECTED Twice is enough.")
		request = d.asks("requestExtension", vars{"months": 1, "reason": "And again."})
		last := d.pay("20600.00", 0)
		want(t, "all of it: "+last.raw, last.text("recordRepayment.loan.status"), "SETTLED")
		d.derives()
		wantFaults(t, d.decides(request, true, nil), "decideServiceRequest", "NOT_ALLOWED_NOW")
		want(t, "of a loan that has ended only the refusal is left", d.decides(request, false, vars{"reason": "It is paid back."}).text("decideServiceRequest.serviceRequest.status"), "REJECTED")
		d.derives()
		want(t, "the mails", d.written(t, d.owner), "loan_disbursed loan_overdue loan_extended loan_extended request_rejected loan_settled request_rejected")
		story := kinds(d.finance.ask(`query($id: ID!) { node(id: $id) { ... on Loan { timeline { nodes { kind } } } } }`, vars{"id": d.loan}), "node.timeline.nodes")
		want(t, "its story", strings.Join(story, " "), "RECORD_REPAYMENT EXTEND_LOAN REVERSE_REPAYMENT EXTEND_LOAN RECORD_REPAYMENT RECORD_REPAYMENT MARK_OVERDUE CONFIRM_DISBURSEMENT "+
			"APPROVE_FUNDING FILL_LISTING LIST_LOAN APPROVE_LOAN_APPLICATION APPROVE_LOAN_MATERIALS SUBMIT_LOAN_APPLICATION APPLY_FOR_LOAN")
		reviews := d.borrower.ask(`query($id: ID!) { node(id: $id) { ... on ServiceRequest { timeline { nodes { kind reason } } } } }`, vars{"id": request})
		want(t, "the request's story", reviews.text("node.timeline.nodes.0.kind")+" "+reviews.text("node.timeline.nodes.0.reason"), "DECIDE_SERVICE_REQUEST It is paid back.")
	})
}

func TestABulletLoanIsExtendedAndNobodyDecidesTheirOwn(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := funded(t, h, loan.RepaymentMethodBullet)
		d.paidOut(10)
		d.pay("20900.00", 0) // all of the interest, and 20,000.00 of the principal
		request := d.asks("requestExtension", vars{"months": 3, "reason": "The harvest is late."})
		h.exec(t, fmt.Sprintf("UPDATE staff SET phone = (SELECT phone FROM users WHERE id = %d), phone_hash = (SELECT phone_hash FROM users WHERE id = %d) WHERE name = 'manager'", d.owner, d.owner))
		wantFaults(t, d.decides(request, true, nil), "decideServiceRequest", "SAME_PERSON")
		h.exec(t, "UPDATE staff SET phone = NULL, phone_hash = NULL WHERE name = 'manager'")
		h.exec(t, fmt.Sprintf("UPDATE users SET status = 'SUSPENDED' WHERE id = %d", d.owner))
		wantFaults(t, d.decides(request, true, nil), "decideServiceRequest", "NOT_ELIGIBLE")
		h.exec(t, fmt.Sprintf("UPDATE users SET status = 'ACTIVE' WHERE id = %d", d.owner))
		want(t, "approved", d.decides(request, true, nil).text("decideServiceRequest.serviceRequest.status"), "APPROVED")
		want(t, "interest of the months more only", d.plans(), "6 10000.00: 1.1 30000.00+900.00 20900.00 CANCELLED, 2.1 10000.00+300.00 0.00 DUE")
		d.derives()
		dues := rowsOf(t, h.store, "SELECT due_on FROM installments WHERE bid_id IS NULL ORDER BY plan", func(scan func(...any) error) (s string, err error) { return s, scan(&s) })
		was, _ := time.Parse(time.DateOnly, dues[0])
		now, _ := time.Parse(time.DateOnly, dues[1])
		if days := now.Sub(was).Hours() / 24; days < 88 || days > 93 {
			t.Errorf("due on %v instead of %v", now, was)
		}
		// When the old line's day is over, interest that was paid ahead for it is not asked for again.
		quote := d.borrower.ask(`query($id: ID!, $on: Date) { quoteEarlySettlement(loanId: $id, on: $on) { totalPayment } }`, vars{"id": d.loan, "on": was.AddDate(0, 0, 5).Format(time.DateOnly)})
		want(t, "the price then: "+quote.raw, quote.text("quoteEarlySettlement.totalPayment"), "10100.00")
		d.pay("10300.00", 0)
		want(t, "in the end", strings.HasPrefix(d.lines(), "SETTLED"), true)
		d.derives()
	})
}

func TestAnApprovedEarlySettlementIsAQuoteThatHolds(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := funded(t, h, loan.RepaymentMethodInterestOnly)
		d.paidOut(10)
		request := d.asks("requestEarlySettlement", nil)
		wantFaults(t, d.borrower.act("requestEarlySettlement", "serviceRequest { id }", vars{"loanId": d.loan}), "requestEarlySettlement", "NOT_ALLOWED_NOW")
		offered := d.borrower.ask(listingLook, vars{"id": d.loan})
		for name, allowed := range map[string]bool{"requestEarlySettlement": false, "requestExtension": true} {
			if !strings.Contains(offered.raw, fmt.Sprintf(`"mutation":%q,"allowed":%v`, name, allowed)) {
				t.Errorf("%s is not offered as %v: %s", name, allowed, offered)
			}
		}
		got := d.decides(request, true, nil)
		want(t, "approved: "+got.raw, got.text("decideServiceRequest.serviceRequest.quotedAmount"), "30398.63")
		until, _ := time.Parse(time.RFC3339, got.text("decideServiceRequest.serviceRequest.validUntil"))
		if left := time.Until(until).Hours() / 24; left <= 3 || left > 4 {
			t.Errorf("the quote holds until %v", until)
		}
		// As if it had been approved two days ago, at the price of then.
		h.exec(t, "UPDATE service_requests SET quoted_on = $1, valid_until = $2", time.Now().In(time.FixedZone("", 8*3600)).AddDate(0, 0, -2).Format(time.DateOnly), until.AddDate(0, 0, -2))
		price := func() string {
			return d.borrower.ask(`query($id: ID!) { quoteEarlySettlement(loanId: $id) { totalPayment } }`, vars{"id": d.loan}).text("quoteEarlySettlement.totalPayment")
		}
		want(t, "the price of two days ago", price(), "30378.90")
		paid := d.pay("100.00", 0)
		want(t, "what is paid meanwhile is taken off", price(), "30300.00")
		d.finance.act("reverseRepayment", "loan { id }", vars{"repaymentId": paid.text("recordRepayment.repayment.id"), "reason": "Returned."})
		settle := func(amount string) answer {
			return d.finance.act("settleLoanEarly", "loan { status } repayment { id interest }", vars{"loanId": d.loan, "amount": amount, "paidAt": ago(0), "reference": fmt.Sprint("quoted ", lent.Add(1))})
		}
		wantFaults(t, settle("30378.89"), "settleLoanEarly", "OUT_OF_RANGE amount")
		done := settle("30378.90")
		want(t, "settled: "+done.raw, done.text("settleLoanEarly.loan.status")+" "+done.text("settleLoanEarly.repayment.interest"), "SETTLED 78.90")
		d.derives()
		back := d.finance.act("reverseRepayment", "loan { status }", vars{"repaymentId": done.text("settleLoanEarly.repayment.id"), "reason": "Returned."})
		want(t, "bounced: "+back.raw, back.text("reverseRepayment.loan.status"), "REPAYING")
		d.derives()
		h.exec(t, "UPDATE service_requests SET valid_until = $1", time.Now().Add(-time.Minute))
		want(t, "when it has run out", price(), "30398.63")
		wantFaults(t, settle("30378.90"), "settleLoanEarly", "OUT_OF_RANGE amount")
		h.exec(t, "UPDATE service_requests SET valid_until = $1", until)
		d.decides(d.asks("requestExtension", vars{"months": 1, "reason": "Not yet."}), true, nil)
		want(t, "a new plan ends it", price(), "30398.63")
		want(t, "the mails", d.written(t, d.owner), "loan_disbursed settlement_quoted loan_settled loan_extended")
		want(t, "settled at today's price", settle("30398.63").text("settleLoanEarly.loan.status"), "SETTLED")
		d.derives()
	})
}

// A line that is late stays owed as it is, and its penalty goes on, whatever follows it.
func TestWhatIsLateStaysLateWhenALoanIsExtended(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := funded(t, h, loan.RepaymentMethodEqualInstallments)
		d.paidOut(40)
		d.ends(0)
		first := func() string { return strings.SplitN(strings.TrimPrefix(d.lines(), "OVERDUE: "), ",", 2)[0] }
		before := first()
		d.decides(d.asks("requestExtension", vars{"months": 9, "reason": "The machine comes later."}), true, nil)
		want(t, "the late line", first(), before)
		if !strings.Contains(before, "OVERDUE") {
			t.Error(before)
		}
		d.derives()
		d.ends(-3)
		if first() == before {
			t.Error("its penalty has stopped")
		}
		d.derives()
	})
}
