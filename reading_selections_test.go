package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"pgregory.net/rapid"

	"lenddesk/key"
	"lenddesk/money"
)

// Random queries that fit the contract, made from its SDL alone: what is added there is asked for here without anybody's doing. Values are taken from the book, so that
// filters find something.

// query is a document with its variables.
type query struct {
	text      string
	values    vars
	variables string // as JSON, for the reader
}

// drawing is a query being drawn.
type drawing struct {
	t         *rapid.T
	schema    *ast.Schema
	book      *shelves
	as        *reader
	names     int
	declared  []string
	values    vars
	fragments []string
}

// deepest is how many objects stand inside each other, below a root field.
const deepest = 4

func drawQuery(t *rapid.T, schema *ast.Schema, book *shelves, as *reader) query {
	d := &drawing{t: t, schema: schema, book: book, as: as, values: vars{}}
	var roots []string
	for range d.count(1, 2, "roots") {
		var fields []*ast.FieldDefinition
		for _, f := range schema.Query.Fields {
			_, some := someLists[f.Name]
			if some || slices.Contains(wholeLists, f.Name) || slices.Contains([]string{"node", "nodes", "viewer", "reviewQueue"}, f.Name) {
				fields = append(fields, f)
			}
		}
		roots = append(roots, d.field(one(d, fields, "root"), deepest, true))
	}
	head := "query"
	if len(d.declared) > 0 {
		head += "(" + strings.Join(d.declared, ", ") + ")"
	}
	text := head + " { " + strings.Join(roots, " ") + " }\n" + strings.Join(d.fragments, "\n")
	b, err := json.Marshal(d.values)
	if err != nil {
		t.Fatal(err)
	}
	// The evaluator reads the variables as the server does: after their journey.
	values := vars{}
	in := json.NewDecoder(strings.NewReader(string(b)))
	in.UseNumber()
	if err := in.Decode(&values); err != nil {
		t.Fatal(err)
	}
	return query{text, values, string(b)}
}

func (d *drawing) count(least, most int, what string) int {
	return rapid.IntRange(least, most).Draw(d.t, what)
}

// chance is true once in n times.
func (d *drawing) chance(n int, what string) bool { return d.count(1, n, what) == n }

func one[T any](d *drawing, from []T, what string) T { return from[d.count(0, len(from)-1, what)] }

func (d *drawing) name(prefix string) string {
	d.names++
	return fmt.Sprint(prefix, d.names)
}

// selection is a selection set of a type. alone says that nothing else is selected beside it under names that could clash.
func (d *drawing) selection(of *ast.Definition, depth int, alone bool) string {
	var parts []string
	switch {
	case of.IsAbstractType():
		parts = append(parts, "__typename")
		for range d.count(1, 4, "types") {
			parts = append(parts, d.fragment(one(d, d.schema.GetPossibleTypes(of), "type"), depth, false))
		}
		if of.Kind == ast.Interface && d.chance(2, "interface's own") {
			parts = append(parts, "id")
		}
	default:
		for range d.count(1, 5, "fields") {
			if d.chance(8, "fragment") {
				parts = append(parts, d.fragment(of, depth, alone))
				continue
			}
			parts = append(parts, d.field(one(d, of.Fields, "field"), depth, alone))
		}
		parts = slices.DeleteFunc(parts, func(s string) bool { return s == "" })
		if len(parts) == 0 || d.chance(8, "typename") {
			parts = append(parts, "__typename")
		}
	}
	return "{ " + strings.Join(parts, " ") + " }"
}

// fragment is a selection of a type behind a condition, written here or elsewhere.
func (d *drawing) fragment(of *ast.Definition, depth int, alone bool) string {
	condition := of.Name
	interfaces := d.schema.GetImplements(of)
	selected := of
	if len(interfaces) > 0 && d.chance(4, "through an interface") {
		selected = one(d, interfaces, "interface")
		if selected.Kind == ast.Interface {
			condition = selected.Name
		} else {
			selected = of
		}
	}
	body := ""
	if selected.IsAbstractType() {
		var parts []string
		for range d.count(1, 3, "fields") {
			parts = append(parts, d.field(one(d, selected.Fields, "field"), depth, false))
		}
		body = "{ " + strings.Join(append(parts, "__typename"), " ") + " }"
	} else {
		body = d.selection(selected, depth, alone)
	}
	if d.chance(2, "named") {
		name := d.name("F")
		d.fragments = append(d.fragments, "fragment "+name+" on "+condition+" "+body)
		return "..." + name + d.directives()
	}
	return "... on " + condition + d.directives() + " " + body
}

