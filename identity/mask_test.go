package identity

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestMasksHideTheMiddle(t *testing.T) {
	for _, c := range []struct {
		mask func(string) string
		raw  string
		want string
	}{
		{MaskPhone, "+8613812345678", "+86138****5678"},
		{MaskPhone, "+6512345678", "+65****5678"},
		{MaskPhone, "+2901234", "******34"},
		{MaskPhone, "", ""},
		{MaskNationalID, "34052419800101001X", "340***********001X"},
		{MaskNationalID, "1234567", "*******"},
		{MaskCard, "4111111111111234", "************1234"},
		{MaskCard, "1234", "****"},
		{MaskEmail, "li.wei@example.com", "l***@example.com"},
		{MaskEmail, "l@example.com", "***@example.com"},
		{MaskEmail, "李@example.com", "***@example.com"},
		{MaskEmail, "not an address", "**************"},
		{MaskEmail, "", ""},
	} {
		if got := c.mask(c.raw); got != c.want {
			t.Errorf("%q is shown as %q, not %q", c.raw, got, c.want)
		}
	}
}

func TestMasksHideAtLeastFourCharacters(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.StringMatching(`\+?[0-9]{4,20}`).Draw(t, "raw")
		for _, mask := range []func(string) string{MaskPhone, MaskNationalID, MaskCard} {
			if got := mask(raw); strings.Count(got, "*") < 4 || len(got) != len(raw) {
				t.Fatalf("%q is shown as %q", raw, got)
			}
		}
	})
}

func FuzzMasks(f *testing.F) {
	for _, s := range []string{"", "+8613812345678", "李@例子.测试", "\xff@", "34052419800101001X"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		for _, mask := range []func(string) string{MaskPhone, MaskNationalID, MaskCard, MaskEmail} {
			if got := mask(raw); len(raw) > 3 && !strings.Contains(got, "*") {
				t.Fatalf("%q is shown as %q", raw, got)
			}
		}
	})
}
