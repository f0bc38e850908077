package integration

import (
	"context"
	"crypto/rand"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/webhook"
	"lenddesk/ent/webhookdelivery"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Office does the verbs of webhooks.
type Office struct {
	*workflow.Desk
	Sender Sender
}

// Sender sends a message to an address; *webhook.Sender does.
type Sender interface {
	Check(address string) error
	Send(ctx context.Context, address, secret, id string, body []byte) (status int, err error)
}

// CreateWebhookInput is an address, and which kinds of events it is told of.
type CreateWebhookInput struct {
	URL   *string
	Kinds []string
}

// NewWebhook is a fresh webhook: its signing key is told this once.
type NewWebhook struct {
	ID         key.Webhook
	SigningKey string
}

// CreateWebhook enters an address that is told of events from now on. It returns REQUIRED, INVALID, TOO_LONG at url, INVALID at kinds.i.
func (o *Office) CreateWebhook(ctx context.Context, in CreateWebhookInput) (NewWebhook, error) {
	me := access.From(ctx)
	if err := access.Require(me, access.ManageWebhooks); err != nil {
		return NewWebhook{}, err
	}
	var faults fault.List
	address, kinds := o.address(&faults, in.URL), checkKinds(&faults, in.Kinds)
	if err := faults.Err(); err != nil {
		return NewWebhook{}, err
	}
	secret := "lds_hook_" + rand.Text()
	sealed, err := o.Keys.Seal(seal.WebhookSecret, secret)
	if err != nil {
		return NewWebhook{}, err
	}
	var made key.Webhook
	err = o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		create := tx.Webhook.Create().SetURL(address).SetKinds(kinds).SetSecret(sealed)
		if me.Staff != 0 {
			create.SetCreatedByID(me.Staff)
		}
		w, err := create.Save(ctx)
		if err != nil {
			return fmt.Errorf("enter a webhook: %w", err)
		}
		made = w.ID
		return o.record(ctx, tx, "createWebhook", w.ID, map[string]any{"kinds": change(nil, kinds)})
	})
	return NewWebhook{made, secret}, err
}

func (o *Office) record(ctx context.Context, tx *store.Tx, what string, w key.Webhook, changes map[string]any) error {
	return lifecycle.Record(ctx, tx, what, key.KindWebhook, int64(w), 0, lifecycle.Said{Changes: changes})
}

func change(from, to any) map[string]any { return map[string]any{"from": from, "to": to} }

func (o *Office) address(faults *fault.List, s *string) string {
	address := strings.TrimSpace(workflow.Value(s))
	switch {
	case address == "":
		faults.Add(fault.Problem{Code: fault.Required}, "url")
	case len(address) > 500:
		faults.Add(fault.Problem{Code: fault.TooLong, Text: "too_long", Data: map[string]any{"maximum": 500}}, "url")
	case o.Sender.Check(address) != nil:
		faults.Add(fault.Problem{Code: fault.Invalid, Text: "webhook_url"}, "url")
	}
	return address
}

// aKind is how kinds of events are written.
var aKind = regexp.MustCompile(`^[A-Z][A-Z_]{0,63}$`)

func checkKinds(faults *fault.List, kinds []string) []string {
	for i, k := range kinds {
		if !aKind.MatchString(k) || slices.Index(kinds, k) < i {
			faults.Add(fault.Problem{Code: fault.Invalid}, "kinds", strconv.Itoa(i))
		}
	}
	if kinds == nil {
		return []string{}
	}
	return kinds
}

// UpdateWebhookInput changes what is given.
type UpdateWebhookInput struct {
	WebhookID       string
	URL             *string
	Kinds           []string
	Active          *bool
	ExpectedVersion *int
}

