package workflow

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"lenddesk/ent"
	"lenddesk/ent/idempotency"
	"lenddesk/fault"
	"lenddesk/store"
)

// Try is a mutation asked for under a caller's key: the same key by the same caller with the same input has one effect, however often it is sent.
type Try struct {
	Scope    string // whose key it is
	Key      string
	Mutation string
	Input    string // a keyed hash of the input
}

type trySeat struct{}

// Trying says that what the context leads to is asked for under a key.
func Trying(ctx context.Context, t Try) context.Context { return context.WithValue(ctx, trySeat{}, t) }

// errTwin says that a twin of this request, under the same key, was faster.
var errTwin = errors.New("the same request is being done")

// Effect is the transaction in which a verb takes effect. Under a key the outcome is stored in it: if the effect is there, so is the outcome, and
// a refusal leaves neither. A twin at the same time waits for it and then finds the outcome.
func Effect[O any](ctx context.Context, d *Desk, f func(context.Context, *store.Tx) (O, error)) (O, error) {
	var outcome O
	t, repeatable := ctx.Value(trySeat{}).(Try)
	err := d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if !repeatable {
			outcome, err = f(ctx, tx)
			return err
		}
		kept, err := tx.Idempotency.Create().SetScope(t.Scope).SetKey(t.Key).SetMutation(t.Mutation).SetInputHash(t.Input).SetOutcome([]byte("null")).Save(ctx)
		if _, twin := store.UniqueViolation(err); twin {
			return errTwin
		}
		if err != nil {
			return fmt.Errorf("keep the key: %w", err)
		}
		if outcome, err = f(ctx, tx); err != nil {
			return err
		}
		told, err := json.Marshal(outcome)
		if err != nil {
			return fmt.Errorf("keep the outcome: %w", err)
		}
		return tx.Idempotency.UpdateOneID(kept.ID).SetOutcome(told).Exec(ctx)
	})
	return outcome, err
}

// Once calls a verb, or tells what it told the first time under the same key. It returns IDEMPOTENCY_CONFLICT when the key was used with another
// input.
func Once[I, O any](ctx context.Context, d *Desk, verb func(context.Context, I) (O, error), in I) (O, error) {
	t, repeatable := ctx.Value(trySeat{}).(Try)
	if !repeatable {
		return verb(ctx, in)
	}
	if first, done, err := told[O](ctx, d, t); done || err != nil {
		return first, err
	}
	outcome, err := verb(ctx, in)
	if err == nil {
		return outcome, nil
	}
	// A twin may have been faster: what refused this one is then the twin's own effect.
	if first, done, again := told[O](context.WithoutCancel(ctx), d, t); done || again != nil {
		return first, again
	}
	return outcome, err
}

// told is the outcome stored under the key, if there is one.
func told[O any](ctx context.Context, d *Desk, t Try) (outcome O, done bool, err error) {
	err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		kept, err := tx.Idempotency.Query().Where(idempotency.Scope(t.Scope), idempotency.Key(t.Key)).Only(ctx)
		if ent.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("look for an earlier try: %w", err)
		}
		done = true
		if kept.Mutation != t.Mutation || kept.InputHash != t.Input {
			return fault.Refuse(fault.Problem{Code: fault.IdempotencyConflict})
		}
		if err := json.Unmarshal(kept.Outcome, &outcome); err != nil {
			return fmt.Errorf("read an earlier outcome: %w", err)
		}
		return nil
	})
	return outcome, done, err
}
