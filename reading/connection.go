package reading

import (
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"lenddesk/fault"
	"lenddesk/store"
)

// MaxPage and DefaultPage are the sizes of a page.
const (
	MaxPage     = 100
	DefaultPage = 20
)

// connection is a page of a list: how it is narrowed, sorted and cut, and what of it was asked for.
type connection struct {
	*compiler
	field    graphql.CollectedField
	to       *Type
	page     page
	order    Order
	filters  []func(t *sql.SelectTable) *sql.Predicate
	total    bool
	parts    []part
	place    int // of the order's value in a row
	keyPlace int
}

// page is which part of a list is wanted.
type page struct {
	size          int
	backward      bool
	after, before *cursor
}

// part is one field of a connection, under its response key.
type part struct {
	name    string
	nonNull bool
	write   func(w *writer, l *level, s span, total int64) bool
}

// span is the rows of a level that make one page.
type span struct {
	from, to int
	more     bool // there are further rows in the direction of reading
}

// connection reads the arguments of a list field.
func (c *compiler) connection(to *Type, f graphql.CollectedField) (*connection, error) {
	n := &connection{compiler: c, field: f, to: to}
	args := f.ArgumentMap(c.operation.Variables)
	var err error
	if n.order, err = to.order(args["orderBy"]); err != nil {
		return nil, err
	}
	if n.page, err = c.pageOf(args, n); err != nil {
		return nil, err
	}
	if filter, ok := args["filter"].(map[string]any); ok {
		if n.filters, err = c.filters(to, filter); err != nil {
			return nil, err
		}
	}
	return n, n.compileParts(f)
}

func (c *compiler) pageOf(args map[string]any, n *connection) (page, error) {
	p := page{size: DefaultPage}
	first, hasFirst := integer(args["first"])
	last, hasLast := integer(args["last"])
	if hasFirst && hasLast {
		return p, bad("first and last do not go together")
	}
	name, size := "first", first
	if hasLast {
		name, size, p.backward = "last", last, true
	}
	if hasFirst || hasLast {
		if size < 1 || size > MaxPage {
			return p, bad(fmt.Sprintf("%s must be between 1 and %d", name, MaxPage))
		}
		p.size = int(size)
	}
	for _, end := range []struct {
		name string
		at   **cursor
	}{{"after", &p.after}, {"before", &p.before}} {
		s, ok := args[end.name].(string)
		if !ok {
			continue
		}
		at, err := c.readCursor(s, n)
		if err != nil {
			return p, bad(end.name + " is not a cursor of this list in this order")
		}
		*end.at = at
	}
	return p, nil
}

// bad is a query that does not fit the contract.
func bad(message string) error { return fault.Deny(fault.BadRequest, message+".") }

// narrow is what every row of the list fulfils, the page aside.
func (n *connection) narrow(t *sql.SelectTable) ([]*sql.Predicate, error) {
	rule, err := n.rule(n.to, t)
	if err != nil {
		return nil, err
	}
	var all []*sql.Predicate
	if rule != nil {
		all = append(all, rule)
	}
	for _, f := range n.filters {
		all = append(all, f(t))
	}
	return all, nil
}

// cut sorts a selector over the table and takes the page and one row more.
func (n *connection) cut(s *sql.Selector, t *sql.SelectTable) error {
	all, err := n.narrow(t)
	if err != nil {
		return err
	}
	if n.page.after != nil {
		all = append(all, n.beyond(t, n.page.after, n.order.Desc))
	}
	if n.page.before != nil {
		all = append(all, n.beyond(t, n.page.before, !n.order.Desc))
	}
	for _, p := range all {
		s.Where(p)
	}
	n.sort(s, t)
	s.Limit(n.page.size + 1)
	return nil
}

func (n *connection) sort(s *sql.Selector, t *sql.SelectTable) {
	direction := sql.Asc
	if n.order.Desc != n.page.backward {
		direction = sql.Desc
	}
	for _, column := range n.sorted(t) {
		s.OrderBy(direction(column))
	}
}

// sorted are the columns of the order; the key makes it total.
func (n *connection) sorted(t *sql.SelectTable) []string {
	if n.order.Column == "id" {
		return []string{t.C("id")}
	}
	return []string{t.C(n.order.Column), t.C("id")}
}

// beyond is the rows past a cursor.
func (n *connection) beyond(t *sql.SelectTable, at *cursor, down bool) *sql.Predicate {
	values := []any{at.value, at.key}
	if n.order.Column == "id" {
		values = []any{at.key}
	}
	if down {
		return sql.CompositeLT(n.sorted(t), values...)
	}
	return sql.CompositeGT(n.sorted(t), values...)
}

