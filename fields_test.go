package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"

	"lenddesk/graph"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store/storetest"
	"lenddesk/workflow/administration"
)

// whole selects a field with what is enough to see whether it is open: of an object its id, of a list its total and its first objects.
func whole(schema *ast.Schema, f *ast.FieldDefinition) string {
	of := schema.Types[f.Type.Name()]
	id := func(d *ast.Definition) string {
		if d.Fields.ForName("id") != nil {
			return "{ __typename id }"
		}
		return "{ __typename }"
	}
	switch {
	case strings.HasSuffix(of.Name, "Connection"):
		return f.Name + "(first: 3) { totalCount nodes " + id(schema.Types[strings.TrimSuffix(of.Name, "Connection")]) + " }"
	case of.Name == "AvailableAction":
		return f.Name + " { mutation allowed }"
	case of.IsCompositeType():
		return f.Name + " " + id(of)
	}
	return f.Name
}

// Every field of every object that there is, by nobody, customers, one who is suspended, each built-in role, employees and API keys with anything, an expired session and a
// revoked key: just what the contract's @requires and the rules of rows say, as the evaluator states them again.
func TestEveryFieldByEverybody(t *testing.T) {
	schema := graph.Schema(&graph.Resolver{}).Schema()
	keyset := newKeyset(t)
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			h := openReadHouse(t, schema, dialect, keyset, 3)
			var kinds []string
			for _, r := range h.viewers {
				kinds = append(kinds, r.what)
			}
			for _, kind := range append([]string{"nobody", "customer 0", "customer 4", "API key 0", "a revoked API key", "an expired session"}, roleReaders()...) {
				if !slices.Contains(kinds, kind) {
					t.Fatalf("%s does not read: %q", kind, kinds)
				}
			}
			want(t, "the suspended one", h.viewers[slices.Index(kinds, "customer 4")].viewer.Permissions, 0)
			asked, seen := 0, map[string]map[bool]bool{}
			for _, d := range schema.GetPossibleTypes(schema.Types["Node"]) {
				var fields []string
				for _, f := range d.Fields {
					if !strings.HasPrefix(f.Name, "__") {
						fields = append(fields, whole(schema, f))
					}
				}
				rows := taught[d.Name].rows(h.book)
				if len(rows) == 0 {
					t.Errorf("there is no %s to read", d.Name)
				}
				seen[d.Name] = map[bool]bool{}
				for page := range slices.Chunk(rows, 20) {
					var ids []any
					for _, row := range page {
						ids = append(ids, h.desk.IDs.Encode(key.Kind(d.Name), keyOf(row)))
					}
					for few := range slices.Chunk(fields, 8) {
						text := `query($ids: [ID!]!) { nodes(ids: $ids) { ... on ` + d.Name + ` { ` + strings.Join(few, " ") + ` } } }`
						doc, errs := gqlparser.LoadQueryWithRules(schema, text, rules.NewDefaultRules())
						if errs != nil {
							t.Fatal(errs)
						}
						for _, r := range h.viewers {
							expected := h.book.answer(schema, doc, vars{"ids": ids}, r.viewer)
							got := (&person{t: t, h: h.house, token: r.token}).ask(text, vars{"ids": ids})
							var body struct{ Data json.RawMessage }
							if err := json.Unmarshal([]byte(got.raw), &body); err != nil {
								t.Fatal(err)
							}
							var problems []string
							for _, e := range got.Errors {
								problems = append(problems, fmt.Sprint(e.Extensions["code"], " ", e.Path))
							}
							slices.Sort(problems)
							slices.Sort(expected.errors)
							if string(body.Data) != expected.data || !slices.Equal(problems, expected.errors) {
								t.Errorf("%s by %s\n%s\nreading:   %s %q\nevaluator: %s %q", d.Name, r.what, text, body.Data, problems, expected.data, expected.errors)
							}
							asked++
							seen[d.Name][strings.Contains(expected.data, `{"`+strings.Fields(few[0])[0])] = true
						}
					}
				}
			}
			for kind, both := range seen {
				if !both[true] {
					t.Errorf("nobody sees any %s: the walk shows nothing", kind)
				}
			}
			if asked < 1000 {
				t.Errorf("only %d questions were asked", asked)
			}
		})
	}
}

func roleReaders() (names []string) {
	for _, r := range administration.BuiltIn() {
		names = append(names, "an employee with the role "+r.Name)
	}
	return names
}

// Every mutation by each built-in role: the door is open to those who hold what the contract asks, or whom the table of moves names, and to nobody else.
func TestEveryMutationByEveryBuiltInRole(t *testing.T) {
	schema := graph.Schema(&graph.Resolver{}).Schema()
	onEach(t, func(t *testing.T, h *house) {
		for _, r := range administration.BuiltIn() {
			who := h.colleague(t, strings.ToLower(r.Name), r.Holds)
			for _, f := range schema.Mutation.Fields {
				open, known := openTo(t, f, r)
				if !known {
					continue
				}
				got := who.ask(refusable(f.Name))
				if open && len(got.codes()) > 0 || !open && !slices.Equal(got.codes(), []string{"FORBIDDEN"}) {
					t.Errorf("%s by %s, open %t: %s", f.Name, r.Name, open, got)
				}
			}
			for _, f := range schema.Query.Fields {
				p, ok := asked(t, f)
				if !ok || neededArguments[f.Name] != "" {
					continue
				}
				got := who.ask(`{ ` + f.Name + ` { __typename } }`)
				if open := r.Holds.Has(p); open != (len(got.codes()) == 0) || !open && !slices.Equal(got.codes(), []string{"FORBIDDEN"}) {
					t.Errorf("%s by %s, open %t: %s", f.Name, r.Name, open, got)
				}
			}
		}
	})
}

// openTo says whether a mutation's door is open to an employee with a role, if that is by a permission or by being a customer.
func openTo(t *testing.T, f *ast.FieldDefinition, r administration.Role) (open, known bool) {
	for _, table := range lifecycle.Tables {
		for _, l := range table.Lines {
			if l.Name != f.Name {
				continue
			}
			for _, b := range l.By {
				known = true
				open = open || b.Who == lifecycle.Permitted && r.Holds.Has(b.Permission) || b.Who == lifecycle.Anyone
			}
		}
	}
	if known && f.Name != "confirmEmail" { // its link's token says who
		return open, true
	}
	p, ok := asked(t, f)
	return ok && r.Holds.Has(p), ok
}
