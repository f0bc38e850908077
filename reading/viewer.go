package reading

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/key"
)

// Viewer answers `viewer`, through the viewer's own eyes; null for nobody in particular. v is another one than the context's in the
// payload of a sign-in.
func (r *Reader) Viewer(v access.Viewer) Written {
	if !v.Somebody() {
		return Written{}
	}
	return r.later(v, func(ctx context.Context, run *run, w *writer) (bool, error) {
		c := r.compiler(ctx, v)
		fields := c.collect(graphql.GetFieldContext(ctx).Field.Selections, "Viewer")
		refs := map[string]reference{
			"user": {string(key.KindUser), int64(v.User)}, "staff": {string(key.KindStaff), int64(v.Staff)}, "apiKey": {string(key.KindAPIKey), int64(v.APIKey)},
		}
		read := map[string]*byType{}
		for _, f := range fields {
			if ref, edge := refs[f.Name]; edge && ref.key != 0 {
				read[f.Alias] = &byType{c: c, selections: f.Selections}
				if err := read[f.Alias].read(run, []reference{ref}); err != nil {
					return false, err
				}
			}
		}
		return w.selectedFields(fields, func(f graphql.CollectedField) bool {
			if f.Name == "permissions" {
				names := v.Permissions.Names()
				return w.list(len(names), true, func(i int) bool { w.string(names[i]); return true })
			}
			p := read[f.Alias]
			return p != nil && p.write(w, refs[f.Name])
		}), nil
	})
}
