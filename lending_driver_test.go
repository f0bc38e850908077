package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"lenddesk/access"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/money"
	"lenddesk/money/ledger"
	"lenddesk/money/plan"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/store/storetest"
	"lenddesk/workflow/marketplace"
	"lenddesk/workflow/servicing"
)

func TestLoansFollowTheModelWhateverHappensInWhateverOrder(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // longer by -rapid.checks
		if err := f.Value.Set("5"); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Value.Set(f.DefValue) }()
	}
	if f := flag.Lookup("rapid.steps"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("80"); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Value.Set(f.DefValue) }()
	}
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			var tn *lendingTown
			rapid.Check(t, func(r *rapid.T) {
				// The program works the end of the real day every ten minutes, which is ahead of the model's: it does not live so long.
				if tn == nil || time.Since(tn.born) > 8*time.Minute {
					tn = openLendingTown(t, dialect)
				}
				tn.settle(t, r)
				r.Repeat(map[string]func(*rapid.T){"step": tn.step, "": tn.agrees})
				tn.derives(t, r)
			})
		})
	}
}

// step is something that happens.
func (tn *lendingTown) step(t *rapid.T) {
	move := func(t *rapid.T) { tn.move(t, "") }
	pay := func(t *rapid.T) { tn.move(t, "recordRepayment") }
	pick(t, "step", []func(*rapid.T){
		move, move, move, move, move, move, pay, pay, tn.bids, tn.bids, tn.bids, tn.movesBid, tn.movesBid, tn.decides, tn.decides, tn.passes, tn.passes, tn.closes, tn.applies, tn.suspends,
	})(t)
}

// pick draws one of a list, each alike: what is drawn by itself is mostly small, or at an end.
func pick[T any](t *rapid.T, what string, of []T) T { return of[under(t, what, len(of))] }

// under draws a number from 0 to n-1, each alike.
func under(t *rapid.T, what string, n int) int {
	x := rapid.Uint64().Draw(t, what)
	for range 2 {
		x = (x ^ x>>33) * 0xff51afd7ed558ccd
	}
	return int((x ^ x>>33) % uint64(n))
}

func openLendingTown(t *testing.T, dialect string) *lendingTown {
	t.Helper()
	tn := &lendingTown{house: start(t, settings{DatabaseURL: storetest.URL(t, dialect)}), born: time.Now()}
	for name, value := range map[string]string{
		parameter.AutoApproveBidLimit: "1000.00", parameter.ApprovalsByAmount: "0=1, 3000.00=2", parameter.RequiredDocuments: "PERSON 900000.00=OTHER",
		parameter.MaxOutstandingPerson: "100000000.00",
	} {
		tn.set(t, name, value)
	}
	every := []access.Permission{
		access.ReviewMaterials, access.ReviewLoans, access.ListLoans, access.ReviewBids, access.ReviewFunding, access.ReportPayments, access.ManageLoans,
	}
	for _, of := range []struct {
		name  string
		holds []access.Permission
	}{
		{"boss", every},
		{"insider", every},
		{"materials", every[:1]},
		{"first", []access.Permission{access.ReviewLoans, access.ReviewFunding}},
		{"second", []access.Permission{access.ReviewLoans, access.ListLoans}},
		{"desk", []access.Permission{access.ListLoans, access.ReviewBids}},
		{"funder", []access.Permission{access.ReviewFunding, access.ReportPayments}},
		{"finance", every[5:6]},
		{"manager", every[6:]},
	} {
		tn.staff = append(tn.staff, &modelPerson{person: tn.clerk(t, of.name, of.holds...), name: of.name, holds: access.Of(of.holds...)})
	}
	tn.boss, tn.insider = tn.staff[0], tn.staff[1]
	return tn
}

