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

// A model of loans and bids, written from the rules of the domain and not from the tables: who may do what with which loan, where it then stands, and what is reserved, funded and
// owed. The arithmetic of a plan is the ledger's, which has tests of its own; which lines there are and what has been paid on them the model keeps itself.
//
// The model has a clock of its own that begins about a year ago: finance reports payments of its day, and the end of that day is worked.

type (
	// modelRule is one line of the domain's table of a loan: from where, by which permission of staff or by the borrower, and what else keeps somebody from it.
	modelRule struct {
		from   string
		staff  access.Permission
		owner  bool
		guards func(tn *lendingTown, l *modelLoan, p *modelPerson) []string
	}
	modelPerson struct {
		*person
		name     string
		holds    access.Permissions // of staff
		customer key.User           // of a customer
		active   bool
		twin     *modelPerson // the customer who this employee is, too
	}
	modelBid struct {
		id, status string
		investor   *modelPerson
		amount     money.Amount
	}
	modelLine struct {
		ledger.Line
		plan, number int
		planned      *money.Amount // interest before an early settlement
	}
	modelPayment struct {
		id       string
		on       ledger.Day
		parts    []ledger.Parts // by line; lines are only ever added
		reversed bool
		settles  bool
		fee      money.Amount
	}
	modelRequest struct {
		id, kind, status string
		months           int
		loan             *modelLoan
	}
	modelLoan struct {
		id, status        string
		owner             *modelPerson
		requested, amount money.Amount
		asked, months     int
		method            string
		accepted          bool
		needed            int
		approvals         map[*modelPerson]bool // of this round, that stand
		approvers         map[*modelPerson]int  // standing approvals of the application, in any round
		funders           map[*modelPerson]bool // whoever approved the funding
		listed            bool                  // closesAt lies ahead
		bids              []*modelBid
		orders            int
		lines             []*modelLine
		value, accrued    ledger.Day
		defaulted         bool
		payments          []*modelPayment
		requests          []*modelRequest
	}
	lendingTown struct {
		*house
		born          time.Time
		staff         []*modelPerson
		customers     []*modelPerson
		boss, insider *modelPerson
		loans         []*modelLoan
		today, clock  ledger.Day
		actor         *modelPerson
		turn          int
		settling      bool // the first loans take the straight way
	}
)

const (
	unlisted   = "DRAFT MATERIALS_REVIEW APPLICATION_REVIEW RETURNED APPROVED"
	repaying   = "REPAYING OVERDUE"
	indebtedIn = "REPAYING OVERDUE DEFAULTED"
	modelGrace = 0
	modelFine  = money.Rate(18_0000)
	modelFee   = money.Rate(1_0000)
	modelRate  = money.Rate(12_0000)
)

// What keeps somebody from a move beside the status.
func sameAsBorrower(_ *lendingTown, l *modelLoan, p *modelPerson) []string {
	return when(p.twin == l.owner, "SAME_PERSON")
}

func borrowerActive(_ *lendingTown, l *modelLoan, _ *modelPerson) []string {
	return when(!l.owner.active, "NOT_ELIGIBLE")
}

func notApprovedThisRound(_ *lendingTown, l *modelLoan, p *modelPerson) []string {
	return when(l.approvals[p], "SAME_PERSON")
}

func notApprover(_ *lendingTown, l *modelLoan, p *modelPerson) []string {
	return when(l.approvers[p] > 0, "SAME_PERSON")
}

func notFunder(_ *lendingTown, l *modelLoan, p *modelPerson) []string {
	return when(l.funders[p], "SAME_PERSON")
}

func termsOpen(_ *lendingTown, l *modelLoan, _ *modelPerson) []string {
	return when(l.changed() && !l.accepted, "NOT_ALLOWED_NOW")
}

func termsToAccept(_ *lendingTown, l *modelLoan, _ *modelPerson) []string {
	return when(!l.changed() || l.accepted, "NOT_ALLOWED_NOW")
}

func noneOpen(kind string) func(*lendingTown, *modelLoan, *modelPerson) []string {
	return func(_ *lendingTown, l *modelLoan, _ *modelPerson) []string {
		return when(l.open(kind) != nil, "NOT_ALLOWED_NOW")
	}
}

// onMarket is what of a loan keeps a customer from bidding.
func onMarket(_ *lendingTown, l *modelLoan, p *modelPerson) (codes []string) {
	codes = when(l.owner == p, "OWN_LISTING")
	codes = append(codes, when(!l.listed, "LISTING_NOT_OPEN")...)
	return append(codes, when(l.remaining() <= 0, "AMOUNT_EXCEEDS_REMAINING")...)
}

