package reading

import (
	"fmt"
	"maps"
	"slices"
	"strconv"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"lenddesk/fault"
)

// MaxPage and DefaultPage are the sizes of a page.
const (
	MaxPage     = 100
	DefaultPage = 20
)

// connection is a page of a list: how it is narrowed, sorted and cut, and what of it was asked for.
type connection struct {
	reader   *Reader
	field    graphql.CollectedField
	to       *Type
	place    int // among the connections of its unit
	order    Order
	size     int // of the page
	backward bool
	after    bool // there is a cursor to begin after, and one to end before
	before   bool
	filters  []narrowing
	rule     func(t *sql.SelectTable) (*sql.Predicate, error)
	total    bool
	parts    []part
	value    int // the place of the order's value in a row
	key      int
}

// narrowing is one filter of a list.
type narrowing struct {
	name   string
	filter Filter
	count  int // of values given
	where  func(t *sql.SelectTable, page bool) *sql.Predicate
}

// bound is what the arguments of a connection say in one run.
type bound struct {
	after, before cursor
	given         [][]any // of each filter
}

// part is one field of a connection, under its response key.
type part struct {
	name    string
	head    string
	nonNull bool
	write   func(w *writer, at *rows, s span, total int64) bool
}

// span is the rows of a level that make one page.
type span struct {
	from, to int
	more     bool // there are further rows in the direction of reading
	backward bool // they stand the other way round
}

func (s span) len() int { return s.to - s.from }

// at is where the row in place i of the page stands.
func (s span) at(i int) int {
	if s.backward {
		return s.to - 1 - i
	}
	return s.from + i
}

// connection compiles a list field from the shape of its arguments.
func (c *compiler) connection(to *Type, f graphql.CollectedField) (*connection, error) {
	n := &connection{reader: c.Reader, field: f, to: to, place: len(c.unit.connections)}
	n.rule = func(t *sql.SelectTable) (*sql.Predicate, error) { return c.rule(to, t) }
	args := c.sitting.at(f)
	var err error
	if n.size, err = sizeOf(args); err != nil {
		return nil, err
	}
	if n.order, err = to.order(args["orderBy"]); err != nil {
		return nil, err
	}
	if n.order.Type == aPlace { // what has no place yet comes after all that has, once it has one
		n.filters = append(n.filters, narrowing{filter: Filter{Fixed: true}, where: func(t *sql.SelectTable, _ bool) *sql.Predicate { return sql.NotNull(t.C(n.order.Column)) }})
	}
	_, n.backward = integer(args["last"])
	_, n.after = args["after"].(string)
	_, n.before = args["before"].(string)
	if filter, ok := args["filter"].(map[string]any); ok {
		if err := n.narrowings(c, filter); err != nil {
			return nil, err
		}
	}
	c.unit.connections = append(c.unit.connections, n)
	return n, n.compileParts(c, f)
}

// narrowings compiles the filters that are there: all of them must hold. Null and absent ones narrow nothing.
func (n *connection) narrowings(c *compiler, input map[string]any) error {
	l := &lookup{c: c}
	for _, name := range slices.Sorted(maps.Keys(input)) {
		if input[name] == nil {
			continue
		}
		filter, ok := n.to.Filters[name]
		if !ok {
			return bad(n.to.Name + " has no filter " + name)
		}
		given, problem := filter.read(l, input[name])
		if problem != "" {
			return bad("filter." + name + " " + problem)
		}
		in := narrowing{name: name, filter: filter, count: len(given)}
		if !filter.Fixed {
			place := len(n.filters)
			for i, v := range given {
				given[i] = n.slot(place, i, v)
			}
		}
		in.where = func(t *sql.SelectTable, page bool) *sql.Predicate { return filter.Where(&lookup{c, page}, t, given) }
		n.filters = append(n.filters, in)
	}
	return nil
}

// slot stands for a value that a filter is given: for one text when a list has one member, which then is found by equality.
func (n *connection) slot(filter, i int, like any) any {
	value := func(f *frame) any { return f.bound[n.place].given[filter][i] }
	list, ok := like.([]any)
	switch {
	case !ok:
		return &slot{value}
	case len(list) == 1:
		return &slot{func(f *frame) any { return value(f).([]any)[0] }}
	}
	return &listSlot{slot{func(f *frame) any {
		texts := []string{}
		for _, v := range value(f).([]any) {
			texts = append(texts, fmt.Sprint(v))
		}
		return texts
	}}}
}

