package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/export"
	"lenddesk/ent/importation"
	"lenddesk/ent/loan"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/text"
)

// The evaluator answers a query by walking through the rows of a small book, one by one, in memory. It is slow and obvious on purpose: it shares nothing with
// package reading but what both take from the floors below, and it states again, in its own words, who may see which row.
//
// Who adds to the contract teaches it in taught, below:
//
//   - a field that stands in the row under the same name: its name, in plain;
//   - a leaf that is worked out: a function, in fields;
//   - an edge: to one row in one (type and row; nil is null; the row's own rule is applied by the evaluator), to several in many (all of them, the evaluator
//     narrows, sorts and cuts);
//   - a filter, an order: a line in filters, in orders (the column is the one that the cursor names);
//   - a type: a shelf, with its rows and its rule; the bookmaker of reading_differential_test.go writes some rows of it;
//   - a root field: in wholeLists if it is all rows of a type that the viewer may see, in someLists if it is some of them, else in elsewhere, with a test of its own.

// shelf is one type of the contract.
type shelf struct {
	rows    func(b *shelves) []any
	sees    func(e *evaluation, row any) bool // the read rule; nil for what is part of another row
	plain   string
	fields  map[string]func(e *evaluation, row any) any
	one     map[string]func(e *evaluation, row any) (string, any)
	many    map[string]func(e *evaluation, row any) []any
	filters map[string]func(e *evaluation, row, value any) bool
	orders  map[string]sorting
	sorted  sorting // where none is asked for
}

// sorting is an order: the column as cursors name it, and its value in a row; nil is the row's own key, of which cursors tell nothing.
type sorting struct {
	column string
	desc   bool
	value  func(row any) any
	place  func(row any) *int64 // sorts by it where it is set; rows without one are not listed, and cursors tell nothing of it
}

// elsewhere are root fields that are not lists of rows, and types that only they lead to.
var elsewhere = []string{
	"node", "nodes", "viewer", "reviewQueue", "lifecycles", "system", "parameters", "quoteLoan", "quoteEarlySettlement", "permissions", "possibleDuplicates", "search", "statistics",
	"LifecycleTable", "Move", "System", "DatabaseInfo", "SimulatedCard", "SlowStatement", "Parameter", "ParameterValue", "Quote", "QuoteLine", "PossibleDuplicate", "PermissionInfo", "SearchHitConnection", "SearchHitEdge", "Statistics", "Bucket", "CountByName", "Session", "Viewer", "PageInfo", "AvailableAction", "UserError",
	"Query", "Mutation", "Subscription",
}

// wholeLists are the root fields that list all rows of a type that the viewer may see.
var wholeLists = []string{
	"users", "companies", "staff", "roles", "apiKeys", "bankCards", "loans", "bids", "documents", "events", "messages", "serviceRecords", "backups", "webhooks", "exports", "imports",
}

// someLists are the root fields that list some rows, in an order of their own.
var someLists = map[string]struct {
	among  func(row any) bool
	sorted sorting
}{
	"dueServiceRecords": {func(row any) bool {
		return row.(*ent.ServiceRecord).CompletedAt == nil && row.(*ent.ServiceRecord).DueAt != nil
	}, sortedBy("due_at", "DueAt", false)},
}

// shelves are all rows of a book.
type shelves struct {
	h      *readHouse
	places map[string]any // the rows that cursors were made of

	users        []*ent.User
	companies    []*ent.Company
	staff        []*ent.Staff
	roles        []*ent.Role
	apiKeys      []*ent.APIKey
	cards        []*ent.BankCard
	attempts     []*ent.BankCardAttempt
	loans        []*ent.Loan
	bids         []*ent.Bid
	installments []*ent.Installment
	repayments   []*ent.Repayment
	orders       []*ent.Disbursement
	documents    []*ent.Document
	reviews      []*ent.Review
	records      []*ent.ServiceRecord
	requests     []*ent.ServiceRequest
	events       []*ent.Event
	messages     []*ent.Message
	claims       []*ent.Claim
	backups      []*ent.Backup
	webhooks     []*ent.Webhook
	deliveries   []*ent.WebhookDelivery
	exports      []*ent.Export
	imports      []*ent.Importation
	importFaults []*ent.ImportFault
}

func openShelves(t testing.TB, h *readHouse) *shelves {
	t.Helper()
	c, ctx := h.store.Client(), t.Context()
	return &shelves{
		h: h, places: map[string]any{}, users: c.User.Query().AllX(ctx), companies: c.Company.Query().AllX(ctx), staff: c.Staff.Query().WithRoles().AllX(ctx), roles: c.Role.Query().WithStaff().AllX(ctx),
		apiKeys: c.APIKey.Query().WithRoles().AllX(ctx), cards: c.BankCard.Query().AllX(ctx), attempts: c.BankCardAttempt.Query().AllX(ctx), loans: c.Loan.Query().AllX(ctx), bids: c.Bid.Query().AllX(ctx),
		installments: c.Installment.Query().AllX(ctx), repayments: c.Repayment.Query().AllX(ctx), orders: c.Disbursement.Query().AllX(ctx), documents: c.Document.Query().AllX(ctx), reviews: c.Review.Query().AllX(ctx),
		records: c.ServiceRecord.Query().AllX(ctx), requests: c.ServiceRequest.Query().AllX(ctx), events: c.Event.Query().AllX(ctx), messages: c.Message.Query().AllX(ctx), claims: c.Claim.Query().AllX(ctx), backups: c.Backup.Query().AllX(ctx),
		webhooks: c.Webhook.Query().AllX(ctx), deliveries: c.WebhookDelivery.Query().AllX(ctx),
		exports: c.Export.Query().AllX(ctx), imports: c.Importation.Query().AllX(ctx), importFaults: c.ImportFault.Query().AllX(ctx),
	}
}

// The makers of the table.

func rowsOn[T any](of func(*shelves) []T) func(*shelves) []any {
	return func(b *shelves) []any { return anys(of(b)) }
}

func anys[T any](rows []T) []any {
	all := make([]any, len(rows))
	for i, r := range rows {
		all[i] = r
	}
	return all
}

// leaf is a value worked out.
func leaf[R any](f func(e *evaluation, r R) any) func(*evaluation, any) any {
	return func(e *evaluation, row any) any { return f(e, row.(R)) }
}

// to is an edge by a key in the row: the name of the Go field.
func to(kind, field string) func(*evaluation, any) (string, any) {
	return func(e *evaluation, row any) (string, any) {
		n, ok := number(column(row, field))
		if !ok {
			return kind, nil
		}
		return kind, e.find(kind, n)
	}
}

// subjectOf is an edge to a row of one of several types.
func subjectOf(e *evaluation, row any) (string, any) {
	kind := column(row, "SubjectType").(string)
	return kind, e.led(kind, column(row, "SubjectID").(int64))
}

// by is who did it: the beginning of the names of three Go fields.
func by(prefix string) func(*evaluation, any) (string, any) {
	return func(e *evaluation, row any) (string, any) {
		kind := column(row, prefix+"Type").(string)
		if kind == "SystemActor" {
			return kind, column(row, prefix+"Name")
		}
		return kind, e.led(kind, column(row, prefix+"ID").(int64))
	}
}

// whose are the rows of a type whose Go field has the key of the row.
func whose(kind, field string) func(*evaluation, any) []any {
	return func(e *evaluation, row any) []any {
		var all []any
		for _, r := range taught[kind].rows(e.shelves) {
			if n, ok := number(column(r, field)); ok && n == keyOf(row) {
				all = append(all, r)
			}
		}
		return all
	}
}

// tied are the rows of a type that a table of pairs ties to the row, as ent found them.
func tied[R any](kind string, pairs func(R) any) func(*evaluation, any) []any {
	return func(e *evaluation, row any) []any {
		var all []any
		for _, r := range reflect.ValueOf(pairs(row.(R))).Seq2() {
			all = append(all, e.find(kind, keyOf(r.Interface())))
		}
		return all
	}
}

// aboutIt are the rows of a type whose subject is the row.
func aboutIt(kind, subject string) func(*evaluation, any) []any {
	return func(e *evaluation, row any) []any {
		var all []any
		for _, r := range taught[kind].rows(e.shelves) {
			if column(r, "SubjectType") == subject && column(r, "SubjectID") == keyOf(row) {
				all = append(all, r)
			}
		}
		return all
	}
}

// The makers of filters; field is the name of the Go field.

func oneOfThese(field string) func(*evaluation, any, any) bool {
	return func(_ *evaluation, row, value any) bool {
		have := column(row, field)
		list, ok := value.([]any)
		if !ok {
			list = []any{value}
		}
		return have != nil && slices.ContainsFunc(list, func(v any) bool { return fmt.Sprint(v) == fmt.Sprint(have) })
	}
}

func just(field string) func(*evaluation, any, any) bool {
	return func(_ *evaluation, row, value any) bool { return column(row, field) == value }
}

