package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lenddesk/ent"
	"lenddesk/ent/bid"
	"lenddesk/ent/loan"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// began is when the book of these tests begins: a moment with microseconds, which both databases keep.
var began = time.Date(2026, 3, 1, 8, 0, 0, 250_100_000, time.UTC)

// fill writes n potential customers, Person 00 and on, five of whom come at the same moment. Person i has i modulo 4 loans, each with two bids of
// the person before.
func (h *house) fill(t *testing.T, n int) {
	t.Helper()
	err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
		var before *ent.User
		for i := range n {
			at := began.Add(time.Duration(i/5) * 100 * time.Microsecond)
			u, err := tx.User.Create().SetName(fmt.Sprintf("Person %02d", i)).SetLocale("en").SetStatus(user.StatusPotential).SetTags([]string{"a \"b\"", "<&> 😀"}).
				SetCreatedAt(at).SetUpdatedAt(at).SetEmail(fmt.Sprintf("person%02d@example.com", i)).Save(ctx)
			if err != nil {
				return err
			}
			for j := range i % 4 {
				l, err := tx.Loan.Create().SetNumber(fmt.Sprintf("L%02d-%d", i, j)).SetBorrowerID(u.ID).SetStatus(loan.StatusBidding).SetPurpose(loan.PurposeEquipment).
					SetRequestedAmount(100_000).SetRequestedAnnualRate(money.Rate(125_000)).SetRequestedTermMonths(12).SetAmount(money.Amount(100_000 + 100*(i%3))).SetAnnualRate(money.Rate(125_000)).
					SetTermMonths(12).SetRepaymentMethod(loan.RepaymentMethodBullet).SetReservedAmount(30_000).SetFundedAmount(30_000).SetCreatedAt(at).SetUpdatedAt(at).Save(ctx)
				if err != nil {
					return err
				}
				for k := range 2 {
					if _, err := tx.Bid.Create().SetLoanID(l.ID).SetInvestorID(before.ID).SetAmount(money.Amount(10_000 * (k + 1))).SetStatus(bid.StatusApproved).
						SetCreatedAt(at).SetUpdatedAt(at).Save(ctx); err != nil {
						return err
					}
				}
			}
			before = u
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// data is the answer's data as it was written.
func (a answer) data(t *testing.T) string {
	t.Helper()
	var body struct{ Data json.RawMessage }
	if err := json.Unmarshal([]byte(a.raw), &body); err != nil || len(a.Errors) > 0 {
		t.Errorf("%v %s", err, a)
	}
	return string(body.Data)
}

// names are the values of a field in a list.
func (a answer) names(path, field string) []string {
	list, _ := a.at(path).([]any)
	names := make([]string, len(list))
	for i, e := range list {
		names[i] = fmt.Sprint(e.(vars)[field])
	}
	return names
}

func TestReadingFollowsTheSelection(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.fill(t, 4)
		admin := h.administrator(t)
		id := admin.ask(`{ users(filter: {name: "Person 03"}) { nodes { id } } }`).text("users.nodes.0.id")
		for _, c := range []struct{ what, query, want string }{
			{
				"aliases", `{ a: users(first: 1, orderBy: {field: NAME, direction: ASC}) { n: nodes { x: name y: name } } b: users(last: 1, orderBy: {field: NAME, direction: ASC}) { nodes { name } } }`,
				`{"a":{"n":[{"x":"Person 00","y":"Person 00"}]},"b":{"nodes":[{"name":"Person 03"}]}}`,
			},
			{
				"the same child list twice", `{ users(first: 1, filter: {name: "Person 03"}) { nodes { one: loans(first: 1) { totalCount pageInfo { hasNextPage } } all: loans { pageInfo { hasNextPage } nodes { number } } } } }`,
				`{"users":{"nodes":[{"one":{"totalCount":3,"pageInfo":{"hasNextPage":true}},"all":{"pageInfo":{"hasNextPage":false},"nodes":[{"number":"L03-2"},{"number":"L03-1"},{"number":"L03-0"}]}}]}}`,
			},
			{
				"fragments merge", `query($id: ID!) { node(id: $id) { ...A ... on Lifecycle { version timeline { totalCount } } ... on User { name timeline { nodes { kind } } statistics { loans } } ... on Loan { number } } }
				fragment A on Node { ... on User { name statistics { bids } } __typename }`,
				`{"node":{"name":"Person 03","statistics":{"bids":0,"loans":3},"__typename":"User","version":1,"timeline":{"totalCount":0,"nodes":[]}}}`,
			},
			{
				"one field through two interfaces", `query($id: ID!) { node(id: $id) { __typename ... on Node { id: __typename } ... on Lifecycle { id: __typename v: version __typename } ... on User { v: version } } }`,
				`{"node":{"__typename":"User","id":"User","v":1}}`,
			},
			{
				"skip and include", `query($id: ID!, $yes: Boolean = true, $no: Boolean = false) { node(id: $id) { ... on User @include(if: $yes) { name } ... on User @skip(if: $yes) { locale } ...F @include(if: $no)
				... on User { status @skip(if: false) email @include(if: false) loans(first: 1) @skip(if: $no) { nodes @include(if: $no) { id } totalCount } } } } fragment F on User { kinds }`,
				`{"node":{"name":"Person 03","status":"POTENTIAL","loans":{"totalCount":3}}}`,
			},
			{
				"typenames", `{ __typename users(filter: {name: "Person 01"}) { __typename edges { __typename node { __typename statistics { __typename } loans { __typename nodes { __typename bids(first: 1) { edges { node { __typename } } } } } } } nodes { __typename } pageInfo { __typename } } viewer { __typename staff { __typename roles { __typename } } } }`,
				`{"__typename":"Query","users":{"__typename":"UserConnection","edges":[{"__typename":"UserEdge","node":{"__typename":"User","statistics":{"__typename":"UserStatistics"},"loans":{"__typename":"LoanConnection","nodes":[{"__typename":"Loan","bids":{"edges":[{"node":{"__typename":"Bid"}}]}}]}}}],"nodes":[{"__typename":"User"}],"pageInfo":{"__typename":"PageInfo"}},"viewer":{"__typename":"Viewer","staff":{"__typename":"Staff","roles":[{"__typename":"Role"}]}}}`,
			},
			{
				"up and down again", `{ users(filter: {name: "Person 01"}) { nodes { loans { nodes { borrower { name loans { nodes { number bids(orderBy: {field: AMOUNT, direction: ASC}) { nodes { amount investor { name } loan { amount annualRate progress remainingAmount } } } } } } } } tags createdAt } } }`,
				`{"users":{"nodes":[{"loans":{"nodes":[{"borrower":{"name":"Person 01","loans":{"nodes":[{"number":"L01-0","bids":{"nodes":[{"amount":"100.00","investor":{"name":"Person 00"},"loan":{"amount":"1001.00","annualRate":"12.5","progress":0.2997002997002997,"remainingAmount":"701.00"}},{"amount":"200.00","investor":{"name":"Person 00"},"loan":{"amount":"1001.00","annualRate":"12.5","progress":0.2997002997002997,"remainingAmount":"701.00"}}]}}]}}}]},"tags":["a \"b\"","<&> 😀"],"createdAt":"2026-03-01T08:00:00.2501Z"}]}}`,
			},
		} {
			if got := admin.ask(c.query, vars{"id": id}).data(t); got != c.want {
				t.Errorf("%s:\n%s, want\n%s", c.what, got, c.want)
			}
		}
	})
}

