package mailing

import (
	"context"
	"fmt"

	"lenddesk/ent"
	"lenddesk/ent/message"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/text"
	"lenddesk/workflow"
)

// Kinds of mails; the sentences are `mail.<kind>.subject` and `mail.<kind>.text` of package text.
const (
	RegistrationReceived = "registration_received"
	RegistrationApproved = "registration_approved"
	RegistrationReturned = "registration_returned"
	RegistrationRejected = "registration_rejected"
	RegistrationReopened = "registration_reopened"
	UserSuspended        = "user_suspended"
	UserReinstated       = "user_reinstated"
	UserClosed           = "user_closed"
)

// Tell writes a mail to a user in the user's language, within the transaction, and queues it. A user without an address is not
// written to. data fills the sentences beside name, platform and contact.
func Tell(ctx context.Context, d *workflow.Desk, tx *store.Tx, u *ent.User, kind string, data map[string]any) error {
	if u.Email == nil {
		return nil
	}
	values, err := d.Parameters(ctx, tx)
	if err != nil {
		return err
	}
	say := map[string]any{"name": u.Name, "platform": values.Text(parameter.PlatformName), "contact": values.Text(parameter.PlatformContact)}
	for k, v := range data {
		say[k] = v
	}
	state := message.StateKept
	if d.Mails {
		state = message.StateQueued
	}
	m, err := tx.Message.Create().SetUserID(u.ID).SetKind(kind).SetTo(*u.Email).SetLocale(u.Locale).SetState(state).
		SetSubject(text.Sentence(u.Locale, "mail."+kind+".subject", say)).
		SetText(text.Sentence(u.Locale, "mail."+kind+".text", say)).Save(ctx)
	if err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	if !d.Mails {
		return nil
	}
	return d.Queue.Enqueue(ctx, tx, SendMessage{int64(m.ID)}, nil)
}