func all(guards ...func(*lendingTown, *modelLoan, *modelPerson) []string) func(*lendingTown, *modelLoan, *modelPerson) []string {
	return func(tn *lendingTown, l *modelLoan, p *modelPerson) (codes []string) {
		for _, g := range guards {
			codes = append(codes, g(tn, l, p)...)
		}
		return codes
	}
}

func when(is bool, code string) []string {
	if is {
		return []string{code}
	}
	return nil
}

var loanRules = map[string]modelRule{
	"updateLoanApplication":   {from: "DRAFT RETURNED", owner: true},
	"submitLoanApplication":   {from: "DRAFT RETURNED", owner: true, guards: borrowerActive},
	"approveLoanMaterials":    {from: "MATERIALS_REVIEW", staff: access.ReviewMaterials, guards: all(sameAsBorrower, borrowerActive)},
	"approveLoanApplication":  {from: "APPLICATION_REVIEW", staff: access.ReviewLoans, guards: all(sameAsBorrower, notApprovedThisRound, borrowerActive)},
	"acceptLoanTerms":         {from: "APPROVED", owner: true, guards: termsToAccept},
	"returnLoanApplication":   {from: "MATERIALS_REVIEW APPLICATION_REVIEW", guards: sameAsBorrower},
	"rejectLoanApplication":   {from: "MATERIALS_REVIEW APPLICATION_REVIEW", guards: sameAsBorrower},
	"withdrawLoanApplication": {from: unlisted, owner: true},
	"listLoan":                {from: "APPROVED", staff: access.ListLoans, guards: all(sameAsBorrower, borrowerActive, termsOpen)},
	"placeBid":                {from: "BIDDING", guards: onMarket},
	"cancelListing":           {from: "BIDDING", staff: access.ListLoans, guards: sameAsBorrower},
	"relistLoan":              {from: "LISTING_FAILED CANCELLED", staff: access.ListLoans, guards: all(sameAsBorrower, borrowerActive)},
	"approveFunding":          {from: "FULLY_FUNDED", staff: access.ReviewFunding, guards: all(sameAsBorrower, notApprover, borrowerActive)},
	"rejectFunding":           {from: "FULLY_FUNDED", staff: access.ReviewFunding, guards: all(sameAsBorrower, notApprover)},
	"confirmDisbursement":     {from: "AWAITING_DISBURSEMENT", staff: access.ReportPayments, guards: notFunder},
	"failDisbursement":        {from: "AWAITING_DISBURSEMENT", staff: access.ReportPayments, guards: notFunder},
	"recordRepayment":         {from: indebtedIn + " WRITTEN_OFF", staff: access.ReportPayments},
	"reverseRepayment":        {from: indebtedIn + " WRITTEN_OFF SETTLED", staff: access.ReportPayments},
	"settleLoanEarly":         {from: repaying, staff: access.ReportPayments},
	"requestEarlySettlement":  {from: repaying, owner: true, guards: noneOpen("EARLY_SETTLEMENT")},
	"requestExtension":        {from: repaying, owner: true, guards: noneOpen("EXTENSION")},
	"defaultLoan":             {from: "OVERDUE", staff: access.ManageLoans, guards: sameAsBorrower},
	"writeOffLoan":            {from: "DEFAULTED", staff: access.ManageLoans, guards: sameAsBorrower},
}

func (l *modelLoan) in(statuses string) bool {
	return slices.Contains(strings.Fields(statuses), l.status)
}

func (l *modelLoan) changed() bool { return l.amount != l.requested || l.months != l.asked }

func (l *modelLoan) open(kind string) *modelRequest {
	for _, r := range l.requests {
		if r.kind == kind && r.status == "REQUESTED" {
			return r
		}
	}
	return nil
}

// sum adds the amounts of bids in some statuses.
func (l *modelLoan) sum(statuses string) (sum money.Amount) {
	for _, b := range l.bids {
		if slices.Contains(strings.Fields(statuses), b.status) {
			sum += b.amount
		}
	}
	return sum
}

func (l *modelLoan) funded() money.Amount   { return l.sum("APPROVED HOLDING SETTLED WRITTEN_OFF") }
func (l *modelLoan) reserved() money.Amount { return l.funded() + l.sum("PENDING_REVIEW") }
func (l *modelLoan) remaining() money.Amount {
	return l.amount - l.reserved()
}

