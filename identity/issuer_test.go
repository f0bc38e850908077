package identity

import (
	"strings"
	"testing"
	"unicode"
)

func TestTheIssuerIsToldByTheFirstDigits(t *testing.T) {
	for number, want := range map[string]string{
		"6222020000000000003": "中国工商银行", "6228480000000000007": "中国农业银行", "6217000000000000006": "中国建设银行",
		"6216610000000000008": "中国银行", "6225880000000005": "招商银行", "6210568011234567890": "交通银行",
		"4111111111111111": "", "622202": "中国工商银行", "62220": "", "": "",
	} {
		if got := Issuer(number); got != want {
			t.Errorf("%s was issued by %q, want %q", number, got, want)
		}
	}
}

func TestTheTableOfIssuersIsUnambiguous(t *testing.T) {
	var before string
	n := 0
	for line := range strings.Lines(issued) {
		bin, bank, ok := strings.Cut(strings.TrimSuffix(line, "\n"), ",")
		if !ok || len(bin) < shortestBIN || len(bin) > 12 || !allDigits(bin) || !strings.ContainsFunc(bank, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
			t.Errorf("line %q", line)
		}
		if bin <= before || before != "" && strings.HasPrefix(bin, before) {
			t.Errorf("%s after %s: out of order, twice, or within", bin, before)
		}
		before = bin
		n++
	}
	if n != len(issuers) || n < 500 {
		t.Errorf("%d lines make %d issuers", n, len(issuers))
	}
}
