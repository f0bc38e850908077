package demo

import (
	"fmt"
	"slices"
	"time"

	"lenddesk/ent"
	"lenddesk/ent/bid"
	"lenddesk/ent/disbursement"
	"lenddesk/ent/installment"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerequest"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/money/ledger"
	"lenddesk/money/plan"
)

// The days after which a loan that is not paid is overdue, defaulted, written off, and the rate of the penalty; how long a quote for an early settlement holds, and its fee.
const (
	quoteDays     = 3
	settlementFee = money.Rate(1_0000)
	defaultDays   = 91
	writeOffDays  = 181
	penaltyRate   = money.Rate(18_0000)
)

// repay tells of a loan from the payment to the borrower until now.
func (l *lending) repay(end loan.Status) {
	l.disburse()
	due := 0 // lines that are past their day
	for due < len(l.lines) && l.due(due).AddDate(0, 0, 1).Before(l.now) {
		due++
	}
	if l.course.ordinary {
		end = l.fate(due)
	}
	switch end {
	case loan.StatusRepaying:
		l.payOff(due)
		l.happenings(due)
	case loan.StatusSettled:
		l.payOff(due)
	case loan.StatusOverdue:
		l.fallBehind(due, max(0, due-1-l.i%2))
	case loan.StatusDefaulted:
		l.fallBehind(due, due-5)
		l.life.move(lifecycle.DefaultLoan, byStaff(l.funding), l.after(due-5, defaultDays))
	case loan.StatusWrittenOff:
		l.fallBehind(due, due-9)
		l.life.move(lifecycle.DefaultLoan, bySystem("collections"), l.after(due-9, defaultDays))
		l.life.move(lifecycle.WriteOffLoan, byStaff(l.funding), l.after(due-9, writeOffDays))
		l.conclude(lifecycle.LoseBid, *l.life.since)
	}
}

// fate is how an ordinary loan goes that has so many lines behind it.
func (l *lending) fate(due int) loan.Status {
	overdue := due > 0 && l.after(max(0, due-1-l.i%2), 1).Before(l.now)
	switch {
	case l.i < 2 && due >= 10:
		return loan.StatusWrittenOff
	case l.i < 4 && due >= 5 && due <= 9:
		return loan.StatusDefaulted
	case l.i >= 4 && l.i < 8 && overdue:
		return loan.StatusOverdue
	case due == len(l.lines):
		return loan.StatusSettled
	}
	return loan.StatusRepaying
}

// disburse pays the borrower and makes the plan and each bid's share of it.
func (l *lending) disburse() {
	l.life.move(lifecycle.ConfirmDisbursement, byStaff(l.finance), l.pass(4*time.Hour, day))
	l.DisbursedAt, l.OrderNumber = some(l.at), nil
	l.order.State, l.order.Reference, l.order.FinishedAt = disbursement.StateConfirmed, some(fmt.Sprintf("FIN-D%06d", l.order.ID)), some(l.at)
	l.conclude(lifecycle.HoldBid, l.at)
	l.offers = slices.DeleteFunc(l.offers, func(o *ent.Bid) bool { return o.Status != bid.StatusHolding })
	amounts := make([]money.Amount, len(l.offers))
	for i, o := range l.offers {
		amounts[i] = o.Amount
	}
	lines, problem := l.terms().Lines()
	if problem != nil {
		panic("demo: a loan that has no plan: " + string(problem.Code))
	}
	parts := plan.Shares(lines, amounts)
	for k, whole := range lines {
		on := plan.DueOn(l.at.In(l.zone), l.terms().DueAfter(k)).Format(time.DateOnly)
		l.lines = append(l.lines, l.instalment(k+1, on, whole, nil))
		held := make([]*ent.Installment, len(l.offers))
		for i, o := range l.offers {
			held[i] = l.instalment(k+1, on, parts[k][i], &o.ID)
		}
		l.parts = append(l.parts, held)
	}
}

// terms are what the plan follows from.
func (l *lending) terms() plan.Terms {
	return plan.Terms{Amount: l.Amount, Rate: l.AnnualRate, Months: l.TermMonths, Method: plan.Method(l.RepaymentMethod)}
}

func (l *lending) instalment(number int, on string, due plan.Line, of *key.Bid) *ent.Installment {
	row := &ent.Installment{
		ID: key.Installment(l.take(key.KindInstallment)), CreatedAt: l.at, UpdatedAt: l.at, StatusSince: l.at, Version: 1, Status: installment.StatusDue, LoanID: l.ID, BidID: of, Plan: 1, Number: number,
		DueOn: on, Principal: due.Principal, Interest: due.Interest,
	}
	l.installments = append(l.installments, row)
	return row
}

// conclude makes a move of every bid that funds the loan.
func (l *lending) conclude(m lifecycle.Move[bid.Status], at time.Time) {
	for _, o := range l.offers {
		if slices.Contains(m.From, o.Status) {
			l.lifeOfBid(o).move(m, bySystem("lending"), at)
		}
	}
}

