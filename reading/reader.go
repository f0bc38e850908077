package reading

import (
	"context"
	"errors"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/seal"
	"lenddesk/store"
)

var errNull = errors.New("null where the contract allows none")

// The bounds of what is kept. A document takes up to two hundred times the bytes of its text, a plan about as much again.
const (
	keptOutlines = 1000
	keptPlans    = 1000
	keptText     = 1 << 20 // bytes of documents' texts, for outlines and for plans
)

// Reader answers selections.
type Reader struct {
	store    *store.Store
	dialect  string
	keys     *seal.Keys
	ids      *key.Codec
	schema   *ast.Schema
	types    map[string]*Type
	outlines *cache[*ast.OperationDefinition, *outline]
	plans    *cache[planKey, *plan]

	// HasCopy, if set, says whether the file of a backup is there: without it no backup has a link.
	HasCopy func(file string) bool
	// Watch, if set, is told of every statement before it runs: tests count them.
	Watch func(ctx context.Context, query string)
}

// New makes a reader of a store for the contract.
func New(s *store.Store, keys *seal.Keys, ids *key.Codec, schema *ast.Schema) *Reader {
	return &Reader{
		store: s, dialect: s.Dialect(), keys: keys, ids: ids, schema: schema, types: types(),
		outlines: newCache[*ast.OperationDefinition, *outline](keptOutlines, keptText), plans: newCache[planKey, *plan](keptPlans, keptText),
	}
}

// begin is a root field that begins to be read, and what ends it.
func (r *Reader) begin(ctx context.Context, v access.Viewer) (*run, func()) {
	s, end := r.seated(ctx)
	f := graphql.GetFieldContext(ctx)
	root := f.Parent == nil || f.Parent.Field.Field == nil
	return &run{sitting: s, ctx: ctx, viewer: v, last: s.outline.single && root}, end
}

func (r *Reader) writer(ctx context.Context, v access.Viewer) *writer {
	return &writer{reader: r, viewer: v, buf: make([]byte, 0, 4<<10), values: make([]store.Cell, 0, 8), root: graphql.GetFieldContext(ctx)}
}

// finish hands the errors of fields to the answer and gives what was written; null when the null has come up all the way.
func (w *writer) finish(ctx context.Context, ok bool) Written {
	for _, err := range w.errors {
		graphql.AddError(ctx, err)
	}
	if !ok {
		return Written{}
	}
	return Written{json: w.buf}
}

// List answers the present root field, a connection over all rows of a type that the viewer may see. It returns UNAUTHENTICATED when
// nobody is signed in.
func (r *Reader) List(ctx context.Context, of string) (Written, error) {
	return r.list(ctx, of, r.types[of], nil)
}

// list reads a list of a type under a name of its own; where narrows it, by nothing that differs from one request to the next.
func (r *Reader) list(ctx context.Context, name string, t *Type, where func(*sql.SelectTable) *sql.Predicate) (Written, error) {
	v := access.From(ctx)
	if !v.Somebody() {
		return Written{}, fault.Deny(fault.Unauthenticated, "Sign in first.")
	}
	run, end := r.begin(ctx, v)
	defer end()
	var err error
	if run.plan, err = r.planned(ctx, run.sitting, v, name, func(c *compiler, p *plan) (err error) {
		p.list, err = c.listOf(t, where, graphql.GetFieldContext(ctx).Field)
		return err
	}); err != nil {
		return Written{}, err
	}
	u := run.plan.list
	f, err := run.frame(u)
	if err != nil {
		return Written{}, err
	}
	at, n := &rows{Question: u.root.question(f)}, u.connection
	var s span
	var total int64
	tasks := []*task{{question: &at.Question, deeper: len(u.root.children) > 0, then: func() ([]*task, error) {
		s = n.take(span{to: at.Len()})
		at.Cells = at.Cells[:s.to*at.Width]
		return f.follow(u.root, at)
	}}}
	if u.total != nil {
		counted := u.total.question(f)
		tasks = append(tasks, &task{question: &counted, then: func() ([]*task, error) {
			total = counted.Row(0)[0].Int()
			return nil, nil
		}})
	}
	if err := run.ask(tasks); err != nil {
		return Written{}, err
	}
	w := r.writer(ctx, v)
	return w.finish(ctx, n.write(w, at, s, total)), nil
}

