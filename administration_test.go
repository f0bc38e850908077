package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lenddesk/access"
	"lenddesk/ent/apikey"
	"lenddesk/ent/claim"
	"lenddesk/ent/link"
	"lenddesk/ent/staff"
	"lenddesk/gateway/mail/mailtest"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// act calls a mutation with a selection beside userErrors.
func (p *person) act(mutation, selection string, input vars) answer {
	p.t.Helper()
	kind := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input"
	return p.ask(`mutation($i: `+kind+`!) { `+mutation+`(input: $i) { `+selection+` userErrors { code message field } } }`, vars{"i": input})
}

// roleIDs are the ids of roles by name.
func (p *person) roleIDs() map[string]string {
	p.t.Helper()
	ids := map[string]string{}
	nodes, _ := p.ask(`{ roles(first: 100) { nodes { id name } } }`).at("roles.nodes").([]any)
	for _, n := range nodes {
		r := n.(map[string]any)
		ids[r["name"].(string)] = r["id"].(string)
	}
	return ids
}

// invited enters an employee and returns the id and the token of the invitation.
func (p *person) invited(email string, roles ...string) (id, token string) {
	p.t.Helper()
	got := p.act("createStaff", "staff { id status } invitationUrl", vars{"name": "李敏", "email": email, "roleIds": append([]string{}, roles...), "locale": "en"})
	_, token, _ = strings.Cut(got.text("createStaff.invitationUrl"), "/accept-invitation?token=")
	if id = got.text("createStaff.staff.id"); id == "" || token == "" {
		p.t.Fatalf("not invited: %s", got)
	}
	return id, token
}

const staffPassword = "harbour lights 77"

// employee is a new employee with these roles, signed in.
func (p *person) employee(email string, roles ...string) (*person, string) {
	p.t.Helper()
	id, token := p.invited(email, roles...)
	got := p.h.anybody(p.t).act("acceptInvitation", "staff { status }", vars{"token": token, "password": staffPassword})
	if got.text("acceptInvitation.staff.status") != "ACTIVE" {
		p.t.Fatalf("not accepted: %s", got)
	}
	return p.h.anybody(p.t).signIn(email, staffPassword), id
}

// role makes a role.
func (p *person) role(name string, permissions ...string) string {
	p.t.Helper()
	got := p.act("createRole", "role { id }", vars{"name": name, "permissions": append([]string{}, permissions...)})
	id := got.text("createRole.role.id")
	if id == "" {
		p.t.Fatalf("no role: %s", got)
	}
	return id
}

func TestAnInvitationIsAcceptedOnce(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin, nobody := h.administrator(t), h.anybody(t)
		id, first := admin.invited("li@lenddesk.example", admin.roleIDs()["CUSTOMER_SERVICE"])
		wantFaults(t, nobody.ask(`mutation { signIn(input: {login: "li@lenddesk.example", password: "x"}) { userErrors { code field } } }`), "signIn", "WRONG_CREDENTIALS")
		again := admin.act("inviteStaff", "staff { status } invitationUrl", vars{"staffId": id})
		_, token, _ := strings.Cut(again.text("inviteStaff.invitationUrl"), "?token=")
		accept := func(token, password string) answer {
			return nobody.act("acceptInvitation", "staff { id status }", vars{"token": token, "password": password})
		}
		wantFaults(t, accept("", ""), "acceptInvitation", "REQUIRED token", "REQUIRED password")
		wantFaults(t, accept(first, staffPassword), "acceptInvitation", "INVALID token")
		wantFaults(t, accept("ldl_made_up", "short"), "acceptInvitation", "INVALID token", "TOO_SHORT password")
		wantFaults(t, accept(token, "password1"), "acceptInvitation", "TOO_WEAK password")

		var won atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				got := accept(token, staffPassword)
				if got.text("acceptInvitation.staff.id") == id {
					won.Add(1)
				} else {
					wantFaults(t, got, "acceptInvitation", "INVALID token")
				}
			})
		}
		wg.Wait()
		want(t, "accepted", won.Load(), 1)
		me := nobody.signIn("li@lenddesk.example", staffPassword)
		seen := me.ask(`{ viewer { staff { id status } permissions } }`)
		want(t, "me", seen.text("viewer.staff.id"), id)
		wantFaults(t, admin.act("inviteStaff", "staff { id }", vars{"staffId": id}), "inviteStaff", "NOT_ALLOWED_NOW")

		mails := admin.ask(`{ messages { nodes { to text user { id } } } }`)
		if strings.Contains(mails.raw, token) || strings.Contains(mails.raw, first) || mails.text("messages.nodes.0.to") != "li@lenddesk.example" {
			t.Errorf("a kept mail tells the token, or goes astray: %s", mails)
		}
		story := admin.ask(`query($id: ID!) { node(id: $id) { ... on Staff { timeline { nodes { kind to } } } } }`, vars{"id": id})
		want(t, "story", fmt.Sprint(kinds(story, "node.timeline.nodes")), "[ACTIVATE_STAFF INVITE_STAFF CREATE_STAFF]")
	})
}

