package registration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"

	"lenddesk/ent"
	"lenddesk/ent/company"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/text"
	"lenddesk/workflow"
)

// Fields are the fields of the form, as a reviewer names them to have them mended.
var Fields = []string{"name", "email", "phone", "nationalId", "kinds", "company"}

// CompanyInput is the customer's own firm or employer.
type CompanyInput struct{ Name, CreditCode *string }

// form is a registration as it was filled in. A nil field was left out.
type form struct {
	name, email, phone, nationalID, locale *string
	kinds                                  []string
	company                                *CompanyInput
}

// checked is a form without faults, normalised, with what is stored of it. The empty text was left out.
type checked struct {
	name, email, phone, locale    string
	phoneHash, nationalIDHash     string
	sealedPhone, sealedNationalID seal.Sealed
	borrower, investor            bool
	kindsGiven                    bool
	companyName, companyCode      string
}

// check finds every fault of a form by itself. Whole says that nothing may be left out; of a correction, what is left out stays.
func (o *Office) check(f form, whole bool, values parameter.Values, faults *fault.List) (checked, error) {
	var c checked
	field := func(s *string, name string, check func(string) (string, *fault.Problem)) string {
		if s == nil && !whole {
			return ""
		}
		v, problem := check(workflow.Value(s))
		if problem != nil {
			faults.Add(*problem, name)
			return ""
		}
		return v
	}
	c.name = field(f.name, "name", identity.PersonName)
	c.email = field(f.email, "email", identity.Email)
	c.phone = field(f.phone, "phone", identity.Phone)
	national := ""
	if values.Text(parameter.NationalID) == parameter.NationalIDCNResident {
		national = field(f.nationalID, "nationalId", func(raw string) (string, *fault.Problem) { return residentID(raw, values) })
	}
	if f.kinds != nil || whole {
		c.kindsGiven = true
		c.borrower, c.investor = slices.Contains(f.kinds, "BORROWER"), slices.Contains(f.kinds, "INVESTOR")
		if !c.borrower && !c.investor {
			faults.Add(fault.Problem{Code: fault.Required, Text: "kinds_required"}, "kinds")
		}
	}
	if f.locale != nil {
		if c.locale = *f.locale; !slices.Contains(text.Locales, c.locale) {
			faults.Add(fault.Problem{Code: fault.Invalid, Text: "locale_unknown", Data: map[string]any{"locales": strings.Join(text.Locales, ", ")}}, "locale")
		}
	}
	if f.company != nil {
		c.companyName = workflow.Text(faults, f.company.Name, 200, "company", "name")
		if c.companyName == "" {
			faults.Add(fault.Problem{Code: fault.Required}, "company", "name")
		}
		code, problem := identity.CreditCode(workflow.Value(f.company.CreditCode))
		if problem != nil {
			faults.Add(*problem, "company", "creditCode")
		}
		c.companyCode = code
	}
	return c, errors.Join(
		o.hide(seal.Phone, c.phone, &c.sealedPhone, &c.phoneHash),
		o.hide(seal.NationalID, national, &c.sealedNationalID, &c.nationalIDHash),
	)
}

// residentID checks the number and the age that it tells.
func residentID(raw string, values parameter.Values) (string, *fault.Problem) {
	today := lifecycle.Now().In(values.Location(parameter.TimeZoneName))
	n, problem := identity.ParseResidentID(raw, today)
	if problem != nil {
		return "", problem
	}
	if least := values.Int(parameter.MinimumAge); n.Age(today) < int(least) {
		return "", &fault.Problem{Code: fault.OutOfRange, Text: "underage", Data: map[string]any{"age": least}}
	}
	return string(n), nil
}

// hide seals a value and hashes it for look-ups; the empty text stays nothing.
func (o *Office) hide(what seal.Purpose, value string, sealed *seal.Sealed, hash *string) (err error) {
	if value == "" {
		return nil
	}
	if *sealed, err = o.Keys.Seal(what, value); err != nil {
		return err
	}
	*hash, err = o.Keys.Hash(what, value)
	return err
}

// occupying are the statuses in which a person holds their e-mail, phone and ID number.
var occupying = []user.Status{user.StatusPendingReview, user.StatusReturned, user.StatusActive, user.StatusRejected, user.StatusSuspended}

// taken adds a fault for every identifier of the form that another registration holds. It does not tell whose.
func taken(ctx context.Context, tx *store.Tx, c checked, except key.User, faults *fault.List) error {
	for _, id := range []struct{ column, value, field, text string }{
		{user.FieldEmail, c.email, "email", "email_taken"},
		{user.FieldPhoneHash, c.phoneHash, "phone", "phone_taken"},
		{user.FieldNationalIDHash, c.nationalIDHash, "nationalId", "national_id_taken"},
	} {
		if id.value == "" {
			continue
		}
		held, err := tx.User.Query().Where(user.StatusIn(occupying...), user.IDNEQ(except), func(s *sql.Selector) {
			s.Where(sql.EQ(s.C(id.column), id.value))
		}).Exist(ctx)
		if err != nil {
			return fmt.Errorf("look for the same person: %w", err)
		}
		if held {
			faults.Add(fault.Problem{Code: fault.AlreadyTaken, Text: id.text}, id.field)
		}
	}
	return nil
}

// lostRace turns the database's refusal of a second same person, who came at the same moment, into the fault of the field.
func lostRace(err error) error {
	name, ok := store.UniqueViolation(err)
	if !ok {
		return err
	}
	for _, id := range []struct{ part, field, text string }{
		{"national_id", "nationalId", "national_id_taken"}, {"phone", "phone", "phone_taken"}, {"email", "email", "email_taken"},
	} {
		if strings.Contains(name, id.part) {
			return fault.Refuse(fault.Problem{Code: fault.AlreadyTaken, Text: id.text}, id.field)
		}
	}
	if strings.Contains(name, "credit_code") {
		return fault.Refuse(fault.Problem{Code: fault.Conflict}, "company", "creditCode")
	}
	return err
}

// firm finds the company of a form by its code, or enters it for review.
func firm(ctx context.Context, tx *store.Tx, c checked) (*key.Company, error) {
	if c.companyCode == "" {
		return nil, nil
	}
	known, err := tx.Company.Query().Where(company.CreditCode(c.companyCode), company.StatusNEQ(company.StatusRejected)).FirstID(ctx)
	if err == nil {
		return &known, nil
	}
	if !ent.IsNotFound(err) {
		return nil, fmt.Errorf("find company: %w", err)
	}
	made, err := tx.Company.Create().SetKind(company.KindClient).SetName(c.companyName).SetCreditCode(c.companyCode).
		SetStatus(company.StatusPendingReview).Save(ctx)
	if err != nil {
		return nil, lostRace(err)
	}
	return &made.ID, lifecycle.Born(ctx, tx, lifecycle.RegisterCompany, int64(made.ID), made.Status, 0, lifecycle.Said{})
}
