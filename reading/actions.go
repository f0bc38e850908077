package reading

import (
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
	lines         []lifecycle.Line
	place         int
	key           int
	status, owner int // -1: the type has none
	needs         []lifecycle.Fact
	facts         *statement // nil when no guard needs any
	fields        []graphql.CollectedField
	errors        map[string][]graphql.CollectedField // of blockedBy, by its response key
}

// answer is one available action.
type answer struct {
	line    lifecycle.Line
	blocked fault.List
}

func (c *compiler) actions(l *level, o *object, t *Type, at *sql.SelectTable, f graphql.CollectedField) (fieldWriter, error) {
	a := &actions{key: o.key, status: -1, owner: -1, fields: c.collect(f.Selections, "AvailableAction"), errors: map[string][]graphql.CollectedField{}}
	for _, f := range a.fields {
		if f.Name == "blockedBy" {
			a.errors[f.Alias] = c.collect(f.Selections, "UserError")
		}
	}
	if table := lifecycle.Of(t.Kind); table != nil {
		a.status = l.column(at, Column{Name: "status"}, c.look)
		if table.Owner != "" {
			a.owner = l.column(at, Column{Name: table.Owner}, c.look)
		}
		var needs []lifecycle.Fact
		for _, line := range table.Lines {
			if len(line.Offered()) == 0 || !c.Offers(line.Name) {
				continue
			}
			a.lines = append(a.lines, line)
			if line.Permit(c.viewer) == nil {
				for _, g := range line.Guards {
					needs = append(needs, g.Needs...)
				}
			}
		}
		asking := lifecycle.Asking{Staff: theStaff, User: theUser, Now: theTime, Given: c.given}
		var count *sql.Selector
		if count, a.needs = lifecycle.SelectFacts(asking, c.dialect, t.Table, theKeys, needs); count != nil {
			a.facts = &statement{count: 1 + len(a.needs)}
			if err := a.facts.words(c.dialect, count); err != nil {
				return nil, err
			}
		}
	}
	a.place = l.add(a)
	return a.write, nil
}

// Offers says whether the contract has a mutation: a move whose mutation it has not is nobody's to make.
func (r *Reader) Offers(mutation string) bool {
	return r.schema.Mutation != nil && r.schema.Mutation.Fields.ForName(mutation) != nil
}

func (a *actions) ask(f *frame, at *rows) (any, []*task, error) {
	known := make(map[int64]lifecycle.Facts, at.Len())
	f.keys = make([]int64, 0, at.Len())
	for i := range at.Len() {
		if k := at.Row(i)[a.key]; !k.Null() {
			f.keys = append(f.keys, k.Int())
		}
	}
	if a.facts == nil || len(f.keys) == 0 {
		return known, nil, nil
	}
	q := a.facts.question(f)
	return known, []*task{{question: &q, then: func() ([]*task, error) {
		for i := range q.Len() {
			row := q.Row(i)
			facts := make(lifecycle.Facts, len(a.needs))
			for j, need := range a.needs {
				facts[need] = int(row[1+j].Int())
			}
			known[row[0].Int()] = facts
		}
		return nil, nil
	}}}, nil
}

func (a *actions) write(w *writer, at *rows, i int) bool {
	all := a.of(w, at.Row(i), at.kids[a.place].(map[int64]lifecycle.Facts))
	return w.list(len(all), true, func(j int) bool {
		return w.selectedFields(a.fields, func(cf graphql.CollectedField) bool { return all[j].write(w, a, cf) })
	})
}

func (a *actions) of(w *writer, row []store.Cell, known map[int64]lifecycle.Facts) []answer {
	var all []answer
	for _, line := range a.lines {
		var owner key.User
		if a.owner >= 0 {
			owner = key.User(row[a.owner].Int())
		}
		if line.PermitOn(w.viewer, owner, row[a.status].Text()) != nil {
			continue
		}
		all = append(all, answer{line, line.Blocked(row[a.status].Text(), known[row[a.key].Int()])})
	}
	return all
}

func (an answer) write(w *writer, a *actions, f graphql.CollectedField) bool {
	switch f.Name {
	case "mutation":
		w.string(an.line.Name)
	case "allowed":
		w.truth(len(an.blocked) == 0)
	case "blockedBy":
		return w.list(len(an.blocked), true, func(i int) bool {
			b := an.blocked[i]
			return w.selectedFields(a.errors[f.Alias], func(f graphql.CollectedField) bool {
				switch f.Name {
				case "code":
					w.string(string(b.Code))
				case "message":
					w.string(text.Sentence(w.viewer.Locale, b.Sentence(), b.Data))
				case "field":
					return false
				}
				return true
			})
		})
	}
	return true
}
