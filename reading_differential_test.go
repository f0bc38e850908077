package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/validator/rules"
	"pgregory.net/rapid"

	"lenddesk/access"
	"lenddesk/ent"
	entbackup "lenddesk/ent/backup"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/ent/bid"
	"lenddesk/ent/claim"
	"lenddesk/ent/company"
	"lenddesk/ent/disbursement"
	"lenddesk/ent/document"
	"lenddesk/ent/export"
	"lenddesk/ent/importation"
	entinstallment "lenddesk/ent/installment"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/ent/role"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/servicerequest"
	entstaff "lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/ent/webhookdelivery"
	"lenddesk/graph"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// Whatever may be asked by the contract is answered by reading as by somebody who walks through the rows one by one: the same data, the same errors at
// the same places, on both databases, with as many statements as the selection is deep and not as there are rows. Longer by -rapid.checks.
func TestReadingAnswersLikeSomebodyWhoWalksThroughTheRows(t *testing.T) {
	schema := graph.Schema(&graph.Resolver{}).Schema()
	if gaps := evaluatorGaps(schema); len(gaps) > 0 {
		t.Fatalf("reading_evaluator_test.go must be taught:\n%s", strings.Join(gaps, "\n"))
	}
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue {
		if err := f.Value.Set("150"); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Value.Set(f.DefValue) }()
	}
	keyset := newKeyset(t)
	for _, seed := range []uint64{1, 2} {
		var houses []*readHouse
		for _, dialect := range storetest.Dialects {
			houses = append(houses, openReadHouse(t, schema, dialect, keyset, seed))
		}
		houses[1].book.places = houses[0].book.places
		t.Run(fmt.Sprint("book ", seed), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				as := rapid.IntRange(0, len(houses[0].viewers)-1).Draw(t, "viewer")
				q := drawQuery(t, schema, houses[0].book, houses[0].viewers[as])
				var first string
				for i, h := range houses {
					got := h.check(t, schema, as, q)
					if i == 0 {
						first = got
					} else if got != first {
						t.Fatalf("%s\n%s\nanswers otherwise:\n%s\nand not\n%s", q.text, q.variables, got, first)
					}
				}
			})
		})
	}
}

// The table of evaluators must name what it lacks.
func TestTheEvaluatorNamesWhatItHasNotBeenTaught(t *testing.T) {
	s := gqlparser.MustLoadSchema(&ast.Source{Input: `
		interface Node { id: ID! }
		input LoanFilter { status: [String!] weather: String }
		input LoanOrder { field: LoanOrderField! }
		enum LoanOrderField { AMOUNT MOOD }
		type Loan implements Node { id: ID! amount: String! mood: String }
		type Yacht implements Node { id: ID! }
		type LoanConnection { nodes: [Loan!]! }
		type Query { loans(filter: LoanFilter, orderBy: LoanOrder): LoanConnection yachts: [Yacht!]! }`})
	want := []string{"Loan.mood", "LoanFilter.weather", "LoanOrderField.MOOD", "Query.yachts", "Yacht"}
	got := evaluatorGaps(s)
	for i, name := range want {
		if i >= len(got) || !strings.HasPrefix(got[i], name+" ") {
			t.Errorf("%q, want %q", got, want)
			break
		}
	}
}

// readHouse is a program over a small random book.
type readHouse struct {
	*house
	t          testing.TB
	dialect    string
	viewers    []*reader
	book       *shelves
	statements atomic.Int64
}

// reader is somebody who reads.
type reader struct {
	what   string
	token  string
	gone   bool // the token is nobody's any more
	viewer access.Viewer
}

