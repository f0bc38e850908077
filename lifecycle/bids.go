package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/bid"
	"lenddesk/key"
)

// Bids is the lifecycle of an offer to fund part of a loan.
var Bids = &Table{Kind: key.KindBid, Owner: "investor_id"}

// The moves of a bid.
var (
	PlaceBid = add(Bids, Move[bid.Status]{
		Name: "placeBid", To: []bid.Status{bid.StatusPendingReview, bid.StatusApproved}, By: []By{bids},
		Follows: "the amount is reserved; approved at once up to AUTO_APPROVE_BID_LIMIT",
	})
	ApproveBid = add(Bids, Move[bid.Status]{
		Name: "approveBid", From: []bid.Status{bid.StatusPendingReview}, To: []bid.Status{bid.StatusApproved}, By: []By{permitted(access.ReviewBids)},
		Guards: []Guard{otherThanInvestor, activeInvestor, whileListed}, Follows: "may fill the listing",
	})
	RejectBid = add(Bids, Move[bid.Status]{
		Name: "rejectBid", From: []bid.Status{bid.StatusPendingReview}, To: []bid.Status{bid.StatusRejected}, By: []By{permitted(access.ReviewBids)},
		Guards: []Guard{otherThanInvestor, whileListed}, Follows: "the amount is free again; mail with the reason",
	})
	WithdrawBid = add(Bids, Move[bid.Status]{
		Name: "withdrawBid", From: []bid.Status{bid.StatusPendingReview, bid.StatusApproved}, To: []bid.Status{bid.StatusWithdrawn}, By: []By{owner},
		Guards: []Guard{whileListed}, Follows: "the amount is free again; only while the loan takes bids",
	})
	ReleaseBid = add(Bids, Move[bid.Status]{
		Name:    "releaseBid",
		From:    []bid.Status{bid.StatusPendingReview, bid.StatusApproved},
		To:      []bid.Status{bid.StatusReleased},
		By:      []By{system},
		Follows: "the listing or this bid's payment failed",
	})
	HoldBid = add(Bids, Move[bid.Status]{
		Name:    "holdBid",
		From:    []bid.Status{bid.StatusApproved},
		To:      []bid.Status{bid.StatusHolding},
		By:      []By{system},
		Follows: "on disbursement",
	})
	SettleBid = add(Bids, Move[bid.Status]{
		Name:    "settleBid",
		From:    []bid.Status{bid.StatusHolding},
		To:      []bid.Status{bid.StatusSettled},
		By:      []By{system},
		Follows: "on the last repayment",
	})
	LoseBid = add(Bids, Move[bid.Status]{
		Name:    "loseBid",
		From:    []bid.Status{bid.StatusHolding},
		To:      []bid.Status{bid.StatusWrittenOff},
		By:      []By{system},
		Follows: "on write-off",
	})
)
