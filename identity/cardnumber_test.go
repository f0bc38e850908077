package identity

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCardNumberIsReadOrRefused(t *testing.T) {
	for _, c := range []struct{ raw, want, text string }{
		{"4111111111111111", "4111111111111111", ""},
		{" 4111 1111-1111 1111 ", "4111111111111111", ""},
		{"6222021234567890128", "6222021234567890128", ""},
		{"6222021234567890125", "", "card_number_check_digit"},
		{"", "", "REQUIRED"},
		{" - ", "", "REQUIRED"},
		{"41111111111", "", "card_number_malformed"},
		{"41111111111111111111", "", "card_number_malformed"},
		{"4111x11111111111", "", "card_number_malformed"},
		{"４111111111111111", "", "card_number_malformed"},
		{"4111111111111112", "", "card_number_check_digit"},
	} {
		got, problem := CardNumber(c.raw)
		expect(t, c.raw, got, problem, c.want, c.text)
	}
}

func TestAnyOneChangedDigitOfACardIsCaught(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`[0-9]{11,18}`).Draw(t, "body")
		var valid []string
		for _, check := range strings.Split("0123456789", "") {
			if !refused(CardNumber(body + check)) {
				valid = append(valid, body+check)
			}
		}
		if len(valid) != 1 {
			t.Fatalf("%s has %d check digits", body, len(valid))
		}
		at := rapid.IntRange(0, len(body)).Draw(t, "at")
		other := rapid.StringMatching(`[0-9]`).Draw(t, "other")
		if other == valid[0][at:at+1] {
			t.Skip("the same digit")
		}
		if changed := valid[0][:at] + other + valid[0][at+1:]; !refused(CardNumber(changed)) {
			t.Fatalf("%s, changed from %s, was taken", changed, valid[0])
		}
	})
}

func FuzzCardNumber(f *testing.F) {
	settles(f, CardNumber, "4111111111111111", "4111 1111-1111 1111", "", "-", "000000000000")
}