func named(kind, field string) func(*evaluation, any, any) bool {
	return func(e *evaluation, row, value any) bool {
		of, n, ok := e.h.desk.IDs.Decode(value.(string))
		have, there := number(column(row, field))
		return ok && there && string(of) == kind && n == have
	}
}

// against compares a column with a moment or an amount: -1, 0 and 1 of cmp that are let through.
func against(field string, through ...int) func(*evaluation, any, any) bool {
	return func(_ *evaluation, row, value any) bool {
		switch have := column(row, field).(type) {
		case time.Time:
			at, err := time.Parse(time.RFC3339Nano, value.(string))
			return err == nil && slices.Contains(through, have.Compare(at))
		case money.Amount:
			amount, problem := money.ParseAmount(value.(string))
			return problem == nil && slices.Contains(through, int(min(max(have-amount, -1), 1)))
		}
		return false
	}
}

func begins(field string) func(*evaluation, any, any) bool {
	return func(_ *evaluation, row, value any) bool {
		return strings.HasPrefix(column(row, field).(string), strings.TrimSpace(value.(string)))
	}
}

// opened is sealed data that equals what a value is written like.
func opened(what seal.Purpose, field string, same func(value, plain string) bool) func(*evaluation, any, any) bool {
	return func(e *evaluation, row, value any) bool {
		plain := e.open(what, column(row, field))
		return plain != nil && same(value.(string), *plain)
	}
}

func address(field string) func(*evaluation, any, any) bool {
	return func(_ *evaluation, row, value any) bool {
		normal, problem := identity.Email(value.(string))
		return problem == nil && column(row, field) == normal
	}
}

// The makers of orders.

func sortedBy(column, field string, desc bool) sorting {
	return sorting{column: column, desc: desc, value: func(row any) any { return columnOf(row, field) }}
}

var (
	newestFirst = sortedBy("created_at", "CreatedAt", true)
	byItsName   = sortedBy("name", "Name", false)
	latestEvent = sorting{column: "id", desc: true}
	placedEvent = sorting{column: "position", place: func(row any) *int64 { return row.(*ent.Event).Position }}
	whenMade    = map[string]sorting{"CREATED_AT": newestFirst}
	nameOrMade  = map[string]sorting{"CREATED_AT": newestFirst, "NAME": byItsName}
	sizeOrMade  = map[string]sorting{"CREATED_AT": newestFirst, "AMOUNT": sortedBy("amount", "Amount", false)}
)

// taught is the table. It is filled in init, since its functions look into it.
var taught map[string]*shelf

