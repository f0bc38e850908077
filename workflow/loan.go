package workflow

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/document"
	"lenddesk/ent/loan"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/money/plan"
	"lenddesk/store"
)

// Loan takes the loan that an input names, as the viewer may see it, once it is the turn of its borrower and its own. It returns NOT_FOUND at loanId.
func (d *Desk) Loan(ctx context.Context, tx *store.Tx, id string) (*ent.Loan, error) {
	k, err := access.Find[key.Loan](ctx, tx, d.IDs, key.KindLoan, loan.Table, id, "loanId")
	if err != nil {
		return nil, err
	}
	return LoanInTurn(ctx, tx, k)
}

// LoanInTurn reads a loan once it is the turn of its borrower and its own.
func LoanInTurn(ctx context.Context, tx *store.Tx, k key.Loan) (*ent.Loan, error) {
	l, err := tx.Loan.Get(ctx, k) // whose it is never changes
	if err != nil {
		return nil, fmt.Errorf("read loan: %w", err)
	}
	if err := Turn(ctx, tx, l.BorrowerID); err != nil {
		return nil, err
	}
	if err := LoanTurn(ctx, tx, k); err != nil {
		return nil, err
	}
	if l, err = tx.Loan.Get(ctx, k); err != nil {
		return nil, fmt.Errorf("read loan: %w", err)
	}
	return l, nil
}

// Borrowing is a loan as a move's object.
func Borrowing(l *ent.Loan) lifecycle.Object[loan.Status] {
	return lifecycle.Object[loan.Status]{ID: int64(l.ID), Status: l.Status, Version: l.Version, Owner: l.BorrowerID}
}

// Paper is a document as a move's object.
func Paper(d *ent.Document) lifecycle.Object[document.Status] {
	o := lifecycle.Object[document.Status]{ID: int64(d.ID), Status: d.Status, Version: d.Version}
	if d.OwnerID != nil {
		o.Owner = *d.OwnerID
	}
	return o
}

// Terms are what a loan's plan follows from.
func Terms(l *ent.Loan) plan.Terms {
	return plan.Terms{Amount: l.Amount, Rate: l.AnnualRate, Months: l.TermMonths, Method: plan.Method(l.RepaymentMethod)}
}

// Amount reads an amount of an input; ok says whether it is one.
func Amount(faults *fault.List, s *string, field ...string) (a money.Amount, ok bool) {
	a, problem := money.ParseAmount(Value(s))
	if Value(s) == "" {
		problem = &fault.Problem{Code: fault.Required}
	}
	return a, Note(faults, problem, field...)
}

// Rate reads a rate of an input; ok says whether it is one.
func Rate(faults *fault.List, s *string, field ...string) (r money.Rate, ok bool) {
	r, problem := money.ParseRate(Value(s))
	if Value(s) == "" {
		problem = &fault.Problem{Code: fault.Required}
	}
	return r, Note(faults, problem, field...)
}

// Note keeps a problem of a field, if there is one; fine says that there is none.
func Note(faults *fault.List, problem *fault.Problem, field ...string) (fine bool) {
	if problem != nil {
		faults.Add(*problem, field...)
	}
	return problem == nil
}
