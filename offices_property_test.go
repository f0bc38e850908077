package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lenddesk/access"
)

// What the offices keep beside customers, cards and loans: companies, employees, service records and documents, each with a small model of its lifecycle,
// written from the rules and not from the tables.

// thing is what the model knows of one of them.
type thing struct {
	kind, id, status string
	version, events  int
	entered          map[string]bool // a company: who entered or changed its legal data; a document: who asked for it
	accepted         bool            // an employee: has accepted an invitation
	link             string          // the token of the invitation
	email            string
	me               *person
}

// doing is a move of the model.
type doing struct {
	from  []string
	to    func(s *thing, by string) string // nil: the status stays
	input func(s *thing) vars
	owner bool // the customer's own; else of staff with the permission
	// same says that it is not for who has had a hand in it: SAME_PERSON.
	same func(s *thing, by string) bool
	ends bool // the employee's sessions
}

func becomes(status string) func(*thing, string) string {
	return func(*thing, string) string { return status }
}

func reasoned(*thing) vars { return vars{"reason": "As the model says."} }

func hadAHand(s *thing, by string) bool { return s.entered[by] }

var anyOfCompany, anyOfStaff = []string{"PENDING_REVIEW", "VERIFIED", "REJECTED"}, []string{"INVITED", "ACTIVE", "DEACTIVATED"}

// modelDoings are the moves by kind, as the mutations are called; what follows "/" is a variant of one.
var modelDoings = map[string]map[string]doing{
	"Company": {
		"verifyCompany": {from: []string{"PENDING_REVIEW"}, to: becomes("VERIFIED"), same: hadAHand},
		"rejectCompany": {from: []string{"PENDING_REVIEW"}, to: becomes("REJECTED"), input: reasoned, same: hadAHand},
		"updateCompany": {from: anyOfCompany, input: func(s *thing) vars { return vars{"industry": fmt.Sprint("Trade ", s.version)} }},
		"updateCompany/legal": {
			from: anyOfCompany, to: becomes("PENDING_REVIEW"),
			input: func(s *thing) vars { return vars{"name": fmt.Sprintf("第%d公司", s.version)} },
		},
	},
	"Staff": {
		"inviteStaff":     {from: []string{"INVITED"}},
		"updateStaff":     {from: anyOfStaff, input: func(s *thing) vars { return vars{"department": fmt.Sprint("Department ", s.version)} }},
		"deactivateStaff": {from: []string{"INVITED", "ACTIVE"}, to: becomes("DEACTIVATED"), input: reasoned, ends: true},
		"reactivateStaff": {from: []string{"DEACTIVATED"}, to: func(s *thing, _ string) string {
			if s.accepted {
				return "ACTIVE"
			}
			return "INVITED"
		}},
	},
	"ServiceRecord": {
		"completeServiceRecord": {from: []string{"OPEN"}, to: becomes("COMPLETED")},
	},
	"Document": {
		"approveDocument": {from: []string{"PENDING_REVIEW"}, to: becomes("APPROVED")},
		"rejectDocument":  {from: []string{"PENDING_REVIEW"}, to: becomes("REJECTED"), input: reasoned},
		"waiveDocument":   {from: []string{"REQUESTED", "REJECTED"}, to: becomes("WAIVED"), input: reasoned, same: hadAHand},
		"uploadDocument":  {from: []string{"REQUESTED"}, to: becomes("PENDING_REVIEW"), owner: true},
	},
}

// keepers are the two employees who hold every permission that these moves ask for.
var keepers = []string{"keeper", "second"}

// offices is the town in which the model is tried.
type offices struct {
	h        boundHouse
	people   map[string]*person
	customer string
	things   []*thing
}

func TestWhatTheOfficesKeepFollowsTheModel(t *testing.T) {
	defer rapidChecks(t, "5")()
	for i, h := range onBoth(t) {
		people := map[string]*person{"nobody": h.anybody(t), "bystander": h.employee(t, "bystander", access.ViewUsers, access.ViewDocuments)}
		for _, name := range keepers {
			people[name] = h.employee(t, name, access.ViewUsers, access.ManageUsers, access.ManageCompanies, access.ManageStaff, access.ReviewMaterials, access.ViewDocuments)
		}
		var customer string
		people["customer"], customer = h.customer(t, 700+i)
		rapid.Check(t, func(t *rapid.T) {
			o := &offices{h: h, people: people, customer: customer}
			t.Repeat(map[string]func(*rapid.T){
				"enter": o.enter, "move": o.move, "accept an invitation": o.accept, "replace a document": o.replace,
				"": func(t *rapid.T) {
					for _, s := range o.things {
						o.agrees(t, s)
					}
				},
			})
		})
	}
}

