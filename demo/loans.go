package demo

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"lenddesk/ent"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
)

// course is how many loans end, or stand now, in a status, and how long ago they began.
type course struct {
	status      loan.Status
	count       int
	least, most time.Duration // since the application
	months      []int         // since the disbursement, in turn, for loans that were disbursed
	terms       []int         // in turn, where the months ask for some
	methods     []loan.RepaymentMethod

	// Of ordinary loans: when it began, how many bids it had, how sought it was (1 is the usual), while repayment itself says how it ended.
	ordinary bool
	at       time.Time
	bids     int
	sought   float64
}

var (
	everyMethod = []loan.RepaymentMethod{
		loan.RepaymentMethodEqualInstallments, loan.RepaymentMethodInterestOnly, loan.RepaymentMethodEqualPrincipal, loan.RepaymentMethodBullet,
	}
	monthly   = everyMethod[:3]
	someTerms = []int{3, 6, 12, 18, 24}
	purposes  = []loan.Purpose{
		loan.PurposeWorkingCapital, loan.PurposeEquipment, loan.PurposeInventory, loan.PurposeConsumption, loan.PurposeHomeImprovement,
		loan.PurposeEducation, loan.PurposeMedical, loan.PurposeVehicle, loan.PurposeDebtConsolidation, loan.PurposeOther,
	}
)

// courses are in the order of their beginning, so that older loans go to older customers.
var courses = []course{
	{status: loan.StatusWrittenOff, count: 2, months: []int{14}, terms: []int{18}, methods: monthly},
	{status: loan.StatusSettled, count: 7, months: []int{13, 12, 8, 6, 6, 3, 4}, terms: []int{12, 12, 6, 6, 3, 3, 3}, methods: everyMethod},
	{status: loan.StatusDefaulted, count: 2, months: []int{9, 8}, terms: []int{12, 18}, methods: monthly},
	{status: loan.StatusOverdue, count: 4, months: []int{6, 5, 4, 3}, terms: []int{12, 12, 6, 18}, methods: monthly},
	{status: loan.StatusRepaying, count: 12, months: []int{11, 9, 8, 7, 6, 5, 4, 3, 2, 2, 1, 0}, terms: []int{12, 24, 12, 12, 12, 12, 6, 6, 3, 24, 12, 6}, methods: everyMethod},
	{status: loan.StatusListingFailed, count: 3, least: 60 * day, most: 200 * day, terms: someTerms, methods: everyMethod},
	{status: loan.StatusCancelled, count: 2, least: 60 * day, most: 200 * day, terms: someTerms, methods: everyMethod},
	{status: loan.StatusRejected, count: 3, least: 20 * day, most: 300 * day, terms: someTerms, methods: everyMethod},
	{status: loan.StatusWithdrawn, count: 3, least: 20 * day, most: 300 * day, terms: someTerms, methods: everyMethod},
	{status: loan.StatusReturned, count: 2, least: 10 * day, most: 20 * day, terms: someTerms, methods: everyMethod},
	{status: loan.StatusAwaitingDisbursement, count: 3, least: 9 * day, most: 11 * day, terms: someTerms, methods: everyMethod},
	{status: loan.StatusFullyFunded, count: 3, least: 8 * day, most: 10 * day, terms: someTerms, methods: everyMethod},
	{status: loan.StatusBidding, count: 7, least: 8 * day, most: 12 * day, terms: someTerms, methods: everyMethod},
	{status: loan.StatusApproved, count: 4, least: 5 * day, most: 9 * day, terms: someTerms, methods: everyMethod},
	{status: loan.StatusApplicationReview, count: 4, least: 4 * day, most: 6 * day, terms: someTerms, methods: everyMethod},
	{status: loan.StatusMaterialsReview, count: 5, least: 2 * day, most: 4 * day, terms: someTerms, methods: everyMethod},
	{status: loan.StatusDraft, count: 3, least: 2 * day, most: 15 * day, terms: someTerms, methods: everyMethod},
}

