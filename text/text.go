package text

import (
	"embed"
	"encoding/json"
	"fmt"
	"maps"
	"regexp"
	"strings"

	"github.com/nicksnyder/go-i18n/v2/i18n"
	"golang.org/x/text/language"
)

// Locales is every language that the platform speaks, as BCP 47 tags; the first is taken when nothing asked for fits.
var Locales = []string{"zh-CN", "en"}

// generic is said for an id that no catalogue has: a customer gets a sentence, whatever happens.
const generic = "fault.INVALID"

// missing stands in a sentence for a value that the caller did not hand over.
const missing = "…"

//go:embed zh-CN.json en.json
var files embed.FS

// The catalogues, read once: what they say, by language, and which values each id takes.
var (
	speakers     = speak()
	placeholders = names(Locales[0])
	matcher      = language.NewMatcher(tags())
)

// Said are ids of the catalogues that a sentence lists in its own language.
type Said []string

// Sentence is the text of an id in a language, filled with data. Lists ([]string) are joined in the manner of the
// language. It never fails: an unknown id gives the sentence of fault.INVALID (ask Has before), another language
// than those of Locales is matched to the nearest, a value that is not handed over reads as an ellipsis.
func Sentence(locale, id string, data map[string]any) string {
	if !Has(id) {
		id = generic
	}
	speaker, ok := speakers[locale]
	if !ok {
		speaker = speakers[Match(locale)]
	}
	s, err := speaker.Localize(&i18n.LocalizeConfig{MessageID: id, TemplateData: fill(speaker, id, data)})
	if err != nil && id != generic {
		return Sentence(locale, generic, nil)
	}
	return s
}

// Has tells whether the catalogues have a sentence under this id.
func Has(id string) bool {
	_, ok := placeholders[id]
	return ok
}

// Match picks the language to speak: the first of the wishes that fits one of Locales. A wish is a language tag or
// the value of an Accept-Language header (RFC 9110, 12.5.4); what cannot be read is passed over.
func Match(acceptLanguage ...string) string {
	_, i := language.MatchStrings(matcher, acceptLanguage...)
	return Locales[i]
}

func fill(speaker *i18n.Localizer, id string, data map[string]any) map[string]any {
	filled := maps.Clone(data)
	if filled == nil {
		filled = map[string]any{}
	}
	for _, name := range placeholders[id] {
		switch v := filled[name].(type) {
		case nil:
			filled[name] = missing
		case Said:
			words := make([]string, len(v))
			for i, word := range v {
				words[i], _ = speaker.Localize(&i18n.LocalizeConfig{MessageID: word})
			}
			filled[name] = join(speaker, words)
		case []string:
			filled[name] = join(speaker, v)
		}
	}
	return filled
}

func join(speaker *i18n.Localizer, words []string) string {
	separator, _ := speaker.Localize(&i18n.LocalizeConfig{MessageID: "list.separator"})
	return strings.Join(words, separator)
}

// A broken catalogue is a fault of the build: it stops the program, and every test, at once.
func speak() map[string]*i18n.Localizer {
	bundle := i18n.NewBundle(language.Make(Locales[0]))
	speakers := map[string]*i18n.Localizer{}
	for _, locale := range Locales {
		if _, err := bundle.LoadMessageFileFS(files, locale+".json"); err != nil {
			panic(fmt.Sprintf("catalogue %s: %v", locale, err))
		}
		speakers[locale] = i18n.NewLocalizer(bundle, locale)
	}
	return speakers
}

func tags() []language.Tag {
	t := make([]language.Tag, len(Locales))
	for i, locale := range Locales {
		t[i] = language.Make(locale)
	}
	return t
}

var (
	action = regexp.MustCompile(`{{[^}]*}}`)
	value  = regexp.MustCompile(`\.(\w+)`)
)

// names lists the ids of a catalogue and the values that each takes, each once, in the order of the sentence.
func names(locale string) map[string][]string {
	raw, err := files.ReadFile(locale + ".json")
	if err != nil {
		panic(err)
	}
	var sentences map[string]string
	if err := json.Unmarshal(raw, &sentences); err != nil {
		panic(fmt.Sprintf("catalogue %s: %v", locale, err))
	}
	found := make(map[string][]string, len(sentences))
	for id, sentence := range sentences {
		found[id] = []string{}
		seen := map[string]bool{}
		for _, a := range action.FindAllString(sentence, -1) {
			for _, v := range value.FindAllStringSubmatch(a, -1) {
				if !seen[v[1]] {
					seen[v[1]] = true
					found[id] = append(found[id], v[1])
				}
			}
		}
	}
	return found
}
