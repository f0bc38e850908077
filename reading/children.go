package reading

import (
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"lenddesk/store"
)

// children is an edge to several rows: one statement for all parents, and one for the totals if they were asked for.
type children struct {
	edge   *Many
	to     *Type
	key    int // where the parent's key stands in a row of the level above
	place  int // of the state among the level's children
	level  *level
	conn   *connection // nil for a plain list
	object *object     // of a plain list
	count  *statement
}

// families are the children of the rows of a level in one run. Families stand in the order of their parents' keys.
type families struct {
	rows
	parents []int64
	spans   []span
	totals  []int64
}

// compile builds the statements; columns adds what is selected of a child's row. The first column is the parent's key.
func (ch *children) compile(c *compiler, columns func(*level, *sql.SelectTable) error) error {
	ch.level = c.newLevel(ch.to)
	alias := c.alias()
	at, x := sql.Dialect(c.dialect).Table(ch.to.Table).As(alias), c.table(ch.to)
	inner := sql.Dialect(c.dialect).Select(x.C("id")).From(x).Where(ch.edge.On(x, "p.value"))
	cut, err := ch.narrow(c, inner, x)
	if err != nil {
		return err
	}
	s := ch.level.selector
	s.AppendSelectExpr(sql.Raw("p.value"))
	ch.level.count++
	// Limited per parent without a window, which would sort all children of a parent to take twenty of them.
	if c.dialect == dialect.Postgres {
		inner.Select(x.C("*"))
		s.AppendFromExpr(sql.ExprFunc(func(b *sql.Builder) {
			store.KeyTable(b, theKeys)
			b.WriteString(" CROSS JOIN LATERAL (").Join(cut).WriteString(") AS ").Ident(alias)
		}))
	} else {
		s.AppendFromExpr(sql.ExprFunc(func(b *sql.Builder) {
			store.KeyTable(b, theKeys)
			b.WriteString(" CROSS JOIN ").Ident(ch.to.Table).WriteString(" AS ").Ident(alias)
		}))
		s.Where(sql.P(func(b *sql.Builder) { b.Ident(at.C("id")).WriteString(" IN (").Join(cut).WriteString(")") }))
	}
	if err := columns(ch.level, at); err != nil {
		return err
	}
	if !ch.sorts() {
		s.OrderExpr(sql.Raw("p.key"))
		ch.sort(s, at)
	}
	if err := ch.level.words(c.dialect, s); err != nil {
		return err
	}
	if ch.conn == nil || !ch.conn.total {
		return nil
	}
	all, err := ch.conn.narrow(x, false)
	if err != nil {
		return err
	}
	counted := sql.Dialect(c.dialect).Select("count(*)").From(x).Where(sql.And(append(all, ch.edge.On(x, "p.value"))...))
	ch.count = &statement{count: 2}
	return ch.count.words(c.dialect, sql.Dialect(c.dialect).Select().AppendSelectExpr(sql.Raw("p.value")).AppendSelectExprAs(counted, "n").
		AppendFromExpr(sql.ExprFunc(func(b *sql.Builder) { store.KeyTable(b, theKeys) })))
}

// narrow is what of the other table is wanted for one parent.
func (ch *children) narrow(c *compiler, inner *sql.Selector, x *sql.SelectTable) (sql.Querier, error) {
	if ch.conn != nil {
		return ch.conn.cut(inner, x)
	}
	rule, err := c.rule(ch.to, x)
	if rule != nil {
		inner.Where(rule)
	}
	return inner, err
}

func (ch *children) sort(s *sql.Selector, at *sql.SelectTable) {
	n := ch.conn
	if n == nil {
		n = &connection{to: ch.to, order: ch.to.Default}
	}
	n.sort(s, at)
}

// ask asks for the children of all rows of the level above.
func (ch *children) ask(f *frame, above *rows) (any, []*task, error) {
	s := &families{}
	for i := range above.Len() {
		if k := above.Row(i)[ch.key]; !k.Null() {
			s.parents = append(s.parents, k.Int())
		}
	}
	slices.Sort(s.parents)
	s.parents = slices.Compact(s.parents)
	if len(s.parents) == 0 {
		return s, nil, nil
	}
	f.keys = s.parents
	s.Question = ch.level.question(f)
	s.spans = make([]span, len(s.parents))
	tasks := []*task{{question: &s.Question, deeper: len(ch.level.children) > 0, then: func() ([]*task, error) {
		ch.part(f, s)
		return f.follow(ch.level, &s.rows)
	}}}
	if ch.count != nil {
		counted := ch.count.question(f)
		s.totals = make([]int64, len(s.parents))
		tasks = append(tasks, &task{question: &counted, then: func() ([]*task, error) {
			for i := range counted.Len() {
				row := counted.Row(i)
				if p, ok := slices.BinarySearch(s.parents, row[0].Int()); ok {
					s.totals[p] = row[1].Int()
				}
			}
			return nil, nil
		}})
	}
	return s, tasks, nil
}

// sorts says whether the rows are put in order here and not by the database, which is dearer there: a database sorts whole rows. Letters have an order
// that only the database knows.
func (ch *children) sorts() bool { return ch.conn != nil && ch.conn.order.Type != aText }

// inOrder is the places of the rows, in the order of the parents and of the list.
func (ch *children) inOrder(s *families) []int {
	places := make([]int, s.Len())
	for i := range places {
		places[i] = i
	}
	if !ch.sorts() {
		return places
	}
	n := ch.conn
	slices.SortFunc(places, func(i, j int) int {
		a, b := s.Row(i), s.Row(j)
		if way := a[0].Compare(b[0]); way != 0 {
			return way
		}
		way := a[n.value].Compare(b[n.value])
		if way == 0 {
			way = a[n.key].Compare(b[n.key])
		}
		if n.order.Desc != n.backward {
			return -way
		}
		return way
	})
	return places
}

// part finds each family among the rows and takes its page. A row that only tells that there is more goes, so that nothing is asked for it.
func (ch *children) part(f *frame, s *families) {
	places := ch.inOrder(s)
	kept := make([]store.Cell, 0, len(s.Cells))
	p := 0
	for from := 0; from < len(places); {
		parent, to := s.Row(places[from])[0].Int(), from
		for to < len(places) && s.Row(places[to])[0].Int() == parent {
			to++
		}
		for s.parents[p] != parent {
			p++
		}
		page := span{from: from, to: to}
		if ch.conn != nil {
			page = ch.conn.take(page)
		}
		begin := len(kept) / s.Width
		for _, i := range places[page.from:page.to] {
			kept = append(kept, s.Row(i)...)
		}
		page.from, page.to = begin, len(kept)/s.Width
		s.spans[p] = page
		from = to
	}
	s.Cells = kept
}

// write writes the children of row i of the level above.
func (ch *children) write(w *writer, above *rows, i int) bool {
	k := above.Row(i)[ch.key]
	if k.Null() {
		return false
	}
	s := above.kids[ch.place].(*families)
	p, _ := slices.BinarySearch(s.parents, k.Int())
	if ch.conn != nil {
		var total int64
		if s.totals != nil {
			total = s.totals[p]
		}
		return ch.conn.write(w, &s.rows, s.spans[p], total)
	}
	page := s.spans[p]
	return w.list(page.len(), true, func(j int) bool { return w.object(ch.object, &s.rows, page.at(j)) })
}
