package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"lenddesk/access"
	"lenddesk/ent/staff"
	"lenddesk/graph"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
)

// employee writes an active employee with a role of just these permissions, who then signs in.
func (h *house) employee(t *testing.T, name string, holds ...access.Permission) *person {
	t.Helper()
	email := name + "@lenddesk.example"
	hash, err := h.desk.Passwords.Hash(t.Context(), adminPassword)
	if err != nil {
		t.Fatal(err)
	}
	err = h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
		role, err := tx.Role.Create().SetName("role of " + name).SetPermissions(access.Of(holds...).Names()).Save(ctx)
		if err != nil {
			return err
		}
		return tx.Staff.Create().SetName(name).SetEmail(email).SetPasswordHash(hash).SetLocale("en").SetStatus(staff.StatusActive).AddRoles(role).Exec(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
	return h.anybody(t).signIn(email, adminPassword)
}

// Whoever is known to a server is taken for who they were: whatever another server changes of it holds from the next request on, and a query that was begun on it
// is asked again.
func TestARightThatIsLostIsLostOnEveryServer(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		other := h // SQLite has one server
		if h.store.Dialect() == dialect.Postgres {
			other = start(t, h.settings)
		}
		admin := other.administrator(t)
		const look = `{ viewer { permissions user { id } staff { id } apiKey { id } } users(first: 1) { totalCount } }`
		sees := func(what string, p *person, codes ...string) {
			t.Helper()
			for range 2 {
				got := p.ask(look)
				wantCodes(t, got, codes...)
				if seen := got.at("users.totalCount") != nil; seen == (len(codes) > 0) {
					t.Errorf("%s: %s", what, got)
				}
			}
		}
		role := admin.role("Watchers", "VIEW_USERS")
		_, id := admin.employee("watcher@lenddesk.example", role)
		clerk := h.anybody(t).signIn("watcher@lenddesk.example", staffPassword)
		sees("as hired", clerk)
		holds := func(what, permission string) {
			t.Helper()
			if got := clerk.ask(`{ viewer { permissions } }`).text("viewer.permissions.0"); got != permission {
				t.Errorf("%s: holds %s", what, got)
			}
			if got := clerk.ask(look).text("viewer.permissions.0"); got != permission {
				t.Errorf("%s, beside what is read: holds %s", what, got)
			}
		}
		holds("as hired", "VIEW_USERS")
		wantFaults(t, admin.act("updateRole", "role { id }", vars{"roleId": role, "permissions": []string{"MANAGE_USERS"}}), "updateRole")
		holds("with another permission", "MANAGE_USERS")
		wantFaults(t, clerk.act("tagUser", "user { id }", vars{"userId": id, "tags": []string{"x"}}), "tagUser", "NOT_FOUND userId")
		wantFaults(t, admin.act("updateRole", "role { id }", vars{"roleId": role, "permissions": []string{"VIEW_USERS"}}), "updateRole")
		wantCodes(t, clerk.act("tagUser", "user { id }", vars{"userId": id, "tags": []string{"x"}}), "FORBIDDEN")
		made := admin.act("createApiKey", "apiKey { id } token", vars{"name": "watching", "roleIds": []string{role}})
		machine := &person{t: t, h: h, token: made.text("createApiKey.token")}
		sees("as made", machine)
		wantFaults(t, admin.act("revokeApiKey", "", vars{"apiKeyId": made.text("createApiKey.apiKey.id")}), "revokeApiKey")
		sees("revoked", machine, "UNAUTHENTICATED")
		sees("still hired", clerk)
		wantFaults(t, admin.act("deactivateStaff", "staff { status }", vars{"staffId": id, "reason": "Has left."}), "deactivateStaff")
		sees("deactivated", clerk, "UNAUTHENTICATED")
		wantCodes(t, clerk.act("tagUser", "user { id }", vars{"userId": id, "tags": []string{"x"}}), "UNAUTHENTICATED")

		borrower, known := h.customer(t, 51)
		want(t, "a customer", borrower.ask(`{ viewer { user { id } } }`).text("viewer.user.id"), known)
		want(t, "has rights", borrower.ask(look).text("viewer.permissions.0") != "", true)
		admin.do("suspendUser", vars{"userId": known, "reason": "A question."})
		want(t, "has none", borrower.ask(look).text("viewer.permissions.0"), "")
		borrower.ask(`mutation { signOut { userErrors { code } } }`)
		sees("signed out", borrower, "UNAUTHENTICATED")
	})
}

