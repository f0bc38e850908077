package demo

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"reflect"
	"slices"
	"time"

	"entgo.io/ent/dialect"

	"lenddesk/ent"
	"lenddesk/key"
)

// delivery is finished rows, each table after those that it refers to.
type delivery []parcel

// parcel is rows of one table: a slice of pointers to entities.
type parcel struct {
	*table
	rows reflect.Value
}

// full is how many rows may wait in the book.
const full = 40_000

// turn is between two stories: when many rows wait, it hands them over. No story changes a row of one before it.
func (b *book) turn() (goOn bool) {
	waiting := len(b.users) + len(b.cards) + len(b.attempts) + len(b.loans) + len(b.bids) + len(b.installments) + len(b.events) + len(b.reviews)
	if b.hand != nil && b.err == nil && waiting >= full {
		b.err = b.handOver()
	}
	return b.err == nil
}

// handOver gives all rows away but the events, which wait for the end to be put in the order of time.
func (b *book) handOver() error {
	var d delivery
	for _, e := range b.events {
		b.trail.keep(e)
	}
	b.events = nil
	d = put(d, companies, &b.companies)
	d = put(d, employees, &b.staff)
	d = put(d, employeeRoles, &b.staffRoles)
	d = put(d, customers, &b.users)
	d = put(d, cards, &b.cards)
	d = put(d, attempts, &b.attempts)
	d = put(d, loans, &b.loans)
	d = put(d, bids, &b.bids)
	d = put(d, installments, &b.installments)
	d = put(d, orders, &b.orders)
	d = put(d, repayments, &b.repayments)
	d = put(d, allocations, &b.allocations)
	d = put(d, requests, &b.requests)
	d = put(d, documents, &b.documents)
	d = put(d, reviews, &b.reviews)
	d = put(d, records, &b.records)
	d = put(d, messages, &b.messages)
	return b.hand(d)
}

func put[R any](d delivery, t *table, rows *[]*R) delivery {
	if len(*rows) > 0 {
		d = append(d, parcel{t, reflect.ValueOf(*rows)})
	}
	*rows = nil
	return d
}

// finish hands over what is left, and then the events: they get their keys in the order of time.
func (b *book) finish() error {
	if b.err != nil {
		return b.err
	}
	if err := b.handOver(); err != nil {
		return err
	}
	b.trail.sort()
	for part := range slices.Chunk(b.trail.events, full) {
		rows := make([]*ent.Event, len(part))
		for i, p := range part {
			rows[i] = b.trail.unpack(p)
			rows[i].ID = key.Event(b.take(key.KindEvent))
		}
		if err := b.hand(put(nil, events, &rows)); err != nil {
			return err
		}
	}
	return nil
}

// trail is events in little memory: a big book has millions.
type trail struct {
	events []packed
	words  []any // what events say, each once
	known  map[string]uint16
}

// packed is an event: numbers as they are, and what it says as places in the trail's words; 0 is nothing.
type packed struct {
	at, subject, user, actor int64
	order                    uint32
	subjectType, kind        uint16
	actorType, actorName     uint16
	from, to, reason         uint16
	changes                  uint16
}

func (t *trail) keep(e *ent.Event) {
	p := packed{
		at: e.At.UnixMicro(), subject: e.SubjectID, actor: e.ActorID, order: uint32(len(t.events)),
		subjectType: t.word(e.SubjectType), kind: t.word(e.Kind), actorType: t.word(e.ActorType), actorName: t.optional(e.ActorName),
		from: t.optional(e.From), to: t.optional(e.To), reason: t.optional(e.Reason),
	}
	if e.UserID != nil {
		p.user = int64(*e.UserID)
	}
	if len(e.Changes) > 0 {
		p.changes = t.place(fmt.Sprint(e.Changes), e.Changes)
	}
	t.events = append(t.events, p)
}

func (t *trail) word(s string) uint16 { return t.place(s, s) }

func (t *trail) optional(s *string) uint16 {
	if s == nil {
		return 0
	}
	return t.word(*s)
}

// place is where a word stands; its name tells it from others.
func (t *trail) place(name string, word any) uint16 {
	if at, ok := t.known[name]; ok {
		return at
	}
	if t.known == nil {
		t.known, t.words = map[string]uint16{}, []any{nil}
	}
	if len(t.words) > 1<<16-1 {
		panic("demo: events say more than can be counted")
	}
	t.known[name] = uint16(len(t.words))
	t.words = append(t.words, word)
	return t.known[name]
}

// sort puts the events in the order of time; of one moment, in the order in which they were told.
func (t *trail) sort() {
	slices.SortFunc(t.events, func(x, y packed) int {
		if x.at != y.at {
			return cmp.Compare(x.at, y.at)
		}
		return cmp.Compare(x.order, y.order)
	})
}

func (t *trail) unpack(p packed) *ent.Event {
	e := &ent.Event{
		At: time.UnixMicro(p.at).UTC(), SubjectID: p.subject, ActorID: p.actor, SubjectType: t.words[p.subjectType].(string), Kind: t.words[p.kind].(string),
		ActorType: t.words[p.actorType].(string), ActorName: t.said(p.actorName), From: t.said(p.from), To: t.said(p.to), Reason: t.said(p.reason),
	}
	if p.user != 0 {
		e.UserID = some(key.User(p.user))
	}
	if p.changes != 0 {
		e.Changes = t.words[p.changes].(map[string]any)
	}
	return e
}

func (t *trail) said(at uint16) *string {
	if at == 0 {
		return nil
	}
	s := t.words[at].(string)
	return &s
}

// writer is where rows go: a transaction, or one for millions of rows.
type writer interface {
	Insert(ctx context.Context, table string, columns []string, rows [][]any) error
}

// write stores a delivery and tells of each table's rows.
func write(ctx context.Context, w writer, d delivery, told func(*table, int)) error {
	for _, p := range d {
		rows, err := p.values(p.rows)
		if err != nil {
			return err
		}
		if err := w.Insert(ctx, p.name, p.columns, rows); err != nil {
			return err
		}
		told(p.table, len(rows))
	}
	return nil
}

// executor runs statements in the writer's transaction.
type executor interface {
	ExecContext(ctx context.Context, statement string, args ...any) (sql.Result, error)
}

// advance moves PostgreSQL's sequences behind the keys that the book has given; SQLite's follow by themselves.
func (b *book) advance(ctx context.Context, name string, e executor) error {
	if name != dialect.Postgres {
		return nil
	}
	for kind, table := range counted {
		if b.made(kind) == 0 {
			continue
		}
		statement := fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%s', 'id'), %d)", table.name, b.last[kind])
		if _, err := e.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("advance the keys of %s: %w", table.name, err)
		}
	}
	return nil
}
