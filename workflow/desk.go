package workflow

import (
	"context"
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/jobs"
	"lenddesk/key"
	"lenddesk/lifecycle"
	parameters "lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
)

// Desk is what the offices work with.
type Desk struct {
	Store     *store.Store
	Queue     *jobs.Queue
	Keys      *seal.Keys
	IDs       *key.Codec
	Passwords *Passwords
	Mails     bool // mail is sent; else it is only kept
}

// Parameters are the values in force now.
func (d *Desk) Parameters(ctx context.Context, tx *store.Tx) (parameters.Values, error) {
	return d.ParametersAt(ctx, tx, lifecycle.Now())
}

// ParametersAt are the values that were, are, or will be in force at a moment.
func (d *Desk) ParametersAt(ctx context.Context, tx *store.Tx, moment time.Time) (parameters.Values, error) {
	return lifecycle.LoadParameters(ctx, tx.SQL, tx.Dialect(), moment)
}

// User takes the user that an input names, as the viewer may see it. It returns NOT_FOUND at the field.
func (d *Desk) User(ctx context.Context, tx *store.Tx, id, field string) (*ent.User, error) {
	k, err := access.Find[key.User](ctx, tx, d.IDs, key.KindUser, user.Table, id, field)
	if err != nil {
		return nil, err
	}
	return d.Myself(ctx, tx, k)
}

// Myself reads a user by the key that a session or another row gave.
func (d *Desk) Myself(ctx context.Context, tx *store.Tx, k key.User) (*ent.User, error) {
	u, err := tx.User.Get(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("read user: %w", err)
	}
	return u, nil
}

// Person is a user as a move's object.
func Person(u *ent.User) lifecycle.Object[user.Status] {
	return lifecycle.Object[user.Status]{ID: int64(u.ID), Status: u.Status, Version: u.Version, Owner: u.ID}
}

// The longest reason and note.
const (
	MaxReason = 1000
	MaxNote   = 2000
)

// Reason checks a reason that is told to a customer: it must be there.
func Reason(faults *fault.List, reason *string) string {
	said := Text(faults, reason, MaxReason, "reason")
	if said == "" {
		faults.Add(fault.Problem{Code: fault.Required, Text: "reason_required"}, "reason")
	}
	return said
}

// Text trims an optional text and checks its length in characters, and that it has no U+0000, which no database row can have; null is the empty text.
func Text(faults *fault.List, s *string, maximum int, field ...string) string {
	if s == nil {
		return ""
	}
	said := strings.TrimSpace(*s)
	if strings.ContainsRune(said, 0) {
		faults.Add(fault.Problem{Code: fault.Invalid}, field...)
	}
	if utf8.RuneCountInString(said) > maximum {
		faults.Add(fault.Problem{Code: fault.TooLong, Text: "too_long", Data: map[string]any{"maximum": maximum}}, field...)
	}
	return said
}

// Gather keeps faults to be told together with the others, and hands on what is none.
func Gather(faults *fault.List, err error) error {
	if found, ok := fault.Find(err); ok {
		*faults = append(*faults, found...)
		return nil
	}
	return err
}

// Hide seals a value and hashes it for look-ups.
func (d *Desk) Hide(what seal.Purpose, value string) (sealed seal.Sealed, hash string, err error) {
	if sealed, err = d.Keys.Seal(what, value); err != nil {
		return nil, "", err
	}
	hash, err = d.Keys.Hash(what, value)
	return sealed, hash, err
}

// Value is an optional text of an input, "" for null.
func Value(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}
