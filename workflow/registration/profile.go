package registration

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/link"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// UpdateProfileInput is what an active customer changes without a review; what is left out stays.
type UpdateProfileInput struct {
	Locale, Email, Phone *string
	ExpectedVersion      *int
}

// Updated is the customer, and whether a mail asks for a confirmation.
type Updated struct {
	User     key.User
	Confirms bool
}

// UpdateProfile changes the viewer's language at once. A new e-mail address or phone is in force when the link of a mail has been opened: the one to
// the new address, for a phone one to the address on file. Asking again voids the link of before. It returns the same faults as Register for each
// field, and REQUIRED when nothing given is new.
func (o *Office) UpdateProfile(ctx context.Context, in UpdateProfileInput) (Updated, error) {
	me := access.From(ctx)
	if err := lifecycle.UpdateProfile.Permit(me); err != nil {
		return Updated{}, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (Updated, error) {
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return Updated{}, err
		}
		var faults fault.List
		c, err := o.check(form{locale: in.Locale, email: in.Email, phone: in.Phone}, false, values, &faults)
		if err != nil {
			return Updated{}, err
		}
		if err := taken(ctx, tx, c, me.User, &faults); err != nil {
			return Updated{}, err
		}
		u, err := o.Myself(ctx, tx, me.User)
		if err != nil {
			return Updated{}, err
		}
		email, phone, locale := c.email != "" && c.email != *u.Email, c.phoneHash != "" && c.phoneHash != *u.PhoneHash, c.locale != "" && c.locale != u.Locale
		if len(faults) == 0 && !email && !phone && !locale {
			faults.Add(fault.Problem{Code: fault.Required, Text: "nothing_to_change"})
		}
		if err := faults.Err(); err != nil {
			return Updated{}, err
		}
		update, said := tx.User.Update(), lifecycle.Said{Changes: map[string]any{}, Expected: in.ExpectedVersion}
		if locale {
			update.SetLocale(c.locale)
			said.Changes["locale"] = map[string]any{"from": u.Locale, "to": c.locale}
			u.Locale = c.locale
		}
		if email {
			said.Changes["emailToConfirm"] = identity.MaskEmail(c.email)
			to := *u
			to.Email = &c.email
			create := tx.Link.Create().SetPurpose(link.PurposeConfirmEmail).SetEmail(c.email)
			if err := o.askToConfirm(ctx, tx, &to, link.PurposeConfirmEmail, create, mailing.ConfirmEmail, values, nil); err != nil {
				return Updated{}, err
			}
		}
		if phone {
			masked := identity.MaskPhone(c.phone)
			said.Changes["phoneToConfirm"] = masked
			create := tx.Link.Create().SetPurpose(link.PurposeConfirmPhone).SetPhone(c.sealedPhone).SetPhoneHash(c.phoneHash)
			if err := o.askToConfirm(ctx, tx, u, link.PurposeConfirmPhone, create, mailing.ConfirmPhone, values, map[string]any{"maskedPhone": masked}); err != nil {
				return Updated{}, err
			}
		}
		return Updated{u.ID, email || phone}, lifecycle.Make(ctx, tx, lifecycle.UpdateProfile, update, workflow.Person(u), said)
	})
}

// askToConfirm mails a link, and voids the one of before for the same purpose.
func (o *Office) askToConfirm(ctx context.Context, tx *store.Tx, to *ent.User, purpose link.Purpose, create *ent.LinkCreate, kind string,
	values parameter.Values, data map[string]any,
) error {
	if _, err := tx.Link.Delete().Where(link.UserID(to.ID), link.PurposeEQ(purpose)).Exec(ctx); err != nil {
		return fmt.Errorf("void links: %w", err)
	}
	token, hash := access.NewLink()
	if err := create.SetUserID(to.ID).SetTokenHash(hash).SetExpiresAt(lifecycle.Now().Add(values.Duration(parameter.LinkLifetime))).Exec(ctx); err != nil {
		return fmt.Errorf("make a link: %w", err)
	}
	say := map[string]any{"link": mailing.Link{Page: values.Page("confirm-email"), Token: token}}
	for k, v := range data {
		say[k] = v
	}
	return mailing.Tell(ctx, o.Desk, tx, to, kind, say)
}