func TestReadingWhoDidIt(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.fill(t, 1)
		admin := h.administrator(t)
		h.customer(t, 1)
		err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
			u := tx.User.Query().Where(user.Name("Person 00")).OnlyX(ctx)
			return tx.Event.Create().SetKind("TESTED").SetSubjectType(string(key.KindUser)).SetSubjectID(int64(u.ID)).SetActorType("SystemActor").SetActorName("tester").
				SetChanges(map[string]any{"zeta": 1, "b": []any{"x", nil}}).Exec(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		got := admin.ask(`{ events(filter: {kind: ["TESTED", "APPROVE_REGISTRATION", "REGISTER_USER"]}) { nodes { kind changes subject { __typename ... on User { name } }
			actor { __typename ... on SystemActor { name } ... on Staff { name __typename } } } } }`)
		who := got.names("events.nodes", "actor")
		if len(who) != 3 || who[0] != "map[__typename:SystemActor name:tester]" || !strings.Contains(who[1], "__typename:Staff") || who[2] != "<nil>" {
			t.Errorf("actors %q\n%s", who, got)
		}
		if !strings.Contains(got.raw, `"changes":{"b":["x",null],"zeta":1}`) || strings.Count(got.raw, `"__typename":"Staff"`) != 1 {
			t.Errorf("%s", got)
		}
		want(t, "subject", got.text("events.nodes.0.subject.name"), "Person 00")
	})
}

