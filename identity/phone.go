package identity

import (
	"strings"

	"github.com/nyaruka/phonenumbers"

	"lenddesk/fault"
)

// homeRegion is where a number without a country code is dialled.
const homeRegion = "CN"

// Phone reads a phone number, by libphonenumber's rules for its region, and gives it in E.164: "+8613800138000". A
// number without a leading + is one of mainland China. Digits may be grouped by spaces and -.()/; letters and
// extensions are refused, since E.164 would lose them.
//
// Problems are INVALID: phone_malformed, and phone_unassigned for a form that the region's numbering plan does not have.
func Phone(raw string) (string, *fault.Problem) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		return "", required()
	}
	if len(raw) > 40 || strings.ContainsFunc(raw, notDialled) {
		return "", invalid("phone_malformed")
	}
	number, err := phonenumbers.Parse(raw, homeRegion)
	if err != nil {
		return "", invalid("phone_malformed")
	}
	if !phonenumbers.IsValidNumber(number) {
		return "", invalid("phone_unassigned")
	}
	return phonenumbers.Format(number, phonenumbers.E164), nil
}

func notDialled(r rune) bool { return !strings.ContainsRune("+0123456789 -.()/", r) }