// enter has one of the keepers enter something, or the customer upload a document.
func (o *offices) enter(t *rapid.T) {
	if len(o.things) > 4 {
		t.Skip("enough things")
	}
	n := int(numbered.Add(1))
	by := rapid.SampledFrom(keepers).Draw(t, "by")
	p, s := o.people[by], &thing{version: 1, events: 1, entered: map[string]bool{by: true}}
	var got answer
	switch what := rapid.SampledFrom([]string{"company", "employee", "record", "request", "upload"}).Draw(t, "what"); what {
	case "company":
		got = p.act("createCompany", "company { id }", vars{"kind": "CLIENT", "name": "某公司", "creditCode": uniqueCode(n)})
		s.kind, s.status, s.id = "Company", "PENDING_REVIEW", got.text("createCompany.company.id")
	case "employee":
		s.email = fmt.Sprintf("office%d@lenddesk.example", n)
		got = p.act("createStaff", "staff { id } invitationUrl", vars{"name": "李敏", "email": s.email, "roleIds": []string{}, "locale": "en"})
		s.kind, s.status, s.id = "Staff", "INVITED", got.text("createStaff.staff.id")
		_, s.link, _ = strings.Cut(got.text("createStaff.invitationUrl"), "?token=")
	case "record":
		got = p.act("addServiceRecord", "serviceRecord { id }", vars{"userId": o.customer, "kind": "CALL", "text": "To be called back."})
		s.kind, s.status, s.id = "ServiceRecord", "OPEN", got.text("addServiceRecord.serviceRecord.id")
	case "request":
		got = p.act("requestDocument", "document { id }", vars{"subjectId": o.customer, "kind": "PROOF_OF_ADDRESS"})
		s.kind, s.status, s.id = "Document", "REQUESTED", got.text("requestDocument.document.id")
	case "upload":
		got = o.people["customer"].upload(vars{"subjectId": o.customer, "kind": "PROOF_OF_INCOME"}, "scan.pdf", pdf)
		s.kind, s.status, s.id, s.entered = "Document", "PENDING_REVIEW", got.text("uploadDocument.document.id"), nil
	}
	if s.id == "" {
		t.Fatalf("not entered: %s", got)
	}
	o.things = append(o.things, s)
}

// some draws a thing of a kind in one of these statuses.
func (o *offices) some(t *rapid.T, kind string, statuses ...string) *thing {
	var those []*thing
	for _, s := range o.things {
		if s.kind == kind && slices.Contains(statuses, s.status) {
			those = append(those, s)
		}
	}
	if len(those) == 0 {
		t.Skip("nothing of the kind")
	}
	return rapid.SampledFrom(those).Draw(t, "which")
}

// accept has an employee accept the invitation, whose links of before are void.
func (o *offices) accept(t *rapid.T) {
	s := o.some(t, "Staff", "INVITED", "DEACTIVATED")
	got := o.h.anybody(o.h.t).act("acceptInvitation", "staff { status }", vars{"token": s.link, "password": staffPassword})
	if s.status == "DEACTIVATED" || s.link == "" {
		if got.text("acceptInvitation.staff.status") != "" {
			t.Fatalf("accepted while %s: %s", s.status, got)
		}
		return
	}
	if got.text("acceptInvitation.staff.status") != "ACTIVE" {
		t.Fatalf("not accepted: %s", got)
	}
	s.status, s.accepted, s.link = "ACTIVE", true, ""
	s.version++
	s.events++
	s.me = o.h.anybody(o.h.t).signIn(s.email, staffPassword)
}

// replace has the customer upload a document in another's place.
func (o *offices) replace(t *rapid.T) {
	s := o.some(t, "Document", "REQUESTED", "PENDING_REVIEW", "APPROVED", "REJECTED", "WAIVED", "SUPERSEDED")
	got := o.people["customer"].upload(vars{"subjectId": o.customer, "replaces": s.id}, "scan.pdf", pdf)
	if !slices.Contains([]string{"PENDING_REVIEW", "APPROVED", "REJECTED"}, s.status) {
		if got.text("uploadDocument.document.id") != "" || len(got.faults("uploadDocument")) == 0 {
			t.Fatalf("in place of one that is %s: %s", s.status, got)
		}
		return
	}
	fresh := &thing{kind: "Document", id: got.text("uploadDocument.document.id"), status: "PENDING_REVIEW", version: 1, events: 1}
	if fresh.id == "" {
		t.Fatalf("not uploaded in place of one that is %s: %s", s.status, got)
	}
	s.status = "SUPERSEDED"
	s.version++
	s.events++
	o.things = append(o.things, fresh)
}

