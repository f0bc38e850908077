package reading

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/ent/document"
	"lenddesk/ent/event"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
)

const (
	told   = 50     // what one step of a trail tells at most: it stands in memory until somebody takes it
	stride = 10_000 // places that one step goes on at most, seen or not: no statement looks through a whole history
	most   = 100    // kinds that a subscription may name
)

// Trail is a subscription that is being read: how far it is in the order of commits. It is not safe for concurrent use.
type Trail struct {
	reader  *Reader
	at, to  int64 // told up to at; the present step goes up to to
	subject []any // type and key; nil for any
	kinds   []string
	queue   *queue
	kind    string // of the queue
}

// Told is one thing that a subscription tells: as it was asked for, and its place, from which it can be taken up again.
type Told struct {
	Written
	Place string // empty where there is none
}

// FollowEvents begins `eventAdded`: after the event of a cursor, from the first one for an empty one, from now on for none. It returns UNAUTHENTICATED when nobody is
// signed in, and BAD_REQUEST for what is no cursor of the order PLACE.
func (r *Reader) FollowEvents(ctx context.Context, subject *string, kinds []string, after *string) (*Trail, error) {
	if !access.From(ctx).Somebody() {
		return nil, fault.Deny(fault.Unauthenticated, "Sign in first.")
	}
	if len(kinds) > most {
		return nil, bad(fmt.Sprintf("At most %d kinds", most))
	}
	if unstorable(kinds) {
		return nil, bad("kinds must not contain U+0000")
	}
	t := &Trail{reader: r, kinds: kinds}
	if subject != nil {
		kind, n, ok := r.ids.Decode(*subject)
		t.subject = []any{string(kind), n}
		if !ok {
			t.subject = []any{nil, nil} // of nothing: nothing is ever told
		}
	}
	var err error
	switch {
	case after == nil:
		t.at, err = r.head(ctx)
	case *after != "":
		t.at, err = r.place(ctx, *after)
	}
	return t, err
}

// FollowQueue begins `reviewQueueChanged`, from now on. It returns FORBIDDEN without the kind's permission.
func (r *Reader) FollowQueue(ctx context.Context, kind string) (*Trail, error) {
	q := &queue{lifecycle.Queues[review.Step(kind)]}
	if err := access.Require(access.From(ctx), q.Permission); err != nil {
		return nil, err
	}
	at, err := r.head(ctx)
	return &Trail{reader: r, queue: q, kind: kind, at: at}, err
}

// head is the last place that was given. All places before it were given, too: one transaction at a time gives them, in their order.
func (r *Reader) head(ctx context.Context) (at int64, err error) {
	if err := r.store.Reader().QueryRowContext(ctx, "SELECT COALESCE(max(position), 0) FROM events").Scan(&at); err != nil {
		return 0, fmt.Errorf("read the end of the trail: %w", err)
	}
	return at, nil
}

// place is where the event of a cursor stands.
func (r *Reader) place(ctx context.Context, cursor string) (int64, error) {
	n := &connection{reader: r, to: r.typeOf(key.KindEvent), order: timeline["PLACE"]}
	c, err := n.readCursor(cursor)
	if err != nil {
		return 0, bad("after is not a cursor of events in the order PLACE")
	}
	t := sql.Dialect(r.dialect).Table(event.Table)
	query, args := sql.Dialect(r.dialect).Select(t.C(event.FieldPosition)).From(t).Where(sql.EQ(t.C("id"), c.key)).Query()
	var at stdsql.NullInt64
	if err := r.store.Reader().QueryRowContext(ctx, query, args...).Scan(&at); err != nil && err != stdsql.ErrNoRows {
		return 0, fmt.Errorf("find a place in the trail: %w", err)
	}
	if !at.Valid {
		return 0, bad("after is not a cursor of events in the order PLACE")
	}
	return at.Int64, nil
}

// Next is what follows, in the order of commits, as the context's viewer may see it now; more says that there is more already. It answers the present root field.
func (t *Trail) Next(ctx context.Context) (next []Told, more bool, err error) {
	v := access.From(ctx)
	if !v.Somebody() {
		return nil, false, fault.Deny(fault.Unauthenticated, "Sign in first.")
	}
	if t.queue != nil {
		if err := access.Require(v, t.queue.Permission); err != nil {
			return nil, false, err
		}
	}
	head, err := t.reader.head(ctx)
	if err != nil || head <= t.at {
		return nil, false, err
	}
	t.to = min(head, t.at+stride)
	if t.queue != nil {
		next, err = t.changes(ctx, v)
	} else {
		next, err = t.events(ctx, v)
	}
	if err != nil {
		return nil, false, err
	}
	t.at = t.to
	return next, t.at < head, nil
}

