package administration

import (
	"context"
	"fmt"
	"time"

	"lenddesk/access"
	"lenddesk/ent/apikey"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// CreateAPIKeyInput says what a key is for, what it may do and how long.
type CreateAPIKeyInput struct {
	Name      *string
	RoleIDs   []string
	ExpiresAt *string // RFC 3339
}

// NewAPIKey is a fresh key: its token is told this once.
type NewAPIKey struct {
	ID    key.APIKey
	Token string
}

// CreateAPIKey makes a key for a script or an outer system. It returns INVALID at roleIds.i for a role that reviews, and NOT_ELIGIBLE for one that
// holds what the viewer does not.
func (o *Office) CreateAPIKey(ctx context.Context, in CreateAPIKeyInput) (NewAPIKey, error) {
	me := access.From(ctx)
	if err := access.Require(me, access.ManageAPIKeys); err != nil {
		return NewAPIKey{}, err
	}
	var faults fault.List
	name := needed(&faults, in.Name, 100, "name")
	var expires *time.Time
	if in.ExpiresAt != nil {
		at := ahead(&faults, *in.ExpiresAt, "expiresAt")
		expires = &at
	}
	token, hash := access.NewAPIKey()
	var made key.APIKey
	err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Alone(ctx, holding); err != nil {
			return err
		}
		roles, err := o.roles(ctx, tx, in.RoleIDs, nil, access.Reviews, &faults)
		if err != nil {
			return err
		}
		if in.RoleIDs != nil && len(in.RoleIDs) == 0 {
			faults.Add(fault.Problem{Code: fault.Required}, "roleIds")
		}
		if err := faults.Err(); err != nil {
			return err
		}
		create := tx.APIKey.Create().SetName(name).SetTokenHash(hash).SetNillableExpiresAt(expires).AddRoleIDs(roles...)
		if me.Staff != 0 {
			create.SetCreatedByID(me.Staff)
		}
		k, err := create.Save(ctx)
		if err != nil {
			return fmt.Errorf("make API key: %w", err)
		}
		made = k.ID
		return lifecycle.Record(ctx, tx, "createApiKey", key.KindAPIKey, int64(k.ID), 0, lifecycle.Said{Changes: changed("name", nil, name)})
	})
	return NewAPIKey{made, token}, err
}

// RevokeAPIKeyInput names a key.
type RevokeAPIKeyInput struct{ APIKeyID string }

// RevokeAPIKey stops a key at once and for good.
func (o *Office) RevokeAPIKey(ctx context.Context, in RevokeAPIKeyInput) (key.APIKey, error) {
	if err := access.Require(access.From(ctx), access.ManageAPIKeys); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.APIKey, error) {
		k, err := access.Find[key.APIKey](ctx, tx, o.IDs, key.KindAPIKey, apikey.Table, in.APIKeyID, "apiKeyId")
		if err != nil {
			return 0, err
		}
		n, err := tx.APIKey.Update().Where(apikey.ID(k), apikey.RevokedAtIsNil()).SetRevokedAt(lifecycle.Now()).Save(ctx)
		if err != nil {
			return 0, fmt.Errorf("revoke API key: %w", err)
		}
		if n == 0 {
			return 0, fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "key_revoked"})
		}
		return k, lifecycle.Record(ctx, tx, "revokeApiKey", key.KindAPIKey, int64(k), 0, lifecycle.Said{})
	})
}
