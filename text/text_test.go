package text

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lenddesk/fault"
)

func TestCataloguesHaveTheSameIDsAndPlaceholders(t *testing.T) {
	for _, locale := range Locales {
		have := names(locale)
		for _, values := range have {
			slices.Sort(values)
		}
		want := names(Locales[0])
		for _, values := range want {
			slices.Sort(values)
		}
		if diff := cmp.Diff(want, have); diff != "" {
			t.Errorf("%s differs from %s:\n%s", locale, Locales[0], diff)
		}
	}
}

func TestEverySentenceIsWholeInEveryLanguage(t *testing.T) {
	for _, locale := range Locales {
		for id, values := range placeholders {
			data := map[string]any{}
			for _, name := range values {
				data[name] = "<" + name + ">"
			}
			s := Sentence(locale, id, data)
			if strings.TrimSpace(s) == "" || strings.Contains(s, "{{") || strings.Contains(s, "<no value>") {
				t.Errorf("%s %s reads %q", locale, id, s)
			}
			for _, name := range values {
				if !strings.Contains(s, "<"+name+">") {
					t.Errorf("%s %s does not say %s: %q", locale, id, name, s)
				}
			}
			if id != generic && s == Sentence(locale, generic, nil) {
				t.Errorf("%s %s fell back to the generic sentence", locale, id)
			}
		}
	}
}

func TestEveryErrorCodeHasASentence(t *testing.T) {
	for _, code := range fault.Codes {
		if id := (fault.Problem{Code: code}).Sentence(); !Has(id) {
			t.Errorf("no sentence %s", id)
		}
	}
}

func TestEveryMailHasSubjectAndText(t *testing.T) {
	for id := range placeholders {
		name, isSubject := strings.CutSuffix(id, ".subject")
		if isSubject && !Has(name+".text") {
			t.Errorf("%s has no text", name)
		}
		if name, isText := strings.CutSuffix(id, ".text"); isText && !Has(name+".subject") {
			t.Errorf("%s has no subject", name)
		}
		if isSubject {
			for _, locale := range Locales {
				if s := Sentence(locale, id, nil); strings.ContainsAny(s, "\r\n") {
					t.Errorf("%s %s is more than one line: %q", locale, id, s)
				}
			}
		}
	}
}

// What a sentence may be filled with. A new name is a decision: no ID number, phone, card number, password or token
// belongs in a sentence or a mail.
func TestSentencesAskForNothingPrivate(t *testing.T) {
	permitted := []string{
		"age", "amount", "bids", "choices", "contact", "customer", "day", "document", "due", "excess", "fields", "issuer", "kind", "kinds", "link", "loans", "locales", "maskedEmail",
		"maskedPhone", "maximum", "minimum", "months", "move", "name", "number", "platform", "rate", "reason", "status", "types",
		"column", "columns", "days", "fee", "line", "held", "limit", "outstanding", "remaining", "step",
	}
	for id, values := range placeholders {
		for _, name := range values {
			if !slices.Contains(permitted, name) {
				t.Errorf("%s asks for %s", id, name)
			}
		}
	}
}

func TestWhatIsSaidIsSaidInTheLanguageOfTheSentence(t *testing.T) {
	for locale, want := range map[string]string{"en": "identity card, tax record", "zh-CN": "身份证、纳税证明"} {
		got := Sentence(locale, "fault.documents_missing", map[string]any{"kinds": Said{"document_kind.IDENTITY_CARD", "document_kind.TAX_RECORD"}})
		if !strings.Contains(got, want) {
			t.Errorf("%s: %q does not say %q", locale, got, want)
		}
	}
}

func TestUnknownIDGivesTheGenericSentence(t *testing.T) {
	for _, locale := range Locales {
		if Has("fault.no_such_thing") {
			t.Fatal("Has knows an id that is in no catalogue")
		}
		if got, want := Sentence(locale, "fault.no_such_thing", nil), Sentence(locale, "fault.INVALID", nil); got != want || got == "" {
			t.Errorf("%s: got %q, want %q", locale, got, want)
		}
	}
}

