package main

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/access"
	"lenddesk/ent/staff"
	"lenddesk/graph"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// colleague is an employee with a role of just these permissions, who is signed in and has never typed a password.
func (h *house) colleague(t *testing.T, name string, holds access.Permissions) *person {
	t.Helper()
	token, hash := access.NewToken()
	err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
		r, err := tx.Role.Create().SetName("just for " + name).SetPermissions(holds.Names()).Save(ctx)
		if err != nil {
			return err
		}
		s, err := tx.Staff.Create().SetName(name).SetEmail(strings.ToLower(name) + "@lenddesk.example").SetPasswordHash("x").SetLocale("en").
			SetStatus(staff.StatusActive).AddRoles(r).Save(ctx)
		if err != nil {
			return err
		}
		return tx.Session.Create().SetStaffID(s.ID).SetTokenHash(hash).SetExpiresAt(lifecycle.Now().AddDate(0, 0, 1)).Exec(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return &person{t: t, h: h, token: token}
}

// asked is the permission that a root field asks for in the contract.
func asked(t *testing.T, f *ast.FieldDefinition) (p access.Permission, any bool) {
	t.Helper()
	d := f.Directives.ForName("requires")
	if d == nil {
		return 0, false
	}
	return permission(t, d.Arguments.ForName("permission").Value.Raw), true
}

func permission(t *testing.T, name string) access.Permission {
	t.Helper()
	p, err := access.ParsePermission(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// neededArguments are what a query cannot be asked without; CUSTOMER stands for the id of one.
var neededArguments = map[string]string{"search": `(text: "zzz")`, "possibleDuplicates": `(userId: "CUSTOMER")`, "statistics": `(from: "2026-11-01", to: "2026-11-30", by: WEEK)`}

var permissionNamed = regexp.MustCompile(`for ([A-Z_]+)\.`)

// One permission opens just what the contract says, and all the others together do not: every mutation, every list, every queue.
func TestAPermissionOpensWhatTheContractSaysAndNothingElseDoes(t *testing.T) {
	schema := graph.Schema(&graph.Resolver{}).Schema()
	documents := map[access.Permission]map[string]string{} // what each opens, by name
	open := func(p access.Permission, name, document string) {
		if documents[p] == nil {
			documents[p] = map[string]string{}
		}
		documents[p][name] = document
	}
	for _, f := range schema.Mutation.Fields {
		if p, ok := asked(t, f); ok {
			open(p, f.Name, refusable(f.Name))
		}
	}
	for _, f := range schema.Query.Fields {
		if p, ok := asked(t, f); ok {
			open(p, f.Name, `{ `+f.Name+neededArguments[f.Name]+` { __typename } }`)
		}
	}
	for _, kind := range schema.Types["ReviewQueueKind"].EnumValues {
		named := permissionNamed.FindStringSubmatch(kind.Description)
		if named == nil {
			t.Errorf("the contract does not say what the queue %s asks for", kind.Name)
			continue
		}
		open(permission(t, named[1]), "reviewQueue", `{ reviewQueue(kind: `+kind.Name+`) { totalCount } }`)
	}
	onEach(t, func(t *testing.T, h *house) {
		customer, id := h.customer(t, 42)
		h.administrator(t).lead(vars{"name": "王小明", "phone": "13912345699"}) // there is somebody like the customer
		for p, opens := range documents {
			holder := h.colleague(t, p.String(), access.Of(p))
			if access.Customers.Has(p) { // an owner's own
				holder = customer
			}
			if p == access.PlaceBids {
				holder, _ = h.trader(t)
			}
			others := h.colleague(t, "not_"+p.String(), access.EveryPermission&^access.Of(p))
			for name, document := range opens {
				document = strings.ReplaceAll(document, "CUSTOMER", id)
				if got := holder.ask(document); len(got.codes()) > 0 || got.at(name) == nil {
					t.Errorf("%s with just %s: %s", name, p, got)
				}
				if got := others.ask(document); !slices.Equal(got.codes(), []string{"FORBIDDEN"}) || got.at(name) != nil {
					t.Errorf("%s with all but %s: %s", name, p, got)
				}
			}
		}
	})
}

// Every mutation that asks for no permission is the owner's own by the tables of moves, or is one of those that say here why they need none.
func TestNoMutationIsOpenByOversight(t *testing.T) {
	open := map[string]string{
		"signIn": "nobody is signed in yet", "signOut": "one's own session", "changePassword": "one's own, under the old password",
		"acceptInvitation": "the link's token says who", "requestPasswordReset": "whoever has forgotten it is not signed in", "resetPassword": "the link's token says who",
		"confirmEmail": "the link's token says who", "setUpSecondFactor": "one's own, under the password", "confirmSecondFactor": "one's own",
		"removeSecondFactor": "one's own, under the password and a code", "returnLoanApplication": "by the step at which the loan stands",
		"rejectLoanApplication": "by the step at which the loan stands", "exportUserData": "one's own; of others by what the verb asks for", "claimReview": "by the queue", "releaseReview": "by the queue",
	}
	for _, f := range graph.Schema(&graph.Resolver{}).Schema().Mutation.Fields {
		if _, ok := asked(t, f); ok || open[f.Name] != "" {
			continue
		}
		own := false
		for _, table := range lifecycle.Tables {
			for _, l := range table.Lines {
				own = own || l.Name == f.Name && slices.ContainsFunc(l.By, func(b lifecycle.By) bool { return b.Who == lifecycle.Owner || b.Who == lifecycle.Anyone })
			}
		}
		if !own {
			t.Errorf("%s asks for no permission, and nothing says why", f.Name)
		}
	}
}

// An id that is malformed, of another type, of nothing, or of something hidden is answered alike, byte for byte.
func TestAnIDTellsNothing(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, _ := h.customer(t, 40)
		hidden := h.register(t, applicant(41))
		for _, p := range []*person{h.anybody(t), me} {
			answers := map[string]string{}
			for what, id := range map[string]string{
				"hidden": hidden, "malformed": "user_zz", "of nothing": h.desk.IDs.Encode(key.KindUser, 1<<40), "of another type": h.desk.IDs.Encode(key.KindLoan, 1), "empty": "",
			} {
				answers[what] = p.ask(`query($id: ID!) { node(id: $id) { id } nodes(ids: [$id]) { id } }`, vars{"id": id}).raw
			}
			for what, got := range answers {
				want(t, "an id that is "+what, got, `{"data":{"node":null,"nodes":[null]}}`)
			}
		}
		reviewer := h.colleague(t, "reviewer", access.Of(access.ReviewRegistrations))
		for _, id := range []string{"", "user_zz", h.desk.IDs.Encode(key.KindUser, 1<<40), h.desk.IDs.Encode(key.KindLoan, 1)} {
			wantFaults(t, reviewer.do("approveRegistration", vars{"userId": id}), "approveRegistration", "NOT_FOUND userId")
		}
	})
}

// Whatever there is of others, a customer who asks for it by its id is answered as for an id of nothing.
func TestEveryIDOfOthersIsAnsweredAsNoneAtAll(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			h := start(t, settings{DatabaseURL: storetest.URL(t, dialect), Demo: "1"})
			tables := map[key.Kind]string{
				key.KindUser: "users", key.KindRole: "roles", key.KindAPIKey: "api_keys", key.KindStaff: "staff", key.KindLoan: "loans", key.KindBid: "bids",
				key.KindInstallment: "installments", key.KindRepayment: "repayments", key.KindDisbursement: "disbursements", key.KindBankCard: "bank_cards", key.KindBankCardAttempt: "bank_card_attempts",
				key.KindDocument: "documents", key.KindReview: "reviews", key.KindServiceRecord: "service_records", key.KindServiceRequest: "service_requests",
				key.KindEvent: "events", key.KindMessage: "messages", key.KindBackup: "backups", key.KindWebhook: "webhooks", key.KindWebhookDelivery: "webhook_deliveries",
			}
			there := map[key.Kind][]int64{}
			for kind, table := range tables {
				there[kind] = rowsOf(t, h.store, "SELECT id FROM "+table+" ORDER BY id LIMIT 400", func(scan func(...any) error) (n int64, err error) { return n, scan(&n) })
			}
			me, _ := h.customer(t, 45)
			for kind, rows := range there {
				if len(rows) == 0 && !slices.Contains([]key.Kind{key.KindAPIKey, key.KindBackup, key.KindWebhook, key.KindWebhookDelivery}, kind) {
					t.Errorf("there is no %s to ask for", kind)
				}
				for page := range slices.Chunk(rows, 50) {
					var ids []string
					for _, n := range page {
						ids = append(ids, h.desk.IDs.Encode(kind, n))
					}
					got := me.ask(`query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`, vars{"ids": ids})
					made := me.ask(`query($ids: [ID!]!) { nodes(ids: $ids) { __typename id } }`, vars{"ids": slices.Repeat([]string{h.desk.IDs.Encode(kind, 1<<40)}, len(ids))})
					if got.raw != made.raw {
						t.Errorf("%s: %s", kind, got)
					}
				}
			}
		})
	}
}

