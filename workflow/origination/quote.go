package origination

import (
	"context"
	"time"

	"lenddesk/fault"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/money/plan"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// QuoteInput is what a loan would be: amounts and rates as they are written.
type QuoteInput struct {
	Amount, AnnualRate string
	TermMonths         int
	RepaymentMethod    string
}

// Quote is a plan with its days and its cost.
type Quote struct {
	plan.Quote
	Days    []string       // when each line is due, YYYY-MM-DD
	Balance []money.Amount // what is owed after each line
}

// Quote tells what a loan that is paid out today would cost. Nothing is stored.
//
// It returns INVALID at amount, annualRate; OUT_OF_RANGE at amount, annualRate, termMonths for what no loan can have, and for terms without a plan.
func (o *Office) Quote(ctx context.Context, in QuoteInput) (Quote, error) {
	values, err := o.values(ctx)
	if err != nil {
		return Quote{}, err
	}
	var faults fault.List
	terms := plan.Terms{Months: in.TermMonths, Method: plan.Method(in.RepaymentMethod)}
	var problem *fault.Problem
	if terms.Amount, problem = money.ParseAmount(in.Amount); problem == nil && terms.Amount <= 0 {
		problem = &fault.Problem{Code: fault.OutOfRange, Text: "amount_not_positive"}
	}
	workflow.Note(&faults, problem, "amount")
	if terms.Rate, problem = money.ParseRate(in.AnnualRate); problem == nil && terms.Rate < 0 {
		problem = &fault.Problem{Code: fault.OutOfRange, Text: "rate_negative"}
	}
	workflow.Note(&faults, problem, "annualRate")
	if longest := values.Int(parameter.MaxTermMonths); in.TermMonths < 1 || in.TermMonths > longest {
		faults.Add(fault.Problem{Code: fault.OutOfRange, Text: "term_out_of_range", Data: map[string]any{"maximum": longest}}, "termMonths")
	}
	if err := faults.Err(); err != nil {
		return Quote{}, err
	}
	told, problem := terms.Quote()
	if problem != nil {
		return Quote{}, fault.Refuse(*problem)
	}
	q := Quote{Quote: told}
	today, balance := lifecycle.Now().In(values.Location(parameter.TimeZoneName)), terms.Amount
	for k, l := range told.Lines {
		balance -= l.Principal
		q.Days = append(q.Days, plan.DueOn(today, terms.DueAfter(k)).Format(time.DateOnly))
		q.Balance = append(q.Balance, balance)
	}
	return q, nil
}

// values are the parameters in force now, for what is looked up before a verb takes effect.
func (o *Office) values(ctx context.Context) (values parameter.Values, err error) {
	err = o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		values, err = o.Parameters(ctx, tx)
		return err
	})
	return values, err
}
