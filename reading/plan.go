package reading

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/access"
	"lenddesk/lifecycle"
	"lenddesk/store"
)

// planKey is what a plan depends on. Whatever else a request has (keys, values of filters, sizes and places of pages, the time, parameters in force) is
// given to the plan's statements when they run, through slots.
type planKey struct {
	operation   *ast.OperationDefinition // of a document that the outline holds
	path        string                   // of the root field, and what it reads
	shape       string                   // of the variables
	who         byte                     // a customer, an employee, an API key, the system or nobody
	permissions access.Permissions
}

// plan is how one root field is read. Nothing in it changes once it is made, but for the units of types that turn up later.
type plan struct {
	operation  *graphql.OperationContext // the document, and the variables that decide; no other
	list       *unit                     // of a list
	item       *unit                     // of one place in a queue
	objects    *byType                   // of objects by their keys
	viewer     *viewerPlan
	stream     *unit // of what a subscription tells
	search     *searchPlan
	statistics *statisticsPlan
}

// unit is a statement over one type and all that hangs on it, compiled together: a list, or rows by their keys.
type unit struct {
	root        *level
	object      *object
	connection  *connection // nil for rows by their keys
	connections []*connection
	total       *statement // of the list, if it was asked for
	inForce     bool       // a fact asks what is in force
	waiting     int        // the place of whether a row still waits in its queue, of what a subscription tells
	former      int        // the place, from 1, of the keys that rows by their keys answer for beside their own
}

// done lets go of what was only needed to compile: nothing of the request that came first stays.
func (u *unit) done() *unit {
	for _, n := range u.connections {
		n.rule = nil
		for i := range n.filters {
			n.filters[i].where = nil
		}
	}
	return u
}

// slot stands in a statement for a value that is known when the statement runs.
type slot struct{ value func(*frame) any }

// listSlot stands for a list of texts.
type listSlot struct{ slot }

// frame is one run of a unit.
type frame struct {
	*run
	unit    *unit
	bound   []bound           // of each connection
	keys    []int64           // of the rows above, for the statement being bound
	inForce lifecycle.InForce // if the unit asks
}

// run is one root field being read.
type run struct {
	*sitting
	ctx    context.Context
	viewer access.Viewer
	plan   *plan
	trail  *Trail // of a subscription: how far it is
	last   bool   // nothing else is read of this moment
}

// frame binds a unit: the arguments of its connections are read, and refused if they are not to be understood.
func (r *run) frame(u *unit) (*frame, error) {
	f := &frame{run: r, unit: u, bound: make([]bound, len(u.connections))}
	for i, n := range u.connections {
		if err := n.bind(r, &f.bound[i]); err != nil {
			return nil, err
		}
	}
	if u.inForce {
		var err error
		if f.inForce, err = r.sitting.inForce(r.ctx); err != nil {
			return nil, err
		}
	}
	return f, nil
}

// statement is a SELECT being put together, equal columns in it once, and then put into words.
type statement struct {
	selector *sql.Selector
	places   map[string]int
	count    int

	text string
	args []any // values and slots
}

func (s *statement) column(t *sql.SelectTable, c Column, look Look) int {
	if c.Expr != nil {
		s.selector.AppendSelectExprAs(c.Expr(t, look), "e"+strconv.Itoa(s.count))
		s.count++
		return s.count - 1
	}
	name := t.C(c.Name)
	at, ok := s.places[name]
	if !ok {
		at = s.count
		s.places[name] = at
		s.selector.AppendSelect(name)
		s.count++
	}
	return at
}

// words turns what was put together into SQL. What is the same in every run stands in its text, or becomes a value of a kind that drivers know.
func (s *statement) words(d string, q sql.Querier) error {
	if x, ok := q.(interface{ SetDialect(string) }); ok {
		x.SetDialect(d)
	}
	s.text, s.args = q.Query()
	if e, ok := q.(interface{ Err() error }); ok && e.Err() != nil {
		return fmt.Errorf("build statement: %w", e.Err())
	}
	for i, a := range s.args {
		switch a.(type) {
		case *slot, *listSlot:
			continue
		}
		v, err := driver.DefaultParameterConverter.ConvertValue(a)
		if err != nil {
			return fmt.Errorf("build statement: %w", err)
		}
		s.args[i] = v
	}
	s.text, s.args = literally(d, s.text, s.args)
	s.selector, s.places = nil, nil
	return nil
}

// literally writes texts, numbers and truths among the arguments into the statement. An index over a part of a table is of use only where the condition is
// known: SQLite would look at the argument, and prepare the statement anew each time it is bound; PostgreSQL would do without the index once it plans for any.
func literally(d, text string, args []any) (string, []any) {
	var b strings.Builder
	var kept []any
	for n := 0; text != ""; {
		end := 1
		switch c := text[0]; {
		case c == '\'' || c == '"' || c == '`':
			end += strings.IndexByte(text[1:], c) + 1
			b.WriteString(text[:end])
		case c == '?' && d != dialect.Postgres, c == '$' && d == dialect.Postgres:
			for end < len(text) && text[end] >= '0' && text[end] <= '9' {
				end++
			}
			if said, ok := literal(args[n]); ok {
				b.WriteString(said)
			} else {
				kept = append(kept, args[n])
				b.WriteByte(c)
				if c == '$' {
					b.WriteString(strconv.Itoa(len(kept)))
				}
			}
			n++
		default:
			b.WriteByte(c)
		}
		text = text[end:]
	}
	return b.String(), kept
}