// bind reads the arguments of a run. They have the shape that was compiled.
func (n *connection) bind(r *run, b *bound) error {
	args := r.at(n.field)
	for _, end := range []struct {
		name  string
		there bool
		at    *cursor
	}{{"after", n.after, &b.after}, {"before", n.before, &b.before}} {
		if !end.there {
			continue
		}
		s, _ := args[end.name].(string)
		at, err := n.readCursor(s)
		if err != nil {
			return bad(end.name + " is not a cursor of this list in this order")
		}
		*end.at = *at
	}
	if len(n.filters) == 0 {
		return nil
	}
	input, _ := args["filter"].(map[string]any)
	b.given = make([][]any, len(n.filters))
	l := &lookup{c: &compiler{Reader: r.reader}}
	for i, in := range n.filters {
		if in.name == "" { // of the list itself
			continue
		}
		value := input[in.name]
		if unstorable(value) {
			return bad("filter." + in.name + " must not contain U+0000")
		}
		given, problem := in.filter.read(l, value)
		if problem != "" {
			return bad("filter." + in.name + " " + problem)
		}
		if len(given) != in.count {
			return fmt.Errorf("filter %s gives %d values and not %d", in.name, len(given), in.count)
		}
		b.given[i] = given
	}
	return nil
}

func sizeOf(args map[string]any) (int, error) {
	first, hasFirst := integer(args["first"])
	last, hasLast := integer(args["last"])
	name, size := "first", first
	switch {
	case hasFirst && hasLast:
		return 0, bad("first and last do not go together")
	case hasLast:
		name, size = "last", last
	case !hasFirst:
		return DefaultPage, nil
	}
	if size < 1 || size > MaxPage {
		return 0, bad(fmt.Sprintf("%s must be between 1 and %d", name, MaxPage))
	}
	return int(size), nil
}

// bad is a query that does not fit the contract.
func bad(message string) error { return fault.Deny(fault.BadRequest, message+".") }

// narrow is what every row of the list fulfils, the page aside.
func (n *connection) narrow(t *sql.SelectTable, page bool) ([]*sql.Predicate, error) {
	rule, err := n.rule(t)
	if err != nil {
		return nil, err
	}
	var all []*sql.Predicate
	if rule != nil {
		all = append(all, rule)
	}
	for _, f := range n.filters {
		all = append(all, f.where(t, page))
	}
	return all, nil
}

// cut sorts a selector over the table and takes the page and one row more.
func (n *connection) cut(s *sql.Selector, t *sql.SelectTable) (sql.Querier, error) {
	all, err := n.narrow(t, true)
	if err != nil {
		return nil, err
	}
	if n.after {
		all = append(all, n.beyond(t, func(b *bound) *cursor { return &b.after }, n.order.Desc))
	}
	if n.before {
		all = append(all, n.beyond(t, func(b *bound) *cursor { return &b.before }, !n.order.Desc))
	}
	for _, p := range all {
		s.Where(p)
	}
	n.sort(s, t)
	// The size stands in the text: a database that does not know how little is wanted would make a plan for everything, or a new plan each time.
	return sql.ExprFunc(func(b *sql.Builder) {
		b.Join(s).WriteString(" LIMIT ").WriteString(strconv.Itoa(n.size + 1))
	}), nil
}

func (n *connection) sort(s *sql.Selector, t *sql.SelectTable) {
	direction := sql.Asc
	if n.order.Desc != n.backward {
		direction = sql.Desc
	}
	for _, column := range n.sorted(t) {
		s.OrderBy(direction(column))
	}
}

// sorted are the columns of the order; the key makes it total.
func (n *connection) sorted(t *sql.SelectTable) []string {
	if n.order.Column == "id" || n.order.Type == aPlace {
		return []string{t.C(n.order.Column)}
	}
	return []string{t.C(n.order.Column), t.C("id")}
}

// beyond is the rows past a cursor.
func (n *connection) beyond(t *sql.SelectTable, at func(*bound) *cursor, down bool) *sql.Predicate {
	values := []any{
		&slot{func(f *frame) any { return at(&f.bound[n.place]).value }},
		&slot{func(f *frame) any { return at(&f.bound[n.place]).key }},
	}
	switch {
	case n.order.Column == "id":
		values = values[1:]
	case n.order.Type == aPlace:
		return n.placed(t, values[1], down)
	}
	if down {
		return sql.CompositeLT(n.sorted(t), values...)
	}
	return sql.CompositeGT(n.sorted(t), values...)
}

// placed is the rows whose place is past that of the row with a key.
func (n *connection) placed(t *sql.SelectTable, key any, down bool) *sql.Predicate {
	d, column := sql.Dialect(t.Dialect()), n.order.Column
	x := d.Table(n.to.Table).As("place")
	way := " > ("
	if down {
		way = " < ("
	}
	return sql.P(func(b *sql.Builder) {
		b.Ident(t.C(column)).WriteString(way).Join(d.Select(x.C(column)).From(x).Where(sql.EQ(x.C("id"), key))).WriteByte(')')
	})
}

