package identity

import (
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestPersonNameIsReadOrRefused(t *testing.T) {
	for _, c := range []struct{ raw, want, text string }{
		{"王小明", "王小明", ""},
		{"  Anne \t Marie\u00a0Smith ", "Anne Marie Smith", ""},
		{"阿依古丽•买买提", "阿依古丽·买买提", ""},
		{"O’Neill Jr.", "O'Neill Jr.", ""},
		{"Jean-Luc", "Jean-Luc", ""},
		{"Jose\u0301", "José", ""},
		{"प्रिया", "प्रिया", ""},
		{strings.Repeat("王", 100), strings.Repeat("王", 100), ""},
		{"", "", "REQUIRED"},
		{" \u3000 ", "", "REQUIRED"},
		{"王", "", "person_name_too_short"},
		{strings.Repeat("王", 101), "", "person_name_too_long"},
		{"王小明2", "", "person_name_characters"},
		{"..", "", "person_name_characters"},
		{"王<b>", "", "person_name_characters"},
		{"王\x00明", "", "person_name_characters"},
		{"王\u202e明", "", "person_name_characters"},
		{"王\u200b明", "", "person_name_characters"},
		{"王\u3164明", "", "person_name_characters"},
		{"王\ufe00明", "", "person_name_characters"},
		{"\u0301ab", "", "person_name_characters"},
		{"ab\xff", "", "person_name_characters"},
		{"李😀明", "", "person_name_characters"},
	} {
		got, problem := PersonName(c.raw)
		expect(t, c.raw, got, problem, c.want, c.text)
	}
}

func TestANameIsOneVisibleLine(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		raw := rapid.StringOf(rapid.RuneFrom(nil, unicode.Han, unicode.Latin, unicode.Mn, unicode.Cf, unicode.Zs, unicode.Po)).Draw(t, "raw")
		name, problem := PersonName(raw)
		if problem != nil {
			return
		}
		if name != strings.TrimSpace(name) || strings.Contains(name, "  ") {
			t.Fatalf("%q kept its white space: %q", raw, name)
		}
		for _, r := range name {
			if unicode.In(r, unicode.C, unicode.Bidi_Control, unicode.White_Space) && r != ' ' {
				t.Fatalf("%q kept %U", raw, r)
			}
		}
	})
}

func FuzzPersonName(f *testing.F) {
	settles(f, PersonName, "王小明", "  Anne \t Marie ", "阿依古丽•买买提", "Jose\u0301", "", "·", "a\u0345b", "ab\xff", "\u1100\u1161\u11a8")
}