func kinds(a answer, path string) (all []string) {
	nodes, _ := a.at(path).([]any)
	for _, n := range nodes {
		all = append(all, n.(map[string]any)["kind"].(string))
	}
	return all
}

func TestAnInvitationExpires(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		_, token := h.administrator(t).invited("late@lenddesk.example")
		err := h.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			all, err := tx.Link.Query().Where(link.PurposeEQ(link.PurposeStaffInvitation)).All(ctx)
			if err != nil {
				return err
			}
			for _, l := range all { // the column is not to be changed: the row is written anew
				if err := tx.Link.DeleteOne(l).Exec(ctx); err != nil {
					return err
				}
				if err := tx.Link.Create().SetPurpose(l.Purpose).SetNillableStaffID(l.StaffID).SetTokenHash(l.TokenHash).SetExpiresAt(time.Now().Add(-time.Second)).Exec(ctx); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		got := h.anybody(t).act("acceptInvitation", "staff { id }", vars{"token": token, "password": staffPassword})
		wantFaults(t, got, "acceptInvitation", "INVALID token")
	})
}

func TestTheMailedLinkWorksAndIsStoredNowhere(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			sink := mailtest.Start(t)
			h := start(t, settings{DatabaseURL: storetest.URL(t, dialect), SMTPURL: sink.URL()})
			got := h.administrator(t).act("createStaff", "staff { id } invitationUrl", vars{"name": "李敏", "email": "li@lenddesk.example", "roleIds": []string{}, "locale": "en"})
			want(t, "what is mailed is not told", got.at("createStaff.invitationUrl"), any(nil))
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			letters, err := sink.Wait(ctx, 1)
			if err != nil {
				t.Fatal(err)
			}
			_, rest, _ := strings.Cut(letters[0].Text, "/accept-invitation?token=")
			token := strings.Fields(rest + " ")[0]
			for table, column := range map[string]string{"messages": "text", "river_job": "args"} {
				var n int
				query := "SELECT count(*) FROM " + table + " WHERE CAST(" + column + " AS TEXT) LIKE '%" + token + "%'"
				if err := h.store.Reader().QueryRowContext(t.Context(), query).Scan(&n); err != nil {
					t.Fatal(err)
				}
				want(t, "tokens in "+table, n, 0)
			}
			accepted := h.anybody(t).act("acceptInvitation", "staff { status }", vars{"token": token, "password": staffPassword})
			want(t, "accepted", accepted.text("acceptInvitation.staff.status"), "ACTIVE")
		})
	}
}