func TestReadingPages(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.fill(t, 25)
		admin := h.administrator(t)
		const query = `query($first: Int, $after: String, $last: Int, $before: String, $by: UserOrder) { users(first: $first, after: $after, last: $last, before: $before, orderBy: $by) {
			edges { cursor node { name } } nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } totalCount } }`
		// walk reads the whole list page by page.
		walk := func(by any, size int, backward bool, between func(page int)) []string {
			var all []string
			v := vars{"by": by, "first": size}
			if backward {
				v = vars{"by": by, "last": size}
			}
			for page := 0; ; page++ {
				got := admin.ask(query, v)
				names := got.names("users.nodes", "name")
				edges, _ := got.at("users.edges").([]any)
				for i, e := range edges {
					want(t, "edge", e.(vars)["node"].(vars)["name"].(string), names[i])
				}
				if len(names) == 0 || len(edges) != len(names) {
					t.Fatalf("page %d: %s", page, got)
				}
				want(t, "start", got.text("users.pageInfo.startCursor"), got.text("users.edges.0.cursor"))
				want(t, "end", got.text("users.pageInfo.endCursor"), got.text(fmt.Sprintf("users.edges.%d.cursor", len(edges)-1)))
				next, ahead, from := "users.pageInfo.hasNextPage", "users.pageInfo.hasPreviousPage", "users.pageInfo.endCursor"
				if backward {
					next, ahead = ahead, next
					from = "users.pageInfo.startCursor"
					all = append(slices.Clone(names), all...)
				} else {
					all = append(all, names...)
				}
				want(t, "there is what was read", got.at(ahead).(bool), page > 0)
				if got.at(next) != true {
					return all
				}
				v["after"] = got.text(from)
				if backward {
					v["after"], v["before"] = nil, got.text(from)
				}
				if between != nil {
					between(page)
				}
			}
		}
		for _, by := range []any{
			nil, vars{"field": "CREATED_AT", "direction": "ASC"}, vars{"field": "CREATED_AT", "direction": "DESC"}, vars{"field": "NAME", "direction": "ASC"}, vars{"field": "NAME", "direction": "DESC"},
		} {
			whole := walk(by, 100, false, nil)
			want(t, "rows", len(whole), 25)
			if up := fmt.Sprint(by); strings.Contains(up, "ASC") != slices.IsSorted(whole) {
				t.Errorf("order %s: %q", up, whole)
			}
			for _, size := range []int{1, 4, 25} {
				if got := walk(by, size, false, nil); !slices.Equal(got, whole) {
					t.Errorf("%v by %d: %q, want %q", by, size, got, whole)
				}
				if got := walk(by, size, true, nil); !slices.Equal(got, whole) {
					t.Errorf("%v backwards by %d: %q, want %q", by, size, got, whole)
				}
			}
		}
		whole := walk(nil, 100, false, nil)
		if got := walk(nil, 4, false, func(page int) {
			err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
				return tx.User.Create().SetName(fmt.Sprintf("Newcomer %d", page)).SetLocale("en").SetStatus(user.StatusPotential).Exec(ctx)
			})
			if err != nil {
				t.Fatal(err)
			}
		}); !slices.Equal(got, whole) {
			t.Errorf("with newcomers: %q, want %q", got, whole)
		}

		empty := admin.ask(`{ users(filter: {name: "Nobody"}) { totalCount nodes { id } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`).data(t)
		want(t, "empty", empty, `{"users":{"totalCount":0,"nodes":[],"pageInfo":{"hasNextPage":false,"hasPreviousPage":false,"startCursor":null,"endCursor":null}}}`)
		cursors := admin.ask(`{ users(first: 1) { pageInfo { endCursor } } staff(first: 1) { pageInfo { endCursor } } byName: users(first: 1, orderBy: {field: NAME, direction: ASC}) { pageInfo { endCursor } } }`)
		for _, v := range []vars{
			{"first": 0},
			{"first": 101},
			{"first": -1},
			{"last": 0},
			{"last": 101},
			{"first": 1, "last": 1},
			{"after": "x"},
			{"after": ""},
			{"before": "W10"},
			{"before": "bnVsbA"},
			{"after": cursors.text("staff.pageInfo.endCursor")},
			{"after": cursors.text("byName.pageInfo.endCursor")},
			{"by": vars{"field": "NAME", "direction": "DESC"}, "before": cursors.text("byName.pageInfo.endCursor")},
		} {
			wantCodes(t, admin.ask(query, v), "BAD_REQUEST")
		}
		want(t, "null arguments", len(admin.ask(query, vars{"first": nil, "after": nil, "by": nil}).names("users.nodes", "name")), 20)

		// A list below many parents.
		nested := admin.ask(`{ users(first: 4, filter: {name: "Person 0"}, orderBy: {field: NAME, direction: ASC}) { nodes { loans(first: 2) { totalCount nodes { number } pageInfo { hasNextPage endCursor } } } } }`)
		for i, expected := range []string{"[] 0 false", "[L01-0] 1 false", "[L02-1 L02-0] 2 false", "[L03-2 L03-1] 3 true"} {
			at := fmt.Sprintf("users.nodes.%d.loans", i)
			want(t, at, fmt.Sprint(nested.names(at+".nodes", "number"), " ", nested.at(at+".totalCount"), " ", nested.at(at+".pageInfo.hasNextPage")), expected)
		}
		rest := admin.ask(`query($after: String) { users(filter: {name: "Person 03"}) { nodes { loans(first: 2, after: $after) { nodes { number } pageInfo { hasNextPage hasPreviousPage } } } } }`,
			vars{"after": nested.text("users.nodes.3.loans.pageInfo.endCursor")}).data(t)
		want(t, "the rest", rest, `{"users":{"nodes":[{"loans":{"nodes":[{"number":"L03-0"}],"pageInfo":{"hasNextPage":false,"hasPreviousPage":true}}}]}}`)
		back := admin.ask(`{ users(filter: {name: "Person 03"}) { nodes { loans(last: 2) { nodes { number } pageInfo { hasNextPage hasPreviousPage } } } } }`).data(t)
		want(t, "from the end", back, `{"users":{"nodes":[{"loans":{"nodes":[{"number":"L03-1"},{"number":"L03-0"}],"pageInfo":{"hasNextPage":false,"hasPreviousPage":true}}}]}}`)
	})
}

