package identity

import (
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

func TestPasswordIsTakenOrRefused(t *testing.T) {
	for _, c := range []struct {
		raw   string
		hints []string
		text  string
	}{
		{"correct horse battery", nil, ""},
		{"一二三四五六七八", nil, ""},
		{" 8 chars ", nil, ""},
		{strings.Repeat("ab", 128), nil, ""},
		{"lifts-the-lid", []string{"li@example.com", "", "+8613800138000"}, ""},
		{"8000-and-more", []string{"+8613800138000"}, ""},
		{"", nil, "REQUIRED"},
		{"1234567", nil, "password_too_short"},
		{"一二三四五六七", nil, "password_too_short"},
		{strings.Repeat("ab", 128) + "c", nil, "password_too_long"},
		{"        ", nil, "password_uniform"},
		{"zzzzzzzzZZZZZ", nil, "password_uniform"},
		{"好好好好好好好好", nil, "password_uniform"},
		{"password", nil, "password_known"},
		{"PassWord", nil, "password_known"},
		{"12345678", nil, "password_known"},
		{"a123456789", nil, "password_known"},
		{"my-weiming-pass", []string{"WeiMing@example.com"}, "password_personal"},
		{"li.wei99", []string{"li.wei99@example.com"}, "password_personal"},
		{"li@example.com", []string{"li@example.com"}, "password_personal"},
		{"13800138000", []string{"+8613800138000"}, "password_personal"},
		{"+8613800138000", []string{"+8613800138000"}, "password_personal"},
		{"008613800138000", []string{"+8613800138000"}, "password_personal"},
		{"x13800138000", []string{"13800138000"}, "password_personal"},
		{"Wang Xiaoming 1", []string{"wang xiaoming"}, "password_personal"},
	} {
		expect(t, c.raw, "", Password(c.raw, c.hints...), "", c.text)
	}
}

func TestEveryKnownBadPasswordIsRefusedInAnyCase(t *testing.T) {
	list := strings.Split(strings.TrimSuffix(knownBad, "\n"), "\n")
	if !slices.IsSorted(list) || len(slices.Compact(slices.Clone(list))) != len(list) {
		t.Error("the list is not sorted, or has an entry twice")
	}
	for _, bad := range list {
		if utf8.RuneCountInString(bad) < minPassword || bad != strings.ToLower(bad) {
			t.Errorf("%q does not belong on the list", bad)
		}
		if Password(bad) == nil || Password(strings.ToUpper(bad)) == nil {
			t.Errorf("%q was taken", bad)
		}
	}
}

func TestAPasswordWithTheMailboxInItIsWeak(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		box := rapid.StringMatching(`[a-z][a-z0-9.]{3,12}`).Draw(t, "box")
		raw := rapid.StringMatching(`[A-Z0-9]{8,12}`).Draw(t, "before") + strings.ToUpper(box) + rapid.String().Draw(t, "after")
		if problem := Password(raw, box+"@example.com"); problem == nil {
			t.Fatalf("%q was taken for %s", raw, box)
		}
	})
}

func FuzzPassword(f *testing.F) {
	f.Add("correct horse battery", "li@example.com")
	f.Add("13800138000", "+8613800138000")
	f.Add("\xff\xff\xff\xff\xff\xff\xff\xff", "@")
	f.Add("ÀÀÀÀÀÀÀÀ", "+")
	f.Fuzz(func(t *testing.T, raw, hint string) {
		if n := utf8.RuneCountInString(raw); Password(raw, hint) == nil && (n < minPassword || n > maxPassword) {
			t.Fatalf("%q of %d characters was taken", raw, n)
		}
	})
}