func (l *modelLoan) plain() []ledger.Line {
	lines := make([]ledger.Line, len(l.lines))
	for i, x := range l.lines {
		lines[i] = x.Line
	}
	return lines
}

func (l *modelLoan) outstanding() money.Amount { return ledger.Open(l.plain()).Principal }

// may tells whether a person may make a move with a loan at all.
func (tn *lendingTown) may(move string, l *modelLoan, p *modelPerson) bool {
	r := loanRules[move]
	switch {
	case move == "returnLoanApplication" || move == "rejectLoanApplication":
		return p.holds.Has(access.ReviewMaterials) && !l.in("APPLICATION_REVIEW") || p.holds.Has(access.ReviewLoans) && !l.in("MATERIALS_REVIEW")
	case move == "placeBid":
		return p.customer != 0 && p.active
	case r.owner:
		return p == l.owner && p.active
	}
	return p.holds.Has(r.staff)
}

// blocked is what keeps a person who may from making a move with a loan now.
func (tn *lendingTown) blocked(move string, l *modelLoan, p *modelPerson) (codes []string) {
	r := loanRules[move]
	if !l.in(r.from) {
		codes = append(codes, "NOT_ALLOWED_NOW")
	}
	if r.guards != nil {
		codes = append(codes, r.guards(tn, l, p)...)
	}
	slices.Sort(codes)
	return codes
}

// sees tells whether a person sees a loan.
func (l *modelLoan) seen(p *modelPerson) bool {
	return p.customer == 0 || l.owner == p || l.in("BIDDING") && p.active || slices.ContainsFunc(l.bids, func(b *modelBid) bool { return b.investor == p })
}

// bidBlocked is who may make a move with a bid, and what keeps them from it now.
func (tn *lendingTown) bidBlocked(move string, l *modelLoan, b *modelBid, p *modelPerson) (may bool, codes []string) {
	from := "PENDING_REVIEW"
	if move == "withdrawBid" {
		from += " APPROVED"
		may = p == b.investor
	} else {
		may = p.holds.Has(access.ReviewBids)
		codes = append(codes, when(p.twin != nil && (p.twin == b.investor || p.twin == l.owner), "SAME_PERSON")...)
	}
	if move == "approveBid" {
		codes = append(codes, when(!b.investor.active, "NOT_ELIGIBLE")...)
	}
	codes = append(codes, when(!slices.Contains(strings.Fields(from), b.status), "NOT_ALLOWED_NOW")...)
	codes = append(codes, when(!l.in("BIDDING"), "NOT_ALLOWED_NOW")...)
	slices.Sort(codes)
	return may, codes
}

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

// refused compares an answer with what the model says of it; true when it was refused, and should have been.
func (tn *lendingTown) refused(t *rapid.T, move, on string, p *modelPerson, got answer, top, codes []string) bool {
	slices.Sort(codes)
	faults := got.faults(move)
	slices.Sort(faults)
	if !slices.Equal(got.codes(), top) && len(got.codes())+len(top) > 0 || !slices.Equal(faults, codes) && len(faults)+len(codes) > 0 {
		t.Fatalf("%s by %s on %s: the model says %q %q: %s", move, p.name, on, top, codes, got)
	}
	return len(top)+len(codes) > 0
}