func TestStaffAreEnteredAndChanged(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		wantFaults(t, admin.act("createStaff", "staff { id }", vars{}), "createStaff", "REQUIRED name", "REQUIRED email", "REQUIRED roleIds")
		wantFaults(t, admin.act("createStaff", "staff { id }", vars{
			"name": "x", "email": "x", "phone": "1", "locale": "xx", "companyId": "company_0000000000000", "roleIds": []string{"role_0000000000000"},
		}), "createStaff", "TOO_SHORT name", "INVALID email", "INVALID phone", "INVALID locale", "NOT_FOUND companyId", "NOT_FOUND roleIds.0")
		full := vars{"name": "李敏", "email": "Li@lenddesk.example", "phone": "13800000077", "employeeNumber": "E1", "department": "Credit", "roleIds": []string{}}
		id := admin.act("createStaff", "staff { id }", full).text("createStaff.staff.id")
		wantFaults(t, admin.act("createStaff", "staff { id }", full), "createStaff", "ALREADY_TAKEN email", "ALREADY_TAKEN phone", "ALREADY_TAKEN employeeNumber")
		client := admin.act("createCompany", "company { id }", vars{"kind": "CLIENT", "name": "某公司", "creditCode": "91350100M000100Y43"}).text("createCompany.company.id")
		wantFaults(t, admin.act("updateStaff", "staff { id }", vars{"staffId": id, "companyId": client, "name": nil}), "updateStaff", "INVALID companyId", "REQUIRED name")
		got := admin.act("updateStaff", "staff { name email phone department employeeNumber version }", vars{"staffId": id, "phone": nil, "department": "Risk", "expectedVersion": 1})
		want(t, "changed", fmt.Sprint(got.at("updateStaff.staff")), "map[department:Risk email:li@lenddesk.example employeeNumber:E1 name:李敏 phone:<nil> version:2]")
		wantFaults(t, admin.act("updateStaff", "staff { id }", vars{"staffId": id, "department": "X", "expectedVersion": 1}), "updateStaff", "CONFLICT expectedVersion")
		events := admin.ask(`query($id: ID) { events(filter: {subjectId: $id}) { nodes { changes } } }`, vars{"id": id})
		if strings.Contains(events.raw, "13800000077") || !strings.Contains(events.raw, "Risk") {
			t.Errorf("the event tells the phone, or not the change: %s", events)
		}
		moved := admin.act("updateStaff", "staff { email }", vars{"staffId": id, "email": "new@lenddesk.example"})
		want(t, "address", moved.text("updateStaff.staff.email"), "new@lenddesk.example")
		want(t, "invited anew", admin.ask(`{ messages(first: 1) { nodes { to } } }`).text("messages.nodes.0.to"), "new@lenddesk.example")
	})
}

func TestDeactivatedStaffAreOutAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		me, id := admin.employee("li@lenddesk.example", admin.roleIDs()["CUSTOMER_SERVICE"])
		staffKey := h.store.Client().Staff.Query().Where(staff.Email("li@lenddesk.example")).OnlyIDX(t.Context())
		err := h.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.Claim.Create().SetSubjectType("User").SetSubjectID(1).SetStep(claim.StepRegistration).SetStaffID(staffKey).
				SetExpiresAt(time.Now().Add(time.Hour)).Exec(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		wantFaults(t, admin.act("deactivateStaff", "staff { id }", vars{"staffId": id}), "deactivateStaff", "REQUIRED reason")
		want(t, "out", admin.act("deactivateStaff", "staff { status }", vars{"staffId": id, "reason": "Left."}).text("deactivateStaff.staff.status"), "DEACTIVATED")
		want(t, "signed out", me.ask(`{ viewer { staff { id } } }`).at("viewer"), any(nil))
		wantCodes(t, me.ask(`{ users { totalCount } }`), "UNAUTHENTICATED")
		if n := h.store.Client().Claim.Query().CountX(t.Context()); n != 0 {
			t.Errorf("%d claims are held still", n)
		}
		wantFaults(t, h.anybody(t).ask(`mutation { signIn(input: {login: "li@lenddesk.example", password: "`+staffPassword+`"}) { userErrors { code field } } }`), "signIn", "WRONG_CREDENTIALS")
		want(t, "back", admin.act("reactivateStaff", "staff { status }", vars{"staffId": id}).text("reactivateStaff.staff.status"), "ACTIVE")
		h.anybody(t).signIn("li@lenddesk.example", staffPassword)

		never, token := admin.invited("never@lenddesk.example")
		admin.act("deactivateStaff", "staff { status }", vars{"staffId": never, "reason": "A mistake."})
		wantFaults(t, h.anybody(t).act("acceptInvitation", "staff { id }", vars{"token": token, "password": staffPassword}), "acceptInvitation", "INVALID token")
		want(t, "invited anew", admin.act("reactivateStaff", "staff { status }", vars{"staffId": never}).text("reactivateStaff.staff.status"), "INVITED")
	})
}