// listOf compiles a connection over the rows of a type.
func (c *compiler) listOf(t *Type, where func(*sql.SelectTable) *sql.Predicate, f graphql.CollectedField) (*unit, error) {
	u := c.unit
	var err error
	if u.connection, err = c.connection(t, f); err != nil {
		return nil, err
	}
	n := u.connection
	if where != nil {
		n.filters = append(n.filters, narrowing{where: func(t *sql.SelectTable, _ bool) *sql.Predicate { return where(t) }, filter: Filter{Fixed: true}})
	}
	u.root = c.newLevel(t)
	alias := c.alias()
	at := sql.Dialect(c.dialect).Table(t.Table).As(alias)
	if err := n.columns(c, u.root, at); err != nil {
		return nil, err
	}
	var page sql.Querier = u.root.selector
	if u.root.joins {
		// The page is found among the rows by themselves, and only its own rows are joined: where no index has the order, a database would join all rows first.
		x := c.table(t)
		inner := sql.Dialect(c.dialect).Select(x.C("id")).From(x)
		cut, err := n.cut(inner, x)
		if err != nil {
			return nil, err
		}
		if c.dialect == dialect.Postgres {
			inner.Select(x.C("*"))
			u.root.selector.AppendFromExpr(sql.ExprFunc(func(b *sql.Builder) { b.WriteString("(").Join(cut).WriteString(") AS ").Ident(alias) }))
		} else {
			u.root.selector.From(at).Where(sql.P(func(b *sql.Builder) { b.Ident(at.C("id")).WriteString(" IN (").Join(cut).WriteString(")") }))
		}
		n.sort(u.root.selector, at)
	} else {
		u.root.selector.From(at)
		var err error
		if page, err = n.cut(u.root.selector, at); err != nil {
			return nil, err
		}
	}
	if err := u.root.words(c.dialect, page); err != nil {
		return nil, err
	}
	if n.total {
		all, err := n.narrow(at, false)
		if err != nil {
			return nil, err
		}
		count := sql.Dialect(c.dialect).Select("count(*)").From(at)
		for _, p := range all {
			count.Where(p)
		}
		u.total = &statement{count: 1}
		if err := u.total.words(c.dialect, count); err != nil {
			return nil, err
		}
	}
	return u.done(), nil
}

// Node answers `node(id)`; nil for an id that is malformed, of no row, or of a row that the viewer may not see.
func (r *Reader) Node(ctx context.Context, id string) (*Any, error) {
	found, err := r.Nodes(ctx, []string{id})
	if err != nil {
		return nil, err
	}
	return found[0], nil
}

// Nodes answers `nodes(ids)` in the order asked: at most MaxPage, nil where nothing is to be seen. One statement per type.
func (r *Reader) Nodes(ctx context.Context, ids []string) ([]*Any, error) {
	if len(ids) > MaxPage {
		return nil, bad(fmt.Sprintf("At most %d ids at once", MaxPage))
	}
	refs := make([]reference, len(ids))
	for i, id := range ids {
		if kind, n, ok := r.ids.Decode(id); ok {
			refs[i] = reference{string(kind), n}
		}
	}
	v := access.From(ctx)
	run, end := r.begin(ctx, v)
	defer end()
	all, err := run.objects(refs)
	if err != nil {
		return nil, err
	}
	answer := make([]*Any, len(ids))
	w := r.writer(ctx, v)
	list := graphql.GetFieldContext(ctx).Field.Definition.Type.Elem != nil
	for i, ref := range refs {
		w.buf = nil
		if list {
			w.path = append(w.path[:0], step{index: i})
		}
		if all.write(w, ref) {
			answer[i] = &Any{Written{json: w.buf}}
		}
	}
	w.finish(ctx, true)
	return answer, nil
}

// objects reads rows by their keys, for the present field.
func (r *run) objects(refs []reference) (found, error) {
	var err error
	if r.plan, err = r.reader.planned(r.ctx, r.sitting, r.viewer, "", func(_ *compiler, p *plan) error {
		p.objects = &byType{selections: asked(r.ctx).Selections}
		return nil
	}); err != nil {
		return nil, err
	}
	all, tasks, err := r.plan.objects.ask(r, refs)
	if err != nil {
		return nil, err
	}
	return all, r.ask(tasks)
}

// Object is an object to be read when the answer is written, after the commit, through the given eyes: what a mutation made or changed.
func (r *Reader) Object(v access.Viewer, kind key.Kind, id int64) Written {
	return r.later(v, func(_ context.Context, run *run, w *writer) (bool, error) {
		ref := reference{string(kind), id}
		all, err := run.objects([]reference{ref})
		if err != nil {
			return false, err
		}
		return all.write(w, ref), nil
	})
}

// asked is the field whose value is being written; of an element it is the list's.
func asked(ctx context.Context) graphql.CollectedField {
	at := graphql.GetFieldContext(ctx)
	for at.Index != nil {
		at = at.Parent
	}
	return at.Field
}

// later is what is read when the answer is written, through the given eyes. By then nothing may undo the rest of the answer: whatever goes wrong
// is an error beside a null.
func (r *Reader) later(v access.Viewer, read func(context.Context, *run, *writer) (bool, error)) Written {
	return Written{read: func(ctx context.Context) (json []byte) {
		defer func() {
			if broken := recover(); broken != nil {
				graphql.AddError(ctx, fmt.Errorf("read %s: %v", asked(ctx).Name, broken))
				json = nil
			}
		}()
		run, end := r.begin(ctx, v)
		defer end()
		w := r.writer(ctx, v)
		ok, err := read(ctx, run, w)
		if err != nil {
			graphql.AddError(ctx, err)
			return nil
		}
		return w.finish(ctx, ok).json
	}}
}
