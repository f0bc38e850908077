package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lenddesk/identity"
	"lenddesk/lifecycle"
)

// applicant is a person who never was: a valid form, different for each n.
func applicant(n int) vars {
	body := fmt.Sprintf("110105199%d%02d%02d%03d", n%10, n/10%12+1, n/120%28+1, n%1000)
	return vars{
		"name": "王小明", "email": fmt.Sprintf("applicant%d@example.com", n), "phone": fmt.Sprintf("138%08d", 10000000+n),
		"nationalId": body + checkDigit(body), "password": "river stones 42", "kinds": []string{"BORROWER"}, "locale": "en",
	}
}

// checkDigit is the last character of a resident ID (GB 11643), written independently of package identity.
func checkDigit(body string) string {
	sum := 0
	for i, w := range []int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2} {
		sum += int(body[i]-'0') * w
	}
	return string("10X98765432"[sum%11])
}

// register registers and returns the id.
func (h *house) register(t *testing.T, form vars) string {
	t.Helper()
	got := h.anybody(t).do("registerUser", form)
	id := got.text("registerUser.user.id")
	if id == "" {
		t.Fatalf("not registered: %s", got)
	}
	return id
}

// customer registers and approves a person, who then signs in.
func (h *house) customer(t *testing.T, n int) (*person, string) {
	t.Helper()
	form := applicant(n)
	id := h.register(t, form)
	if got := h.administrator(t).do("approveRegistration", vars{"userId": id}); got.text("approveRegistration.user.status") != "ACTIVE" {
		t.Fatalf("not approved: %s", got)
	}
	return h.anybody(t).signIn(form["email"].(string), form["password"].(string)), id
}

func want[T comparable](t *testing.T, what string, got, expected T) {
	t.Helper()
	if got != expected {
		t.Errorf("%s: %v, want %v", what, got, expected)
	}
}

func wantFaults(t *testing.T, a answer, mutation string, expected ...string) {
	t.Helper()
	got := a.faults(mutation)
	slices.Sort(got)
	slices.Sort(expected)
	if !slices.Equal(got, expected) {
		t.Errorf("%s: faults %q, want %q\n%s", mutation, got, expected, a)
	}
}

func wantCodes(t *testing.T, a answer, expected ...string) {
	t.Helper()
	if got := a.codes(); !slices.Equal(got, expected) {
		t.Errorf("errors %q, want %q\n%s", got, expected, a)
	}
}

func TestFromTheFormToTheWelcomeMail(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		form := applicant(1)
		form["locale"] = "zh-CN"
		got := h.anybody(t).ask(`mutation($i: RegisterUserInput!) { registerUser(input: $i) {
			user { id status kinds email maskedPhone maskedNationalId availableActions { mutation allowed } } notice userErrors { code } } }`, vars{"i": form})
		id := got.text("registerUser.user.id")
		want(t, "status", got.text("registerUser.user.status"), "PENDING_REVIEW")
		want(t, "kind", got.at("registerUser.user.kinds.0"), any("BORROWER"))
		want(t, "phone", got.text("registerUser.user.maskedPhone"), "+86138****0001")
		if got.text("registerUser.notice") == "" || strings.Contains(got.raw, form["nationalId"].(string)) {
			t.Errorf("no notice, or the ID number in full: %s", got)
		}

		admin := h.administrator(t)
		queue := admin.ask(`{ reviewQueue(kind: REGISTRATION) { totalCount nodes { kind waitingSince subject { id ... on User { name } } } } }`)
		want(t, "in the queue", queue.text("reviewQueue.nodes.0.subject.id"), id)

		approved := admin.ask(`mutation($i: ApproveRegistrationInput!) { approveRegistration(input: $i) { user { status version
			timeline { nodes { kind from to actor { __typename ... on Staff { name } } } } } userErrors { code } } }`, vars{"i": vars{"userId": id, "note": "in order"}})
		want(t, "status", approved.text("approveRegistration.user.status"), "ACTIVE")
		want(t, "last move", approved.text("approveRegistration.user.timeline.nodes.1.kind"), "APPROVE_REGISTRATION")
		want(t, "by", approved.text("approveRegistration.user.timeline.nodes.1.actor.__typename"), "Staff")
		want(t, "first event", approved.text("approveRegistration.user.timeline.nodes.3.kind"), "REGISTER_USER")

		mails := admin.ask(`query($id: ID) { messages(filter: {userId: $id}) { totalCount nodes { to subject text locale state user { id } } } }`, vars{"id": id})
		want(t, "mails", mails.at("messages.totalCount"), any(2.0))
		want(t, "state", mails.text("messages.nodes.0.state"), "KEPT")
		if subject := mails.text("messages.nodes.0.subject"); !strings.Contains(subject, "注册成功") {
			t.Errorf("the welcome mail says %q", subject)
		}
		want(t, "queue", admin.ask(`{ reviewQueue(kind: REGISTRATION) { totalCount } }`).at("reviewQueue.totalCount"), any(0.0))

		me := h.anybody(t).signIn(form["phone"].(string), form["password"].(string))
		seen := me.ask(`{ viewer { user { id status timeline { nodes { kind actor { __typename } } } } permissions } }`)
		want(t, "me", seen.text("viewer.user.id"), id)
		want(t, "rights", fmt.Sprint(seen.at("viewer.permissions")), "[APPLY_FOR_LOANS BIND_BANK_CARDS]")
		want(t, "who reviewed is not for customers", seen.at("viewer.user.timeline.nodes.1.actor"), any(nil))
	})
}

func TestAllFaultsOfAFormComeAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		nobody := h.anybody(t)
		wantFaults(t, nobody.do("registerUser", vars{}), "registerUser",
			"REQUIRED name", "REQUIRED email", "REQUIRED phone", "REQUIRED nationalId", "REQUIRED kinds", "REQUIRED password")
		bad := nobody.do("registerUser", vars{
			"name": "x", "email": "not an address", "phone": "12", "nationalId": "340524198001010011", "password": "short", "kinds": []string{},
			"locale": "xx", "company": vars{"name": "", "creditCode": "91350100M000100Y4Z"},
		})
		wantFaults(t, bad, "registerUser", "TOO_SHORT name", "INVALID email", "INVALID phone", "INVALID nationalId", "TOO_SHORT password", "REQUIRED kinds",
			"INVALID locale", "REQUIRED company.name", "INVALID company.creditCode")
		form := applicant(2)
		h.register(t, form)
		twin := applicant(3)
		twin["email"], twin["phone"], twin["nationalId"], twin["password"] = strings.ToUpper(form["email"].(string)), form["phone"], form["nationalId"], "password1"
		wantFaults(t, nobody.do("registerUser", twin), "registerUser", "ALREADY_TAKEN email", "ALREADY_TAKEN phone", "ALREADY_TAKEN nationalId", "TOO_WEAK password")
		child := applicant(4)
		child["nationalId"] = "11010520200101123" + checkDigit("11010520200101123")
		wantFaults(t, nobody.do("registerUser", child), "registerUser", "OUT_OF_RANGE nationalId")
		want(t, "registrations", h.administrator(t).ask(`{ users { totalCount } }`).at("users.totalCount"), any(1.0))
	})
}

func TestReturnMendResubmit(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		form := applicant(5)
		id, admin := h.register(t, form), h.administrator(t)
		wantFaults(t, admin.do("returnRegistration", vars{"userId": id, "fields": []string{"name", "shoe"}}), "returnRegistration", "REQUIRED reason", "INVALID fields.1")
		got := admin.do("returnRegistration", vars{"userId": id, "reason": "The name differs from the card.", "fields": []string{"name"}})
		want(t, "status", got.text("returnRegistration.user.status"), "RETURNED")
		mail := admin.ask(`query($id: ID) { messages(filter: {userId: $id}, first: 1) { nodes { text } } }`, vars{"id": id}).text("messages.nodes.0.text")
		if !strings.Contains(mail, "The name differs from the card.") {
			t.Errorf("the reason is not in the mail: %s", mail)
		}
		me := h.anybody(t).signIn(form["email"].(string), form["password"].(string))
		actions := me.ask(`{ viewer { user { availableActions { mutation allowed blockedBy { code } } } } }`)
		want(t, "may resubmit", fmt.Sprint(actions.at("viewer.user.availableActions")),
			"[map[allowed:true blockedBy:[] mutation:resubmitRegistration] map[allowed:true blockedBy:[] mutation:withdrawRegistration]"+
				" map[allowed:false blockedBy:[map[code:NOT_ALLOWED_NOW]] mutation:amendRegistration] map[allowed:false blockedBy:[map[code:NOT_ALLOWED_NOW]] mutation:updateProfile]]")
		wantFaults(t, me.do("resubmitRegistration", vars{"name": "x", "phone": "0"}), "resubmitRegistration", "TOO_SHORT name", "INVALID phone")
		again := me.do("resubmitRegistration", vars{"name": "王小民"})
		want(t, "status", again.text("resubmitRegistration.user.status"), "PENDING_REVIEW")
		want(t, "name", again.text("resubmitRegistration.user.name"), "王小民")
		wantFaults(t, me.do("resubmitRegistration", vars{"name": "王小民"}), "resubmitRegistration", "NOT_ALLOWED_NOW")
		want(t, "approved", admin.do("approveRegistration", vars{"userId": id}).text("approveRegistration.user.status"), "ACTIVE")
	})
}

