package marketplace

import (
	"context"
	"slices"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bid"
	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// ApproveInput names a bid that waits for review.
type ApproveInput struct {
	BidID           string
	Note            *string
	ExpectedVersion *int
}

// Approve passes a bid: it funds the loan from now on, and may fill the listing.
//
// It returns NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT; SAME_PERSON for the investor's or borrower's own; NOT_ELIGIBLE while the investor is not ACTIVE.
func (o *Office) Approve(ctx context.Context, in ApproveInput) (key.Bid, error) {
	if err := lifecycle.ApproveBid.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	note := workflow.Text(&faults, in.Note, workflow.MaxNote, "note")
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Bid, error) {
		b, err := o.bid(ctx, tx, in.BidID)
		if err != nil {
			return 0, err
		}
		move := func() error {
			return lifecycle.Make(ctx, tx, lifecycle.ApproveBid, tx.Bid.Update(), ofBid(b), lifecycle.Said{Note: note, Expected: in.ExpectedVersion})
		}
		if b.Status != bid.StatusPendingReview {
			return 0, move()
		}
		l, err := shift(ctx, tx, b.LoanID, 0, b.Amount)
		if err != nil {
			return 0, err
		}
		if err := move(); err != nil {
			return 0, err
		}
		if err := decided(ctx, tx, b, review.DecisionApproved, note, ""); err != nil {
			return 0, err
		}
		return b.ID, fill(ctx, tx, l)
	})
}

// RejectInput names a bid that waits for review, and says why it is refused.
type RejectInput struct {
	BidID           string
	Reason          *string
	ExpectedVersion *int
}

// Reject refuses a bid: its amount is free again, and the investor is told why.
//
// It returns REQUIRED, TOO_LONG at reason; NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT, SAME_PERSON.
func (o *Office) Reject(ctx context.Context, in RejectInput) (key.Bid, error) {
	if err := lifecycle.RejectBid.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var entered fault.List
	reason := workflow.Reason(&entered, in.Reason)
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Bid, error) {
		faults := append(fault.List{}, entered...)
		b, err := o.bid(ctx, tx, in.BidID)
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		return b.ID, o.free(ctx, tx, b, func() error {
			if err := lifecycle.Make(ctx, tx, lifecycle.RejectBid, tx.Bid.Update(), ofBid(b), lifecycle.Said{Reason: reason, Expected: in.ExpectedVersion}); err != nil {
				return err
			}
			if err := decided(ctx, tx, b, review.DecisionRejected, "", reason); err != nil {
				return err
			}
			u, err := o.Myself(ctx, tx, b.InvestorID)
			if err != nil {
				return err
			}
			l, err := read(ctx, tx, b.LoanID)
			if err != nil {
				return err
			}
			return mailing.Tell(ctx, o.Desk, tx, u, mailing.BidRejected, map[string]any{"number": l.Number, "amount": b.Amount.String(), "reason": reason})
		})
	})
}

// free gives back what a bid has reserved, and funds when it is approved, and then makes its move, which may still refuse.
func (o *Office) free(ctx context.Context, tx *store.Tx, b *ent.Bid, move func() error) error {
	if slices.Contains(counting, b.Status) {
		funded := money.Amount(0)
		if b.Status == bid.StatusApproved {
			funded = b.Amount
		}
		if _, err := shift(ctx, tx, b.LoanID, -b.Amount, -funded); err != nil {
			return err
		}
	}
	return move()
}
