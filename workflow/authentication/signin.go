package authentication

import (
	"context"
	"fmt"
	"time"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Office does the verbs of the entrance.
type Office struct {
	*workflow.Desk
	turns turns
}

// SignInInput is an e-mail address or a phone number, and the password; for staff with a second factor a code of it, or a recovery code.
type SignInInput struct{ Login, Password, Totp *string }

// Session is a fresh session: its token is told this once.
type Session struct {
	Token   string
	Expires time.Time
	Viewer  access.Viewer
}

// account is somebody who may sign in.
type account struct {
	user  *ent.User
	staff *ent.Staff
}

func (a account) hash() *string {
	switch {
	case a.staff != nil:
		return a.staff.PasswordHash
	case a.user != nil:
		return a.user.PasswordHash
	}
	return nil
}

// mayEnter are the statuses in which a customer signs in: before the review, to see and mend; never after the end.
var mayEnter = []user.Status{user.StatusPendingReview, user.StatusReturned, user.StatusActive, user.StatusRejected, user.StatusSuspended}

// SignIn opens a session for the employee or the customer whose login and password they are. An employee and a customer may
// share a login: the password decides.
//
// It returns REQUIRED for what is missing, WRONG_CREDENTIALS alike for an unknown login, a wrong password, and an account that may not
// sign in, and TRY_LATER after too many wrong passwords. With the right password of an employee who has a second factor it returns REQUIRED or
// WRONG_CREDENTIALS at totp; wrong codes count as wrong passwords do.
func (o *Office) SignIn(ctx context.Context, in SignInInput) (Session, error) {
	var faults fault.List
	for field, s := range map[string]*string{"login": in.Login, "password": in.Password} {
		if workflow.Value(s) == "" {
			faults.Add(fault.Problem{Code: fault.Required}, field)
		}
	}
	if err := faults.Err(); err != nil {
		return Session{}, err
	}
	login := normal(*in.Login)
	turn := o.turns.of(login)
	turn.Lock()
	defer turn.Unlock()
	var accounts [2]account
	var tried tried
	err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if accounts, err = o.accounts(ctx, tx, login); err != nil {
			return err
		}
		targets, err := o.targets(login, accounts)
		if err != nil {
			return err
		}
		tried, err = o.guess(ctx, tx, targets)
		return err
	})
	if err != nil {
		return Session{}, err
	}
	var found account
	for _, a := range accounts { // both are compared, whoever they are: the time is the same
		same, err := o.Passwords.Match(ctx, *in.Password, a.hash())
		if err != nil {
			return Session{}, err
		}
		if same && found.hash() == nil {
			found = a
		}
	}
	if found.hash() == nil {
		return Session{}, fault.Refuse(fault.Problem{Code: fault.WrongCredentials, Text: "wrong_credentials"})
	}
	second := found.staff != nil && found.staff.TotpSince != nil
	if second && workflow.Value(in.Totp) == "" {
		if err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tried.back(ctx, tx) }); err != nil {
			return Session{}, err
		}
		return Session{}, fault.Refuse(fault.Problem{Code: fault.Required, Text: "second_factor_needed"}, "totp")
	}
	var opened Session
	err = o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if second {
			if err := o.prove(access.With(ctx, access.Viewer{Staff: found.staff.ID, Address: access.From(ctx).Address, RequestID: access.From(ctx).RequestID}), tx, found.staff, in.Totp); err != nil {
				return err
			}
		}
		if opened, err = o.open(ctx, tx, found); err != nil {
			return err
		}
		if err := tried.right(ctx, tx, found); err != nil {
			return err
		}
		return newAddress(access.With(ctx, opened.Viewer), tx, found)
	})
	return opened, err
}

// newAddress records a sign-in from where the account's owner has not been.
func newAddress(ctx context.Context, tx *store.Tx, a account) error {
	at := a.target()
	home, err := isHome(ctx, tx, at, access.From(ctx).Address)
	if home || err != nil {
		return err
	}
	return lifecycle.Record(ctx, tx, "signIn", at.kind, at.id, access.From(ctx).User, lifecycle.Said{})
}

// normal is a login as it is compared: an address in lower case, a phone in E.164, whatever else as it came.
func normal(login string) string {
	if email, problem := identity.Email(login); problem == nil {
		return email
	}
	if phone, problem := identity.Phone(login); problem == nil {
		return phone
	}
	return login
}

// accounts are the employee and the customer with this login, either of them nobody.
func (o *Office) accounts(ctx context.Context, tx *store.Tx, login string) (accounts [2]account, err error) {
	isStaff, isUser := staff.Email(""), user.Email("")
	if email, problem := identity.Email(login); problem == nil {
		isStaff, isUser = staff.Email(email), user.Email(email)
	} else if phone, problem := identity.Phone(login); problem == nil {
		hash, err := o.Keys.Hash(seal.Phone, phone)
		if err != nil {
			return accounts, err
		}
		isStaff, isUser = staff.PhoneHash(hash), user.PhoneHash(hash)
	}
	accounts[0].staff, err = tx.Staff.Query().Where(isStaff, staff.StatusEQ(staff.StatusActive)).First(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return accounts, fmt.Errorf("look for an account: %w", err)
	}
	accounts[1].user, err = tx.User.Query().Where(isUser, user.StatusIn(mayEnter...)).First(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return accounts, fmt.Errorf("look for an account: %w", err)
	}
	return accounts, nil
}

// open writes a session, if the account may still sign in.
func (o *Office) open(ctx context.Context, tx *store.Tx, a account) (Session, error) {
	values, err := o.Parameters(ctx, tx)
	if err != nil {
		return Session{}, err
	}
	token, hash := access.NewToken()
	s := Session{Token: token, Expires: lifecycle.Now().Add(values.Duration(parameter.SessionLifetime))}
	create := tx.Session.Create().SetTokenHash(hash).SetExpiresAt(s.Expires)
	var again bool
	if a.staff != nil {
		again, err = tx.Staff.Query().Where(staff.ID(a.staff.ID), staff.StatusEQ(staff.StatusActive), staff.PasswordHash(*a.staff.PasswordHash)).Exist(ctx)
		create.SetStaffID(a.staff.ID)
	} else {
		again, err = tx.User.Query().Where(user.ID(a.user.ID), user.StatusIn(mayEnter...), user.PasswordHash(*a.user.PasswordHash)).Exist(ctx)
		create.SetUserID(a.user.ID)
	}
	if err != nil {
		return Session{}, fmt.Errorf("open session: %w", err)
	}
	if !again {
		return Session{}, fault.Refuse(fault.Problem{Code: fault.WrongCredentials, Text: "wrong_credentials"})
	}
	if err := create.Exec(ctx); err != nil {
		return Session{}, fmt.Errorf("open session: %w", err)
	}
	s.Viewer, err = access.Authenticate(ctx, tx.SQL, tx.Dialect(), token)
	if err != nil {
		return Session{}, err
	}
	asks := access.From(ctx)
	s.Viewer.Address, s.Viewer.RequestID = asks.Address, asks.RequestID
	return s, nil
}

// mine is the viewer's own account.
func mine(ctx context.Context, tx *store.Tx, v access.Viewer) (a account, err error) {
	if v.Staff != 0 {
		a.staff, err = tx.Staff.Get(ctx, v.Staff)
	} else {
		a.user, err = tx.User.Get(ctx, key.User(v.User))
	}
	if err != nil {
		return a, fmt.Errorf("read account: %w", err)
	}
	return a, nil
}
