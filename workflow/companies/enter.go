package companies

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/company"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
)

// CreateInput is a new company.
type CreateInput struct {
	Kind, Name, CreditCode, Industry, LegalRepresentative, Address, Phone, RegisteredCapital, EstablishedOn *string
}

// UpdateInput is what changes of a company; what is left out stays, and null clears.
type UpdateInput struct {
	CompanyID                                                                                         string
	Name, CreditCode, Industry, LegalRepresentative, Address, Phone, RegisteredCapital, EstablishedOn graphql.Omittable[*string]
	ExpectedVersion                                                                                   *int
}

// Create enters a company, to be verified by another person. It returns ALREADY_TAKEN at creditCode when a company that is not REJECTED has it.
func (o *Office) Create(ctx context.Context, in CreateInput) (key.Company, error) {
	me := access.From(ctx)
	if err := lifecycle.CreateCompany.Permit(me); err != nil {
		return 0, err
	}
	var faults fault.List
	kind := company.Kind(workflow.Value(in.Kind))
	if kind == "" {
		faults.Add(fault.Problem{Code: fault.Required}, "kind")
	} else if company.KindValidator(kind) != nil {
		faults.Add(fault.Problem{Code: fault.Invalid}, "kind")
	}
	all := UpdateInput{Name: graphql.OmittableOf(in.Name), CreditCode: graphql.OmittableOf(in.CreditCode)}
	for to, s := range map[*graphql.Omittable[*string]]*string{
		&all.Industry: in.Industry, &all.LegalRepresentative: in.LegalRepresentative, &all.Address: in.Address, &all.Phone: in.Phone,
		&all.RegisteredCapital: in.RegisteredCapital, &all.EstablishedOn: in.EstablishedOn,
	} {
		if s != nil {
			*to = graphql.OmittableOf(s)
		}
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Company, error) {
		create := tx.Company.Create().SetStatus(company.StatusPendingReview).SetKind(kind)
		if me.Staff != 0 {
			create.SetCreatedByID(me.Staff)
		}
		if _, err := o.fill(ctx, tx, create.Mutation(), &ent.Company{}, all, &faults); err != nil {
			return 0, err
		}
		c, err := create.Save(ctx)
		if err != nil {
			return 0, lostRace(fmt.Errorf("enter company: %w", err))
		}
		return c.ID, lifecycle.Born(ctx, tx, lifecycle.CreateCompany, int64(c.ID), c.Status, 0, lifecycle.Said{})
	})
}

// Update changes a company. A change of legal data puts it back to be reviewed, by another person. It returns ALREADY_TAKEN at creditCode when
// another company that is not REJECTED has it.
func (o *Office) Update(ctx context.Context, in UpdateInput) (key.Company, error) {
	if err := lifecycle.UpdateCompany.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Company, error) {
		c, err := o.company(ctx, tx, in.CompanyID)
		if err != nil {
			return 0, err
		}
		var faults fault.List
		update := tx.Company.Update()
		changes, err := o.fill(ctx, tx, update.Mutation(), c, in, &faults)
		if err != nil {
			return 0, err
		}
		move := lifecycle.UpdateCompany
		if slices.ContainsFunc(legal, func(field string) bool { return changes[field] != nil }) {
			move = lifecycle.AmendCompany
		}
		said := lifecycle.Said{Expected: in.ExpectedVersion, Changes: changes}
		return c.ID, lostRace(lifecycle.Make(ctx, tx, move, update, firm(c), said))
	})
}

// legal are the fields of legal data, which a reviewer has checked.
var legal = []string{"name", "creditCode", "legalRepresentative", "registeredCapital", "establishedOn"}