// What a deactivated employee has claimed is free at once, and colleagues who follow the queue are told; what others have claimed stays theirs.
func TestDeactivatedStaffLetGoOfWhatTheyHaveClaimed(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		reviewer := admin.role("Reviewer of registrations", "REVIEW_REGISTRATIONS")
		me, id := admin.employee("li@lenddesk.example", reviewer)
		again := h.anybody(t).signIn("li@lenddesk.example", staffPassword)
		other, _ := admin.employee("han@lenddesk.example", reviewer)
		var waiting []string
		for n := range 3 {
			waiting = append(waiting, h.register(t, applicant(90+n)))
		}
		claim := func(p *person, subject string) answer {
			return p.act("claimReview", "reviewItem { claimedBy { name } }", vars{"subjectId": subject, "step": "REGISTRATION"})
		}
		wantFaults(t, claim(me, waiting[0]), "claimReview")
		wantFaults(t, claim(me, waiting[1]), "claimReview")
		wantFaults(t, claim(other, waiting[2]), "claimReview")
		wantFaults(t, claim(other, waiting[0]), "claimReview", "CONFLICT")
		from := h.here(t)
		ear := admin.listen("event stream", follows, vars{"after": from, "kinds": []string{"RELEASE_REVIEW"}})

		wantFaults(t, admin.act("deactivateStaff", "staff { id }", vars{"staffId": id, "reason": "Left."}), "deactivateStaff")
		for _, session := range []*person{me, again} {
			want(t, "a session", session.ask(`{ viewer { staff { id } } }`).at("viewer"), any(nil))
			wantCodes(t, claim(session, waiting[0]), "UNAUTHENTICATED")
		}
		var told []string
		for range 2 {
			told = append(told, ear.next("next").text("eventAdded.node.subject.id"))
		}
		want(t, "told of", strings.Join(told, " "), strings.Join(waiting[:2], " "))
		queue := other.ask(`{ reviewQueue(kind: REGISTRATION) { nodes { subject { id } claimedBy { email } claimExpiresAt } } }`)
		for i, subject := range waiting {
			item := queue.at(fmt.Sprint("reviewQueue.nodes.", i)).(map[string]any)
			want(t, "in the queue", fmt.Sprint(item["subject"]), "map[id:"+subject+"]")
			want(t, "claimed", fmt.Sprint(item["claimedBy"]), map[bool]string{true: "map[email:han@lenddesk.example]", false: "<nil>"}[i == 2])
			want(t, "until", item["claimExpiresAt"] != nil, i == 2)
		}
		wantFaults(t, claim(other, waiting[0]), "claimReview")
		story := admin.ask(`query($id: ID!) { node(id: $id) { ... on User { events: timeline { nodes { kind } } } } }`, vars{"id": waiting[0]})
		want(t, "the customer's story", strings.Join(kinds(story, "node.events.nodes"), " "), "WRITE_MESSAGE REGISTER_USER")
	})
}

func TestARoleChangeWorksFromTheNextRequest(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		look := admin.role("Look", "VIEW_USERS")
		me, id := admin.employee("li@lenddesk.example")
		users := `{ users { totalCount } }`
		wantCodes(t, me.ask(users), "FORBIDDEN")
		admin.act("setStaffRoles", "staff { id }", vars{"staffId": id, "roleIds": []string{look}})
		wantCodes(t, me.ask(users))
		wantFaults(t, admin.act("deleteRole", "role { id }", vars{"roleId": look}), "deleteRole", "NOT_ALLOWED_NOW")
		changed := admin.act("updateRole", "role { name version permissions }", vars{"roleId": look, "permissions": []string{"VIEW_LOANS"}, "expectedVersion": 1})
		want(t, "role", fmt.Sprint(changed.at("updateRole.role")), "map[name:Look permissions:[VIEW_LOANS] version:2]")
		wantCodes(t, me.ask(users), "FORBIDDEN")
		wantFaults(t, admin.act("updateRole", "role { id }", vars{"roleId": look, "name": "L", "expectedVersion": 1}), "updateRole", "CONFLICT expectedVersion")
		admin.act("setStaffRoles", "staff { id }", vars{"staffId": id, "roleIds": []string{}})
		want(t, "deleted", admin.act("deleteRole", "role { id } deletedRoleId", vars{"roleId": look}).text("deleteRole.deletedRoleId"), look)
		wantFaults(t, admin.act("deleteRole", "role { id }", vars{"roleId": look}), "deleteRole", "NOT_FOUND roleId")
	})
}

