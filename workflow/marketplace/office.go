package marketplace

import (
	"context"
	"fmt"
	"strings"
	"time"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bid"
	"lenddesk/ent/loan"
	"lenddesk/ent/predicate"
	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// Office does the verbs of listings and bids.
type Office struct{ *workflow.Desk }

// clerk is the machine's own name in what it does of itself.
const clerk = "listings"

// loan takes the loan that an input names, as the viewer may see it. It returns NOT_FOUND at loanId.
func (o *Office) loan(ctx context.Context, tx *store.Tx, id string) (*ent.Loan, error) {
	l, err := tx.Loan.Query().Where(loan.ID(access.Named[key.Loan](o.IDs, key.KindLoan, id)), access.Seen[predicate.Loan](ctx, key.KindLoan)).Only(ctx)
	if ent.IsNotFound(err) {
		return nil, fault.Refuse(fault.Problem{Code: fault.NotFound}, "loanId")
	}
	if err != nil {
		return nil, fmt.Errorf("read loan: %w", err)
	}
	return l, nil
}

func read(ctx context.Context, tx *store.Tx, k key.Loan) (*ent.Loan, error) {
	l, err := tx.Loan.Get(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("read loan: %w", err)
	}
	return l, nil
}

// bid takes the bid that an input names, as the viewer may see it. It returns NOT_FOUND at bidId.
func (o *Office) bid(ctx context.Context, tx *store.Tx, id string) (*ent.Bid, error) {
	k, err := access.Find[key.Bid](ctx, tx, o.IDs, key.KindBid, bid.Table, id, "bidId")
	if err != nil {
		return nil, err
	}
	b, err := tx.Bid.Get(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("read bid: %w", err)
	}
	return b, nil
}

// ofLoan is a loan as a move's object.
func ofLoan(l *ent.Loan) lifecycle.Object[loan.Status] {
	return lifecycle.Object[loan.Status]{ID: int64(l.ID), Status: l.Status, Version: l.Version, Owner: l.BorrowerID}
}

// ofBid is a bid as a move's object.
func ofBid(b *ent.Bid) lifecycle.Object[bid.Status] {
	return lifecycle.Object[bid.Status]{ID: int64(b.ID), Status: b.Status, Version: b.Version, Owner: b.InvestorID}
}

// shift changes what a listed loan has reserved and funded, and tells it as it then is. It returns NOT_ALLOWED_NOW when the loan has been taken from
// the market meanwhile.
func shift(ctx context.Context, tx *store.Tx, k key.Loan, reserved, funded money.Amount) (*ent.Loan, error) {
	n, err := tx.Loan.Update().Where(loan.ID(k), loan.StatusEQ(loan.StatusBidding)).
		AddReservedAmount(reserved).AddFundedAmount(funded).AddVersion(1).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("change what is reserved: %w", err)
	}
	if n == 0 {
		return nil, fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "loan_not_bidding"})
	}
	return read(ctx, tx, k)
}

// fill ends the bidding once approved bids make the amount.
func fill(ctx context.Context, tx *store.Tx, l *ent.Loan) error {
	if l.FundedAmount < l.Amount {
		return nil
	}
	return lifecycle.Make(access.AsSystem(ctx, clerk), tx, lifecycle.FillListing, tx.Loan.Update(), ofLoan(l), lifecycle.Said{})
}

// Fail takes a loan from the market by a move, releases every bid that still counts, and writes to the borrower and the investors. The move must lead to
// where no bid counts; the loan must have been changed by nobody since it was read.
func Fail(ctx context.Context, d *workflow.Desk, tx *store.Tx, l *ent.Loan, move lifecycle.Move[loan.Status], said lifecycle.Said) error {
	err := lifecycle.Make(ctx, tx, move, tx.Loan.Update().SetReservedAmount(0).SetFundedAmount(0), ofLoan(l), said)
	if err != nil {
		return err
	}
	open, err := tx.Bid.Query().Where(bid.LoanID(l.ID), bid.StatusIn(bid.StatusPendingReview, bid.StatusApproved)).Order(bid.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("read the bids of a listing that ends: %w", err)
	}
	for _, b := range open {
		if err := Release(ctx, d, tx, l, b); err != nil {
			return err
		}
	}
	u, err := d.Myself(ctx, tx, l.BorrowerID)
	if err != nil {
		return err
	}
	return mailing.Tell(ctx, d, tx, u, mailing.ListingFailed, map[string]any{"number": l.Number, "reason": said.Reason})
}

// Release lets a bid go whose listing or payment failed, and writes to the investor. What the loan has reserved is the caller's.
func Release(ctx context.Context, d *workflow.Desk, tx *store.Tx, l *ent.Loan, b *ent.Bid) error {
	if err := lifecycle.Make(access.AsSystem(ctx, clerk), tx, lifecycle.ReleaseBid, tx.Bid.Update(), ofBid(b), lifecycle.Said{}); err != nil {
		return err
	}
	u, err := d.Myself(ctx, tx, b.InvestorID)
	if err != nil {
		return err
	}
	return mailing.Tell(ctx, d, tx, u, mailing.BidReleased, map[string]any{"number": l.Number, "amount": b.Amount.String()})
}

// decided keeps a decision of the viewer about a bid.
func decided(ctx context.Context, tx *store.Tx, b *ent.Bid, decision review.Decision, note, reason string) error {
	create := tx.Review.Create().SetSubjectType(string(key.KindBid)).SetSubjectID(int64(b.ID)).SetStep(review.StepBid).SetDecision(decision).
		SetReviewerID(access.From(ctx).Staff)
	if note != "" {
		create.SetNote(note)
	}
	if reason != "" {
		create.SetReason(reason)
	}
	if err := create.Exec(ctx); err != nil {
		return fmt.Errorf("keep the decision: %w", err)
	}
	return nil
}

// amount reads an amount of an input that must be there and be more than nothing.
func amount(faults *fault.List, s *string, field string) money.Amount {
	if s == nil || strings.TrimSpace(*s) == "" {
		faults.Add(fault.Problem{Code: fault.Required}, field)
		return 0
	}
	n, problem := money.ParseAmount(strings.TrimSpace(*s))
	if problem != nil {
		faults.Add(*problem, field)
		return 0
	}
	if n <= 0 {
		faults.Add(fault.Problem{Code: fault.OutOfRange, Text: "amount_not_positive"}, field)
		return 0
	}
	return n
}

// moment reads a moment of an input; nil when there is none.
func moment(faults *fault.List, s *string, field string) *time.Time {
	if s == nil {
		return nil
	}
	at, err := time.Parse(time.RFC3339Nano, *s)
	if err != nil || at.Year() > 9999 {
		faults.Add(fault.Problem{Code: fault.Invalid, Text: "moment_malformed"}, field)
		return nil
	}
	at = at.UTC().Truncate(time.Microsecond)
	return &at
}
