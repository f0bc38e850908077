package servicing

import (
	"context"
	"encoding/json"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bid"
	"lenddesk/ent/disbursement"
	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// ApproveFundingInput names a loan that is fully funded.
type ApproveFundingInput struct {
	LoanID          string
	Note            *string
	ExpectedVersion *int
}

// Collection is what an order has finance collect for one bid, as the order's row keeps it (JSON).
type Collection struct {
	Bid    key.Bid      `json:"bid"`
	Card   key.BankCard `json:"card"`
	Amount money.Amount `json:"amount"`
}

// ApproveFunding passes a full listing (满标审核) and orders finance to collect and pay: a numbered order that names every card, fixed from then on.
//
// It returns NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT; SAME_PERSON for who approved the application, and for the borrower's own; NOT_ELIGIBLE, CARD_NOT_BOUND
// of the borrower and of an investor.
func (o *Office) ApproveFunding(ctx context.Context, in ApproveFundingInput) (key.Loan, error) {
	me := access.From(ctx)
	if err := lifecycle.ApproveFunding.Permit(me); err != nil {
		return 0, err
	}
	var faults fault.List
	note := workflow.Text(&faults, in.Note, workflow.MaxNote, "note")
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		l, err := o.loan(ctx, tx, in.LoanID)
		if err != nil {
			return 0, err
		}
		before, err := tx.Disbursement.Query().Where(disbursement.LoanID(l.ID)).Count(ctx)
		if err != nil {
			return 0, fmt.Errorf("count orders: %w", err)
		}
		number := fmt.Sprintf("%s-%d", l.Number, before+1)
		err = lifecycle.Make(ctx, tx, lifecycle.ApproveFunding, tx.Loan.Update().SetOrderNumber(number), ofLoan(l), lifecycle.Said{Note: note, Expected: in.ExpectedVersion})
		if err != nil {
			return 0, err
		}
		if err := decided(ctx, tx, l, review.DecisionApproved, note, ""); err != nil {
			return 0, err
		}
		return l.ID, o.order(ctx, tx, l, number)
	})
}

// order writes down what finance is to do, and has it told.
func (o *Office) order(ctx context.Context, tx *store.Tx, l *ent.Loan, number string) error {
	payee, err := cardOf(ctx, tx, l.BorrowerID)
	if err != nil {
		return err
	}
	bids, err := tx.Bid.Query().Where(bid.LoanID(l.ID), bid.StatusEQ(bid.StatusApproved)).Order(bid.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("read bids: %w", err)
	}
	collections := make([]Collection, len(bids))
	for i, b := range bids {
		card, err := cardOf(ctx, tx, b.InvestorID)
		if err != nil {
			return err
		}
		collections[i] = Collection{b.ID, card, b.Amount}
	}
	said, err := json.Marshal(collections)
	if err != nil {
		return fmt.Errorf("write the order: %w", err)
	}
	d, err := tx.Disbursement.Create().SetLoanID(l.ID).SetNumber(number).SetPayeeCardID(payee).SetCollections(string(said)).SetState(disbursement.StateOrdered).Save(ctx)
	if err != nil {
		return fmt.Errorf("order: %w", err)
	}
	return o.Queue.Enqueue(ctx, tx, Tell{Order: int64(d.ID)}, nil)
}

// cardOf is the bound card of a customer. It returns CARD_NOT_BOUND.
func cardOf(ctx context.Context, tx *store.Tx, u key.User) (key.BankCard, error) {
	k, err := tx.BankCard.Query().Where(bankcard.UserID(u), bankcard.StatusEQ(bankcard.StatusBound)).OnlyID(ctx)
	if ent.IsNotFound(err) {
		return 0, fault.Refuse(fault.Problem{Code: fault.CardNotBound, Text: "party_without_card"})
	}
	if err != nil {
		return 0, fmt.Errorf("look for the bound card: %w", err)
	}
	return k, nil
}

// RejectFundingInput names a loan that is fully funded, and says why it is not paid out.
type RejectFundingInput struct {
	LoanID          string
	Reason          *string
	ExpectedVersion *int
}

// RejectFunding fails a full listing: every bid is released, borrower and investors are told.
//
// It returns REQUIRED, TOO_LONG at reason; NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT, SAME_PERSON.
func (o *Office) RejectFunding(ctx context.Context, in RejectFundingInput) (key.Loan, error) {
	if err := lifecycle.RejectFunding.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var entered fault.List
	reason := workflow.Reason(&entered, in.Reason)
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		faults := append(fault.List{}, entered...)
		l, err := o.loan(ctx, tx, in.LoanID)
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		rejected := tx.Loan.Update().SetReservedAmount(0).SetFundedAmount(0)
		if err := lifecycle.Make(ctx, tx, lifecycle.RejectFunding, rejected, ofLoan(l), lifecycle.Said{Reason: reason, Expected: in.ExpectedVersion}); err != nil {
			return 0, err
		}
		if err := decided(ctx, tx, l, review.DecisionRejected, "", reason); err != nil {
			return 0, err
		}
		approved, err := tx.Bid.Query().Where(bid.LoanID(l.ID), bid.StatusEQ(bid.StatusApproved)).Order(bid.ByID()).All(ctx)
		if err != nil {
			return 0, fmt.Errorf("read bids: %w", err)
		}
		for _, b := range approved {
			if err := o.release(ctx, tx, l, b); err != nil {
				return 0, err
			}
		}
		u, err := o.Myself(ctx, tx, l.BorrowerID)
		if err != nil {
			return 0, err
		}
		return l.ID, mailing.Tell(ctx, o.Desk, tx, u, mailing.ListingFailed, map[string]any{"number": l.Number, "reason": reason})
	})
}

// release lets a bid go whose payment failed or is not taken, and writes to the investor.
func (o *Office) release(ctx context.Context, tx *store.Tx, l *ent.Loan, b *ent.Bid) error {
	released := lifecycle.Object[bid.Status]{ID: int64(b.ID), Status: b.Status, Version: b.Version, Owner: b.InvestorID}
	if err := lifecycle.Make(access.AsSystem(ctx, clerk), tx, lifecycle.ReleaseBid, tx.Bid.Update(), released, lifecycle.Said{}); err != nil {
		return err
	}
	u, err := o.Myself(ctx, tx, b.InvestorID)
	if err != nil {
		return err
	}
	return mailing.Tell(ctx, o.Desk, tx, u, mailing.BidReleased, map[string]any{"number": l.Number, "amount": b.Amount.String()})
}
