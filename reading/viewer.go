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
	return Written{read: func(ctx context.Context) []byte {
		if !v.Somebody() {
			return nil
		}
		c := r.compiler(ctx, v)
		w := r.writer(ctx, v)
		fields := c.collect(graphql.GetFieldContext(ctx).Field.Selections, "Viewer")
		ok := false
		err := r.snapshot(ctx, v, func(run *run) error {
			read := map[string]*byType{}
			refs := map[string]reference{
				"user": {string(key.KindUser), int64(v.User)}, "staff": {string(key.KindStaff), int64(v.Staff)}, "apiKey": {string(key.KindAPIKey), int64(v.APIKey)},
			}
			for _, f := range fields {
				if ref, edge := refs[f.Name]; edge && ref.key != 0 {
					read[f.Alias] = &byType{c: c, selections: f.Selections}
					if err := read[f.Alias].read(run, []reference{ref}); err != nil {
						return err
					}
				}
			}
			ok = w.selectedFields(fields, func(f graphql.CollectedField) bool {
				if f.Name == "permissions" {
					names := v.Permissions.Names()
					return w.list(len(names), true, func(i int) bool { w.string(names[i]); return true })
				}
				p := read[f.Alias]
				return p != nil && p.write(w, refs[f.Name])
			})
			return nil
		})
		if err != nil {
			graphql.AddError(ctx, err)
			return nil
		}
		return w.finish(ctx, ok).json
	}}
}
