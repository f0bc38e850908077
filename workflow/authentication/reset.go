package authentication

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/link"
	"lenddesk/ent/predicate"
	"lenddesk/ent/staff"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// RequestPasswordResetInput is an e-mail address or a phone number.
type RequestPasswordResetInput struct{ Login *string }

// RequestPasswordReset has a link mailed to whoever has this login, by which a new password is chosen. It returns REQUIRED; for everything else it
// does the same, and answers the same: the account is looked for by the job.
func (o *Office) RequestPasswordReset(ctx context.Context, in RequestPasswordResetInput) (struct{}, error) {
	var none struct{}
	if workflow.Value(in.Login) == "" {
		return none, fault.Refuse(fault.Problem{Code: fault.Required}, "login")
	}
	sealed, err := o.Keys.Seal(resetLogin, normal(*in.Login))
	if err != nil {
		return none, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		return none, o.Queue.Enqueue(ctx, tx, MailReset{Login: sealed, Asked: lifecycle.Now()}, nil)
	})
}

// resetLogin is the purpose under which a login waits for its job.
const resetLogin seal.Purpose = "reset_login"

// MailReset is the job of mailing links to the accounts with a login.
type MailReset struct {
	Login seal.Sealed `json:"login"`
	Asked time.Time   `json:"asked"`
}

// Kind names the job in the queue.
func (MailReset) Kind() string { return "mail_reset" }

// resetPause is how long after a link no other is mailed: one who asks again and again fills nobody's letter box.
const resetPause = time.Minute

// ResetMailer mails links by which a new password is chosen. A link of before goes on until its time: asking again must not take it away.
type ResetMailer struct {
	river.WorkerDefaults[MailReset]
	Office *Office
}

// Work mails a link to each account with the login. Done a second time it finds its own link and mails none.
func (w *ResetMailer) Work(ctx context.Context, job *river.Job[MailReset]) error {
	login, err := w.Office.Keys.Open(resetLogin, job.Args.Login)
	if err != nil {
		return fmt.Errorf("open a login: %w", err)
	}
	return w.Office.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		accounts, err := w.Office.accounts(ctx, tx, login)
		if err != nil {
			return err
		}
		for _, a := range accounts {
			if a.hash() == nil {
				continue
			}
			if err := w.Office.mailReset(ctx, tx, a, job.Args.Asked); err != nil {
				return err
			}
		}
		return nil
	})
}

func (o *Office) mailReset(ctx context.Context, tx *store.Tx, a account, asked time.Time) error {
	mailed, err := tx.Link.Query().Where(linksOf(a), link.CreatedAtGT(asked.Add(-resetPause))).Exist(ctx)
	if err != nil {
		return fmt.Errorf("look for a link: %w", err)
	}
	if mailed {
		return nil
	}
	values, err := o.Parameters(ctx, tx)
	if err != nil {
		return err
	}
	token, hash := access.NewLink()
	create := tx.Link.Create().SetPurpose(link.PurposeResetPassword).SetTokenHash(hash).
		SetExpiresAt(lifecycle.Now().Add(values.Duration(parameter.LinkLifetime)))
	data := map[string]any{"link": mailing.Link{Page: values.Page("reset-password"), Token: token}}
	if a.staff != nil {
		create.SetStaffID(a.staff.ID)
		err = mailing.TellStaff(ctx, o.Desk, tx, a.staff, mailing.PasswordReset, data)
	} else {
		create.SetUserID(a.user.ID)
		err = mailing.Tell(ctx, o.Desk, tx, a.user, mailing.PasswordReset, data)
	}
	if err != nil {
		return err
	}
	if err := create.Exec(ctx); err != nil {
		return fmt.Errorf("make a link: %w", err)
	}
	return nil
}

func linksOf(a account) predicate.Link {
	if a.staff != nil {
		return link.And(link.StaffID(a.staff.ID), link.PurposeEQ(link.PurposeResetPassword))
	}
	return link.And(link.UserID(a.user.ID), link.PurposeEQ(link.PurposeResetPassword))
}

// ResetPasswordInput is the token of the link, and the password to come.
type ResetPasswordInput struct{ Token, New *string }

// ResetPassword gives the account of a mailed link a new password: every session ends, guesses are forgotten, and no other link works. It returns
// INVALID at token, alike for a link that is unknown, used, expired, or of an account that may not sign in, or what is wrong with the password.
func (o *Office) ResetPassword(ctx context.Context, in ResetPasswordInput) (struct{}, error) {
	var none struct{}
	var faults fault.List
	var a account
	hashed := access.HashOfLink(workflow.Value(in.Token))
	if workflow.Value(in.Token) == "" {
		faults.Add(fault.Problem{Code: fault.Required}, "token")
	} else {
		err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
			a, err = resetting(ctx, tx, hashed)
			return err
		})
		if err := workflow.Gather(&faults, err); err != nil {
			return none, err
		}
	}
	var hints []string
	if a.hash() != nil {
		var err error
		if hints, err = o.hints(a); err != nil {
			return none, err
		}
	}
	if problem := identity.Password(workflow.Value(in.New), hints...); problem != nil {
		faults.Add(*problem, "new")
	}
	if err := faults.Err(); err != nil {
		return none, err
	}
	password, err := o.Passwords.Hash(ctx, *in.New) // outside the transaction: it takes its time on purpose
	if err != nil {
		return none, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (struct{}, error) {
		a, err := resetting(ctx, tx, hashed)
		if err != nil {
			return none, err
		}
		n, err := tx.Link.Delete().Where(link.TokenHash(hashed)).Exec(ctx)
		if err != nil {
			return none, fmt.Errorf("use the link: %w", err)
		}
		if n == 0 {
			return none, noLink()
		}
		me := access.From(ctx)
		owner := access.Viewer{Address: me.Address, RequestID: me.RequestID}
		if a.staff != nil {
			owner.Staff = a.staff.ID
		} else {
			owner.User = a.user.ID
		}
		if err := replace(access.With(ctx, owner), tx, a, password, "resetPassword"); err != nil {
			return none, err
		}
		return none, forgive(ctx, tx, a)
	})
}

// resetting is the account of a living link.
func resetting(ctx context.Context, tx *store.Tx, hash []byte) (account, error) {
	l, err := tx.Link.Query().Where(link.TokenHash(hash), link.PurposeEQ(link.PurposeResetPassword), link.ExpiresAtGT(lifecycle.Now())).
		WithUser().WithStaff().Only(ctx)
	if ent.IsNotFound(err) {
		return account{}, noLink()
	}
	if err != nil {
		return account{}, fmt.Errorf("look for the link: %w", err)
	}
	a := account{l.Edges.User, l.Edges.Staff}
	if a.staff != nil && a.staff.Status != staff.StatusActive || a.user != nil && !slices.Contains(mayEnter, a.user.Status) {
		return account{}, noLink()
	}
	return a, nil
}

func noLink() error {
	return fault.Refuse(fault.Problem{Code: fault.Invalid, Text: "link_invalid"}, "token")
}
