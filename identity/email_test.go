package identity

import (
	"net/mail"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestEmailIsReadOrRefused(t *testing.T) {
	label63 := strings.Repeat("a", 63)
	for _, c := range []struct{ raw, want, text string }{
		{"li.wei@example.com", "li.wei@example.com", ""},
		{" Li.Wei+Loans@EXAMPLE.Com ", "li.wei+loans@example.com", ""},
		{"li@例子.测试", "li@xn--fsqu00a.xn--0zwm56d", ""},
		{"li@Bücher.example", "li@xn--bcher-kva.example", ""},
		{"li@xn--bcher-kva.example", "li@xn--bcher-kva.example", ""},
		{strings.Repeat("a", 64) + "@example.com", strings.Repeat("a", 64) + "@example.com", ""},
		{"", "", "REQUIRED"},
		{"li", "", "email_malformed"},
		{"@example.com", "", "email_malformed"},
		{"li@", "", "email_malformed"},
		{"li@localhost", "", "email_malformed"},
		{"li@example.com.", "", "email_malformed"},
		{"li@.example.com", "", "email_malformed"},
		{"li@example..com", "", "email_malformed"},
		{"li@-example.com", "", "email_malformed"},
		{"li@exa_mple.com", "", "email_malformed"},
		{"li@192.0.2.1", "", "email_malformed"},
		{"li@[192.0.2.1]", "", "email_malformed"},
		{"li@xn--a.com", "", "email_malformed"},
		{"li@ex\xc3.com", "", "email_malformed"},
		{".li@example.com", "", "email_malformed"},
		{"li..wei@example.com", "", "email_malformed"},
		{"li@wei@example.com", "", "email_malformed"},
		{"李@example.com", "", "email_malformed"},
		{`"li wei"@example.com`, "", "email_malformed"},
		{"Li Wei <li@example.com>", "", "email_malformed"},
		{"li@example.com\r\nBcc: all@example.com", "", "email_malformed"},
		{"li@" + label63 + "a.com", "", "email_malformed"},
		{strings.Repeat("a", 65) + "@example.com", "", "email_too_long"},
		{strings.Repeat("a", 64) + "@" + strings.Join([]string{label63, label63, label63, "com"}, "."), "", "email_too_long"},
		{strings.Repeat("a", 5000), "", "email_too_long"},
	} {
		got, problem := Email(c.raw)
		expect(t, c.raw, got, problem, c.want, c.text)
	}
}

func TestAnEmailThatIsTakenIsAnAddressToMailers(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.StringMatching(`[a-zA-Z0-9!#$%&'*+/=?^_{|}~.-]{1,20}@[a-zA-Z0-9.-]{1,20}\.[a-z]{2,5}`).Draw(t, "raw")
		address, problem := Email(raw)
		if problem != nil {
			return
		}
		parsed, err := mail.ParseAddress(address)
		if err != nil || parsed.Name != "" || parsed.Address != address {
			t.Fatalf("%q became %q, which net/mail reads as %v (%v)", raw, address, parsed, err)
		}
	})
}

func FuzzEmail(f *testing.F) {
	settles(f, Email, "li.wei@example.com", "LI@Bücher.example", "li@例子。测试", "", "@", "a@b.c", "li@xn--bcher-kva.example", "a@ß.de", "a@\u212a.com")
}
