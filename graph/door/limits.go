package door

import (
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lenddesk/fault"
)

// Limits is all that a request is held to. Every number is the largest that still passes.
type Limits struct {
	Body    int64         // bytes of a request's body; of one with files, of each part that is none
	Upload  int64         // bytes of a body with files
	Files   int           // files in one request
	Nesting int           // objects and lists inside each other in a body or in variables
	Time    time.Duration // from the first byte read to the answer; then TIMEOUT

	Tokens     int // lexical tokens of a document, comments too
	Fragments  int // fragment definitions of a document
	Variables  int // variable definitions of one operation
	Selections int // fields, spreads and inline fragments of a document, each fragment counted wherever it is spread
	SameNames  int // pairs of fields that answer under the same name in the same place; validation compares each pair
	Directives int // directives on one field, spread, fragment, operation or variable
	Depth      int // fields inside each other, below and with the root field

	RootFields     int // root fields of one operation, aliases counted
	MutationFields int // the same for a mutation

	IntrospectionRoots      int // `__schema` and `__type` in a document, aliases counted
	IntrospectionDepth      int // fields inside each other below `__schema` or `__type`, in place of Depth
	IntrospectionSelections int // selections below all of them, counted like Selections

	DefaultPage int // rows of a connection asked for without `first` or `last`
	Page        int // rows of one page, and ids of one list `ids`; a larger `first`, `last` or `ids` is BAD_REQUEST
	Rows        int // rows that an operation could read: a page counts its rows, and all that is asked of each
}

// DefaultLimits lets pass what the console, GraphiQL and an honest page ask for, several times over.
var DefaultLimits = Limits{
	Body:    1 << 20,
	Upload:  56 << 20,
	Files:   5,
	Nesting: 32,
	Time:    30 * time.Second,

	Tokens:     10_000,
	Fragments:  100,
	Variables:  200,
	Selections: 5_000,
	SameNames:  50_000,
	Directives: 5,
	Depth:      15,

	RootFields:     20,
	MutationFields: 10,

	IntrospectionRoots:      2,
	IntrospectionDepth:      20,
	IntrospectionSelections: 600,

	DefaultPage: 20,
	Page:        100,
	Rows:        200_000,
}

// maxSyntax bounds the walk's own recursion: selection sets inside each other, through fragments, fields or not.
const maxSyntax = 200

// measure is what one selection set amounts to, fragments expanded.
type measure struct {
	top        int // fields at this level
	depth      int // levels of fields
	selections int // at this level and below
	rows       int

	roots          int // introspection at this level and below
	metaSelections int
}

// walk measures one document once. Fragments are measured when first met and remembered, so its time is linear in the
// document's length however they multiply.
type walk struct {
	Limits
	schema    *ast.Schema
	variables map[string]any // of the operation that will run, JSON values; defaults not put in
	defaults  map[string]*ast.Value
	fragments map[string]*ast.FragmentDefinition
	measured  map[*ast.FragmentDefinition]measure
	open      map[*ast.FragmentDefinition]bool
}

// check holds a parsed document, not validated yet, to the limits. Page sizes and rows are counted with the variables of
// the named operation; the measure is of all operations together, without depth and rows. What it does not understand
// (an unknown field, a wrong type) it leaves to validation.
func (l Limits) check(schema *ast.Schema, doc *ast.QueryDocument, operation string, variables map[string]any) (total measure, _ *gqlerror.Error) {
	if len(doc.Fragments) > l.Fragments {
		return total, tooMuch(nil, "More than %d fragments.", l.Fragments)
	}
	w := walk{
		Limits:    l,
		schema:    schema,
		variables: variables,
		defaults:  map[string]*ast.Value{},
		fragments: fragmentsByName(doc),
		measured:  make(map[*ast.FragmentDefinition]measure, len(doc.Fragments)),
		open:      map[*ast.FragmentDefinition]bool{},
	}
	if chosen := doc.Operations.ForName(operation); chosen != nil {
		for _, v := range chosen.VariableDefinitions {
			w.defaults[v.Variable] = v.DefaultValue
		}
	}

	for _, f := range doc.Fragments {
		if _, err := w.fragment(f, 0); err != nil {
			return total, err
		}
	}
	for _, op := range doc.Operations {
		m, err := w.operation(op)
		if err != nil {
			return total, err
		}
		total.selections += m.selections
		total.metaSelections += m.metaSelections
		total.roots += m.roots
		if err := w.within(total, op.Position); err != nil {
			return total, err
		}
	}
	return total, nil
}

