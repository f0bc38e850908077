package marketplace

import (
	"context"
	"time"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// ListInput is the terms of a listing. Without OpensAt it opens at once.
type ListInput struct {
	LoanID              string
	ClosesAt, OpensAt   *string
	MinimumBid, BidStep *string
	ExpectedVersion     *int
}

// List puts an approved loan on the market: investors see it, and may bid from opensAt to closesAt.
//
// It returns a fault for every field that breaks its rule (REQUIRED, INVALID, OUT_OF_RANGE); NOT_FOUND, CONFLICT; NOT_ALLOWED_NOW, also while changed
// terms are not accepted; NOT_ELIGIBLE and CARD_NOT_BOUND of the borrower; SAME_PERSON.
func (o *Office) List(ctx context.Context, in ListInput) (key.Loan, error) {
	if err := lifecycle.ListLoan.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var entered fault.List
	least, step := amount(&entered, in.MinimumBid, "minimumBid"), amount(&entered, in.BidStep, "bidStep")
	opens, closes := moment(&entered, in.OpensAt, "opensAt"), moment(&entered, in.ClosesAt, "closesAt")
	if in.ClosesAt == nil {
		entered.Add(fault.Problem{Code: fault.Required}, "closesAt")
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		faults := append(fault.List{}, entered...)
		l, err := o.loan(ctx, tx, in.LoanID)
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return 0, err
		}
		now, days := lifecycle.Now(), values.Int(parameter.MaxListingDays)
		from := now
		if opens != nil && opens.After(now) {
			from = *opens
		}
		if latest := now.AddDate(0, 0, days); from.After(latest) {
			faults.Add(fault.Problem{Code: fault.OutOfRange, Text: "opens_too_late", Data: map[string]any{"days": days}}, "opensAt")
		}
		switch {
		case closes == nil:
		case !closes.After(from):
			faults.Add(fault.Problem{Code: fault.OutOfRange, Text: "closes_too_early"}, "closesAt")
		case closes.Sub(from) > time.Duration(days)*24*time.Hour:
			faults.Add(fault.Problem{Code: fault.OutOfRange, Text: "closes_too_late", Data: map[string]any{"days": days}}, "closesAt")
		}
		if l != nil && least > l.Amount {
			faults.Add(fault.Problem{Code: fault.OutOfRange, Text: "above_loan_amount", Data: map[string]any{"amount": l.Amount.String()}}, "minimumBid")
		}
		if l != nil && step > l.Amount {
			faults.Add(fault.Problem{Code: fault.OutOfRange, Text: "above_loan_amount", Data: map[string]any{"amount": l.Amount.String()}}, "bidStep")
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		listed := tx.Loan.Update().SetOpensAt(from).SetClosesAt(*closes).SetMinimumBid(least).SetBidStep(step)
		return l.ID, lifecycle.Make(ctx, tx, lifecycle.ListLoan, listed, ofLoan(l), lifecycle.Said{Expected: in.ExpectedVersion})
	})
}