// move has somebody try a move; what happens is what the model says.
func (o *offices) move(t *rapid.T) {
	if len(o.things) == 0 {
		t.Skip("nothing there")
	}
	s := rapid.SampledFrom(o.things).Draw(t, "thing")
	var names []string
	for name := range modelDoings[s.kind] {
		names = append(names, name)
	}
	slices.Sort(names)
	name := rapid.SampledFrom(names).Draw(t, "move")
	by := rapid.SampledFrom([]string{"keeper", "second", "keeper", "second", "bystander", "customer", "nobody"}).Draw(t, "by")
	stale := rapid.IntRange(0, 9).Draw(t, "stale") == 0
	d, mutation := modelDoings[s.kind][name], name
	mutation, _, _ = strings.Cut(mutation, "/")
	input := vars{}
	if d.input != nil {
		input = d.input(s)
	}
	if stale {
		input["expectedVersion"] = s.version + 1
	}
	who := o.people[by]
	var got answer
	if d.owner {
		input["subjectId"], input["documentId"] = o.customer, s.id
		got = who.upload(input, "scan.pdf", pdf)
	} else {
		input[map[string]string{"Company": "companyId", "Staff": "staffId", "ServiceRecord": "serviceRecordId", "Document": "documentId"}[s.kind]] = s.id
		selection := "userErrors { field }"
		if mutation == "inviteStaff" {
			selection = "invitationUrl"
		}
		got = who.act(mutation, selection, input)
	}
	refused, blocked := "", []string{}
	switch {
	case by == "nobody":
		refused = "UNAUTHENTICATED"
	case d.owner != (by == "customer"), by == "bystander":
		refused = "FORBIDDEN"
	case stale:
		blocked = append(blocked, "CONFLICT")
	default:
		if !slices.Contains(d.from, s.status) {
			blocked = append(blocked, "NOT_ALLOWED_NOW")
		}
		if d.same != nil && d.same(s, by) {
			blocked = append(blocked, "SAME_PERSON")
		}
	}
	codes, faults := got.codes(), got.faults(mutation)
	if refused == "FORBIDDEN" && d.owner && len(codes) == 0 && len(faults) > 0 { // who is no customer has no documents to be asked for
		return
	}
	for i := range faults {
		faults[i], _, _ = strings.Cut(faults[i], " ")
	}
	if refused == "" && len(codes) > 0 || refused != "" && !slices.Equal(codes, []string{refused}) || refused == "" && !slices.Equal(faults, blocked) {
		t.Fatalf("%s by %s on %s %s (stale %v): %s, want %q %q", name, by, s.kind, s.status, stale, got, refused, blocked)
	}
	if refused != "" || len(blocked) > 0 {
		return
	}
	s.version++
	s.events++
	if d.to != nil {
		s.status = d.to(s, by)
	}
	if d.ends {
		s.link = ""
	}
	switch name {
	case "updateCompany/legal":
		s.entered[by] = true
	case "inviteStaff":
		_, s.link, _ = strings.Cut(got.text("inviteStaff.invitationUrl"), "?token=")
	case "reactivateStaff":
		s.link = "" // in the mail alone
	}
}

// agrees compares what the house says of a thing with the model: status, version, the number of events, who is signed in, and what may be done by whom.
func (o *offices) agrees(t *rapid.T, s *thing) {
	const look = `query($id: ID!) { node(id: $id) { ... on Lifecycle { version timeline { totalCount } availableActions { mutation allowed blockedBy { code } } }
		... on Company { company: status } ... on Staff { staff: status } ... on ServiceRecord { record: status } ... on Document { document: status } } }`
	status := "node." + map[string]string{"Company": "company", "Staff": "staff", "ServiceRecord": "record", "Document": "document"}[s.kind]
	for _, by := range append([]string{"customer"}, keepers...) {
		if by == "customer" && s.kind != "Document" {
			continue
		}
		got := o.people[by].ask(look, vars{"id": s.id})
		if got.at(status) != s.status || got.at("node.version") != float64(s.version) || by != "customer" && got.at("node.timeline.totalCount") != float64(s.events) {
			t.Fatalf("%s to %s: the model has %s, version %d, %d events: %s", s.kind, by, s.status, s.version, s.events, got)
		}
		told := map[string]bool{}
		for _, a := range got.at("node.availableActions").([]any) {
			action := a.(map[string]any)
			told[action["mutation"].(string)] = action["allowed"].(bool)
			if action["allowed"].(bool) != (len(action["blockedBy"].([]any)) == 0) {
				t.Fatalf("allowed, and yet blocked: %s", got)
			}
		}
		for name, d := range modelDoings[s.kind] {
			mutation, _, variant := strings.Cut(name, "/")
			if variant || d.owner != (by == "customer") {
				continue
			}
			may := slices.Contains(d.from, s.status) && (d.same == nil || !d.same(s, by))
			if allowed, offered := told[mutation]; allowed != may || !offered {
				t.Fatalf("%s on %s %s: offered to %s %v, allowed %v, want %v: %s", name, s.kind, s.status, by, offered, allowed, may, got)
			}
		}
	}
	if s.me != nil && s.status != "ACTIVE" {
		if seen := s.me.ask(`{ viewer { staff { id } } }`); seen.at("viewer") != nil {
			t.Fatalf("a session that has ended: %s", seen)
		}
		s.me = nil
	}
}

// uniqueCode is another valid unified social credit code for each n.
func uniqueCode(n int) string {
	const alphabet = "0123456789ABCDEFGHJKLMNPQRTUWXY"
	body, sum, weight := fmt.Sprintf("91310000%09d", n), 0, 1
	for _, c := range body {
		sum += strings.IndexRune(alphabet, c) * weight
		weight = weight * 3 % 31
	}
	return body + string(alphabet[(31-sum%31)%31])
}