// field is one field, or nothing where it would lead too deep.
func (d *drawing) field(f *ast.FieldDefinition, depth int, alone bool) string {
	of := d.schema.Types[f.Type.Name()]
	composite := of.IsCompositeType()
	if strings.HasPrefix(f.Name, "__") || composite && depth == 0 {
		return ""
	}
	text := f.Name
	// What has arguments, and what could clash with another type's, gets a name of its own.
	if len(f.Arguments) > 0 || !alone || d.chance(6, "alias") {
		text = d.name("a") + ": " + text
	}
	text += d.arguments(f)
	text += d.directives()
	switch {
	case strings.HasSuffix(of.Name, "Connection"):
		return text + " " + d.connection(of, depth)
	case composite:
		return text + " " + d.selection(of, depth-1, true)
	}
	return text
}

func (d *drawing) connection(of *ast.Definition, depth int) string {
	rows := d.schema.Types[strings.TrimSuffix(of.Name, "Connection")]
	var parts []string
	if d.chance(3, "total") {
		parts = append(parts, "totalCount")
	}
	if d.chance(3, "page") {
		parts = append(parts, "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }")
	}
	if d.chance(3, "edges") {
		parts = append(parts, d.name("e")+": edges { cursor node "+d.selection(rows, depth-1, true)+" }")
	}
	if len(parts) == 0 || d.chance(2, "nodes") {
		parts = append(parts, d.name("n")+": nodes"+d.directives()+" "+d.selection(rows, depth-1, true))
	}
	return "{ " + strings.Join(append(parts, "__typename"), " ") + " }"
}

func (d *drawing) directives() string {
	if !d.chance(12, "directive") {
		return ""
	}
	name, v := one(d, []string{"skip", "include"}, "which"), d.chance(2, "if")
	if d.chance(2, "by variable") {
		variable := d.name("v")
		d.declared = append(d.declared, "$"+variable+": Boolean!")
		d.values[variable] = v
		return " @" + name + "(if: $" + variable + ")"
	}
	return fmt.Sprintf(" @%s(if: %t)", name, v)
}

