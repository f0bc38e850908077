package reading

import (
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/store"
)

// reference is a row of one of several types.
type reference struct {
	kind string
	key  int64
}

// byType reads rows of several types by their keys: one statement per type that occurs.
type byType struct {
	c          *compiler
	selections ast.SelectionSet
	levels     map[string]*level
	objects    map[string]*object
	at         map[reference]int
}

func (p *byType) read(r *run, refs []reference) error {
	p.levels, p.objects, p.at = map[string]*level{}, map[string]*object{}, map[reference]int{}
	wanted, order := map[string][]int64{}, []string(nil)
	seen := map[reference]bool{}
	for _, ref := range refs {
		if p.c.types[ref.kind] == nil || seen[ref] {
			continue
		}
		seen[ref] = true
		if len(wanted[ref.kind]) == 0 {
			order = append(order, ref.kind)
		}
		wanted[ref.kind] = append(wanted[ref.kind], ref.key)
	}
	for _, kind := range order {
		l, o, err := p.c.byKeys(p.c.types[kind], p.selections, wanted[kind])
		if err != nil {
			return err
		}
		if err := r.all(l); err != nil {
			return err
		}
		p.levels[kind], p.objects[kind] = l, o
		for i, row := range l.rows {
			p.at[reference{kind, row[o.key].Int()}] = i
		}
	}
	return nil
}

// write writes the row; false when there is none, or none to be seen.
func (p *byType) write(w *writer, ref reference) bool {
	i, ok := p.at[ref]
	return ok && w.object(p.objects[ref.kind], p.levels[ref.kind], i)
}

// polymorphicChild is a polymorphic edge of the rows of a level.
type polymorphicChild struct {
	byType
	kind, key int
	others    []int
	other     func(w *writer, kind string, row []store.Cell) bool
}

func (c *compiler) polymorphic(l *level, at *sql.SelectTable, e *Polymorphic, f graphql.CollectedField) (fieldWriter, error) {
	p := &polymorphicChild{
		byType: byType{c: c, selections: f.Selections},
		kind:   l.column(at, e.Type, c.look), key: l.column(at, e.ID, c.look), other: e.Other,
	}
	for _, col := range e.With {
		p.others = append(p.others, l.column(at, col, c.look))
	}
	l.children = append(l.children, p)
	return func(w *writer, l *level, i int) bool {
		row := l.rows[i]
		if p.other != nil {
			values := make([]store.Cell, len(p.others))
			for j, place := range p.others {
				values[j] = row[place]
			}
			w.collect = func(t string) []graphql.CollectedField { return c.collect(f.Selections, t) }
			if p.other(w, row[p.kind].Text(), values) {
				return true
			}
		}
		return p.write(w, p.reference(row))
	}, nil
}

func (p *polymorphicChild) reference(row []store.Cell) reference {
	return reference{row[p.kind].Text(), row[p.key].Int()}
}

func (p *polymorphicChild) fetch(r *run, l *level) error {
	refs := make([]reference, len(l.rows))
	for i, row := range l.rows {
		refs[i] = p.reference(row)
	}
	return p.read(r, refs)
}