func init() {
	everyLoan := access.Of(access.ViewLoans, access.ReviewMaterials, access.ReviewLoans, access.ListLoans, access.ReviewBids, access.ReviewFunding, access.ManageLoans, access.ReportPayments)
	everyUser := access.Of(access.ViewUsers, access.ManageUsers, access.ReviewRegistrations)
	everyCompany := access.Of(access.ViewUsers, access.ManageCompanies, access.ViewLoans, access.ReviewLoans, access.ReviewMaterials)
	everyBid := access.Of(access.ViewBids, access.ReviewBids, access.ReviewFunding, access.ReportPayments)
	everyCard := access.Of(access.ViewBankCards, access.ManageBankCards)
	everyDocument := access.Of(access.ViewDocuments, access.ReviewMaterials)
	everyRecord := access.Of(access.ViewUsers, access.ManageUsers)
	mine := func(e *evaluation, owner any) bool {
		n, ok := number(owner)
		return ok && e.viewer.User != 0 && n == int64(e.viewer.User)
	}
	ofMyLoan := func(e *evaluation, row any) bool {
		l := e.find("Loan", numberOf(column(row, "LoanID")))
		return l != nil && mine(e, l.(*ent.Loan).BorrowerID)
	}
	permitted := func(e *evaluation, any access.Permissions) bool { return e.viewer.Permissions&any != 0 }
	masked := func(what seal.Purpose, field string, mask func(string) string) func(*evaluation, any) any {
		return func(e *evaluation, row any) any {
			plain := e.open(what, column(row, field))
			if plain == nil {
				return nil
			}
			return mask(*plain)
		}
	}
	whole := func(s string) string { return s }
	timeline := func(subject string) func(*evaluation, any) []any { return aboutIt("Event", subject) }
	const life = " version createdAt updatedAt"

	taught = map[string]*shelf{
		"User": {
			rows: rowsOn(func(b *shelves) []*ent.User { return b.users }), orders: nameOrMade, sorted: newestFirst,
			sees:  func(e *evaluation, row any) bool { return permitted(e, everyUser) || mine(e, row.(*ent.User).ID) },
			plain: "erasedAt status name email locale" + life,
			fields: map[string]func(*evaluation, any) any{
				"kinds": leaf(func(_ *evaluation, u *ent.User) any {
					kinds := []string{}
					if u.Borrower {
						kinds = append(kinds, "BORROWER")
					}
					if u.Investor {
						kinds = append(kinds, "INVESTOR")
					}
					return kinds
				}),
				"source": leaf(func(e *evaluation, u *ent.User) any {
					if e.viewer.User != 0 || u.Source == nil {
						return nil
					}
					return *u.Source
				}),
				"tags": leaf(func(e *evaluation, u *ent.User) any {
					if e.viewer.User != 0 || u.Tags == nil {
						return []string{}
					}
					return u.Tags
				}),
				"maskedPhone": masked(seal.Phone, "Phone", identity.MaskPhone), "maskedNationalId": masked(seal.NationalID, "NationalID", identity.MaskNationalID),
			},
			one: map[string]func(*evaluation, any) (string, any){
				"company": to("Company", "CompanyID"), "accountManager": to("Staff", "AccountManagerID"), "previousUser": to("User", "PreviousUserID"),
				"statistics": func(_ *evaluation, row any) (string, any) { return "UserStatistics", row },
			},
			many: map[string]func(*evaluation, any) []any{
				"bankCards": whose("BankCard", "UserID"), "loans": whose("Loan", "BorrowerID"), "bids": whose("Bid", "InvestorID"), "documents": aboutIt("Document", "User"),
				"serviceRecords": whose("ServiceRecord", "UserID"), "timeline": whose("Event", "UserID"),
			},
			filters: map[string]func(*evaluation, any, any) bool{
				"status": oneOfThese("Status"), "name": begins("Name"), "email": address("Email"), "accountManagerId": named("Staff", "AccountManagerID"), "companyId": named("Company", "CompanyID"),
				"createdFrom": against("CreatedAt", 0, 1), "createdTo": against("CreatedAt", -1),
				"kind": func(_ *evaluation, row, value any) bool {
					u := row.(*ent.User)
					return value == "BORROWER" && u.Borrower || value == "INVESTOR" && u.Investor
				},
				"tag": func(e *evaluation, row, value any) bool {
					return e.viewer.User == 0 && slices.Contains(row.(*ent.User).Tags, value.(string))
				},
				"phone": opened(seal.Phone, "Phone", func(value, plain string) bool {
					normal, problem := identity.Phone(value)
					return problem == nil && normal == plain
				}),
				"nationalId": opened(seal.NationalID, "NationalID", func(value, plain string) bool {
					normal, problem := identity.ParseResidentID(value, time.Now())
					return problem == nil && string(normal) == plain
				}),
			},
		},
		"UserStatistics": {fields: map[string]func(*evaluation, any) any{
			"loans": leaf(func(e *evaluation, u *ent.User) any { return len(e.seen("Loan", whose("Loan", "BorrowerID")(e, u))) }),
			"bids":  leaf(func(e *evaluation, u *ent.User) any { return len(e.seen("Bid", whose("Bid", "InvestorID")(e, u))) }),
			"borrowed": leaf(func(e *evaluation, u *ent.User) any {
				return e.sum("Loan", whose("Loan", "BorrowerID")(e, u), "Amount", "REPAYING", "OVERDUE", "DEFAULTED", "WRITTEN_OFF", "SETTLED")
			}),
			"invested": leaf(func(e *evaluation, u *ent.User) any {
				return e.sum("Bid", whose("Bid", "InvestorID")(e, u), "Amount", "HOLDING", "SETTLED", "WRITTEN_OFF")
			}),
			"overdue": leaf(func(e *evaluation, u *ent.User) any {
				n := 0
				for _, l := range e.seen("Loan", whose("Loan", "BorrowerID")(e, u)) {
					if s := l.(*ent.Loan).Status; s == "OVERDUE" || s == "DEFAULTED" {
						n++
					}
				}
				return n
			}),
			"outstanding": leaf(func(e *evaluation, u *ent.User) any {
				var sum money.Amount
				for _, i := range e.installments {
					if l := e.find("Loan", int64(i.LoanID)).(*ent.Loan); l.BorrowerID == u.ID && i.BidID == nil && i.Status != "CANCELLED" && e.maySee("Installment", i) {
						sum += i.Principal - i.PaidPrincipal
					}
				}
				return sum
			}),
			"earned": leaf(func(e *evaluation, u *ent.User) any {
				var sum money.Amount
				for _, i := range e.installments {
					if i.BidID != nil && e.find("Bid", int64(*i.BidID)).(*ent.Bid).InvestorID == u.ID && e.maySee("Installment", i) {
						sum += i.PaidInterest + i.PaidPenalty
					}
				}
				return sum
			}),
		}},
		"Company": {
			rows: rowsOn(func(b *shelves) []*ent.Company { return b.companies }), orders: nameOrMade, sorted: newestFirst,
			sees: func(e *evaluation, row any) bool {
				c := row.(*ent.Company)
				if permitted(e, everyCompany) || e.viewer.Staff != 0 && c.Kind == "BRANCH" {
					return true
				}
				me := e.find("User", int64(e.viewer.User))
				return me != nil && me.(*ent.User).CompanyID != nil && *me.(*ent.User).CompanyID == c.ID
			},
			plain:  "kind status name creditCode industry legalRepresentative address registeredCapital establishedOn" + life,
			fields: map[string]func(*evaluation, any) any{"phone": masked(seal.Phone, "Phone", whole)},
			many: map[string]func(*evaluation, any) []any{
				"users": whose("User", "CompanyID"), "staff": whose("Staff", "CompanyID"), "documents": aboutIt("Document", "Company"), "timeline": timeline("Company"),
			},
			filters: map[string]func(*evaluation, any, any) bool{
				"kind": oneOfThese("Kind"), "status": oneOfThese("Status"), "name": begins("Name"), "creditCode": just("CreditCode"), "industry": oneOfThese("Industry"),
			},
		},
		"Staff": {
			rows: rowsOn(func(b *shelves) []*ent.Staff { return b.staff }), orders: nameOrMade, sorted: byItsName,
			sees:  func(e *evaluation, _ any) bool { return e.viewer.Staff != 0 || e.viewer.May(access.ManageStaff) },
			plain: "status name email employeeNumber department" + life,
			fields: map[string]func(*evaluation, any) any{
				"phone": masked(seal.Phone, "Phone", whole), "secondFactor": leaf(func(_ *evaluation, s *ent.Staff) any { return s.TotpSince != nil }),
				"permissions": leaf(func(_ *evaluation, s *ent.Staff) any {
					held := map[string]bool{}
					for _, r := range s.Edges.Roles {
						for _, p := range r.Permissions {
							held[p] = true
						}
					}
					return inOrder(held)
				}),
			},
			one: map[string]func(*evaluation, any) (string, any){"company": to("Company", "CompanyID")},
			many: map[string]func(*evaluation, any) []any{
				"roles":     tied("Role", func(r *ent.Staff) any { return r.Edges.Roles }),
				"customers": whose("User", "AccountManagerID"), "timeline": timeline("Staff"),
			},
			filters: map[string]func(*evaluation, any, any) bool{"status": oneOfThese("Status"), "companyId": named("Company", "CompanyID"), "department": just("Department")},
		},
		"Role": {
			rows: rowsOn(func(b *shelves) []*ent.Role { return b.roles }), sorted: byItsName,
			sees:  func(e *evaluation, _ any) bool { return e.viewer.Staff != 0 || e.viewer.May(access.ManageRoles) },
			plain: "version name description permissions builtIn",
			many:  map[string]func(*evaluation, any) []any{"staff": tied("Staff", func(r *ent.Role) any { return r.Edges.Staff })},
		},
		"ApiKey": {
			rows: rowsOn(func(b *shelves) []*ent.APIKey { return b.apiKeys }), sorted: newestFirst,
			sees: func(e *evaluation, row any) bool {
				return e.viewer.May(access.ManageAPIKeys) || e.viewer.APIKey != 0 && row.(*ent.APIKey).ID == e.viewer.APIKey
			},
			plain: "name lastUsedAt expiresAt revokedAt createdAt",
			many:  map[string]func(*evaluation, any) []any{"roles": tied("Role", func(r *ent.APIKey) any { return r.Edges.Roles })},
		},
		"BankCard": {
			rows: rowsOn(func(b *shelves) []*ent.BankCard { return b.cards }), sorted: newestFirst,
			orders: map[string]sorting{"CREATED_AT": newestFirst, "STATUS_SINCE": sortedBy("status_since", "StatusSince", false)},
			sees: func(e *evaluation, row any) bool {
				return permitted(e, everyCard) || mine(e, row.(*ent.BankCard).UserID)
			},
			plain: "status statusSince issuer holderName failure" + life,
			fields: map[string]func(*evaluation, any) any{
				"maskedNumber": masked(seal.CardNumber, "Number", identity.MaskCard), "maskedPhone": masked(seal.Phone, "Phone", identity.MaskPhone),
			},
			one:  map[string]func(*evaluation, any) (string, any){"user": to("User", "UserID"), "replaces": to("BankCard", "ReplacesID")},
			many: map[string]func(*evaluation, any) []any{"attempts": whose("BankCardAttempt", "BankCardID"), "timeline": timeline("BankCard")},
			filters: map[string]func(*evaluation, any, any) bool{
				"status": oneOfThese("Status"), "userId": named("User", "UserID"), "createdTo": against("CreatedAt", -1), "waitingSince": against("StatusSince", -1),
			},
		},
		"BankCardAttempt": {
			rows: rowsOn(func(b *shelves) []*ent.BankCardAttempt { return b.attempts }), sorted: sortedBy("started_at", "StartedAt", true),
			sees: func(e *evaluation, row any) bool {
				return permitted(e, everyCard) || mine(e, e.find("BankCard", int64(row.(*ent.BankCardAttempt).BankCardID)).(*ent.BankCard).UserID)
			},
			plain: "system requestId result rawCode startedAt finishedAt amount asks askedAt",
			fields: map[string]func(*evaluation, any) any{"duration": leaf(func(_ *evaluation, a *ent.BankCardAttempt) any {
				if a.FinishedAt == nil {
					return nil
				}
				return a.FinishedAt.Sub(a.StartedAt).Seconds()
			})},
		},
		"Loan": {
			rows: rowsOn(func(b *shelves) []*ent.Loan { return b.loans }), orders: sizeOrMade, sorted: newestFirst,
			sees: func(e *evaluation, row any) bool {
				l := row.(*ent.Loan)
				bidOn := slices.ContainsFunc(e.bids, func(b *ent.Bid) bool { return b.LoanID == l.ID && mine(e, b.InvestorID) })
				return permitted(e, everyLoan) || mine(e, l.BorrowerID) || bidOn || e.viewer.May(access.PlaceBids) && l.Status == "BIDDING"
			},
			plain: "number status requestedAmount requestedAnnualRate requestedTermMonths amount annualRate termMonths repaymentMethod purpose description round approvalsNeeded termsAccepted minimumBid bidStep " +
				"opensAt closesAt reservedAmount fundedAmount orderNumber" + life,
			fields: map[string]func(*evaluation, any) any{
				"remainingAmount": leaf(func(_ *evaluation, l *ent.Loan) any { return l.Amount - l.ReservedAmount }),
				"progress":        leaf(func(_ *evaluation, l *ent.Loan) any { return float64(l.FundedAmount) / float64(l.Amount) }),
				"outstandingPrincipal": leaf(func(e *evaluation, l *ent.Loan) any {
					var sum money.Amount
					for _, i := range e.installments {
						if i.LoanID == l.ID && i.BidID == nil && i.Status != "CANCELLED" {
							sum += i.Principal - i.PaidPrincipal
						}
					}
					return sum
				}),
				"requiredDocuments": leaf(func(e *evaluation, l *ent.Loan) any {
					if l.RequiredDocuments != nil {
						return l.RequiredDocuments
					}
					values, err := lifecycle.LoadParameters(context.Background(), e.h.store.Reader(), e.h.dialect, time.Now())
					if err != nil {
						panic(err)
					}
					return values.Needs(parameter.RequiredDocuments).For(l.CompanyID != nil, l.RequestedAmount)
				}),
				"approvalsGiven": leaf(func(e *evaluation, l *ent.Loan) any {
					n := 0
					for _, r := range e.reviews {
						if r.SubjectType == "Loan" && r.SubjectID == int64(l.ID) && r.Step == "APPLICATION" && r.Decision == "APPROVED" && r.Round == l.Round && r.VoidedAt == nil {
							n++
						}
					}
					return n
				}),
			},
			one: map[string]func(*evaluation, any) (string, any){"borrower": to("User", "BorrowerID"), "company": to("Company", "CompanyID"), "reviewer": func(e *evaluation, row any) (string, any) {
				step := map[loan.Status]string{"MATERIALS_REVIEW": "MATERIALS", "APPLICATION_REVIEW": "APPLICATION", "FULLY_FUNDED": "FUNDING"}[row.(*ent.Loan).Status]
				if c := e.claimOf(queued{step, "Loan", row}); c != nil {
					return "Staff", e.find("Staff", int64(c.StaffID))
				}
				return "Staff", nil
			}},
			many: map[string]func(*evaluation, any) []any{
				"bids": whose("Bid", "LoanID"), "documents": aboutIt("Document", "Loan"), "reviews": aboutIt("Review", "Loan"), "repayments": whose("Repayment", "LoanID"),
				"disbursements":   whose("Disbursement", "LoanID"),
				"serviceRequests": whose("ServiceRequest", "LoanID"), "timeline": timeline("Loan"),
				"installments": func(e *evaluation, row any) []any {
					return slices.DeleteFunc(whose("Installment", "LoanID")(e, row), func(i any) bool { return i.(*ent.Installment).BidID != nil })
				},
			},
			filters: map[string]func(*evaluation, any, any) bool{
				"status": oneOfThese("Status"), "borrowerId": named("User", "BorrowerID"), "companyId": named("Company", "CompanyID"), "purpose": oneOfThese("Purpose"),
				"minimumAmount": against("Amount", 0, 1), "maximumAmount": against("Amount", -1, 0), "number": just("Number"), "createdFrom": against("CreatedAt", 0, 1), "createdTo": against("CreatedAt", -1),
				"industry": func(e *evaluation, row, value any) bool {
					l, in := row.(*ent.Loan), oneOfThese("Industry")
					if c := e.seenOne("Company", column(l, "CompanyID")); c != nil && in(e, c, value) {
						return true
					}
					if u := e.seenOne("User", l.BorrowerID); u != nil {
						c := e.seenOne("Company", column(u, "CompanyID"))
						return c != nil && in(e, c, value)
					}
					return false
				},
			},
		},
		"Bid": {
			rows: rowsOn(func(b *shelves) []*ent.Bid { return b.bids }), orders: sizeOrMade, sorted: newestFirst,
			sees: func(e *evaluation, row any) bool {
				return permitted(e, everyBid) || mine(e, row.(*ent.Bid).InvestorID) || ofMyLoan(e, row)
			},
			plain: "status amount" + life,
			fields: map[string]func(*evaluation, any) any{
				"outstandingPrincipal": leaf(func(e *evaluation, b *ent.Bid) any {
					var sum money.Amount
					for _, i := range e.installments {
						if i.BidID != nil && *i.BidID == b.ID && b.Status == "HOLDING" && i.Status != "CANCELLED" {
							sum += i.Principal - i.PaidPrincipal
						}
					}
					return sum
				}),
				"earned": leaf(func(e *evaluation, b *ent.Bid) any {
					var sum money.Amount
					for _, i := range e.installments {
						if i.BidID != nil && *i.BidID == b.ID {
							sum += i.PaidInterest + i.PaidPenalty
						}
					}
					return sum
				}),
				"lost": leaf(func(e *evaluation, b *ent.Bid) any {
					var sum money.Amount
					for _, i := range e.installments {
						if i.BidID != nil && *i.BidID == b.ID && b.Status == "WRITTEN_OFF" {
							sum += i.Principal - i.PaidPrincipal
						}
					}
					return sum
				}),
			},
			one:  map[string]func(*evaluation, any) (string, any){"loan": to("Loan", "LoanID"), "investor": to("User", "InvestorID")},
			many: map[string]func(*evaluation, any) []any{"installments": whose("Installment", "BidID"), "timeline": timeline("Bid")},
			filters: map[string]func(*evaluation, any, any) bool{
				"status": oneOfThese("Status"), "loanId": named("Loan", "LoanID"), "investorId": named("User", "InvestorID"),
				"minimumAmount": against("Amount", 0, 1), "maximumAmount": against("Amount", -1, 0),
			},
		},
		"Installment": {
			rows: rowsOn(func(b *shelves) []*ent.Installment { return b.installments }), sorted: sortedBy("number", "Number", false),
			orders: map[string]sorting{"NUMBER": sortedBy("number", "Number", false)},
			sees: func(e *evaluation, row any) bool {
				i := row.(*ent.Installment)
				return permitted(e, everyLoan) || i.BidID == nil && ofMyLoan(e, row) || i.BidID != nil && mine(e, e.find("Bid", int64(*i.BidID)).(*ent.Bid).InvestorID)
			},
			plain:   "plan number dueOn status principal interest penalty",
			fields:  map[string]func(*evaluation, any) any{"paid": leaf(func(_ *evaluation, i *ent.Installment) any { return i.PaidPrincipal + i.PaidInterest + i.PaidPenalty })},
			filters: map[string]func(*evaluation, any, any) bool{"status": oneOfThese("Status")},
		},
		"Repayment": {
			rows: rowsOn(func(b *shelves) []*ent.Repayment { return b.repayments }), sorted: newestFirst,
			sees:   func(e *evaluation, row any) bool { return permitted(e, everyLoan) || ofMyLoan(e, row) },
			plain:  "amount paidAt reference penalty interest principal createdAt",
			fields: map[string]func(*evaluation, any) any{"reversed": leaf(func(_ *evaluation, r *ent.Repayment) any { return r.ReversedAt != nil })},
			one:    map[string]func(*evaluation, any) (string, any){"loan": to("Loan", "LoanID"), "reportedBy": by("ReportedBy")},
		},
		"Disbursement": {
			rows: rowsOn(func(b *shelves) []*ent.Disbursement { return b.orders }), sorted: newestFirst,
			sees: func(e *evaluation, _ any) bool {
				return e.viewer.May(access.ViewLoans) || e.viewer.May(access.ReportPayments)
			},
			plain: "number state asks askedAt acceptedAt reference createdAt finishedAt",
			one:   map[string]func(*evaluation, any) (string, any){"loan": to("Loan", "LoanID")},
		},
		"Document": {
			rows: rowsOn(func(b *shelves) []*ent.Document { return b.documents }), orders: whenMade, sorted: newestFirst,
			sees: func(e *evaluation, row any) bool {
				return permitted(e, everyDocument) || mine(e, column(row, "OwnerID"))
			},
			plain:   "kind status name contentType size sha256 validUntil reason" + life,
			fields:  map[string]func(*evaluation, any) any{"url": leaf(func(_ *evaluation, d *ent.Document) any { return nil })}, // no document of the book has a file
			one:     map[string]func(*evaluation, any) (string, any){"subject": subjectOf, "replaces": to("Document", "ReplacesID")},
			many:    map[string]func(*evaluation, any) []any{"timeline": timeline("Document")},
			filters: map[string]func(*evaluation, any, any) bool{"status": oneOfThese("Status"), "kind": oneOfThese("Kind")},
		},
		"Review": {
			rows: rowsOn(func(b *shelves) []*ent.Review { return b.reviews }), sorted: newestFirst,
			sees: func(e *evaluation, _ any) bool {
				return permitted(e, access.Of(access.ReviewRegistrations, access.ManageCompanies, access.ReviewMaterials, access.ReviewLoans, access.ReviewBids, access.ReviewFunding, access.ManageLoans, access.ViewEvents))
			},
			plain: "step round decision note reason createdAt",
			one:   map[string]func(*evaluation, any) (string, any){"subject": subjectOf, "reviewer": to("Staff", "ReviewerID")},
		},
		"ServiceRecord": {
			rows: rowsOn(func(b *shelves) []*ent.ServiceRecord { return b.records }), orders: whenMade, sorted: newestFirst,
			sees:  func(e *evaluation, _ any) bool { return permitted(e, everyRecord) },
			plain: "status kind text dueAt completedAt" + life,
			one:   map[string]func(*evaluation, any) (string, any){"user": to("User", "UserID"), "author": to("Staff", "AuthorID"), "assignee": to("Staff", "AssigneeID")},
			many:  map[string]func(*evaluation, any) []any{"timeline": timeline("ServiceRecord")},
			filters: map[string]func(*evaluation, any, any) bool{
				"kind": oneOfThese("Kind"), "userId": named("User", "UserID"), "assigneeId": named("Staff", "AssigneeID"), "dueTo": against("DueAt", -1),
				"open": func(_ *evaluation, row, value any) bool {
					return (row.(*ent.ServiceRecord).CompletedAt == nil) == (value == true)
				},
			},
		},
		"ServiceRequest": {
			rows: rowsOn(func(b *shelves) []*ent.ServiceRequest { return b.requests }), sorted: newestFirst,
			sees:  func(e *evaluation, row any) bool { return permitted(e, everyLoan) || ofMyLoan(e, row) },
			plain: "kind status reason months decisionReason quotedAmount validUntil" + life,
			one:   map[string]func(*evaluation, any) (string, any){"loan": to("Loan", "LoanID")},
			many:  map[string]func(*evaluation, any) []any{"timeline": timeline("ServiceRequest")},
		},
		"Event": {
			rows: rowsOn(func(b *shelves) []*ent.Event { return b.events }), orders: map[string]sorting{"AT": latestEvent, "PLACE": placedEvent}, sorted: latestEvent,
			sees: func(e *evaluation, row any) bool {
				v := row.(*ent.Event)
				return e.viewer.May(access.ViewEvents) || mine(e, column(v, "UserID")) && v.SubjectType != "ServiceRecord" || permitted(e, map[string]access.Permissions{
					"User": everyUser, "Company": everyCompany, "Loan": everyLoan, "Bid": everyBid, "BankCard": everyCard, "Document": everyDocument, "ServiceRecord": everyRecord, "ServiceRequest": everyLoan,
					"Message": access.Of(access.ViewMessages), "Staff": access.Of(access.ManageStaff), "Role": access.Of(access.ManageRoles), "ApiKey": access.Of(access.ManageAPIKeys), "Backup": access.Of(access.ManageBackups), "Webhook": access.Of(access.ManageWebhooks),
				}[v.SubjectType])
			},
			plain: "kind from to reason at",
			fields: map[string]func(*evaluation, any) any{"changes": leaf(func(_ *evaluation, v *ent.Event) any {
				if v.Changes == nil {
					return nil
				}
				return v.Changes
			})},
			one: map[string]func(*evaluation, any) (string, any){"subject": subjectOf, "actor": by("Actor")},
			filters: map[string]func(*evaluation, any, any) bool{
				"kind": oneOfThese("Kind"), "from": against("At", 0, 1), "to": against("At", -1),
				"subjectId": func(e *evaluation, row, value any) bool {
					kind, n, ok := e.h.desk.IDs.Decode(value.(string))
					return ok && row.(*ent.Event).SubjectType == string(kind) && row.(*ent.Event).SubjectID == n
				},
			},
		},
		"Message": {
			rows: rowsOn(func(b *shelves) []*ent.Message { return b.messages }), orders: whenMade, sorted: newestFirst,
			sees: func(e *evaluation, row any) bool {
				return e.viewer.May(access.ViewMessages) || mine(e, column(row, "UserID"))
			},
			plain:   "to subject text locale state attempts sentAt createdAt",
			one:     map[string]func(*evaluation, any) (string, any){"user": to("User", "UserID")},
			filters: map[string]func(*evaluation, any, any) bool{"userId": named("User", "UserID"), "to": address("To"), "state": oneOfThese("State")},
		},
		"Backup": {
			rows: rowsOn(func(b *shelves) []*ent.Backup { return b.backups }), sorted: newestFirst,
			sees:  func(e *evaluation, _ any) bool { return e.viewer.May(access.ManageBackups) },
			plain: "status file scheduled sha256 finishedAt verifiedAt error" + life,
			fields: map[string]func(*evaluation, any) any{
				"startedAt": leaf(func(_ *evaluation, b *ent.Backup) any { return b.CreatedAt }),
				"url":       leaf(func(_ *evaluation, _ *ent.Backup) any { return nil }), // the files are not there; links have a test of their own
				"size": leaf(func(_ *evaluation, b *ent.Backup) any {
					if b.Size == nil {
						return nil
					}
					return min(*b.Size, math.MaxInt32)
				}),
			},
			many:    map[string]func(*evaluation, any) []any{"timeline": timeline("Backup")},
			filters: map[string]func(*evaluation, any, any) bool{"status": oneOfThese("Status")},
		},
		"Export": {
			rows: rowsOn(func(b *shelves) []*ent.Export { return b.exports }), sorted: newestFirst,
			sees: func(e *evaluation, row any) bool {
				x := row.(*ent.Export)
				return askedBy(e, x.StaffID, x.APIKeyID, access.ImportExport, access.RevealPersonalData, access.ManageUsers) ||
					x.StaffID == nil && x.APIKeyID == nil && mine(e, column(row, "UserID"))
			},
			plain: "kind status format unmasked rows sha256 error finishedAt expiresAt" + life,
			fields: map[string]func(*evaluation, any) any{
				"size": leaf(func(_ *evaluation, x *ent.Export) any {
					if x.Size == nil {
						return nil
					}
					return min(*x.Size, math.MaxInt32)
				}),
				"progress": leaf(func(_ *evaluation, x *ent.Export) any {
					switch {
					case x.Status == export.StatusSucceeded || x.Status == export.StatusExpired:
						return 1.0
					case x.Total == 0:
						return 0.0
					}
					return min(1, float64(x.Rows)/float64(x.Total))
				}),
				"url": leaf(func(_ *evaluation, _ *ent.Export) any { return nil }), // nobody has a session here; links have a test of their own
			},
			one:     map[string]func(*evaluation, any) (string, any){"user": to("User", "UserID")},
			many:    map[string]func(*evaluation, any) []any{"timeline": timeline("Export")},
			filters: map[string]func(*evaluation, any, any) bool{"kind": oneOfThese("Kind"), "status": oneOfThese("Status")},
		},
		"Import": {
			rows: rowsOn(func(b *shelves) []*ent.Importation { return b.imports }), sorted: newestFirst,
			sees: func(e *evaluation, row any) bool {
				return askedBy(e, row.(*ent.Importation).StaffID, row.(*ent.Importation).APIKeyID, access.ImportExport)
			},
			plain: "status format dryRun onError rows sha256 size error finishedAt" + life,
			fields: map[string]func(*evaluation, any) any{
				"checkedRows": leaf(func(_ *evaluation, x *ent.Importation) any { return x.Checked }),
				"faultyRows":  leaf(func(_ *evaluation, x *ent.Importation) any { return x.Faulty }),
				"addedRows":   leaf(func(_ *evaluation, x *ent.Importation) any { return x.Entered }),
				"progress": leaf(func(_ *evaluation, x *ent.Importation) any {
					switch {
					case x.Status == importation.StatusSucceeded || x.Status == importation.StatusRefused:
						return 1.0
					case x.Rows == 0:
						return 0.0
					case x.DryRun:
						return float64(x.Checked) / float64(x.Rows)
					}
					return float64(x.Checked+x.Passed) / float64(2*x.Rows)
				}),
			},
			many:    map[string]func(*evaluation, any) []any{"timeline": timeline("Import"), "faults": whose("ImportFault", "ImportID")},
			filters: map[string]func(*evaluation, any, any) bool{"status": oneOfThese("Status")},
		},
		"ImportFault": {
			rows: rowsOn(func(b *shelves) []*ent.ImportFault { return b.importFaults }), sorted: sortedBy("line", "Line", false),
			sees: func(e *evaluation, row any) bool {
				for _, i := range e.imports {
					if i.ID == row.(*ent.ImportFault).ImportID {
						return askedBy(e, i.StaffID, i.APIKeyID, access.ImportExport)
					}
				}
				return false
			},
			plain: "line code",
			fields: map[string]func(*evaluation, any) any{
				"field":   leaf(func(_ *evaluation, f *ent.ImportFault) any { return f.Name }),
				"message": leaf(func(e *evaluation, f *ent.ImportFault) any { return text.Sentence(e.viewer.Locale, f.Sentence, f.Data) }),
			},
		},
		"Webhook": {
			rows: rowsOn(func(b *shelves) []*ent.Webhook { return b.webhooks }), sorted: newestFirst,
			sees: func(e *evaluation, row any) bool {
				return e.viewer.May(access.ManageWebhooks) && row.(*ent.Webhook).DeletedAt == nil
			},
			plain:  "version kinds active createdAt",
			fields: map[string]func(*evaluation, any) any{"url": leaf(func(_ *evaluation, w *ent.Webhook) any { return w.URL })},
			many:   map[string]func(*evaluation, any) []any{"deliveries": whose("WebhookDelivery", "WebhookID")},
		},
		"WebhookDelivery": {
			rows: rowsOn(func(b *shelves) []*ent.WebhookDelivery { return b.deliveries }), sorted: newestFirst,
			sees:  func(e *evaluation, _ any) bool { return e.viewer.May(access.ManageWebhooks) },
			plain: "state attempts status error createdAt finishedAt",
			one:   map[string]func(*evaluation, any) (string, any){"event": to("Event", "EventID")},
		},
		"SystemActor": {fields: map[string]func(*evaluation, any) any{"name": leaf(func(_ *evaluation, name string) any { return name })}},
		"ReviewItem": {
			sorted: sorting{column: "status_since", value: func(row any) any { return columnOf(row.(queued).row, "StatusSince") }},
			fields: map[string]func(*evaluation, any) any{
				"waiting": leaf(func(*evaluation, queued) any { return true }),
				"kind":    leaf(func(_ *evaluation, q queued) any { return q.queue }), "waitingSince": leaf(func(_ *evaluation, q queued) any { return column(q.row, "StatusSince") }),
				"claimExpiresAt": leaf(func(e *evaluation, q queued) any {
					if c := e.claimOf(q); c != nil {
						return c.ExpiresAt
					}
					return nil
				}),
			},
			one: map[string]func(*evaluation, any) (string, any){
				"subject": func(_ *evaluation, row any) (string, any) { return row.(queued).kind, row.(queued).row },
				"claimedBy": func(e *evaluation, row any) (string, any) {
					if c := e.claimOf(row.(queued)); c != nil {
						return "Staff", e.find("Staff", int64(c.StaffID))
					}
					return "Staff", nil
				},
			},
		},
	}
}