// literal is a value as both databases read it in a statement.
func literal(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return "'" + strings.ReplaceAll(v, "'", "''") + "'", !strings.ContainsAny(v, "\x00\\")
	case int64:
		return strconv.FormatInt(v, 10), v >= 0
	case bool:
		return strings.ToUpper(strconv.FormatBool(v)), true
	}
	return "", false
}

// question is the statement with its slots filled.
func (s *statement) question(f *frame) store.Question {
	args := make([]any, len(s.args))
	for i, a := range s.args {
		switch a := a.(type) {
		case *slot:
			args[i] = f.given(a.value(f))
		case *listSlot:
			args[i] = f.given(a.value(f))
		default:
			args[i] = a
		}
	}
	return store.Question{SQL: s.text, Args: args, Width: s.count}
}

// given is a value as the driver takes it: a list is one value.
func (f *frame) given(v any) any {
	switch v := v.(type) {
	case nil, int64, string, bool, float64, time.Time, []byte:
		return v
	case int:
		return int64(v)
	case []int64:
		if f.reader.dialect == dialect.Postgres {
			return v
		}
		b := []byte{'['}
		for i, n := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = strconv.AppendInt(b, n, 10)
		}
		return string(append(b, ']'))
	case []string:
		if f.reader.dialect == dialect.Postgres {
			return v
		}
		b, _ := json.Marshal(v) // texts always marshal
		return string(b)
	}
	plain, err := driver.DefaultParameterConverter.ConvertValue(v)
	if err != nil {
		return nil // equals nothing; no slot has such a value
	}
	return plain
}

// The slots that every unit may use.
var (
	theKeys  = &slot{func(f *frame) any { return f.keys }}
	theKey   = &slot{func(f *frame) any { return f.keys[0] }}
	theUser  = &slot{func(f *frame) any { return int64(f.viewer.User) }}
	theStaff = &slot{func(f *frame) any { return int64(f.viewer.Staff) }}
	theAPI   = &slot{func(f *frame) any { return int64(f.viewer.APIKey) }}
	theTime  = &slot{func(f *frame) any { return f.now }}
)

// eyes are a viewer's with slots for who it is.
func eyes(v access.Viewer) access.Eyes {
	e := v.Eyes()
	if e.User != nil {
		e.User = theUser
	}
	if e.Staff != nil {
		e.Staff = theStaff
	}
	if e.APIKey != nil {
		e.APIKey = theAPI
	}
	return e
}

// who is the kind of a viewer.
func who(v access.Viewer) byte {
	switch {
	case v.User != 0:
		return 'u'
	case v.Staff != 0:
		return 's'
	case v.APIKey != 0:
		return 'k'
	case v.System != "":
		return 'm'
	}
	return '-'
}

// planned is the plan of the present root field, compiled if it is not kept. what tells apart what may be read at one path.
func (r *Reader) planned(ctx context.Context, s *sitting, v access.Viewer, what string, compile func(*compiler, *plan) error) (*plan, error) {
	key := planKey{s.operation.Operation, pathOf(ctx) + what, s.shape, who(v), v.Permissions}
	if p, ok := r.plans.get(key); ok {
		return p, nil
	}
	p := &plan{operation: &graphql.OperationContext{Doc: s.operation.Doc, Operation: s.operation.Operation, Variables: map[string]any{}}}
	for _, name := range s.outline.deciding {
		if value, ok := s.operation.Variables[name]; ok {
			p.operation.Variables[name] = value
		}
	}
	if err := compile(r.compiler(s, p, v), p); err != nil {
		return nil, err
	}
	return r.plans.add(key, p, s.outline.weight), nil
}

// pathOf is the names on the way to the present field.
func pathOf(ctx context.Context) string {
	path := ""
	for f := graphql.GetFieldContext(ctx); f != nil; f = f.Parent {
		if f.Index == nil && f.Field.Field != nil {
			path = f.Field.Alias + "." + path
		}
	}
	return path
}

// lazily is what a plan makes when it is first needed.
type lazily[K comparable, V any] struct {
	mu   sync.Mutex
	made map[K]V
}

func (l *lazily[K, V]) get(key K, compile func() (V, error)) (V, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if v, ok := l.made[key]; ok {
		return v, nil
	}
	v, err := compile()
	if err != nil {
		return v, err
	}
	if l.made == nil {
		l.made = map[K]V{}
	}
	l.made[key] = v
	return v, nil
}
