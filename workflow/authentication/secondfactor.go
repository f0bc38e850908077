package authentication

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base32"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/session"
	"lenddesk/ent/staff"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
)

// The second factor of staff is a code that an authenticator computes from a secret and the time (TOTP, RFC 6238: SHA-1, six digits, thirty seconds, one
// step of tolerance to either side). No code counts twice. Who has lost the authenticator signs in by one of ten recovery codes, each once.
const (
	stepLength    = 30
	recoveryCodes = 10
)

// SetUpSecondFactorInput is the viewer's own password once more.
type SetUpSecondFactorInput struct{ Password *string }

// Enrolment is what an authenticator is given, told this once.
type Enrolment struct{ Secret, URI string }

// ConfirmSecondFactorInput is a code of the authenticator that is being set up.
type ConfirmSecondFactorInput struct{ Totp *string }

// RemoveSecondFactorInput is the viewer's own password and a code, or a recovery code.
type RemoveSecondFactorInput struct{ Password, Totp *string }

// SetUpSecondFactor makes a secret for the viewer's authenticator; it counts from ConfirmSecondFactor on. Asking again makes another one. It returns
// WRONG_CREDENTIALS at password, TRY_LATER, and NOT_ALLOWED_NOW while there is a second factor.
func (o *Office) SetUpSecondFactor(ctx context.Context, in SetUpSecondFactorInput) (Enrolment, error) {
	s, err := o.myself(ctx, in.Password)
	if err != nil {
		return Enrolment{}, err
	}
	if s.TotpSince != nil {
		return Enrolment{}, fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "second_factor_there"})
	}
	var made Enrolment
	err = o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		k, err := totp.Generate(totp.GenerateOpts{Issuer: values.Text(parameter.PlatformName), AccountName: s.Email})
		if err != nil {
			return fmt.Errorf("make a secret: %w", err)
		}
		made = Enrolment{k.Secret(), k.URL()}
		sealed, err := o.Keys.Seal(seal.SecondFactor, k.Secret())
		if err != nil {
			return err
		}
		n, err := tx.Staff.Update().Where(staff.ID(s.ID), staff.TotpSinceIsNil()).SetTotpSecret(sealed).SetTotpStep(0).Save(ctx)
		if err == nil && n == 0 {
			return fault.Refuse(fault.Problem{Code: fault.Conflict})
		}
		return err
	})
	return made, err
}

// ConfirmSecondFactor puts the second factor in force by a first code of it. Every other session of the viewer ends. It returns the recovery codes, told this
// once, WRONG_CREDENTIALS at totp, and NOT_ALLOWED_NOW when none is being set up.
func (o *Office) ConfirmSecondFactor(ctx context.Context, in ConfirmSecondFactorInput) ([]string, error) {
	me := access.From(ctx)
	if err := employed(me); err != nil {
		return nil, err
	}
	if workflow.Value(in.Totp) == "" {
		return nil, fault.Refuse(fault.Problem{Code: fault.Required}, "totp")
	}
	var codes []string
	err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		s, err := tx.Staff.Get(ctx, me.Staff)
		if err != nil {
			return fmt.Errorf("read account: %w", err)
		}
		if s.TotpSince != nil || s.TotpSecret == nil {
			return fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "second_factor_not_set_up"})
		}
		step, err := o.step(s, *in.Totp)
		if err != nil {
			return err
		}
		if step == 0 {
			return wrongCode()
		}
		var hashes []string
		for range recoveryCodes {
			code := base32.StdEncoding.EncodeToString(random(10))
			codes = append(codes, code[:4]+"-"+code[4:8]+"-"+code[8:12]+"-"+code[12:])
			hash, err := o.Keys.Hash(seal.SecondFactor, code)
			if err != nil {
				return err
			}
			hashes = append(hashes, hash)
		}
		n, err := tx.Staff.Update().Where(staff.ID(s.ID), staff.TotpSinceIsNil()).
			SetTotpSince(lifecycle.Now()).SetTotpStep(step).SetRecoveryCodes(hashes).AddVersion(1).Save(ctx)
		if err != nil {
			return fmt.Errorf("set the second factor: %w", err)
		}
		if n == 0 {
			return fault.Refuse(fault.Problem{Code: fault.Conflict})
		}
		if _, err := tx.Session.Delete().Where(session.StaffID(s.ID), session.IDNEQ(me.Session)).Exec(ctx); err != nil {
			return fmt.Errorf("end sessions: %w", err)
		}
		return lifecycle.Record(ctx, tx, "confirmSecondFactor", key.KindStaff, int64(s.ID), 0, lifecycle.Said{})
	})
	return codes, err
}

