package reading

import (
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/text"
)

// actions is availableActions of the objects of a level: the moves that this viewer may make at all, each with what blocks it now. The facts
// that guards need are asked for once a level.
type actions struct {
	c             *compiler
	table         *lifecycle.Table
	from          string // the table of rows
	lines         []lifecycle.Line
	key           int
	status, owner int // -1: the type has none
	facts         map[int64]lifecycle.Facts
}

// answer is one available action.
type answer struct {
	line    lifecycle.Line
	blocked fault.List
}

func (c *compiler) actions(l *level, o *object, t *Type, at *sql.SelectTable, f graphql.CollectedField) (fieldWriter, error) {
	a := &actions{c: c, table: lifecycle.Of(t.Kind), from: t.Table, key: o.key, status: -1, owner: -1}
	if a.table != nil {
		a.status = l.column(at, Column{Name: "status"}, c.look)
		if a.table.Owner != "" {
			a.owner = l.column(at, Column{Name: a.table.Owner}, c.look)
		}
		for _, line := range a.table.Lines {
			if len(line.Offered()) > 0 && c.Offers(line.Name) {
				a.lines = append(a.lines, line)
			}
		}
		l.children = append(l.children, a)
	}
	fields := c.collect(f.Selections, "AvailableAction")
	return func(w *writer, l *level, i int) bool {
		all := a.of(l.rows[i])
		return w.list(len(all), true, func(j int) bool {
			return w.selectedFields(fields, func(cf graphql.CollectedField) bool { return all[j].write(w, c, cf) })
		})
	}, nil
}

// Offers says whether the contract has a mutation: a move whose mutation it has not is nobody's to make.
func (r *Reader) Offers(mutation string) bool {
	return r.schema.Mutation != nil && r.schema.Mutation.Fields.ForName(mutation) != nil
}

func (a *actions) fetch(r *run, l *level) error {
	keys := make([]int64, 0, len(l.rows))
	for _, row := range l.rows {
		if !row[a.key].Null() {
			keys = append(keys, row[a.key].Int())
		}
	}
	var needs []lifecycle.Fact
	for _, line := range a.lines {
		if line.Permit(a.c.viewer) == nil {
			for _, g := range line.Guards {
				needs = append(needs, g.Needs...)
			}
		}
	}
	var err error
	a.facts, err = lifecycle.LoadFacts(r.ctx, r, r.dialect, a.from, keys, needs)
	if err != nil {
		return fmt.Errorf("available actions: %w", err)
	}
	return nil
}

func (a *actions) of(row []store.Cell) []answer {
	var all []answer
	for _, line := range a.lines {
		var owner key.User
		if a.owner >= 0 {
			owner = key.User(row[a.owner].Int())
		}
		if line.PermitOn(a.c.viewer, owner, row[a.status].Text()) != nil {
			continue
		}
		all = append(all, answer{line, line.Blocked(row[a.status].Text(), a.facts[row[a.key].Int()])})
	}
	return all
}

func (a answer) write(w *writer, c *compiler, f graphql.CollectedField) bool {
	switch f.Name {
	case "mutation":
		w.string(a.line.Name)
	case "allowed":
		w.truth(len(a.blocked) == 0)
	case "blockedBy":
		fields := c.collect(f.Selections, "UserError")
		return w.list(len(a.blocked), true, func(i int) bool {
			b := a.blocked[i]
			return w.selectedFields(fields, func(f graphql.CollectedField) bool {
				switch f.Name {
				case "code":
					w.string(string(b.Code))
				case "message":
					w.string(text.Sentence(w.locale, b.Sentence(), b.Data))
				case "field":
					return false
				}
				return true
			})
		})
	}
	return true
}