func openReadHouse(t *testing.T, schema *ast.Schema, dialect, keyset string, seed uint64) *readHouse {
	t.Helper()
	h := &readHouse{t: t, house: start(t, settings{DatabaseURL: storetest.URL(t, dialect), Keyset: keyset}), dialect: dialect}
	h.stop()
	h.beside.Wait()
	if err := h.queue.Stop(t.Context()); err != nil { // nothing changes by itself
		t.Fatal(err)
	}
	rnd := rand.New(rand.NewPCG(seed, 7))
	err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
		b := &bookmaker{Rand: rnd, schema: schema, tx: tx, h: h}
		return b.fill(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range h.viewers[1:] {
		var err error
		if r.viewer, err = access.Authenticate(t.Context(), h.store.Reader(), dialect, r.token); err != nil || r.viewer.Somebody() == r.gone {
			t.Fatalf("%s, signed in: %+v %v", r.what, r.viewer, err)
		}
	}
	for _, r := range h.viewers {
		r.viewer.Locale = "en"
	}
	h.book = openShelves(t, h)
	h.reader.Watch = func(context.Context, string) { h.statements.Add(1) }
	return h
}

// check asks the program and the evaluator, compares, and gives the answer's data.
func (h *readHouse) check(t *rapid.T, schema *ast.Schema, as int, q query) string {
	doc, errs := gqlparser.LoadQueryWithRules(schema, q.text, rules.NewDefaultRules())
	if errs != nil {
		t.Fatalf("the query drawn does not fit the contract: %v\n%s", errs, q.text)
	}
	r := h.viewers[as]
	want := h.book.answer(schema, doc, q.values, r.viewer)
	h.statements.Store(0)
	got := (&person{t: h.t, h: h.house, token: r.token}).ask(q.text, q.values)
	told := func() string { return fmt.Sprintf("%s, %s\n%s\n%s", h.dialect, r.what, q.text, q.variables) }
	var body struct{ Data json.RawMessage }
	if err := json.Unmarshal([]byte(got.raw), &body); err != nil {
		t.Fatalf("%s: %v", got.raw, err)
	}
	if string(body.Data) != want.data {
		t.Fatalf("%s\nreading:   %s\nevaluator: %s\n%v %v", told(), body.Data, want.data, got.Errors, want.errors)
	}
	var problems []string
	for _, e := range got.Errors {
		problems = append(problems, fmt.Sprint(e.Extensions["code"], " ", e.Path))
	}
	slices.Sort(problems)
	slices.Sort(want.errors)
	if !slices.Equal(problems, want.errors) {
		t.Fatalf("%s\nerrors of reading:   %q\nof the evaluator:    %q", told(), problems, want.errors)
	}
	if n, most := h.statements.Load(), mostStatements(schema, doc); n > most {
		t.Fatalf("%s\ntook %d statements, and not %d at most", told(), n, most)
	}
	return want.data
}

// mostStatements bounds a document's statements by its selections alone.
func mostStatements(schema *ast.Schema, doc *ast.QueryDocument) int64 {
	var of func(ast.SelectionSet) int64
	of = func(selections ast.SelectionSet) int64 {
		var n int64
		for _, s := range selections {
			switch s := s.(type) {
			case *ast.InlineFragment:
				n += of(s.SelectionSet)
			case *ast.FragmentSpread:
				n += of(doc.Fragments.ForName(s.Name).SelectionSet)
			case *ast.Field:
				below := of(s.SelectionSet)
				switch d := schema.Types[s.Definition.Type.Name()]; {
				case strings.HasSuffix(d.Name, "Connection"):
					n += 2 + below // the rows, and the total
				case d.IsAbstractType():
					n += int64(len(schema.GetPossibleTypes(d))) * (1 + below) // one a type
				case d.Kind == ast.Object: // joined; plain lists and the viewer's own objects are a statement, as are facts
					n += 1 + below
				}
			}
		}
		return n
	}
	return of(doc.Operations[0].SelectionSet)
}

// bookmaker writes a small book in which anything may stand beside anything, as far as the tables allow.
type bookmaker struct {
	*rand.Rand
	schema *ast.Schema
	tx     *store.Tx
	h      *readHouse
}

// maybe is a value, or none.
func maybe[T any](b *bookmaker, v T) *T {
	if b.IntN(3) == 0 {
		return nil
	}
	return &v
}

// either is one of several.
func either[T any](b *bookmaker, from ...T) T { return from[b.IntN(len(from))] }

// enum is a value of an enum of the contract, but for some.
func (b *bookmaker) enum(name string, but ...string) string {
	var values []string
	for _, v := range b.schema.Types[name].EnumValues {
		if !slices.Contains(but, v.Name) {
			values = append(values, v.Name)
		}
	}
	return either(b, values...)
}

// when is a moment of few, so that many things happen at once.
func (b *bookmaker) when() time.Time {
	return began.Add(time.Duration(b.IntN(12))*24*time.Hour + time.Duration(b.IntN(3))*100*time.Microsecond)
}

func (b *bookmaker) cents(most int) money.Amount { return money.Amount(100 * (1 + b.IntN(most))) }

// hidden is a value sealed, with its look-up.
func (b *bookmaker) hidden(what seal.Purpose, value string) (seal.Sealed, string) {
	sealed, err := b.h.desk.Keys.Seal(what, value)
	if err != nil {
		panic(err)
	}
	hash, err := b.h.desk.Keys.Hash(what, value)
	if err != nil {
		panic(err)
	}
	return sealed, hash
}

func (b *bookmaker) permissions() []string {
	names := []string{}
	for _, v := range b.schema.Types["Permission"].EnumValues {
		if b.IntN(5) == 0 {
			names = append(names, v.Name)
		}
	}
	return names
}

func (b *bookmaker) fill(ctx context.Context) (err error) {
	defer func() { // of ent's SaveX
		if broken := recover(); broken != nil {
			err = fmt.Errorf("%v", broken)
		}
	}()
	tx := b.tx
	b.h.viewers = []*reader{{what: "nobody"}}
	for _, statement := range []string{"UPDATE staff SET created_at = $1, updated_at = $1", "UPDATE events SET at = $1"} { // of the administrator, alike in all houses
		if _, err := tx.SQL.ExecContext(ctx, statement, began); err != nil {
			return err
		}
	}
	text := func() *string { return maybe(b, either(b, "plain", "\"<&>\"\n\\ 😀", "王", "")) }
	at := func() *time.Time { t := b.when(); return maybe(b, t) }

	var companies []*ent.Company
	for i := range 6 {
		c := tx.Company.Create().SetKind(company.Kind(b.enum("CompanyKind"))).SetStatus(company.Status(b.enum("CompanyStatus"))).SetStatusSince(b.when()).
			SetName(either(b, "Sun Ltd", "Sunny Ltd", "太阳 \"Sun\"")).SetCreditCode(fmt.Sprintf("91350100M000100Y%02d", i)).SetNillableIndustry(maybe(b, either(b, "retail", "farming"))).
			SetNillableLegalRepresentative(text()).SetNillableAddress(text()).SetNillableRegisteredCapital(maybe(b, b.cents(40))).SetNillableEstablishedOn(maybe(b, "2010-05-04")).
			SetCreatedAt(b.when()).SetUpdatedAt(b.when())
		if phone, _ := b.hidden(seal.Phone, fmt.Sprintf("+8621555500%02d", i)); b.IntN(2) == 0 {
			c.SetPhone(phone)
		}
		companies = append(companies, c.SaveX(ctx))
	}
	firm := func() *key.Company { return maybe(b, either(b, companies...).ID) }

	roles := tx.Role.Query().Order(ent.Asc("id")).AllX(ctx)
	for i := range 8 {
		roles = append(roles, tx.Role.Create().SetName(fmt.Sprint("Odd ", i)).SetNillableDescription(text()).SetPermissions(b.permissions()).SaveX(ctx))
	}
	var staff []*ent.Staff
	for i := range 9 {
		s := tx.Staff.Create().SetName(either(b, "Ada", "Ben", "Cy")).SetEmail(fmt.Sprintf("s%d@example.com", i)).SetLocale("en").SetStatus(entstaff.Status(b.enum("StaffStatus"))).SetPasswordHash("-").
			SetNillableCompanyID(firm()).SetNillableDepartment(maybe(b, either(b, "credit", "service"))).SetNillableEmployeeNumber(maybe(b, fmt.Sprint("E", i))).SetCreatedAt(b.when()).SetUpdatedAt(b.when())
		if i < 5 {
			s.SetStatus(entstaff.StatusActive)
		}
		for range b.IntN(3) {
			s.AddRoles(either(b, roles...))
		}
		if phone, hash := b.hidden(seal.Phone, fmt.Sprintf("+8613900000%03d", i)); b.IntN(2) == 0 {
			s.SetPhone(phone).SetPhoneHash(hash)
		}
		staff = append(staff, s.SaveX(ctx))
		if i < 5 {
			token, hash := access.NewToken()
			tx.Session.Create().SetTokenHash(hash).SetStaffID(staff[i].ID).SetExpiresAt(time.Now().Add(time.Hour)).ExecX(ctx)
			b.h.viewers = append(b.h.viewers, &reader{what: fmt.Sprint("employee ", i), token: token})
		}
	}
	employee := func() *key.Staff { return maybe(b, either(b, staff...).ID) }
	for i := range 3 {
		token, hash := access.NewAPIKey()
		k := tx.APIKey.Create().SetName(fmt.Sprint("key ", i)).SetTokenHash(hash).SetLastUsedAt(time.Date(2098, 1, 1, 0, 0, 0, 0, time.UTC)).SetNillableExpiresAt(maybe(b, time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC))).
			SetCreatedAt(b.when()).AddRoles(either(b, roles...))
		if i == 2 {
			k.SetRevokedAt(b.when()).SetLastUsedAt(b.when())
		}
		k.ExecX(ctx)
		if i < 2 {
			b.h.viewers = append(b.h.viewers, &reader{what: fmt.Sprint("API key ", i), token: token})
		} else {
			b.h.viewers = append(b.h.viewers, &reader{what: "a revoked API key", token: token, gone: true})
		}
	}

	var users []*ent.User
	for i := range 14 {
		status := user.Status(b.enum("UserStatus"))
		if i < 5 {
			status = user.StatusActive
		}
		u := tx.User.Create().SetName(either(b, "王小明", "王小", "Ann \"x\"", "ann")).SetLocale(either(b, "en", "zh-CN")).SetStatus(status).SetStatusSince(b.when()).SetInvestor(b.IntN(2) == 0).SetNillableCompanyID(firm()).
			SetNillableAccountManagerID(employee()).SetNillableSource(text()).SetNillableCreatedByID(employee()).SetCreatedAt(b.when()).SetUpdatedAt(b.when()).SetVersion(1 + b.IntN(3))
		if status != user.StatusPotential || b.IntN(2) == 0 {
			phone, hash := b.hidden(seal.Phone, fmt.Sprintf("+8613800000%03d", i))
			u.SetEmail(fmt.Sprintf("u%d@example.com", i)).SetPhone(phone).SetPhoneHash(hash).SetPasswordHash("-").SetBorrower(true)
		}
		if number, hash := b.hidden(seal.NationalID, fmt.Sprint("11010119900307", 1000+i)); b.IntN(2) == 0 {
			u.SetNationalID(number).SetNationalIDHash(hash)
		}
		if b.IntN(2) == 0 {
			u.SetTags([]string{"a <b>", "\"c\""}[:b.IntN(3)])
		}
		if i > 0 {
			u.SetNillablePreviousUserID(maybe(b, users[b.IntN(i)].ID))
		}
		if i > 5 && status == user.StatusClosed {
			u.SetNillableMergedIntoID(maybe(b, users[b.IntN(5)].ID))
		}
		users = append(users, u.SaveX(ctx))
		if i < 5 {
			token, hash := access.NewToken()
			tx.Session.Create().SetTokenHash(hash).SetUserID(users[i].ID).SetExpiresAt(time.Now().Add(time.Hour)).ExecX(ctx)
			b.h.viewers = append(b.h.viewers, &reader{what: fmt.Sprint("customer ", i), token: token})
		}
	}
	person := func() key.User { return either(b, users...).ID }

	var cards []*ent.BankCard
	for i, u := range users {
		for j := range b.IntN(4) {
			status := "ACTIVATED"
			if j > 0 {
				status = b.enum("BankCardStatus", "BOUND", "PENDING_REVIEW", "PENDING_BINDING", "ACTIVATED")
			} else if b.IntN(4) > 0 {
				status = b.enum("BankCardStatus")
			}
			number, hash := b.hidden(seal.CardNumber, fmt.Sprintf("62220200000%04d%d", i, j))
			phone, _ := b.hidden(seal.Phone, "+8613800000999")
			c := tx.BankCard.Create().SetUserID(u.ID).SetStatus(bankcard.Status(status)).SetStatusSince(b.when()).SetNillableIssuer(text()).SetHolderName(u.Name).SetNumber(number).SetNumberHash(hash).
				SetPhone(phone).SetNillableFailure(text()).SetCreatedAt(b.when()).SetUpdatedAt(b.when())
			if j > 0 {
				c.SetNillableReplacesID(maybe(b, cards[len(cards)-1].ID))
			}
			cards = append(cards, c.SaveX(ctx))
			for k := range b.IntN(3) {
				a := tx.BankCardAttempt.Create().SetBankCardID(cards[len(cards)-1].ID).SetSystem(bankcardattempt.System(either(b, "KXD", "KXDM"))).SetRequestID(fmt.Sprint(i, "-", j, "-", k)).SetAsks(b.IntN(3)).
					SetNillableAskedAt(at()).SetNillableResult(text()).SetNillableRawCode(text()).SetStartedAt(b.when())
				if k > 0 || b.IntN(2) == 0 {
					a.SetFinishedAt(b.when().Add(1500 * time.Millisecond))
				}
				if b.IntN(2) == 0 {
					a.SetAmount(b.cents(40)).SetCurrency("CNY")
				}
				a.ExecX(ctx)
			}
		}
	}

	var loans []*ent.Loan
	for i := range 16 {
		whole := b.cents(40) + 1000
		taken := money.Amount(b.IntN(int(whole)))
		loans = append(loans, tx.Loan.Create().SetNumber(fmt.Sprintf("L-%04d", i)).SetBorrowerID(person()).SetNillableCompanyID(firm()).SetStatus(loan.Status(b.enum("LoanStatus"))).SetStatusSince(b.when()).
			SetRequestedAmount(b.cents(40)).SetRequestedAnnualRate(money.Rate(b.IntN(200_000))).SetRequestedTermMonths(1+b.IntN(36)).SetAmount(whole).SetAnnualRate(money.Rate(b.IntN(200_000))).SetTermMonths(12).
			SetRepaymentMethod(loan.RepaymentMethod(b.enum("RepaymentMethod"))).SetPurpose(loan.Purpose(b.enum("LoanPurpose"))).SetNillableDescription(text()).SetRound(1+b.IntN(2)).
			SetApprovalsNeeded(1+b.IntN(2)).SetTermsAccepted(b.IntN(2) == 0).SetNillableMinimumBid(maybe(b, b.cents(5))).SetNillableBidStep(maybe(b, b.cents(5))).SetNillableOpensAt(at()).SetNillableClosesAt(at()).
			SetReservedAmount(taken).SetFundedAmount(money.Amount(b.IntN(int(taken)+1))).SetCreatedAt(b.when()).SetUpdatedAt(b.when()).SaveX(ctx))
	}
	installment := func(of *ent.Loan, bid *key.Bid, number int) {
		principal, interest := b.cents(9), b.cents(9)
		tx.Installment.Create().SetLoanID(of.ID).SetNillableBidID(bid).SetNumber(number).SetDueOn("2026-04-0" + fmt.Sprint(number)).SetStatus(entinstallment.Status(b.enum("InstallmentStatus"))).
			SetPrincipal(principal).SetInterest(interest).SetPenalty(200).SetPaidPrincipal(money.Amount(b.IntN(int(principal) + 1))).SetPaidInterest(money.Amount(b.IntN(int(interest) + 1))).SetPaidPenalty(money.Amount(b.IntN(200))).
			SetCreatedAt(b.when()).SetUpdatedAt(b.when()).ExecX(ctx)
	}
	for i, l := range loans {
		for range b.IntN(6) {
			o := tx.Bid.Create().SetLoanID(l.ID).SetInvestorID(person()).SetAmount(b.cents(10)).SetStatus(bid.Status(b.enum("BidStatus"))).SetStatusSince(b.when()).SetCreatedAt(b.when()).SetUpdatedAt(b.when()).SaveX(ctx)
			for n := range b.IntN(3) {
				installment(l, &o.ID, 1+n)
			}
		}
		for n := range b.IntN(5) {
			installment(l, nil, 1+n)
		}
		for n := range b.IntN(3) {
			by := either(b, "Staff", "User", "ApiKey", "SystemActor")
			r := tx.Repayment.Create().SetLoanID(l.ID).SetAmount(b.cents(9)).SetPenalty(0).SetInterest(b.cents(3)).SetPrincipal(b.cents(3)).SetPaidAt(b.when()).SetReference(fmt.Sprint("r", i, "-", n)).SetNillableReversedAt(at()).
				SetReportedByType(by).SetReportedByID(int64(1 + b.IntN(3))).SetCreatedAt(b.when())
			if by == "SystemActor" {
				r.SetReportedByID(0).SetReportedByName("finance")
			}
			r.ExecX(ctx)
		}
		for n := range b.IntN(3) {
			d := tx.Disbursement.Create().SetLoanID(l.ID).SetNumber(fmt.Sprintf("%s-%d", l.Number, n+1)).SetPayeeCardID(either(b, cards...).ID).SetCollections("[]").SetAsks(b.IntN(3)).
				SetNillableAskedAt(at()).SetNillableAcceptedAt(at()).SetState(disbursement.StateOrdered).SetCreatedAt(b.when())
			if n > 0 || b.IntN(2) == 0 {
				d.SetState(either(b, disbursement.StateConfirmed, disbursement.StateFailed)).SetFinishedAt(b.when()).SetNillableReference(maybe(b, fmt.Sprint("d", i, "-", n)))
			}
			d.ExecX(ctx)
		}
		for n := range b.IntN(3) {
			status := servicerequest.Status("REQUESTED")
			if n > 0 {
				status = servicerequest.Status(either(b, servicerequest.StatusRejected, servicerequest.StatusApproved))
			}
			tx.ServiceRequest.Create().SetLoanID(l.ID).SetKind("EARLY_SETTLEMENT").SetStatus(status).SetStatusSince(b.when()).SetNillableReason(text()).SetCreatedAt(b.when()).SetUpdatedAt(b.when()).ExecX(ctx)
		}
	}

	subject := func(kinds ...key.Kind) (string, int64) {
		switch kind := either(b, kinds...); kind {
		case key.KindUser:
			return string(kind), int64(person())
		case key.KindCompany:
			return string(kind), int64(either(b, companies...).ID)
		case key.KindStaff:
			return string(kind), int64(either(b, staff...).ID)
		case key.KindLoan:
			return string(kind), int64(either(b, loans...).ID)
		case key.KindBankCard:
			return string(kind), int64(either(b, cards...).ID)
		default:
			return string(kind), int64(1 + b.IntN(4))
		}
	}
	var papers []key.Document
	for range 25 {
		kind, id := subject(key.KindUser, key.KindCompany, key.KindLoan)
		d := tx.Document.Create().SetSubjectType(kind).SetSubjectID(id).SetKind(document.Kind(b.enum("DocumentKind"))).SetStatus(document.Status(b.enum("DocumentStatus"))).SetStatusSince(b.when()).SetNillableName(text()).
			SetNillableContentType(text()).SetNillableSize(maybe(b, int64(b.IntN(9)))).SetNillableSha256(text()).SetNillableValidUntil(maybe(b, "2027-01-01")).SetNillableReason(text()).SetNillableOwnerID(maybe(b, person())).
			SetCreatedAt(b.when()).SetUpdatedAt(b.when())
		if len(papers) > 0 {
			d.SetNillableReplacesID(maybe(b, either(b, papers...)))
		}
		papers = append(papers, d.SaveX(ctx).ID)
	}
	for i := range 30 {
		kind, id := subject(key.KindUser, key.KindCompany, key.KindLoan, key.KindBid, key.KindDocument)
		tx.Review.Create().SetSubjectType(kind).SetSubjectID(id).SetStep(review.Step(b.enum("ReviewQueueKind"))).SetRound(i + 1).SetDecision(review.Decision(b.enum("ReviewDecision"))).SetReviewerID(either(b, staff...).ID).
			SetNillableNote(text()).SetNillableReason(text()).SetNillableVoidedAt(at()).SetCreatedAt(b.when()).ExecX(ctx)
	}
	for _, l := range loans[:8] { // approvals of the present round, and of others
		tx.Review.Create().SetSubjectType("Loan").SetSubjectID(int64(l.ID)).SetStep(review.StepApplication).SetRound(1).SetDecision(review.DecisionApproved).SetReviewerID(either(b, staff...).ID).
			SetNillableVoidedAt(at()).SetCreatedAt(b.when()).ExecX(ctx)
	}
	for range 20 {
		status, completed := servicerecord.StatusOpen, at()
		if completed != nil {
			status = servicerecord.StatusCompleted
		}
		tx.ServiceRecord.Create().SetUserID(person()).SetKind(servicerecord.Kind(b.enum("ServiceRecordKind"))).SetText(either(b, "rang", "said \"no\"")).SetNillableDueAt(at()).SetStatus(status).SetNillableCompletedAt(completed).
			SetNillableAuthorID(employee()).SetNillableAssigneeID(employee()).SetCreatedAt(b.when()).SetUpdatedAt(b.when()).ExecX(ctx)
		m := tx.Message.Create().SetKind("x").SetNillableUserID(maybe(b, person())).SetTo(fmt.Sprintf("u%d@example.com", b.IntN(14))).SetSubject("hello").SetText("line\nline").SetLocale("en").SetAttempts(b.IntN(3)).SetCreatedAt(b.when())
		if b.IntN(2) == 0 {
			m.SetState("SENT").SetSentAt(b.when())
		} else {
			m.SetState("QUEUED")
		}
		m.ExecX(ctx)
	}
	for range 4 {
		k := tx.Backup.Create().SetStatus(entbackup.Status(b.enum("BackupStatus", "RUNNING"))).SetStatusSince(b.when()).SetFile("x").SetScheduled(b.IntN(2) == 0).SetVerify(false).SetNillableSize(maybe(b, int64(1)<<40)).
			SetNillableSha256(text()).SetFinishedAt(b.when()).SetNillableVerifiedAt(at()).SetNillableError(text()).SetCreatedAt(b.when()).SetUpdatedAt(b.when())
		k.ExecX(ctx)
	}
	seen := map[string]bool{}
	for range 12 {
		kind, id := subject(key.KindUser, key.KindLoan, key.KindDocument, key.KindBid)
		step := b.enum("ReviewQueueKind")
		if name := fmt.Sprint(kind, id, step); !seen[name] {
			seen[name] = true
			tx.Claim.Create().SetSubjectType(kind).SetSubjectID(id).SetStep(claim.Step(step)).SetStaffID(either(b, staff...).ID).SetExpiresAt(either(b, began, time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC))).ExecX(ctx)
		}
	}
	for range 80 {
		kind, id := subject(key.KindUser, key.KindUser, key.KindCompany, key.KindStaff, key.KindLoan, key.KindBid, key.KindBankCard, key.KindDocument, key.KindRole, key.KindAPIKey, key.KindServiceRecord, key.KindServiceRequest, key.KindBackup, key.KindWebhook, key.KindMessage)
		e := tx.Event.Create().SetSubjectType(kind).SetSubjectID(id).SetKind(either(b, "REGISTER", "APPROVE_REGISTRATION", "CREATE_COMPANY")).SetNillableFrom(text()).SetNillableTo(text()).SetNillableReason(text()).
			SetNillableUserID(maybe(b, person())).SetAt(b.when())
		if b.IntN(2) == 0 {
			e.SetChanges(map[string]any{"name": []any{"a", "b <&>"}, "a": nil})
		}
		switch by := either(b, "Staff", "User", "ApiKey", "SystemActor", "Anonymous"); by {
		case "SystemActor":
			e.SetActorType(by).SetActorName("card-verifier")
		case "Anonymous":
			e.SetActorType(by)
		default:
			e.SetActorType(by).SetActorID(int64(1 + b.IntN(6)))
		}
		e.ExecX(ctx)
	}
	for n := range 3 {
		w := tx.Webhook.Create().SetURL("https://told.example/" + strconv.Itoa(n)).SetKinds([]string{"A_KIND"}[:b.IntN(2)]).SetSecret([]byte("sealed")).SetActive(b.IntN(2) == 0).SetCreatedAt(b.when())
		if n == 2 {
			w.SetDeletedAt(b.when())
		}
		for range w.SaveX(ctx).ID * 2 {
			tx.WebhookDelivery.Create().SetWebhookID(key.Webhook(1 + n)).SetNillableEventID(maybe(b, key.Event(1+b.IntN(80)))).SetState(webhookdelivery.StateFailed).SetAttempts(b.IntN(9)).
				SetNillableStatus(maybe(b, 500)).SetNillableError(text()).SetFinishedAt(b.when()).SetCreatedAt(b.when()).ExecX(ctx)
		}
	}
	session := func(what string, until time.Time, of func(*ent.SessionCreate) *ent.SessionCreate) {
		token, hash := access.NewToken()
		of(tx.Session.Create().SetTokenHash(hash).SetExpiresAt(until)).ExecX(ctx)
		b.h.viewers = append(b.h.viewers, &reader{what: what, token: token, gone: until.Before(time.Now())})
	}
	var keeper key.Staff // who holds every permission
	for i, r := range tx.Role.Query().Where(role.BuiltIn(true)).Order(ent.Asc("id")).AllX(ctx) {
		s := tx.Staff.Create().SetName("Ada").SetEmail(fmt.Sprintf("role%d@example.com", i)).SetLocale("en").SetStatus(entstaff.StatusActive).SetPasswordHash("-").AddRoles(r).
			SetCreatedAt(b.when()).SetUpdatedAt(b.when()).SaveX(ctx)
		if r.Name == "ADMINISTRATOR" {
			keeper = s.ID
		}
		session("an employee with the role "+r.Name, time.Now().Add(time.Hour), func(c *ent.SessionCreate) *ent.SessionCreate { return c.SetStaffID(s.ID) })
	}
	tx.User.UpdateOne(users[4]).SetStatus(user.StatusSuspended).SetUpdatedAt(b.when()).ExecX(ctx) // its reader is a suspended customer from here on
	session("an expired session", began, func(c *ent.SessionCreate) *ent.SessionCreate { return c.SetUserID(users[0].ID) })
	for n := range 8 {
		x := tx.Export.Create().SetStatus(export.StatusRunning).SetKind(either(b, export.KindUsers, export.KindLoans)).SetFormat(export.FormatCsv).SetPermissions([]string{}).SetUnmasked(n == 0).SetLocale("en").
			SetTotal(n).SetRows(b.IntN(9)).SetCreatedAt(b.when()).SetUpdatedAt(b.when())
		i := tx.Importation.Create().SetStatus(importation.StatusRunning).SetFormat(importation.FormatXlsx).SetOnError(importation.OnErrorSkipFaulty).SetDryRun(b.IntN(2) == 0).SetPermissions([]string{}).SetLocale("en").
			SetBlob(fmt.Sprint("import", n)).SetSize(100).SetSha256("s").SetRows(4).SetChecked(3).SetFaulty(2).SetPassed(b.IntN(4)).SetCreatedAt(b.when()).SetUpdatedAt(b.when())
		switch {
		case n < 2:
			x.SetStaffID(keeper)
			i.SetStaffID(keeper)
		case b.IntN(3) == 0:
			x.SetAPIKeyID(key.APIKey(1))
			i.SetAPIKeyID(key.APIKey(1))
		default:
			s := either(b, staff...).ID
			x.SetStaffID(s)
			i.SetStaffID(s)
		}
		switch {
		case n == 1:
			x.SetStatus(export.StatusFailed).SetFinishedAt(b.when()).SetNillableError(text())
		case n > 4:
			x.SetKind(export.KindUserData).SetUserID(person())
			x.Mutation().ResetStaffID()
			x.Mutation().ResetAPIKeyID()
		}
		x.ExecX(ctx)
		k := i.SaveX(ctx).ID
		for range max(b.IntN(6), 2-n) {
			f := tx.ImportFault.Create().SetImportID(k).SetLine(1 + b.IntN(9)).SetNillableName(maybe(b, "phone")).SetCode("ALREADY_TAKEN").SetSentence("fault.import_on_the_books")
			if b.IntN(2) == 0 {
				f.SetSentence("fault.import_repeated").SetData(map[string]any{"line": 7})
			}
			f.ExecX(ctx)
		}
	}
	return nil
}