// due is midnight of the day on which a line is due, in the platform's zone.
func (l *lending) due(k int) time.Time {
	return plan.DueOn(l.DisbursedAt.In(l.zone), l.terms().DueAfter(k))
}

// after is half past midnight some days after a line was due.
func (l *lending) after(k, days int) time.Time {
	return l.due(k).AddDate(0, 0, days).Add(30 * time.Minute).UTC()
}

// payOff pays lines in time; but some loans were late once, and those of two years had a payment that bounced.
func (l *lending) payOff(lines int) {
	for k := range lines {
		at := l.due(k).Add(-l.between(0, 2*day)).Add(l.between(10*time.Hour, 18*time.Hour)).UTC()
		switch {
		case k == 1 && l.i == 2:
			l.late(k, 12)
			continue
		case k == 1 && l.TermMonths == 24:
			l.bounce(k, at.Add(-3*day))
		}
		l.pay(k, at)
	}
}

// pay pays a line in full; the last one settles the loan.
func (l *lending) pay(k int, at time.Time) {
	row := l.lines[k]
	row.PaidPenalty, row.PaidInterest, row.PaidPrincipal = row.Penalty, row.Interest, row.Principal
	l.mark(row, installment.StatusPaid, at)
	for _, part := range l.parts[k] {
		part.PaidPenalty, part.PaidInterest, part.PaidPrincipal = part.Penalty, part.Interest, part.Principal
		l.mark(part, installment.StatusPaid, at)
	}
	l.report(row, row.PaidPenalty, row.PaidInterest, row.PaidPrincipal, at)
	if k < len(l.lines)-1 {
		l.life.to(lifecycle.RecordRepayment, loan.StatusRepaying, byStaff(l.finance), at, "")
		return
	}
	l.life.to(lifecycle.RecordRepayment, loan.StatusSettled, byStaff(l.finance), at, "")
	l.conclude(lifecycle.SettleBid, at)
}

// mark changes the status of a line or share.
func (l *lending) mark(row *ent.Installment, to installment.Status, at time.Time) {
	row.Version++
	row.UpdatedAt = at
	if row.Status != to {
		row.Status, row.StatusSince = to, at
	}
}

// report is what finance says was paid, all of it on one line.
func (l *lending) report(on *ent.Installment, penalty, interest, principal money.Amount, at time.Time) *ent.Repayment {
	k := key.Repayment(l.take(key.KindRepayment))
	r := &ent.Repayment{
		ID: k, CreatedAt: at, LoanID: l.ID, Amount: penalty + interest + principal, Penalty: penalty, Interest: interest, Principal: principal,
		PaidAt: at.Add(-l.between(5*time.Minute, 3*time.Hour)), Reference: fmt.Sprintf("FIN-%06d", k),
		ReportedByType: string(key.KindStaff), ReportedByID: int64(l.finance),
	}
	l.repayments = append(l.repayments, r)
	l.allocations = append(l.allocations, &ent.Allocation{
		ID: key.Allocation(l.take(kindAllocation)), CreatedAt: at, RepaymentID: k, InstallmentID: on.ID, PaidOn: r.PaidAt.In(l.zone).Format(time.DateOnly),
		Penalty: penalty, Interest: interest, Principal: principal,
	})
	return r
}

// bounce is a payment of a line that was reported, and taken back the next day.
func (l *lending) bounce(k int, at time.Time) {
	row := l.lines[k]
	r := l.report(row, 0, row.Interest, row.Principal, at)
	l.life.to(lifecycle.RecordRepayment, loan.StatusRepaying, byStaff(l.finance), at, "")
	back := at.Add(10 * time.Hour)
	r.ReversedAt = &back
	l.allocations[len(l.allocations)-1].Reversed = true
	l.life.to(lifecycle.ReverseRepayment, loan.StatusRepaying, byStaff(l.finance), back, "银行退回该笔款项。")
}

// late pays a line some days after it was due, with the penalty; the loan was overdue meanwhile.
func (l *lending) late(k, days int) {
	l.life.move(lifecycle.MarkOverdue, bySystem("collections"), l.after(k, 1))
	l.charge(k, days, l.after(k, 1))
	l.pay(k, l.after(k, days).Add(10*time.Hour))
}

// charge makes a line overdue and adds its penalty: overdue principal × rate × days / 365.
func (l *lending) charge(k, days int, at time.Time) {
	row := l.lines[k]
	row.Penalty = plan.Accrued(row.Principal, penaltyRate, days)
	l.mark(row, installment.StatusOverdue, at)
	weights := make([]money.Amount, len(l.parts[k]))
	for i, part := range l.parts[k] {
		weights[i] = part.Principal
	}
	for i, share := range plan.Split(row.Penalty, weights) {
		l.parts[k][i].Penalty = share
		l.mark(l.parts[k][i], installment.StatusOverdue, at)
	}
}

