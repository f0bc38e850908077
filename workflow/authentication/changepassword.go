package authentication

import (
	"context"
	"fmt"

	"lenddesk/access"
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
// WRONG_CREDENTIALS at `current`, or what is wrong with the new one.
func (o *Office) ChangePassword(ctx context.Context, in ChangePasswordInput) (Session, error) {
	me := access.From(ctx)
	if me.User == 0 && me.Staff == 0 {
		return Session{}, fault.Deny(fault.Unauthenticated, "Sign in first.")
	}
	var a account
	err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		a, err = mine(ctx, tx, me)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	var faults fault.List
	if workflow.Value(in.Current) == "" {
		faults.Add(fault.Problem{Code: fault.Required}, "current")
	} else if same, err := o.Passwords.Match(ctx, *in.Current, a.hash()); err != nil {
		return Session{}, err
	} else if !same {
		faults.Add(fault.Problem{Code: fault.WrongCredentials}, "current")
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
		if err := o.replace(ctx, tx, a, hash); err != nil {
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

// replace writes the new hash over the one that was compared, and ends every session.
func (o *Office) replace(ctx context.Context, tx *store.Tx, a account, hash string) error {
	var (
		n     int
		err   error
		kind  key.Kind
		id    int64
		owner key.User
		ours  predicate.Session
	)
	if a.staff != nil {
		kind, id, ours = key.KindStaff, int64(a.staff.ID), session.StaffID(a.staff.ID)
		n, err = tx.Staff.Update().Where(staff.ID(a.staff.ID), staff.PasswordHash(*a.hash())).SetPasswordHash(hash).AddVersion(1).Save(ctx)
	} else {
		kind, id, owner, ours = key.KindUser, int64(a.user.ID), a.user.ID, session.UserID(a.user.ID)
		n, err = tx.User.Update().Where(user.ID(a.user.ID), user.PasswordHash(*a.hash())).SetPasswordHash(hash).AddVersion(1).Save(ctx)
	}
	if err != nil {
		return fmt.Errorf("change password: %w", err)
	}
	if n == 0 {
		return fault.Refuse(fault.Problem{Code: fault.Conflict})
	}
	if _, err := tx.Session.Delete().Where(ours).Exec(ctx); err != nil {
		return fmt.Errorf("end sessions: %w", err)
	}
	return lifecycle.Record(ctx, tx, "changePassword", kind, id, owner, lifecycle.Said{})
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
