package parameter

import (
	"slices"
	"strconv"
	"strings"

	"lenddesk/fault"
	"lenddesk/money"
)

// documentKinds are the kinds of documents that a checklist may name, as the contract's enum DocumentKind has them.
var documentKinds = []string{
	"IDENTITY_CARD", "HOUSEHOLD_REGISTER", "MARRIAGE_CERTIFICATE", "PROOF_OF_ADDRESS", "PROOF_OF_INCOME", "BANK_STATEMENT", "CREDIT_REPORT", "EMPLOYMENT",
	"PROPERTY", "VEHICLE", "BUSINESS_LICENSE", "FINANCIAL_STATEMENT", "TAX_RECORD", "GUARANTEE", "OTHER",
}

// step is one step of a Steps: a number from an amount on.
type step struct {
	from   money.Amount
	number int
}

// parseSteps reads the steps of a Steps, which begin at zero and rise.
func parseSteps(s string) ([]step, *fault.Problem) {
	var steps []step
	problem := eachStep(s, func(from money.Amount, value string) bool {
		n, err := strconv.Atoi(value)
		steps = append(steps, step{from, n})
		return err == nil
	})
	if problem || steps[0].from != 0 {
		return nil, &fault.Problem{Code: fault.Invalid, Text: "parameter_steps"}
	}
	return steps, nil
}

// eachStep reads amount=value, amount=value, … with amounts that rise; true when it is not written so.
func eachStep(s string, take func(from money.Amount, value string) bool) (malformed bool) {
	last := money.Amount(-1)
	for part := range strings.SplitSeq(s, ",") {
		amount, value, ok := strings.Cut(strings.TrimSpace(part), "=")
		from, problem := money.ParseAmount(strings.TrimSpace(amount))
		if !ok || problem != nil || from <= last || !take(from, strings.TrimSpace(value)) {
			return true
		}
		last = from
	}
	return false
}

// Needed is one line of a checklist: a kind of document that a borrower's loan needs from an amount on.
type Needed struct {
	Company bool // of companies; else of persons
	From    money.Amount
	Kind    string
}

// Needs are the lines of a checklist, in its order.
type Needs []Needed

// For are the kinds that a loan of this amount needs, each once.
func (n Needs) For(company bool, amount money.Amount) []string {
	kinds := []string{}
	for _, line := range n {
		if line.Company == company && line.From <= amount {
			kinds = append(kinds, line.Kind)
		}
	}
	return kinds
}

// The borrowers of a checklist.
const (
	person  = "PERSON"
	company = "COMPANY"
)

// parseChecklist reads a Checklist. Each kind stands once for each borrower.
func parseChecklist(s string, choices []string) (Needs, *fault.Problem) {
	if strings.ContainsFunc(s, notPrinted) {
		return nil, malformedChecklist(choices)
	}
	var needs Needs
	seen := map[string]bool{}
	for part := range strings.SplitSeq(s, ";") {
		who, steps, ok := strings.Cut(strings.TrimSpace(part), " ")
		if !ok || (who != person && who != company) || seen[who] {
			return nil, malformedChecklist(choices)
		}
		seen[who] = true
		if eachStep(steps, func(from money.Amount, kinds string) bool {
			for _, kind := range strings.Fields(kinds) {
				if !slices.Contains(choices, kind) || seen[who+kind] {
					return false
				}
				seen[who+kind] = true
				needs = append(needs, Needed{who == company, from, kind})
			}
			return kinds != ""
		}) {
			return nil, malformedChecklist(choices)
		}
	}
	return needs, nil
}

func malformedChecklist(choices []string) *fault.Problem {
	return &fault.Problem{Code: fault.Invalid, Text: "parameter_checklist", Data: map[string]any{"choices": strings.Join(choices, ", ")}}
}

// ByAmount is the number of a Steps for an amount, which is not negative.
func (v Values) ByAmount(name string, amount money.Amount) int {
	steps, problem := parseSteps(v.Text(name))
	if problem != nil {
		panic("parameter: " + name + " has no steps")
	}
	number := steps[0].number
	for _, s := range steps {
		if s.from <= amount {
			number = s.number
		}
	}
	return number
}

// Needs is the value of a Checklist.
func (v Values) Needs(name string) Needs {
	needs, problem := parseChecklist(v.Text(name), documentKinds)
	if problem != nil {
		panic("parameter: " + name + " is not a checklist")
	}
	return needs
}
