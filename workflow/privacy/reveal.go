package privacy

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/gateway/blob"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Office does the verbs of personal data.
type Office struct {
	*workflow.Desk
	Files *blob.Store // of documents and exports, sealed
}

// RevealInput names a value, and says why it must be seen.
type RevealInput struct {
	ID     string
	Field  *string
	Reason *string
}

// value is a sealed value, and whose it is.
type value struct {
	sealed seal.Sealed
	what   seal.Purpose
	owner  key.User
}

// ofUser and ofCard are the values that can be shown, by the field's name in the input.
var (
	ofUser = map[string]func(*ent.User) value{
		"phone":      func(u *ent.User) value { return value{u.Phone, seal.Phone, u.ID} },
		"nationalId": func(u *ent.User) value { return value{u.NationalID, seal.NationalID, u.ID} },
	}
	ofCard = map[string]func(*ent.BankCard) value{
		"number":     func(c *ent.BankCard) value { return value{c.Number, seal.CardNumber, c.UserID} },
		"phone":      func(c *ent.BankCard) value { return value{c.Phone, seal.Phone, c.UserID} },
		"nationalId": func(c *ent.BankCard) value { return value{c.NationalID, seal.NationalID, c.UserID} },
	}
)

// Reveal shows one value of a customer or a bank card in full, and notes in the trail that it did, to whom and why. It returns REQUIRED, TOO_LONG at reason; REQUIRED,
// INVALID at field; NOT_FOUND at id for what is no customer and no card, or hidden; NOT_FOUND at field when there is no such value.
func (o *Office) Reveal(ctx context.Context, in RevealInput) (string, error) {
	if err := access.Require(access.From(ctx), access.RevealPersonalData); err != nil {
		return "", err
	}
	var faults fault.List
	reason := workflow.Text(&faults, in.Reason, workflow.MaxNote, "reason")
	if reason == "" {
		faults.Add(fault.Problem{Code: fault.Required}, "reason")
	}
	field := strings.TrimSpace(workflow.Value(in.Field))
	if field == "" {
		faults.Add(fault.Problem{Code: fault.Required}, "field")
	}
	var told string
	err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		kind, id, v, err := o.find(ctx, tx, in.ID, field, &faults)
		if err := workflow.Gather(&faults, err); err != nil {
			return err
		}
		if err := faults.Err(); err != nil {
			return err
		}
		if len(v.sealed) == 0 {
			return fault.Refuse(fault.Problem{Code: fault.NotFound}, "field")
		}
		if told, err = o.Keys.Open(v.what, v.sealed); err != nil {
			return err
		}
		return lifecycle.Record(ctx, tx, "revealPersonalData", kind, id, v.owner, lifecycle.Said{Note: reason, Changes: map[string]any{"revealed": field}})
	})
	if err != nil {
		return "", err
	}
	return told, nil
}

// find takes the value that an input names.
func (o *Office) find(ctx context.Context, tx *store.Tx, id, field string, faults *fault.List) (key.Kind, int64, value, error) {
	if kind, _, _ := o.IDs.Decode(id); kind == key.KindBankCard {
		k, err := access.Find[key.BankCard](ctx, tx, o.IDs, key.KindBankCard, bankcard.Table, id, "id")
		if err != nil {
			return kind, 0, value{}, err
		}
		c, err := tx.BankCard.Get(ctx, k)
		if err != nil {
			return kind, 0, value{}, fmt.Errorf("read card: %w", err)
		}
		return kind, int64(k), pick(ofCard, c, field, faults), nil
	}
	k, err := access.Find[key.User](ctx, tx, o.IDs, key.KindUser, user.Table, id, "id")
	if err != nil {
		return key.KindUser, 0, value{}, err
	}
	u, err := tx.User.Get(ctx, k)
	if err != nil {
		return key.KindUser, 0, value{}, fmt.Errorf("read customer: %w", err)
	}
	return key.KindUser, int64(k), pick(ofUser, u, field, faults), nil
}

// pick is the value under a field's name.
func pick[R any](of map[string]func(R) value, row R, field string, faults *fault.List) value {
	get, known := of[field]
	if !known {
		if field != "" {
			names := strings.Join(slices.Sorted(maps.Keys(of)), ", ")
			faults.Add(fault.Problem{Code: fault.Invalid, Text: "field_not_sealed", Data: map[string]any{"fields": names}}, "field")
		}
		return value{}
	}
	return get(row)
}
