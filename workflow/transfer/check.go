package transfer

import (
	"context"
	"fmt"
	"strings"

	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/company"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/leads"
)

// lead is a row that was read, with what it names found.
type lead struct {
	line                     int
	customer                 leads.Lead
	phoneHash                string
	companySaid, managerSaid string
	faults                   fault.List
}

// examine reads a row by the rules of addPotentialCustomer, as far as the row itself tells.
func (o *Office) examine(r record) (lead, error) {
	l := lead{line: r.line, companySaid: r.cells[companyAt], managerSaid: r.cells[managerAt]}
	cell := func(at place) *string {
		if r.cells[at] == "" {
			return nil
		}
		return &r.cells[at]
	}
	l.customer = leads.Read(&l.faults, leads.Said{
		Name: cell(nameAt), Phone: cell(phoneAt), Email: cell(emailAt), Source: cell(sourceAt), Note: cell(noteAt),
	})
	if l.customer.Phone != "" {
		var err error
		if l.phoneHash, err = o.Keys.Hash(seal.Phone, l.customer.Phone); err != nil {
			return l, err
		}
	}
	return l, nil
}

// inspector checks rows in the order of the file.
type inspector struct {
	office    *Office
	phones    map[string]int // where a good row has a phone number, an e-mail address
	emails    map[string]int
	companies map[string]named[key.Company]
	managers  map[string]named[key.Staff]
}

// named is what a cell names, or why it names nothing.
type named[K ~int64] struct {
	key     K
	problem *fault.Problem
}

func newInspector(o *Office) *inspector {
	return &inspector{o, map[string]int{}, map[string]int{}, map[string]named[key.Company]{}, map[string]named[key.Staff]{}}
}

// take has a good row be one that others repeat.
func (n *inspector) take(l *lead) {
	n.phones[l.phoneHash] = l.line
	if l.customer.Email != "" {
		n.emails[l.customer.Email] = l.line
	}
}

// inspect finds what is wrong with some rows beside what they tell by themselves: in two statements, and one for each company and account manager that was not named before.
func (n *inspector) inspect(ctx context.Context, tx *store.Tx, some []*lead) error {
	var phones, emails []string
	for _, l := range some {
		if l.phoneHash != "" {
			phones = append(phones, l.phoneHash)
		}
		if l.customer.Email != "" {
			emails = append(emails, l.customer.Email)
		}
	}
	phoneTaken, err := taken(ctx, tx, user.FieldPhoneHash, phones)
	if err != nil {
		return err
	}
	emailTaken, err := taken(ctx, tx, user.FieldEmail, emails)
	if err != nil {
		return err
	}
	for _, l := range some {
		repeats := func(field, value string, inBook map[string]bool, inFile map[string]int) {
			if value == "" {
				return
			}
			if line, there := inFile[value]; there {
				l.faults.Add(fault.Problem{Code: fault.AlreadyTaken, Text: "import_repeated", Data: map[string]any{"line": line}}, field)
			} else if inBook[value] {
				l.faults.Add(fault.Problem{Code: fault.AlreadyTaken, Text: "import_on_the_books"}, field)
			}
		}
		repeats(fields[phoneAt], l.phoneHash, phoneTaken, n.phones)
		repeats(fields[emailAt], l.customer.Email, emailTaken, n.emails)
		if err := n.find(ctx, tx, l); err != nil {
			return err
		}
		if len(l.faults) == 0 {
			n.take(l)
		}
	}
	return nil
}

// find takes the company and the account manager that a row names.
func (n *inspector) find(ctx context.Context, tx *store.Tx, l *lead) error {
	if l.companySaid != "" {
		found, known := n.companies[l.companySaid]
		if !known {
			var err error
			if found, err = n.office.company(ctx, tx, l.companySaid); err != nil {
				return err
			}
			n.companies[l.companySaid] = found
		}
		if found.problem != nil {
			l.faults.Add(*found.problem, fields[companyAt])
		}
		l.customer.Company = found.key
	}
	if l.managerSaid == "" {
		return nil
	}
	found, known := n.managers[l.managerSaid]
	if !known {
		var err error
		if found, err = n.office.manager(ctx, tx, l.managerSaid); err != nil {
			return err
		}
		n.managers[l.managerSaid] = found
	}
	if found.problem != nil {
		l.faults.Add(*found.problem, fields[managerAt])
	}
	l.customer.Manager = found.key
	return nil
}

// taken are those of some values that stand in a column of somebody who is on the books.
func taken(ctx context.Context, tx *store.Tx, column string, values []string) (map[string]bool, error) {
	there := map[string]bool{}
	if len(values) == 0 {
		return there, nil
	}
	var found []string
	if err := tx.User.Query().Where(user.StatusNotIn(user.StatusClosed, user.StatusWithdrawn), func(s *sql.Selector) {
		s.Where(sql.In(s.C(column), texts(values)...))
	}).Select(column).Scan(ctx, &found); err != nil {
		return nil, fmt.Errorf("look for who is on the books: %w", err)
	}
	for _, v := range found {
		there[v] = true
	}
	return there, nil
}

func texts(values []string) []any {
	all := make([]any, len(values))
	for i, v := range values {
		all[i] = v
	}
	return all
}

// company takes a company by its id or its credit code.
func (o *Office) company(ctx context.Context, tx *store.Tx, said string) (found named[key.Company], err error) {
	if !strings.Contains(said, "_") {
		code, problem := identity.CreditCode(said)
		if problem != nil {
			return named[key.Company]{problem: problem}, nil
		}
		k, err := tx.Company.Query().Where(company.CreditCode(code)).FirstID(ctx)
		if err != nil && !ent.IsNotFound(err) {
			return found, fmt.Errorf("look for a company: %w", err)
		}
		said = o.IDs.Encode(key.KindCompany, int64(k)) // what is missing and what is hidden are answered alike
	}
	found.key, err = access.Find[key.Company](ctx, tx, o.IDs, key.KindCompany, company.Table, said)
	found.problem, err = only(err)
	return found, err
}

// manager takes an employee who can be given work, by their id or e-mail address.
func (o *Office) manager(ctx context.Context, tx *store.Tx, said string) (found named[key.Staff], err error) {
	if strings.Contains(said, "@") {
		email, problem := identity.Email(said)
		if problem != nil {
			return named[key.Staff]{problem: problem}, nil
		}
		k, err := tx.Staff.Query().Where(staff.Email(email)).FirstID(ctx)
		if err != nil && !ent.IsNotFound(err) {
			return found, fmt.Errorf("look for an employee: %w", err)
		}
		said = o.IDs.Encode(key.KindStaff, int64(k))
	}
	if found.key, err = access.Find[key.Staff](ctx, tx, o.IDs, key.KindStaff, staff.Table, said); err != nil {
		found.problem, err = only(err)
		return found, err
	}
	s, err := tx.Staff.Get(ctx, found.key)
	if err != nil {
		return found, fmt.Errorf("read employee: %w", err)
	}
	if s.Status != staff.StatusActive {
		found.problem = &fault.Problem{Code: fault.NotEligible, Text: "staff_not_active"}
	}
	return found, nil
}

// only is the one problem that an error tells; what is none goes on.
func only(err error) (*fault.Problem, error) {
	var faults fault.List
	if err := workflow.Gather(&faults, err); err != nil || len(faults) == 0 {
		return nil, err
	}
	return &faults[0].Problem, nil
}