// RemoveSecondFactor takes the viewer's own second factor away, by the password and a code. It returns WRONG_CREDENTIALS at password or totp, and
// NOT_ALLOWED_NOW when there is none.
func (o *Office) RemoveSecondFactor(ctx context.Context, in RemoveSecondFactorInput) (key.Staff, error) {
	s, err := o.myself(ctx, in.Password)
	if err != nil {
		return 0, err
	}
	if s.TotpSince == nil {
		return 0, fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "second_factor_not_set_up"})
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Staff, error) {
		if err := o.prove(ctx, tx, s, in.Totp); err != nil {
			return 0, err
		}
		return s.ID, takeAway(ctx, tx, s.ID, "removeSecondFactor")
	})
}

// takeAway forgets a second factor.
func takeAway(ctx context.Context, tx *store.Tx, who key.Staff, what string) error {
	if err := tx.Staff.UpdateOneID(who).ClearTotpSecret().ClearTotpSince().ClearRecoveryCodes().SetTotpStep(0).AddVersion(1).Exec(ctx); err != nil {
		return fmt.Errorf("take the second factor away: %w", err)
	}
	return lifecycle.Record(ctx, tx, what, key.KindStaff, int64(who), 0, lifecycle.Said{})
}

// ResetSecondFactorInput names who has lost it.
type ResetSecondFactorInput struct{ StaffID string }

// ResetSecondFactor takes away the second factor of an employee who has lost it; their sessions end. It returns NOT_ELIGIBLE for somebody who may do what
// the viewer may not, and NOT_ALLOWED_NOW when there is none.
func (o *Office) ResetSecondFactor(ctx context.Context, in ResetSecondFactorInput) (key.Staff, error) {
	me := access.From(ctx)
	if err := access.Require(me, access.ManageStaff); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Staff, error) {
		k, err := access.Find[key.Staff](ctx, tx, o.IDs, key.KindStaff, staff.Table, in.StaffID, "staffId")
		if err != nil {
			return 0, err
		}
		s, err := tx.Staff.Query().Where(staff.ID(k)).WithRoles().Only(ctx)
		if err != nil {
			return 0, fmt.Errorf("read employee: %w", err)
		}
		var theirs access.Permissions
		for _, r := range s.Edges.Roles {
			theirs |= access.ParsePermissions(r.Permissions)
		}
		if theirs&^me.Permissions != 0 {
			return 0, fault.Refuse(fault.Problem{Code: fault.NotEligible, Text: "not_yours_to_give"}, "staffId")
		}
		if s.TotpSecret == nil {
			return 0, fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "second_factor_not_set_up"})
		}
		if _, err := tx.Session.Delete().Where(session.StaffID(s.ID)).Exec(ctx); err != nil {
			return 0, fmt.Errorf("end sessions: %w", err)
		}
		return s.ID, takeAway(ctx, tx, s.ID, "resetSecondFactor")
	})
}

func employed(me access.Viewer) error {
	switch {
	case me.Staff != 0:
		return nil
	case !me.Somebody():
		return fault.Deny(fault.Unauthenticated, "Sign in first.")
	}
	return fault.Deny(fault.Forbidden, "A second factor is for staff.")
}

