package door

import (
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
)

// overlap counts the pairs of fields that validation has to compare because they answer under the same name at the same
// place (GraphQL 5.3.2, "field selection merging"): `{id id id}` is three. It costs seconds for a few thousand `id` in a
// row, written out or by fragments.
type overlap struct {
	limit, pairs int
	fragments    map[string]*ast.FragmentDefinition
}

// compare holds a document to SameNames. It expands every fragment where it is spread, so it must be one that check has
// passed: then nothing is missing or circular, and the expansion is bounded. It does not depend on variables.
func (l Limits) compare(doc *ast.QueryDocument) *gqlerror.Error {
	o := overlap{limit: l.SameNames, fragments: fragmentsByName(doc)}
	for _, f := range doc.Fragments {
		if err := o.within([]ast.SelectionSet{f.SelectionSet}, f.Position); err != nil {
			return err
		}
	}
	for _, op := range doc.Operations {
		if err := o.within([]ast.SelectionSet{op.SelectionSet}, op.Position); err != nil {
			return err
		}
	}
	return nil
}

// fragmentsByName takes the first of a name, as validation does.
func fragmentsByName(doc *ast.QueryDocument) map[string]*ast.FragmentDefinition {
	byName := make(map[string]*ast.FragmentDefinition, len(doc.Fragments))
	for _, f := range doc.Fragments {
		if byName[f.Name] == nil {
			byName[f.Name] = f
		}
	}
	return byName
}

// within adds the pairs of a merged selection set, given as the sets that it is merged from.
func (o *overlap) within(sets []ast.SelectionSet, at *ast.Position) *gqlerror.Error {
	byName := map[string][]ast.SelectionSet{}
	for _, set := range sets {
		if err := o.collect(set, byName, at); err != nil {
			return err
		}
	}
	for _, below := range byName {
		if err := o.within(below, at); err != nil {
			return err
		}
	}
	return nil
}

func (o *overlap) collect(set ast.SelectionSet, byName map[string][]ast.SelectionSet, at *ast.Position) *gqlerror.Error {
	for _, selection := range set {
		var err *gqlerror.Error
		switch s := selection.(type) {
		case *ast.Field:
			o.pairs += len(byName[s.Alias])
			byName[s.Alias] = append(byName[s.Alias], s.SelectionSet)
			if o.pairs > o.limit {
				err = tooMuch(at, "Too many fields stand under the same name in the same place.")
			}
		case *ast.InlineFragment:
			err = o.collect(s.SelectionSet, byName, at)
		case *ast.FragmentSpread:
			err = o.collect(o.fragments[s.Name].SelectionSet, byName, at)
		}
		if err != nil {
			return err
		}
	}
	return nil
}
