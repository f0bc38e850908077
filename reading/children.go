package reading

import (
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"lenddesk/store"
)

// children is an edge to several rows: one statement for all parents, and one for the totals if they were asked for.
type children struct {
	c      *compiler
	edge   *Many
	to     *Type
	key    int // where the parent's key stands in a row of the level above
	keys   *store.KeyList
	level  *level
	conn   *connection // nil for a plain list
	object *object     // of a plain list
	spans  map[int64]span
	totals map[int64]int64
	count  *sql.Selector
}

// compile builds the statements; columns adds what is selected of a child's row. The first column is the parent's key.
func (ch *children) compile(columns func(*level, *sql.SelectTable) error) error {
	c := ch.c
	ch.keys = &store.KeyList{Dialect: c.dialect}
	ch.level = c.newLevel(ch.to)
	alias := c.alias()
	at, x := sql.Dialect(c.dialect).Table(ch.to.Table).As(alias), c.table(ch.to)
	inner := sql.Dialect(c.dialect).Select(x.C("id")).From(x).Where(ch.edge.On(x, "p.value"))
	if err := ch.narrow(inner, x); err != nil {
		return err
	}
	s := ch.level.selector
	s.AppendSelectExpr(sql.Raw("p.value"))
	ch.level.count++
	// Limited per parent without a window, which would sort all children of a parent to take twenty of them.
	if c.dialect == dialect.Postgres {
		inner.Select(x.C("*"))
		s.AppendFromExpr(sql.ExprFunc(func(b *sql.Builder) {
			ch.keys.Table(b)
			b.WriteString(" CROSS JOIN LATERAL (").Join(inner).WriteString(") AS ").Ident(alias)
		}))
	} else {
		s.AppendFromExpr(sql.ExprFunc(func(b *sql.Builder) {
			ch.keys.Table(b)
			b.WriteString(" CROSS JOIN ").Ident(ch.to.Table).WriteString(" AS ").Ident(alias)
		}))
		s.Where(sql.In(at.C("id"), inner))
	}
	if err := columns(ch.level, at); err != nil {
		return err
	}
	s.OrderExpr(sql.Raw("p.key"))
	ch.sort(s, at)
	if ch.conn == nil || !ch.conn.total {
		return nil
	}
	all, err := ch.conn.narrow(x)
	if err != nil {
		return err
	}
	counted := sql.Dialect(c.dialect).Select("count(*)").From(x).Where(sql.And(append(all, ch.edge.On(x, "p.value"))...))
	ch.count = sql.Dialect(c.dialect).Select().AppendSelectExpr(sql.Raw("p.value")).AppendSelectExprAs(counted, "n").
		AppendFromExpr(sql.ExprFunc(ch.keys.Table))
	return nil
}

// narrow is what of the other table is wanted for one parent.
func (ch *children) narrow(inner *sql.Selector, x *sql.SelectTable) error {
	if ch.conn != nil {
		return ch.conn.cut(inner, x)
	}
	rule, err := ch.c.rule(ch.to, x)
	if rule != nil {
		inner.Where(rule)
	}
	return err
}

func (ch *children) sort(s *sql.Selector, at *sql.SelectTable) {
	n := ch.conn
	if n == nil {
		n = &connection{to: ch.to, order: ch.to.Default}
	}
	n.sort(s, at)
}

// fetch reads the children of all rows of the level above.
func (ch *children) fetch(r *run, above *level) error {
	ch.keys.List = ch.keys.List[:0]
	for _, row := range above.rows {
		if !row[ch.key].Null() {
			ch.keys.List = append(ch.keys.List, row[ch.key].Int())
		}
	}
	slices.Sort(ch.keys.List)
	ch.keys.List = slices.Compact(ch.keys.List)
	if len(ch.keys.List) == 0 {
		return nil
	}
	if err := r.rows(ch.level); err != nil {
		return err
	}
	ch.spans = make(map[int64]span, len(ch.keys.List))
	for from := 0; from < len(ch.level.rows); {
		parent, to := ch.level.rows[from][0].Int(), from
		for to < len(ch.level.rows) && ch.level.rows[to][0].Int() == parent {
			to++
		}
		ch.spans[parent] = ch.cut(span{from: from, to: to})
		from = to
	}
	if ch.count != nil {
		ch.totals = make(map[int64]int64, len(ch.keys.List))
		totals, err := r.query(ch.count)
		if err != nil {
			return err
		}
		for _, row := range totals {
			ch.totals[row[0].Int()] = row[1].Int()
		}
	}
	return r.children(ch.level)
}

// cut takes the page from the rows of one parent, in the list's order.
func (ch *children) cut(s span) span {
	if ch.conn == nil {
		return s
	}
	return ch.conn.take(ch.level.rows, s)
}

// write writes the children of row i of the level above.
func (ch *children) write(w *writer, above *level, i int) bool {
	if above.rows[i][ch.key].Null() {
		return false
	}
	k := above.rows[i][ch.key].Int()
	s := ch.spans[k]
	if ch.conn != nil {
		return ch.conn.write(w, ch.level, s, ch.totals[k])
	}
	return w.list(s.to-s.from, true, func(j int) bool { return w.object(ch.object, ch.level, s.from+j) })
}
