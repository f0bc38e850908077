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

// byType reads rows of several types by their keys: one statement per type that occurs, compiled when it first does.
type byType struct {
	selections ast.SelectionSet
	units      lazily[ofKind, *unit]
}

// ofKind is a unit for rows of one type, or for a single one.
type ofKind struct {
	kind   string
	single bool
}

// found are the rows of one run.
type found map[string]*foundOf

type foundOf struct {
	rows
	unit *unit
	at   map[int64]int
}

func (p *byType) ask(r *run, refs []reference) (found, []*task, error) {
	wanted, order := map[string][]int64{}, []string(nil)
	seen := map[reference]bool{}
	for _, ref := range refs {
		if r.reader.types[ref.kind] == nil || seen[ref] {
			continue
		}
		seen[ref] = true
		if len(wanted[ref.kind]) == 0 {
			order = append(order, ref.kind)
		}
		wanted[ref.kind] = append(wanted[ref.kind], ref.key)
	}
	all := found{}
	var tasks []*task
	for _, kind := range order {
		single := len(wanted[kind]) == 1
		u, err := p.units.get(ofKind{kind, single}, func() (*unit, error) {
			return r.reader.compiler(r.sitting, r.plan, r.viewer).byKeys(r.reader.types[kind], p.selections, single)
		})
		if err != nil {
			return nil, nil, err
		}
		f, err := r.frame(u)
		if err != nil {
			return nil, nil, err
		}
		f.keys = wanted[kind]
		of := &foundOf{unit: u, at: map[int64]int{}}
		of.Question = u.root.question(f)
		all[kind] = of
		tasks = append(tasks, &task{question: &of.Question, deeper: len(u.root.children) > 0, then: func() ([]*task, error) {
			for i := range of.Len() {
				of.at[of.Row(i)[u.object.key].Int()] = i
				if u.former > 0 {
					for _, k := range former(of.Row(i)[u.former-1]) {
						of.at[k] = i
					}
				}
				if single {
					of.at[wanted[kind][0]] = i
				}
			}
			return f.follow(u.root, &of.rows)
		}})
	}
	return all, tasks, nil
}

// write writes the row; false when there is none, or none to be seen.
func (all found) write(w *writer, ref reference) bool {
	of := all[ref.kind]
	if of == nil {
		return false
	}
	i, ok := of.at[ref.key]
	return ok && w.object(of.unit.object, &of.rows, i)
}

// polymorphicChild is a polymorphic edge of the rows of a level.
type polymorphicChild struct {
	byType
	place     int
	kind, key int
	other     func(w *writer, kind string, row []store.Cell) bool
	others    []int
	collected map[string][]graphql.CollectedField // for other
}

func (c *compiler) polymorphic(l *level, at *sql.SelectTable, e *Polymorphic, f graphql.CollectedField) (fieldWriter, error) {
	p := &polymorphicChild{
		byType: byType{selections: f.Selections},
		kind:   l.column(at, e.Type, c.look), key: l.column(at, e.ID, c.look), other: e.Other,
	}
	for _, col := range e.With {
		p.others = append(p.others, l.column(at, col, c.look))
	}
	if p.other != nil {
		p.collected = map[string][]graphql.CollectedField{"SystemActor": c.collect(f.Selections, "SystemActor")}
	}
	p.place = l.add(p)
	return p.write, nil
}

func (p *polymorphicChild) write(w *writer, at *rows, i int) bool {
	row := at.Row(i)
	if p.other != nil {
		values := make([]store.Cell, len(p.others))
		for j, place := range p.others {
			values[j] = row[place]
		}
		w.collect = func(t string) []graphql.CollectedField { return p.collected[t] }
		if p.other(w, row[p.kind].Text(), values) {
			return true
		}
	}
	return at.kids[p.place].(found).write(w, p.reference(row))
}

func (p *polymorphicChild) reference(row []store.Cell) reference {
	return reference{row[p.kind].Text(), row[p.key].Int()}
}

func (p *polymorphicChild) ask(f *frame, at *rows) (any, []*task, error) {
	refs := make([]reference, at.Len())
	for i := range refs {
		refs[i] = p.reference(at.Row(i))
	}
	return asState(p.byType.ask(f.run, refs))
}

func asState(all found, tasks []*task, err error) (any, []*task, error) { return all, tasks, err }
