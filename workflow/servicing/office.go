package servicing

import (
	"context"
	"fmt"
	"strings"
	"time"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bid"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/money/ledger"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Office does the verbs of loans that are funded.
type Office struct{ *workflow.Desk }

// clerk is the machine's own name in what it does of itself.
const clerk = "servicing"

// turns are the numbers under which loans' turns are taken, apart from those of everything else.
const turns = 0x6c6f_0000_0000_0000

// loan takes the loan that an input names, as the viewer may see it, once it is its turn. It returns NOT_FOUND at loanId.
func (o *Office) loan(ctx context.Context, tx *store.Tx, id string) (*ent.Loan, error) {
	k, err := access.Find[key.Loan](ctx, tx, o.IDs, key.KindLoan, loan.Table, id, "loanId")
	if err != nil {
		return nil, err
	}
	return inTurn(ctx, tx, k)
}

// inTurn reads a loan once nobody else changes what is paid on it.
func inTurn(ctx context.Context, tx *store.Tx, k key.Loan) (*ent.Loan, error) {
	if err := tx.Alone(ctx, turns|int64(k)); err != nil {
		return nil, err
	}
	l, err := tx.Loan.Get(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("read loan: %w", err)
	}
	return l, nil
}

// ofLoan is a loan as a move's object.
func ofLoan(l *ent.Loan) lifecycle.Object[loan.Status] {
	return lifecycle.Object[loan.Status]{ID: int64(l.ID), Status: l.Status, Version: l.Version, Owner: l.BorrowerID}
}

// eachBid makes a move of every bid of a loan that stands where the move starts.
func eachBid(ctx context.Context, tx *store.Tx, l key.Loan, move lifecycle.Move[bid.Status]) error {
	all, err := tx.Bid.Query().Where(bid.LoanID(l), bid.StatusIn(move.From...)).Order(bid.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("read bids: %w", err)
	}
	for _, b := range all {
		moved := lifecycle.Object[bid.Status]{ID: int64(b.ID), Status: b.Status, Version: b.Version, Owner: b.InvestorID}
		if err := lifecycle.Make(access.AsSystem(ctx, clerk), tx, move, tx.Bid.Update(), moved, lifecycle.Said{}); err != nil {
			return err
		}
	}
	return nil
}

// decided keeps a decision of the viewer about a loan's funding.
func decided(ctx context.Context, tx *store.Tx, l *ent.Loan, decision review.Decision, note, reason string) error {
	create := tx.Review.Create().SetSubjectType(string(key.KindLoan)).SetSubjectID(int64(l.ID)).SetStep(review.StepFunding).SetRound(l.Round).
		SetDecision(decision).SetReviewerID(access.From(ctx).Staff)
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

// rules are what a loan is judged by.
type rules struct {
	zone                         *time.Location
	grace, defaultDays, writeOff int
	penalty, fee                 money.Rate
	reopenedDays, settlementDays int
	maxExtension, maxTerm        int
}

// rulesOf are the parameters in force when the loan was submitted the last time; the platform's zone is today's.
func (o *Office) rulesOf(ctx context.Context, tx *store.Tx, l *ent.Loan) (rules, error) {
	at := l.CreatedAt
	if l.SubmittedAt != nil {
		at = *l.SubmittedAt
	}
	v, err := o.ParametersAt(ctx, tx, at)
	if err != nil {
		return rules{}, err
	}
	now, err := o.Parameters(ctx, tx)
	if err != nil {
		return rules{}, err
	}
	return rules{
		zone: now.Location(parameter.TimeZoneName), grace: v.Int(parameter.GraceDays), defaultDays: v.Int(parameter.DefaultDays), writeOff: v.Int(parameter.WriteOffDays),
		penalty: v.Rate(parameter.PenaltyRate), fee: v.Rate(parameter.EarlySettlementFee), reopenedDays: now.Int(parameter.ReopenedListingDays),
		settlementDays: now.Int(parameter.SettlementQuoteDays), maxExtension: now.Int(parameter.MaxExtensionMonths), maxTerm: now.Int(parameter.MaxTermMonths),
	}, nil
}

// day is the business day of a moment.
func (r rules) day(at time.Time) ledger.Day { return ledger.DayOf(at.In(r.zone)) }

// The longest reference and order number.
const maxReference = 100

// name reads a reference or number of finance's.
func name(faults *fault.List, s *string, field string) string {
	said := workflow.Text(faults, s, maxReference, field)
	if said == "" {
		faults.Add(fault.Problem{Code: fault.Required}, field)
	}
	return said
}

// happened reads the moment of something that finance reports: it must be there and not lie ahead, but for clocks that differ.
func happened(faults *fault.List, s *string, field string) time.Time {
	if s == nil || strings.TrimSpace(*s) == "" {
		faults.Add(fault.Problem{Code: fault.Required}, field)
		return time.Time{}
	}
	at, err := time.Parse(time.RFC3339Nano, *s)
	if err != nil {
		faults.Add(fault.Problem{Code: fault.Invalid, Text: "moment_malformed"}, field)
		return time.Time{}
	}
	at = at.UTC().Truncate(time.Microsecond)
	if at.After(lifecycle.Now().Add(5 * time.Minute)) {
		faults.Add(fault.Problem{Code: fault.OutOfRange, Text: "moment_ahead"}, field)
	}
	return at
}

// amount reads an amount that must be there and be more than nothing.
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
	}
	return n
}
