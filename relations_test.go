package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"lenddesk/access"
	"lenddesk/lifecycle"
	"lenddesk/workflow/customers"
)

// staffID is the id of the employee who is signed in.
func (p *person) staffID() string {
	p.t.Helper()
	return p.ask(`{ viewer { staff { id } } }`).text("viewer.staff.id")
}

// lead enters a potential customer and returns the id.
func (p *person) lead(input vars) string {
	p.t.Helper()
	got := p.act("addPotentialCustomer", "user { id }", input)
	id := got.text("addPotentialCustomer.user.id")
	if id == "" {
		p.t.Fatalf("not entered: %s", got)
	}
	return id
}

// evidence is the warnings of an answer: who, and by what.
func evidence(a answer, path string) (told []string) {
	list, _ := a.at(path).([]any)
	for _, d := range list {
		m := d.(map[string]any)
		u, _ := m["user"].(map[string]any)
		told = append(told, fmt.Sprint(u["name"], m["by"]))
	}
	slices.Sort(told)
	return told
}

func TestALeadIsFollowedUpAndChanged(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		keeper := h.colleague(t, "Keeper", access.Of(access.ManageUsers, access.ViewUsers))
		id := keeper.lead(vars{"name": "欧阳小明", "phone": "13912345678", "email": "Ouyang@Example.com", "source": "a fair", "accountManagerId": keeper.staffID(), "note": "Wants to borrow."})
		look := `query($id: ID!) { node(id: $id) { ... on User { name email maskedPhone source tags status kinds accountManager { name } company { name }
			serviceRecords { nodes { status kind text dueAt assignee { name } author { name } completedAt } } timeline { nodes { kind changes } }
			availableActions { mutation allowed } } } }`
		got := keeper.ask(look, vars{"id": id})
		want(t, "the task", got.text("node.serviceRecords.nodes.0.text"), "Wants to borrow.")
		want(t, "is whose", got.text("node.serviceRecords.nodes.0.assignee.name"), "Keeper")
		want(t, "stands", got.text("node.serviceRecords.nodes.0.status"), "OPEN")
		want(t, "source", got.text("node.source"), "a fair")
		if due, err := time.Parse(time.RFC3339, got.text("node.serviceRecords.nodes.0.dueAt")); err != nil || time.Until(due) < 47*time.Hour || time.Until(due) > 49*time.Hour {
			t.Errorf("due at %v %v", due, err)
		}

		wantFaults(t, keeper.act("updateUser", "", vars{"userId": id, "name": "x", "phone": nil, "email": "no", "companyId": "company_0", "locale": "xx", "source": strings.Repeat("a", 101)}),
			"updateUser", "TOO_SHORT name", "REQUIRED phone", "INVALID email", "NOT_FOUND companyId", "INVALID locale", "TOO_LONG source")
		wantFaults(t, keeper.act("updateUser", "", vars{"userId": id}), "updateUser", "REQUIRED")
		firm := admin.act("createCompany", "company { id }", vars{"kind": "CLIENT", "name": "小明科技有限公司", "creditCode": "91350100M000100Y43"}).text("createCompany.company.id")
		changed := keeper.act("updateUser", "user { name email source kinds company { name } timeline(first: 1) { nodes { kind changes } } } duplicates { by }", vars{
			"userId": id, "phone": "13912345679", "email": nil, "source": nil, "kinds": []string{"INVESTOR"}, "companyId": firm, "expectedVersion": 1,
		})
		want(t, "kinds", fmt.Sprint(changed.at("updateUser.user.kinds")), "[INVESTOR]")
		want(t, "email", changed.at("updateUser.user.email"), any(nil))
		want(t, "source", changed.at("updateUser.user.source"), any(nil))
		want(t, "company", changed.text("updateUser.user.company.name"), "小明科技有限公司")
		want(t, "phone", changed.at("updateUser.user.timeline.nodes.0.changes.phone.to"), any("+86139****5679"))
		if strings.Contains(changed.raw, "13912345679") || strings.Contains(changed.raw, "ouyang@example.com") {
			t.Errorf("personal data in an event: %s", changed)
		}
		wantFaults(t, keeper.act("updateUser", "", vars{"userId": id, "source": "x", "expectedVersion": 1}), "updateUser", "CONFLICT expectedVersion")

		wantFaults(t, keeper.act("tagUser", "", vars{"userId": id}), "tagUser", "REQUIRED tags")
		wantFaults(t, keeper.act("tagUser", "", vars{"userId": id, "tags": []string{"", strings.Repeat("字", 41)}}), "tagUser", "REQUIRED tags.0", "TOO_LONG tags.1")
		tagged := keeper.act("tagUser", "user { tags }", vars{"userId": id, "tags": []string{" 重点 ", "fair", "fair"}})
		want(t, "tags", fmt.Sprint(tagged.at("tagUser.user.tags")), "[重点 fair]")
		want(t, "by label", keeper.ask(`{ users(filter: {tag: "重点"}) { nodes { id } totalCount } }`).text("users.nodes.0.id"), id)
		want(t, "by part of one", keeper.ask(`{ users(filter: {tag: "重"}) { totalCount } }`).at("users.totalCount"), any(0.0))

		form := applicant(301)
		registered := h.register(t, form)
		for field, value := range map[string]any{"name": "李雷", "phone": "13912345670", "email": "new@example.com", "locale": "zh-CN", "kinds": []string{"INVESTOR"}} {
			wantFaults(t, keeper.act("updateUser", "", vars{"userId": registered, field: value}), "updateUser", "NOT_ALLOWED_NOW "+field)
		}
		want(t, "what staff know of them", keeper.act("updateUser", "user { source }", vars{"userId": registered, "source": "web"}).text("updateUser.user.source"), "web")
		me := h.anybody(t).signIn(form["email"].(string), form["password"].(string))
		own := me.ask(`{ viewer { user { source tags } } }`)
		want(t, "customers are not shown it", own.at("viewer.user.source"), any(nil))
		keeper.act("tagUser", "", vars{"userId": registered, "tags": []string{"difficult"}})
		keeper.act("assignAccountManager", "", vars{"userIds": []string{registered}, "accountManagerId": keeper.staffID()})
		story := me.ask(`{ viewer { user { timeline { nodes { kind changes } } } } }`)
		want(t, "nor what staff do among themselves", strings.Join(kinds(story, "viewer.user.timeline.nodes"), " "), "WRITE_MESSAGE REGISTER_USER")
	})
}

