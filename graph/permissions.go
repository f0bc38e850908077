package graph

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/access"
	"lenddesk/graph/model"
	"lenddesk/lifecycle"
	"lenddesk/workflow/administration"
)

// allows is what the contract and the tables of moves say that each permission opens.
func allows(schema *ast.Schema) []*model.PermissionInfo {
	byName := map[string]*model.PermissionInfo{}
	var all []*model.PermissionInfo
	for _, v := range schema.Types["Permission"].EnumValues {
		p := &model.PermissionInfo{Permission: v.Name, Description: v.Description, Mutations: []string{}, Fields: []string{}, Rows: []string{}}
		held, _ := access.ParsePermission(v.Name)
		for _, kind := range access.SeenWith(held) {
			p.Rows = append(p.Rows, string(kind))
		}
		byName[v.Name], all = p, append(all, p)
	}
	for _, name := range slices.Sorted(maps.Keys(schema.Types)) {
		t := schema.Types[name]
		if t.Kind != ast.Object {
			continue
		}
		for _, f := range t.Fields {
			d := f.Directives.ForName("requires")
			switch {
			case t == schema.Mutation:
				for asked := range asks(f, d) {
					byName[asked].Mutations = append(byName[asked].Mutations, f.Name)
				}
			case d != nil:
				asked := d.Arguments.ForName("permission").Value.Raw
				byName[asked].Fields = append(byName[asked].Fields, name+"."+f.Name)
			}
		}
	}
	return all
}

// asks are the permissions by any of which a mutation is open: of its directive, and of its line in a table of moves.
func asks(f *ast.FieldDefinition, d *ast.Directive) map[string]bool {
	open := map[string]bool{}
	if d != nil {
		open[d.Arguments.ForName("permission").Value.Raw] = true
	}
	for _, table := range lifecycle.Tables {
		for _, l := range table.Lines {
			if p, ok := l.Permission(); ok && l.Name == f.Name {
				open[p.String()] = true
			}
		}
	}
	return open
}

// PermissionTable is docs/permissions.md: what each permission opens, and which built-in roles hold it at first.
func PermissionTable(schema *ast.Schema) string {
	var b strings.Builder
	b.WriteString("# Permissions\n\nGenerated from the contract and the tables of moves by `go generate ./graph`; a stale page fails the tests. The roles are those of a new book: they\n" +
		"can be edited, except for ADMINISTRATOR. What is not here needs no permission: it is open to the owner, or to anyone ([lifecycle.md](lifecycle.md)).\n\n" +
		"| permission | opens | mutations | fields | all rows of | built-in roles |\n|---|---|---|---|---|---|\n")
	for _, p := range allows(schema) {
		held, _ := access.ParsePermission(p.Permission)
		var roles []string
		for _, r := range administration.BuiltIn() {
			if r.Holds.Has(held) {
				roles = append(roles, r.Name)
			}
		}
		fmt.Fprintf(&b, "| %s | %s | %s | %s | %s | %s |\n", p.Permission, p.Description, code(p.Mutations), code(p.Fields), code(p.Rows), strings.Join(roles, ", "))
	}
	return b.String()
}

func code(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
