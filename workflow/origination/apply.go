package origination

import (
	"context"
	"crypto/rand"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/loan"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// ApplyInput is an application: amounts and rates as they are written.
type ApplyInput struct {
	Amount, AnnualRate, RepaymentMethod, Purpose, Description, CompanyID *string
	TermMonths                                                           *int
}

// maxDrafts is how many applications a borrower may have that were never submitted.
const maxDrafts = 20

// Apply begins an application, as DRAFT. With a company that company borrows, and its limits count.
//
// It returns REQUIRED, INVALID at amount, annualRate, termMonths, repaymentMethod, purpose, description (REQUIRED with OTHER); OUT_OF_RANGE and LIMIT_EXCEEDED for what no
// such borrower may have; NOT_FOUND, NOT_ELIGIBLE at companyId; LIMIT_EXCEEDED for too many drafts.
func (o *Office) Apply(ctx context.Context, in ApplyInput) (key.Loan, error) {
	me := access.From(ctx)
	if err := lifecycle.ApplyForLoan.Permit(me); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		if err := workflow.Turn(ctx, tx, me.User); err != nil {
			return 0, err
		}
		var faults fault.List
		drafts, err := tx.Loan.Query().Where(loan.BorrowerID(me.User), loan.StatusEQ(loan.StatusDraft)).Count(ctx)
		if err != nil {
			return 0, fmt.Errorf("count drafts: %w", err)
		}
		if drafts >= maxDrafts {
			faults.Add(fault.Problem{Code: fault.LimitExceeded, Text: "too_many_drafts"})
		}
		number, err := o.number(ctx, tx)
		if err != nil {
			return 0, err
		}
		create := tx.Loan.Create().SetBorrowerID(me.User).SetStatus(loan.StatusDraft).SetNumber(number)
		if _, err := o.fill(ctx, tx, create.Mutation(), &ent.Loan{BorrowerID: me.User}, wish{
			amount: graphql.OmittableOf(in.Amount), rate: graphql.OmittableOf(in.AnnualRate), months: graphql.OmittableOf(in.TermMonths),
			method: graphql.OmittableOf(in.RepaymentMethod), purpose: graphql.OmittableOf(in.Purpose), description: graphql.OmittableOf(in.Description),
			company: graphql.OmittableOf(in.CompanyID),
		}, &faults); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		l, err := create.Save(ctx)
		if err != nil {
			return 0, fmt.Errorf("enter application: %w", err)
		}
		return l.ID, lifecycle.Born(ctx, tx, lifecycle.ApplyForLoan, int64(l.ID), l.Status, me.User, lifecycle.Said{})
	})
}

// number makes the number that people quote on the phone: the day, and letters and digits that nobody takes for each other.
func (o *Office) number(ctx context.Context, tx *store.Tx) (string, error) {
	values, err := o.Parameters(ctx, tx)
	if err != nil {
		return "", err
	}
	const signs = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ" // 32 of them, so that a byte's lower bits choose evenly
	var b [8]byte
	_, _ = rand.Read(b[:]) // never fails (crypto/rand)
	for i := range b {
		b[i] = signs[b[i]%32]
	}
	return "L" + lifecycle.Now().In(values.Location(parameter.TimeZoneName)).Format("060102") + "-" + string(b[:]), nil
}