// settle brings new customers and loans, of which one is at its beginning, one on the market and one paid out.
func (tn *lendingTown) settle(t *testing.T, r *rapid.T) {
	tn.customers, tn.loans = nil, nil
	for i := range 4 {
		p, id := tn.trader(t)
		tn.customers = append(tn.customers, &modelPerson{person: p, name: fmt.Sprint("customer ", i), customer: id, active: true})
	}
	tn.insider.twin = tn.customers[0]
	err := tn.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Query().Where(user.ID(tn.customers[0].customer)).Only(ctx)
		if err != nil {
			return err
		}
		return tx.Staff.Update().Where(staff.Name("insider")).SetPhone(u.Phone).SetPhoneHash(*u.PhoneHash).Exec(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	zone, err := time.LoadLocation("Asia/Shanghai")
	if err != nil {
		t.Fatal(err)
	}
	tn.today = ledger.DayOf(time.Now().In(zone))
	tn.clock = tn.today - 330
	tn.actor, tn.settling = tn.boss, true
	defer func() { tn.settling = false }()
	for _, until := range []string{"DRAFT", "BIDDING", "REPAYING"} {
		tn.apply(r, tn.customers[len(tn.loans)%2])
		l := tn.loans[len(tn.loans)-1]
		for _, step := range []struct {
			who  *modelPerson
			move string
		}{
			{l.owner, "submitLoanApplication"},
			{tn.staff[2], "approveLoanMaterials"},
			{tn.staff[3], "approveLoanApplication"},
			{tn.staff[4], "approveLoanApplication"},
			{tn.staff[5], "listLoan"},
			{nil, "placeBid"},
			{tn.staff[6], "approveFunding"},
			{tn.staff[7], "confirmDisbursement"},
		} {
			if l.status == until {
				break
			}
			for step.move == "placeBid" && l.in("BIDDING") {
				tn.bid(r, l, tn.customers[2+len(l.bids)%2], min(1000_00, l.remaining()))
			}
			if step.who != nil && l.in(loanRules[step.move].from) {
				tn.do(r, step.move, l, step.who, false)
			}
		}
		if l.status != until {
			r.Fatalf("%s instead of %s", l.status, until)
		}
	}
}

func (tn *lendingTown) anybody(t *rapid.T) *modelPerson {
	return pick(t, "who", append(slices.Clone(tn.staff), tn.customers...))
}

func (tn *lendingTown) applies(t *rapid.T) {
	if len(tn.loans) > 5 {
		t.Skip("enough loans")
	}
	tn.apply(t, pick(t, "who", tn.customers))
}

func (tn *lendingTown) apply(t *rapid.T, p *modelPerson) {
	tn.actor = p
	l := &modelLoan{
		owner: p, requested: pick(t, "amount", []money.Amount{2000_00, 3000_00, 3333_33}), asked: pick(t, "months", []int{1, 3, 12, 24}),
		method: string(pick(t, "method", plan.Methods)), status: "DRAFT", needed: 1,
		approvals: map[*modelPerson]bool{}, approvers: map[*modelPerson]int{}, funders: map[*modelPerson]bool{},
	}
	l.amount, l.months = l.requested, l.asked
	got := p.act("applyForLoan", "loan { id status }", vars{"amount": l.requested.String(), "annualRate": "12", "termMonths": l.asked, "repaymentMethod": l.method, "purpose": "EQUIPMENT"})
	if !p.active {
		if !slices.Equal(got.codes(), []string{"FORBIDDEN"}) {
			t.Fatalf("a suspended customer applies: %s", got)
		}
		return
	}
	if l.id = got.text("applyForLoan.loan.id"); l.id == "" {
		t.Fatalf("not applied: %s", got)
	}
	tn.loans = append(tn.loans, l)
}

// move draws a loan, a move unless it is given, and somebody, mostly ones that fit.
func (tn *lendingTown) move(t *rapid.T, move string) {
	l := pick(t, "loan", tn.loans)
	var fitting []string
	for name, r := range loanRules {
		if name != "placeBid" && l.in(r.from) {
			fitting = append(fitting, name)
		}
	}
	slices.Sort(fitting)
	if move == "" && (len(fitting) == 0 || under(t, "any move", 5) == 0) {
		fitting = nil
		for name := range loanRules {
			if name != "placeBid" {
				fitting = append(fitting, name)
			}
		}
		slices.Sort(fitting)
	}
	if move == "" {
		move = pick(t, "move", fitting)
	}
	who := tn.anybody(t)
	var able []*modelPerson
	for _, p := range append(slices.Clone(tn.staff), tn.customers...) {
		if tn.may(move, l, p) {
			able = append(able, p)
		}
	}
	if len(able) > 0 && under(t, "anybody", 5) > 0 {
		who = pick(t, "able", able)
	}
	tn.do(t, move, l, who, under(t, "stale", 10) == 0)
}

// do makes a move with a loan, or is refused, as the model says.
func (tn *lendingTown) do(t *rapid.T, move string, l *modelLoan, p *modelPerson, stale bool) {
	tn.actor = p
	input := vars{"loanId": l.id}
	var after func(got answer)
	var faults []string // of the input, told where the move itself is in order
	object := "loan { id status }"
	before := l.status
	switch move {
	case "updateLoanApplication":
		asked := pick(t, "months", []int{1, 3, 12})
		input["termMonths"] = asked
		after = func(answer) { l.asked, l.months = asked, asked }
	case "submitLoanApplication":
		after = func(answer) {
			l.status, l.needed = "MATERIALS_REVIEW", 1
			if l.requested >= 3000_00 {
				l.needed = 2
			}
		}
	case "approveLoanMaterials":
		after = func(answer) { l.status = "APPLICATION_REVIEW" }
	case "approveLoanApplication":
		after = tn.approval(t, l, p, input)
	case "acceptLoanTerms":
		after = func(answer) { l.accepted = true }
	case "returnLoanApplication":
		input["reason"] = "As the model says."
		after = func(answer) {
			l.status, l.amount, l.months, l.accepted = "RETURNED", l.requested, l.asked, false
			l.approvals = map[*modelPerson]bool{}
		}
	case "rejectLoanApplication":
		input["reason"] = "As the model says."
		after = func(answer) { l.status = "REJECTED" }
	case "withdrawLoanApplication":
		after = func(answer) { l.status = "WITHDRAWN" }
	case "listLoan":
		for k, v := range terms(l.id) {
			input[k] = v
		}
		after = func(answer) { l.status, l.listed = "BIDDING", true }
	case "cancelListing":
		input["reason"] = "As the model says."
		after = func(answer) { l.status = "CANCELLED"; l.each("PENDING_REVIEW APPROVED", "RELEASED") }
	case "relistLoan":
		after = func(answer) { l.status, l.listed = "APPROVED", false }
	case "approveFunding":
		after = func(answer) { l.status, l.funders[p] = "AWAITING_DISBURSEMENT", true; l.orders++ }
	case "rejectFunding":
		input["reason"] = "As the model says."
		after = func(answer) { l.status = "LISTING_FAILED"; l.each("APPROVED", "RELEASED") }
	case "confirmDisbursement", "failDisbursement":
		after = tn.report(t, move, l, input)
	case "recordRepayment", "settleLoanEarly":
		after, faults = tn.payment(t, move == "settleLoanEarly", l, input)
		object += " repayment { id penalty interest principal }"
	case "reverseRepayment":
		if len(l.payments) == 0 {
			return
		}
		x := pick(t, "payment", l.payments)
		input = vars{"repaymentId": x.id, "reason": "As the model says."}
		if x.reversed { // told before anything else, since nothing can come of it
			if p.holds.Has(access.ReportPayments) {
				tn.refused(t, move, before, p, p.act(move, object, input), nil, []string{"NOT_ALLOWED_NOW repaymentId"})
				return
			}
		}
		after = func(answer) { tn.reverse(l, x) }
	case "requestEarlySettlement", "requestExtension":
		after, faults = tn.asks(t, move, l, input)
		object = "serviceRequest { id status }"
	case "defaultLoan":
		input["reason"] = "As the model says."
		after = func(answer) { l.status, l.defaulted = "DEFAULTED", true }
	case "writeOffLoan":
		input["reason"] = "As the model says."
		after = func(answer) { l.status = "WRITTEN_OFF"; l.each("HOLDING", "WRITTEN_OFF") }
	default:
		t.Fatalf("the model does not know %s", move)
	}
	if stale {
		input["expectedVersion"] = 1_000_000
	}
	codes := tn.blocked(move, l, p)
	var top []string
	r := loanRules[move]
	switch {
	case r.owner && (p.customer == 0 || !p.active), !r.owner && p.customer != 0:
		top, codes = []string{"FORBIDDEN"}, nil
	case r.owner && !l.seen(p), strings.HasPrefix(move, "request") && p != l.owner:
		codes = []string{"NOT_FOUND loanId"}
	case !tn.may(move, l, p):
		top, codes = []string{"FORBIDDEN"}, nil
	case (move == "recordRepayment" || move == "settleLoanEarly") && l.in(r.from) && len(faults) > 0:
		codes = faults // the amount is looked at before the move is made
	case stale:
		codes = []string{"CONFLICT expectedVersion"}
	case len(codes) == 0:
		codes = faults
	}
	got := p.act(move, object, input)
	if tn.refused(t, move, before, p, got, top, codes) {
		return
	}
	after(got)
	if at := "loan"; object != "serviceRequest { id status }" && got.text(move+"."+at+".status") != l.status {
		t.Fatalf("%s by %s on %s: the model has %s: %s", move, p.name, before, l.status, got)
	}
}

// approval is one reviewer's, sometimes on other terms.
func (tn *lendingTown) approval(t *rapid.T, l *modelLoan, p *modelPerson, input vars) func(answer) {
	amount, months := l.amount, l.months
	if !tn.settling && under(t, "other terms", 5) == 0 {
		amount, months = l.requested-500_00, l.asked+1
		input["amount"], input["termMonths"] = amount.String(), months
	}
	return func(answer) {
		if amount != l.amount || months != l.months {
			for q := range l.approvals { // void
				l.approvers[q]--
			}
			l.amount, l.months, l.accepted = amount, months, false
			l.approvals = map[*modelPerson]bool{}
		}
		l.approvals[p] = true
		l.approvers[p]++
		if len(l.approvals) >= l.needed {
			l.status = "APPROVED"
		}
	}
}

// report is finance's about the open order; without one it is about a number that never was.
func (tn *lendingTown) report(t *rapid.T, move string, l *modelLoan, input vars) func(answer) {
	input["orderNumber"] = "none"
	if l.in("AWAITING_DISBURSEMENT") {
		input["orderNumber"] = tn.boss.ask(`query($id: ID!) { node(id: $id) { ... on Loan { orderNumber } } }`, vars{"id": l.id}).text("node.orderNumber")
	}
	if move == "confirmDisbursement" {
		input["disbursedAt"], input["reference"] = tn.moment(tn.clock), fmt.Sprint("model out ", lent.Add(1))
		return func(answer) {
			l.status, l.value = "REPAYING", tn.clock
			l.each("APPROVED", "HOLDING")
			made, problem := plan.Terms{Amount: l.amount, Rate: modelRate, Months: l.months, Method: plan.Method(l.method)}.Lines()
			if problem != nil {
				t.Fatal(problem)
			}
			from, _ := time.Parse(time.DateOnly, tn.clock.String())
			for k, x := range made {
				due := plan.DueOn(from, plan.Terms{Months: l.months, Method: plan.Method(l.method)}.DueAfter(k))
				l.lines = append(l.lines, &modelLine{plan: 1, number: k + 1, Line: ledger.Line{Due: ledger.DayOf(due), Owed: ledger.Parts{Interest: x.Interest, Principal: x.Principal}}})
			}
		}
	}
	input["reason"] = "As the model says."
	var failed []*modelBid
	if l.in("AWAITING_DISBURSEMENT") && under(t, "single bids", 2) == 0 {
		for _, b := range l.bids {
			if b.status == "APPROVED" && len(failed) == 0 {
				failed = append(failed, b)
			}
		}
		input["failedBidIds"] = []string{failed[0].id}
	}
	return func(answer) {
		l.status = "FULLY_FUNDED"
		for _, b := range failed {
			b.status, l.status = "RELEASED", "BIDDING"
		}
	}
}

// asks is a later application of the borrower.
func (tn *lendingTown) asks(t *rapid.T, move string, l *modelLoan, input vars) (func(answer), []string) {
	r := &modelRequest{kind: "EARLY_SETTLEMENT", status: "REQUESTED", loan: l}
	var faults []string
	if move == "requestExtension" {
		r.kind, r.months = "EXTENSION", pick(t, "months", []int{1, 5, 12, 13})
		input["months"], input["reason"] = r.months, "As the model says."
		faults = l.unextensible(r.months, tn.today)
		if len(faults) == 1 && faults[0] == "OUT_OF_RANGE" {
			faults = []string{"OUT_OF_RANGE months"}
		}
	}
	return func(got answer) {
		r.id = got.text(move + ".serviceRequest.id")
		l.requests = append(l.requests, r)
	}, faults
}

// decides draws a request and somebody who decides on it.
func (tn *lendingTown) decides(t *rapid.T) {
	var every []*modelRequest
	for _, l := range tn.loans {
		every = append(every, l.requests...)
	}
	if len(every) == 0 {
		t.Skip("nothing is asked for")
	}
	r := pick(t, "request", every)
	if waits := slices.DeleteFunc(slices.Clone(every), func(r *modelRequest) bool { return r.status != "REQUESTED" }); len(waits) > 0 && under(t, "waits", 4) > 0 {
		r = pick(t, "waiting", waits)
	}
	p, approve := pick(t, "who", []*modelPerson{tn.boss, tn.insider, tn.staff[8], tn.staff[7]}), under(t, "approve", 2) == 0
	tn.actor = p
	l := r.loan
	var top, codes []string
	switch {
	case !p.holds.Has(access.ManageLoans):
		top = []string{"FORBIDDEN"}
	default:
		codes = append(when(r.status != "REQUESTED", "NOT_ALLOWED_NOW"), sameAsBorrower(tn, l, p)...)
		if len(codes) > 0 || !approve {
			break
		}
		codes = when(!l.in(repaying), "NOT_ALLOWED_NOW")
		if r.kind == "EXTENSION" {
			codes = append(codes, borrowerActive(tn, l, p)...)
			if len(codes) == 0 {
				codes = l.unextensible(r.months, tn.today)
			}
		}
	}
	before := l.outstanding()
	got := p.act("decideServiceRequest", "serviceRequest { status }", vars{"serviceRequestId": r.id, "approve": approve, "reason": "As the model says."})
	if tn.refused(t, "decideServiceRequest", l.status, p, got, top, codes) {
		return
	}
	r.status = "REJECTED"
	if !approve {
		return
	}
	r.status = "APPROVED"
	if r.kind == "EXTENSION" {
		tn.extended(t, l, r.months)
		if l.outstanding() != before {
			t.Fatalf("an extension changed what is owed from %s to %s", before, l.outstanding())
		}
	}
}

// bids draws a bid.
func (tn *lendingTown) bids(t *rapid.T) {
	l := pick(t, "loan", tn.loans)
	if listed := slices.DeleteFunc(slices.Clone(tn.loans), func(l *modelLoan) bool { return !l.in("BIDDING") }); len(listed) > 0 && under(t, "listed", 5) > 0 {
		l = pick(t, "listing", listed)
	}
	x := pick(t, "amount", []money.Amount{50_00, 110_00, 500_00, 1000_00, 1500_00, max(1, l.remaining()), max(1, l.remaining()), max(1, l.remaining()+1)})
	tn.bid(t, l, pick(t, "who", tn.customers), x)
}

func (tn *lendingTown) bid(t *rapid.T, l *modelLoan, p *modelPerson, x money.Amount) {
	tn.actor = p
	var top, codes []string
	switch rest := l.remaining(); {
	case !p.active:
		top = []string{"FORBIDDEN"}
	case !l.seen(p):
		codes = []string{"NOT_FOUND loanId"}
	default:
		codes = when(l.owner == p, "OWN_LISTING")
		if !l.in("BIDDING") || !l.listed {
			codes = append(codes, "LISTING_NOT_OPEN")
		}
		if !l.in("BIDDING") {
			break
		}
		codes = append(codes, when(x > rest, "AMOUNT_EXCEEDS_REMAINING amount")...)
		codes = append(codes, when(x < rest && x < 100_00, "AMOUNT_TOO_LOW amount")...)
		codes = append(codes, when(x < rest && x%50_00 != 0, "NOT_MULTIPLE_OF_STEP amount")...)
	}
	got := p.act("placeBid", "bid { id status }", vars{"loanId": l.id, "amount": x.String()})
	if tn.refused(t, "placeBid", l.status, p, got, top, codes) {
		return
	}
	b := &modelBid{id: got.text("placeBid.bid.id"), status: "PENDING_REVIEW", investor: p, amount: x}
	if x <= 1000_00 {
		b.status = "APPROVED"
	}
	l.bids = append(l.bids, b)
	l.fill()
}

// movesBid draws a bid, a move and somebody.
func (tn *lendingTown) movesBid(t *rapid.T) {
	l := pick(t, "loan", tn.loans)
	if len(l.bids) == 0 {
		t.Skip("no bids")
	}
	b, move := pick(t, "bid", l.bids), pick(t, "move", []string{"approveBid", "approveBid", "rejectBid", "withdrawBid"})
	p := tn.anybody(t)
	if under(t, "anybody", 4) > 0 {
		p = pick(t, "reviewer", []*modelPerson{tn.boss, tn.insider, tn.staff[5]})
		if move == "withdrawBid" {
			p = b.investor
		}
	}
	tn.actor = p
	may, codes := tn.bidBlocked(move, l, b, p)
	var top []string
	switch {
	case move == "withdrawBid" && p.customer != 0 && p != b.investor && p != l.owner:
		codes = []string{"NOT_FOUND bidId"}
	case !may:
		top, codes = []string{"FORBIDDEN"}, nil
	}
	input := vars{"bidId": b.id}
	if move == "rejectBid" {
		input["reason"] = "As the model says."
	}
	if len(top) == 0 && may && under(t, "stale", 10) == 0 && b.status != "RELEASED" {
		input["expectedVersion"], codes = 1_000_000, []string{"CONFLICT expectedVersion"}
		if !l.in("BIDDING") && slices.Contains([]string{"APPROVED", "PENDING_REVIEW"}, b.status) && !(move == "approveBid" && b.status == "APPROVED") {
			codes = []string{"NOT_ALLOWED_NOW"} // the amount is given back first
		}
	} else if may && !l.in("BIDDING") && b.status == "APPROVED" && move != "approveBid" {
		codes = []string{"NOT_ALLOWED_NOW"} // said once
	}
	on := b.status + " of " + l.status
	if tn.refused(t, move, on, p, p.act(move, "bid { id status }", input), top, codes) {
		return
	}
	b.status = map[string]string{"approveBid": "APPROVED", "rejectBid": "REJECTED", "withdrawBid": "WITHDRAWN"}[move]
	l.fill()
}

func (tn *lendingTown) suspends(t *rapid.T) {
	p := pick(t, "who", tn.customers)
	mutation, input := "suspendUser", vars{"userId": tn.desk.IDs.Encode(key.KindUser, int64(p.customer)), "reason": "As the model says."}
	if !p.active {
		mutation = "reinstateUser"
		delete(input, "reason")
	}
	if got := tn.administrator(tn.boss.t).do(mutation, input); len(got.faults(mutation))+len(got.codes()) > 0 {
		t.Fatal(got)
	}
	p.active = !p.active
}

// passes lets some days pass, and ends the last of them, sometimes twice.
func (tn *lendingTown) passes(t *rapid.T) {
	tn.clock = min(tn.today-1, tn.clock+ledger.Day(pick(t, "days", []int{1, 5, 20, 31, 31, 60, 95})))
	for range 1 + under(t, "times", 2) {
		if err := (&servicing.Office{Desk: tn.desk}).EndDay(context.Background(), tn.clock.String()); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range tn.loans {
		if !l.in(indebtedIn) || l.accrued >= tn.clock {
			continue
		}
		l.charge(tn.clock)
		l.accrued = tn.clock
		late := ledger.DaysLate(l.plain(), tn.clock, modelGrace)
		if l.in("OVERDUE") && late == 0 {
			l.status = "REPAYING"
		}
		if l.in("REPAYING") && late > 0 {
			l.status = "OVERDUE"
		}
		if l.in("OVERDUE") && late > 90 {
			l.status, l.defaulted = "DEFAULTED", true
		}
		if l.in("DEFAULTED") && late > 180 {
			l.status = "WRITTEN_OFF"
			l.each("HOLDING", "WRITTEN_OFF")
		}
	}
}

// closes ends listings, as if their time or that of the reviews were up.
func (tn *lendingTown) closes(t *rapid.T) {
	hours := pick(t, "hours", []int{1, 49, 49, 73, 24 * 8})
	if _, err := (&marketplace.Office{Desk: tn.desk}).Close(context.Background(), time.Now().Add(time.Duration(hours)*time.Hour)); err != nil {
		t.Fatal(err)
	}
	for _, l := range tn.loans {
		closes := 48 // as it was listed; a listing that a failed payment opened again has three days from then
		if l.orders > 0 {
			closes = 72
		}
		waits := l.reserved() == l.amount
		if l.in("BIDDING") && hours > closes && (!waits || hours > closes+24) || l.in("FULLY_FUNDED") && hours >= 24*7 {
			l.status = "LISTING_FAILED"
			l.each("PENDING_REVIEW APPROVED", "RELEASED")
		}
	}
}