func TestMissingValueLeavesAReadableSentence(t *testing.T) {
	if got, want := Sentence("en", "fault.too_long", nil), "Please enter at most … characters."; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestListsAreJoinedInTheMannerOfTheLanguage(t *testing.T) {
	data := map[string]any{"choices": []string{"a", "b", "c"}}
	if got := Sentence("en", "fault.parameter_choice", data); !strings.Contains(got, "a, b, c") {
		t.Errorf("en: %q", got)
	}
	if got := Sentence("zh-CN", "fault.parameter_choice", data); !strings.Contains(got, "a、b、c") {
		t.Errorf("zh-CN: %q", got)
	}
	if _, still := data["choices"].([]string); !still {
		t.Error("the caller's data was changed")
	}
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		name   string
		wishes []string
		want   string
	}{
		{"nothing asked for", nil, "zh-CN"},
		{"the very tag", []string{"en"}, "en"},
		{"a region of it", []string{"en-GB"}, "en"},
		{"Chinese of any kind", []string{"zh"}, "zh-CN"},
		{"a browser's header, by weight", []string{"fr;q=0.9, en;q=0.8, zh;q=0.3"}, "en"},
		{"the first wish first", []string{"en", "zh-CN"}, "en"},
		{"an unknown first wish is passed over", []string{"fr", "en"}, "en"},
		{"an empty first wish is passed over", []string{"", "en"}, "en"},
		{"an unreadable first wish is passed over", []string{";;q=", "en"}, "en"},
		{"nothing fits", []string{"fr"}, "zh-CN"},
		{"very long", []string{strings.Repeat("x-", 5000)}, "zh-CN"},
	} {
		if got := Match(c.wishes...); got != c.want {
			t.Errorf("%s: %q gives %s, want %s", c.name, c.wishes, got, c.want)
		}
	}
}

func TestUnknownLocaleIsMatched(t *testing.T) {
	if got, want := Sentence("en-US", "fault.REQUIRED", nil), Sentence("en", "fault.REQUIRED", nil); got != want {
		t.Errorf("en-US: got %q, want %q", got, want)
	}
}

func TestMailOfAReturnedRegistration(t *testing.T) {
	fields := map[string][]string{}
	for _, locale := range Locales {
		for _, f := range []string{"name", "nationalId"} {
			fields[locale] = append(fields[locale], Sentence(locale, "field."+f, nil))
		}
	}
	golden := map[string]string{
		"en": `Lenddesk Demo: please complete your registration
---
Dear Test Person,

We have reviewed your registration and need something more from you.

Reason: The photo is blurred.
Please correct: name, ID number

Please sign in, correct your registration and submit it again.

Lenddesk Demo
Contact: service@platform.example

This message was sent automatically; please do not reply to it.
`,
		"zh-CN": `【Lenddesk Demo】请补充注册资料
---
Test Person，您好：

我们已审核您的注册申请，部分资料需要您补充或更正。

原因：The photo is blurred.
需更正的内容：姓名、身份证件号码

请登录后更正资料并重新提交。

Lenddesk Demo
联系方式：service@platform.example

本邮件由系统自动发送，请勿直接回复。
`,
	}
	for _, locale := range slices.Sorted(maps.Keys(golden)) {
		data := map[string]any{
			"name": "Test Person", "platform": "Lenddesk Demo", "contact": "service@platform.example",
			"reason": "The photo is blurred.", "fields": fields[locale],
		}
		got := Sentence(locale, "mail.registration_returned.subject", data) + "\n---\n" +
			Sentence(locale, "mail.registration_returned.text", data)
		if diff := cmp.Diff(golden[locale], got); diff != "" {
			t.Errorf("%s:\n%s", locale, diff)
		}
	}
}