// compileParts turns the selection of a connection into what writes it; the objects in it are compiled once the level is there.
func (n *connection) compileParts(c *compiler, f graphql.CollectedField) error {
	for _, cf := range c.collect(f.Selections, f.Definition.Type.Name()) {
		p := part{name: cf.Alias, head: `"` + cf.Alias + `":`, nonNull: cf.Definition.Type.NonNull}
		switch cf.Name {
		case "__typename":
			name := f.Definition.Type.Name()
			p.write = func(w *writer, _ *rows, _ span, _ int64) bool { w.string(name); return true }
		case "totalCount":
			n.total = true
			p.write = func(w *writer, _ *rows, _ span, total int64) bool { w.whole(total); return true }
		case "pageInfo":
			p.write = n.pageInfo(c, cf)
		case "nodes", "edges": // compile fills them
		default:
			return fmt.Errorf("%s.%s is not read", f.Definition.Type.Name(), cf.Name)
		}
		n.parts = append(n.parts, p)
	}
	return nil
}

// columns adds the columns of the page's rows to its level. It runs after compileParts, in the same order.
func (n *connection) columns(c *compiler, l *level, at *sql.SelectTable) error {
	n.key = l.column(at, Column{Name: "id"}, c.look)
	n.value = l.column(at, Column{Name: n.order.Column}, c.look)
	for i, cf := range c.collect(n.field.Selections, n.field.Definition.Type.Name()) {
		var err error
		switch cf.Name {
		case "nodes":
			n.parts[i].write, err = n.nodes(c, l, at, cf)
		case "edges":
			n.parts[i].write, err = n.edges(c, l, at, cf)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (n *connection) nodes(c *compiler, l *level, at *sql.SelectTable, f graphql.CollectedField) (func(*writer, *rows, span, int64) bool, error) {
	o, err := c.object(l, n.to, at, f.Selections)
	return func(w *writer, at *rows, s span, _ int64) bool {
		return w.list(s.len(), true, func(i int) bool { return w.object(o, at, s.at(i)) })
	}, err
}

func (n *connection) edges(c *compiler, l *level, at *sql.SelectTable, f graphql.CollectedField) (func(*writer, *rows, span, int64) bool, error) {
	edge, err := n.edge(c, l, at, f)
	return func(w *writer, at *rows, s span, _ int64) bool {
		return w.list(s.len(), true, func(i int) bool { return w.object(edge, at, s.at(i)) })
	}, err
}

// edge compiles what is selected of one edge, of a list or of a stream.
func (n *connection) edge(c *compiler, l *level, at *sql.SelectTable, f graphql.CollectedField) (*object, error) {
	edge := &object{}
	name := f.Definition.Type.Name()
	for _, cf := range c.collect(f.Selections, name) {
		var write fieldWriter
		switch cf.Name {
		case "__typename":
			write = func(w *writer, _ *rows, _ int) bool { w.string(name); return true }
		case "cursor":
			write = func(w *writer, at *rows, i int) bool { n.cursor(w, at, i); return true }
		case "node":
			o, err := c.object(l, n.to, at, cf.Selections)
			if err != nil {
				return nil, err
			}
			write = func(w *writer, at *rows, i int) bool { return w.object(o, at, i) }
		default:
			return nil, fmt.Errorf("%s.%s is not read", name, cf.Name)
		}
		edge.fields = append(edge.fields, newFieldPlan(cf.Alias, true, write))
	}
	return edge, nil
}

func (n *connection) pageInfo(c *compiler, f graphql.CollectedField) func(*writer, *rows, span, int64) bool {
	fields := c.collect(f.Selections, "PageInfo")
	return func(w *writer, at *rows, s span, _ int64) bool {
		return w.selectedFields(fields, func(f graphql.CollectedField) bool {
			switch f.Name {
			case "hasNextPage":
				w.truth(s.more && !n.backward || n.backward && n.before)
			case "hasPreviousPage":
				w.truth(s.more && n.backward || !n.backward && n.after)
			case "startCursor", "endCursor":
				if s.len() == 0 {
					return false
				}
				i := 0
				if f.Name == "endCursor" {
					i = s.len() - 1
				}
				n.cursor(w, at, s.at(i))
			}
			return true
		})
	}
}

// write writes one page.
func (n *connection) write(w *writer, at *rows, s span, total int64) bool {
	from := w.open('{')
	for i := range n.parts {
		p := &n.parts[i]
		w.head(i, p.head)
		if !w.value(step{name: p.name}, p.nonNull, func() bool { return p.write(w, at, s, total) }) {
			return w.undo(from)
		}
	}
	return w.close('}')
}

// take cuts the row that only tells that there is more, and turns a page that was read backwards round.
func (n *connection) take(s span) span {
	if s.len() > n.size {
		s.to--
		s.more = true
	}
	s.backward = n.backward
	return s
}

func integer(v any) (int64, bool) {
	switch v := v.(type) {
	case int64:
		return v, true
	case int:
		return int64(v), true
	case float64:
		return int64(v), true
	case interface{ Int64() (int64, error) }:
		n, err := v.Int64()
		return n, err == nil
	}
	return 0, false
}