// Every mutation by everybody: who it refuses at the door is what the contract's @requires and the tables of moves say, and nobody is
// refused with less than that. Where somebody may, a made-up id is NOT_FOUND.
func TestWhoMayDoWhat(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		customer, _ := h.trader(t)
		suspended, id := h.customer(t, 21)
		h.administrator(t).do("suspendUser", vars{"userId": id, "reason": "A question."})
		signedOut, _ := h.customer(t, 22)
		pending := applicant(23)
		h.register(t, pending)
		people := map[string]*person{
			"nobody": h.anybody(t), "customer": customer, "suspended": suspended,
			"pending":                      h.anybody(t).signIn(pending["email"].(string), pending["password"].(string)),
			"staff without the permission": h.employee(t, "bystander", access.ViewStatistics),
			"signed out":                   signedOut,
		}
		signedOut.ask(`mutation { signOut { userErrors { code } } }`)
		people["expired session"], _ = h.customer(t, 28)
		h.exec(t, "UPDATE sessions SET expires_at = '2000-01-01 00:00:00+00:00' WHERE id = (SELECT max(id) FROM sessions)")
		admin := h.administrator(t)
		made := admin.act("createApiKey", "apiKey { id } token", vars{"name": "revoked", "roleIds": []string{admin.role("Everything", "MANAGE_USERS", "MANAGE_STAFF")}})
		people["revoked key"] = &person{t: t, h: h, token: made.text("createApiKey.token")}
		wantFaults(t, admin.act("revokeApiKey", "", vars{"apiKeyId": made.text("createApiKey.apiKey.id")}), "revokeApiKey")
		outside := map[string]bool{"nobody": true, "signed out": true, "expired session": true, "revoked key": true}
		for _, f := range graph.Schema(&graph.Resolver{}).Schema().Mutation.Fields {
			d := f.Directives.ForName("requires")
			if d == nil {
				continue
			}
			p, err := access.ParsePermission(d.Arguments.ForName("permission").Value.Raw)
			if err != nil {
				t.Fatal(err)
			}
			document, who := refusable(f.Name), h.employee(t, "holder-of-"+strings.ToLower(f.Name), p, access.ViewUsers)
			if access.Customers.Has(p) { // an owner's own: staff who hold it own nothing
				wantCodes(t, who.ask(document), "FORBIDDEN")
				who = customer
			}
			if got := who.ask(document); len(got.codes()) > 0 || len(got.faults(f.Name)) == 0 {
				t.Errorf("%s by who may: %s", f.Name, got)
			}
			for who, person := range people {
				if who == "customer" && access.Customers.Has(p) {
					continue
				}
				want := "FORBIDDEN"
				if outside[who] {
					want = "UNAUTHENTICATED"
				}
				if got := person.ask(document); !slices.Equal(got.codes(), []string{want}) || got.at(f.Name) != nil {
					t.Errorf("%s by %s: %s, want %s", f.Name, who, got, want)
				}
			}
		}
		for _, own := range []string{"resubmitRegistration", "withdrawRegistration"} {
			for who, person := range people {
				got := person.ask(`mutation { ` + own + `(input: {}) { userErrors { code } } }`)
				switch who {
				case "nobody", "signed out", "expired session", "revoked key":
					wantCodes(t, got, "UNAUTHENTICATED")
				case "staff without the permission":
					wantCodes(t, got, "FORBIDDEN")
				case "pending":
					if own == "resubmitRegistration" {
						wantFaults(t, got, own, "NOT_ALLOWED_NOW")
					}
				default:
					wantFaults(t, got, own, "NOT_ALLOWED_NOW")
				}
			}
		}
	})
}

// refusable is a document that can have no effect: its input names nothing that exists.
func refusable(mutation string) string {
	upper := strings.ToUpper(mutation[:1]) + mutation[1:]
	schema := graph.Schema(&graph.Resolver{}).Schema()
	given := slices.Clone(map[string][]string{"createBackup": {`place: "/"`}}[mutation]) // all else of it may be left out
	for _, f := range schema.Types[upper+"Input"].Fields {
		switch {
		case f.Type.NonNull && f.Type.Name() == "ID" && f.Type.Elem == nil:
			given = append(given, f.Name+`: "user_0000000000000"`)
		case f.Type.NonNull:
			given = append(given, f.Name+`: []`)
		}
	}
	return fmt.Sprintf(`mutation { %s(input: {%s}) { userErrors { code field } } }`, mutation, strings.Join(given, ", "))
}