func (w *walk) operation(op *ast.OperationDefinition) (measure, *gqlerror.Error) {
	if len(op.VariableDefinitions) > w.Variables {
		return measure{}, tooMuch(op.Position, "More than %d variables.", w.Variables)
	}
	for _, v := range op.VariableDefinitions {
		if err := w.directives(v.Directives, v.Position); err != nil {
			return measure{}, err
		}
	}
	if err := w.directives(op.Directives, op.Position); err != nil {
		return measure{}, err
	}
	root, fields := w.schema.Query, w.RootFields
	switch op.Operation {
	case ast.Mutation:
		root, fields = w.schema.Mutation, min(w.MutationFields, w.RootFields)
	case ast.Subscription:
		root = w.schema.Subscription
	}
	m, err := w.set(op.SelectionSet, root, 0)
	if err != nil {
		return m, err
	}
	if m.top > fields {
		return m, tooMuch(op.Position, "More than %d root fields.", fields)
	}
	return m, nil
}

func (w *walk) fragment(f *ast.FragmentDefinition, syntax int) (measure, *gqlerror.Error) {
	if m, ok := w.measured[f]; ok {
		return m, nil
	}
	if w.open[f] {
		return measure{}, badRequest(f.Position, "A fragment spreads itself.")
	}
	if err := w.directives(f.Directives, f.Position); err != nil {
		return measure{}, err
	}
	w.open[f] = true
	m, err := w.set(f.SelectionSet, w.schema.Types[f.TypeCondition], syntax)
	if err != nil {
		return m, err
	}
	delete(w.open, f)
	w.measured[f] = m
	return m, nil
}