func TestWhoLooksLikeTheSamePersonIsWarnedOf(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		form := applicant(302)
		form["name"] = "欧阳小明"
		h.register(t, form)
		admin.lead(vars{"name": "李雷", "phone": "13912345600"})
		admin.lead(vars{"name": "Anna Maria Rossi", "phone": "+393471234567"})
		warned := func(input vars) []string {
			got := admin.act("addPotentialCustomer", "duplicates { user { name } by }", input)
			return evidence(got, "addPotentialCustomer.duplicates")
		}
		same := func(what string, got []string, expected ...string) {
			t.Helper()
			if !slices.Equal(got, expected) {
				t.Errorf("%s: %q, want %q", what, got, expected)
			}
		}
		same("nobody", warned(vars{"name": "赵六", "phone": "13912345601"}))
		same("by phone", warned(vars{"name": "韩梅梅", "phone": "13912345600"}), "李雷[PHONE]")
		same("by e-mail and a character less", warned(vars{"name": "欧阳明", "phone": "13912345602", "email": form["email"]}), "欧阳小明[EMAIL NAME]")
		same("by another character", warned(vars{"name": "欧阳晓明", "phone": "13912345603"}), "欧阳小明[NAME]", "欧阳明[NAME]")
		same("by the words of a name", warned(vars{"name": "ROSSI Anna Maria", "phone": "+393471234568"}), "Anna Maria Rossi[NAME]")
		id := admin.lead(vars{"name": "钱七", "phone": "13912345604"})
		changed := admin.act("updateUser", "duplicates { user { name } by }", vars{"userId": id, "phone": "13912345600"})
		same("after a change", evidence(changed, "updateUser.duplicates"), "李雷[PHONE]", "韩梅梅[PHONE]")
		ask := `query($id: ID!) { possibleDuplicates(userId: $id) { user { name } by } }`
		same("asked for", evidence(admin.ask(ask, vars{"id": id}), "possibleDuplicates"), "李雷[PHONE]", "韩梅梅[PHONE]")
		want(t, "of nobody", admin.ask(ask, vars{"id": "user_0"}).raw, `{"data":{"possibleDuplicates":null}}`)
		wantCodes(t, h.anybody(t).ask(ask, vars{"id": id}), "UNAUTHENTICATED")
	})
}