// UpdateWebhook changes an address, which kinds it is told of, or whether it is. It returns what CreateWebhook does, and NOT_FOUND, CONFLICT.
func (o *Office) UpdateWebhook(ctx context.Context, in UpdateWebhookInput) (key.Webhook, error) {
	if err := access.Require(access.From(ctx), access.ManageWebhooks); err != nil {
		return 0, err
	}
	var faults fault.List
	address, kinds := "", checkKinds(&faults, in.Kinds)
	if in.URL != nil {
		address = o.address(&faults, in.URL)
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Webhook, error) {
		w, err := o.webhook(ctx, tx, in.WebhookID)
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		if in.ExpectedVersion != nil && *in.ExpectedVersion != w.Version {
			return 0, fault.Refuse(fault.Problem{Code: fault.Conflict, Text: "expected_version"}, "expectedVersion")
		}
		changes, u := map[string]any{}, tx.Webhook.Update().Where(webhook.ID(w.ID), webhook.Version(w.Version)).AddVersion(1)
		if in.URL != nil && address != w.URL {
			changes["url"] = change("…", "…") // it may hold what the other side takes for a secret
			u.SetURL(address)
		}
		if in.Kinds != nil && !slices.Equal(kinds, w.Kinds) {
			changes["kinds"] = change(w.Kinds, kinds)
			u.SetKinds(kinds)
		}
		if in.Active != nil && *in.Active != w.Active {
			changes["active"] = change(w.Active, *in.Active)
			u.SetActive(*in.Active)
		}
		if len(changes) == 0 {
			return w.ID, nil
		}
		if n, err := u.Save(ctx); err != nil {
			return 0, fmt.Errorf("change a webhook: %w", err)
		} else if n == 0 {
			return 0, fault.Refuse(fault.Problem{Code: fault.Conflict})
		}
		return w.ID, o.record(ctx, tx, "updateWebhook", w.ID, changes)
	})
}

// webhook takes the webhook that an input names. It returns NOT_FOUND.
func (o *Office) webhook(ctx context.Context, tx *store.Tx, id string) (*ent.Webhook, error) {
	k, err := access.Find[key.Webhook](ctx, tx, o.IDs, key.KindWebhook, webhook.Table, id, "webhookId")
	if err != nil {
		return nil, err
	}
	w, err := tx.Webhook.Get(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("read a webhook: %w", err)
	}
	return w, nil
}

// WebhookInput names a webhook.
type WebhookInput struct{ WebhookID string }

// DeleteWebhook ends a webhook for good: nothing more is sent. It returns NOT_FOUND, also for one that is deleted.
func (o *Office) DeleteWebhook(ctx context.Context, in WebhookInput) (key.Webhook, error) {
	if err := access.Require(access.From(ctx), access.ManageWebhooks); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Webhook, error) {
		w, err := o.webhook(ctx, tx, in.WebhookID)
		if err != nil {
			return 0, err
		}
		n, err := tx.Webhook.Update().Where(webhook.ID(w.ID), webhook.DeletedAtIsNil()).SetActive(false).SetDeletedAt(lifecycle.Now()).AddVersion(1).Save(ctx)
		if err != nil {
			return 0, fmt.Errorf("delete a webhook: %w", err)
		}
		if n == 0 {
			return 0, fault.Refuse(fault.Problem{Code: fault.Conflict})
		}
		return w.ID, o.record(ctx, tx, "deleteWebhook", w.ID, nil)
	})
}

// TestWebhook sends a test, whether the webhook is active or not.
func (o *Office) TestWebhook(ctx context.Context, in WebhookInput) (key.Webhook, error) {
	if err := access.Require(access.From(ctx), access.ManageWebhooks); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Webhook, error) {
		w, err := o.webhook(ctx, tx, in.WebhookID)
		if err != nil {
			return 0, err
		}
		_, err = o.deliver(ctx, tx, w.ID, nil)
		return w.ID, err
	})
}

// RedeliverInput names a delivery.
type RedeliverInput struct{ WebhookDeliveryID string }

// Redeliver sends what was sent, or could not be, again: another delivery of the same event. It returns NOT_FOUND; NOT_ALLOWED_NOW while that one still waits, or
// when its webhook is deleted.
func (o *Office) Redeliver(ctx context.Context, in RedeliverInput) (key.WebhookDelivery, error) {
	if err := access.Require(access.From(ctx), access.ManageWebhooks); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.WebhookDelivery, error) {
		k, err := access.Find[key.WebhookDelivery](ctx, tx, o.IDs, key.KindWebhookDelivery, webhookdelivery.Table, in.WebhookDeliveryID, "webhookDeliveryId")
		if err != nil {
			return 0, err
		}
		d, err := tx.WebhookDelivery.Query().Where(webhookdelivery.ID(k)).WithWebhook().Only(ctx)
		if err != nil {
			return 0, fmt.Errorf("read a delivery: %w", err)
		}
		if d.State == webhookdelivery.StateWaiting || d.Edges.Webhook.DeletedAt != nil {
			return 0, fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "delivery_waits"})
		}
		return o.deliver(ctx, tx, d.WebhookID, d.EventID)
	})
}
