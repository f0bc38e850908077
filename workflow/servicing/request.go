package servicing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerequest"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money/ledger"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// RequestSettlementInput names a loan that its borrower wants to pay back before its time.
type RequestSettlementInput struct {
	LoanID          string
	Reason          *string
	ExpectedVersion *int
}

// RequestSettlement asks for a quote for an early settlement that holds for some days.
//
// It returns TOO_LONG at reason; NOT_FOUND at loanId, also for whoever does not borrow it; NOT_ALLOWED_NOW, also while another such request is open; CONFLICT.
func (o *Office) RequestSettlement(ctx context.Context, in RequestSettlementInput) (key.ServiceRequest, error) {
	if err := lifecycle.RequestEarlySettlement.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var entered fault.List
	reason := workflow.Text(&entered, in.Reason, workflow.MaxReason, "reason")
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.ServiceRequest, error) {
		faults := append(fault.List{}, entered...)
		l, err := o.asked(ctx, tx, &faults, in.LoanID, lifecycle.SettlementOfLoan, in.ExpectedVersion)
		if err != nil {
			return 0, err
		}
		return o.open(ctx, tx, lifecycle.RequestEarlySettlement, l, reason, tx.ServiceRequest.Create().SetKind(servicerequest.KindEarlySettlement))
	})
}

// RequestExtensionInput names a loan that its borrower wants more time for.
type RequestExtensionInput struct {
	LoanID          string
	Months          *int
	Reason          *string
	ExpectedVersion *int
}

// RequestExtension asks for a plan that ends some months later.
//
// It returns REQUIRED and OUT_OF_RANGE at months, REQUIRED and TOO_LONG at reason; NOT_FOUND at loanId, also for whoever does not borrow it; NOT_ALLOWED_NOW, also while
// another such request is open and when all that is owed is due already; CONFLICT.
func (o *Office) RequestExtension(ctx context.Context, in RequestExtensionInput) (key.ServiceRequest, error) {
	if err := lifecycle.RequestExtension.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var entered fault.List
	if in.Months == nil {
		entered.Add(fault.Problem{Code: fault.Required}, "months")
	}
	reason := workflow.Reason(&entered, in.Reason)
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.ServiceRequest, error) {
		faults := append(fault.List{}, entered...)
		l, err := o.asked(ctx, tx, &faults, in.LoanID, lifecycle.ExtensionOfLoan, in.ExpectedVersion)
		if err != nil {
			return 0, err
		}
		b, err := o.openBook(ctx, tx, l)
		if err != nil {
			return 0, err
		}
		if p := b.extensible(*in.Months, b.rules.day(lifecycle.Now())); p != nil {
			if p.Code == fault.OutOfRange {
				return 0, fault.Refuse(*p, "months")
			}
			return 0, fault.Refuse(*p)
		}
		return o.open(ctx, tx, lifecycle.RequestExtension, l, reason, tx.ServiceRequest.Create().SetKind(servicerequest.KindExtension).SetMonths(*in.Months))
	})
}

// asked takes the loan that a request is about, once it is its turn: the viewer's own, with the faults of the input and what keeps the request from being made.
func (o *Office) asked(ctx context.Context, tx *store.Tx, faults *fault.List, id string, move lifecycle.Move[loan.Status], expected *int) (*ent.Loan, error) {
	l, err := o.loan(ctx, tx, id)
	if err == nil && l.BorrowerID != access.From(ctx).User { // a listing that is seen is not one's own
		err = fault.Refuse(fault.Problem{Code: fault.NotFound}, "loanId")
	}
	if err := workflow.Gather(faults, err); err != nil {
		return nil, err
	}
	if err := faults.Err(); err != nil {
		return nil, err
	}
	return l, lifecycle.Beside(ctx, tx, move, ofLoan(l), lifecycle.Said{Expected: expected})
}

// open enters a request.
func (o *Office) open(ctx context.Context, tx *store.Tx, move lifecycle.Move[servicerequest.Status], l *ent.Loan, reason string, create *ent.ServiceRequestCreate) (key.ServiceRequest, error) {
	create.SetLoanID(l.ID).SetStatus(servicerequest.StatusRequested)
	if reason != "" {
		create.SetReason(reason)
	}
	r, err := create.Save(ctx)
	if err != nil {
		return 0, fmt.Errorf("enter the request: %w", err)
	}
	return r.ID, lifecycle.Born(ctx, tx, move, int64(r.ID), servicerequest.StatusRequested, l.BorrowerID, lifecycle.Said{Reason: reason})
}

// DecideInput says what becomes of a request.
type DecideInput struct {
	ServiceRequestID string
	Approve          *bool
	Reason           *string
	ExpectedVersion  *int
}