// A company shows the customers and the staff who belong to it, and they show it; a customer sees of its people only themselves.
func TestACompanyShowsWhoBelongsToIt(t *testing.T) {
	const look = `query($id: ID!) { node(id: $id) { ... on Company { name kind users(orderBy: {field: CREATED_AT, direction: ASC}) { totalCount nodes { id company { id } } }
		staff { totalCount nodes { email company { id } } } } } }`
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		company := func(n int, kind string) string {
			made := admin.act("createCompany", "company { id }", vars{"kind": kind, "name": fmt.Sprint("公司", n), "creditCode": uniqueCode(n)})
			id := made.text("createCompany.company.id")
			if id == "" {
				t.Fatalf("no company: %s", made)
			}
			return id
		}
		branch, elsewhere, client, another := company(401, "BRANCH"), company(402, "BRANCH"), company(403, "CLIENT"), company(404, "CLIENT")
		for email, at := range map[string]any{"li@lenddesk.example": branch, "han@lenddesk.example": branch, "far@lenddesk.example": elsewhere, "free@lenddesk.example": nil} {
			wantFaults(t, admin.act("createStaff", "staff { id }", vars{"name": email[:2] + "员工", "email": email, "roleIds": []string{}, "companyId": at}), "createStaff")
		}
		form := applicant(401)
		form["company"] = vars{"name": "公司403", "creditCode": uniqueCode(403)}
		me := h.register(t, form)
		colleague := admin.lead(vars{"name": "李雷", "phone": "13912345701", "companyId": client})
		stranger := admin.lead(vars{"name": "韩梅梅", "phone": "13912345702", "companyId": another})
		admin.lead(vars{"name": "钱七", "phone": "13912345703"})

		of := func(p *person, id string) answer { return p.ask(look, vars{"id": id}) }
		people := func(a answer) string { return strings.Join(a.names("node.users.nodes", "id"), " ") }
		got := of(admin, client)
		want(t, "the client's customers", people(got), me+" "+colleague)
		want(t, "how many", fmt.Sprint(got.at("node.users.totalCount"), " ", got.at("node.staff.totalCount")), "2 0")
		want(t, "they show it", got.text("node.users.nodes.0.company.id")+" "+got.text("node.users.nodes.1.company.id"), client+" "+client)
		want(t, "another's", people(of(admin, another)), stranger)
		got = of(admin, branch)
		emails := got.names("node.staff.nodes", "email")
		slices.Sort(emails)
		want(t, "the branch's staff", strings.Join(emails, " "), "han@lenddesk.example li@lenddesk.example")
		want(t, "how many", fmt.Sprint(got.at("node.users.totalCount"), " ", got.at("node.staff.totalCount")), "0 2")
		want(t, "they show it", got.text("node.staff.nodes.0.company.id"), branch)
		want(t, "elsewhere", strings.Join(of(admin, elsewhere).names("node.staff.nodes", "email"), " "), "far@lenddesk.example")

		wantFaults(t, admin.act("updateUser", "user { id }", vars{"userId": colleague, "companyId": another}), "updateUser")
		want(t, "who has left is gone", people(of(admin, client)), me)
		want(t, "and is there", people(of(admin, another)), colleague+" "+stranger)
		wantFaults(t, admin.act("updateUser", "user { id }", vars{"userId": colleague, "companyId": client}), "updateUser")

		customer := h.anybody(t).signIn(form["email"].(string), form["password"].(string))
		own := of(customer, client)
		want(t, "what the customer sees of it", own.text("node.name")+" "+people(own), "公司403 "+me)
		want(t, "how many", fmt.Sprint(own.at("node.users.totalCount"), " ", own.at("node.staff.totalCount")), "1 0")
		for _, hidden := range []string{another, branch} {
			want(t, "another company", of(customer, hidden).at("node"), any(nil))
		}
	})
}