// queued is a row in a review queue.
type queued struct {
	queue, kind string
	row         any
}

// queues are the review queues: of what, waiting where, and by whose permission.
var queuesTaught = map[string]struct {
	kind, status string
	permission   access.Permission
}{
	"REGISTRATION": {"User", "PENDING_REVIEW", access.ReviewRegistrations}, "COMPANY": {"Company", "PENDING_REVIEW", access.ManageCompanies},
	"DOCUMENT": {"Document", "PENDING_REVIEW", access.ReviewMaterials}, "MATERIALS": {"Loan", "MATERIALS_REVIEW", access.ReviewMaterials},
	"APPLICATION": {"Loan", "APPLICATION_REVIEW", access.ReviewLoans}, "BID": {"Bid", "PENDING_REVIEW", access.ReviewBids},
	"FUNDING": {"Loan", "FULLY_FUNDED", access.ReviewFunding}, "SERVICE_REQUEST": {"ServiceRequest", "REQUESTED", access.ManageLoans},
}

// evaluatorGaps names what of a contract the evaluator has not been taught.
func evaluatorGaps(schema *ast.Schema) []string {
	var gaps []string
	lacks := func(format string, args ...any) { gaps = append(gaps, fmt.Sprintf(format, args...)) }
	for name, d := range schema.Types {
		of := strings.TrimSuffix(strings.TrimSuffix(name, "Connection"), "Edge")
		if d.Kind != ast.Object || strings.HasPrefix(name, "__") || strings.HasSuffix(name, "Payload") || slices.Contains(elsewhere, name) || of != name && taught[of] != nil {
			continue
		}
		s := taught[name]
		if s == nil {
			lacks("%s has no shelf", name)
			continue
		}
		if lifecycle.Of(key.Kind(name)) != nil && tables[name] == "" {
			lacks("%s is not in tables", name)
		}
		for _, f := range d.Fields {
			if !s.knows(f.Name) {
				lacks("%s.%s has no line", name, f.Name)
			}
		}
		if d := schema.Types[name+"Filter"]; d != nil {
			for _, f := range d.Fields {
				if s.filters[f.Name] == nil {
					lacks("%sFilter.%s has no line", name, f.Name)
				}
			}
		}
		if d := schema.Types[name+"OrderField"]; d != nil {
			for _, v := range d.EnumValues {
				if _, ok := s.orders[v.Name]; !ok {
					lacks("%sOrderField.%s has no line", name, v.Name)
				}
			}
		}
	}
	for _, f := range schema.Query.Fields {
		if _, some := someLists[f.Name]; !strings.HasPrefix(f.Name, "__") && !some && !slices.Contains(wholeLists, f.Name) && !slices.Contains(elsewhere, f.Name) {
			lacks("Query.%s is in no list of root fields", f.Name)
		}
	}
	if d := schema.Types["ReviewQueueKind"]; d != nil {
		for _, v := range d.EnumValues {
			if _, ok := queuesTaught[v.Name]; !ok {
				lacks("ReviewQueueKind.%s has no line", v.Name)
			}
		}
	}
	slices.Sort(gaps)
	return gaps
}

