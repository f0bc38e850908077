package reading

import (
	"fmt"
	"slices"
	"strconv"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/access"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
)

// Look is through whose eyes, and when, expressions over rows are read. What stands in it stands for what is known when the statement runs.
type Look struct {
	access.Eyes
	Now any // the time of reading
	// Given is a value that depends on what is in force when the statement runs: parameters and the time.
	Given func(func(lifecycle.InForce) any) any
}

// object is how an object is written from a row of a level.
type object struct {
	typ    *Type
	key    int // the place of the row's own key
	fields []fieldPlan
}

// fieldPlan is one field of an object, under its response key.
type fieldPlan struct {
	name    string
	head    string // "name": as JSON has it
	nonNull bool
	write   fieldWriter
}

func newFieldPlan(name string, nonNull bool, write fieldWriter) fieldPlan {
	return fieldPlan{name, `"` + name + `":`, nonNull, write}
}

// fieldWriter appends a field's value for row i of a level; false means a null that the contract does not allow, or an error there.
type fieldWriter func(w *writer, at *rows, i int) bool

// level is one statement's worth of rows of one type, and what is read for them.
type level struct {
	typ *Type
	*statement
	joins    bool // other tables
	children []child
}

// rows are the rows of a level in one run, with what was read for them: the state of each child.
type rows struct {
	store.Question
	kids []any
}

// child is something read for the rows of a level, once they are there. A child does not change when it is run.
type child interface {
	// ask gives the state of this run, and what must be asked for it.
	ask(f *frame, above *rows) (state any, tasks []*task, err error)
}

// compiler turns the selection of one root field into units. It sees the document, the variables that decide, and the shape of all others.
type compiler struct {
	*Reader
	sitting   *sitting
	operation *graphql.OperationContext
	viewer    access.Viewer // of a kind and with permissions; who it is, is not looked at
	look      Look
	aliases   int
	unit      *unit
}

func (r *Reader) compiler(s *sitting, p *plan, v access.Viewer) *compiler {
	c := &compiler{Reader: r, sitting: s, operation: p.operation, viewer: v, unit: &unit{}}
	c.look = Look{Eyes: eyes(v), Now: theTime, Given: c.given}
	return c
}

// given is a slot for what depends on what is in force; the unit then asks for it.
func (c *compiler) given(value func(lifecycle.InForce) any) any {
	c.unit.inForce = true
	return &slot{func(f *frame) any { return value(f.inForce) }}
}

func (c *compiler) alias() string {
	c.aliases++
	return "t" + strconv.Itoa(c.aliases)
}

func (c *compiler) table(t *Type) *sql.SelectTable {
	return sql.Dialect(c.dialect).Table(t.Table).As(c.alias())
}

// rule is the row rule of a type over a table; nil when everything may be seen.
func (c *compiler) rule(t *Type, at *sql.SelectTable) (*sql.Predicate, error) {
	rule, ok := access.Rows[t.Kind]
	if !ok {
		return nil, fmt.Errorf("%s has no row rule", t.Name)
	}
	return rule(c.look.Eyes, at), nil
}

// collect is the fields selected of an object type, with @skip and @include done. gqlgen keeps what was asked for through two interfaces
// apart; of one type it is the same field, so here it is merged. Each field is the type's own, whichever interface it was asked through.
func (c *compiler) collect(selections ast.SelectionSet, t string) []graphql.CollectedField {
	of := c.schema.Types[t]
	satisfies := []string{t}
	for _, d := range c.schema.GetImplements(of) {
		satisfies = append(satisfies, d.Name)
	}
	var fields []graphql.CollectedField
	places := map[string]int{}
	for _, f := range graphql.CollectFields(c.operation, selections, satisfies) {
		if at, again := places[f.Alias]; again {
			fields[at].Selections = slices.Concat(fields[at].Selections, f.Selections)
			continue
		}
		own := *f.Field
		own.ObjectDefinition = of
		if d := of.Fields.ForName(f.Name); d != nil {
			own.Definition = d
		}
		f.Field = &own
		places[f.Alias] = len(fields)
		fields = append(fields, f)
	}
	return fields
}

// object compiles a selection over a row of a type.
func (c *compiler) object(l *level, t *Type, at *sql.SelectTable, selections ast.SelectionSet) (*object, error) {
	o := &object{typ: t, key: l.column(at, Column{Name: "id"}, c.look)}
	for _, f := range c.collect(selections, t.Name) {
		write, err := c.field(l, o, t, at, f)
		if err != nil {
			return nil, err
		}
		o.fields = append(o.fields, newFieldPlan(f.Alias, f.Definition.Type.NonNull, write))
	}
	return o, nil
}

