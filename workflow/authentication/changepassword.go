package authentication

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent/link"
	"lenddesk/ent/predicate"
	"lenddesk/ent/session"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
)

// ChangePasswordInput has the password in use and the one to come.
type ChangePasswordInput struct{ Current, New *string }

// ChangePassword ends every session of the viewer and opens a fresh one. It returns UNAUTHENTICATED for nobody and for an API key,
// WRONG_CREDENTIALS at `current`, TRY_LATER at `current` after too many wrong ones, or what is wrong with the new one.
func (o *Office) ChangePassword(ctx context.Context, in ChangePasswordInput) (Session, error) {
	me := access.From(ctx)
	if me.User == 0 && me.Staff == 0 {
		return Session{}, fault.Deny(fault.Unauthenticated, "Sign in first.")
	}
	var faults fault.List
	if workflow.Value(in.Current) == "" {
		faults.Add(fault.Problem{Code: fault.Required}, "current")
	}
	turn := o.turns.of(fmt.Sprint(me.User, me.Staff))
	turn.Lock()
	defer turn.Unlock()
	var a account
	var tried tried
	err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if a, err = mine(ctx, tx, me); err != nil || len(faults) > 0 {
			return err
		}
		tried, err = o.guess(ctx, tx, []target{a.target()}, "current")
		return err
	})
	if err != nil {
		return Session{}, err
	}
	if len(faults) == 0 {
		same, err := o.Passwords.Match(ctx, *in.Current, a.hash())
		if err != nil {
			return Session{}, err
		}
		if !same {
			faults.Add(fault.Problem{Code: fault.WrongCredentials}, "current")
		} else if err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tried.right(ctx, tx, a) }); err != nil {
			return Session{}, err
		}
	}
	hints, err := o.hints(a)
	if err != nil {
		return Session{}, err
	}
	if problem := identity.Password(workflow.Value(in.New), hints...); problem != nil {
		faults.Add(*problem, "new")
	}
	if err := faults.Err(); err != nil {
		return Session{}, err
	}
	hash, err := o.Passwords.Hash(ctx, *in.New)
	if err != nil {
		return Session{}, err
	}
	var opened Session
	err = o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if err := replace(ctx, tx, a, hash, "changePassword"); err != nil {
			return err
		}
		if a, err = mine(ctx, tx, me); err != nil {
			return err
		}
		opened, err = o.open(ctx, tx, a)
		return err
	})
	return opened, err
}

// replace writes the new hash over the one that was read, ends every session, and voids links that would choose another password.
func replace(ctx context.Context, tx *store.Tx, a account, hash, what string) error {
	var (
		n     int
		err   error
		owner key.User
		ours  predicate.Session
		links predicate.Link
	)
	if a.staff != nil {
		ours, links = session.StaffID(a.staff.ID), link.StaffID(a.staff.ID)
		n, err = tx.Staff.Update().Where(staff.ID(a.staff.ID), staff.PasswordHash(*a.hash())).SetPasswordHash(hash).AddVersion(1).Save(ctx)
	} else {
		owner, ours, links = a.user.ID, session.UserID(a.user.ID), link.UserID(a.user.ID)
		n, err = tx.User.Update().Where(user.ID(a.user.ID), user.PasswordHash(*a.hash())).SetPasswordHash(hash).AddVersion(1).Save(ctx)
	}
	if err != nil {
		return fmt.Errorf("write the password: %w", err)
	}
	if n == 0 {
		return fault.Refuse(fault.Problem{Code: fault.Conflict})
	}
	if _, err := tx.Session.Delete().Where(ours).Exec(ctx); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	if _, err := tx.Link.Delete().Where(links, link.PurposeEQ(link.PurposeResetPassword)).Exec(ctx); err != nil {
		return fmt.Errorf("void links: %w", err)
	}
	at := a.target()
	return lifecycle.Record(ctx, tx, what, at.kind, at.id, owner, lifecycle.Said{})
}

// hints are what a password must not be made of.
func (o *Office) hints(a account) ([]string, error) {
	if a.staff != nil {
		return []string{a.staff.Email, a.staff.Name}, nil
	}
	hints := []string{a.user.Name}
	if a.user.Email != nil {
		hints = append(hints, *a.user.Email)
	}
	if a.user.Phone == nil {
		return hints, nil
	}
	phone, err := o.Keys.Open(seal.Phone, a.user.Phone)
	return append(hints, phone), err
}
