package identity

import (
	"strings"
	"unicode/utf8"
)

// MaskPhone hides the four digits before the last four of an E.164 number: "+86138****5678". Of a short number it
// shows the last two digits.
func MaskPhone(e164 string) string {
	if len(e164) < 10 {
		return mask(e164, 0, 2)
	}
	return mask(e164, len(e164)-8, 4)
}

// MaskNationalID shows the first three and the last four characters of a national ID: "340***********001X".
func MaskNationalID(id string) string { return mask(id, 3, 4) }

// MaskCard shows the last four digits of a card number: "************1234".
func MaskCard(number string) string { return mask(number, 0, 4) }

// MaskEmail shows the first character of the local part and the domain: "l***@example.com". How long the local part is
// is not told.
func MaskEmail(address string) string {
	at := strings.LastIndexByte(address, '@')
	if at < 0 {
		return mask(address, 0, 0)
	}
	first, size := utf8.DecodeRuneInString(address)
	if at <= size {
		return "***" + address[at:]
	}
	return string(first) + "***" + address[at:]
}

// mask hides all but the given numbers of characters at both ends; all of them, when it would hide fewer than four.
func mask(s string, head, tail int) string {
	r := []rune(s)
	if len(r) < head+tail+4 {
		head, tail = 0, 0
	}
	return string(r[:head]) + strings.Repeat("*", len(r)-head-tail) + string(r[len(r)-tail:])
}
