package administration

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/link"
	"lenddesk/ent/staff"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// invite voids the links of before and writes the mail with a new one.
func (o *Office) invite(ctx context.Context, tx *store.Tx, s *ent.Staff) (Invited, error) {
	values, err := o.Parameters(ctx, tx)
	if err != nil {
		return Invited{}, err
	}
	if _, err := tx.Link.Delete().Where(link.StaffID(s.ID), link.PurposeEQ(link.PurposeStaffInvitation)).Exec(ctx); err != nil {
		return Invited{}, fmt.Errorf("void invitations: %w", err)
	}
	token, hash := access.NewLink()
	until := lifecycle.Now().Add(values.Duration(parameter.InvitationLifetime))
	if err := tx.Link.Create().SetPurpose(link.PurposeStaffInvitation).SetStaffID(s.ID).SetTokenHash(hash).SetExpiresAt(until).Exec(ctx); err != nil {
		return Invited{}, fmt.Errorf("make invitation: %w", err)
	}
	page := values.Page("accept-invitation")
	if err := mailing.TellStaff(ctx, o.Desk, tx, s, mailing.StaffInvited, map[string]any{"link": mailing.Link{Page: page, Token: token}}); err != nil {
		return Invited{}, err
	}
	invited := Invited{Staff: s.ID}
	if !o.Mails {
		invited.URL = page + "?token=" + token
	}
	return invited, nil
}

// InviteStaffInput says whom.
type InviteStaffInput struct {
	StaffID         string
	ExpectedVersion *int
}

// InviteStaff sends an invitation that was not accepted anew; the link of before is void. It returns NOT_ELIGIBLE for somebody who will be able to do
// what the viewer may not.
func (o *Office) InviteStaff(ctx context.Context, in InviteStaffInput) (Invited, error) {
	me := access.From(ctx)
	if err := lifecycle.InviteStaff.Permit(me); err != nil {
		return Invited{}, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (Invited, error) {
		s, err := o.employee(ctx, tx, in.StaffID)
		if err != nil {
			return Invited{}, err
		}
		if holds(s.Edges.Roles)&^me.Permissions != 0 {
			return Invited{}, fault.Refuse(fault.Problem{Code: fault.NotEligible, Text: "not_yours_to_give"}, "staffId")
		}
		if err := lifecycle.Make(ctx, tx, lifecycle.InviteStaff, tx.Staff.Update(), officer(s), lifecycle.Said{Expected: in.ExpectedVersion}); err != nil {
			return Invited{}, err
		}
		return o.invite(ctx, tx, s)
	})
}

// AcceptInvitationInput is the token of the link, and the password to come.
type AcceptInvitationInput struct{ Token, Password *string }

// AcceptInvitation gives an invited employee a password; the account is ACTIVE. A link works once. It returns INVALID at token, alike for one that is
// unknown, used, voided or expired, or what is wrong with the password.
func (o *Office) AcceptInvitation(ctx context.Context, in AcceptInvitationInput) (key.Staff, error) {
	var faults fault.List
	if workflow.Value(in.Token) == "" {
		faults.Add(fault.Problem{Code: fault.Required}, "token")
		if problem := identity.Password(workflow.Value(in.Password)); problem != nil {
			faults.Add(*problem, "password")
		}
		return 0, faults.Err()
	}
	hashed := access.HashOfLink(*in.Token)
	var s *ent.Staff
	err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		s, err = invited(ctx, tx, hashed)
		return err
	})
	if err := workflow.Gather(&faults, err); err != nil {
		return 0, err
	}
	var hints []string
	if s != nil {
		hints = []string{s.Name, s.Email}
	}
	if problem := identity.Password(workflow.Value(in.Password), hints...); problem != nil {
		faults.Add(*problem, "password")
	}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	password, err := o.Passwords.Hash(ctx, *in.Password) // outside the transaction: it takes its time on purpose
	if err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Staff, error) {
		s, err := invited(ctx, tx, hashed)
		if err != nil {
			return 0, err
		}
		n, err := tx.Link.Delete().Where(link.TokenHash(hashed)).Exec(ctx)
		if err != nil {
			return 0, fmt.Errorf("use the invitation: %w", err)
		}
		if n == 0 {
			return 0, noInvitation()
		}
		system := access.From(ctx)
		system.User, system.Staff, system.APIKey, system.System = 0, 0, 0, "invitation"
		return s.ID, lifecycle.Make(access.With(ctx, system), tx, lifecycle.ActivateStaff, tx.Staff.Update().SetPasswordHash(password), officer(s), lifecycle.Said{})
	})
}

// invited is who a living invitation is for.
func invited(ctx context.Context, tx *store.Tx, hash []byte) (*ent.Staff, error) {
	l, err := tx.Link.Query().Where(link.TokenHash(hash), link.PurposeEQ(link.PurposeStaffInvitation), link.ExpiresAtGT(lifecycle.Now())).WithStaff().Only(ctx)
	if ent.IsNotFound(err) || err == nil && l.Edges.Staff.Status != staff.StatusInvited {
		return nil, noInvitation()
	}
	if err != nil {
		return nil, fmt.Errorf("look for the invitation: %w", err)
	}
	return l.Edges.Staff, nil
}

func noInvitation() error {
	return fault.Refuse(fault.Problem{Code: fault.Invalid, Text: "link_invalid"}, "token")
}
