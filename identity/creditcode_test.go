package identity

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestCreditCodeIsReadOrRefused(t *testing.T) {
	for _, c := range []struct{ raw, want, text string }{
		{"91350100M000100Y43", "91350100M000100Y43", ""},
		{" 91350100m000100y43 ", "91350100M000100Y43", ""},
		{"", "", "REQUIRED"},
		{"91350100M000100Y4Z", "", "credit_code_malformed"},
		{"91350100M000100Y4", "", "credit_code_malformed"},
		{"91350100M000100Y433", "", "credit_code_malformed"},
		{"9135010OM000100Y43", "", "credit_code_malformed"},
		{"91350100M000100Y4é", "", "credit_code_malformed"},
		{"91350100M000100Y44", "", "credit_code_check_digit"},
		{"91350100M000100Y34", "", "credit_code_check_digit"},
	} {
		got, problem := CreditCode(c.raw)
		expect(t, c.raw, got, problem, c.want, c.text)
	}
}

func TestAnyOneChangedCharacterOfACreditCodeIsCaught(t *testing.T) {
	characters := strings.Split(creditAlphabet, "")
	rapid.Check(t, func(t *rapid.T) {
		first17 := strings.Join(rapid.SliceOfN(rapid.SampledFrom(characters), 17, 17).Draw(t, "first17"), "")
		var valid []string
		for _, check := range characters {
			if _, problem := CreditCode(first17 + check); problem == nil {
				valid = append(valid, first17+check)
			}
		}
		if len(valid) != 1 {
			t.Fatalf("%s has %d check characters", first17, len(valid))
		}
		at := rapid.IntRange(0, 17).Draw(t, "at")
		other := rapid.SampledFrom(characters).Draw(t, "other")
		if other == valid[0][at:at+1] {
			t.Skip("the same character")
		}
		if changed := valid[0][:at] + other + valid[0][at+1:]; !refused(CreditCode(changed)) {
			t.Fatalf("%s, changed from %s, was taken", changed, valid[0])
		}
	})
}

func FuzzCreditCode(f *testing.F) {
	settles(f, CreditCode, "91350100M000100Y43", "91350100m000100y43", "", "IIIIIIIIIIIIIIIIII", "000000000000000000")
}
