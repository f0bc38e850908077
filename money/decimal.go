package money

import (
	"errors"
	"strings"
)

var (
	errMalformed = errors.New("not a decimal number of this form")
	errTooLarge  = errors.New("too many digits before the point")
)

// parse reads a decimal number as a count of its smallest units: places digits after the point, at most digits before
// it. The caller's digits and places together must fit an int64.
func parse(s string, places, digits int) (int64, error) {
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	whole, fraction, point := strings.Cut(s, ".")
	if whole == "" || (point && fraction == "") || len(fraction) > places || !allDigits(whole) || !allDigits(fraction) {
		return 0, errMalformed
	}
	whole = strings.TrimLeft(whole, "0")
	if len(whole) > digits {
		return 0, errTooLarge
	}
	var n int64
	for _, part := range []string{whole, fraction} {
		for i := range len(part) {
			n = n*10 + int64(part[i]-'0')
		}
	}
	for range places - len(fraction) {
		n *= 10
	}
	if negative {
		n = -n
	}
	return n, nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// appendSign writes the minus of a negative number and gives its magnitude, that of the least int64 too.
func appendSign(b []byte, n int64) ([]byte, uint64) {
	if n < 0 {
		return append(b, '-'), -uint64(n)
	}
	return b, uint64(n)
}
