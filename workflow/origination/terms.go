package origination

import (
	"context"
	"fmt"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/company"
	"lenddesk/ent/loan"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/money"
	"lenddesk/money/plan"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// wish is what a borrower asks for; what is left out stays as it was.
type wish struct {
	amount, rate, method, purpose, description, company graphql.Omittable[*string]
	months                                              graphql.Omittable[*int]
}

// The most characters of a description.
const maxDescription = 5000

// fill checks what is given against what was and sets it; it returns what changes, as the event tells it. Every fault of the wish is gathered.
func (o *Office) fill(ctx context.Context, tx *store.Tx, m *ent.LoanMutation, was *ent.Loan, in wish, faults *fault.List) (map[string]any, error) {
	values, err := o.Parameters(ctx, tx)
	if err != nil {
		return nil, err
	}
	changes := map[string]any{}
	change := func(field string, before, after any) {
		if before != after {
			changes[field] = map[string]any{"from": before, "to": after}
		}
	}
	companyID, err := o.borrowingCompany(ctx, tx, was, in.company, faults)
	if err != nil {
		return nil, err
	}
	if (companyID == nil) != (was.CompanyID == nil) || companyID != nil && *companyID != *was.CompanyID {
		changes["company"] = true
	}
	if companyID == nil {
		m.ClearCompanyID()
	} else {
		m.SetCompanyID(*companyID)
	}

	terms := plan.Terms{Amount: was.RequestedAmount, Rate: was.RequestedAnnualRate, Months: was.RequestedTermMonths, Method: plan.Method(was.RepaymentMethod)}
	sound := true
	if s, given := in.amount.ValueOK(); given {
		var ok bool
		if terms.Amount, ok = workflow.Amount(faults, s, "amount"); ok {
			ok = workflow.Note(faults, lendable(values, companyID != nil, terms.Amount), "amount")
		}
		sound = sound && ok
	}
	if s, given := in.rate.ValueOK(); given {
		var ok bool
		if terms.Rate, ok = workflow.Rate(faults, s, "annualRate"); ok {
			ok = workflow.Note(faults, workflow.RateWithin(values, terms.Rate), "annualRate")
		}
		sound = sound && ok
	}
	if n, given := in.months.ValueOK(); given {
		switch {
		case n == nil:
			faults.Add(fault.Problem{Code: fault.Required}, "termMonths")
			sound = false
		case !workflow.Note(faults, workflow.TermWithin(values, *n), "termMonths"):
			sound = false
		default:
			terms.Months = *n
		}
	}
	if s, given := in.method.ValueOK(); given {
		if terms.Method = plan.Method(workflow.Value(s)); terms.Method == "" {
			faults.Add(fault.Problem{Code: fault.Required}, "repaymentMethod")
			sound = false
		}
	}
	if sound {
		if _, problem := terms.Lines(); problem != nil {
			faults.Add(*problem)
		}
	}
	change("amount", money.Amount(was.RequestedAmount).String(), terms.Amount.String())
	change("annualRate", was.RequestedAnnualRate.String(), terms.Rate.String())
	change("termMonths", was.RequestedTermMonths, terms.Months)
	change("repaymentMethod", string(was.RepaymentMethod), string(terms.Method))
	m.SetRequestedAmount(terms.Amount)
	m.SetRequestedAnnualRate(terms.Rate)
	m.SetRequestedTermMonths(terms.Months)
	m.SetRepaymentMethod(loan.RepaymentMethod(terms.Method))
	m.SetAmount(terms.Amount)
	m.SetAnnualRate(terms.Rate)
	m.SetTermMonths(terms.Months)
	fillPurpose(m, was, in, faults, change)
	return changes, nil
}

// fillPurpose checks and sets what the money is for.
func fillPurpose(m *ent.LoanMutation, was *ent.Loan, in wish, faults *fault.List, change func(field string, before, after any)) {
	purpose, description := was.Purpose, workflow.Value(was.Description)
	if s, given := in.purpose.ValueOK(); given {
		if purpose = loan.Purpose(workflow.Value(s)); purpose == "" {
			faults.Add(fault.Problem{Code: fault.Required}, "purpose")
		}
	}
	if s, given := in.description.ValueOK(); given {
		description = workflow.Text(faults, s, maxDescription, "description")
	}
	if purpose == loan.PurposeOther && description == "" {
		faults.Add(fault.Problem{Code: fault.Required, Text: "description_required"}, "description")
	}
	change("purpose", string(was.Purpose), string(purpose))
	change("description", workflow.Value(was.Description), description)
	m.SetPurpose(purpose)
	if description == "" {
		m.ClearDescription()
	} else {
		m.SetDescription(description)
	}
}

// borrowingCompany is the company that is to borrow, nil for the person: it must be VERIFIED, and the applicant must belong to it.
func (o *Office) borrowingCompany(ctx context.Context, tx *store.Tx, was *ent.Loan, in graphql.Omittable[*string], faults *fault.List) (*key.Company, error) {
	id, given := in.ValueOK()
	if !given {
		return was.CompanyID, nil
	}
	if id == nil {
		return nil, nil
	}
	k, err := access.Find[key.Company](ctx, tx, o.IDs, key.KindCompany, company.Table, *id, "companyId")
	if err != nil {
		return nil, workflow.Gather(faults, err)
	}
	fit, err := tx.Company.Query().Where(company.ID(k), company.StatusEQ(company.StatusVerified)).Exist(ctx)
	if err == nil && fit {
		fit, err = tx.User.Query().Where(user.ID(was.BorrowerID), user.CompanyID(k)).Exist(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("look at the company: %w", err)
	}
	if !fit {
		faults.Add(fault.Problem{Code: fault.NotEligible, Text: "company_unfit"}, "companyId")
	}
	return &k, nil
}

// lendable tells what keeps an amount from being lent by itself; what the borrower owes besides is asked on submission.
func lendable(values parameter.Values, company bool, a money.Amount) *fault.Problem {
	most := values.Amount(parameter.MaxOutstandingPerson)
	if company {
		most = values.Amount(parameter.MaxOutstandingCompany)
	}
	if problem := workflow.AmountWithin(values, a); problem != nil {
		return problem
	}
	if a > most {
		return &fault.Problem{Code: fault.LimitExceeded, Text: "amount_above_limit", Data: map[string]any{"maximum": most.String()}}
	}
	return nil
}