// arguments of a field. Cursors are those of rows that are there.
func (d *drawing) arguments(f *ast.FieldDefinition) string {
	var parts []string
	given := vars{}
	give := func(a *ast.ArgumentDefinition, v any) {
		given[a.Name] = v
		if !d.chance(2, "variable") {
			parts = append(parts, a.Name+": "+d.literal(a.Type, v))
			return
		}
		name := d.name("v")
		d.declared = append(d.declared, "$"+name+": "+a.Type.String())
		d.values[name] = v
		parts = append(parts, a.Name+": $"+name)
	}
	page := ""
	kind := strings.TrimSuffix(f.Type.Name(), "Connection")
	for _, a := range f.Arguments {
		switch a.Name {
		case "first", "last":
			if page == "" && d.chance(2, "page size") {
				page = a.Name
				give(a, d.count(1, 5, "size"))
			} else if d.chance(10, "null") {
				give(a, nil)
			}
		case "after", "before": // below
		case "ids":
			var ids []any
			for range d.count(0, 6, "ids") {
				ids = append(ids, d.id())
			}
			give(a, append([]any{}, ids...))
		default:
			if a.Type.NonNull || d.chance(3, "argument") {
				give(a, d.value(a.Type, 0))
			} else if d.chance(10, "null") {
				give(a, nil)
			}
		}
	}
	for _, name := range []string{"after", "before"} {
		if a := f.Arguments.ForName(name); a != nil && d.chance(6, "cursor") {
			if cursor := d.cursor(f.Name, kind, given); cursor != "" {
				give(a, cursor)
			}
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "(" + strings.Join(parts, ", ") + ")"
}

// cursor is the place of some row of the type in the order given, whether or not it is in the list.
func (d *drawing) cursor(list, kind string, given vars) string {
	order := sortedIn(list, kind)
	if by, ok := given["orderBy"].(vars); ok {
		order = taught[kind].orders[by["field"].(string)]
		order.desc = by["direction"] == "DESC"
	}
	of := kind
	if kind == "ReviewItem" {
		of = queuesTaught[given["kind"].(string)].kind
	}
	rows := taught[of].rows(d.book)
	if some, ok := someLists[list]; ok {
		rows = slices.DeleteFunc(rows, func(row any) bool { return !some.among(row) })
	}
	if len(rows) == 0 {
		return ""
	}
	row := one(d, rows, "row")
	if kind == "ReviewItem" {
		row = queued{given["kind"].(string), of, row}
	}
	cursor := d.book.cursor(kind, row, order)
	d.book.places[cursor] = row
	return cursor
}

// value is a value of an input type.
func (d *drawing) value(t *ast.Type, depth int) any {
	if t.Elem != nil {
		list := []any{}
		for range d.count(0, 3, "members") {
			list = append(list, d.value(t.Elem, depth))
		}
		return list
	}
	switch def := d.schema.Types[t.NamedType]; def.Kind {
	case ast.Enum:
		return one(d, def.EnumValues, "enum").Name
	case ast.InputObject:
		fields := vars{}
		for _, f := range def.Fields {
			if f.Type.NonNull || d.chance(4, "input's field") {
				fields[f.Name] = d.value(f.Type, depth+1)
			} else if d.chance(12, "null") {
				fields[f.Name] = nil
			}
		}
		return fields
	}
	switch t.NamedType {
	case "ID":
		return d.id()
	case "Boolean":
		return d.chance(2, "boolean")
	case "Int":
		return d.count(1, 5, "int")
	case "Money":
		return money.Amount(100 * d.count(1, 50, "amount")).String()
	case "Percent":
		return fmt.Sprint(d.count(0, 20, "percent"))
	case "DateTime":
		at := began.Add(time.Duration(d.count(0, 12, "day"))*24*time.Hour + time.Duration(d.count(0, 2, "moment"))*100*time.Microsecond)
		return at.In(time.FixedZone("", 3600*d.count(-2, 8, "zone"))).Format(time.RFC3339Nano)
	case "Date":
		return "2026-04-0" + fmt.Sprint(d.count(1, 9, "day"))
	case "String":
		return one(d, d.book.words(), "word")
	}
	panic("no values of " + t.NamedType + " are known: teach reading_selections_test.go")
}

// id is of a row, or of none.
func (d *drawing) id() string {
	if d.chance(12, "no id") {
		return one(d, []string{"", "loan_", "user_zzzzzzzzzzzzz"}, "garbage")
	}
	var kinds []string
	for kind, s := range taught {
		if s.rows != nil && len(s.rows(d.book)) > 0 {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	kind := one(d, kinds, "kind")
	return d.book.h.desk.IDs.Encode(key.Kind(kind), keyOf(one(d, taught[kind].rows(d.book), "row")))
}

// words are texts that stand in the book, or nearly.
func (b *shelves) words() []string {
	words := []string{"a <b>", "", "王", "王小", "Ann", "ann", "Sun", "太", "retail", "farming", "credit", "L-0003", "REGISTER", "CREATE_COMPANY", "SENT", "91350100M000100Y02", "nothing", "%", "U0@example.com"}
	for i, u := range b.users {
		if u.Email != nil {
			words = append(words, *u.Email, fmt.Sprintf("+86 138 0000 0%03d", i))
		}
		words = append(words, fmt.Sprint("11010119900307", 1000+i))
	}
	return words
}

// literal is a value as GraphQL writes it.
func (d *drawing) literal(t *ast.Type, v any) string {
	switch v := v.(type) {
	case nil:
		return "null"
	case []any:
		parts := make([]string, len(v))
		for i, e := range v {
			parts[i] = d.literal(t.Elem, e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case vars:
		var parts []string
		for _, f := range d.schema.Types[t.NamedType].Fields {
			if e, ok := v[f.Name]; ok {
				parts = append(parts, f.Name+": "+d.literal(f.Type, e))
			}
		}
		return "{" + strings.Join(parts, ", ") + "}"
	case string:
		if d.schema.Types[t.NamedType].Kind == ast.Enum {
			return v
		}
		return string(quoted(v))
	}
	return fmt.Sprint(v)
}
