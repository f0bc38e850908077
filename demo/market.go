package demo

import (
	"encoding/json"
	"time"

	"lenddesk/ent"
	"lenddesk/ent/bid"
	"lenddesk/ent/disbursement"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/money/plan"
	"lenddesk/workflow/servicing"
)

// Terms of every listing.
const (
	minimumBid = money.Amount(100_00)
	bidStep    = money.Amount(100_00)

	autoApproved = money.Amount(10_000_00) // ordinary bids up to this are approved at once
	listingDays  = 15
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
	l.orderPayment()
	return end != loan.StatusAwaitingDisbursement
}

// orderPayment writes down what finance is to collect and to pay. It was told, and has accepted.
func (l *lending) orderPayment() {
	var collections []servicing.Collection
	for _, o := range l.offers {
		if o.Status == bid.StatusApproved {
			collections = append(collections, servicing.Collection{Bid: o.ID, Card: l.bound[o.InvestorID], Amount: o.Amount})
		}
	}
	said, err := json.Marshal(collections)
	if err != nil {
		panic(err) // numbers can be written
	}
	asked, accepted := l.at.Add(time.Second), l.at.Add(2*time.Second)
	l.order = &ent.Disbursement{
		ID: key.Disbursement(l.take(key.KindDisbursement)), CreatedAt: l.at, LoanID: l.ID, Number: l.Number + "-1", PayeeCardID: l.bound[l.BorrowerID],
		Collections: string(said), State: disbursement.StateOrdered, Asks: 1, AskedAt: &asked, AcceptedAt: &accepted,
	}
	l.orders, l.OrderNumber = append(l.orders, l.order), some(l.order.Number)
}

// place makes a bid, which waits for its review.
func (l *lending) place(t *trader, amount money.Amount) *ent.Bid {
	o := &ent.Bid{ID: key.Bid(l.take(key.KindBid)), LoanID: l.ID, InvestorID: t.ID, Amount: amount}
	l.bids, l.offers = append(l.bids, o), append(l.offers, o)
	l.ReservedAmount += amount
	if l.course.ordinary && amount <= autoApproved {
		l.lifeOfBid(o).bornAs(lifecycle.PlaceBid, bid.StatusApproved, byUser(t.ID), l.pass(l.pace()/2, l.pace()*3/2))
		l.FundedAmount += amount
		return o
	}
	l.lifeOfBid(o).born(lifecycle.PlaceBid, byUser(t.ID), l.pass(l.pace()/10, l.pace()))
	return o
}

// approveBid approves a bid; the reviewers take turns.
func (l *lending) approveBid(o *ent.Bid) {
	if o.Status == bid.StatusApproved {
		return
	}
	who := l.credit[int(o.ID)%len(l.credit)]
	l.lifeOfBid(o).move(lifecycle.ApproveBid, byStaff(who), l.pass(l.pace()/30, l.pace()/5))
	l.book.review(key.KindBid, int64(o.ID), review.StepBid, 1, review.DecisionApproved, who, l.at, "")
	l.FundedAmount += o.Amount
}

// drop ends a bid: by the investor, or by a reviewer while it waits.
func (l *lending) drop(o *ent.Bid) {
	at := l.pass(l.pace()/30, l.pace()/5)
	l.ReservedAmount -= o.Amount
	if o.Status == bid.StatusApproved {
		l.FundedAmount -= o.Amount
	}
	if o.Status == bid.StatusApproved || l.i%2 == 0 {
		l.lifeOfBid(o).move(lifecycle.WithdrawBid, byUser(o.InvestorID), at)
		return
	}
	const reason = "投资人风险测评已过期。"
	l.lifeOfBid(o).because(lifecycle.RejectBid, byStaff(l.credit[0]), at, reason)
	l.book.review(key.KindBid, int64(o.ID), review.StepBid, 1, review.DecisionRejected, l.credit[0], at, reason)
}

// pace is the longest time from one bid to the next: every bid comes within six days.
func (l *lending) pace() time.Duration {
	return min(5*time.Hour, 6*day/time.Duration(2*l.course.bids+1))
}

// offerPart bids for less than the whole: some bids are approved, the last one waits, one was dropped. One loan has no bid yet.
func (l *lending) offerPart() {
	if l.course.ordinary {
		part := l.Amount * money.Amount(40+l.i/2) / 100 / bidStep * bidStep
		l.offer(part, l.course.bids, l.i%3 == 0)
		return
	}
	if l.i == 5 {
		return
	}
	l.offer(l.Amount*money.Amount(40+l.i*7)/100/bidStep*bidStep, 3+l.i, true)
}

// offerAll bids for the whole amount; every bid is approved.
func (l *lending) offerAll() {
	n := l.course.bids
	if !l.course.ordinary {
		n = 3 + l.rnd.IntN(6)
	}
	l.offer(l.Amount, n, false)
}

// offer places n bids, of which the first is dropped now and then, and the others make the amount. The last one may be left to be reviewed.
func (l *lending) offer(amount money.Amount, n int, lastWaits bool) {
	investors := l.investors(n)
	if investors == nil {
		return
	}
	if !l.course.ordinary && lastWaits || n > fewestBids && l.i%3 == 0 {
		dropped := minimumBid * money.Amount(5+l.rnd.IntN(6))
		if l.course.ordinary && l.i%2 == 1 && l.Amount > 2*autoApproved {
			dropped += autoApproved // so that it waits to be rejected
		}
		l.drop(l.place(investors[0], min(dropped, amount/bidStep*bidStep)))
		investors = investors[1:]
	}
	for i, part := range l.parted(amount, len(investors)) {
		if o := l.place(investors[i], part); i < len(investors)-1 || !lastWaits {
			l.approveBid(o)
		}
	}
}

// parted cuts an amount into n bids of whole steps, each at least the minimum, some many times as big as others.
func (l *lending) parted(amount money.Amount, n int) []money.Amount {
	weights := make([]money.Amount, n)
	for i := range weights {
		weights[i] = money.Amount(1000 / (0.08 + l.rnd.Float64()))
	}
	parts := plan.Split((amount-money.Amount(n)*minimumBid)/bidStep, weights)
	for i := range parts {
		parts[i] = minimumBid + parts[i]*bidStep
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