// What customers may do are two roles: a change of them works from the next request on, on every server, and each customer has those of their kinds.
func TestCustomersRightsAreTwoRoles(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			s := settings{DatabaseURL: storetest.URL(t, dialect), Keyset: newKeyset(t)}
			h := start(t, s)
			other := h
			if dialect == "postgres" { // a SQLite file has one server
				other = start(t, s)
			}
			admin := h.administrator(t)
			roles := admin.roleIDs()
			both, _ := h.trader(t)
			borrows, _ := h.customer(t, 7)
			rights := func(p *person) string {
				p = &person{t: t, h: other, token: p.token}
				return fmt.Sprint(p.ask(`{ viewer { permissions } }`).at("viewer.permissions"))
			}
			change := func(role string, permissions ...string) {
				t.Helper()
				wantFaults(t, admin.act("updateRole", "role { id }", vars{"roleId": roles[role], "permissions": append([]string{}, permissions...)}), "updateRole")
			}
			want(t, "of who does both", rights(both), "[APPLY_FOR_LOANS PLACE_BIDS BIND_BANK_CARDS]")
			want(t, "of who borrows", rights(borrows), "[APPLY_FOR_LOANS BIND_BANK_CARDS]")
			wantFaults(t, borrows.act("applyForLoan", "loan { id }", wish("80000")), "applyForLoan")
			change("BORROWER", "BIND_BANK_CARDS")
			want(t, "of who borrows, without applying", rights(borrows), "[BIND_BANK_CARDS]")
			wantCodes(t, (&person{t: t, h: other, token: borrows.token}).act("applyForLoan", "loan { id }", wish("80000")), "FORBIDDEN")
			want(t, "of who does both", rights(both), "[PLACE_BIDS BIND_BANK_CARDS]")
			change("INVESTOR")
			want(t, "of who does both, without bidding", rights(both), "[BIND_BANK_CARDS]")
			change("BORROWER")
			want(t, "of who may nothing", rights(borrows), "[]")
			change("BORROWER", "APPLY_FOR_LOANS", "BIND_BANK_CARDS")
			want(t, "given back", rights(borrows), "[APPLY_FOR_LOANS BIND_BANK_CARDS]")
			for _, role := range []string{"BORROWER", "INVESTOR"} {
				wantFaults(t, admin.act("deleteRole", "role { id }", vars{"roleId": roles[role]}), "deleteRole", "NOT_ALLOWED_NOW")
			}
			h.audited(t)
		})
	}
}

func TestBuiltInRolesKeepTheirNames(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		roles := admin.roleIDs()
		wantFaults(t, admin.act("createRole", "role { id }", vars{}), "createRole", "REQUIRED name", "REQUIRED permissions")
		wantFaults(t, admin.act("createRole", "role { id }", vars{"name": "FINANCE", "permissions": []string{}}), "createRole", "ALREADY_TAKEN name")
		wantFaults(t, admin.act("updateRole", "role { id }", vars{"roleId": roles["ADMINISTRATOR"], "description": "x"}), "updateRole", "NOT_ALLOWED_NOW")
		wantFaults(t, admin.act("updateRole", "role { id }", vars{"roleId": roles["FINANCE"], "name": "Money"}), "updateRole", "NOT_ALLOWED_NOW name")
		wantFaults(t, admin.act("updateRole", "role { id }", vars{"roleId": roles["BORROWER"], "permissions": []string{"APPLY_FOR_LOANS", "VIEW_USERS"}}), "updateRole", "INVALID permissions.1")
		wantFaults(t, admin.act("deleteRole", "role { id }", vars{"roleId": roles["FINANCE"]}), "deleteRole", "NOT_ALLOWED_NOW")
		want(t, "cleared", admin.act("updateRole", "role { description }", vars{"roleId": roles["FINANCE"], "description": nil}).at("updateRole.role.description"), any(nil))
	})
}

