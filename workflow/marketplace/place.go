package marketplace

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bid"
	"lenddesk/ent/loan"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// PlaceInput is a bid.
type PlaceInput struct {
	LoanID          string
	Amount          *string
	ExpectedVersion *int
}

// counting are the statuses of a bid that takes a part of its loan's amount.
var counting = []bid.Status{bid.StatusPendingReview, bid.StatusApproved}

// Place offers to fund part of a listed loan: the amount is reserved at once. Up to AUTO_APPROVE_BID_LIMIT the bid is approved at once, too.
//
// It returns REQUIRED, INVALID, OUT_OF_RANGE at amount; NOT_FOUND; LISTING_NOT_OPEN, OWN_LISTING, NOT_ELIGIBLE, CARD_NOT_BOUND; AMOUNT_TOO_LOW,
// NOT_MULTIPLE_OF_STEP, AMOUNT_EXCEEDS_REMAINING, SHARE_LIMIT_EXCEEDED at amount; CONFLICT.
func (o *Office) Place(ctx context.Context, in PlaceInput) (key.Bid, error) {
	me := access.From(ctx)
	if err := lifecycle.PlaceBid.Permit(me); err != nil {
		return 0, err
	}
	var entered fault.List
	x := amount(&entered, in.Amount, "amount")
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Bid, error) {
		faults := append(fault.List{}, entered...)
		if err := workflow.Turn(ctx, tx, me.User); err != nil {
			return 0, err
		}
		l, err := o.loan(ctx, tx, in.LoanID)
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		if l == nil {
			return 0, faults.Err()
		}
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return 0, err
		}
		if err := workflow.Gather(&faults, open(ctx, tx, l, in.ExpectedVersion)); err != nil {
			return 0, err
		}
		if x > 0 && l.Status == loan.StatusBidding {
			if err := fits(ctx, tx, l, me.User, x, values, &faults); err != nil {
				return 0, err
			}
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		status, funded := bid.StatusPendingReview, money.Amount(0)
		if x <= values.Amount(parameter.AutoApproveBidLimit) {
			status, funded = bid.StatusApproved, x
		}
		b, err := tx.Bid.Create().SetLoanID(l.ID).SetInvestorID(me.User).SetAmount(x).SetStatus(status).Save(ctx)
		if err != nil {
			return 0, fmt.Errorf("place bid: %w", err)
		}
		if err := lifecycle.Born(ctx, tx, lifecycle.PlaceBid, int64(b.ID), status, me.User, lifecycle.Said{}); err != nil {
			return 0, err
		}
		// Last, since whoever else bids on this loan waits from here to the commit.
		after, err := reserve(ctx, tx, l, x, funded)
		if err != nil {
			return 0, err
		}
		return b.ID, fill(ctx, tx, after)
	})
}

// open asks whether this customer may bid on the loan at all. Where the loan does not stand on the market, that is LISTING_NOT_OPEN.
func open(ctx context.Context, tx *store.Tx, l *ent.Loan, expected *int) error {
	err := lifecycle.Beside(ctx, tx, lifecycle.BidOnLoan, ofLoan(l), lifecycle.Said{Expected: expected})
	found, ok := fault.Find(err)
	if !ok {
		return err
	}
	var told fault.List
	for _, f := range found {
		switch {
		case l.Status != loan.StatusBidding && (f.Code == fault.ListingNotOpen || f.Code == fault.AmountExceedsRemaining):
			continue // said once, below
		case f.Code == fault.NotAllowedNow:
			f.Problem = fault.Problem{Code: fault.ListingNotOpen}
		case f.Code == fault.AmountExceedsRemaining:
			continue // said of the amount
		}
		told = append(told, f)
	}
	return told.Err()
}

// fits gathers what is wrong with an amount for this loan.
func fits(ctx context.Context, tx *store.Tx, l *ent.Loan, investor key.User, x money.Amount, values parameter.Values, faults *fault.List) error {
	remaining := l.Amount - l.ReservedAmount
	switch {
	case x > remaining:
		faults.Add(exceeds(remaining), "amount")
	case x < remaining: // whoever takes all that is left may take a little
		if l.MinimumBid != nil && x < *l.MinimumBid {
			faults.Add(fault.Problem{Code: fault.AmountTooLow, Text: "bid_too_low", Data: map[string]any{"minimum": l.MinimumBid.String()}}, "amount")
		}
		if l.BidStep != nil && x%*l.BidStep != 0 {
			faults.Add(fault.Problem{Code: fault.NotMultipleOfStep, Text: "bid_step", Data: map[string]any{"step": l.BidStep.String()}}, "amount")
		}
	}
	percent := values.Int(parameter.ShareLimit)
	if percent >= 100 {
		return nil
	}
	limit := l.Amount / 100 * money.Amount(percent)
	limit += l.Amount % 100 * money.Amount(percent) / 100
	placed, err := tx.Bid.Query().Where(bid.LoanID(l.ID), bid.InvestorID(investor), bid.StatusIn(counting...)).All(ctx)
	if err != nil {
		return fmt.Errorf("read the investor's bids: %w", err)
	}
	var held money.Amount
	for _, b := range placed {
		held += b.Amount
	}
	if held+x > limit {
		faults.Add(fault.Problem{Code: fault.ShareLimitExceeded, Text: "share_limit", Data: map[string]any{"limit": limit.String(), "held": held.String()}}, "amount")
	}
	return nil
}

func exceeds(remaining money.Amount) fault.Problem {
	return fault.Problem{Code: fault.AmountExceedsRemaining, Text: "bid_exceeds", Data: map[string]any{"remaining": max(remaining, 0).String()}}
}

// reserve takes a part of a listed loan's amount, in one update that finds the loan open and the amount free, or not at all. It tells the
// loan as it then is.
func reserve(ctx context.Context, tx *store.Tx, l *ent.Loan, x, funded money.Amount) (*ent.Loan, error) {
	now := lifecycle.Now()
	query, args := sql.Dialect(tx.Dialect()).Update(loan.Table).
		Add(loan.FieldReservedAmount, int64(x)).Add(loan.FieldFundedAmount, int64(funded)).Add(loan.FieldVersion, 1).Set(loan.FieldUpdatedAt, now).
		Where(sql.And(sql.EQ(loan.FieldID, int64(l.ID)), sql.EQ(loan.FieldStatus, string(loan.StatusBidding)), sql.LTE(loan.FieldOpensAt, now), sql.GT(loan.FieldClosesAt, now),
			sql.LTE(loan.FieldReservedAmount, int64(l.Amount-x)))).Query()
	after := *l
	err := tx.SQL.QueryRowContext(ctx, query+" RETURNING reserved_amount, funded_amount, version", args...).Scan(&after.ReservedAmount, &after.FundedAmount, &after.Version)
	if err == nil {
		return &after, nil
	}
	if !errors.Is(err, stdsql.ErrNoRows) {
		return nil, fmt.Errorf("reserve: %w", err)
	}
	l, err = read(ctx, tx, l.ID)
	if err != nil {
		return nil, err
	}
	if l.Status != loan.StatusBidding || l.Amount-l.ReservedAmount >= x { // closed a moment ago
		return nil, fault.Refuse(fault.Problem{Code: fault.ListingNotOpen})
	}
	return nil, fault.Refuse(exceeds(l.Amount-l.ReservedAmount), "amount") // somebody was faster
}