func TestRejectReopenWithdraw(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		form := applicant(6)
		id, admin := h.register(t, form), h.administrator(t)
		want(t, "rejected", admin.do("rejectRegistration", vars{"userId": id, "reason": "Not who they say."}).text("rejectRegistration.user.status"), "REJECTED")
		wantFaults(t, h.anybody(t).do("registerUser", form), "registerUser", "ALREADY_TAKEN email", "ALREADY_TAKEN phone", "ALREADY_TAKEN nationalId")
		want(t, "reopened", admin.do("reopenRegistration", vars{"userId": id}).text("reopenRegistration.user.status"), "PENDING_REVIEW")
		me := h.anybody(t).signIn(form["email"].(string), form["password"].(string))
		want(t, "withdrawn", me.do("withdrawRegistration", vars{}).text("withdrawRegistration.user.status"), "WITHDRAWN")
		want(t, "signed out", me.ask(`{ viewer { user { id } } }`).at("viewer"), any(nil))
		wantFaults(t, h.anybody(t).ask(`mutation { signIn(input: {login: "applicant6@example.com", password: "river stones 42"}) { userErrors { code field } } }`), "signIn", "WRONG_CREDENTIALS")

		second := h.register(t, form) // the identifiers are free again
		before := admin.ask(`query($id: ID!) { node(id: $id) { ... on User { previousUser { id status } } } }`, vars{"id": second})
		want(t, "the earlier registration", before.text("node.previousUser.id"), id)
	})
}

func TestSuspendReinstateClose(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 7)
		admin := h.administrator(t)
		wantFaults(t, admin.do("suspendUser", vars{"userId": id, "reason": " "}), "suspendUser", "REQUIRED reason")
		want(t, "suspended", admin.do("suspendUser", vars{"userId": id, "reason": "A complaint."}).text("suspendUser.user.status"), "SUSPENDED")
		want(t, "rights", fmt.Sprint(me.ask(`{ viewer { permissions user { status } } }`).at("viewer.permissions")), "[]")
		want(t, "still reads", me.ask(`{ viewer { user { status } } }`).text("viewer.user.status"), "SUSPENDED")
		wantFaults(t, admin.do("suspendUser", vars{"userId": id, "reason": "Again."}), "suspendUser", "NOT_ALLOWED_NOW")
		want(t, "reinstated", admin.do("reinstateUser", vars{"userId": id}).text("reinstateUser.user.status"), "ACTIVE")
		stale := admin.do("closeUser", vars{"userId": id, "reason": "At their wish.", "expectedVersion": 1})
		wantFaults(t, stale, "closeUser", "CONFLICT expectedVersion")
		want(t, "closed", admin.do("closeUser", vars{"userId": id, "reason": "At their wish.", "expectedVersion": 4}).text("closeUser.user.status"), "CLOSED")
		want(t, "sessions ended", me.ask(`{ viewer { user { id } } }`).at("viewer"), any(nil))
		kinds := admin.ask(`query($id: ID!) { node(id: $id) { ... on User { timeline { nodes { kind reason } } } } }`, vars{"id": id})
		var story []string
		for _, e := range kinds.at("node.timeline.nodes").([]any) {
			if kind := e.(map[string]any)["kind"].(string); kind != "WRITE_MESSAGE" {
				story = append(story, kind)
			}
		}
		want(t, "story", strings.Join(story, " "), "CLOSE_USER REINSTATE_USER SUSPEND_USER APPROVE_REGISTRATION REGISTER_USER")
	})
}