func TestCustomersChangeHandsAllOrNone(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		keeper := h.colleague(t, "Keeper", access.Of(access.ManageUsers))
		gone := h.colleague(t, "Gone", access.Of(access.ViewUsers)).staffID()
		admin.act("deactivateStaff", "", vars{"staffId": gone, "reason": "Left."})
		var ids []string
		for i := range 5 {
			ids = append(ids, admin.lead(vars{"name": "王小明", "phone": fmt.Sprintf("1391234561%d", i)}))
		}
		closed := admin.lead(vars{"name": "王小明", "phone": "13912345620"})
		admin.do("closeUser", vars{"userId": closed, "reason": "Wrong number."})
		assign := func(input vars) answer {
			return keeper.act("assignAccountManager", "users { id accountManager { name } }", input)
		}
		wantFaults(t, assign(vars{"userIds": []string{}}), "assignAccountManager", "REQUIRED userIds", "REQUIRED accountManagerId")
		wantFaults(t, assign(vars{"userIds": []string{ids[0], "user_0", closed}, "accountManagerId": gone}), "assignAccountManager",
			"NOT_FOUND userIds.1", "NOT_ALLOWED_NOW userIds.2", "NOT_ELIGIBLE accountManagerId")
		wantFaults(t, assign(vars{"userIds": slices.Repeat([]string{ids[0]}, customers.MostAtOnce+1), "accountManagerId": gone}), "assignAccountManager", "OUT_OF_RANGE userIds")
		want(t, "nothing has changed", keeper.ask(`query($id: ID!) { node(id: $id) { ... on User { version accountManager { name } } } }`, vars{"id": ids[0]}).at("node.accountManager"), any(nil))
		done := assign(vars{"userIds": append(ids, ids[0]), "accountManagerId": keeper.staffID()})
		for i, id := range ids {
			want(t, "in order", done.text(fmt.Sprintf("assignAccountManager.users.%d.id", i)), id)
			want(t, "in care", done.text(fmt.Sprintf("assignAccountManager.users.%d.accountManager.name", i)), "Keeper")
		}
		want(t, "one each", done.at("assignAccountManager.users.5"), any(nil))
		want(t, "of the employee", admin.ask(`query($id: ID!) { node(id: $id) { ... on Staff { customers { totalCount } } } }`, vars{"id": keeper.staffID()}).at("node.customers.totalCount"), any(5.0))
		freed := assign(vars{"userIds": []string{ids[0]}, "accountManagerId": nil})
		want(t, "taken away", freed.at("assignAccountManager.users.0.accountManager"), any(nil))
	})
}

