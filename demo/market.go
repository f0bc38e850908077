package demo

import (
	"time"

	"lenddesk/ent"
	"lenddesk/ent/bid"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
)

// Terms of every listing.
const (
	minimumBid  = money.Amount(100_00)
	bidStep     = money.Amount(100_00)
	listingDays = 15
)

// market tells of the listing until the money is paid out, and whether it came so far.
func (l *lending) market(end loan.Status) bool {
	l.life.move(lifecycle.ListLoan, byStaff(l.reviewers[0]), l.pass(4*time.Hour, 20*time.Hour))
	l.MinimumBid, l.BidStep, l.OpensAt, l.ClosesAt = some(minimumBid), some(bidStep), some(l.at), some(l.at.Add(listingDays*day))
	switch end {
	case loan.StatusBidding:
		l.offerPart()
		return false
	case loan.StatusCancelled:
		l.offerPart()
		l.pass(time.Hour, day)
		l.release()
		l.life.because(lifecycle.CancelListing, byStaff(l.reviewers[0]), l.at, "借款人申请取消。")
		return false
	case loan.StatusListingFailed:
		if l.i > 0 {
			l.offerPart()
			l.at = *l.ClosesAt
			l.release()
			l.life.move(lifecycle.CloseListing, bySystem("listings"), l.at)
			return false
		}
	}
	l.offerAll()
	l.life.move(lifecycle.FillListing, bySystem("listings"), l.at)
	switch end {
	case loan.StatusFullyFunded:
		return false
	case loan.StatusListingFailed:
		const reason = "资金来源核验未通过。"
		l.pass(4*time.Hour, 20*time.Hour)
		l.release()
		l.life.because(lifecycle.RejectFunding, byStaff(l.funding), l.at, reason)
		l.decided(review.StepFunding, review.DecisionRejected, l.funding, reason)
		return false
	}
	l.life.move(lifecycle.ApproveFunding, byStaff(l.funding), l.pass(4*time.Hour, 20*time.Hour))
	l.decided(review.StepFunding, review.DecisionApproved, l.funding, "")
	return end != loan.StatusAwaitingDisbursement
}

// investors are some who may bid for the loan: neither the borrower nor anybody of the borrowing company.
func (l *lending) investors(n int) []*trader {
	return l.choose(invests, n, l.at, func(t *trader) bool {
		return t.ID != l.BorrowerID && (l.CompanyID == nil || t.CompanyID == nil || *t.CompanyID != *l.CompanyID)
	})
}

// place makes a bid, which waits for its review.
func (l *lending) place(t *trader, amount money.Amount) *ent.Bid {
	t.bids++
	o := &ent.Bid{ID: key.Bid(l.take(key.KindBid)), LoanID: l.ID, InvestorID: t.ID, Amount: amount}
	l.bids, l.offers = append(l.bids, o), append(l.offers, o)
	l.lifeOfBid(o).born(lifecycle.PlaceBid, byUser(t.ID), l.pass(30*time.Minute, 5*time.Hour))
	l.ReservedAmount += amount
	return o
}

// approveBid approves a bid; the reviewers take turns.
func (l *lending) approveBid(o *ent.Bid) {
	who := l.credit[int(o.ID)%len(l.credit)]
	l.lifeOfBid(o).move(lifecycle.ApproveBid, byStaff(who), l.pass(10*time.Minute, time.Hour))
	l.book.review(key.KindBid, int64(o.ID), review.StepBid, 1, review.DecisionApproved, who, l.at, "")
	l.FundedAmount += o.Amount
}

// drop ends a bid that waits for its review: by the investor, or by a reviewer.
func (l *lending) drop(o *ent.Bid) {
	at := l.pass(10*time.Minute, time.Hour)
	l.ReservedAmount -= o.Amount
	if l.i%2 == 0 {
		l.lifeOfBid(o).move(lifecycle.WithdrawBid, byUser(o.InvestorID), at)
		return
	}
	const reason = "投资人风险测评已过期。"
	l.lifeOfBid(o).because(lifecycle.RejectBid, byStaff(l.credit[0]), at, reason)
	l.book.review(key.KindBid, int64(o.ID), review.StepBid, 1, review.DecisionRejected, l.credit[0], at, reason)
}

// offerPart bids for less than the whole: some bids are approved, the last one waits, one was dropped. One loan has no bid yet.
func (l *lending) offerPart() {
	investors := l.investors(2 + l.i)
	if l.i == 5 || len(investors) == 0 {
		return
	}
	l.drop(l.place(investors[0], minimumBid*5))
	for i, amount := range l.parted(l.Amount*money.Amount(40+l.i*7)/100/bidStep*bidStep, len(investors)) {
		if o := l.place(investors[i], amount); i < len(investors)-1 {
			l.approveBid(o)
		}
	}
}

// offerAll bids for the whole amount; every bid is approved.
func (l *lending) offerAll() {
	investors := l.investors(3 + l.rnd.IntN(6))
	if l.i%3 == 0 {
		l.drop(l.place(investors[0], minimumBid*10))
	}
	for i, amount := range l.parted(l.Amount, len(investors)) {
		l.approveBid(l.place(investors[i], amount))
	}
}

// parted cuts an amount into n bids of whole steps, each at least the minimum.
func (l *lending) parted(amount money.Amount, n int) []money.Amount {
	parts := make([]money.Amount, n)
	left := amount
	for i := range parts {
		even := left / money.Amount(n-i)
		part := even * money.Amount(60+l.rnd.IntN(81)) / 100 / bidStep * bidStep
		if i == n-1 {
			part = left
		}
		parts[i] = max(part, minimumBid)
		left -= parts[i]
	}
	return parts
}

// release frees every bid that is alive.
func (l *lending) release() {
	for _, o := range l.offers {
		if o.Status == bid.StatusPendingReview || o.Status == bid.StatusApproved {
			l.lifeOfBid(o).move(lifecycle.ReleaseBid, bySystem("listings"), l.at)
		}
	}
	l.ReservedAmount, l.FundedAmount = 0, 0
}