// myself is the employee who is signed in and knows the password. A wrong one counts as a guess.
func (o *Office) myself(ctx context.Context, password *string) (*ent.Staff, error) {
	me := access.From(ctx)
	if err := employed(me); err != nil {
		return nil, err
	}
	if workflow.Value(password) == "" {
		return nil, fault.Refuse(fault.Problem{Code: fault.Required}, "password")
	}
	turn := o.turns.of(fmt.Sprint(me.User, me.Staff))
	turn.Lock()
	defer turn.Unlock()
	var a account
	var tried tried
	err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if a, err = mine(ctx, tx, me); err != nil {
			return err
		}
		tried, err = o.guess(ctx, tx, []target{a.target()}, "password")
		return err
	})
	if err != nil {
		return nil, err
	}
	same, err := o.Passwords.Match(ctx, *password, a.hash())
	if err != nil {
		return nil, err
	}
	if !same {
		return nil, fault.Refuse(fault.Problem{Code: fault.WrongCredentials}, "password")
	}
	return a.staff, o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return tried.back(ctx, tx) })
}

// prove takes a code of an employee's authenticator, or one of the recovery codes, and uses it up.
func (o *Office) prove(ctx context.Context, tx *store.Tx, s *ent.Staff, given *string) error {
	if workflow.Value(given) == "" {
		return fault.Refuse(fault.Problem{Code: fault.Required, Text: "second_factor_needed"}, "totp")
	}
	step, err := o.step(s, *given)
	if err != nil {
		return err
	}
	if step > 0 {
		n, err := tx.Staff.Update().Where(staff.ID(s.ID), staff.TotpStepLT(step), staff.TotpSinceNotNil()).SetTotpStep(step).Save(ctx)
		if err != nil {
			return fmt.Errorf("use a code: %w", err)
		}
		if n == 1 {
			return nil
		}
		return wrongCode()
	}
	hash, err := o.Keys.Hash(seal.SecondFactor, strings.ToUpper(strings.ReplaceAll(strings.TrimSpace(*given), "-", "")))
	if err != nil {
		return err
	}
	if err := tx.Alone(ctx, recovering|int64(s.ID)); err != nil {
		return err
	}
	if s, err = tx.Staff.Get(ctx, s.ID); err != nil {
		return fmt.Errorf("read account: %w", err)
	}
	if !slices.Contains(s.RecoveryCodes, hash) {
		return wrongCode()
	}
	left := slices.DeleteFunc(slices.Clone(s.RecoveryCodes), func(h string) bool { return h == hash })
	if err := tx.Staff.UpdateOneID(s.ID).SetRecoveryCodes(left).Exec(ctx); err != nil {
		return fmt.Errorf("use a recovery code: %w", err)
	}
	return lifecycle.Record(ctx, tx, "useRecoveryCode", key.KindStaff, int64(s.ID), 0, lifecycle.Said{Changes: map[string]any{"left": len(left)}})
}

// recovering are the numbers under which recovery codes are used one at a time.
const recovering = 0x7265_0000_0000_0000

// step is the time step of which a code is, 0 for none that counts now.
func (o *Office) step(s *ent.Staff, code string) (int64, error) {
	secret, err := o.Keys.Open(seal.SecondFactor, s.TotpSecret)
	if err != nil {
		return 0, err
	}
	now := time.Now().Unix() / stepLength
	var at int64
	for _, step := range []int64{now - 1, now, now + 1} {
		want, err := totp.GenerateCodeCustom(secret, time.Unix(step*stepLength, 0), totp.ValidateOpts{Period: stepLength, Digits: otp.DigitsSix, Algorithm: otp.AlgorithmSHA1})
		if err != nil {
			return 0, fmt.Errorf("compute a code: %w", err)
		}
		if subtle.ConstantTimeCompare([]byte(want), []byte(strings.TrimSpace(code))) == 1 && step > s.TotpStep {
			at = step
		}
	}
	return at, nil
}

func wrongCode() error {
	return fault.Refuse(fault.Problem{Code: fault.WrongCredentials, Text: "second_factor_wrong"}, "totp")
}

func random(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b) // never fails
	return b
}
