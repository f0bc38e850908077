package workflow

import (
	"lenddesk/fault"
	"lenddesk/money"
	"lenddesk/parameter"
)

// AmountWithin tells what keeps an amount from being lent to anybody: it is less than MIN_LOAN_AMOUNT.
func AmountWithin(values parameter.Values, a money.Amount) *fault.Problem {
	if least := values.Amount(parameter.MinLoanAmount); a < least {
		return &fault.Problem{Code: fault.OutOfRange, Text: "amount_below_minimum", Data: map[string]any{"minimum": least.String()}}
	}
	return nil
}

// RateWithin tells what keeps a rate from being agreed: it is negative, or more than MAX_ANNUAL_RATE.
func RateWithin(values parameter.Values, r money.Rate) *fault.Problem {
	if most := values.Rate(parameter.MaxAnnualRate); r < 0 || r > most {
		return &fault.Problem{Code: fault.OutOfRange, Text: "rate_out_of_limit", Data: map[string]any{"maximum": most.String()}}
	}
	return nil
}

// TermWithin tells what keeps a term from being agreed: it is less than a month, or more than MAX_TERM_MONTHS.
func TermWithin(values parameter.Values, months int) *fault.Problem {
	if most := values.Int(parameter.MaxTermMonths); months < 1 || months > most {
		return &fault.Problem{Code: fault.OutOfRange, Text: "term_out_of_range", Data: map[string]any{"maximum": most}}
	}
	return nil
}
