package servicing

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bid"
	"lenddesk/ent/disbursement"
	"lenddesk/ent/installment"
	"lenddesk/ent/loan"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/money/plan"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// ConfirmInput is finance's report that an order was carried out.
type ConfirmInput struct {
	LoanID                              string
	OrderNumber, Reference, DisbursedAt *string
	ExpectedVersion                     *int
}

// report is what an order was answered with, to tell a report that comes again from another one.
type report struct {
	Reference   string    `json:"reference,omitempty"`
	DisbursedAt time.Time `json:"disbursedAt,omitzero"`
	Reason      string    `json:"reason,omitempty"`
	FailedBids  []key.Bid `json:"failedBids,omitempty"`
}

func (r report) String() string {
	said, err := json.Marshal(r)
	if err != nil {
		panic(err) // strings, times and numbers can be written
	}
	return string(said)
}

// Confirm takes the report that a loan was paid out: its repayment plan and each bid's share are made, the bids are held.
//
// It returns a fault for every field that breaks its rule; NOT_FOUND, NOT_ALLOWED_NOW; SAME_PERSON for who approved the funding; CONFLICT at orderNumber for another
// order than the open one, at reference for another report under the same reference. The same report again is answered as the first.
func (o *Office) Confirm(ctx context.Context, in ConfirmInput) (key.Loan, error) {
	if err := lifecycle.ConfirmDisbursement.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var entered fault.List
	number := name(&entered, in.OrderNumber, "orderNumber")
	told := report{Reference: name(&entered, in.Reference, "reference"), DisbursedAt: happened(&entered, in.DisbursedAt, "disbursedAt")}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		faults := append(fault.List{}, entered...)
		l, err := o.loan(ctx, tx, in.LoanID)
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		return l.ID, o.confirm(ctx, tx, l, number, told, in.ExpectedVersion)
	})
}

// confirm has a loan paid out, by a report that has been checked.
func (o *Office) confirm(ctx context.Context, tx *store.Tx, l *ent.Loan, number string, told report, expected *int) error {
	if again, err := o.answered(ctx, tx, l, number, told); again || err != nil {
		return err
	}
	taken, err := tx.Disbursement.Query().Where(disbursement.Reference(told.Reference)).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for the reference: %w", err)
	}
	if taken {
		return fault.Refuse(fault.Problem{Code: fault.Conflict, Text: "reference_used"}, "reference")
	}
	paid := tx.Loan.Update().SetDisbursedAt(told.DisbursedAt).ClearOrderNumber()
	if err := lifecycle.Make(ctx, tx, lifecycle.ConfirmDisbursement, paid, ofLoan(l), lifecycle.Said{Expected: expected}); err != nil {
		return err
	}
	if err := o.current(l, number); err != nil {
		return err
	}
	if err := finish(ctx, tx, number, disbursement.StateConfirmed, told); err != nil {
		return err
	}
	if err := eachBid(ctx, tx, l.ID, lifecycle.HoldBid); err != nil {
		return err
	}
	r, err := o.rulesOf(ctx, tx, l)
	if err != nil {
		return err
	}
	if err := makePlan(ctx, tx, l, told.DisbursedAt.In(r.zone)); err != nil {
		return err
	}
	u, err := o.Myself(ctx, tx, l.BorrowerID)
	if err != nil {
		return err
	}
	return mailing.Tell(ctx, o.Desk, tx, u, mailing.LoanDisbursed, map[string]any{"number": l.Number, "amount": l.Amount.String()})
}

// answered tells whether an order has had just this answer before. It returns CONFLICT when it had another one.
func (o *Office) answered(ctx context.Context, tx *store.Tx, l *ent.Loan, number string, told report) (bool, error) {
	order, err := tx.Disbursement.Query().Where(disbursement.LoanID(l.ID), disbursement.Number(number)).Only(ctx)
	if ent.IsNotFound(err) || err == nil && order.State == disbursement.StateOrdered {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for the order: %w", err)
	}
	if order.Report != nil && *order.Report == told.String() {
		return true, nil
	}
	return false, fault.Refuse(fault.Problem{Code: fault.Conflict, Text: "order_answered"}, "orderNumber")
}

// current refuses a report about another order than the one that is open.
func (o *Office) current(l *ent.Loan, number string) error {
	if l.OrderNumber == nil || *l.OrderNumber != number {
		return fault.Refuse(fault.Problem{Code: fault.Conflict, Text: "order_other"}, "orderNumber")
	}
	return nil
}

// finish ends an order with its answer.
func finish(ctx context.Context, tx *store.Tx, number string, state disbursement.State, told report) error {
	ended := tx.Disbursement.Update().Where(disbursement.Number(number), disbursement.StateEQ(disbursement.StateOrdered)).SetState(state).
		SetReport(told.String()).SetFinishedAt(lifecycle.Now())
	if told.Reference != "" {
		ended.SetReference(told.Reference)
	}
	n, err := ended.Save(ctx)
	if err != nil {
		return fmt.Errorf("end the order: %w", err)
	}
	if n != 1 {
		return fault.Refuse(fault.Problem{Code: fault.Conflict}, "orderNumber")
	}
	return nil
}

// atOnce is how many rows one statement writes.
const atOnce = 400

