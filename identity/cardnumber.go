package identity

import (
	"strings"

	"lenddesk/fault"
)

// CardNumber reads the number of a payment card (ISO/IEC 7812): 12 to 19 digits of which the last is the Luhn check
// digit. Spaces and dashes are dropped. The issuer is not looked at.
//
// Problems are INVALID: card_number_malformed, card_number_check_digit.
func CardNumber(raw string) (string, *fault.Problem) {
	number := strings.NewReplacer(" ", "", "-", "").Replace(strings.TrimSpace(raw))
	if number == "" {
		return "", required()
	}
	if len(number) < 12 || len(number) > 19 || !allDigits(number) {
		return "", invalid("card_number_malformed")
	}
	if luhn(number) != 0 {
		return "", invalid("card_number_check_digit")
	}
	return number, nil
}

// luhn is the checksum modulo 10 of digits that end in the check digit: 0 when it fits.
func luhn(digits string) int {
	sum := 0
	for i := range len(digits) {
		d := int(digits[len(digits)-1-i] - '0')
		if i%2 == 1 {
			d *= 2
			if d > 9 {
				d -= 9
			}
		}
		sum += d
	}
	return sum % 10
}