// ConfirmEmailInput is the token of the link.
type ConfirmEmailInput struct{ Token *string }

// ConfirmEmail puts the address or phone of a mailed link in force. A link works once. It returns INVALID at token, alike for one that is unknown, used,
// voided or expired, ALREADY_TAKEN when somebody else has registered with it meanwhile, and NOT_ALLOWED_NOW unless the customer is ACTIVE.
func (o *Office) ConfirmEmail(ctx context.Context, in ConfirmEmailInput) (key.User, error) {
	if workflow.Value(in.Token) == "" {
		return 0, fault.Refuse(fault.Problem{Code: fault.Required}, "token")
	}
	hashed := access.HashOfLink(*in.Token)
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.User, error) {
		l, err := tx.Link.Query().Where(link.TokenHash(hashed), link.PurposeIn(link.PurposeConfirmEmail, link.PurposeConfirmPhone),
			link.ExpiresAtGT(lifecycle.Now())).WithUser().Only(ctx)
		if ent.IsNotFound(err) {
			return 0, noLink()
		}
		if err != nil {
			return 0, fmt.Errorf("look for the link: %w", err)
		}
		n, err := tx.Link.Delete().Where(link.ID(l.ID)).Exec(ctx)
		if err != nil {
			return 0, fmt.Errorf("use the link: %w", err)
		}
		if n == 0 {
			return 0, noLink()
		}
		return l.Edges.User.ID, o.confirm(ctx, tx, l)
	})
}

// confirm puts what a link has in force, and tells the old address of the new one.
func (o *Office) confirm(ctx context.Context, tx *store.Tx, l *ent.Link) error {
	u, me := l.Edges.User, access.From(ctx)
	var faults fault.List
	if err := taken(ctx, tx, checked{email: workflow.Value(l.Email), phoneHash: workflow.Value(l.PhoneHash)}, u.ID, &faults); err != nil {
		return err
	}
	if err := faults.Err(); err != nil {
		return atToken(err)
	}
	update, said := tx.User.Update(), lifecycle.Said{}
	if l.Email != nil {
		update.SetEmail(*l.Email)
		said.Changes = map[string]any{"email": map[string]any{"from": identity.MaskEmail(*u.Email), "to": identity.MaskEmail(*l.Email)}}
	} else {
		before, err := o.Keys.Open(seal.Phone, u.Phone)
		if err != nil {
			return err
		}
		after, err := o.Keys.Open(seal.Phone, l.Phone)
		if err != nil {
			return err
		}
		update.SetPhone(l.Phone).SetPhoneHash(*l.PhoneHash)
		said.Changes = map[string]any{"phone": map[string]any{"from": identity.MaskPhone(before), "to": identity.MaskPhone(after)}}
	}
	system := access.Viewer{System: "confirmation", Address: me.Address, RequestID: me.RequestID}
	if err := lifecycle.Make(access.With(ctx, system), tx, lifecycle.ConfirmEmail, update, workflow.Person(u), said); err != nil {
		return atToken(lostRace(err))
	}
	// A link to choose a password went to the address of before.
	if _, err := tx.Link.Delete().Where(link.UserID(u.ID), link.PurposeEQ(link.PurposeResetPassword)).Exec(ctx); err != nil {
		return fmt.Errorf("void links: %w", err)
	}
	if l.Email == nil {
		return nil
	}
	return mailing.Tell(ctx, o.Desk, tx, u, mailing.EmailChanged, map[string]any{"maskedEmail": identity.MaskEmail(*l.Email)})
}

// atToken lays faults of an address or phone at the token that stands for them.
func atToken(err error) error {
	found, ok := fault.Find(err)
	if !ok {
		return err
	}
	var at fault.List
	for _, f := range found {
		if len(f.Field) > 0 {
			f.Field = []string{"token"}
		}
		at = append(at, f)
	}
	return at
}

func noLink() error {
	return fault.Refuse(fault.Problem{Code: fault.Invalid, Text: "link_invalid"}, "token")
}
