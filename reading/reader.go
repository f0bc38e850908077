package reading

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
)

var errNull = errors.New("null where the contract allows none")

// Reader answers selections.
type Reader struct {
	db      *stdsql.DB
	dialect string
	keys    *seal.Keys
	ids     *key.Codec
	schema  *ast.Schema
	types   map[string]*Type

	// Watch, if set, is told of every statement before it runs: tests count them.
	Watch func(ctx context.Context, query string)
}

// New makes a reader of a store for the contract.
func New(s *store.Store, keys *seal.Keys, ids *key.Codec, schema *ast.Schema) *Reader {
	return &Reader{db: s.Reader(), dialect: s.Dialect(), keys: keys, ids: ids, schema: schema, types: types()}
}

func (r *Reader) compiler(ctx context.Context, v access.Viewer) *compiler {
	return &compiler{
		Reader: r, operation: graphql.GetOperationContext(ctx), viewer: v,
		look: Look{Eyes: v.Eyes(), Now: lifecycle.Now()},
	}
}

func (r *Reader) writer(ctx context.Context, v access.Viewer) *writer {
	return &writer{reader: r, ctx: ctx, viewer: v, locale: v.Locale, buf: make([]byte, 0, 4<<10), values: make([]store.Cell, 0, 8), path: graphql.GetFieldContext(ctx).Path()}
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
	return r.list(ctx, r.types[of], nil)
}

func (r *Reader) list(ctx context.Context, t *Type, where func(*sql.SelectTable) *sql.Predicate) (Written, error) {
	v := access.From(ctx)
	if !v.Somebody() {
		return Written{}, fault.Deny(fault.Unauthenticated, "Sign in first.")
	}
	c := r.compiler(ctx, v)
	n, err := c.connection(t, graphql.GetFieldContext(ctx).Field)
	if err != nil {
		return Written{}, err
	}
	if where != nil {
		n.filters = append(n.filters, where)
	}
	l, at := c.newLevel(t), c.table(t)
	l.selector.From(at)
	if err := n.compile(l, at); err != nil {
		return Written{}, err
	}
	if err := n.cut(l.selector, at); err != nil {
		return Written{}, err
	}
	w := r.writer(ctx, v)
	ok := false
	err = r.snapshot(ctx, v, func(run *run) error {
		if err := run.rows(l); err != nil {
			return err
		}
		s := n.take(l.rows, span{to: len(l.rows)})
		l.rows = l.rows[:s.to]
		var total int64
		if n.total {
			all, err := n.narrow(at)
			if err != nil {
				return err
			}
			count := sql.Dialect(r.dialect).Select("count(*)").From(at)
			for _, p := range all {
				count.Where(p)
			}
			rows, err := run.query(count)
			if err != nil {
				return err
			}
			total = rows[0][0].Int()
		}
		if err := run.children(l); err != nil {
			return err
		}
		ok = n.write(w, l, s, total)
		return nil
	})
	if err != nil {
		return Written{}, err
	}
	return w.finish(ctx, ok), nil
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
	v := access.From(ctx)
	p := &byType{c: r.compiler(ctx, v), selections: graphql.GetFieldContext(ctx).Field.Selections}
	refs := make([]reference, len(ids))
	for i, id := range ids {
		if kind, n, ok := r.ids.Decode(id); ok {
			refs[i] = reference{string(kind), n}
		}
	}
	found := make([]*Any, len(ids))
	w := r.writer(ctx, v)
	err := r.snapshot(ctx, v, func(run *run) error {
		if err := p.read(run, refs); err != nil {
			return err
		}
		for i, ref := range refs {
			w.buf = nil
			list := graphql.GetFieldContext(ctx).Field.Definition.Type.Elem != nil
			write := func() bool { return p.write(w, ref) }
			if list {
				w.step(i)
			}
			ok := write()
			if list {
				w.path = w.path[:len(w.path)-1]
			}
			if ok {
				found[i] = &Any{Written{json: w.buf}}
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	w.finish(ctx, true)
	return found, nil
}

// Object is an object to be read when the answer is written, after the commit, through the given eyes: what a mutation made or changed.
func (r *Reader) Object(v access.Viewer, kind key.Kind, id int64) Written {
	return r.later(v, func(ctx context.Context, run *run, w *writer) (bool, error) {
		ref := reference{string(kind), id}
		p := &byType{c: r.compiler(ctx, v), selections: graphql.GetFieldContext(ctx).Field.Selections}
		if err := p.read(run, []reference{ref}); err != nil {
			return false, err
		}
		return p.write(w, ref), nil
	})
}

// one is a row to be read when the answer is written, as of a type that may be a part of the row's own.
func (r *Reader) one(v access.Viewer, t *Type, id int64) Written {
	return r.later(v, func(ctx context.Context, run *run, w *writer) (bool, error) {
		l, o, err := r.compiler(ctx, v).byKeys(t, graphql.GetFieldContext(ctx).Field.Selections, []int64{id})
		if err != nil {
			return false, err
		}
		if err := run.all(l); err != nil {
			return false, err
		}
		return len(l.rows) > 0 && w.object(o, l, 0), nil
	})
}

// later is what is read when the answer is written, through the given eyes. By then nothing may undo the rest of the answer: whatever goes wrong
// is an error beside a null.
func (r *Reader) later(v access.Viewer, read func(context.Context, *run, *writer) (bool, error)) Written {
	return Written{read: func(ctx context.Context) (json []byte) {
		defer func() {
			if broken := recover(); broken != nil {
				graphql.AddError(ctx, fmt.Errorf("read %s: %v", graphql.GetFieldContext(ctx).Field.Name, broken))
				json = nil
			}
		}()
		w, ok := r.writer(ctx, v), false
		err := r.snapshot(ctx, v, func(run *run) (err error) {
			ok, err = read(ctx, run, w)
			return err
		})
		if err != nil {
			graphql.AddError(ctx, err)
			return nil
		}
		return w.finish(ctx, ok).json
	}}
}