func TestWhatIsDueIsToldOnceAndCompleted(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		keeper := h.colleague(t, "Keeper", access.Of(access.ManageUsers, access.ViewUsers))
		id := h.register(t, applicant(303))
		add := func(input vars) answer {
			input["userId"] = id
			return keeper.act("addServiceRecord", "serviceRecord { id status version availableActions { mutation allowed } }", input)
		}
		wantFaults(t, add(vars{}), "addServiceRecord", "REQUIRED kind", "REQUIRED text")
		wantFaults(t, add(vars{"kind": "CALL", "text": strings.Repeat("字", 5001), "dueAt": "2001-01-01T00:00:00Z", "assigneeId": "staff_0"}), "addServiceRecord",
			"TOO_LONG text", "OUT_OF_RANGE dueAt", "NOT_FOUND assigneeId")
		wantFaults(t, add(vars{"kind": "CALL", "text": "x", "dueAt": "tomorrow"}), "addServiceRecord", "INVALID dueAt")
		in := func(d time.Duration) string { return lifecycle.Now().Add(d).Format(time.RFC3339) }
		later := add(vars{"kind": "VISIT", "text": "later", "dueAt": in(48 * time.Hour), "assigneeId": keeper.staffID()}).text("addServiceRecord.serviceRecord.id")
		soon := add(vars{"kind": "TASK", "text": "soon", "dueAt": in(time.Hour), "assigneeId": keeper.staffID()}).text("addServiceRecord.serviceRecord.id")
		noted := add(vars{"kind": "COMPLAINT", "text": "no date"})
		want(t, "may be completed", noted.text("addServiceRecord.serviceRecord.availableActions.0.mutation"), "completeServiceRecord")

		queue := func(filter string) string {
			var texts []string
			nodes, _ := keeper.ask(`{ dueServiceRecords` + filter + ` { totalCount nodes { id text } } }`).at("dueServiceRecords.nodes").([]any)
			for _, n := range nodes {
				texts = append(texts, n.(map[string]any)["text"].(string))
			}
			return strings.Join(texts, " ")
		}
		want(t, "the most urgent first", queue(""), "soon later")
		page := keeper.ask(`{ dueServiceRecords(first: 1) { pageInfo { endCursor hasNextPage } } }`)
		want(t, "the second page", queue(`(after: "`+page.text("dueServiceRecords.pageInfo.endCursor")+`")`), "later")
		want(t, "whose", queue(`(filter: {assigneeId: "`+admin.staffID()+`"})`), "")
		wantCodes(t, h.anybody(t).ask(`{ dueServiceRecords { totalCount } }`), "UNAUTHENTICATED")

		mails := func() float64 {
			return admin.ask(`{ messages(filter: {to: "keeper@lenddesk.example"}) { totalCount } }`).at("messages.totalCount").(float64)
		}
		h.exec(t, "UPDATE service_records SET due_at = $1 WHERE text = 'soon'", lifecycle.Now().Add(-time.Minute))
		reminder := &customers.DueReminder{Office: &customers.Office{Desk: h.desk}}
		for range 3 { // one mail, however often it is looked
			if err := reminder.Work(t.Context(), nil); err != nil {
				t.Fatal(err)
			}
		}
		want(t, "mails", mails(), 1.0)
		text := admin.ask(`{ messages(filter: {to: "keeper@lenddesk.example"}) { nodes { text subject } } }`)
		if !strings.Contains(text.raw, "王小明") || !strings.Contains(text.raw, "task") {
			t.Errorf("the mail says %s", text)
		}

		complete := func(id string, more vars) answer {
			more["serviceRecordId"] = id
			return keeper.act("completeServiceRecord", "serviceRecord { status completedAt timeline { nodes { kind } } }", more)
		}
		wantFaults(t, complete(soon, vars{"expectedVersion": 7}), "completeServiceRecord", "CONFLICT expectedVersion")
		done := complete(soon, vars{"note": "They will call back."})
		want(t, "completed", done.text("completeServiceRecord.serviceRecord.status"), "COMPLETED")
		want(t, "its story", strings.Join(kinds(done, "completeServiceRecord.serviceRecord.timeline.nodes"), " "), "COMPLETE_SERVICE_RECORD REMIND_OF_SERVICE_RECORD ADD_SERVICE_RECORD")
		wantFaults(t, complete(soon, vars{}), "completeServiceRecord", "NOT_ALLOWED_NOW")
		wantFaults(t, complete("record_0", vars{}), "completeServiceRecord", "NOT_FOUND serviceRecordId")
		want(t, "what is left", queue(""), "later")
		want(t, "the one to come", later != "", true)
		if err := reminder.Work(t.Context(), nil); err != nil {
			t.Fatal(err)
		}
		want(t, "mails", mails(), 1.0)
	})
}