func TestNobodyGivesWhatTheyDoNotHave(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		clerkRole := admin.role("Clerk", "MANAGE_STAFF", "MANAGE_ROLES", "MANAGE_API_KEYS", "VIEW_USERS")
		clerk, clerkID := admin.employee("clerk@lenddesk.example", clerkRole)
		administrator := admin.roleIDs()["ADMINISTRATOR"]
		mighty, _ := admin.invited("boss@lenddesk.example", administrator)
		wantFaults(t, clerk.act("createStaff", "staff { id }", vars{"name": "王小明", "email": "a@lenddesk.example", "roleIds": []string{clerkRole, administrator}}), "createStaff", "NOT_ELIGIBLE roleIds.1")
		wantFaults(t, clerk.act("setStaffRoles", "staff { id }", vars{"staffId": clerkID, "roleIds": []string{administrator}}), "setStaffRoles", "NOT_ELIGIBLE roleIds.0")
		wantFaults(t, clerk.act("createRole", "role { id }", vars{"name": "More", "permissions": []string{"VIEW_USERS", "MANAGE_LOANS"}}), "createRole", "NOT_ELIGIBLE permissions.1")
		wantFaults(t, clerk.act("updateRole", "role { id }", vars{"roleId": clerkRole, "permissions": []string{"MANAGE_LOANS"}}), "updateRole", "NOT_ELIGIBLE permissions.0")
		wantFaults(t, clerk.act("updateStaff", "staff { id }", vars{"staffId": mighty, "email": "mine@lenddesk.example"}), "updateStaff", "NOT_ELIGIBLE email")
		wantFaults(t, clerk.act("inviteStaff", "staff { id } invitationUrl", vars{"staffId": mighty}), "inviteStaff", "NOT_ELIGIBLE staffId")
		wantFaults(t, clerk.act("createApiKey", "token", vars{"name": "k", "roleIds": []string{admin.roleIDs()["FINANCE"]}}), "createApiKey", "NOT_ELIGIBLE roleIds.0")
		want(t, "what others gave stays", clerk.act("setStaffRoles", "staff { status }", vars{"staffId": mighty, "roleIds": []string{administrator, clerkRole}}).text("setStaffRoles.staff.status"), "INVITED")
	})
}

func TestTheLastAdministratorStays(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		me := admin.ask(`{ viewer { staff { id } } }`).text("viewer.staff.id")
		wantFaults(t, admin.act("deactivateStaff", "staff { id }", vars{"staffId": me, "reason": "Tired."}), "deactivateStaff", "NOT_ALLOWED_NOW")
		wantFaults(t, admin.act("setStaffRoles", "staff { id }", vars{"staffId": me, "roleIds": []string{}}), "setStaffRoles", "NOT_ALLOWED_NOW")
		want(t, "still in", admin.ask(`{ viewer { staff { id } } }`).text("viewer.staff.id"), me)

		every := admin.role("Everything", access.EveryPermission.Names()...)
		admin.act("setStaffRoles", "staff { id }", vars{"staffId": me, "roleIds": []string{every}})
		wantFaults(t, admin.act("updateRole", "role { id }", vars{"roleId": every, "permissions": []string{"MANAGE_ROLES"}}), "updateRole", "NOT_ALLOWED_NOW")

		second, other := admin.employee("second@lenddesk.example", admin.roleIDs()["ADMINISTRATOR"])
		var out atomic.Int32
		var wg sync.WaitGroup
		for who, target := range map[*person]string{admin: other, second: me} {
			wg.Go(func() {
				got := who.act("deactivateStaff", "staff { status }", vars{"staffId": target, "reason": "A quarrel."})
				if got.text("deactivateStaff.staff.status") == "DEACTIVATED" {
					out.Add(1)
				}
			})
		}
		wg.Wait()
		want(t, "of two who shut each other out, out", out.Load(), 1)
	})
}

