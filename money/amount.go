package money

import (
	"strconv"

	"lenddesk/fault"
)

// Amount is a count of minor units of the platform's currency (fen, cents): 1.00 is 100.
type Amount int64

// MaxAmount is the largest amount that ParseAmount reads, 15 digits before the point; the least is its negative.
const MaxAmount Amount = 999_999_999_999_999_99

const (
	amountPlaces = 2
	amountDigits = 15
)

// ParseAmount reads a decimal number such as "100000.00": an optional sign, digits, and optionally a point with one or
// two digits. There is no exponent, no grouping and no white space.
//
// Problems: INVALID amount_malformed, OUT_OF_RANGE amount_out_of_range for more than 15 digits before the point
// (leading zeros apart).
func ParseAmount(s string) (Amount, *fault.Problem) {
	n, err := parse(s, amountPlaces, amountDigits)
	switch err {
	case errMalformed:
		return 0, &fault.Problem{Code: fault.Invalid, Text: "amount_malformed"}
	case errTooLarge:
		return 0, &fault.Problem{Code: fault.OutOfRange, Text: "amount_out_of_range"}
	}
	return Amount(n), nil
}

// String is the amount with two places: "100000.00", "-0.05".
func (a Amount) String() string { return string(a.append(make([]byte, 0, 24))) }

// AppendJSON appends the amount as a JSON string.
func (a Amount) AppendJSON(b []byte) []byte {
	b = append(b, '"')
	b = a.append(b)
	return append(b, '"')
}

func (a Amount) append(b []byte) []byte {
	b, n := appendSign(b, int64(a))
	b = strconv.AppendUint(b, n/100, 10)
	return append(b, '.', byte('0'+n/10%10), byte('0'+n%10))
}
