package door

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql/introspection"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"
)

// Whatever is accepted is one valid JSON object with a query; nothing panics.
func FuzzBody(f *testing.F) {
	for _, seed := range []string{
		`{"query":"{hello}"}`, `{"query":"{hello}","variables":{"a":[1,{"b":null}]},"operationName":"A","extensions":{}}`,
		`[]`, `null`, `{"query":"a","query":"b"}`, `{"query":"\ud800"}`, `{"query":"a"}x`, `{`, "\xff", `{"query":1e999}`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		p, refusal := parseBody(body, 32)
		if (p == nil) == (refusal == nil) {
			t.Fatal("neither read nor refused, or both")
		}
		if refusal != nil {
			return
		}
		if p.Query == "" || !utf8.Valid(body) || !json.Valid(body) || !strings.HasPrefix(strings.TrimLeft(string(body), " \t\r\n"), "{") {
			t.Errorf("accepted %q", body)
		}
	})
}

// Whatever parses is measured or refused; nothing panics, nothing runs away.
func FuzzWalk(f *testing.F) {
	for _, seed := range []string{
		introspection.Query, doubling(20, "hello"), "{...F} fragment F on Query{...F}", nested(16),
		"query($n:Int=5,$i:[ID!]=[\"a\"]){loans(first:$n){nodes{id ...on Loan{bids(last:3){nodes{id}}}}} nodes(ids:$i){id}}",
		"subscription{ticks}", "mutation @mark{signIn(input:{})}", "{loans(first:$n first:{a:1} ids:null)}", "{...{...{hello}}}",
	} {
		f.Add(seed, `{"n":1,"i":["a"]}`)
	}
	f.Fuzz(func(t *testing.T, text, variables string) {
		doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, DefaultLimits.Tokens)
		if err != nil {
			return
		}
		var given map[string]any
		_ = json.Unmarshal([]byte(variables), &given) // what is no object leaves no variables
		m, refused := DefaultLimits.check(testSchema, doc, "", given)
		if refused == nil && (m.selections > DefaultLimits.Selections || m.metaSelections > DefaultLimits.IntrospectionSelections || m.roots > DefaultLimits.IntrospectionRoots) {
			t.Errorf("passed with %+v", m)
		}
		if refused == nil {
			_ = DefaultLimits.compare(doc)
		}
	})
}
