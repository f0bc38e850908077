package reading

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
)

// outline is what all requests for one operation of a document have in common: where it has arguments, and which variables decide what is selected.
type outline struct {
	doc      *ast.QueryDocument // held, so that no other document comes to stand at its address while the outline is kept
	weight   int
	deciding []string // the variables that @skip and @include ask
	sites    []site
	places   map[*ast.Position]int // of sites; a field copied keeps its position
	single   bool                  // one root field of a query
}

// site is a field that takes arguments.
type site struct {
	field *ast.Field
	fixed map[string]any // its arguments, when no variable is among them
}

func (r *Reader) outline(op *graphql.OperationContext) *outline {
	if o, ok := r.outlines.get(op.Operation); ok {
		return o
	}
	o := &outline{doc: op.Doc, weight: len(op.RawQuery), places: map[*ast.Position]int{}}
	o.walk(op.Doc, op.Operation.SelectionSet, map[string]bool{})
	if len(op.Operation.SelectionSet) == 1 && op.Operation.Operation == ast.Query {
		_, o.single = op.Operation.SelectionSet[0].(*ast.Field)
	}
	return r.outlines.add(op.Operation, o, o.weight)
}

func (o *outline) walk(doc *ast.QueryDocument, selections ast.SelectionSet, seen map[string]bool) {
	for _, s := range selections {
		switch s := s.(type) {
		case *ast.Field:
			o.decides(s.Directives)
			o.site(s)
			o.walk(doc, s.SelectionSet, seen)
		case *ast.InlineFragment:
			o.decides(s.Directives)
			o.walk(doc, s.SelectionSet, seen)
		case *ast.FragmentSpread:
			o.decides(s.Directives)
			if f := doc.Fragments.ForName(s.Name); f != nil && !seen[s.Name] {
				seen[s.Name] = true
				o.walk(doc, f.SelectionSet, seen)
			}
		}
	}
}

func (o *outline) decides(directives ast.DirectiveList) {
	for _, d := range directives {
		for _, a := range d.Arguments {
			if a.Value.Kind == ast.Variable {
				o.deciding = append(o.deciding, a.Value.Raw)
			}
		}
	}
}

func (o *outline) site(f *ast.Field) {
	if f.Definition == nil || len(f.Definition.Arguments) == 0 || f.Position == nil {
		return
	}
	s := site{field: f}
	variable := false
	for _, a := range f.Arguments {
		variable = variable || varies(a.Value)
	}
	if !variable {
		s.fixed = f.ArgumentMap(nil)
	}
	o.places[f.Position] = len(o.sites)
	o.sites = append(o.sites, s)
}

func varies(v *ast.Value) bool {
	if v.Kind == ast.Variable {
		return true
	}
	for _, c := range v.Children {
		if varies(c.Value) {
			return true
		}
	}
	return false
}

// shape is what of a request's variables makes its statements others: the values of those that decide, and of arguments which are there, which are null,
// the sizes of pages, the values of enums and truths, and whether a list has none, one or more members. It also gives the arguments of every site. Whatever a plan is compiled
// from must show in here; everything else is given to its statements when they run.
func (o *outline) shape(schema *ast.Schema, variables map[string]any) (string, []map[string]any) {
	var b strings.Builder
	for _, name := range o.deciding {
		fmt.Fprintf(&b, "%v,", variables[name])
	}
	arguments := make([]map[string]any, len(o.sites))
	for i, s := range o.sites {
		if s.fixed != nil {
			arguments[i] = s.fixed
			continue
		}
		arguments[i] = s.field.ArgumentMap(variables)
		b.WriteByte(';')
		for _, d := range s.field.Definition.Arguments {
			v, there := arguments[i][d.Name]
			if d.Name == "first" || d.Name == "last" {
				fmt.Fprintf(&b, "%v,", v)
				continue
			}
			outlineOf(&b, schema, d.Type, v, there)
		}
	}
	return b.String(), arguments
}

func outlineOf(b *strings.Builder, schema *ast.Schema, t *ast.Type, v any, there bool) {
	switch {
	case !there:
		b.WriteByte('-')
		return
	case v == nil:
		b.WriteByte('0')
		return
	case t.Elem != nil:
		switch len(listed(v)) {
		case 0:
			b.WriteString("[]")
		case 1:
			b.WriteString("[1]")
		default:
			b.WriteString("[n]")
		}
		return
	}
	switch d := schema.Types[t.NamedType]; {
	case d.Kind == ast.InputObject:
		fields, _ := v.(map[string]any)
		b.WriteByte('{')
		for _, f := range d.Fields {
			v, there := fields[f.Name]
			outlineOf(b, schema, f.Type, v, there)
		}
		b.WriteByte('}')
	case d.Kind == ast.Enum:
		fmt.Fprintf(b, "=%v,", v)
	case d.Name == "Boolean":
		truth, _ := v.(bool)
		b.WriteString(strconv.FormatBool(truth))
	default:
		b.WriteByte('.')
	}
}