func (s *shelf) knows(field string) bool {
	return field == "id" || field == "availableActions" || slices.Contains(strings.Fields(s.plain), field) || s.fields[field] != nil || s.one[field] != nil || s.many[field] != nil
}

// evaluation is one answer of the evaluator.
type evaluation struct {
	*shelves
	schema *ast.Schema
	doc    *ast.QueryDocument
	values vars
	viewer access.Viewer
	errors []string // code and path
}

type evaluated struct {
	data   string
	errors []string
}

func (b *shelves) answer(schema *ast.Schema, doc *ast.QueryDocument, values vars, v access.Viewer) evaluated {
	e := &evaluation{shelves: b, schema: schema, doc: doc, values: values, viewer: v}
	data := e.object("Query", nil, doc.Operations[0].SelectionSet, nil)
	if data == nil {
		data = []byte("null")
	}
	return evaluated{string(data), e.errors}
}

// askedField is one field under its response key, and all that is selected of it.
type askedField struct {
	*ast.Field
	definition *ast.FieldDefinition
	selections ast.SelectionSet
}

// collect gathers the fields of an object type (GraphQL, 6.3.2).
func (e *evaluation) collect(typ string, selections ast.SelectionSet) []*askedField {
	var fields []*askedField
	var walk func(ast.SelectionSet)
	walk = func(selections ast.SelectionSet) {
		for _, s := range selections {
			switch s := s.(type) {
			case *ast.Field:
				if !e.included(s.Directives) {
					continue
				}
				if i := slices.IndexFunc(fields, func(f *askedField) bool { return f.Alias == s.Alias }); i >= 0 {
					fields[i].selections = slices.Concat(fields[i].selections, s.SelectionSet)
					continue
				}
				d := e.schema.Types[typ].Fields.ForName(s.Name)
				if d == nil {
					d = s.Definition // __typename
				}
				fields = append(fields, &askedField{s, d, s.SelectionSet})
			case *ast.InlineFragment:
				if e.included(s.Directives) && e.applies(s.TypeCondition, typ) {
					walk(s.SelectionSet)
				}
			case *ast.FragmentSpread:
				if f := e.doc.Fragments.ForName(s.Name); e.included(s.Directives) && e.applies(f.TypeCondition, typ) {
					walk(f.SelectionSet)
				}
			}
		}
	}
	walk(selections)
	return fields
}

