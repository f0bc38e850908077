package house

import (
	"bytes"
	"fmt"
	"regexp"
	"strings"
	"testing"
)

// leftover finds what a file must not keep: paths of the machine it was written on, and notes of unfinished work. The words
// are put together here, so that this file does not contain them.
var leftover = regexp.MustCompile(strings.Join([]string{
	`\b` + "TO" + `DO\b`,
	`\b` + "FIX" + `ME\b`,
	`(^|[^A-Za-z0-9_.-])/` + "wo" + `rk/`,
	`(^|[^A-Za-z0-9_.-])/` + "fa" + `rm\b`,
}, "|"))

// leftovers names line and word of each leftover in a text. Binary files have none.
func leftovers(text []byte) (found []string) {
	if bytes.IndexByte(text, 0) >= 0 {
		return nil
	}
	number := 0
	for line := range bytes.Lines(text) {
		number++
		if word := leftover.Find(line); word != nil {
			found = append(found, fmt.Sprintf("%d: %s", number, word))
		}
	}
	return found
}

func TestNothingOfTheWorkshopIsLeftBehind(t *testing.T) {
	for _, name := range tree(t) {
		// Texts of others, and what their generators wrote.
		if name == "LICENSE" || name == "go.sum" || under(name, "ent", "graph/generated", "console/dist") {
			continue
		}
		for _, found := range leftovers(source(t, name)) {
			t.Errorf("%s:%s", name, found)
		}
	}
}

func TestLeftoversAreSeen(t *testing.T) {
	for text, want := range map[string]int{
		"// TO" + "DO: later\n":                     1,
		"a\nb FIX" + "ME c\n":                       1,
		"open /wo" + "rk/main/x\n":                  1,
		"\"/fa" + "rm/bin\"\n/fa" + "rm\n":          2,
		"https://example.org/some/wo" + "rk/done\n": 0,
		"a to-do list, TO" + "DOS, /workflow/\n":    0,
		"\x00TO" + "DO\n":                           0,
	} {
		if got := leftovers([]byte(text)); len(got) != want {
			t.Errorf("in %q were found %q, want %d", text, got, want)
		}
	}
}
