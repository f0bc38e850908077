package customers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/company"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/text"
	"lenddesk/workflow"
)

// UpdateInput is what changes of a customer; what is left out stays, and null clears. Name, e-mail, phone, language and kinds are changed of a
// potential customer only: who has registered changes them, and nobody else.
type UpdateInput struct {
	UserID                                        string
	Name, Email, Phone, Locale, Source, CompanyID graphql.Omittable[*string]
	Kinds                                         graphql.Omittable[[]string]
	ExpectedVersion                               *int
}

// Update changes what staff know of a customer. It returns NOT_ALLOWED_NOW at each field that only the customer may change by now, and REQUIRED when
// nothing is new. The outcome names who on the books looks like the same person.
func (o *Office) Update(ctx context.Context, in UpdateInput) (Entered, error) {
	if err := lifecycle.UpdateUser.Permit(access.From(ctx)); err != nil {
		return Entered{}, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (Entered, error) {
		u, err := o.User(ctx, tx, in.UserID, "userId")
		if err != nil {
			return Entered{}, err
		}
		var faults fault.List
		update := tx.User.Update()
		changes, err := o.fill(ctx, tx, update.Mutation(), u, in, &faults)
		if err != nil {
			return Entered{}, err
		}
		if len(faults) == 0 && len(changes) == 0 {
			faults.Add(fault.Problem{Code: fault.Required, Text: "nothing_to_change"})
		}
		if err := faults.Err(); err != nil {
			return Entered{}, err
		}
		if err := lifecycle.Make(ctx, tx, lifecycle.UpdateUser, update, workflow.Person(u), lifecycle.Said{Expected: in.ExpectedVersion, Changes: changes}); err != nil {
			return Entered{}, err
		}
		return o.entered(ctx, tx, u.ID)
	})
}

// fill checks what is given and sets it; it returns what changes, as the event tells it.
func (o *Office) fill(ctx context.Context, tx *store.Tx, m *ent.UserMutation, was *ent.User, in UpdateInput, faults *fault.List) (map[string]any, error) {
	changes := map[string]any{}
	note := func(field, from, to string) bool {
		if from == to {
			return false
		}
		changes[field] = map[string]any{"from": some(from), "to": some(to)}
		return true
	}
	own := func(field string, given bool) bool { // a field that is the customer's own after the registration
		if given && was.Status != user.StatusPotential {
			faults.Add(fault.Problem{Code: fault.NotAllowedNow, Text: "customers_own"}, field)
			return false
		}
		return given
	}
	checked := func(field string, s *string, check func(string) (string, *fault.Problem)) (string, bool) {
		v, problem := check(workflow.Value(s))
		if problem != nil {
			faults.Add(*problem, field)
		}
		return v, problem == nil
	}
	if s, given := in.Name.ValueOK(); own("name", given) {
		if name, ok := checked("name", s, identity.PersonName); ok && note("name", was.Name, name) {
			m.SetName(name)
		}
	}
	if s, given := in.Email.ValueOK(); own("email", given) {
		if s == nil {
			if was.Email != nil {
				changes["email"] = map[string]any{"from": masked(was.Email), "to": nil}
				m.ClearEmail()
			}
		} else if email, ok := checked("email", s, identity.Email); ok && email != workflow.Value(was.Email) {
			changes["email"] = map[string]any{"from": masked(was.Email), "to": identity.MaskEmail(email)}
			m.SetEmail(email)
		}
	}
	if s, given := in.Phone.ValueOK(); own("phone", given) {
		if phone, ok := checked("phone", s, identity.Phone); ok {
			if err := o.setPhone(m, was, phone, changes); err != nil {
				return nil, err
			}
		}
	}
	if s, given := in.Locale.ValueOK(); own("locale", given) {
		locale := workflow.Value(s)
		if !slices.Contains(text.Locales, locale) {
			faults.Add(fault.Problem{Code: fault.Invalid, Text: "locale_unknown", Data: map[string]any{"locales": strings.Join(text.Locales, ", ")}}, "locale")
		} else if note("locale", was.Locale, locale) {
			m.SetLocale(locale)
		}
	}
	if list, given := in.Kinds.ValueOK(); own("kinds", given) {
		borrower, investor := slices.Contains(list, "BORROWER"), slices.Contains(list, "INVESTOR")
		if note("kinds", kinds(was.Borrower, was.Investor), kinds(borrower, investor)) {
			m.SetBorrower(borrower)
			m.SetInvestor(investor)
		}
	}
	if s, given := in.Source.ValueOK(); given {
		if source := workflow.Text(faults, s, 100, "source"); note("source", workflow.Value(was.Source), source) {
			if source == "" {
				m.ClearSource()
			} else {
				m.SetSource(source)
			}
		}
	}
	if s, given := in.CompanyID.ValueOK(); given {
		if err := o.setCompany(ctx, tx, m, was, s, changes, faults); err != nil {
			return nil, err
		}
	}
	return changes, nil
}

func (o *Office) setPhone(m *ent.UserMutation, was *ent.User, phone string, changes map[string]any) error {
	sealed, hash, err := o.Hide(seal.Phone, phone)
	if err != nil {
		return err
	}
	if hash == workflow.Value(was.PhoneHash) {
		return nil
	}
	before := ""
	if was.Phone != nil {
		if before, err = o.Keys.Open(seal.Phone, was.Phone); err != nil {
			return err
		}
		before = identity.MaskPhone(before)
	}
	changes["phone"] = map[string]any{"from": some(before), "to": identity.MaskPhone(phone)}
	m.SetPhone(sealed)
	m.SetPhoneHash(hash)
	return nil
}

func (o *Office) setCompany(ctx context.Context, tx *store.Tx, m *ent.UserMutation, was *ent.User, id *string, changes map[string]any, faults *fault.List) error {
	name := func(k *key.Company) (*string, error) {
		if k == nil {
			return nil, nil
		}
		c, err := tx.Company.Get(ctx, *k)
		if err != nil {
			return nil, fmt.Errorf("read company: %w", err)
		}
		return &c.Name, nil
	}
	var to *key.Company
	if id != nil {
		k, err := access.Find[key.Company](ctx, tx, o.IDs, key.KindCompany, company.Table, *id, "companyId")
		if err != nil {
			return workflow.Gather(faults, err)
		}
		to = &k
	}
	if to == nil && was.CompanyID == nil || to != nil && was.CompanyID != nil && *to == *was.CompanyID {
		return nil
	}
	before, err := name(was.CompanyID)
	if err != nil {
		return err
	}
	after, err := name(to)
	if err != nil {
		return err
	}
	changes["company"] = map[string]any{"from": before, "to": after}
	if to == nil {
		m.ClearCompanyID()
	} else {
		m.SetCompanyID(*to)
	}
	return nil
}

func kinds(borrower, investor bool) string {
	var all []string
	if borrower {
		all = append(all, "BORROWER")
	}
	if investor {
		all = append(all, "INVESTOR")
	}
	return strings.Join(all, ", ")
}

func masked(email *string) *string {
	if email == nil {
		return nil
	}
	return some(identity.MaskEmail(*email))
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