// each moves every bid of a loan that stands in some statuses.
func (l *modelLoan) each(from, to string) {
	for _, b := range l.bids {
		if slices.Contains(strings.Fields(from), b.status) {
			b.status = to
		}
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

// fill ends the bidding when approved bids make the amount.
func (l *modelLoan) fill() {
	if l.in("BIDDING") && l.funded() == l.amount {
		l.status = "FULLY_FUNDED"
	}
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

const modelLook = `id status termMonths reservedAmount fundedAmount remainingAmount outstandingPrincipal availableActions { mutation allowed blockedBy { code } }
	bids(first: 100) { nodes { id status outstandingPrincipal availableActions { mutation allowed blockedBy { code } } } }
	serviceRequests { nodes { id status availableActions { mutation allowed blockedBy { code } } } }`

// agrees compares what the house says with the model, as the boss sees it, as whoever has just done something, and as one of the others, in turn.
func (tn *lendingTown) agrees(t *rapid.T) {
	everybody := append(slices.Clone(tn.staff), tn.customers...)
	tn.turn++
	for _, p := range []*modelPerson{tn.boss, tn.actor, everybody[tn.turn%len(everybody)]} {
		var ids []string
		for _, l := range tn.loans {
			ids = append(ids, l.id)
		}
		got := p.ask(`query($ids: [ID!]!) { nodes(ids: $ids) { ... on Loan { `+modelLook+` } } }`, vars{"ids": ids})
		nodes := got.at("nodes").([]any)
		for i, l := range tn.loans {
			m, seen := nodes[i].(map[string]any)
			if seen != l.seen(p) {
				t.Fatalf("%s sees a loan that is %s: %v: %s", p.name, l.status, seen, got)
			}
			if seen {
				tn.compare(t, l, p, m)
			}
		}
	}
}

func (tn *lendingTown) compare(t *rapid.T, l *modelLoan, p *modelPerson, m map[string]any) {
	said := fmt.Sprint(m["status"], " ", m["reservedAmount"], " ", m["fundedAmount"], " ", m["remainingAmount"])
	want := fmt.Sprint(l.status, " ", l.reserved(), " ", l.funded(), " ", l.remaining())
	if p.customer == 0 || p == l.owner { // lines are not an investor's to see
		said += fmt.Sprint(" ", m["outstandingPrincipal"], " ", m["termMonths"])
		want += fmt.Sprint(" ", l.outstanding(), " ", l.months)
	}
	if said != want {
		t.Fatalf("%s is told %s, the model has %s", p.name, said, want)
	}
	var offers []string
	for move := range loanRules {
		if tn.may(move, l, p) {
			offers = append(offers, fmt.Sprint(move, tn.blocked(move, l, p)))
		}
	}
	offered(t, p.name+" on "+l.status, m, offers)
	if p.customer == 0 && !p.holds.Has(access.ReviewBids) && !p.holds.Has(access.ReviewFunding) && !p.holds.Has(access.ReportPayments) {
		return // sees no bids
	}
	told := map[string]map[string]any{}
	var sum money.Amount
	for _, n := range m["bids"].(map[string]any)["nodes"].([]any) {
		b := n.(map[string]any)
		told[b["id"].(string)] = b
		x, _ := money.ParseAmount(b["outstandingPrincipal"].(string))
		sum += x
	}
	for _, b := range l.bids {
		if p.customer != 0 && p != l.owner && p != b.investor {
			continue
		}
		n := told[b.id]
		if n == nil || n["status"] != b.status {
			t.Fatalf("%s is told of a bid %v, the model has %s", p.name, n, b.status)
		}
		var offers []string
		for _, move := range []string{"approveBid", "rejectBid", "withdrawBid"} {
			if may, codes := tn.bidBlocked(move, l, b, p); may {
				offers = append(offers, fmt.Sprint(move, codes))
			}
		}
		offered(t, p.name+" on a bid "+b.status+" of "+l.status, n, offers)
	}
	if p == tn.boss && l.in(indebtedIn) && sum != l.outstanding() {
		t.Fatalf("bids have %s outstanding, the loan %s", sum, l.outstanding())
	}
	if p != tn.boss {
		return
	}
	for i, n := range m["serviceRequests"].(map[string]any)["nodes"].([]any) {
		r, b := l.requests[len(l.requests)-1-i], n.(map[string]any)
		if b["status"] != r.status {
			t.Fatalf("a request is %v, the model has %s", b["status"], r.status)
		}
		offered(t, "the boss on a request", b, []string{fmt.Sprint("decideServiceRequest", when(r.status != "REQUESTED", "NOT_ALLOWED_NOW"))})
	}
}

// offered compares availableActions with "move[what blocks it]".
func offered(t *rapid.T, what string, m map[string]any, want []string) {
	var told []string
	for _, a := range m["availableActions"].([]any) {
		action := a.(map[string]any)
		codes := []string{}
		for _, b := range action["blockedBy"].([]any) {
			codes = append(codes, b.(map[string]any)["code"].(string))
		}
		slices.Sort(codes)
		if action["allowed"] != (len(codes) == 0) {
			t.Fatalf("%s: allowed and blocked: %v", what, action)
		}
		told = append(told, fmt.Sprint(action["mutation"], codes))
	}
	slices.Sort(told)
	slices.Sort(want)
	if !slices.Equal(told, want) {
		t.Fatalf("%s: offered\n%v, the model says\n%v", what, told, want)
	}
}

// derives proves the invariants of the whole book at the end of a run.
func (tn *lendingTown) derives(t *testing.T, r *rapid.T) {
	d := &debt{market: &market{house: tn.house, t: t}}
	d.derives()
	if t.Failed() {
		r.Fatal("the book breaks its rules")
	}
}