func (c *compiler) field(l *level, o *object, t *Type, at *sql.SelectTable, f graphql.CollectedField) (fieldWriter, error) {
	if f.Name == "__typename" {
		return func(w *writer, _ *rows, _ int) bool { w.string(t.Name); return true }, nil
	}
	field, ok := t.Fields[f.Name]
	if !ok {
		return nil, fmt.Errorf("%s.%s has no row in the table of its type", t.Name, f.Name)
	}
	if missing := c.denied(f.Definition); missing != nil {
		return func(w *writer, _ *rows, _ int) bool { w.fail(missing); return false }, nil
	}
	switch {
	case field.Part != "":
		part, err := c.object(l, c.types[field.Part], at, f.Selections)
		if err != nil {
			return nil, err
		}
		return func(w *writer, at *rows, i int) bool { return w.object(part, at, i) }, nil
	case field.One != nil:
		return c.one(l, at, field.One, f)
	case field.Many != nil:
		return c.many(l, o, field.Many, f)
	case field.Any != nil:
		return c.polymorphic(l, at, field.Any, f)
	case field.Actions:
		return c.actions(l, o, t, at, f)
	}
	places := make([]int, len(field.Columns))
	for i, col := range field.Columns {
		places[i] = l.column(at, col, c.look)
	}
	if len(places) == 1 {
		return func(w *writer, at *rows, i int) bool {
			place := i*at.Width + places[0]
			return w.cells(&field, at.Cells[place:place+1:place+1])
		}, nil
	}
	return func(w *writer, at *rows, i int) bool {
		row, values := at.Row(i), w.values[:0]
		for _, p := range places {
			values = append(values, row[p])
		}
		return w.cells(&field, values)
	}, nil
}

// one joins an edge's row, under its row rule: a hidden row is a null in silence.
func (c *compiler) one(l *level, at *sql.SelectTable, e *One, f graphql.CollectedField) (fieldWriter, error) {
	to := c.types[e.To]
	t := c.table(to)
	var on *sql.Predicate
	if e.By.Expr != nil {
		by := e.By.Expr(at, c.look)
		on = sql.P(func(b *sql.Builder) {
			b.Ident(t.C("id")).WriteString(" = ").Wrap(func(b *sql.Builder) { b.Join(by) })
		})
	} else {
		on = sql.ColumnsEQ(t.C("id"), at.C(e.By.Name))
	}
	rule, err := c.rule(to, t)
	if err != nil {
		return nil, err
	}
	if rule != nil {
		on = sql.And(on, rule)
	}
	l.selector.LeftJoin(t).OnP(on)
	l.joins = true
	o, err := c.object(l, to, t, f.Selections)
	if err != nil {
		return nil, err
	}
	return func(w *writer, at *rows, i int) bool {
		if at.Row(i)[o.key].Null() {
			return false
		}
		return w.object(o, at, i)
	}, nil
}

// newLevel starts a statement over a type's table.
func (c *compiler) newLevel(t *Type) *level {
	return &level{typ: t, statement: &statement{selector: sql.Dialect(c.dialect).Select(), places: map[string]int{}}}
}

// add hangs a child on a level and gives its place.
func (l *level) add(c child) int {
	l.children = append(l.children, c)
	return len(l.children) - 1
}

// byKeys compiles a selection over the rows of a type with given keys, or with the one given key, under the row rule.
func (c *compiler) byKeys(t *Type, selections ast.SelectionSet, one bool) (*unit, error) {
	l, at := c.newLevel(t), c.table(t)
	rule, err := c.rule(t, at)
	if err != nil {
		return nil, err
	}
	l.selector.From(at)
	switch {
	case t.Kind == key.KindUser && one:
		l.selector.Where(heir(at))
	case t.Kind == key.KindUser:
		l.selector.Where(heirs(at))
		c.unit.former = l.column(at, Column{Expr: merged}, c.look) + 1
	case one:
		l.selector.Where(equal(at.C("id"), theKey))
	default:
		l.selector.Where(store.AmongKeys(at.C("id"), theKeys))
	}
	if rule != nil {
		l.selector.Where(rule)
	}
	if c.unit.object, err = c.object(l, t, at, selections); err != nil {
		return nil, err
	}
	c.unit.root = l
	return c.unit.done(), l.words(c.dialect, l.selector)
}

// many compiles an edge to several rows.
func (c *compiler) many(l *level, o *object, m *Many, f graphql.CollectedField) (fieldWriter, error) {
	to := c.types[m.To]
	branch := &children{edge: m, to: to, key: o.key}
	columns := func(l *level, at *sql.SelectTable) (err error) {
		branch.object, err = c.object(l, to, at, f.Selections)
		return err
	}
	if !m.Plain {
		var err error
		if branch.conn, err = c.connection(to, f); err != nil {
			return nil, err
		}
		columns = func(l *level, at *sql.SelectTable) error { return branch.conn.columns(c, l, at) }
	}
	if err := branch.compile(c, columns); err != nil {
		return nil, err
	}
	branch.place = l.add(branch)
	return branch.write, nil
}

// denied is the error of a field whose permission the viewer lacks.
func (c *compiler) denied(d *ast.FieldDefinition) error {
	required := d.Directives.ForName("requires")
	if required == nil {
		return nil
	}
	p, err := access.ParsePermission(required.Arguments.ForName("permission").Value.Raw)
	if err != nil {
		return err
	}
	return access.Require(c.viewer, p)
}

// typeOf finds the type of a kind.
func (r *Reader) typeOf(kind key.Kind) *Type { return r.types[string(kind)] }
