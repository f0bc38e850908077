package reading

import (
	"fmt"
	"slices"
	"strings"

	"lenddesk/lifecycle"

	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/access"
)

// handWritten are the types whose fields are written in Go, without a row in a table.
var handWritten = map[string][]string{
	"PageInfo":        {"hasNextPage", "hasPreviousPage", "startCursor", "endCursor"},
	"AvailableAction": {"mutation", "allowed", "blockedBy"},
	"UserError":       {"code", "message", "field"},
	"SystemActor":     {"name"},
	"Viewer":          {"user", "staff", "apiKey", "permissions"},

	"SearchHitConnection": {"edges", "nodes", "pageInfo", "totalCount"},
	"SearchHitEdge":       {"cursor", "node"},

	"Statistics":  {"buckets", "usersByStatus", "loansByStatus", "outstanding", "overdueShare"},
	"Bucket":      {"from", "registrations", "approvedRegistrations", "approvals", "applications", "funded", "repaid", "overdue"},
	"CountByName": {"name", "count", "amount"},
}

// Gaps are the pieces of a contract that reading could not answer: types and fields without a row in the tables, filters and orders without a
// meaning, types without a row rule, edges to nowhere. executed are the object types that are not reading's to write.
func Gaps(schema *ast.Schema, executed func(*ast.Definition) bool) []string {
	all := types()
	for step, q := range lifecycle.Queues {
		t := queue{q}.item(string(step), all[string(q.Of)])
		all[t.Name] = t
	}
	var gaps []string
	gap := func(format string, args ...any) { gaps = append(gaps, fmt.Sprintf(format, args...)) }
	for name, d := range schema.Types {
		if d.Kind != ast.Object || executed(d) {
			continue
		}
		for _, f := range d.Fields {
			if !strings.HasPrefix(f.Name, "__") && !reads(all, name, f.Name) {
				gap("%s.%s has no row in the table of its type", name, f.Name)
			}
		}
	}
	for name, t := range all {
		if access.Rows[t.Kind] == nil {
			gap("%s has no row rule", name)
		}
		if schema.Types[name] == nil {
			gap("%s is not in the contract", name)
			continue
		}
		for field, f := range t.Fields {
			for _, to := range f.leads() {
				if all[to] == nil {
					gap("%s.%s leads to %s, which is not read", name, field, to)
				}
			}
		}
		for suffix, known := range map[string]func(string) bool{
			"Filter":     func(f string) bool { _, ok := t.Filters[f]; return ok },
			"OrderField": func(f string) bool { _, ok := t.Orders[f]; return ok },
		} {
			if d := schema.Types[name+suffix]; d != nil {
				for _, f := range pieces(d) {
					if !known(f) {
						gap("%s%s.%s means nothing", name, suffix, f)
					}
				}
			}
		}
	}
	slices.Sort(gaps)
	return gaps
}

// reads says whether a field of an object type is written by something.
func reads(all map[string]*Type, name, field string) bool {
	if t := all[name]; t != nil {
		_, ok := t.Fields[field]
		return ok
	}
	if fields, ok := handWritten[name]; ok {
		return slices.Contains(fields, field)
	}
	if of, ok := strings.CutSuffix(name, "Connection"); ok && all[of] != nil {
		return slices.Contains([]string{"edges", "nodes", "pageInfo", "totalCount"}, field)
	}
	of, ok := strings.CutSuffix(name, "Edge")
	return ok && all[of] != nil && (field == "cursor" || field == "node")
}

// leads are the types that a field's edge goes to.
func (f Field) leads() []string {
	switch {
	case f.One != nil:
		return []string{f.One.To}
	case f.Many != nil:
		return []string{f.Many.To}
	case f.Part != "":
		return []string{f.Part}
	}
	return nil
}

// pieces are the names of an input's fields or an enum's values.
func pieces(d *ast.Definition) []string {
	var names []string
	for _, f := range d.Fields {
		names = append(names, f.Name)
	}
	for _, v := range d.EnumValues {
		names = append(names, v.Name)
	}
	return names
}