func TestReadingFilters(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.fill(t, 8)
		_, id := h.customer(t, 31)
		admin := h.administrator(t)
		first := admin.ask(`{ users(filter: {name: "Person 03"}) { nodes { id loans { nodes { id number } } } } }`)
		borrower, loanID := first.text("users.nodes.0.id"), first.text("users.nodes.0.loans.nodes.0.id")
		form := applicant(31)
		for _, c := range []struct {
			filter vars
			want   float64
		}{
			{nil, 9},
			{vars{}, 9},
			{vars{"status": nil, "name": nil, "createdFrom": nil}, 9},
			{vars{"status": []string{"ACTIVE"}}, 1},
			{vars{"status": "POTENTIAL"}, 8},
			{vars{"status": []string{"ACTIVE", "POTENTIAL"}}, 9},
			{vars{"status": []string{}}, 0},
			{vars{"kind": "BORROWER"}, 1},
			{vars{"kind": "INVESTOR"}, 0},
			{vars{"name": "Person"}, 8},
			{vars{"name": "person"}, 0},
			{vars{"name": " Person 01 "}, 1},
			{vars{"name": "%"}, 0},
			{vars{"name": "Person _1"}, 0},
			{vars{"name": "王小"}, 1},
			{vars{"name": ""}, 9},
			{vars{"email": " PERSON01@example.com"}, 1},
			{vars{"email": "person01"}, 0},
			{vars{"phone": form["phone"]}, 1},
			{vars{"phone": "+86" + form["phone"].(string)}, 1},
			{vars{"phone": "x"}, 0},
			{vars{"nationalId": form["nationalId"]}, 1},
			{vars{"nationalId": "1"}, 0},
			{vars{"accountManagerId": "staff_0000000000000"}, 0},
			{vars{"accountManagerId": id}, 0},
			{vars{"companyId": "x"}, 0},
			{vars{"createdFrom": "2026-03-01T08:00:00.2502Z", "createdTo": "2026-03-01T08:00:00.2503Z"}, 3},
			{vars{"createdTo": "2026-03-01T08:00:00.2502Z"}, 5},
			{vars{"createdTo": "2026-03-01T16:00:00.2502+08:00"}, 5},
			{vars{"name": "Person 0", "status": "ACTIVE"}, 0},
		} {
			got := admin.ask(`query($f: UserFilter) { users(filter: $f, first: 100) { totalCount nodes { id } } }`, vars{"f": c.filter})
			if n, _ := got.at("users.nodes").([]any); got.at("users.totalCount") != c.want || float64(len(n)) != c.want {
				t.Errorf("%v: %s, want %v", c.filter, got, c.want)
			}
		}
		for field, value := range map[string]any{"createdFrom": "yesterday", "createdTo": "2026-03-01", "name": "a\x00", "email": "a\x00@example.com"} {
			got := admin.ask(`query($f: UserFilter) { users(filter: $f) { totalCount } }`, vars{"f": vars{field: value}})
			wantCodes(t, got, "BAD_REQUEST")
			if !strings.Contains(got.raw, field) {
				t.Errorf("%s is not named: %s", field, got)
			}
		}
		for _, c := range []struct {
			filter string
			want   float64
		}{
			{`{}`, 3},
			{`{status: [BIDDING]}`, 3},
			{`{status: DRAFT}`, 0},
			{`{purpose: [EQUIPMENT]}`, 3},
			{`{purpose: MEDICAL}`, 0},
			{`{number: "L03-1"}`, 1},
			{`{number: "L03"}`, 0},
			{`{minimumAmount: "1000.00"}`, 3},
			{`{minimumAmount: "1000.01"}`, 0},
			{`{maximumAmount: "999.99"}`, 0},
			{`{industry: ["x"]}`, 0},
			{`{borrowerId: "` + borrower + `"}`, 3},
			{`{borrowerId: "` + id + `"}`, 0},
			{`{companyId: "` + id + `"}`, 0},
			{`{createdFrom: "2026-03-01T08:00:00.2501Z"}`, 3},
			{`{createdFrom: "2026-03-01T08:00:00.250101Z"}`, 0},
		} {
			got := admin.ask(`{ users(filter: {name: "Person 03"}) { nodes { loans(filter: ` + c.filter + `) { totalCount nodes { id } } } } }`)
			if n, _ := got.at("users.nodes.0.loans.nodes").([]any); got.at("users.nodes.0.loans.totalCount") != c.want || float64(len(n)) != c.want {
				t.Errorf("%s: %s, want %v", c.filter, got, c.want)
			}
		}
		for _, bad := range []string{`minimumAmount: "1.005"`, `maximumAmount: "x"`, `createdTo: "x"`} {
			got := admin.ask(`{ users(first: 1) { nodes { loans(filter: {` + bad + `}) { totalCount } } } }`)
			wantCodes(t, got, "BAD_REQUEST")
			if field, _, _ := strings.Cut(bad, ":"); !strings.Contains(got.raw, field) {
				t.Errorf("%s is not named: %s", field, got)
			}
		}
		bids := `{ users(filter: {name: "Person 02"}) { nodes { bids(filter: {loanId: "` + loanID + `", minimumAmount: "150", maximumAmount: "200", status: APPROVED}) { totalCount nodes { amount } } } } }`
		want(t, "bids", admin.ask(bids).data(t), `{"users":{"nodes":[{"bids":{"totalCount":1,"nodes":[{"amount":"200.00"}]}}]}}`)
		for filter, n := range map[string]float64{
			`{subjectId: "` + id + `"}`: 2, `{subjectId: "x"}`: 0, `{subjectId: "` + id + `", kind: "REGISTER_USER"}`: 1, `{subjectId: "` + id + `", to: "2020-01-01T00:00:00Z"}`: 0,
			`{subjectId: "` + id + `", from: "2020-01-01T00:00:00Z"}`: 2, `{kind: []}`: 0,
		} {
			want(t, "events "+filter, admin.ask(`{ events(filter: `+filter+`) { totalCount } }`).at("events.totalCount"), any(n))
		}
		for filter, n := range map[string]float64{`{userId: "` + id + `"}`: 2, `{to: "APPLICANT31@example.com"}`: 2, `{to: "x"}`: 0, `{state: ["KEPT"]}`: 2, `{state: "SENT"}`: 0, `{userId: "x"}`: 0} {
			want(t, "messages "+filter, admin.ask(`{ messages(filter: `+filter+`) { totalCount } }`).at("messages.totalCount"), any(n))
		}
	})
}

