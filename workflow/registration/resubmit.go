package registration

import (
	"context"
	"fmt"
	"strconv"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// ResubmitInput is what is mended; what is left out stays.
type ResubmitInput struct {
	Name, Email, Phone, NationalID, Locale *string
	Kinds                                  []string
	Company                                *CompanyInput
	ExpectedVersion                        *int
}

// Resubmit hands a returned registration in again, mended by its owner. It returns the same faults as Register.
func (o *Office) Resubmit(ctx context.Context, in ResubmitInput) (key.User, error) {
	me := access.From(ctx)
	if err := lifecycle.ResubmitRegistration.Permit(me); err != nil {
		return 0, err
	}
	return o.handIn(ctx, lifecycle.ResubmitRegistration, form{
		name: in.Name, email: in.Email, phone: in.Phone, nationalID: in.NationalID, locale: in.Locale, kinds: in.Kinds, company: in.Company,
	}, in.ExpectedVersion)
}

// handIn moves the viewer's own registration to be reviewed, with what was given changed in it.
func (o *Office) handIn(ctx context.Context, m lifecycle.Move[user.Status], given form, expected *int) (key.User, error) {
	me := access.From(ctx)
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.User, error) {
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return 0, err
		}
		var faults fault.List
		c, err := o.check(given, false, values, &faults)
		if err != nil {
			return 0, err
		}
		if err := taken(ctx, tx, c, me.User, &faults); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		u, err := o.Myself(ctx, tx, me.User)
		if err != nil {
			return 0, err
		}
		mended, fields, err := mend(ctx, tx, c)
		if err != nil {
			return 0, err
		}
		said := lifecycle.Said{Expected: expected}
		if len(fields) > 0 {
			said.Changes = map[string]any{"fields": fields}
		}
		return u.ID, lostRace(lifecycle.Make(ctx, tx, m, mended, workflow.Person(u), said))
	})
}

// mend is the update with what was given, and the names of those fields.
func mend(ctx context.Context, tx *store.Tx, c checked) (*ent.UserUpdate, []string, error) {
	u := tx.User.Update()
	var fields []string
	give := func(given bool, field string, set func()) {
		if given {
			fields = append(fields, field)
			set()
		}
	}
	firm, err := firm(ctx, tx, c)
	if err != nil {
		return nil, nil, fmt.Errorf("company of a registration: %w", err)
	}
	give(c.name != "", "name", func() { u.SetName(c.name) })
	give(c.email != "", "email", func() { u.SetEmail(c.email) })
	give(c.phoneHash != "", "phone", func() { u.SetPhone(c.sealedPhone).SetPhoneHash(c.phoneHash) })
	give(c.nationalIDHash != "", "nationalId", func() { u.SetNationalID(c.sealedNationalID).SetNationalIDHash(c.nationalIDHash) })
	give(c.kindsGiven, "kinds", func() { u.SetBorrower(c.borrower).SetInvestor(c.investor) })
	give(c.locale != "", "locale", func() { u.SetLocale(c.locale) })
	give(firm != nil, "company", func() { u.SetCompanyID(*firm) })
	return u, fields, nil
}

// at is the path of an element of a list.
func at(list string, i int) []string { return []string{list, strconv.Itoa(i)} }
