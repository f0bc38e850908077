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
	mutationsByRole(&b, schema)
	fieldsByRole(&b, schema)
	return b.String()
}

// mutationsByRole is who may call each mutation: everybody, the customer whose object it is, each built-in role.
func mutationsByRole(b *strings.Builder, schema *ast.Schema) {
	b.WriteString("\n## Mutations by role\n\n● means that a role opens the mutation, own that it does for the customer whose object it is (while they are ACTIVE). The column owner has what needs no\n" +
		"permission but is the customer's own, anyone what is open at the door: there the token of a link, a password, or the step or queue in question decides.\n\n")
	roles := columns(b, "mutation", "anyone", "owner")
	for _, f := range schema.Mutation.Fields {
		d := f.Directives.ForName("requires")
		var open, owned access.Permissions
		owner, moves := false, false
		for _, table := range lifecycle.Tables {
			for _, l := range table.Lines {
				if l.Name != f.Name {
					continue
				}
				for _, by := range l.By {
					switch by.Who {
					case lifecycle.Permitted:
						open, moves = open|access.Of(by.Permission), true
					case lifecycle.Owner, lifecycle.Customer:
						owned, owner, moves = owned|by.Holding, owner || by.Holding == 0, true
					}
				}
			}
		}
		if d != nil {
			if p, _ := access.ParsePermission(d.Arguments.ForName("permission").Value.Raw); !access.Customers.Has(p) {
				open |= access.Of(p)
			} else {
				owned |= access.Of(p)
			}
		}
		line := []string{"`" + f.Name + "`", mark(d == nil && !moves, "●"), mark(owner, "own")}
		for _, r := range roles {
			line = append(line, mark(r.Holds&open != 0, "●")+mark(r.Holds&open == 0 && r.Holds&owned != 0 && r.Holds&^access.Customers == 0, "own"))
		}
		row(b, line)
	}
}

// fieldsByRole is who reads what asks for a permission: fields, and all rows of a type. Fields that are not here are open with their row.
func fieldsByRole(b *strings.Builder, schema *ast.Schema) {
	b.WriteString("\n## Fields and rows by role\n\n● means that a role opens the field, or shows every row of the type. Fields that are not here are open to whoever sees their row; customers see their own rows.\n\n")
	roles := columns(b, "field, or all rows of a type")
	told := map[string]access.Permissions{}
	for _, p := range allows(schema) {
		held, _ := access.ParsePermission(p.Permission)
		for _, name := range slices.Concat(p.Fields, p.Rows) {
			told[name] |= access.Of(held)
		}
	}
	for _, name := range slices.Sorted(maps.Keys(told)) {
		line := []string{"`" + name + "`"}
		for _, r := range roles {
			line = append(line, mark(r.Holds&told[name] != 0, "●"))
		}
		row(b, line)
	}
}

// columns heads a table with the built-in roles behind some columns of its own.
func columns(b *strings.Builder, own ...string) []administration.Role {
	roles := administration.BuiltIn()
	for _, r := range roles {
		own = append(own, r.Name)
	}
	row(b, own)
	row(b, slices.Repeat([]string{"---"}, len(own)))
	return roles
}

func row(b *strings.Builder, cells []string) {
	b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
}

func mark(so bool, as string) string {
	if so {
		return as
	}
	return ""
}

func code(names []string) string {
	if len(names) == 0 {
		return ""
	}
	return "`" + strings.Join(names, "`, `") + "`"
}