func (e *evaluation) included(directives ast.DirectiveList) bool {
	for _, d := range directives {
		v, err := d.Arguments.ForName("if").Value.Value(e.values)
		if err != nil {
			panic(err)
		}
		if v.(bool) != (d.Name == "include") {
			return false
		}
	}
	return true
}

func (e *evaluation) applies(condition, typ string) bool {
	return condition == "" || condition == typ || slices.ContainsFunc(e.schema.GetPossibleTypes(e.schema.Types[condition]), func(d *ast.Definition) bool { return d.Name == typ })
}

func (e *evaluation) fail(code string, path []any) {
	e.errors = append(e.errors, fmt.Sprint(code, " ", path))
}

// complete puts null in the place of what is none, or lets it rise.
func (e *evaluation) complete(nonNull bool, path []any, value func() []byte) (json []byte, ok bool) {
	told := len(e.errors)
	if json = value(); json != nil {
		return json, true
	}
	if nonNull {
		if len(e.errors) == told {
			e.fail("INTERNAL", path)
		}
		return nil, false
	}
	return []byte("null"), true
}

func (e *evaluation) object(typ string, row any, selections ast.SelectionSet, path []any) []byte {
	out := []byte{'{'}
	for i, f := range e.collect(typ, selections) {
		at := append(slices.Clone(path), f.Alias)
		v, ok := e.complete(f.definition.Type.NonNull, at, func() []byte { return e.field(typ, row, f, at) })
		if !ok {
			return nil
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, quoted(f.Alias)...), ':'), v...)
	}
	return append(out, '}')
}

func (e *evaluation) list(n int, path []any, element func(i int, path []any) []byte) []byte {
	out := []byte{'['}
	for i := range n {
		at := append(slices.Clone(path), i)
		v, ok := e.complete(true, at, func() []byte { return element(i, at) })
		if !ok {
			return nil
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, v...)
	}
	return append(out, ']')
}

func (e *evaluation) field(typ string, row any, f *askedField, path []any) []byte {
	if f.Name == "__typename" {
		return quoted(typ)
	}
	if d := f.definition.Directives.ForName("requires"); d != nil {
		p, err := access.ParsePermission(d.Arguments.ForName("permission").Value.Raw)
		if err != nil {
			panic(err)
		}
		if !e.allow(p, path) {
			return nil
		}
	}
	if typ == "Query" {
		return e.root(f, path)
	}
	s := taught[typ]
	switch {
	case f.Name == "id":
		return quoted(e.h.desk.IDs.Encode(key.Kind(typ), keyOf(row)))
	case f.Name == "availableActions":
		return e.actions(typ, row, f, path)
	case slices.Contains(strings.Fields(s.plain), f.Name):
		return asJSON(column(row, f.Name))
	case s.fields[f.Name] != nil:
		return asJSON(s.fields[f.Name](e, row))
	case s.one[f.Name] != nil:
		kind, other := s.one[f.Name](e, row)
		if isNil(other) || !e.maySee(kind, other) {
			return nil
		}
		return e.object(kind, other, f.selections, path)
	case s.many[f.Name] != nil:
		kind, rows := f.definition.Type.Name(), s.many[f.Name](e, row)
		if of, ok := strings.CutSuffix(kind, "Connection"); ok {
			return e.connection(of, rows, f, path)
		}
		rows = e.seen(kind, rows)
		slices.SortFunc(rows, taught[kind].sorted.compare)
		return e.list(len(rows), path, func(i int, path []any) []byte { return e.object(kind, rows[i], f.selections, path) })
	}
	panic(typ + "." + f.Name + " has not been taught")
}

