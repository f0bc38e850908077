package key

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func codec(t testing.TB) *Codec {
	t.Helper()
	c, err := NewCodec([]byte("0123456789abcdef"))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestIDsComeBack(t *testing.T) {
	c := codec(t)
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom([]Kind{KindUser, KindLoan, KindBankCardAttempt}).Draw(t, "kind")
		n := rapid.Int64Min(1).Draw(t, "n")
		id := c.Encode(kind, n)
		k, m, ok := c.Decode(id)
		if !ok || k != kind || m != n {
			t.Fatalf("%s %d came back as %s %d %v from %s", kind, n, k, m, ok, id)
		}
	})
}

func TestIDsTellNothing(t *testing.T) {
	c := codec(t)
	if a, b := c.Encode(KindUser, 1), c.Encode(KindUser, 2); strings.HasPrefix(b, a[:len(a)-4]) {
		t.Errorf("neighbours look alike: %s %s", a, b)
	}
	if a, b := c.Encode(KindUser, 1), c.Encode(KindLoan, 1); strings.TrimPrefix(a, "user") == strings.TrimPrefix(b, "loan") {
		t.Errorf("the same number of two kinds is recognisable: %s %s", a, b)
	}
}

func TestEveryPrefixIsItsOwn(t *testing.T) {
	if len(kinds) != len(prefixes) {
		t.Fatalf("%d prefixes for %d kinds", len(kinds), len(prefixes))
	}
}

func FuzzDecode(f *testing.F) {
	c := codec(f)
	for _, s := range []string{"", "loan_", "loan_0", "_", "user_zzzzzzzzzzzzz", c.Encode(KindUser, 7), strings.ToUpper(c.Encode(KindUser, 7))} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if kind, n, ok := c.Decode(s); ok && c.Encode(kind, n) != s {
			t.Fatalf("%q was taken for %s %d", s, kind, n)
		}
	})
}