func TestRootListsAskForWhatTheContractSays(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		customer, _ := h.customer(t, 24)
		bystander := h.employee(t, "bystander", access.ViewStatistics)
		for _, f := range graph.Schema(&graph.Resolver{}).Schema().Query.Fields {
			if !strings.HasSuffix(f.Type.Name(), "Connection") || f.Name == "reviewQueue" {
				continue
			}
			document := `{ ` + f.Name + strings.Replace(cmp.Or(neededArguments[f.Name], "()"), ")", " first: 1)", 1) + ` { totalCount } }`
			wantCodes(t, h.anybody(t).ask(document), "UNAUTHENTICATED")
			if f.Directives.ForName("requires") != nil {
				wantCodes(t, customer.ask(document), "FORBIDDEN")
				wantCodes(t, bystander.ask(document), "FORBIDDEN")
				continue
			}
			for _, p := range []*person{customer, bystander} {
				want(t, f.Name, p.ask(document).at(f.Name+".totalCount"), any(0.0))
			}
		}
		for _, kind := range graph.Schema(&graph.Resolver{}).Schema().Types["ReviewQueueKind"].EnumValues {
			document := `{ reviewQueue(kind: ` + kind.Name + `) { totalCount } }`
			wantCodes(t, h.anybody(t).ask(document), "UNAUTHENTICATED")
			wantCodes(t, customer.ask(document), "FORBIDDEN")
			wantCodes(t, h.administrator(t).ask(document))
		}
	})
}

func TestSigningIn(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		nobody, form := h.anybody(t), applicant(25)
		h.register(t, form)
		try := func(login, password string) answer {
			return nobody.ask(`mutation($i: SignInInput!) { signIn(input: $i) { session { token } viewer { user { id } } userErrors { code message field } } }`,
				vars{"i": vars{"login": login, "password": password}})
		}
		known, unknown := try(form["email"].(string), "not the password"), try("stranger@example.com", "not the password")
		want(t, "an unknown account", unknown.raw, known.raw)
		wantFaults(t, known, "signIn", "WRONG_CREDENTIALS")
		want(t, "a login of nonsense", try("§", "x").raw, known.raw)
		want(t, "an empty account address", try("", "").at("signIn.session"), any(nil))

		me := h.anybody(t).signIn(form["email"].(string), form["password"].(string))
		other := h.anybody(t).signIn(form["phone"].(string), form["password"].(string))
		change := `mutation($i: ChangePasswordInput!) { changePassword(input: $i) { session { token } userErrors { code field } } }`
		wantFaults(t, me.ask(change, vars{"i": vars{"current": "no", "new": "short"}}), "changePassword", "WRONG_CREDENTIALS current", "TOO_SHORT new")
		changed := me.ask(change, vars{"i": vars{"current": form["password"], "new": "another river 77"}})
		token := changed.text("changePassword.session.token")
		for what, p := range map[string]*person{"the session that changed it": me, "another session": other} {
			want(t, what, p.ask(`{ viewer { user { id } } }`).at("viewer"), any(nil))
		}
		fresh := &person{t: t, h: h, token: token}
		if fresh.ask(`{ viewer { user { id } } }`).at("viewer") == nil {
			t.Error("the fresh session is nobody's")
		}
		wantFaults(t, try(form["email"].(string), form["password"].(string)), "signIn", "WRONG_CREDENTIALS")
		fresh.ask(`mutation { signOut { userErrors { code } } }`)
		want(t, "after signing out", fresh.ask(`{ viewer { user { id } } }`).at("viewer"), any(nil))
	})
}

func TestABrowserStaysSignedInByItsCookie(t *testing.T) {
	h := start(t, settings{DatabaseURL: "sqlite:" + t.TempDir() + "/book.db"})
	post := func(document string, cookies ...*http.Cookie) *http.Response {
		r, err := http.NewRequest(http.MethodPost, "http://"+h.address+"/graphql", strings.NewReader(`{"query":`+fmt.Sprintf("%q", document)+`}`))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", "application/json")
		for _, c := range cookies {
			r.AddCookie(c)
		}
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = res.Body.Close() })
		return res
	}
	signedIn := post(fmt.Sprintf(`mutation { signIn(input: {login: %q, password: %q}) { session { expiresAt } } }`, adminEmail, adminPassword))
	cookies := signedIn.Cookies()
	if len(cookies) != 1 || !cookies[0].HttpOnly || cookies[0].SameSite != http.SameSiteStrictMode || cookies[0].Path != "/" || cookies[0].Expires.Before(time.Now()) {
		t.Fatalf("cookies %v", cookies)
	}
	var seen bytes.Buffer
	if _, err := seen.ReadFrom(post(`{ viewer { staff { email } } }`, cookies[0]).Body); err != nil || !strings.Contains(seen.String(), adminEmail) {
		t.Errorf("with the cookie: %s %v", &seen, err)
	}
	gone := post(`mutation { signOut { userErrors { code } } }`, cookies[0]).Cookies()
	if len(gone) != 1 || gone[0].Value != "" || gone[0].Expires.After(time.Now()) {
		t.Errorf("signing out leaves the cookies %v", gone)
	}
}