// Decide approves or rejects a borrower's request. An approved extension makes a new plan, an approved early settlement a quote of today's price that holds for
// SETTLEMENT_QUOTE_DAYS.
//
// It returns REQUIRED at approve, REQUIRED at reason when it is rejected, TOO_LONG at reason; NOT_FOUND at serviceRequestId; NOT_ALLOWED_NOW, also for approving what the
// loan does not allow any more; OUT_OF_RANGE for an extension beyond the limits in force; NOT_ELIGIBLE for an extension for whoever is not ACTIVE; SAME_PERSON; CONFLICT.
func (o *Office) Decide(ctx context.Context, in DecideInput) (key.ServiceRequest, error) {
	if err := lifecycle.DecideServiceRequest.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var entered fault.List
	if in.Approve == nil {
		entered.Add(fault.Problem{Code: fault.Required}, "approve")
	}
	reason := workflow.Text(&entered, in.Reason, workflow.MaxReason, "reason")
	if in.Approve != nil && !*in.Approve && reason == "" {
		entered.Add(fault.Problem{Code: fault.Required, Text: "reason_required"}, "reason")
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.ServiceRequest, error) {
		faults := append(fault.List{}, entered...)
		k, err := access.Find[key.ServiceRequest](ctx, tx, o.IDs, key.KindServiceRequest, servicerequest.Table, in.ServiceRequestID, "serviceRequestId")
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		r, err := tx.ServiceRequest.Get(ctx, k)
		if err != nil {
			return 0, fmt.Errorf("read the request: %w", err)
		}
		l, err := inTurn(ctx, tx, r.LoanID)
		if err != nil {
			return 0, err
		}
		if r, err = tx.ServiceRequest.Get(ctx, k); err != nil { // as it is now that it is the loan's turn
			return 0, fmt.Errorf("read the request: %w", err)
		}
		moved := lifecycle.Object[servicerequest.Status]{ID: int64(r.ID), Status: r.Status, Version: r.Version, Owner: l.BorrowerID}
		said := lifecycle.Said{Reason: reason, Expected: in.ExpectedVersion}
		decided, to, decision := tx.ServiceRequest.Update(), servicerequest.StatusApproved, review.DecisionApproved
		if !*in.Approve {
			to, decision = servicerequest.StatusRejected, review.DecisionRejected
		}
		if reason != "" {
			decided.SetDecisionReason(reason)
		}
		if err := lifecycle.MakeTo(ctx, tx, lifecycle.DecideServiceRequest, decided, moved, to, said); err != nil {
			return 0, err
		}
		if err := tx.Review.Create().SetSubjectType(string(key.KindServiceRequest)).SetSubjectID(int64(k)).SetStep(review.StepServiceRequest).SetRound(1).
			SetDecision(decision).SetReviewerID(access.From(ctx).Staff).SetNillableReason(some(reason)).Exec(ctx); err != nil {
			return 0, fmt.Errorf("keep the decision: %w", err)
		}
		switch {
		case !*in.Approve:
			return k, o.tell(ctx, tx, l, mailing.RequestRejected, map[string]any{"reason": reason})
		case r.Kind == servicerequest.KindExtension:
			return k, o.extend(ctx, tx, l, *r.Months)
		}
		return k, o.quote(ctx, tx, l, k)
	})
}

// quote fixes today's price of settling a loan for some days.
func (o *Office) quote(ctx context.Context, tx *store.Tx, l *ent.Loan, k key.ServiceRequest) error {
	if !slices.Contains(lifecycle.SettleLoanEarly.From, l.Status) {
		return fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Data: map[string]any{"move": lifecycle.SettleLoanEarly.Name, "status": string(l.Status)}})
	}
	b, err := o.openBook(ctx, tx, l)
	if err != nil {
		return err
	}
	now := lifecycle.Now().In(b.rules.zone)
	today := b.rules.day(now)
	price, _ := ledger.Settle(b.lines, today, b.terms())
	last := today + ledger.Day(b.rules.settlementDays)
	until := time.Date(now.Year(), now.Month(), now.Day()+b.rules.settlementDays+1, 0, 0, 0, 0, b.rules.zone).UTC()
	if err := tx.ServiceRequest.UpdateOneID(k).SetQuotedOn(today.String()).SetQuotedAmount(price.Sum()).SetValidUntil(until).Exec(ctx); err != nil {
		return fmt.Errorf("quote: %w", err)
	}
	return o.tell(ctx, tx, l, mailing.SettlementQuoted, map[string]any{"amount": price.Sum().String(), "day": last.String()})
}

// some is a text, or nil where there is none.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