// makePlan writes the lines of a loan's first plan and the shares of its bids.
func makePlan(ctx context.Context, tx *store.Tx, l *ent.Loan, value time.Time) error {
	held, err := tx.Bid.Query().Where(bid.LoanID(l.ID), bid.StatusEQ(bid.StatusHolding)).Order(bid.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("read bids: %w", err)
	}
	amounts := make([]money.Amount, len(held))
	for i, b := range held {
		amounts[i] = b.Amount
	}
	terms := plan.Terms{Amount: l.Amount, Rate: l.AnnualRate, Months: l.TermMonths, Method: plan.Method(l.RepaymentMethod)}
	lines, problem := terms.Lines()
	if problem != nil {
		return fmt.Errorf("the terms of %s make no plan", l.Number)
	}
	due := make([]string, len(lines))
	for k := range lines {
		due[k] = plan.DueOn(value, terms.DueAfter(k)).Format(time.DateOnly)
	}
	return enter(ctx, tx, l.ID, 1, 1, lines, due, held, plan.Shares(lines, amounts))
}

// enter writes the lines of a plan, numbered from the first on, and the shares of bids.
func enter(ctx context.Context, tx *store.Tx, l key.Loan, version, first int, lines []plan.Line, due []string, held []*ent.Bid, shares [][]plan.Line) error {
	var rows []*ent.InstallmentCreate
	row := func(k int, part plan.Line) *ent.InstallmentCreate {
		c := tx.Installment.Create().SetLoanID(l).SetPlan(version).SetNumber(first + k).SetDueOn(due[k]).SetPrincipal(part.Principal).SetInterest(part.Interest).
			SetStatus(installment.StatusDue)
		rows = append(rows, c)
		return c
	}
	for k, whole := range lines {
		row(k, whole)
		for i, b := range held {
			row(k, shares[k][i]).SetBidID(b.ID)
		}
	}
	for some := range slices.Chunk(rows, atOnce) {
		if err := tx.Installment.CreateBulk(some...).Exec(ctx); err != nil {
			return fmt.Errorf("write the plan: %w", err)
		}
	}
	return nil
}

// FailInput is finance's report that an order was not carried out. With failed bids only their payments failed.
type FailInput struct {
	LoanID              string
	OrderNumber, Reason *string
	FailedBidIds        []string
	ExpectedVersion     *int
}

// Fail takes the report that a loan could not be paid out: it is FULLY_FUNDED again, to be reviewed anew. With failed bids those are released and the loan
// takes bids again for REOPENED_LISTING_DAYS.
//
// It returns a fault for every field that breaks its rule; NOT_FOUND, NOT_ALLOWED_NOW, SAME_PERSON; CONFLICT at orderNumber. The same report again is answered as the first.
func (o *Office) Fail(ctx context.Context, in FailInput) (key.Loan, error) {
	if err := lifecycle.FailDisbursement.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var entered fault.List
	number := name(&entered, in.OrderNumber, "orderNumber")
	reason := workflow.Reason(&entered, in.Reason)
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		faults := append(fault.List{}, entered...)
		l, err := o.loan(ctx, tx, in.LoanID)
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		failed, err := o.failedBids(ctx, tx, l, in.FailedBidIds, &faults)
		if err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		return l.ID, o.fail(ctx, tx, l, number, reason, failed, in.ExpectedVersion)
	})
}

// failedBids are the bids of a loan that a report names. It adds a fault for each that is none, or is named twice.
func (o *Office) failedBids(ctx context.Context, tx *store.Tx, l *ent.Loan, ids []string, faults *fault.List) (failed []*ent.Bid, err error) {
	named := map[key.Bid]bool{}
	for i, id := range ids {
		kind, k, ok := o.IDs.Decode(id)
		var b *ent.Bid
		if ok && kind == key.KindBid && l != nil {
			b, err = tx.Bid.Query().Where(bid.ID(key.Bid(k)), bid.LoanID(l.ID)).Only(ctx)
			if err != nil && !ent.IsNotFound(err) {
				return nil, fmt.Errorf("read bid: %w", err)
			}
		}
		switch {
		case b == nil:
			faults.Add(fault.Problem{Code: fault.NotFound}, "failedBidIds", fmt.Sprint(i))
		case named[b.ID]:
			faults.Add(fault.Problem{Code: fault.Invalid, Text: "duplicate_value"}, "failedBidIds", fmt.Sprint(i))
		default:
			failed, named[b.ID] = append(failed, b), true
		}
	}
	return failed, nil
}

// fail takes an order back that was not carried out, by a report that has been checked.
func (o *Office) fail(ctx context.Context, tx *store.Tx, l *ent.Loan, number, reason string, failed []*ent.Bid, expected *int) error {
	told := report{Reason: reason}
	for _, b := range failed {
		told.FailedBids = append(told.FailedBids, b.ID)
	}
	slices.Sort(told.FailedBids)
	if again, err := o.answered(ctx, tx, l, number, told); again || err != nil {
		return err
	}
	r, err := o.rulesOf(ctx, tx, l)
	if err != nil {
		return err
	}
	to, changed := loan.StatusFullyFunded, tx.Loan.Update().ClearOrderNumber()
	if len(failed) > 0 {
		var lost money.Amount
		for _, b := range failed {
			lost += b.Amount
		}
		to = loan.StatusBidding
		changed.AddReservedAmount(-lost).AddFundedAmount(-lost).SetClosesAt(lifecycle.Now().AddDate(0, 0, r.reopenedDays))
	}
	// The reason is finance's, for staff: what the borrower can do about it, if anything, is told by staff.
	if err := lifecycle.MakeTo(ctx, tx, lifecycle.FailDisbursement, changed, ofLoan(l), to, lifecycle.Said{Note: reason, Expected: expected}); err != nil {
		return err
	}
	if err := o.current(l, number); err != nil {
		return err
	}
	if err := finish(ctx, tx, number, disbursement.StateFailed, told); err != nil {
		return err
	}
	for _, b := range failed {
		if err := o.release(ctx, tx, l, b); err != nil {
			return err
		}
	}
	return nil
}
