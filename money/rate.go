package money

import (
	"strconv"

	"lenddesk/fault"
)

// Rate is a rate of interest in ten-thousandths of a percent a year: 12.5 % is 125000.
type Rate int64

// MaxRate is the largest rate that ParseRate reads, 9 digits before the point; the least is its negative.
const MaxRate Rate = 999_999_999_9999

const (
	ratePlaces = 4
	rateDigits = 9
)

// ParseRate reads a decimal number of percent a year such as "12.5": an optional sign, digits, and optionally a point
// with one to four digits.
//
// Problems: INVALID rate_malformed, OUT_OF_RANGE rate_out_of_range for more than 9 digits before the point (leading
// zeros apart).
func ParseRate(s string) (Rate, *fault.Problem) {
	n, err := parse(s, ratePlaces, rateDigits)
	switch err {
	case errMalformed:
		return 0, &fault.Problem{Code: fault.Invalid, Text: "rate_malformed"}
	case errTooLarge:
		return 0, &fault.Problem{Code: fault.OutOfRange, Text: "rate_out_of_range"}
	}
	return Rate(n), nil
}

// String is the rate in percent a year without zeros at the end: "12.5", "12", "0".
func (r Rate) String() string { return string(r.append(make([]byte, 0, 24))) }

// AppendJSON appends the rate as a JSON string.
func (r Rate) AppendJSON(b []byte) []byte {
	b = append(b, '"')
	b = r.append(b)
	return append(b, '"')
}

func (r Rate) append(b []byte) []byte {
	b, n := appendSign(b, int64(r))
	b = strconv.AppendUint(b, n/10_000, 10)
	rest := n % 10_000
	if rest == 0 {
		return b
	}
	b = append(b, '.')
	for unit := uint64(1000); rest > 0; unit /= 10 {
		b = append(b, byte('0'+rest/unit))
		rest %= unit
	}
	return b
}
