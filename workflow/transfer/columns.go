package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"lenddesk/ent/export"
	"lenddesk/ent/user"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/seal"
)

// node is a row as the contract tells it.
type node map[string]any

// at is a value in a row, by the names on the way to it; nil where there is none.
func (n node) at(path ...string) any {
	var v any = map[string]any(n)
	for _, name := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[name]
	}
	return v
}

// column is one column of an export.
type column struct {
	name string
	of   func(n node, in full) any
}

// full are values of a row that stand nowhere in the contract but masked; nil where they stay so.
type full map[string]string

// list is what an export of a kind is made of: a root field of the contract, what is asked of each row, and the columns that are made of it.
type list struct {
	root, filter, rows string
	columns            []column
	full               func(o *Office, ctx context.Context, nodes []node) ([]full, error)
}

// field is a column that stands in the row under its own name, or under the names on the way to it.
func field(name string, path ...string) column {
	if len(path) == 0 {
		path = []string{name}
	}
	return column{name, func(n node, _ full) any { return n.at(path...) }}
}

// covered is a column that is masked unless it is shown in full.
func covered(name string, mask func(n node) any) column {
	return column{name, func(n node, in full) any {
		if in == nil {
			return mask(n)
		}
		if in[name] == "" {
			return nil
		}
		return in[name]
	}}
}

var lists = map[export.Kind]list{
	export.KindUsers: {
		root: "users", filter: "UserFilter",
		rows: "id name status kinds email maskedPhone maskedNationalId locale source tags company { id name } accountManager { id name } createdAt updatedAt",
		columns: []column{
			field("id"), field("name"), field("status"), field("kinds"), covered("email", func(n node) any {
				if email, ok := n.at("email").(string); ok {
					return identity.MaskEmail(email)
				}
				return nil
			}),
			covered("phone", func(n node) any { return n.at("maskedPhone") }), covered("nationalId", func(n node) any { return n.at("maskedNationalId") }),
			field("locale"), field("source"), field("tags"), field("company", "company", "id"), field("companyName", "company", "name"),
			field("accountManager", "accountManager", "id"), field("accountManagerName", "accountManager", "name"), field("createdAt"), field("updatedAt"),
		},
		full: (*Office).inFull,
	},
	export.KindLoans: {
		root: "loans", filter: "LoanFilter",
		rows: "id number status borrower { id name } company { id name } requestedAmount requestedAnnualRate requestedTermMonths amount annualRate termMonths repaymentMethod purpose description " +
			"reservedAmount fundedAmount outstandingPrincipal opensAt closesAt createdAt updatedAt",
		columns: []column{
			field("id"), field("number"), field("status"), field("borrower", "borrower", "id"), field("borrowerName", "borrower", "name"), field("company", "company", "id"), field("companyName", "company", "name"),
			field("requestedAmount"), field("requestedAnnualRate"), field("requestedTermMonths"), field("amount"), field("annualRate"), field("termMonths"), field("repaymentMethod"), field("purpose"), field("description"),
			field("reservedAmount"), field("fundedAmount"), field("outstandingPrincipal"), field("opensAt"), field("closesAt"), field("createdAt"), field("updatedAt"),
		},
	},
	export.KindBids: {
		root: "bids", filter: "BidFilter",
		rows: "id status loan { id number } investor { id name } amount outstandingPrincipal earned lost createdAt updatedAt",
		columns: []column{
			field("id"), field("status"), field("loan", "loan", "id"), field("loanNumber", "loan", "number"), field("investor", "investor", "id"), field("investorName", "investor", "name"),
			field("amount"), field("outstandingPrincipal"), field("earned"), field("lost"), field("createdAt"), field("updatedAt"),
		},
	},
}

// page asks for the next rows of a list, oldest first, after a cursor or from the beginning.
func (l list) page(o *Office, ctx context.Context, filter map[string]any, after *string) (nodes []node, next *string, err error) {
	document := fmt.Sprintf(`query($filter: %s, $after: String) { list: %s(first: 100, after: $after, filter: $filter, orderBy: {field: CREATED_AT, direction: ASC}) { nodes { %s } pageInfo { hasNextPage endCursor } } }`,
		l.filter, l.root, l.rows)
	var told struct {
		List *struct {
			Nodes    []node
			PageInfo struct {
				HasNextPage bool
				EndCursor   *string
			}
		}
	}
	if err := o.ask(ctx, document, map[string]any{"filter": filter, "after": after}, &told); err != nil {
		return nil, nil, err
	}
	if told.List == nil {
		return nil, nil, fmt.Errorf("%s cannot be read", l.root)
	}
	if told.List.PageInfo.HasNextPage {
		next = told.List.PageInfo.EndCursor
	}
	return told.List.Nodes, next, nil
}

// count is how many rows of a list whoever asks may see.
func (l list) count(o *Office, ctx context.Context, filter map[string]any) (int, error) {
	var told struct{ List *struct{ TotalCount int } }
	document := fmt.Sprintf(`query($filter: %s) { list: %s(first: 1, filter: $filter) { totalCount } }`, l.filter, l.root)
	if err := o.ask(ctx, document, map[string]any{"filter": filter}, &told); err != nil {
		return 0, err
	}
	if told.List == nil {
		return 0, nil
	}
	return told.List.TotalCount, nil
}

// ask reads as the viewer, numbers as they are written.
func (o *Office) ask(ctx context.Context, document string, variables map[string]any, into any) error {
	told, err := o.Ask(ctx, document, variables)
	if err != nil {
		return err
	}
	d := json.NewDecoder(strings.NewReader(string(told)))
	d.UseNumber()
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read what was told: %w", err)
	}
	return nil
}

// inFull opens what is sealed of customers, in the order of the rows.
func (o *Office) inFull(ctx context.Context, nodes []node) ([]full, error) {
	keys, places := make([]key.User, len(nodes)), make(map[key.User]int, len(nodes))
	for i, n := range nodes {
		id, _ := n.at("id").(string)
		_, k, ok := o.IDs.Decode(id)
		if !ok {
			return nil, fmt.Errorf("a row has no id")
		}
		keys[i], places[key.User(k)] = key.User(k), i
	}
	rows, err := o.Store.Client().User.Query().Where(user.IDIn(keys...)).Select(user.FieldID, user.FieldPhone, user.FieldNationalID).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read customers: %w", err)
	}
	all := make([]full, len(nodes))
	for i, n := range nodes {
		all[i] = full{}
		all[i]["email"], _ = n.at("email").(string)
	}
	for _, u := range rows {
		in := all[places[u.ID]]
		if in["phone"], err = o.reveal(seal.Phone, u.Phone); err != nil {
			return nil, err
		}
		if in["nationalId"], err = o.reveal(seal.NationalID, u.NationalID); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// reveal opens a sealed value; "" when there is none.
func (o *Office) reveal(what seal.Purpose, sealed seal.Sealed) (string, error) {
	if len(sealed) == 0 {
		return "", nil
	}
	return o.Keys.Open(what, sealed)
}