func TestAPotentialCustomerIsJoinedOnApproval(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin, form := h.administrator(t), applicant(8)
		wantFaults(t, admin.do("addPotentialCustomer", vars{"email": "x", "accountManagerId": "staff_0000000000000"}), "addPotentialCustomer",
			"REQUIRED name", "REQUIRED phone", "INVALID email", "NOT_FOUND accountManagerId")
		manager := admin.ask(`{ viewer { staff { id } } }`).text("viewer.staff.id")
		lead := admin.do("addPotentialCustomer", vars{"name": "小王", "phone": form["phone"], "source": "fair", "accountManagerId": manager, "note": "Met at the fair."})
		leadID := lead.text("addPotentialCustomer.user.id")
		want(t, "status", lead.text("addPotentialCustomer.user.status"), "POTENTIAL")
		id := h.register(t, form)
		look := `query($id: ID!) { node(id: $id) { ... on User { status accountManager { id } serviceRecords { nodes { kind text } } } } }`
		want(t, "not joined before approval", admin.ask(look, vars{"id": leadID}).text("node.status"), "POTENTIAL")
		want(t, "approved", admin.do("approveRegistration", vars{"userId": id}).text("approveRegistration.user.status"), "ACTIVE")
		joined := admin.ask(look, vars{"id": id})
		want(t, "account manager", joined.text("node.accountManager.id"), manager)
		want(t, "note", joined.text("node.serviceRecords.nodes.0.text"), "Met at the fair.")
		want(t, "the lead", admin.ask(look, vars{"id": leadID}).text("node.status"), "CLOSED")
		me := h.anybody(t).signIn(form["email"].(string), form["password"].(string))
		own := me.ask(`{ viewer { user { accountManager { id } serviceRecords { totalCount nodes { text } } } } }`)
		want(t, "notes stay with staff", fmt.Sprint(own.at("viewer.user")), "map[accountManager:<nil> serviceRecords:map[nodes:[] totalCount:0]]")
	})
}

func TestTwoReviewersAtOnceOneWins(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		id, admin := h.register(t, applicant(9)), h.administrator(t)
		var won, lost atomic.Int32
		var wg sync.WaitGroup
		for i := range 12 {
			wg.Go(func() {
				mutation, input := "approveRegistration", vars{"userId": id}
				if i%2 == 1 {
					mutation, input = "rejectRegistration", vars{"userId": id, "reason": "No."}
				}
				got := admin.do(mutation, input)
				switch faults := got.faults(mutation); {
				case len(faults) == 0 && got.at(mutation+".user.id") != nil:
					won.Add(1)
				case len(faults) == 1 && (faults[0] == "NOT_ALLOWED_NOW" || faults[0] == "CONFLICT"):
					lost.Add(1)
				default:
					t.Errorf("%s: %s", mutation, got)
				}
			})
		}
		wg.Wait()
		want(t, "won", won.Load(), 1)
		want(t, "told that somebody was first", lost.Load(), 11)
		events := admin.ask(`query($id: ID) { events(filter: {subjectId: $id}) { totalCount } messages(filter: {userId: $id}) { totalCount } }`, vars{"id": id})
		want(t, "events", events.at("events.totalCount"), any(2.0))
		want(t, "mails", events.at("messages.totalCount"), any(2.0))
	})
}

func TestOnePersonRegistersOnceWhateverTheHurry(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		form := applicant(10)
		var entered, refused atomic.Int32
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				got := h.anybody(t).do("registerUser", form)
				if got.text("registerUser.user.id") != "" {
					entered.Add(1)
					return
				}
				if f := got.faults("registerUser"); len(f) == 0 || !strings.HasPrefix(f[0], "ALREADY_TAKEN") {
					t.Errorf("refused with %s", got)
				}
				refused.Add(1)
			})
		}
		wg.Wait()
		want(t, "entered", entered.Load(), 1)
		want(t, "refused", refused.Load(), 7)
	})
}

func TestMovesAreNamedAsTheirEvents(t *testing.T) {
	want(t, "kind", lifecycle.Kind("approveRegistration"), "APPROVE_REGISTRATION")
	if _, problem := identity.Phone(applicant(1)["phone"].(string)); problem != nil {
		t.Errorf("the tests' own phone numbers are not valid: %v", problem.Code)
	}
}
