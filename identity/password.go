package identity

import (
	_ "embed"
	"strings"
	"sync"
	"unicode/utf8"

	"lenddesk/fault"
)

// Limits of a password, in characters.
const (
	minPassword = 8
	maxPassword = 256
	// minHint is the length from which a word about the person makes a password weak by being in it: the local part
	// "li" is in too many good ones.
	minHint = 4
)

// knownBad is from zxcvbn 4.4.2 (MIT): knownbad/README.md says how it was made.
//
//go:embed knownbad/passwords.txt
var knownBad string

var knownBadSet = sync.OnceValue(func() map[string]struct{} {
	set := make(map[string]struct{}, strings.Count(knownBad, "\n"))
	for line := range strings.Lines(knownBad) {
		set[strings.TrimSuffix(line, "\n")] = struct{}{}
	}
	return set
})

// Password checks a new password, which is taken exactly as it was typed. Hints are what is known of the person: an
// e-mail address, a phone in E.164, a name; empty ones are skipped. Case does not make a weak password strong.
//
// Problems: TOO_SHORT password_too_short, TOO_LONG password_too_long, and TOO_WEAK: password_uniform for one character
// repeated, password_known for one of the well-known bad ones, password_personal for one that contains a hint (of an
// e-mail address its local part) or is the phone number.
func Password(raw string, hints ...string) *fault.Problem {
	if raw == "" {
		return required()
	}
	n := utf8.RuneCountInString(raw)
	if n < minPassword {
		return tooShort("password_too_short", minPassword)
	}
	if n > maxPassword {
		return tooLong("password_too_long", maxPassword)
	}
	folded := strings.ToLower(raw)
	first, _ := utf8.DecodeRuneInString(folded)
	if strings.Trim(folded, string(first)) == "" {
		return weak("password_uniform")
	}
	if _, bad := knownBadSet()[folded]; bad {
		return weak("password_known")
	}
	for _, hint := range hints {
		if tells(folded, strings.ToLower(strings.TrimSpace(hint))) {
			return weak("password_personal")
		}
	}
	return nil
}

// tells whether somebody who knows the hint would guess the password.
func tells(password, hint string) bool {
	if phone, ok := strings.CutPrefix(hint, "+"); ok && allDigits(phone) {
		dialled := strings.TrimPrefix(password, "+")
		return allDigits(dialled) && strings.HasSuffix(phone, strings.TrimLeft(dialled, "0"))
	}
	word := hint
	if at := strings.LastIndexByte(hint, '@'); at >= 0 {
		word = hint[:at]
	}
	if password == word || password == hint {
		return true
	}
	return utf8.RuneCountInString(word) >= minHint && strings.Contains(password, word)
}

func weak(text string) *fault.Problem { return &fault.Problem{Code: fault.TooWeak, Text: text} }
