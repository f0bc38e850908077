package identity

import (
	"testing"

	"pgregory.net/rapid"
)

func TestPhoneIsReadOrRefused(t *testing.T) {
	for _, c := range []struct{ raw, want, text string }{
		{"13800138000", "+8613800138000", ""},
		{" +86 138-0013-8000 ", "+8613800138000", ""},
		{"0086 13800138000", "+8613800138000", ""},
		{"(010) 6552 9988", "+861065529988", ""},
		{"+1 201-555-0123", "+12015550123", ""},
		{"+39 06 698 12345", "+390669812345", ""},
		{"", "", "REQUIRED"},
		{"12345", "", "phone_unassigned"},
		{"1", "", "phone_malformed"},
		{"10000000000", "", "phone_unassigned"},
		{"+999 123456789", "", "phone_malformed"},
		{"call 13800138000", "", "phone_malformed"},
		{"1-800-FLOWERS", "", "phone_malformed"},
		{"13800138000 ext 5", "", "phone_malformed"},
		{"13800138000#5", "", "phone_malformed"},
		{"13800138000;ext=5", "", "phone_malformed"},
		{"138001380001380013800013800138000138001380001", "", "phone_malformed"},
	} {
		got, problem := Phone(c.raw)
		expect(t, c.raw, got, problem, c.want, c.text)
	}
}

func TestOnePhoneHasOneSpelling(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		national := "138" + rapid.StringMatching(`[0-9]{8}`).Draw(t, "digits")
		want := "+86" + national
		for _, raw := range []string{national, "+86" + national, "0086" + national, "+86 " + national[:3] + " " + national[3:]} {
			if got, problem := Phone(raw); problem != nil || got != want {
				t.Fatalf("%q became %q (%v)", raw, got, problem)
			}
		}
	})
}

func FuzzPhone(f *testing.F) {
	settles(f, Phone, "13800138000", "+86 138 0013 8000", "+390669812345", "", "+", "0086", "+8000000000000", "(010) 65529988")
}