// Whatever mutation a customer tries with the id of something that is another's, the answer is the one for an id of nothing.
func TestNoMutationTellsOfAnIDOfOthers(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			h := start(t, settings{DatabaseURL: storetest.URL(t, dialect), Demo: "1"})
			me, _ := h.trader(t)
			hidden := map[key.Kind]string{}
			for kind, table := range map[key.Kind]string{
				key.KindUser: "users", key.KindStaff: "staff", key.KindRole: "roles", key.KindLoan: "loans", key.KindBid: "bids", key.KindRepayment: "repayments",
				key.KindBankCard: "bank_cards", key.KindDocument: "documents", key.KindServiceRecord: "service_records", key.KindServiceRequest: "service_requests", key.KindCompany: "companies",
			} {
				for _, n := range rowsOf(t, h.store, "SELECT id FROM "+table+" ORDER BY id LIMIT 50", func(scan func(...any) error) (n int64, err error) { return n, scan(&n) }) {
					id := h.desk.IDs.Encode(kind, n)
					if me.ask(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": id}).at("node") == nil {
						hidden[kind] = id
						break
					}
				}
				if hidden[kind] == "" {
					t.Errorf("there is no hidden %s to try", kind)
				}
			}
			tried := 0
			for _, f := range graph.Schema(&graph.Resolver{}).Schema().Mutation.Fields {
				if len(f.Arguments) == 0 {
					continue
				}
				document := refusable(f.Name)
				if !strings.Contains(document, "user_0000000000000") {
					continue
				}
				for kind, id := range hidden {
					got := me.ask(strings.ReplaceAll(document, "user_0000000000000", id))
					made := me.ask(strings.ReplaceAll(document, "user_0000000000000", h.desk.IDs.Encode(kind, 1<<40)))
					if tried++; got.raw != made.raw {
						t.Errorf("%s with the id of another's %s: %s, and with one of nothing: %s", f.Name, kind, got, made)
					}
				}
			}
			if tried < 200 {
				t.Errorf("only %d were tried", tried)
			}
		})
	}
}
