package lifecycle

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/key"
	"lenddesk/store"
)

// Now is the time as it is stored: UTC, cut to microseconds.
func Now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// happening is what an event tells.
type happening struct {
	move     string
	kind     key.Kind
	id       int64
	owner    key.User
	from, to string
	said     Said
	at       time.Time
}

// Record adds the event of something that is no move of a lifecycle, such as a sign-in or a changed password.
func Record(ctx context.Context, tx *store.Tx, what string, kind key.Kind, id int64, owner key.User, said Said) error {
	return record(ctx, tx, happening{move: what, kind: kind, id: id, owner: owner, said: said, at: Now()})
}

// WriteMessage is what the event of a mail to a customer is called, by whom it is written, whoever caused it.
const (
	WriteMessage = "writeMessage"
	Mailer       = "mailer"
)

// RecordMessage adds the event of a mail to a customer, with the state in which it begins; how its delivery goes on stands in the message.
func RecordMessage(ctx context.Context, tx *store.Tx, m *ent.Message) error {
	return record(access.AsSystem(ctx, Mailer), tx, happening{move: WriteMessage, kind: key.KindMessage, id: int64(m.ID), owner: *m.UserID, to: string(m.State), at: m.CreatedAt})
}

func record(ctx context.Context, tx *store.Tx, h happening) error {
	if err := written(ctx, tx, h).Exec(ctx); err != nil {
		return fmt.Errorf("record %s: %w", h.move, err)
	}
	return nil
}

// written is the one place that says what stands in an Event.
func written(ctx context.Context, tx *store.Tx, h happening) *ent.EventCreate {
	viewer := access.From(ctx)
	actor, id, name := viewer.Actor()
	create := tx.Event.Create().
		SetKind(Kind(h.move)).SetSubjectType(string(h.kind)).SetSubjectID(h.id).
		SetActorType(actor).SetActorID(id).SetNillableActorName(some(name)).
		SetNillableFrom(some(h.from)).SetNillableTo(some(h.to)).
		SetNillableReason(some(h.said.Reason)).SetNillableNote(some(h.said.Note)).
		SetNillableAddress(some(viewer.Address)).SetNillableRequestID(some(viewer.RequestID)).
		SetAt(h.at)
	if h.owner != 0 {
		create.SetUserID(h.owner)
	}
	if len(h.said.Changes) > 0 {
		create.SetChanges(h.said.Changes)
	}
	return create
}

// Kind is the kind of a move's event: its name in SCREAMING_SNAKE_CASE.
func Kind(move string) string {
	var b strings.Builder
	for i, r := range move {
		if unicode.IsUpper(r) && i > 0 {
			b.WriteByte('_')
		}
		b.WriteRune(unicode.ToUpper(r))
	}
	return b.String()
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