// allow says whether the viewer has a permission, and else why not.
func (e *evaluation) allow(p access.Permission, path []any) bool {
	switch {
	case e.viewer.May(p):
		return true
	case !e.viewer.Somebody():
		e.fail("UNAUTHENTICATED", path)
	default:
		e.fail("FORBIDDEN", path)
	}
	return false
}

func (e *evaluation) root(f *askedField, path []any) []byte {
	args := f.ArgumentMap(e.values)
	node := func(id any, path []any) []byte {
		kind, n, ok := e.h.desk.IDs.Decode(id.(string))
		if !ok {
			return nil
		}
		row := e.led(string(kind), n)
		if row == nil || !e.maySee(string(kind), row) {
			return nil
		}
		return e.object(string(kind), row, f.selections, path)
	}
	switch f.Name {
	case "node":
		return node(args["id"], path)
	case "nodes":
		out := []byte{'['}
		for i, id := range listOf(args["ids"]) {
			if i > 0 {
				out = append(out, ',')
			}
			v, _ := e.complete(false, nil, func() []byte { return node(id, append(slices.Clone(path), i)) })
			out = append(out, v...)
		}
		return append(out, ']')
	case "viewer":
		if !e.viewer.Somebody() {
			return nil
		}
		return e.me(f, path)
	case "reviewQueue":
		q := queuesTaught[args["kind"].(string)]
		if !e.allow(q.permission, path) {
			return nil
		}
		var rows []any
		for _, row := range e.seen(q.kind, taught[q.kind].rows(e.shelves)) {
			if fmt.Sprint(column(row, "Status")) == q.status && !e.ofLoanElsewhere(row) {
				rows = append(rows, queued{args["kind"].(string), q.kind, row})
			}
		}
		return e.connection("ReviewItem", rows, f, path)
	}
	if !e.viewer.Somebody() {
		e.fail("UNAUTHENTICATED", path)
		return nil
	}
	kind := strings.TrimSuffix(f.definition.Type.Name(), "Connection")
	rows := taught[kind].rows(e.shelves)
	if some, ok := someLists[f.Name]; ok {
		rows = slices.DeleteFunc(rows, func(row any) bool { return !some.among(row) })
	}
	return e.connection(kind, rows, f, path)
}

// ofLoanElsewhere says that a row is a document of a loan whose materials are not being reviewed.
func (e *evaluation) ofLoanElsewhere(row any) bool {
	d, ok := row.(*ent.Document)
	if !ok || d.SubjectType != "Loan" {
		return false
	}
	l, ok := e.find("Loan", d.SubjectID).(*ent.Loan)
	return !ok || l.Status != "MATERIALS_REVIEW"
}

// me is the viewer.
func (e *evaluation) me(f *askedField, path []any) []byte {
	out := []byte{'{'}
	for i, f := range e.collect("Viewer", f.selections) {
		at := append(slices.Clone(path), f.Alias)
		v, ok := e.complete(f.definition.Type.NonNull, at, func() []byte {
			object := func(kind string, n int64) []byte {
				row := e.led(kind, n)
				if row == nil || !e.maySee(kind, row) {
					return nil
				}
				return e.object(kind, row, f.selections, at)
			}
			switch f.Name {
			case "__typename":
				return quoted("Viewer")
			case "user":
				return object("User", int64(e.viewer.User))
			case "staff":
				return object("Staff", int64(e.viewer.Staff))
			case "apiKey":
				return object("ApiKey", int64(e.viewer.APIKey))
			}
			return asJSON(append([]string{}, e.viewer.Permissions.Names()...))
		})
		if !ok {
			return nil
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, quoted(f.Alias)...), ':'), v...)
	}
	return append(out, '}')
}

// sortedIn is the order of a list where none is asked for.
func sortedIn(list, kind string) sorting {
	if some, ok := someLists[list]; ok {
		return some.sorted
	}
	return taught[kind].sorted
}

// connection narrows, sorts and cuts rows.
func (e *evaluation) connection(kind string, rows []any, f *askedField, path []any) []byte {
	args, s := f.ArgumentMap(e.values), taught[kind]
	order := sortedIn(f.Name, kind)
	if by, ok := args["orderBy"].(map[string]any); ok {
		order = s.orders[by["field"].(string)]
		order.desc = by["direction"] == "DESC"
	}
	rows = e.seen(kind, rows)
	filter, _ := args["filter"].(map[string]any)
	rows = slices.DeleteFunc(rows, func(row any) bool {
		for name, value := range filter {
			if value != nil && !s.filters[name](e, row, value) {
				return true
			}
		}
		return false
	})
	if order.place != nil {
		rows = slices.DeleteFunc(rows, func(row any) bool { return order.place(row) == nil })
	}
	slices.SortFunc(rows, order.compare)
	total := len(rows)
	for _, end := range []string{"after", "before"} {
		if cursor, ok := args[end].(string); ok && order.place != nil && order.place(e.places[cursor]) == nil {
			rows = nil // nothing is past what has no place
		}
	}
	if cursor, ok := args["after"].(string); ok {
		rows = slices.DeleteFunc(rows, func(row any) bool { return order.compare(row, e.places[cursor]) <= 0 })
	}
	if cursor, ok := args["before"].(string); ok {
		rows = slices.DeleteFunc(rows, func(row any) bool { return order.compare(row, e.places[cursor]) >= 0 })
	}
	size, backward := 20, false
	if n, ok := number(args["first"]); ok {
		size = int(n)
	}
	if n, ok := number(args["last"]); ok {
		size, backward = int(n), true
	}
	more := len(rows) > size
	next, previous := more, args["after"] != nil
	if backward {
		next, previous = args["before"] != nil, more
		rows = rows[max(len(rows)-size, 0):]
	} else {
		rows = rows[:min(len(rows), size)]
	}
	out := []byte{'{'}
	for i, f := range e.collect(kind+"Connection", f.selections) {
		at := append(slices.Clone(path), f.Alias)
		v, ok := e.complete(f.definition.Type.NonNull, at, func() []byte {
			switch f.Name {
			case "__typename":
				return quoted(kind + "Connection")
			case "totalCount":
				return asJSON(total)
			case "nodes":
				return e.list(len(rows), at, func(i int, path []any) []byte { return e.object(kind, rows[i], f.selections, path) })
			case "edges":
				return e.list(len(rows), at, func(i int, path []any) []byte { return e.edge(kind, rows[i], order, f, path) })
			}
			return e.pageInfo(kind, rows, order, next, previous, f)
		})
		if !ok {
			return nil
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, quoted(f.Alias)...), ':'), v...)
	}
	return append(out, '}')
}

func (e *evaluation) edge(kind string, row any, order sorting, f *askedField, path []any) []byte {
	out := []byte{'{'}
	for i, f := range e.collect(kind+"Edge", f.selections) {
		at := append(slices.Clone(path), f.Alias)
		v, ok := e.complete(true, at, func() []byte {
			switch f.Name {
			case "__typename":
				return quoted(kind + "Edge")
			case "cursor":
				return quoted(e.cursor(kind, row, order))
			}
			return e.object(kind, row, f.selections, at)
		})
		if !ok {
			return nil
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, quoted(f.Alias)...), ':'), v...)
	}
	return append(out, '}')
}

func (e *evaluation) pageInfo(kind string, rows []any, order sorting, next, previous bool, f *askedField) []byte {
	var parts []string
	for _, f := range e.collect("PageInfo", f.selections) {
		v := []byte("null")
		switch {
		case f.Name == "__typename":
			v = quoted("PageInfo")
		case f.Name == "hasNextPage":
			v = asJSON(next)
		case f.Name == "hasPreviousPage":
			v = asJSON(previous)
		case len(rows) > 0 && f.Name == "startCursor":
			v = quoted(e.cursor(kind, rows[0], order))
		case len(rows) > 0:
			v = quoted(e.cursor(kind, rows[len(rows)-1], order))
		}
		parts = append(parts, string(quoted(f.Alias))+":"+string(v))
	}
	return []byte("{" + strings.Join(parts, ",") + "}")
}

// cursor is the order, its value and the row's id.
func (b *shelves) cursor(kind string, row any, order sorting) string {
	name, value := order.column, []byte("null")
	if order.desc {
		name = "-" + name
	}
	if order.value != nil {
		switch v := order.value(row).(type) {
		case money.Amount:
			value = asJSON(int64(v))
		default:
			value = asJSON(v)
		}
	}
	if q, ok := row.(queued); ok {
		kind, row = q.kind, q.row
	}
	return base64.RawURLEncoding.EncodeToString(slices.Concat([]byte("["), quoted(name), []byte(","), value, []byte(","), quoted(b.h.desk.IDs.Encode(key.Kind(kind), keyOf(row))), []byte("]")))
}