// lend tells the story of every loan.
func (b *book) lend() {
	for _, c := range courses {
		for i := range c.count {
			b.story(c, i)
		}
	}
}

// story tells one loan's, as far as it has come.
func (b *book) story(c course, i int) {
	l := b.apply(c, i)
	if l == nil {
		b.err = errors.Join(b.err, errFew)
		return
	}
	if l.review(c.status) && l.market(c.status) {
		l.repay(c.status)
	}
	b.owe(l)
}

// lending is a loan whose story is being told; at is how far it has come.
type lending struct {
	*book
	*ent.Loan
	life      life[loan.Status]
	course    course
	i         int // among those of its course, or any number
	at        time.Time
	borrower  *trader
	reviewers []key.Staff // who may review the application, the first of whom does
	offers    []*ent.Bid
	order     *ent.Disbursement // the order to finance
	lines     []*ent.Installment
	parts     [][]*ent.Installment // of each line, in the order of offers
	papers    []*ent.Document
}

// pass lets some time go by. A story that is still going on never comes quite to the present.
func (l *lending) pass(least, most time.Duration) time.Time {
	next := l.at.Add(l.between(least, most))
	if left := l.now.Sub(l.at); left > 0 && !next.Before(l.now) {
		next = l.at.Add(left / 2)
	}
	l.at = next.Truncate(time.Microsecond)
	return l.at
}

// apply begins a loan.
func (b *book) apply(c course, i int) *lending {
	at := c.at
	switch {
	case c.months != nil:
		at = b.now.AddDate(0, -c.months[i%len(c.months)], -10).Add(-b.between(0, 10*time.Hour))
	case !c.ordinary:
		at = b.ago(b.between(c.least, c.most+time.Second))
	}
	at = at.Truncate(time.Second)
	least := max(60_000_00, money.Amount(c.bids)*minimumBid*3)
	t := b.borrower(at, least)
	if t == nil {
		return nil
	}
	k := key.Loan(b.take(key.KindLoan))
	row := &ent.Loan{
		ID: k, Number: fmt.Sprintf("L%s-%04d", at.In(b.zone).Format("20060102"), k), BorrowerID: t.ID, Purpose: purposes[int(k)%len(purposes)],
		RequestedAmount: money.Amount(10+b.rnd.IntN(51)) * 1000_00, RequestedAnnualRate: money.Rate(60+5*b.rnd.IntN(19)) * 1000,
		RequestedTermMonths: c.terms[i%len(c.terms)], RepaymentMethod: c.methods[i%len(c.methods)], Round: 1, ApprovalsNeeded: 1,
	}
	if t.CompanyID != nil {
		row.CompanyID, row.RequestedAmount = t.CompanyID, money.Amount(10+b.rnd.IntN(21))*10_000_00
		row.Description = some("用于企业日常经营周转，还款来源为销售回款。")
	}
	if c.ordinary {
		row.RequestedAmount = c.asked(t)
	}
	row.RequestedAmount = min(row.RequestedAmount, b.room(t)) / 1000_00 * 1000_00
	if row.RequestedAmount >= 200_000_00 {
		row.ApprovalsNeeded = 2
	}
	row.Amount, row.AnnualRate, row.TermMonths = row.RequestedAmount, row.RequestedAnnualRate, row.RequestedTermMonths
	b.loans = append(b.loans, row)
	l := &lending{book: b, Loan: row, life: b.lifeOfLoan(row), i: i, at: at, borrower: t, course: c, reviewers: slices.Concat(b.credit[i%len(b.credit):], b.credit[:i%len(b.credit)])}
	l.life.born(lifecycle.ApplyForLoan, byUser(t.ID), at)
	return l
}

// asked is the amount of an ordinary application: more where more bids come.
func (c course) asked(t *trader) money.Amount {
	usual, least := 25.0, 3
	if t.CompanyID != nil {
		usual, least = 200, 50
	}
	return max(money.Amount(least), money.Amount(usual*c.sought), money.Amount((c.bids*3*int(minimumBid)+999_99)/1000_00)) * 1000_00
}