// events is the events of a step; it shortens the step to what it tells.
func (t *Trail) events(ctx context.Context, v access.Viewer) ([]Told, error) {
	r := t.reader
	run, end := r.begin(ctx, v)
	defer end()
	run.trail = t
	var err error
	if run.plan, err = r.planned(ctx, run.sitting, v, "trail", func(c *compiler, p *plan) (err error) {
		p.stream, err = c.trail(t, asked(ctx))
		return err
	}); err != nil {
		return nil, err
	}
	at, err := run.stream()
	if err != nil {
		return nil, err
	}
	n := run.plan.stream.connection
	next := make([]Told, at.Len())
	for i := range next {
		next[i].Written = r.told(ctx, v, run.plan.stream.object, at, i)
		cursor := &writer{reader: r}
		n.cursor(cursor, at, i)
		next[i].Place = string(cursor.buf[1 : len(cursor.buf)-1])
	}
	if len(next) == told {
		t.to = at.Row(len(next) - 1)[n.value].Int()
	}
	return next, nil
}

// trail compiles the events of a step.
func (c *compiler) trail(t *Trail, f graphql.CollectedField) (*unit, error) {
	to, u := c.typeOf(key.KindEvent), c.unit
	n := &connection{reader: c.Reader, to: to, order: timeline["PLACE"]}
	u.connection, u.root = n, c.newLevel(to)
	at := c.table(to)
	place := at.C(event.FieldPosition)
	s := u.root.selector.From(at).Where(sql.And(
		sql.GT(place, &slot{func(f *frame) any { return f.trail.at }}), sql.LTE(place, &slot{func(f *frame) any { return f.trail.to }})))
	if t.subject != nil {
		s.Where(sql.And(equal(at.C(event.FieldSubjectType), &slot{func(f *frame) any { return f.trail.subject[0] }}),
			equal(at.C(event.FieldSubjectID), &slot{func(f *frame) any { return f.trail.subject[1] }})))
	}
	if t.kinds != nil {
		s.Where(among(at.C(event.FieldKind), &listSlot{slot{func(f *frame) any { return f.trail.kinds }}}))
	}
	rule, err := c.rule(to, at)
	if err != nil {
		return nil, err
	}
	if rule != nil {
		s.Where(rule)
	}
	n.key = u.root.column(at, Column{Name: "id"}, c.look)
	n.value = u.root.column(at, Column{Name: event.FieldPosition}, c.look)
	if u.object, err = n.edge(c, u.root, at, f); err != nil {
		return nil, err
	}
	s.OrderBy(sql.Asc(place)).Limit(told)
	return u.done(), u.root.words(c.dialect, s)
}

// stream reads the rows of what a subscription tells, and all that hangs on them.
func (r *run) stream(keys ...int64) (*rows, error) {
	u := r.plan.stream
	f, err := r.frame(u)
	if err != nil {
		return nil, err
	}
	f.keys = keys
	at := &rows{Question: u.root.question(f)}
	return at, r.ask([]*task{{question: &at.Question, deeper: len(u.root.children) > 0, then: func() ([]*task, error) { return f.follow(u.root, at) }}})
}

// told writes one thing that a subscription tells, with the errors of its fields.
func (r *Reader) told(ctx context.Context, v access.Viewer, o *object, at *rows, i int) Written {
	w := r.writer(ctx, v)
	if !w.object(o, at, i) {
		w.buf = nil
	}
	return Written{json: w.buf, errors: w.errors}
}

// changes is what a step brought into the queue, changed in it or took from it, each once, as it stands now.
func (t *Trail) changes(ctx context.Context, v access.Viewer) ([]Told, error) {
	keys, left, err := t.touched(ctx)
	if err != nil || len(keys) == 0 {
		return nil, err
	}
	r, q := t.reader, *t.queue
	run, end := r.begin(ctx, v)
	defer end()
	if run.plan, err = r.planned(ctx, run.sitting, v, "changes "+t.kind, func(c *compiler, p *plan) (err error) {
		p.stream, err = c.changed(q.item(t.kind, r.typeOf(q.Of)), q, asked(ctx))
		return err
	}); err != nil {
		return nil, err
	}
	at, err := run.stream(keys...)
	if err != nil {
		return nil, err
	}
	u := run.plan.stream
	places := map[int64]int{}
	for i := range at.Len() {
		places[at.Row(i)[u.object.key].Int()] = i
	}
	var next []Told
	for _, k := range keys {
		i, seen := places[k]
		if seen && (at.Row(i)[u.waiting].Int() == 1 || left[k]) {
			next = append(next, Told{Written: r.told(ctx, v, u.object, at, i)})
		}
	}
	return next, nil
}

