package reviewing

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	entsql "entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/claim"
	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// ClaimInput names something that waits in a queue.
type ClaimInput struct {
	SubjectID string
	Step      *string
}

// Item is a place in a queue.
type Item struct {
	Step    review.Step
	Subject int64

	since time.Time // when it began to wait as it does
}

// Claim says that the caller is at work on something, for CLAIM_LIFETIME; claiming again begins anew. It advises: others may decide all the same. It returns REQUIRED at step;
// NOT_FOUND at subjectId; NOT_ALLOWED_NOW for what does not wait there; CONFLICT while a colleague has claimed it.
func (o *Office) Claim(ctx context.Context, in ClaimInput) (Item, error) {
	return o.hold(ctx, in, func(ctx context.Context, tx *store.Tx, of lifecycle.Queue, i Item, held *ent.Claim) error {
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		now := lifecycle.Now()
		if held != nil && held.StaffID != access.From(ctx).Staff && held.ExpiresAt.After(now) && !held.CreatedAt.Before(i.since) {
			return fault.Refuse(fault.Problem{Code: fault.Conflict, Text: "claimed_by_other"})
		}
		if held != nil {
			if _, err := tx.Claim.Delete().Where(claim.ID(held.ID)).Exec(ctx); err != nil {
				return fmt.Errorf("renew a claim: %w", err)
			}
		}
		if err := tx.Claim.Create().SetSubjectType(string(of.Of)).SetSubjectID(i.Subject).SetStep(claim.Step(i.Step)).SetStaffID(access.From(ctx).Staff).
			SetExpiresAt(now.Add(values.Duration(parameter.ClaimLifetime))).Exec(ctx); err != nil {
			return fmt.Errorf("claim: %w", err)
		}
		return told(ctx, tx, "claimReview", of, i)
	})
}

// Release ends the caller's claim. It returns REQUIRED at step; NOT_FOUND at subjectId; NOT_ALLOWED_NOW for what the caller has not claimed, or does not wait there any more.
func (o *Office) Release(ctx context.Context, in ClaimInput) (Item, error) {
	return o.hold(ctx, in, func(ctx context.Context, tx *store.Tx, of lifecycle.Queue, i Item, held *ent.Claim) error {
		if held == nil || held.StaffID != access.From(ctx).Staff || !held.ExpiresAt.After(lifecycle.Now()) {
			return fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "not_claimed"})
		}
		if _, err := tx.Claim.Delete().Where(claim.ID(held.ID)).Exec(ctx); err != nil {
			return fmt.Errorf("release a claim: %w", err)
		}
		return told(ctx, tx, "releaseReview", of, i)
	})
}

// told adds the event by which others hear of it. It stands in no customer's story: who looks at what is the platform's own affair.
func told(ctx context.Context, tx *store.Tx, what string, of lifecycle.Queue, i Item) error {
	return lifecycle.Record(ctx, tx, what, of.Of, i.Subject, 0, lifecycle.Said{Changes: map[string]any{"step": string(i.Step)}})
}

// claiming is the number under which one transaction at a time looks who has claimed what.
const claiming = 0x6c64_6465_736b_0003

// hold finds what is claimed and by whom, and does with it.
func (o *Office) hold(ctx context.Context, in ClaimInput, do func(context.Context, *store.Tx, lifecycle.Queue, Item, *ent.Claim) error) (Item, error) {
	me := access.From(ctx)
	if !me.Somebody() {
		return Item{}, fault.Deny(fault.Unauthenticated, "Sign in first.")
	}
	if me.Staff == 0 {
		return Item{}, fault.Deny(fault.Forbidden, "Reviews are people's of the platform.")
	}
	step := review.Step(workflow.Value(in.Step))
	of, known := lifecycle.Queues[step]
	if !known {
		return Item{}, fault.Refuse(fault.Problem{Code: fault.Required}, "step")
	}
	if err := access.Require(me, of.Permission); err != nil {
		return Item{}, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (Item, error) {
		id, err := access.Find[key.Claim](ctx, tx, o.IDs, of.Of, of.Table(), in.SubjectID, "subjectId")
		if err != nil {
			return Item{}, err
		}
		i := Item{Step: step, Subject: int64(id)}
		if err := tx.Alone(ctx, claiming); err != nil {
			return i, err
		}
		if i.since, err = waiting(ctx, tx, of, i.Subject); err != nil {
			return i, err
		}
		held, err := tx.Claim.Query().Where(claim.SubjectType(string(of.Of)), claim.SubjectID(i.Subject), claim.StepEQ(claim.Step(step))).Only(ctx)
		if ent.IsNotFound(err) {
			held = nil
		} else if err != nil {
			return i, fmt.Errorf("look for a claim: %w", err)
		}
		return i, do(ctx, tx, of, i, held)
	})
}

// waiting is since when something waits in its queue. It returns NOT_ALLOWED_NOW for what does not.
func waiting(ctx context.Context, tx *store.Tx, of lifecycle.Queue, id int64) (since time.Time, err error) {
	t := entsql.Dialect(tx.Dialect()).Table(of.Table())
	query, args := entsql.Dialect(tx.Dialect()).Select(t.C("status_since")).From(t).
		Where(entsql.And(entsql.EQ(t.C("id"), id), entsql.EQ(t.C("status"), of.Status))).Query()
	err = tx.SQL.QueryRowContext(ctx, query, args...).Scan(&since)
	if errors.Is(err, sql.ErrNoRows) {
		return since, fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "not_waiting"})
	}
	if err != nil {
		return since, fmt.Errorf("look into the queue: %w", err)
	}
	return since, nil
}