func TestAnAPIKeyReadsInBulk(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		for n := range 3 {
			h.register(t, applicant(200+n))
		}
		admin := h.administrator(t)
		look := admin.role("Script", "VIEW_USERS")
		wantFaults(t, admin.act("createApiKey", "token", vars{}), "createApiKey", "REQUIRED name", "REQUIRED roleIds")
		wantFaults(t, admin.act("createApiKey", "token", vars{"name": "k", "roleIds": []string{admin.roleIDs()["CUSTOMER_SERVICE"]}, "expiresAt": "2001-01-01T00:00:00Z"}), "createApiKey",
			"INVALID roleIds.0", "OUT_OF_RANGE expiresAt")
		wantCodes(t, admin.ask(`mutation { createApiKey(input: {}) @idempotent(key: "k") { token } }`), "BAD_REQUEST")
		made := admin.act("createApiKey", "apiKey { id name roles { name } lastUsedAt } token", vars{"name": "nightly", "roleIds": []string{look}})
		token, id := made.text("createApiKey.token"), made.text("createApiKey.apiKey.id")
		if !strings.HasPrefix(token, "ldk_") {
			t.Fatalf("no token: %s", made)
		}
		script := &person{t: t, h: h, token: token}
		names, cursor := 0, any(nil)
		for {
			page := script.ask(`query($after: String) { users(first: 2, after: $after) { nodes { name } pageInfo { hasNextPage endCursor } } }`, vars{"after": cursor})
			nodes, _ := page.at("users.nodes").([]any)
			names += len(nodes)
			if page.at("users.pageInfo.hasNextPage") != true {
				break
			}
			cursor = page.at("users.pageInfo.endCursor")
		}
		want(t, "users read", names, 3)
		want(t, "itself", script.ask(`{ viewer { apiKey { name } permissions } }`).text("viewer.apiKey.name"), "nightly")
		eventually(t, "the key's use is noted", func() bool {
			return admin.ask(`{ apiKeys { nodes { lastUsedAt } } }`).text("apiKeys.nodes.0.lastUsedAt") != ""
		})
		if strings.Contains(admin.ask(`{ apiKeys { nodes { id name } } events { nodes { changes } } }`).raw, token) {
			t.Error("the token is told again")
		}

		// What a role gets later of reviewing is nothing to a key.
		admin.act("updateRole", "role { id }", vars{"roleId": look, "permissions": []string{"VIEW_USERS", "REVIEW_REGISTRATIONS", "MANAGE_COMPANIES"}})
		want(t, "rights", fmt.Sprint(script.ask(`{ viewer { permissions } }`).at("viewer.permissions")), "[VIEW_USERS MANAGE_COMPANIES]")
		wantCodes(t, script.act("verifyCompany", "company { id }", vars{"companyId": "company_0000000000000"}), "FORBIDDEN")
		wantFaults(t, admin.act("deleteRole", "role { id }", vars{"roleId": look}), "deleteRole", "NOT_ALLOWED_NOW")

		if revoked := admin.act("revokeApiKey", "apiKey { revokedAt }", vars{"apiKeyId": id}); revoked.text("revokeApiKey.apiKey.revokedAt") == "" {
			t.Errorf("not revoked: %s", revoked)
		}
		wantCodes(t, script.ask(`{ users { totalCount } }`), "UNAUTHENTICATED")
		want(t, "nobody", script.ask(`{ viewer { apiKey { id } } }`).at("viewer"), any(nil))
		wantFaults(t, admin.act("revokeApiKey", "apiKey { id }", vars{"apiKeyId": id}), "revokeApiKey", "NOT_ALLOWED_NOW")
	})
}

func TestAnExpiredAPIKeyIsNobodys(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		made := admin.act("createApiKey", "token", vars{"name": "short", "roleIds": []string{admin.role("Script", "VIEW_USERS")}, "expiresAt": time.Now().Add(time.Hour).Format(time.RFC3339)})
		script := &person{t: t, h: h, token: made.text("createApiKey.token")}
		wantCodes(t, script.ask(`{ users { totalCount } }`))
		err := h.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return tx.APIKey.Update().Where(apikey.Name("short")).SetExpiresAt(time.Now().Add(-time.Second)).Exec(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		wantCodes(t, script.ask(`{ users { totalCount } }`), "UNAUTHENTICATED")
	})
}

