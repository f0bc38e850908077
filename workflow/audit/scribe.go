package audit

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"lenddesk/ent"
	"lenddesk/ent/event"
	"lenddesk/store"
	"lenddesk/workflow"
)

const (
	batch   = 1000                  // events sealed in one transaction: on SQLite nobody else writes meanwhile
	pause   = 50 * time.Millisecond // between two looks, so that sealing takes a small part of the writer's time
	look    = time.Second           // between two looks when nobody said that something was committed
	sealing = 0x6c64_6465_736b_0004 // the number under which one transaction at a time seals
)

// Scribe seals events.
type Scribe struct {
	*workflow.Desk
	Log *slog.Logger
	// Follow queues what follows from events, in the transaction that gives them their place.
	Follow func(ctx context.Context, tx *store.Tx, events []*ent.Event) error
	// Told is called after events have got their place.
	Told func()
}

// Run seals what is committed, until ctx ends.
func (s *Scribe) Run(ctx context.Context) {
	failing := false
	for ctx.Err() == nil {
		n, err := s.Seal(ctx)
		if err != nil && ctx.Err() == nil && !failing { // once, not every time
			s.Log.Error("events are not sealed", "error", err)
		}
		failing = err != nil
		if n == batch {
			continue
		}
		select { // let a few commits gather
		case <-ctx.Done():
		case <-time.After(pause):
		}
		select {
		case <-ctx.Done():
		case <-s.Store.Committed():
		case <-time.After(look):
		}
	}
}

// Seal seals the next events, and tells how many there were.
func (s *Scribe) Seal(ctx context.Context) (n int, err error) {
	// A look before the transaction, which would hold up whoever writes: mostly there is nothing to do.
	var waiting int64
	err = s.Store.Reader().QueryRowContext(ctx, "SELECT id FROM events WHERE position IS NULL ORDER BY id LIMIT 1").Scan(&waiting)
	if errors.Is(err, stdsql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("look for events to be sealed: %w", err)
	}
	err = s.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Alone(ctx, sealing); err != nil {
			return err
		}
		events, err := tx.Event.Query().Where(event.PositionIsNil()).Order(event.ByID()).Limit(batch).All(ctx)
		if err != nil {
			return fmt.Errorf("read events to be sealed: %w", err)
		}
		if n = len(events); n == 0 { // another server was faster
			return nil
		}
		if err := s.seal(ctx, tx, events); err != nil {
			return err
		}
		if s.Follow != nil {
			return s.Follow(ctx, tx, events)
		}
		return nil
	})
	if err == nil && n > 0 && s.Told != nil {
		s.Told()
	}
	return n, err
}

// seal gives events the places after the last one.
func (s *Scribe) seal(ctx context.Context, tx *store.Tx, events []*ent.Event) error {
	last, err := tx.Event.Query().Where(event.PositionNotNil()).Order(event.ByPosition(sql.OrderDesc())).First(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return fmt.Errorf("read the last sealed event: %w", err)
	}
	var position int64
	var before []byte
	if last != nil {
		position, before = *last.Position, last.Seal
	}
	ids, positions, seals := make([]int64, len(events)), make([]int64, len(events)), make([][]byte, len(events))
	for i, e := range events {
		position++
		if before, err = seal(before, position, e); err != nil {
			return err
		}
		ids[i], positions[i], seals[i] = int64(e.ID), position, before
		e.Position, e.Seal = &positions[i], before
	}
	if tx.Dialect() == dialect.Postgres {
		_, err := tx.SQL.ExecContext(ctx, `UPDATE events SET position = s.position, seal = s.seal
			FROM unnest($1::bigint[], $2::bigint[], $3::bytea[]) AS s(id, position, seal) WHERE events.id = s.id`, ids, positions, seals)
		if err != nil {
			return fmt.Errorf("seal events: %w", err)
		}
		return tx.Notify(ctx, Channel)
	}
	statement, err := tx.SQL.PrepareContext(ctx, "UPDATE events SET position = ?, seal = ? WHERE id = ?")
	if err != nil {
		return fmt.Errorf("seal events: %w", err)
	}
	defer statement.Close()
	for i := range events {
		if _, err := statement.ExecContext(ctx, positions[i], seals[i], ids[i]); err != nil {
			return fmt.Errorf("seal events: %w", err)
		}
	}
	return nil
}

// Channel is where servers on one PostgreSQL tell each other that events have got their place.
const Channel = "lenddesk_events"
