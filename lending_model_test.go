package main

import (
	"slices"
	"strings"
	"time"

	"lenddesk/access"
	"lenddesk/key"
	"lenddesk/money"
	"lenddesk/money/ledger"
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

func (l *modelLoan) funded() money.Amount { return l.sum("APPROVED HOLDING SETTLED WRITTEN_OFF") }

func (l *modelLoan) reserved() money.Amount { return l.funded() + l.sum("PENDING_REVIEW") }

func (l *modelLoan) remaining() money.Amount {
	return l.amount - l.reserved()
}

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

// each moves every bid of a loan that stands in some statuses.
func (l *modelLoan) each(from, to string) {
	for _, b := range l.bids {
		if slices.Contains(strings.Fields(from), b.status) {
			b.status = to
		}
	}
}

// fill ends the bidding when approved bids make the amount.
func (l *modelLoan) fill() {
	if l.in("BIDDING") && l.funded() == l.amount {
		l.status = "FULLY_FUNDED"
	}
}
