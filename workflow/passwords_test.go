package workflow

import (
	"strings"
	"testing"
)

// A password is stored as a hash that costs what OWASP recommends, matches that password alone, and an account that does not exist matches none.
func TestAPasswordIsHashedAtItsFullCost(t *testing.T) {
	p, err := NewPasswords()
	if err != nil {
		t.Fatal(err)
	}
	hash, err := p.Hash(t.Context(), "harbour lights 77")
	if err != nil || !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || !strings.HasPrefix(p.nobody, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Fatalf("%s, %s, %v", hash, p.nobody, err)
	}
	for _, c := range []struct {
		said string
		hash *string
		want bool
	}{{"harbour lights 77", &hash, true}, {"harbour lights 78", &hash, false}, {"harbour lights 77", nil, false}, {"nobody's password", nil, false}} {
		if same, err := p.Match(t.Context(), c.said, c.hash); err != nil || same != c.want {
			t.Errorf("%q: %v, %v", c.said, same, err)
		}
	}
}