// review tells of the application until it is approved, and whether it came so far.
func (l *lending) review(end loan.Status) bool {
	borrower := byUser(l.BorrowerID)
	if end == loan.StatusDraft {
		l.life.move(lifecycle.UpdateLoanApplication, borrower, l.pass(time.Hour, day))
		return false
	}
	if end == loan.StatusWithdrawn && l.i == 0 {
		l.life.move(lifecycle.WithdrawLoanApplication, borrower, l.pass(time.Hour, day))
		return false
	}
	l.collect(l.pass(time.Minute, time.Hour))
	l.life.move(lifecycle.SubmitLoanApplication, borrower, l.pass(time.Hour, 8*time.Hour))
	l.SubmittedAt = some(l.at)
	switch {
	case end == loan.StatusMaterialsReview:
		l.disputePapers()
		return false
	case end == loan.StatusReturned && l.i == 0, end == loan.StatusRejected && l.i == 0:
		l.turnDown(end, review.StepMaterials)
		return false
	}
	l.approvePapers()
	l.life.move(lifecycle.ApproveLoanMaterials, byStaff(l.reviewers[0]), l.pass(time.Minute, time.Hour))
	l.decided(review.StepMaterials, review.DecisionApproved, l.reviewers[0], "")
	switch end {
	case loan.StatusReturned, loan.StatusRejected:
		l.turnDown(end, review.StepApplication)
		return false
	case loan.StatusWithdrawn:
		l.life.move(lifecycle.WithdrawLoanApplication, borrower, l.pass(time.Hour, day))
		return false
	case loan.StatusApplicationReview:
		if l.ApprovalsNeeded > 1 {
			l.approve(1)
		}
		return false
	}
	l.approve(l.ApprovalsNeeded)
	return l.acceptTerms(end)
}

// decided keeps the decision of a step at the present moment.
func (l *lending) decided(step review.Step, d review.Decision, who key.Staff, reason string) {
	l.book.review(key.KindLoan, int64(l.ID), step, l.Round, d, who, l.at, reason)
}

// turnDown returns or rejects the application.
func (l *lending) turnDown(end loan.Status, step review.Step) {
	who, reason, move, decision := l.reviewers[0], "请补充最近六个月的银行流水。", lifecycle.ReturnLoanApplication, review.DecisionReturned
	if end == loan.StatusRejected {
		reason, move, decision = "负债水平超出本产品的准入条件。", lifecycle.RejectLoanApplication, review.DecisionRejected
	}
	l.life.because(move, byStaff(who), l.pass(2*time.Hour, 20*time.Hour), reason)
	l.decided(step, decision, who, reason)
	if end == loan.StatusReturned {
		l.Round++
	}
}

// approve gives approvals of different people; every fifth application gets less than it asked for.
func (l *lending) approve(given int) {
	if l.i%5 == 1 && given == l.ApprovalsNeeded {
		l.Amount = max(l.RequestedAmount*4/5/1000_00*1000_00, 1000_00)
		l.AnnualRate += 5_000
	}
	for n := 1; n <= given; n++ {
		to, who := loan.StatusApplicationReview, l.reviewers[n-1]
		if n == l.ApprovalsNeeded {
			to = loan.StatusApproved
		}
		l.life.to(lifecycle.ApproveLoanApplication, to, byStaff(who), l.pass(6*time.Hour, 20*time.Hour), "")
		l.decided(review.StepApplication, review.DecisionApproved, who, "")
	}
}

// acceptTerms has the borrower accept changed terms, unless that is what is waited for.
func (l *lending) acceptTerms(end loan.Status) bool {
	if end == loan.StatusApproved {
		return false
	}
	if l.Amount != l.RequestedAmount {
		l.life.move(lifecycle.AcceptLoanTerms, byUser(l.BorrowerID), l.pass(time.Hour, 6*time.Hour))
		l.TermsAccepted = true
	}
	return true
}
