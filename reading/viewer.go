package reading

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/key"
)

// viewerPlan is what is selected of the viewer, and how the objects that stand for it are read, by response key.
type viewerPlan struct {
	fields []graphql.CollectedField
	edges  map[string]*byType
}

// Viewer answers `viewer`, through the viewer's own eyes; null for nobody in particular. v is another one than the context's in the
// payload of a sign-in.
func (r *Reader) Viewer(v access.Viewer) Written {
	if !v.Somebody() {
		return Written{}
	}
	refs := map[string]reference{
		"user": {string(key.KindUser), int64(v.User)}, "staff": {string(key.KindStaff), int64(v.Staff)}, "apiKey": {string(key.KindAPIKey), int64(v.APIKey)},
	}
	return r.later(v, func(ctx context.Context, run *run, w *writer) (bool, error) {
		var err error
		if run.plan, err = r.planned(ctx, run.sitting, v, "", func(c *compiler, p *plan) error {
			p.viewer = &viewerPlan{c.collect(graphql.GetFieldContext(ctx).Field.Selections, "Viewer"), map[string]*byType{}}
			for _, f := range p.viewer.fields {
				if _, edge := refs[f.Name]; edge {
					p.viewer.edges[f.Alias] = &byType{selections: f.Selections}
				}
			}
			return nil
		}); err != nil {
			return false, err
		}
		read, tasks := map[string]found{}, []*task(nil)
		for _, f := range run.plan.viewer.fields {
			ref := refs[f.Name]
			if ref.key == 0 {
				continue
			}
			all, more, err := run.plan.viewer.edges[f.Alias].ask(run, []reference{ref})
			if err != nil {
				return false, err
			}
			read[f.Alias], tasks = all, append(tasks, more...)
		}
		if err := run.ask(tasks); err != nil {
			return false, err
		}
		return w.selectedFields(run.plan.viewer.fields, func(f graphql.CollectedField) bool {
			if f.Name == "permissions" {
				names := v.Permissions.Names()
				return w.list(len(names), true, func(i int) bool { w.string(names[i]); return true })
			}
			return read[f.Alias].write(w, refs[f.Name])
		}), nil
	})
}
