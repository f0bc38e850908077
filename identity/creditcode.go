package identity

import (
	"strings"

	"lenddesk/fault"
)

// creditAlphabet gives each character of a unified social credit code its value, 0–30: no I, O, S, V and Z.
const creditAlphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"

// CreditCode reads a unified social credit code (GB 32100-2015) of 18 characters: spaces around it dropped, upper case.
//
// Problems are INVALID: credit_code_malformed, credit_code_check_digit.
func CreditCode(raw string) (string, *fault.Problem) {
	code := strings.ToUpper(strings.TrimSpace(raw))
	if code == "" {
		return "", required()
	}
	if len(code) != 18 {
		return "", invalid("credit_code_malformed")
	}
	sum, weight := 0, 1
	for i := range code {
		value := strings.IndexByte(creditAlphabet, code[i])
		if value < 0 {
			return "", invalid("credit_code_malformed")
		}
		if i < 17 {
			sum += value * weight
			weight = weight * 3 % 31
		}
	}
	if code[17] != creditAlphabet[(31-sum%31)%31] {
		return "", invalid("credit_code_check_digit")
	}
	return code, nil
}
