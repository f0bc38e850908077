package main

import (
	"fmt"
	"io"
	"strings"
	"sync"
	"testing"

	"lenddesk/store/storetest"
)

// register sends a registration under a key.
func (p *person) registerUnder(key string, form vars) answer {
	p.t.Helper()
	return p.ask(`mutation($i: RegisterUserInput!, $k: String!) { registerUser(input: $i) @idempotent(key: $k) { user { id status } userErrors { code field } } }`,
		vars{"i": form, "k": key})
}

func TestOneKeyHasOneEffect(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		form, nobody, admin := applicant(60), h.anybody(t), h.administrator(t)
		wantFaults(t, nobody.registerUnder("k1", vars{"name": "x"}), "registerUser",
			"TOO_SHORT name", "REQUIRED email", "REQUIRED phone", "REQUIRED nationalId", "REQUIRED kinds", "REQUIRED password")
		first := nobody.registerUnder("k1", form) // a refused try has left the key free
		id := first.text("registerUser.user.id")
		if id == "" {
			t.Fatalf("not registered: %s", first)
		}
		again := nobody.registerUnder("k1", form)
		want(t, "the outcome told again", again.raw, first.raw)
		wantFaults(t, nobody.registerUnder("k2", form), "registerUser", "ALREADY_TAKEN email", "ALREADY_TAKEN phone", "ALREADY_TAKEN nationalId")

		approve := `mutation($i: ApproveRegistrationInput!, $k: String!) { approveRegistration(input: $i) @idempotent(key: $k) { user { status version } userErrors { code } } }`
		under := func(key string, input vars) answer { return admin.ask(approve, vars{"i": input, "k": key}) }
		want(t, "approved", under("a", vars{"userId": id}).text("approveRegistration.user.status"), "ACTIVE")
		want(t, "suspended meanwhile", admin.do("suspendUser", vars{"userId": id, "reason": "A question."}).text("suspendUser.user.status"), "SUSPENDED")
		want(t, "the object is read anew", under("a", vars{"userId": id}).text("approveRegistration.user.status"), "SUSPENDED")
		wantFaults(t, under("a", vars{"userId": id, "note": "another input"}), "approveRegistration", "IDEMPOTENCY_CONFLICT")
		wantFaults(t, under("b", vars{"userId": id}), "approveRegistration", "NOT_ALLOWED_NOW")
		events := admin.ask(`query($id: ID) { events(filter: {subjectId: $id, kind: ["APPROVE_REGISTRATION", "REGISTER_USER"]}) { totalCount } }`, vars{"id": id})
		want(t, "events", events.at("events.totalCount"), any(2.0))
	})
}

func TestAKeyIsItsCallersOwn(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		one, _ := h.customer(t, 61)
		other, _ := h.customer(t, 62)
		amend := `mutation { withdrawRegistration @idempotent(key: "mine") { user { id } userErrors { code } } }`
		wantFaults(t, one.ask(amend), "withdrawRegistration", "NOT_ALLOWED_NOW")
		wantFaults(t, other.ask(amend), "withdrawRegistration", "NOT_ALLOWED_NOW")
		a, b := h.anybody(t).registerUnder("shared", applicant(63)), h.anybody(t).registerUnder("shared", applicant(64))
		if x, y := a.text("registerUser.user.id"), b.text("registerUser.user.id"); x == "" || y == "" || x == y {
			t.Errorf("strangers under one key: %s %s", a, b)
		}
	})
}

func TestWhatTakesNoKey(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		nobody := h.anybody(t)
		wantCodes(t, nobody.ask(`mutation { signIn(input: {login: "a", password: "b"}) @idempotent(key: "k") { userErrors { code } } }`), "BAD_REQUEST")
		wantCodes(t, nobody.ask(`mutation { registerUser(input: {}) @idempotent(key: "") { userErrors { code } } }`), "BAD_REQUEST")
		wantCodes(t, nobody.registerUnder(strings.Repeat("k", 256), vars{}), "BAD_REQUEST")
		wantCodes(t, nobody.ask(`{ viewer @idempotent(key: "k") { user { id } } }`), "BAD_REQUEST")
	})
}

func TestSixtyFourClientsUnderOneKey(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		form := applicant(65)
		var wg sync.WaitGroup
		answers := make([]string, 64)
		for i := range answers {
			wg.Go(func() { answers[i] = h.anybody(t).registerUnder("storm", form).raw })
		}
		wg.Wait()
		for i, a := range answers {
			if a != answers[0] || !strings.Contains(a, `"PENDING_REVIEW"`) {
				t.Errorf("client %d was told %s, client 0 %s", i, a, answers[0])
			}
		}
		counts := h.administrator(t).ask(`{ users { totalCount } events(filter: {kind: ["REGISTER_USER"]}) { totalCount } messages { totalCount } }`)
		want(t, "effects", fmt.Sprint(counts.at("users.totalCount"), counts.at("events.totalCount"), counts.at("messages.totalCount")), "1 1 1")
	})
}

func TestAKeyHoldsOverARestart(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			s, form := settings{DatabaseURL: storetest.URL(t, dialect), Keyset: newKeyset(t)}, applicant(66)
			s.Addr, s.AdminPassword, s.LogLevel, s.Demo = "127.0.0.1:0", adminPassword, "info", "0"
			var told []string
			for range 2 {
				p, err := open(t.Context(), s, io.Discard, quiet())
				if err != nil {
					t.Fatal(err)
				}
				told = append(told, (&house{program: p}).anybody(t).registerUnder("over", form).raw)
				if err := p.close(); err != nil {
					t.Fatal(err)
				}
			}
			if told[0] != told[1] || !strings.Contains(told[0], `"PENDING_REVIEW"`) {
				t.Errorf("before the restart %s, after it %s", told[0], told[1])
			}
		})
	}
}
