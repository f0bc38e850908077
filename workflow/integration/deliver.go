package integration

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/riverqueue/river"

	"lenddesk/ent"
	"lenddesk/ent/webhook"
	"lenddesk/ent/webhookdelivery"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
)

// Follow enters a delivery for each webhook that asks for an event, in the transaction that gives the events their place.
func (o *Office) Follow(ctx context.Context, tx *store.Tx, events []*ent.Event) error {
	hooks, err := tx.Webhook.Query().Where(webhook.Active(true), webhook.DeletedAtIsNil()).Order(webhook.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("read the webhooks: %w", err)
	}
	for _, e := range events {
		for _, w := range hooks {
			if e.At.Before(w.CreatedAt) || len(w.Kinds) > 0 && !slices.Contains(w.Kinds, e.Kind) {
				continue
			}
			if _, err := o.deliver(ctx, tx, w.ID, &e.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

// deliver enters a delivery and queues it. No event: a test.
func (o *Office) deliver(ctx context.Context, tx *store.Tx, w key.Webhook, e *key.Event) (key.WebhookDelivery, error) {
	d, err := tx.WebhookDelivery.Create().SetWebhookID(w).SetNillableEventID(e).SetState(webhookdelivery.StateWaiting).Save(ctx)
	if err != nil {
		return 0, fmt.Errorf("enter a delivery: %w", err)
	}
	return d.ID, o.Queue.Enqueue(ctx, tx, Deliver{int64(d.ID)}, nil)
}

// Deliver is the job of sending a delivery.
type Deliver struct {
	Delivery int64 `json:"delivery"`
}

// Kind names the job in the queue.
func (Deliver) Kind() string { return "deliver_webhook" }

// tries is how often a delivery is sent before it is given up: for about a day.
const tries = 15

// InsertOpts has a delivery tried for about a day.
func (Deliver) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: tries} }

// The wait before a delivery is sent again; it doubles from the first to the last.
const (
	firstWait = 5 * time.Second
	lastWait  = 3 * time.Hour
)

// abreast is how many deliveries to one webhook a server has under way at once: one that hangs must not hold up the others' workers.
const abreast = 4

// busy is how long a delivery waits for its turn before it looks again.
const busy = time.Second

// Courier sends deliveries. It may run as often as one likes: what was taken is not sent again.
type Courier struct {
	river.WorkerDefaults[Deliver]
	Office *Office

	mu       sync.Mutex
	underWay map[key.Webhook]int
}

// Timeout is how long one try may take.
func (*Courier) Timeout(*river.Job[Deliver]) time.Duration { return 30 * time.Second }

// NextRetry waits ever longer, and never in step with others.
func (*Courier) NextRetry(job *river.Job[Deliver]) time.Time {
	wait := min(firstWait<<min(job.Attempt-1, 16), lastWait)
	return time.Now().Add(wait/2 + rand.N(wait))
}

// take takes one of the webhook's places.
func (c *Courier) take(w key.Webhook) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.underWay[w] >= abreast {
		return false
	}
	if c.underWay == nil {
		c.underWay = map[key.Webhook]int{}
	}
	c.underWay[w]++
	return true
}

func (c *Courier) give(w key.Webhook) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.underWay[w]--; c.underWay[w] == 0 {
		delete(c.underWay, w)
	}
}

// Work sends a delivery once.
func (c *Courier) Work(ctx context.Context, job *river.Job[Deliver]) error {
	d, err := c.Office.Store.Client().WebhookDelivery.Query().Where(webhookdelivery.ID(key.WebhookDelivery(job.Args.Delivery))).WithWebhook().WithEvent().Only(ctx)
	if err != nil {
		return fmt.Errorf("read a delivery: %w", err)
	}
	w := d.Edges.Webhook
	if d.State != webhookdelivery.StateWaiting {
		return nil
	}
	if w.DeletedAt != nil {
		return c.end(ctx, d, webhookdelivery.StateFailed, 0, "the webhook was deleted")
	}
	if !c.take(w.ID) {
		return river.JobSnooze(busy)
	}
	defer c.give(w.ID)
	secret, err := c.Office.Keys.Open(seal.WebhookSecret, w.Secret)
	if err != nil {
		return err
	}
	body, err := json.Marshal(c.Office.letter(d))
	if err != nil {
		return fmt.Errorf("write a delivery: %w", err)
	}
	status, failed := c.Office.Sender.Send(ctx, w.URL, secret, c.Office.IDs.Encode(key.KindWebhookDelivery, int64(d.ID)), body)
	switch {
	case failed == nil:
		return c.end(ctx, d, webhookdelivery.StateDelivered, status, "")
	case job.Attempt >= job.MaxAttempts:
		return c.end(ctx, d, webhookdelivery.StateFailed, status, failed.Error())
	}
	if err := c.note(ctx, d, status, failed.Error()); err != nil {
		return err
	}
	return failed
}

// note keeps what went wrong this time.
func (c *Courier) note(ctx context.Context, d *ent.WebhookDelivery, status int, why string) error {
	return c.Office.Store.InTx(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
		u := tx.WebhookDelivery.Update().Where(webhookdelivery.ID(d.ID), webhookdelivery.StateEQ(webhookdelivery.StateWaiting)).AddAttempts(1).SetError(why).ClearStatus()
		if status != 0 {
			u.SetStatus(status)
		}
		return u.Exec(ctx)
	})
}

// end keeps what became of a delivery.
func (c *Courier) end(ctx context.Context, d *ent.WebhookDelivery, state webhookdelivery.State, status int, why string) error {
	return c.Office.Store.InTx(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
		u := tx.WebhookDelivery.Update().Where(webhookdelivery.ID(d.ID), webhookdelivery.StateEQ(webhookdelivery.StateWaiting)).
			AddAttempts(1).SetState(state).SetFinishedAt(lifecycle.Now()).ClearError().ClearStatus()
		if status != 0 {
			u.SetStatus(status)
		}
		if why != "" {
			u.SetError(why)
		}
		return u.Exec(ctx)
	})
}

// letter is what is sent: ids, and no personal data.
type letter struct {
	Delivery string  `json:"delivery"`
	Kind     string  `json:"kind"` // the event's, or TEST
	Event    *string `json:"event"`
	Position *int64  `json:"position"` // in the order of commits
	Subject  *struct {
		Type string `json:"type"`
		ID   string `json:"id"`
	} `json:"subject"`
	From *string    `json:"from"`
	To   *string    `json:"to"`
	At   *time.Time `json:"at"`
}

func (o *Office) letter(d *ent.WebhookDelivery) letter {
	l := letter{Delivery: o.IDs.Encode(key.KindWebhookDelivery, int64(d.ID)), Kind: "TEST"}
	e := d.Edges.Event
	if e == nil {
		return l
	}
	id := o.IDs.Encode(key.KindEvent, int64(e.ID))
	l.Event, l.Kind, l.Position, l.From, l.To, l.At = &id, e.Kind, e.Position, e.From, e.To, &e.At
	if kind := key.Kind(e.SubjectType); kind.HasID() {
		l.Subject = &struct {
			Type string `json:"type"`
			ID   string `json:"id"`
		}{e.SubjectType, o.IDs.Encode(kind, e.SubjectID)}
	}
	return l
}
