package lifecycle

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent"

	"lenddesk/key"
)

// permit in a context lets a status be written. Only this package can put it there.
type permit struct{}

// Lock is the hook that refuses a status which no move wrote: on every entity with a table, in a transaction and outside. A row may be
// born with the statuses of the moves that make one.
func Lock() ent.Hook {
	initial := make(map[string][]string, len(Tables))
	for _, t := range Tables {
		initial[entName(t.Kind)] = t.Initial()
	}
	return func(next ent.Mutator) ent.Mutator {
		return ent.MutateFunc(func(ctx context.Context, m ent.Mutation) (ent.Value, error) {
			born, locked := initial[m.Type()]
			status, written := m.Field("status")
			if locked && written && ctx.Value(permit{}) == nil && !(m.Op().Is(ent.OpCreate) && slices.Contains(born, fmt.Sprint(status))) {
				return nil, fmt.Errorf("%s.status is written by moves only", m.Type())
			}
			return next.Mutate(ctx, m)
		})
	}
}

// entName is the name of a kind's entity.
func entName(k key.Kind) string {
	switch k {
	case key.KindAPIKey:
		return "APIKey"
	case key.KindImport: // its own name is a word of Go
		return "Importation"
	}
	return string(k)
}

// Book lets a whole book of rows be written as it stands, statuses and all: the demonstration book, which is not made by moves.
func Book(ctx context.Context) context.Context { return context.WithValue(ctx, permit{}, "book") }