func TestNobodyReviewsThemselvesNorWhatTheyEntered(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		form := applicant(26)
		id := h.register(t, form)
		reviewer := h.employee(t, "reviewer", access.ReviewRegistrations, access.ManageUsers)
		hash, err := h.desk.Keys.Hash(seal.Phone, "+86"+form["phone"].(string))
		if err != nil {
			t.Fatal(err)
		}
		sealed, err := h.desk.Keys.Seal(seal.Phone, "+86"+form["phone"].(string))
		if err != nil {
			t.Fatal(err)
		}
		if err := h.store.Client().Staff.Update().Where(staff.Email("reviewer@lenddesk.example")).SetPhone(sealed).SetPhoneHash(hash).Exec(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, mutation := range []string{"approveRegistration", "rejectRegistration", "returnRegistration"} {
			input := vars{"userId": id}
			if mutation != "approveRegistration" {
				input["reason"] = "My own."
			}
			wantFaults(t, reviewer.do(mutation, input), mutation, "SAME_PERSON")
		}
		actions := reviewer.ask(`query($id: ID!) { node(id: $id) { ... on User { availableActions { mutation allowed blockedBy { code } } } } }`, vars{"id": id})
		want(t, "what the reviewer is told", actions.at("node.availableActions.0.blockedBy.0.code"), any("SAME_PERSON"))
		want(t, "by another", h.administrator(t).do("approveRegistration", vars{"userId": id}).text("approveRegistration.user.status"), "ACTIVE")
	})
}

// After whole stories nothing that was typed in secret stands in the clear: not in the database and its log, not in ours, not in mails.
func TestSecretsStayOutOfDatabaseAndLogs(t *testing.T) {
	folder := t.TempDir()
	h := start(t, settings{DatabaseURL: "sqlite:" + filepath.Join(folder, "book.db")})
	form := applicant(27)
	phone, national, password := form["phone"].(string), form["nationalId"].(string), form["password"].(string)
	me, id := h.customer(t, 27)
	admin := h.administrator(t)
	admin.ask(`query($p: String, $n: String) { users(filter: {phone: $p, nationalId: $n}) { nodes { id maskedPhone } } }`, vars{"p": phone, "n": national})
	h.anybody(t).do("registerUser", form) // refused
	h.anybody(t).ask(`mutation { signIn(input: {login: "` + phone + `", password: "` + password + `x"}) { userErrors { code } } }`)
	h.anybody(t).act("requestPasswordReset", "", vars{"login": phone})
	if got := me.act("updateProfile", "", vars{"phone": "13877770027"}); len(got.faults("updateProfile")) > 0 {
		t.Fatal(got)
	}
	h.worked(t, "mail_reset")
	number := cardNumber(27, "0003")
	card := me.bind(number)
	me.await(t, card, "PENDING_BINDING", 1)
	admin.ask(`query($id: ID!) { node(id: $id) { ... on BankCard { maskedNumber maskedPhone attempts { nodes { requestId } } } } }`, vars{"id": card})
	me.act("bindBankCard", "bankCard { id }", vars{"cardNumber": number, "phone": phone}) // refused
	me.ask(`mutation($i: ChangePasswordInput!) { changePassword(input: $i) { userErrors { code } } }`, vars{"i": vars{"current": password, "new": password + " new"}})
	admin.do("closeUser", vars{"userId": id, "reason": "At their wish."})

	secrets := map[string]string{"phone to be confirmed": "13877770027", "card number": number, "phone known to the bank": "13800138000", "phone": phone, "ID number": national, "password": password, "customer's token": me.token, "administrator's token": admin.token}
	look := func(where string, content []byte) {
		for what, secret := range secrets {
			if bytes.Contains(content, []byte(secret)) {
				t.Errorf("the %s stands in %s", what, where)
			}
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "book.db*"))
	if err != nil || len(files) < 2 {
		t.Fatalf("the database and its log: %v %v", files, err)
	}
	for _, f := range files {
		content, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		if f == files[0] && len(content) == 0 {
			t.Fatal("the database is empty")
		}
		look(filepath.Base(f), content)
	}
	look("the log", []byte(h.logs.String()))
	look("the mails", []byte(admin.ask(`{ messages(first: 100) { nodes { subject text to } } events(first: 100) { nodes { changes reason } } }`).raw))
}