func TestReadingNodes(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.fill(t, 3)
		admin := h.administrator(t)
		me, mine := h.customer(t, 41)
		list := admin.ask(`{ users(filter: {name: "Person 02"}) { nodes { id loans { nodes { id } } } } roles(first: 1) { nodes { id } } }`)
		other, loanID, role := list.text("users.nodes.0.id"), list.text("users.nodes.0.loans.nodes.0.id"), list.text("roles.nodes.0.id")
		const query = `query($ids: [ID!]!) { nodes(ids: $ids) { __typename ... on User { name } ... on Loan { number } } }`
		ids := vars{"ids": []string{loanID, other, "x", mine, other, "user_0000000000000", "", role, loanID}}
		want(t, "staff", admin.ask(query, ids).data(t), `{"nodes":[{"__typename":"Loan","number":"L02-1"},{"__typename":"User","name":"Person 02"},null,{"__typename":"User","name":"王小明"},`+
			`{"__typename":"User","name":"Person 02"},null,null,{"__typename":"Role"},{"__typename":"Loan","number":"L02-1"}]}`)
		want(t, "a customer", me.ask(query, ids).data(t), `{"nodes":[null,null,null,{"__typename":"User","name":"王小明"},null,null,null,null,null]}`)
		want(t, "nobody", h.anybody(t).ask(query, ids).data(t), `{"nodes":[null,null,null,null,null,null,null,null,null]}`)
		want(t, "none", admin.ask(query, vars{"ids": []string{}}).data(t), `{"nodes":[]}`)
		want(t, "100", len(admin.ask(query, vars{"ids": slices.Repeat([]string{other}, 100)}).at("nodes").([]any)), 100)
		wantCodes(t, admin.ask(query, vars{"ids": slices.Repeat([]string{other}, 101)}), "BAD_REQUEST")
		for _, id := range []string{other, "x", "user_0000000000000", loanID, role} {
			want(t, "hidden and missing are alike", me.ask(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": id}).raw, h.anybody(t).ask(`{ node(id: "nothing") { id } }`).raw)
		}
	})
}