// changed compiles the rows of a queue by their keys, whether or not they wait.
func (c *compiler) changed(item *Type, q queue, f graphql.CollectedField) (*unit, error) {
	u := c.unit
	u.root = c.newLevel(item)
	at := c.table(item)
	s := u.root.selector.From(at).Where(store.AmongKeys(at.C("id"), theKeys))
	rule, err := c.rule(item, at)
	if err != nil {
		return nil, err
	}
	if rule != nil {
		s.Where(rule)
	}
	u.waiting = u.root.column(at, Column{Expr: q.still}, c.look)
	if u.object, err = c.object(u.root, item, at, f.Selections); err != nil {
		return nil, err
	}
	return u.done(), u.root.words(c.dialect, s)
}

// touched is the rows of the queue's type that a step's events are about, each once, and which of them left where the queue waits. Documents of a loan
// come and go with its review, too. It shortens the step where there are many.
func (t *Trail) touched(ctx context.Context) (keys []int64, left map[int64]bool, err error) {
	d := sql.Dialect(t.reader.dialect)
	e := d.Table(event.Table)
	review := string(loan.StatusMaterialsReview)
	about := sql.EQ(e.C(event.FieldSubjectType), string(t.queue.Of))
	if t.queue.Of == key.KindDocument {
		about = sql.Or(about, sql.And(sql.EQ(e.C(event.FieldSubjectType), string(key.KindLoan)), sql.Or(sql.EQ(e.C("from_status"), review), sql.EQ(e.C("to_status"), review))))
	}
	query, args := d.Select(e.C(event.FieldPosition), e.C(event.FieldSubjectType), e.C(event.FieldSubjectID), e.C("from_status"), e.C("to_status")).From(e).
		Where(sql.And(sql.GT(e.C(event.FieldPosition), t.at), sql.LTE(e.C(event.FieldPosition), t.to), about)).OrderBy(sql.Asc(e.C(event.FieldPosition))).Limit(told).Query()
	rows, err := t.reader.store.Reader().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, nil, fmt.Errorf("read the trail: %w", err)
	}
	defer rows.Close()
	left = map[int64]bool{}
	add := func(k int64, leaves bool) {
		if !slices.Contains(keys, k) {
			keys = append(keys, k)
		}
		left[k] = left[k] || leaves
	}
	var loans []int64
	read, last := 0, int64(0)
	for rows.Next() {
		var kind string
		var id int64
		var from, to stdsql.NullString
		if err := rows.Scan(&last, &kind, &id, &from, &to); err != nil {
			return nil, nil, fmt.Errorf("read the trail: %w", err)
		}
		read++
		if kind != string(t.queue.Of) {
			loans = append(loans, id)
			continue
		}
		add(id, from.String == t.queue.Status && to.String != t.queue.Status)
	}
	if err := rows.Err(); err != nil {
		return nil, nil, fmt.Errorf("read the trail: %w", err)
	}
	if read == told {
		t.to = last
	}
	for _, l := range loans {
		if err := t.documents(ctx, l, add); err != nil {
			return nil, nil, err
		}
	}
	return keys, left, nil
}

// documents adds the documents of a loan that wait when it is reviewed.
func (t *Trail) documents(ctx context.Context, of int64, add func(int64, bool)) error {
	d := sql.Dialect(t.reader.dialect)
	x := d.Table(document.Table)
	query, args := d.Select(x.C("id")).From(x).Where(sql.And(sql.EQ(x.C(document.FieldSubjectType), string(key.KindLoan)),
		sql.EQ(x.C(document.FieldSubjectID), of), sql.EQ(x.C(document.FieldStatus), t.queue.Status))).OrderBy(sql.Asc(x.C("id"))).Query()
	rows, err := t.reader.store.Reader().QueryContext(ctx, query, args...)
	if err != nil {
		return fmt.Errorf("read a loan's documents: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return fmt.Errorf("read a loan's documents: %w", err)
		}
		add(id, true)
	}
	return rows.Err()
}