func TestCompaniesAreVerifiedByAnother(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		clerk, _ := admin.employee("clerk@lenddesk.example", admin.roleIDs()["CUSTOMER_SERVICE"])
		wantFaults(t, clerk.act("createCompany", "company { id }", vars{"creditCode": "91350100M000100Y4Z", "registeredCapital": "-1", "establishedOn": "2999-01-01", "phone": "x"}), "createCompany",
			"REQUIRED kind", "REQUIRED name", "INVALID creditCode", "OUT_OF_RANGE registeredCapital", "OUT_OF_RANGE establishedOn", "INVALID phone")
		form := vars{"kind": "CLIENT", "name": "某公司", "creditCode": "91350100M000100Y43", "industry": "Trade", "registeredCapital": "1000000.00", "establishedOn": "2001-02-03", "phone": "13800000078"}
		made := clerk.act("createCompany", "company { id status registeredCapital establishedOn availableActions { mutation allowed blockedBy { code } } }", form)
		id := made.text("createCompany.company.id")
		want(t, "what the clerk may do", fmt.Sprint(made.at("createCompany.company.availableActions")), "[map[allowed:false blockedBy:[map[code:SAME_PERSON]] mutation:verifyCompany]"+
			" map[allowed:false blockedBy:[map[code:SAME_PERSON]] mutation:rejectCompany] map[allowed:true blockedBy:[] mutation:updateCompany]]")
		wantFaults(t, admin.act("createCompany", "company { id }", form), "createCompany", "ALREADY_TAKEN creditCode")
		want(t, "in the queue", admin.ask(`{ reviewQueue(kind: COMPANY) { nodes { subject { id } } } }`).text("reviewQueue.nodes.0.subject.id"), id)
		wantFaults(t, clerk.act("verifyCompany", "company { id }", vars{"companyId": id}), "verifyCompany", "SAME_PERSON")
		want(t, "verified", admin.act("verifyCompany", "company { status }", vars{"companyId": id, "note": "in order"}).text("verifyCompany.company.status"), "VERIFIED")
		status := func(p *person, change vars) string {
			change["companyId"] = id
			return p.act("updateCompany", "company { status }", change).text("updateCompany.company.status")
		}
		want(t, "other data", status(admin, vars{"industry": nil, "phone": nil, "name": "某公司"}), "VERIFIED")
		want(t, "legal data", status(admin, vars{"name": "某某公司"}), "PENDING_REVIEW")
		wantFaults(t, admin.act("verifyCompany", "company { id }", vars{"companyId": id}), "verifyCompany", "SAME_PERSON")
		third, _ := admin.employee("third@lenddesk.example", admin.roleIDs()["CUSTOMER_SERVICE"])
		wantFaults(t, third.act("rejectCompany", "company { id }", vars{"companyId": id}), "rejectCompany", "REQUIRED reason")
		want(t, "rejected", third.act("rejectCompany", "company { status }", vars{"companyId": id, "reason": "Dissolved."}).text("rejectCompany.company.status"), "REJECTED")
		again := maps.Clone(form)
		want(t, "the code is free", third.act("createCompany", "company { status }", again).text("createCompany.company.status"), "PENDING_REVIEW")
		wantFaults(t, clerk.act("updateCompany", "company { id }", vars{"companyId": id, "name": "第三公司"}), "updateCompany", "ALREADY_TAKEN creditCode")
		wantFaults(t, clerk.act("updateCompany", "company { id }", vars{"companyId": id, "name": "第三公司", "expectedVersion": 1}), "updateCompany", "CONFLICT expectedVersion")
		decided := h.store.Client().Review.Query().AllX(t.Context())
		want(t, "decisions", len(decided), 2)
	})
}

func TestWhoMayAdminister(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		customer, _ := h.customer(t, 210)
		idle, _ := admin.employee("idle@lenddesk.example")
		input := map[string]vars{
			"createApiKey": {}, "revokeApiKey": {"apiKeyId": "x"}, "createStaff": {}, "inviteStaff": {"staffId": "x"}, "updateStaff": {"staffId": "x"},
			"deactivateStaff": {"staffId": "x", "reason": "r"}, "reactivateStaff": {"staffId": "x"}, "setStaffRoles": {"staffId": "x", "roleIds": []string{}},
			"createRole": {}, "updateRole": {"roleId": "x"}, "deleteRole": {"roleId": "x"}, "createCompany": {}, "updateCompany": {"companyId": "x"},
			"verifyCompany": {"companyId": "x"}, "rejectCompany": {"companyId": "x", "reason": "r"},
		}
		for _, mutation := range slices.Sorted(maps.Keys(input)) {
			for _, c := range []struct {
				who  *person
				want string
			}{{h.anybody(t), "UNAUTHENTICATED"}, {customer, "FORBIDDEN"}, {idle, "FORBIDDEN"}} {
				wantCodes(t, c.who.act(mutation, "__typename", input[mutation]), c.want)
			}
			got := admin.act(mutation, "__typename", input[mutation])
			if len(got.codes()) > 0 || len(got.faults(mutation)) == 0 {
				t.Errorf("%s by the administrator, with nothing to go by: %s", mutation, got)
			}
		}
	})
}