func TestReadingShowsACustomerNothingOfAnother(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		a, aID := h.customer(t, 51)
		_, bID := h.customer(t, 52)
		h.fill(t, 3)
		err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
			c, err := tx.Company.Create().SetKind("CLIENT").SetStatus("VERIFIED").SetName("Shared Ltd").SetCreditCode("91350100M000100Y43").Save(ctx)
			if err != nil {
				return err
			}
			if err := tx.User.Update().SetCompanyID(c.ID).Exec(ctx); err != nil {
				return err
			}
			people := tx.User.Query().Where(user.StatusEQ(user.StatusActive)).Order(user.ByID()).AllX(ctx)
			for number, borrower := range map[string]*ent.User{"L01%": people[0], "L02%": people[1]} { // with bids of yet another
				if _, err := tx.SQL.ExecContext(ctx, `UPDATE loans SET borrower_id = $1, company_id = $2 WHERE number LIKE $3`, int64(borrower.ID), int64(c.ID), number); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		ids := admin.ask(`query($id: ID!) { node(id: $id) { ... on User { loans { nodes { id bids { nodes { id } } } } timeline { nodes { id } } } } messages { nodes { id user { id } } } }`, vars{"id": bID})
		loans := ids.names("node.loans.nodes", "id")
		hidden := append(append(loans, ids.names("node.timeline.nodes", "id")...), ids.text("node.loans.nodes.0.bids.nodes.0.id"), bID)
		for _, m := range ids.at("messages.nodes").([]any) {
			if m.(vars)["user"].(vars)["id"] == bID {
				hidden = append(hidden, m.(vars)["id"].(string))
			}
		}
		if len(hidden) != 10 || slices.Contains(hidden, "") {
			t.Fatalf("%q %s", hidden, ids)
		}
		for _, n := range a.ask(`query($ids: [ID!]!) { nodes(ids: $ids) { id } }`, vars{"ids": hidden}).at("nodes").([]any) {
			want(t, "hidden", n, nil)
		}
		seen := a.ask(`query($b: ID!) { viewer { user { name company { name users { totalCount nodes { id } } probe: users(filter: {email: "applicant52@example.com"}) { totalCount }
			named: users(filter: {name: "Person"}) { totalCount edges { node { id } } } }
			loans { totalCount nodes { number bids { totalCount nodes { amount investor { id } } } company { users { nodes { loans { totalCount } } } } } }
			ofOther: loans(filter: {borrowerId: $b}) { totalCount } timeline { totalCount nodes { subject { id } } } byOther: timeline(filter: {subjectId: $b}) { totalCount } } } }`, vars{"b": bID})
		want(t, "colleagues", fmt.Sprint(seen.at("viewer.user.company")), "map[name:Shared Ltd named:map[edges:[] totalCount:0] probe:map[totalCount:0] users:map[nodes:[map[id:"+aID+"]] totalCount:1]]")
		want(t, "loans", fmt.Sprint(seen.at("viewer.user.loans.totalCount"), seen.names("viewer.user.loans.nodes", "number")), "1 [L01-0]")
		want(t, "bidders", fmt.Sprint(seen.at("viewer.user.loans.nodes.0.bids.nodes.0.investor")), "<nil>")
		want(t, "through the company", fmt.Sprint(seen.at("viewer.user.loans.nodes.0.company.users.nodes")), "[map[loans:map[totalCount:1]]]")
		want(t, "of the other", fmt.Sprint(seen.at("viewer.user.ofOther.totalCount"), seen.at("viewer.user.byOther.totalCount")), "0 0")
		for _, query := range []string{`{ users { totalCount } }`, `{ messages { totalCount } }`, `{ events { totalCount } }`, `{ staff { totalCount } }`, `{ companies { totalCount } }`} {
			got := a.ask(query)
			wantCodes(t, got, "FORBIDDEN")
			want(t, "path", fmt.Sprint(got.Errors[0].Path), "["+strings.Fields(query)[1]+"]")
			wantCodes(t, h.anybody(t).ask(query), "UNAUTHENTICATED")
		}
	})
}