// fill checks what is given and sets it; it returns what changes, as the event tells it.
func (o *Office) fill(ctx context.Context, tx *store.Tx, m *ent.CompanyMutation, was *ent.Company, in UpdateInput, faults *fault.List) (map[string]any, error) {
	changes := map[string]any{}
	text := func(field string, said graphql.Omittable[*string], before string, check func(*string) string, set func(string), clear func()) {
		s, given := said.ValueOK()
		if !given {
			return
		}
		now := ""
		if s != nil || clear == nil {
			now = check(s)
		}
		if now == "" && clear != nil {
			clear()
		} else {
			set(now)
		}
		if now != before {
			changes[field] = map[string]any{"from": some(before), "to": some(now)}
		}
	}
	short := func(field string, maximum int) func(*string) string {
		return func(s *string) string { return workflow.Text(faults, s, maximum, field) }
	}
	by := func(field string, rule func(string) (string, *fault.Problem)) func(*string) string {
		return func(s *string) string {
			v, problem := rule(workflow.Value(s))
			if problem != nil {
				faults.Add(*problem, field)
				return ""
			}
			return v
		}
	}
	text("name", in.Name, was.Name, func(s *string) string {
		said := workflow.Text(faults, s, 200, "name")
		if said == "" {
			faults.Add(fault.Problem{Code: fault.Required}, "name")
		}
		return said
	}, m.SetName, nil)
	text("creditCode", in.CreditCode, was.CreditCode, by("creditCode", identity.CreditCode), m.SetCreditCode, nil)
	text("industry", in.Industry, workflow.Value(was.Industry), short("industry", 100), m.SetIndustry, m.ClearIndustry)
	text("address", in.Address, workflow.Value(was.Address), short("address", 300), m.SetAddress, m.ClearAddress)
	text("legalRepresentative", in.LegalRepresentative, workflow.Value(was.LegalRepresentative), by("legalRepresentative", identity.PersonName),
		m.SetLegalRepresentative, m.ClearLegalRepresentative)
	values, err := o.Parameters(ctx, tx)
	if err != nil {
		return nil, err
	}
	today := lifecycle.Now().In(values.Location(parameter.TimeZoneName)).Format(time.DateOnly)
	text("establishedOn", in.EstablishedOn, workflow.Value(was.EstablishedOn), by("establishedOn", func(raw string) (string, *fault.Problem) { return foundation(raw, today) }),
		m.SetEstablishedOn, m.ClearEstablishedOn)
	capital := ""
	if was.RegisteredCapital != nil {
		capital = was.RegisteredCapital.String()
	}
	var amount money.Amount
	text("registeredCapital", in.RegisteredCapital, capital, by("registeredCapital", func(raw string) (_ string, problem *fault.Problem) {
		if amount, problem = money.ParseAmount(raw); problem == nil && amount < 0 {
			problem = &fault.Problem{Code: fault.OutOfRange}
		}
		return amount.String(), problem
	}), func(string) { m.SetRegisteredCapital(amount) }, m.ClearRegisteredCapital)
	phone := ""
	if was.Phone != nil {
		if phone, err = o.Keys.Open(seal.Phone, was.Phone); err != nil {
			return nil, err
		}
	}
	var sealing error
	text("phone", in.Phone, phone, by("phone", identity.Phone), func(now string) {
		var sealed seal.Sealed
		sealed, sealing = o.Keys.Seal(seal.Phone, now)
		m.SetPhone(sealed)
	}, m.ClearPhone)
	if sealing != nil {
		return nil, sealing
	}
	if p, ok := changes["phone"].(map[string]any); ok {
		for side, full := range p {
			if s := full.(*string); s != nil {
				p[side] = identity.MaskPhone(*s)
			}
		}
	}
	if code, given := m.CreditCode(); given && code != "" {
		held, err := tx.Company.Query().Where(company.CreditCode(code), company.StatusNEQ(company.StatusRejected), company.IDNEQ(was.ID)).Exist(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for the same company: %w", err)
		}
		if held {
			faults.Add(fault.Problem{Code: fault.AlreadyTaken}, "creditCode")
		}
	}
	return changes, faults.Err()
}

// foundation checks the day of a foundation: not one to come.
func foundation(raw, today string) (string, *fault.Problem) {
	if _, err := time.Parse(time.DateOnly, raw); err != nil {
		return "", &fault.Problem{Code: fault.Invalid}
	}
	if raw > today {
		return "", &fault.Problem{Code: fault.OutOfRange}
	}
	return raw, nil
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// lostRace turns the database's refusal of a second company with the same code, which came at the same moment, into the fault of the field.
func lostRace(err error) error {
	if _, twin := store.UniqueViolation(err); twin {
		return fault.Refuse(fault.Problem{Code: fault.AlreadyTaken}, "creditCode")
	}
	return err
}
