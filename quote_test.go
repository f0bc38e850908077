package main

import (
	"fmt"
	"strings"
	"testing"

	"lenddesk/access"
	"lenddesk/parameter"
)

// quote asks for a quote.
func (p *person) quote(amount, rate string, months int, method string) answer {
	p.t.Helper()
	return p.ask(fmt.Sprintf(`{ quoteLoan(amount: %q, annualRate: %q, termMonths: %d, repaymentMethod: %s) { totalInterest totalPayment effectiveAnnualRate
		installments { number dueOn principal interest payment balance } } }`, amount, rate, months, method))
}

func TestAQuoteTellsThePlanAndItsCost(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		anybody := h.anybody(t)
		for _, c := range []struct {
			amount, rate                     string
			months                           int
			method                           string
			first, last, interest, effective string
		}{
			{"100000.00", "12", 12, "EQUAL_INSTALLMENTS", "8884.88", "8884.85", "6618.53", "12.6825"},
			{"100000.00", "12", 12, "EQUAL_PRINCIPAL", "9333.33", "8416.70", "6500.00", "12.6825"},
			{"100000.00", "12", 12, "INTEREST_ONLY", "1000.00", "101000.00", "12000.00", "12.6825"},
			{"100000.00", "12", 12, "BULLET", "112000.00", "112000.00", "12000.00", "12"},
			{"10000", "10.0", 3, "EQUAL_INSTALLMENTS", "3389.04", "3389.05", "167.13", ""},
		} {
			got := anybody.quote(c.amount, c.rate, c.months, c.method)
			lines, _ := got.at("quoteLoan.installments").([]any)
			if len(lines) == 0 {
				t.Fatalf("%v: %s", c, got)
			}
			last := lines[len(lines)-1].(map[string]any)
			want(t, "first of "+c.method, got.text("quoteLoan.installments.0.payment"), c.first)
			want(t, "last of "+c.method, last["payment"].(string), c.last)
			want(t, "what is left", last["balance"].(string), "0.00")
			want(t, "interest of "+c.method, got.text("quoteLoan.totalInterest"), c.interest)
			if c.effective != "" {
				want(t, "effective rate of "+c.method, got.text("quoteLoan.effectiveAnnualRate"), c.effective)
			}
		}

		for _, c := range []struct {
			amount, rate string
			months       int
			names        []string
		}{
			{"1,000", "-1", 0, []string{"amount:", "annualRate:", "termMonths:"}},
			{"0", "12%", 121, []string{"amount:", "annualRate:", "termMonths:", "120"}},
			{"1.00", "0", 120, []string{"no repayment plan"}},
			{"999999999999999.99", "999999999", 120, []string{"no repayment plan"}},
		} {
			got := anybody.quote(c.amount, c.rate, c.months, "EQUAL_INSTALLMENTS")
			wantCodes(t, got, "BAD_REQUEST")
			for _, name := range c.names {
				if !strings.Contains(got.Errors[0].Message, name) {
					t.Errorf("%v: %q does not say %q", c, got.Errors[0].Message, name)
				}
			}
		}
		h.set(t, parameter.MaxTermMonths, "12")
		wantCodes(t, h.employee(t, "clerk", access.ViewLoans).quote("1000", "12", 13, "BULLET"), "BAD_REQUEST")
	})
}