// The number of statements is the selection's, whatever the number of rows.
func TestReadingCostsStatementsBySelection(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.fill(t, 40)
		admin := h.administrator(t)
		var statements atomic.Int64
		h.reader.Watch = func(context.Context, string) { statements.Add(1) }
		for _, c := range []struct {
			selection string
			want      int64
		}{
			{`totalCount`, 2},
			{`nodes { name status tags kinds maskedPhone }`, 1},
			{`nodes { name } edges { cursor node { name } }`, 1},
			{`nodes { company { name } accountManager { name company { name } } previousUser { name } }`, 1},
			{`nodes { statistics { loans borrowed outstanding } }`, 1},
			{`nodes { loans { nodes { number } } }`, 2},
			{`nodes { loans { totalCount } }`, 3},
			{`nodes { loans { totalCount nodes { number borrower { name } bids(first: 1) { nodes { amount investor { name } } } } } }`, 4},
			{`nodes { loans { nodes { bids(first: 2) { totalCount nodes { loan { borrower { loans(first: 2) { nodes { number } } } } } } } } }`, 5},
			{`nodes { a: loans(first: 1) { nodes { id } } b: loans { nodes { id } } }`, 3},
		} {
			for _, parents := range []int{4, 10, 30} {
				statements.Store(0)
				if got := admin.ask(fmt.Sprintf(`{ users(first: %d) { %s } }`, parents, c.selection)); len(got.Errors) > 0 {
					t.Errorf("%s", got)
				}
				want(t, fmt.Sprintf("statements for %d × %s", parents, c.selection), statements.Load(), c.want)
			}
		}
	})
}