// fallBehind pays the first lines and leaves the others that are due. Penalties run until today, or until the loan is written off.
func (l *lending) fallBehind(due, paid int) {
	l.payOff(paid)
	l.life.move(lifecycle.MarkOverdue, bySystem("collections"), l.after(paid, 1))
	until := l.now
	if due-paid > 5 {
		until = l.after(paid, writeOffDays)
	}
	for k := paid; k < due; k++ {
		if days := int(until.Sub(l.due(k)) / day); days > 0 {
			l.charge(k, days, l.after(k, 1))
		}
	}
}

// happenings are what else befalls loans in repayment: a part of the next line was paid, the borrower asks for something.
func (l *lending) happenings(next int) {
	switch l.i {
	case 4, 5:
		l.payPart(next, l.ago(20*time.Hour))
	case 6:
		l.request(servicerequest.KindEarlySettlement, "", l.ago(2*day))
	case 7:
		l.request(servicerequest.KindExtension, "", l.ago(day))
	case 8:
		l.request(servicerequest.KindExtension, servicerequest.StatusRejected, l.ago(20*day))
	case 9:
		l.request(servicerequest.KindEarlySettlement, servicerequest.StatusApproved, l.ago(3*day))
	}
}

// payPart pays the interest of a line and a third of its principal, or half of the interest where no principal is due.
func (l *lending) payPart(k int, at time.Time) {
	row := l.lines[k]
	interest, principal := row.Interest, row.Principal/3
	if principal == 0 {
		interest /= 2
	}
	row.PaidInterest, row.PaidPrincipal = interest, principal
	l.mark(row, installment.StatusPartlyPaid, at)
	interests, principals := make([]money.Amount, len(l.parts[k])), make([]money.Amount, len(l.parts[k]))
	for i, part := range l.parts[k] {
		interests[i], principals[i] = part.Interest, part.Principal
	}
	interests, principals = plan.Split(interest, interests), plan.Split(principal, principals)
	for i, part := range l.parts[k] {
		part.PaidInterest, part.PaidPrincipal = interests[i], principals[i]
		l.mark(part, installment.StatusPartlyPaid, at)
	}
	l.report(row, 0, interest, principal, at)
	l.life.to(lifecycle.RecordRepayment, loan.StatusRepaying, byStaff(l.finance), at, "")
}

// request is what the borrower asks for, and what was decided, if anything was.
func (l *lending) request(kind servicerequest.Kind, decided servicerequest.Status, at time.Time) {
	r := &ent.ServiceRequest{ID: key.ServiceRequest(l.take(key.KindServiceRequest)), LoanID: l.ID, Kind: kind, Reason: some("资金安排有变化。")}
	move := lifecycle.RequestEarlySettlement
	if kind == servicerequest.KindExtension {
		move, r.Months = lifecycle.RequestExtension, some(3)
	}
	l.requests = append(l.requests, r)
	life := l.lifeOfRequest(r, l.BorrowerID)
	life.born(move, byUser(l.BorrowerID), at)
	if decided == "" {
		return
	}
	at = at.Add(l.between(2*time.Hour, 20*time.Hour))
	decision, reason := review.DecisionApproved, ""
	if decided == servicerequest.StatusRejected {
		decision, reason = review.DecisionRejected, "本合同不支持展期。"
		r.DecisionReason = &reason
	} else {
		l.quote(r, at)
	}
	life.to(lifecycle.DecideServiceRequest, decided, byStaff(l.funding), at, reason)
	l.book.review(key.KindServiceRequest, int64(r.ID), review.StepServiceRequest, 1, decision, l.funding, at, reason)
}

// quote fixes what settling the loan costs on the day of the approval.
func (l *lending) quote(r *ent.ServiceRequest, at time.Time) {
	lines := make([]ledger.Line, len(l.lines))
	for i, row := range l.lines {
		lines[i] = ledger.Line{
			Due: ledger.DayOf(l.due(i)), Owed: ledger.Parts{Penalty: row.Penalty, Interest: row.Interest, Principal: row.Principal},
			Paid: ledger.Parts{Penalty: row.PaidPenalty, Interest: row.PaidInterest, Principal: row.PaidPrincipal},
		}
	}
	here := at.In(l.zone)
	on := ledger.DayOf(here)
	price, _ := ledger.Settle(lines, on, ledger.Terms{Value: ledger.DayOf(l.DisbursedAt.In(l.zone)), Annual: l.AnnualRate, Fee: settlementFee})
	r.QuotedOn, r.QuotedAmount = some(on.String()), some(price.Sum())
	r.ValidUntil = some(time.Date(here.Year(), here.Month(), here.Day()+quoteDays+1, 0, 0, 0, 0, l.zone).UTC())
}
