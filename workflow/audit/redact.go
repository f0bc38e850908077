package audit

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"strings"

	"entgo.io/ent/dialect/sql"

	"lenddesk/ent"
	"lenddesk/ent/event"
	"lenddesk/ent/predicate"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
)

// Erasure is what was made unreadable in the trail: the event that says so has it in its changes, and so in its own seal. What a redacted event was sealed over is gone, so its seal cannot be made
// anew; the erasure vouches for how many they are, where they stand, their seals, and what is left of them.
type Erasure struct {
	Token  string // stands in every event that was redacted
	Events int
	Digest string
}

// Changes are the erasure as the event that vouches for it has it.
func (e Erasure) Changes() map[string]any {
	return map[string]any{"erasure": e.Token, "events": e.Events, "digest": e.Digest}
}

// vouches is the erasure that an event vouches for, if it does.
func vouches(e *ent.Event) (Erasure, bool) {
	token, ok := e.Changes["erasure"].(string)
	if !ok || e.Kind != lifecycle.Kind(lifecycle.EraseUser.Name) {
		return Erasure{}, false
	}
	n, _ := e.Changes["events"].(float64)
	digest, _ := e.Changes["digest"].(string)
	return Erasure{token, int(n), digest}, true
}

// tally is what an erasure is made of, event by event in the order of the chain.
type tally struct {
	hash  hash.Hash
	n     int
	first int64 // the place of the first
}

func newTally() *tally { return &tally{hash: sha256.New()} }

func (t *tally) add(e *ent.Event) error {
	left, err := seal(nil, *e.Position, e)
	if err != nil {
		return err
	}
	part(t.hash, e.Seal)
	part(t.hash, left)
	if t.n++; t.n == 1 {
		t.first = *e.Position
	}
	return nil
}

func (t *tally) erasure(token string) Erasure {
	return Erasure{token, t.n, hex.EncodeToString(t.hash.Sum(nil))}
}

// words are what may be said of a person in the changes of events about loans and bids, of which the rest stays.
var words = []string{"description", "name", "reason", "note", "holderName"}

// Redact makes what events say of customers in words unreadable: reasons, notes, what changed of them, where they came from. Who did what to which object, when, and from where to where it went stays, and so do
// the sums in events about loans and bids. Whoever calls it writes the erasure into the event of EraseUser, in the same transaction.
func Redact(ctx context.Context, tx *store.Tx, customers []key.User) (Erasure, error) {
	if err := tx.Alone(ctx, sealing); err != nil { // none is sealed meanwhile
		return Erasure{}, err
	}
	ids := make([]int64, len(customers))
	for i, c := range customers {
		ids[i] = int64(c)
	}
	events, err := tx.Event.Query().Where(
		event.KindNEQ(lifecycle.Kind(lifecycle.EraseUser.Name)), event.ErasureIsNil(),
		event.Or(event.UserIDIn(customers...), about(key.KindUser, ids), event.And(event.ActorType(string(key.KindUser)), event.ActorIDIn(ids...))),
	).Order(event.ByPosition(), event.ByID()).All(ctx)
	if err != nil {
		return Erasure{}, fmt.Errorf("read the trail of a customer: %w", err)
	}
	token, t := strings.ToLower(rand.Text())[:24], newTally()
	for _, e := range events {
		if err := redact(ctx, tx, e, token); err != nil {
			return Erasure{}, err
		}
		if e.Position == nil { // it will be sealed as it is now
			continue
		}
		if err := t.add(e); err != nil {
			return Erasure{}, err
		}
	}
	return t.erasure(token), nil
}

func about(kind key.Kind, ids []int64) predicate.Event {
	return event.And(event.SubjectType(string(kind)), event.SubjectIDIn(ids...))
}

// redact takes out of an event what says something of the customer.
func redact(ctx context.Context, tx *store.Tx, e *ent.Event, token string) error {
	u := sql.Dialect(tx.Dialect()).Update(event.Table).SetNull(event.FieldReason).SetNull("note")
	e.Reason, e.Note = nil, nil
	switch key.Kind(e.SubjectType) {
	case key.KindLoan, key.KindBid, key.KindRepayment, key.KindServiceRequest:
		for _, w := range words {
			delete(e.Changes, w)
		}
	default:
		e.Changes = nil
	}
	if len(e.Changes) == 0 {
		e.Changes = nil
		u.SetNull(event.FieldChanges)
	} else {
		told, err := json.Marshal(e.Changes)
		if err != nil {
			return fmt.Errorf("redact an event: %w", err)
		}
		u.Set(event.FieldChanges, json.RawMessage(told))
	}
	if e.ActorType == string(key.KindUser) || e.ActorType == "Anonymous" {
		u.SetNull(event.FieldAddress)
		e.Address = nil
	}
	if e.Position != nil {
		u.Set(event.FieldErasure, token)
	}
	query, args := u.Where(sql.EQ("id", int64(e.ID))).Query()
	if _, err := tx.SQL.ExecContext(ctx, query, args...); err != nil {
		return fmt.Errorf("redact an event: %w", err)
	}
	return nil
}