// compileParts turns the selection of a connection into what writes it; the objects in it are compiled once the level is there.
func (n *connection) compileParts(f graphql.CollectedField) error {
	for _, cf := range n.collect(f.Selections, f.Definition.Type.Name()) {
		p := part{name: cf.Alias, nonNull: cf.Definition.Type.NonNull}
		switch cf.Name {
		case "__typename":
			p.write = typename(f.Definition.Type.Name())
		case "totalCount":
			n.total = true
			p.write = func(w *writer, _ *level, _ span, total int64) bool { w.whole(total); return true }
		case "pageInfo":
			p.write = n.pageInfo(cf)
		case "nodes", "edges": // compile fills them
		default:
			return fmt.Errorf("%s.%s is not read", f.Definition.Type.Name(), cf.Name)
		}
		n.parts = append(n.parts, p)
	}
	return nil
}

// compile adds the columns of the page's rows to its level. It runs after compileParts, in the same order.
func (n *connection) compile(l *level, at *sql.SelectTable) error {
	n.keyPlace = l.column(at, Column{Name: "id"}, n.look)
	n.place = l.column(at, Column{Name: n.order.Column}, n.look)
	for i, cf := range n.collect(n.field.Selections, n.field.Definition.Type.Name()) {
		var err error
		switch cf.Name {
		case "nodes":
			n.parts[i].write, err = n.nodes(l, at, cf)
		case "edges":
			n.parts[i].write, err = n.edges(l, at, cf)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func typename(name string) func(*writer, *level, span, int64) bool {
	return func(w *writer, _ *level, _ span, _ int64) bool { w.string(name); return true }
}

func (n *connection) nodes(l *level, at *sql.SelectTable, f graphql.CollectedField) (func(*writer, *level, span, int64) bool, error) {
	o, err := n.object(l, n.to, at, f.Selections)
	return func(w *writer, l *level, s span, _ int64) bool {
		return w.list(s.to-s.from, true, func(i int) bool { return w.object(o, l, s.from+i) })
	}, err
}

func (n *connection) edges(l *level, at *sql.SelectTable, f graphql.CollectedField) (func(*writer, *level, span, int64) bool, error) {
	type field struct {
		name  string
		write fieldWriter
	}
	var fields []field
	for _, cf := range n.collect(f.Selections, f.Definition.Type.Name()) {
		switch cf.Name {
		case "__typename":
			name := f.Definition.Type.Name()
			fields = append(fields, field{cf.Alias, func(w *writer, _ *level, _ int) bool { w.string(name); return true }})
		case "cursor":
			fields = append(fields, field{cf.Alias, func(w *writer, l *level, i int) bool { w.string(n.cursor(l, i)); return true }})
		case "node":
			o, err := n.object(l, n.to, at, cf.Selections)
			if err != nil {
				return nil, err
			}
			fields = append(fields, field{cf.Alias, func(w *writer, l *level, i int) bool { return w.object(o, l, i) }})
		default:
			return nil, fmt.Errorf("%s.%s is not read", f.Definition.Type.Name(), cf.Name)
		}
	}
	return func(w *writer, l *level, s span, _ int64) bool {
		return w.list(s.to-s.from, true, func(i int) bool {
			return w.fields(len(fields), func(j int) (string, bool) { return fields[j].name, true },
				func(j int) bool { return fields[j].write(w, l, s.from+i) })
		})
	}, nil
}

func (n *connection) pageInfo(f graphql.CollectedField) func(*writer, *level, span, int64) bool {
	fields := n.collect(f.Selections, "PageInfo")
	return func(w *writer, l *level, s span, _ int64) bool {
		return w.fields(len(fields), func(j int) (string, bool) { return fields[j].Alias, fields[j].Definition.Type.NonNull }, func(j int) bool {
			switch fields[j].Name {
			case "__typename":
				w.string("PageInfo")
			case "hasNextPage":
				w.truth(s.more && !n.page.backward || n.page.backward && n.page.before != nil)
			case "hasPreviousPage":
				w.truth(s.more && n.page.backward || !n.page.backward && n.page.after != nil)
			case "startCursor", "endCursor":
				if s.from == s.to {
					return false
				}
				at := s.from
				if fields[j].Name == "endCursor" {
					at = s.to - 1
				}
				w.string(n.cursor(l, at))
			}
			return true
		})
	}
}

// write writes one page.
func (n *connection) write(w *writer, l *level, s span, total int64) bool {
	return w.fields(len(n.parts), func(j int) (string, bool) { return n.parts[j].name, n.parts[j].nonNull },
		func(j int) bool { return n.parts[j].write(w, l, s, total) })
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

// take cuts the row that only tells that there is more, and turns a page that was read backwards round.
func (n *connection) take(rows [][]store.Cell, s span) span {
	if s.to-s.from > n.page.size {
		s.to--
		s.more = true
	}
	if n.page.backward {
		slices.Reverse(rows[s.from:s.to])
	}
	return s
}