func TestReadingThatBreaks(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		_, id := h.customer(t, 61)
		err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
			if _, err := tx.SQL.ExecContext(ctx, `UPDATE users SET phone = national_id`); err != nil {
				return err
			}
			u := tx.User.Query().OnlyX(ctx)
			return tx.BankCard.Create().SetUserID(u.ID).SetStatus("BOUND").SetIssuer("x").SetHolderName("x").SetNumber([]byte("no seal of ours")).SetNumberHash("0").SetPhone([]byte("no seal")).Exec(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		got := admin.ask(`query($id: ID!) { users { nodes { maskedPhone name } } node(id: $id) { ... on User { name bankCards { nodes { maskedNumber } } } } }`, vars{"id": id})
		want(t, "a null in its place", fmt.Sprint(got.at("users.nodes")), "[map[maskedPhone:<nil> name:王小明]]")
		want(t, "a null that rises", got.at("node"), nil)
		wantCodes(t, got, "INTERNAL", "INTERNAL")
		paths := []string{fmt.Sprint(got.Errors[0].Path), fmt.Sprint(got.Errors[1].Path)}
		slices.Sort(paths)
		want(t, "paths", strings.Join(paths, " "), "[node bankCards nodes 0 maskedNumber] [users nodes 0 maskedPhone]")
		if regexp.MustCompile(`(?i)decrypt|select|tink|open phone`).MatchString(got.raw) {
			t.Errorf("too much is said: %s", got)
		}

		for i := range 200 {
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i*20)*time.Microsecond)
			r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+h.address+"/graphql", strings.NewReader(`{"query":"{ users { totalCount nodes { timeline { nodes { id } } } } }"}`))
			if err != nil {
				t.Fatal(err)
			}
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+admin.token)
			if res, err := http.DefaultClient.Do(r); err == nil {
				_, _ = io.Copy(io.Discard, res.Body)
				_ = res.Body.Close()
			}
			cancel()
		}
		want(t, "afterwards", admin.ask(`{ users { totalCount } }`).at("users.totalCount"), any(1.0))
	})
}

func TestReadingIsAlikeOnBothDatabases(t *testing.T) {
	var answers [][]string
	for _, dialect := range storetest.Dialects {
		h := start(t, settings{DatabaseURL: storetest.URL(t, dialect)})
		h.fill(t, 12)
		admin := h.administrator(t)
		var got []string
		for _, query := range []string{
			`{ users(orderBy: {field: NAME, direction: DESC}) { totalCount nodes { name status tags kinds createdAt updatedAt version statistics { loans bids borrowed outstanding invested earned overdue } availableActions { mutation allowed blockedBy { code message } }
				loans(first: 2) { totalCount pageInfo { hasNextPage } nodes { number amount annualRate progress remainingAmount termsAccepted opensAt outstandingPrincipal approvalsGiven bids { nodes { amount status earned lost } } } } } } }`,
			`{ roles { nodes { name permissions builtIn description staff { totalCount } } } staff { nodes { name permissions roles { name permissions } } } }`,
		} {
			got = append(got, admin.ask(query).data(t))
		}
		answers = append(answers, got)
	}
	for i := range answers[0] {
		want(t, "PostgreSQL's answer", answers[1][i], answers[0][i])
	}
}