// compare sorts by the order, and by the key where that is the same.
func (order sorting) compare(a, b any) int {
	way := 0
	if order.place != nil {
		way = cmp.Compare(*order.place(a), *order.place(b))
	}
	if order.value != nil {
		switch x := order.value(a).(type) {
		case time.Time:
			way = x.Compare(order.value(b).(time.Time))
		case string:
			way = strings.Compare(x, order.value(b).(string))
		default:
			way = cmp.Compare(numberOf(x), numberOf(order.value(b)))
		}
	}
	if way == 0 {
		way = cmp.Compare(keyOf(a), keyOf(b))
	}
	if order.desc {
		return -way
	}
	return way
}

// actions are the moves that the viewer may make with this object, each with what blocks it.
func (e *evaluation) actions(typ string, row any, f *askedField, path []any) []byte {
	type action struct {
		line    lifecycle.Line
		blocked []blocked
	}
	var all []action
	if table := lifecycle.Of(key.Kind(typ)); table != nil {
		var owner int64
		if table.Owner != "" {
			field := ""
			for _, word := range strings.Split(table.Owner, "_") {
				field += strings.ToUpper(word[:1]) + word[1:]
			}
			owner, _ = number(column(row, strings.ReplaceAll(field, "Id", "ID")))
		}
		for _, line := range table.Lines {
			if len(line.Offered()) == 0 || e.schema.Mutation.Fields.ForName(line.Name) == nil || line.PermitOn(e.viewer, key.User(owner), fmt.Sprint(column(row, "Status"))) != nil {
				continue
			}
			var needs []lifecycle.Fact
			for _, g := range line.Guards {
				needs = append(needs, g.Needs...)
			}
			facts, err := lifecycle.LoadFacts(access.With(context.Background(), e.viewer), e.h.store.Reader(), e.h.dialect, tables[typ], []int64{keyOf(row)}, needs)
			if err != nil {
				panic(err)
			}
			a := action{line: line}
			for _, p := range line.Blocked(fmt.Sprint(column(row, "Status")), facts[keyOf(row)]) {
				a.blocked = append(a.blocked, blocked{string(p.Code), text.Sentence(e.viewer.Locale, p.Sentence(), p.Data)})
			}
			all = append(all, a)
		}
	}
	return e.list(len(all), path, func(i int, path []any) []byte {
		var parts []string
		for _, f := range e.collect("AvailableAction", f.selections) {
			var v []byte
			switch f.Name {
			case "__typename":
				v = quoted("AvailableAction")
			case "mutation":
				v = quoted(all[i].line.Name)
			case "allowed":
				v = asJSON(len(all[i].blocked) == 0)
			case "blockedBy":
				v = e.list(len(all[i].blocked), path, func(j int, _ []any) []byte { return e.blockedBy(all[i].blocked[j], f) })
			}
			parts = append(parts, string(quoted(f.Alias))+":"+string(v))
		}
		return []byte("{" + strings.Join(parts, ",") + "}")
	})
}

type blocked struct{ code, message string }

func (e *evaluation) blockedBy(told blocked, f *askedField) []byte {
	var parts []string
	for _, f := range e.collect("UserError", f.selections) {
		v := map[string][]byte{"__typename": quoted("UserError"), "code": quoted(told.code), "message": quoted(told.message), "field": []byte("null")}[f.Name]
		parts = append(parts, string(quoted(f.Alias))+":"+string(v))
	}
	return []byte("{" + strings.Join(parts, ",") + "}")
}

// led is a row by an id or by a reference to several types: a customer who went up in another one leads to that one.
func (e *evaluation) led(kind string, n int64) any {
	row := e.find(kind, n)
	if u, ok := row.(*ent.User); ok && u.MergedIntoID != nil {
		return e.find(kind, int64(*u.MergedIntoID))
	}
	return row
}

// find is a row by its key; nil when there is none.
func (e *evaluation) find(kind string, n int64) any {
	s := taught[kind]
	if s == nil || s.rows == nil {
		return nil
	}
	for _, row := range s.rows(e.shelves) {
		if keyOf(row) == n {
			return row
		}
	}
	return nil
}

func (e *evaluation) maySee(kind string, row any) bool {
	s := taught[kind]
	return s.sees == nil || s.sees(e, row)
}

func (e *evaluation) seen(kind string, rows []any) []any {
	return slices.DeleteFunc(slices.Clone(rows), func(row any) bool { return !e.maySee(kind, row) })
}

// seenOne is a row by a key that may be nil, if the viewer may see it.
func (e *evaluation) seenOne(kind string, k any) any {
	n, ok := number(k)
	if !ok {
		return nil
	}
	row := e.find(kind, n)
	if row == nil || !e.maySee(kind, row) {
		return nil
	}
	return row
}

// sum adds a column of the rows that the viewer may see and that have one of the statuses.
func (e *evaluation) sum(kind string, rows []any, field string, statuses ...string) money.Amount {
	var sum money.Amount
	for _, row := range e.seen(kind, rows) {
		if slices.Contains(statuses, fmt.Sprint(column(row, "Status"))) {
			sum += column(row, field).(money.Amount)
		}
	}
	return sum
}

func (e *evaluation) claimOf(q queued) *ent.Claim {
	for _, c := range e.claims {
		if c.SubjectType == q.kind && c.SubjectID == keyOf(q.row) && string(c.Step) == q.queue && c.ExpiresAt.After(time.Now()) && !c.CreatedAt.Before(column(q.row, "StatusSince").(time.Time)) {
			return c
		}
	}
	return nil
}

func (e *evaluation) open(what seal.Purpose, v any) *string {
	sealed, _ := v.(seal.Sealed)
	if sealed == nil {
		return nil
	}
	plain, err := e.h.desk.Keys.Open(what, sealed)
	if err != nil {
		panic(err)
	}
	return &plain
}

// asJSON is a leaf as JSON; nil is none.
func asJSON(v any) []byte {
	switch v := v.(type) {
	case nil:
		return nil
	case money.Amount:
		return quoted(v.String())
	case money.Rate:
		return quoted(v.String())
	case time.Time:
		return quoted(v.UTC().Format(time.RFC3339Nano))
	case float64:
		return []byte(strconv.FormatFloat(v, 'f', -1, 64))
	}
	if r := reflect.ValueOf(v); r.Kind() == reflect.String {
		v = r.String()
	}
	return quotedJSON(v)
}

func quoted(s string) []byte { return quotedJSON(s) }

func quotedJSON(v any) []byte {
	var b bytes.Buffer
	to := json.NewEncoder(&b)
	to.SetEscapeHTML(false)
	if err := to.Encode(v); err != nil {
		panic(err)
	}
	return bytes.TrimSpace(b.Bytes())
}

// column is a Go field of a row; a pointer's value, or nil.
func column(row any, field string) any {
	if q, ok := row.(queued); ok {
		row = q.row
	}
	v := reflect.Indirect(reflect.ValueOf(row)).FieldByNameFunc(func(name string) bool { return strings.EqualFold(name, field) }) // ID, Id and id alike
	if !v.IsValid() {
		panic(fmt.Sprintf("%T has no %s", row, field))
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	return v.Interface()
}

func columnOf(row any, field string) any { return column(row, field) }

// number is a whole number of whatever type.
func number(v any) (int64, bool) {
	if n, ok := v.(json.Number); ok {
		i, err := n.Int64()
		return i, err == nil
	}
	switch r := reflect.ValueOf(v); {
	case !r.IsValid():
		return 0, false
	case r.CanInt():
		return r.Int(), true
	case r.CanFloat():
		return int64(r.Float()), true
	}
	return 0, false
}

func numberOf(v any) int64 {
	n, _ := number(v)
	return n
}

func keyOf(row any) int64 { return numberOf(column(row, "ID")) }

func isNil(v any) bool {
	return v == nil || reflect.ValueOf(v).Kind() == reflect.Pointer && reflect.ValueOf(v).IsNil()
}

func listOf(v any) []any {
	if list, ok := v.([]any); ok {
		return list
	}
	return []any{v}
}

// inOrder are names of permissions in the contract's order, each once.
func inOrder(held map[string]bool) []string {
	names := []string{}
	for _, name := range access.Permissions(^uint64(0)).Names() {
		if held[name] {
			names = append(names, name)
		}
	}
	return names
}

// askedBy says whether the viewer, an employee or an API key, has asked for something, while one of the permissions is held.
func askedBy(e *evaluation, staff *key.Staff, apiKey *key.APIKey, any ...access.Permission) bool {
	return e.viewer.Permissions.Any(any...) && (staff != nil && *staff == e.viewer.Staff || apiKey != nil && *apiKey == e.viewer.APIKey)
}

// tables are where the rows of types with a lifecycle stand.
var tables = map[string]string{
	"User": "users", "BankCard": "bank_cards", "Loan": "loans", "Bid": "bids", "Document": "documents", "Company": "companies", "Staff": "staff", "ServiceRequest": "service_requests",
	"Backup": "backups", "ServiceRecord": "service_records", "Export": "exports", "Import": "imports",
}