// set measures a selection set on a type, nil when the type is not known. Below `__Schema` and `__Type` it may be deeper.
func (w *walk) set(set ast.SelectionSet, on *ast.Definition, syntax int) (measure, *gqlerror.Error) {
	var sum measure
	if len(set) > 0 && syntax > maxSyntax {
		return sum, tooMuch(set[0].GetPosition(), "Selections are nested too deeply.")
	}
	depth := w.Depth
	if on != nil && strings.HasPrefix(on.Name, "__") {
		depth = w.IntrospectionDepth
	}
	for _, selection := range set {
		m, err := w.selection(selection, on, syntax+1)
		if err != nil {
			return sum, err
		}
		sum.top += m.top
		sum.depth = max(sum.depth, m.depth)
		sum.selections += m.selections
		sum.rows += m.rows
		sum.roots += m.roots
		sum.metaSelections += m.metaSelections
		if sum.depth > depth {
			return sum, tooMuch(selection.GetPosition(), "Deeper than %d fields.", depth)
		}
		if err := w.within(sum, selection.GetPosition()); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func (w *walk) selection(selection ast.Selection, on *ast.Definition, syntax int) (m measure, err *gqlerror.Error) {
	switch s := selection.(type) {
	case *ast.Field:
		return w.field(s, on, syntax)
	case *ast.InlineFragment:
		if err := w.directives(s.Directives, s.Position); err != nil {
			return m, err
		}
		if s.TypeCondition != "" {
			on = w.schema.Types[s.TypeCondition]
		}
		m, err = w.set(s.SelectionSet, on, syntax)
	case *ast.FragmentSpread:
		if err := w.directives(s.Directives, s.Position); err != nil {
			return m, err
		}
		f := w.fragments[s.Name]
		if f == nil { // validation would compare each such spread with each other
			return m, badRequest(s.Position, "A fragment that is spread is not in the document.")
		}
		m, err = w.fragment(f, syntax)
	}
	m.selections++
	return m, err
}

func (w *walk) field(f *ast.Field, on *ast.Definition, syntax int) (measure, *gqlerror.Error) {
	if err := w.directives(f.Directives, f.Position); err != nil {
		return measure{}, err
	}
	var typ *ast.Definition
	if on != nil {
		if def := on.Fields.ForName(f.Name); def != nil {
			typ = w.schema.Types[def.Type.Name()]
		}
	}
	m, err := w.set(f.SelectionSet, typ, syntax)
	if err != nil {
		return m, err
	}
	if f.Name == "__schema" || f.Name == "__type" {
		return measure{top: 1, depth: 1, selections: 1, roots: m.roots + 1, metaSelections: m.metaSelections + m.selections}, nil
	}
	page, err := w.page(f, typ)
	if err != nil {
		return m, err
	}
	m.top = 1
	m.depth++
	m.selections++
	if page > 0 {
		m.rows = page * (1 + m.rows)
	}
	return m, nil
}

// page is how many rows a field multiplies by, 0 for a field that is no list of rows.
func (w *walk) page(f *ast.Field, typ *ast.Definition) (int, *gqlerror.Error) {
	rows := 0
	if typ != nil && strings.HasSuffix(typ.Name, "Connection") {
		rows = w.DefaultPage
	}
	asked := 0
	for _, a := range f.Arguments {
		var n int
		var err *gqlerror.Error
		switch a.Name {
		case "first", "last":
			n, err = w.size(a)
		case "ids":
			n, err = w.count(a)
		default:
			continue
		}
		if err != nil {
			return 0, err
		}
		asked = max(asked, n)
	}
	if asked > 0 {
		return asked, nil
	}
	return rows, nil
}

// size is the value of `first` or `last`; an absent or null one is the default page. What is no number is counted as the
// largest page, and refused later by validation.
func (w *walk) size(a *ast.Argument) (int, *gqlerror.Error) {
	text, null := w.number(a.Value)
	if null {
		return w.DefaultPage, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil && !errors.Is(err, strconv.ErrRange) {
		return w.Page, nil
	}
	if err != nil || n < 1 || n > w.Page {
		return 0, badRequest(a.Position, "Argument %s must be from 1 to %d.", a.Name, w.Page)
	}
	return n, nil
}

// number is the text of a literal or of a variable's value, and whether there is none.
func (w *walk) number(v *ast.Value) (text string, null bool) {
	if v == nil {
		return "", true
	}
	switch v.Kind {
	case ast.NullValue:
		return "", true
	case ast.Variable:
		given, ok := w.variables[v.Raw]
		if !ok {
			literal := w.defaults[v.Raw]
			if literal == nil || literal.Kind == ast.Variable {
				return "", true
			}
			return w.number(literal)
		}
		switch given := given.(type) {
		case nil:
			return "", true
		case json.Number:
			return given.String(), false
		case string: // gqlgen takes "5" for an Int
			return given, false
		}
		return "", false
	default:
		return v.Raw, false
	}
}

// count is the length of a list `ids`.
func (w *walk) count(a *ast.Argument) (int, *gqlerror.Error) {
	v := a.Value
	if v == nil {
		return 0, nil
	}
	n := 1 // a single value stands for a list of one
	switch v.Kind {
	case ast.ListValue:
		n = len(v.Children)
	case ast.Variable:
		given, ok := w.variables[v.Raw]
		if !ok {
			if literal := w.defaults[v.Raw]; literal != nil && literal.Kind == ast.ListValue {
				n = len(literal.Children)
			}
			break
		}
		if list, isList := given.([]any); isList {
			n = len(list)
		}
	}
	if n > w.Page {
		return 0, badRequest(a.Position, "Argument %s takes at most %d values.", a.Name, w.Page)
	}
	return n, nil
}

func (w *walk) directives(list ast.DirectiveList, at *ast.Position) *gqlerror.Error {
	if len(list) > w.Directives {
		return tooMuch(at, "More than %d directives in one place.", w.Directives)
	}
	if list.ForName("defer") != nil {
		return badRequest(at, "@defer is not served.")
	}
	return nil
}

func (w *walk) within(m measure, at *ast.Position) *gqlerror.Error {
	switch {
	case m.selections > w.Selections:
		return tooMuch(at, "More than %d selections, fragments expanded.", w.Selections)
	case m.roots > w.IntrospectionRoots:
		return tooMuch(at, "__schema and __type are asked for more than %d times.", w.IntrospectionRoots)
	case m.metaSelections > w.IntrospectionSelections:
		return tooMuch(at, "More than %d selections of introspection.", w.IntrospectionSelections)
	case m.rows > w.Rows:
		return tooMuch(at, "Could read more than %d rows: ask for smaller pages or fewer levels.", w.Rows)
	}
	return nil
}

func tooMuch(at *ast.Position, format string, args ...any) *gqlerror.Error {
	return refuse(at, fault.Deny(fault.RequestTooComplex, fmt.Sprintf(format, args...)))
}

func badRequest(at *ast.Position, format string, args ...any) *gqlerror.Error {
	return refuse(at, fault.Deny(fault.BadRequest, fmt.Sprintf(format, args...)))
}

func refuse(at *ast.Position, why *fault.Refusal) *gqlerror.Error {
	err := gqlerror.Wrap(why)
	if at != nil {
		err.Locations = []gqlerror.Location{{Line: at.Line, Column: at.Column}}
	}
	return err
}
