package lifecycle

import (
	"fmt"
	"strings"
)

// Mermaid draws the table as a Mermaid state diagram. Moves that leave the status alone are drawn as loops.
func (t *Table) Mermaid() string {
	var b strings.Builder
	b.WriteString("stateDiagram-v2\n")
	for _, l := range t.Lines {
		from := l.From
		if len(from) == 0 {
			from = []string{"[*]"}
		}
		for _, f := range from {
			to := l.To
			if len(to) == 0 {
				to = []string{f}
			}
			for _, s := range to {
				fmt.Fprintf(&b, "    %s --> %s: %s\n", f, s, l.Name)
			}
		}
	}
	return b.String()
}

// Document is docs/lifecycle.md: every table and its diagram.
func Document() string {
	var b strings.Builder
	b.WriteString("# Lifecycles\n\nGenerated from the tables in package lifecycle by `go generate ./lifecycle`; a stale page fails the tests.\n\n" +
		"A status changes by a named move, or not at all. *By* is a permission of staff and API keys, the owner (the customer whose\n" +
		"object it is, with a permission where one is named: customers hold it while they are ACTIVE), anyone, or the system itself. A move with a guard is refused while the guard does not hold.\n")
	for _, t := range Tables {
		fmt.Fprintf(&b, "\n## %s\n\n```mermaid\n%s```\n\n| move | from | to | by | guards | what follows |\n|---|---|---|---|---|---|\n", t.Kind, t.Mermaid())
		for _, l := range t.Lines {
			from, to := strings.Join(l.From, ", "), strings.Join(l.To, " or ")
			switch {
			case len(l.Beside) > 0:
				from = "(new, beside one that is " + strings.Join(l.Beside, ", ") + ")"
			case from == "":
				from = "(new)"
			}
			if to == "" {
				to = "(stays)"
			}
			by := make([]string, len(l.By))
			for i, w := range l.By {
				by[i] = w.String()
			}
			guards := make([]string, len(l.Guards))
			for i, g := range l.Guards {
				guards[i] = g.Name
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", l.Name, from, to, strings.Join(by, " or "), strings.Join(guards, "; "), l.Follows)
		}
	}
	return b.String()
}
