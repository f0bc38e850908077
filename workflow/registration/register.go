package registration

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/text"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// RegisterInput is the form.
type RegisterInput struct {
	Name, Email, Phone, NationalID, Password, Locale *string
	Kinds                                            []string
	Company                                          *CompanyInput
}

// Register enters a person for review. Anyone may.
//
// It returns a fault for every field that is missing or breaks its rule, and ALREADY_TAKEN for an e-mail, phone or ID number that another
// registration holds. A rejected registration holds them too: it is reopened, not made anew.
func (o *Office) Register(ctx context.Context, in RegisterInput) (key.User, error) {
	var values parameter.Values
	var faults fault.List
	var c checked
	err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if values, err = o.Parameters(ctx, tx); err != nil {
			return err
		}
		c, err = o.check(form{
			name: in.Name, email: in.Email, phone: in.Phone, nationalID: in.NationalID, locale: in.Locale, kinds: in.Kinds, company: in.Company,
		}, true, values, &faults)
		if err != nil {
			return err
		}
		if problem := identity.Password(workflow.Value(in.Password), c.email, c.phone, c.name); problem != nil {
			faults.Add(*problem, "password")
		}
		return taken(ctx, tx, c, 0, &faults)
	})
	if err != nil {
		return 0, err
	}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	if c.locale == "" {
		c.locale = text.Match(access.From(ctx).Locale, values.Text(parameter.DefaultLocale))
	}
	hash, err := o.Passwords.Hash(ctx, *in.Password) // outside the transaction: it takes its time on purpose
	if err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.User, error) {
		firm, err := firm(ctx, tx, c)
		if err != nil {
			return 0, err
		}
		before, err := previous(ctx, tx, c)
		if err != nil {
			return 0, err
		}
		create := tx.User.Create().SetStatus(user.StatusPendingReview).SetName(c.name).SetEmail(c.email).SetPhone(c.sealedPhone).SetPhoneHash(c.phoneHash).
			SetPasswordHash(hash).SetLocale(c.locale).SetBorrower(c.borrower).SetInvestor(c.investor).SetNillableCompanyID(firm).SetNillablePreviousUserID(before)
		if c.nationalIDHash != "" {
			create.SetNationalID(c.sealedNationalID).SetNationalIDHash(c.nationalIDHash)
		}
		u, err := create.Save(ctx)
		if err != nil {
			return 0, lostRace(err)
		}
		if err := lifecycle.Born(ctx, tx, lifecycle.RegisterUser, int64(u.ID), u.Status, u.ID, lifecycle.Said{}); err != nil {
			return 0, err
		}
		return u.ID, mailing.Tell(ctx, o.Desk, tx, u, mailing.RegistrationReceived, nil)
	})
}

// previous is the same person's latest registration that was withdrawn or closed: the same ID number, or where none is asked for, the
// same phone.
func previous(ctx context.Context, tx *store.Tx, c checked) (*key.User, error) {
	same := user.NationalIDHash(c.nationalIDHash)
	if c.nationalIDHash == "" {
		same = user.PhoneHash(c.phoneHash)
	}
	k, err := tx.User.Query().Where(same, user.StatusIn(user.StatusWithdrawn, user.StatusClosed), user.JoinedIntoIDIsNil()).
		Order(user.ByID(sql.OrderDesc())).FirstID(ctx)
	if ent.IsNotFound(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for an earlier registration: %w", err)
	}
	return &k, nil
}
