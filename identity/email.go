package identity

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/net/idna"

	"lenddesk/fault"
)

// Limits of RFC 5321, 4.5.3.1, in octets: a path is 256 with its angle brackets.
const (
	maxEmail     = 254
	maxLocalPart = 64
)

// mailDomain writes a domain in ASCII (UTS #46, IDNA 2008) and refuses labels that DNS or host names do not have.
var mailDomain = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.VerifyDNSLength(true))

// Email reads an e-mail address in the form that can be delivered to: dot-atom@domain, without display name, quotes,
// comments or address literal; the local part in ASCII, the domain with a dot, in Unicode or ASCII. It is given in
// lower case with the domain in ASCII, so that one mailbox has one spelling.
//
// Problems: INVALID email_malformed, TOO_LONG email_too_long.
func Email(raw string) (string, *fault.Problem) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return "", required()
	}
	if len(raw) > 4*maxEmail {
		return "", tooLong("email_too_long", maxEmail)
	}
	at := strings.LastIndexByte(raw, '@')
	if at < 0 || !dotAtom(raw[:at]) || !utf8.ValidString(raw) {
		return "", invalid("email_malformed")
	}
	domain, err := mailDomain.ToASCII(raw[at+1:])
	if err != nil || !strings.Contains(domain, ".") || allDigits(domain[strings.LastIndexByte(domain, '.')+1:]) {
		return "", invalid("email_malformed")
	}
	if at > maxLocalPart || at+1+len(domain) > maxEmail {
		return "", tooLong("email_too_long", maxEmail)
	}
	return strings.ToLower(raw[:at]) + "@" + strings.ToLower(domain), nil
}

// dotAtom is RFC 5322's: atoms of letters, digits and some signs, joined by single dots.
func dotAtom(s string) bool {
	for atom := range strings.SplitSeq(s, ".") {
		if atom == "" || strings.ContainsFunc(atom, notAtext) {
			return false
		}
	}
	return true
}

func notAtext(r rune) bool {
	switch {
	case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
		return false
	default:
		return !strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
	}
}
