package house

import (
	"regexp"
	"strings"
	"testing"
)

var (
	testNamed = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	testThere = regexp.MustCompile(`(?m)^func (Test[A-Za-z0-9]+)\(\w+ \*testing\.T\)`)
)

// promises are the items of a list in a text, each as one string.
func promises(text string) (items []string) {
	for line := range strings.Lines(text) {
		switch {
		case strings.HasPrefix(line, "- "):
			items = append(items, line)
		case strings.HasPrefix(line, "  ") && len(items) > 0:
			items[len(items)-1] += line
		}
	}
	return items
}

func TestEveryGuaranteeIsKeptByATest(t *testing.T) {
	there := map[string]bool{}
	for _, name := range tree(t) {
		if strings.HasSuffix(name, "_test.go") {
			for _, found := range testThere.FindAllSubmatch(source(t, name), -1) {
				there[string(found[1])] = true
			}
		}
	}
	guarantees := promises(string(source(t, "docs/guarantees.md")))
	if len(guarantees) < 30 {
		t.Fatalf("only %d guarantees were found", len(guarantees))
	}
	for _, g := range guarantees {
		named := testNamed.FindAllStringSubmatch(g, -1)
		if len(named) == 0 {
			t.Errorf("no test keeps this: %s", g)
		}
		for _, n := range named {
			if !there[n[1]] {
				t.Errorf("there is no %s, which is to keep: %s", n[1], g)
			}
		}
	}
}

func TestPromisesAreRead(t *testing.T) {
	got := promises("# x\n\n- a `TestA`,\n  `TestB`\n- c\n\ntext\n")
	if len(got) != 2 || len(testNamed.FindAllString(got[0], -1)) != 2 || len(testNamed.FindAllString(got[1], -1)) != 0 {
		t.Errorf("read %q", got)
	}
}
