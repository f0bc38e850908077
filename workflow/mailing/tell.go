package mailing

import (
	"context"
	"fmt"

	"lenddesk/ent"
	"lenddesk/ent/message"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
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
	StaffInvited         = "staff_invited"
	PasswordReset        = "password_reset"
	ConfirmEmail         = "confirm_email"
	ConfirmPhone         = "confirm_phone"
	EmailChanged         = "email_changed"
	RecordDue            = "record_due"

	CardVerified           = "card_verified"
	CardVerificationFailed = "card_verification_failed"
	CardBound              = "card_bound"
	CardPaymentFailed      = "card_payment_failed"

	LoanApproved        = "loan_approved"
	LoanApprovedChanged = "loan_approved_changed" // on other terms than were asked for
	LoanReturned        = "loan_returned"
	LoanRejected        = "loan_rejected"
	DocumentRequested   = "document_requested"
	DocumentRejected    = "document_rejected"
	BidRejected         = "bid_rejected"
	BidReleased         = "bid_released"
	ListingFailed       = "listing_failed"
	LoanDisbursed       = "loan_disbursed"
	LoanOverdue         = "loan_overdue"
	LoanSettled         = "loan_settled"
	SettlementQuoted    = "settlement_quoted" // an early settlement is approved, at a price that holds for some days
	LoanExtended        = "loan_extended"
	RequestRejected     = "request_rejected"
)

// Link is a link whose token opens something to whoever has it. As a value of a mail's data it is written with the token hidden; the token itself
// waits, sealed, in the job that sends the mail, and is nowhere once the mail has been sent.
type Link struct{ Page, Token string }

// hidden stands in a kept mail where the token was.
const hidden = "••••••••"

// linkToken is the purpose under which tokens wait for their mail.
const linkToken seal.Purpose = "link_token"

// Tell writes a mail to a user in the user's language, within the transaction, and queues it. A user without an address is not
// written to. data fills the sentences beside name, platform and contact; at most one value may be a Link.
func Tell(ctx context.Context, d *workflow.Desk, tx *store.Tx, u *ent.User, kind string, data map[string]any) error {
	if u.Email == nil {
		return nil
	}
	return write(ctx, d, tx, recipient{user: &u.ID, name: u.Name, address: *u.Email, locale: u.Locale}, kind, data)
}

// TellStaff writes a mail to an employee, as Tell does to a user.
func TellStaff(ctx context.Context, d *workflow.Desk, tx *store.Tx, s *ent.Staff, kind string, data map[string]any) error {
	return write(ctx, d, tx, recipient{name: s.Name, address: s.Email, locale: s.Locale}, kind, data)
}

// recipient is who is written to; user is nil for an employee.
type recipient struct {
	user                  *key.User
	name, address, locale string
}

func write(ctx context.Context, d *workflow.Desk, tx *store.Tx, to recipient, kind string, data map[string]any) error {
	values, err := d.Parameters(ctx, tx)
	if err != nil {
		return err
	}
	say := map[string]any{"name": to.name, "platform": values.Text(parameter.PlatformName), "contact": values.Text(parameter.PlatformContact)}
	job := SendMessage{}
	for k, v := range data {
		if link, ok := v.(Link); ok {
			v = link.Page + "?token=" + hidden
			if job.Token, err = d.Keys.Seal(linkToken, link.Token); err != nil {
				return err
			}
		}
		say[k] = v
	}
	state := message.StateKept
	if d.Mails {
		state = message.StateQueued
	}
	m, err := tx.Message.Create().SetNillableUserID(to.user).SetKind(kind).SetTo(to.address).SetLocale(to.locale).SetState(state).
		SetSubject(text.Sentence(to.locale, "mail."+kind+".subject", say)).
		SetText(text.Sentence(to.locale, "mail."+kind+".text", say)).Save(ctx)
	if err != nil {
		return fmt.Errorf("write mail: %w", err)
	}
	if m.UserID != nil { // the story of a customer tells of it
		if err := lifecycle.RecordMessage(ctx, tx, m); err != nil {
			return err
		}
	}
	if !d.Mails {
		return nil
	}
	job.Message = int64(m.ID)
	return d.Queue.Enqueue(ctx, tx, job, nil)
}
