package main

import (
	"flag"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"

	"pgregory.net/rapid"

	"lenddesk/access"
	"lenddesk/graph"
	"lenddesk/store/storetest"
)

// A small model of the lifecycle of a user, written from the rules and not from the tables.
var modelMoves = map[string]struct {
	from  []string
	to    string
	owner bool // the customer's own move; else of staff with the permission
	ends  bool // the customer's sessions
	mails bool // the customer is written to
}{
	"approveRegistration":  {from: []string{"PENDING_REVIEW"}, to: "ACTIVE", mails: true},
	"returnRegistration":   {from: []string{"PENDING_REVIEW"}, to: "RETURNED", mails: true},
	"rejectRegistration":   {from: []string{"PENDING_REVIEW"}, to: "REJECTED", mails: true},
	"reopenRegistration":   {from: []string{"REJECTED"}, to: "PENDING_REVIEW", mails: true},
	"suspendUser":          {from: []string{"ACTIVE"}, to: "SUSPENDED", mails: true},
	"reinstateUser":        {from: []string{"SUSPENDED"}, to: "ACTIVE", mails: true},
	"closeUser":            {from: []string{"POTENTIAL", "ACTIVE", "SUSPENDED"}, to: "CLOSED", ends: true, mails: true},
	"resubmitRegistration": {from: []string{"RETURNED"}, to: "PENDING_REVIEW", owner: true},
	"withdrawRegistration": {from: []string{"PENDING_REVIEW", "RETURNED"}, to: "WITHDRAWN", owner: true, ends: true},
	"amendRegistration":    {from: []string{"ACTIVE"}, to: "PENDING_REVIEW", owner: true},
	"updateUser":           {from: kept, to: same},
	"tagUser":              {from: kept, to: same},
	"assignAccountManager": {from: kept, to: same},
	"mergeUsers":           {from: kept, to: same},
	"eraseUser":            {from: []string{"POTENTIAL", "REJECTED", "WITHDRAWN", "CLOSED"}, to: "CLOSED", ends: true},
	"updateProfile":        {from: []string{"ACTIVE"}, to: "ACTIVE", owner: true},
}

// kept is whoever may still become a customer, is one, or is held back; same says that a move leaves the status.
var kept, same = []string{"POTENTIAL", "PENDING_REVIEW", "RETURNED", "ACTIVE", "REJECTED", "SUSPENDED"}, ""

// modelUser is what the model knows of one user.
type modelUser struct {
	id, status string
	locale     string
	version    int
	me         *person
	signedIn   bool
	events     int
}

// numbered makes each made-up person of this file another one.
var numbered atomic.Int64

func TestRandomMovesByRandomPeopleFollowTheModel(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // longer by -rapid.checks
		if err := f.Value.Set("5"); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = f.Value.Set(f.DefValue) }()
	}
	for _, h := range onBoth(t) {
		admin := h.administrator(t)
		bystander := h.employee(t, "bystander", access.ViewUsers)
		offered := graph.Schema(&graph.Resolver{}).Schema().Mutation.Fields
		var moves []string
		for name := range modelMoves {
			if offered.ForName(name) != nil && name != "mergeUsers" && name != "eraseUser" && name != "assignAccountManager" { // of several customers, or once: they have tests of their own
				moves = append(moves, name)
			}
		}
		slices.Sort(moves)
		rapid.Check(t, func(t *rapid.T) {
			var users []*modelUser
			t.Repeat(map[string]func(*rapid.T){
				"register": func(t *rapid.T) {
					if len(users) > 3 {
						t.Skip("enough people")
					}
					form := applicant(int(1000 + numbered.Add(1)))
					form["email"] = fmt.Sprintf("model%d@example.com", numbered.Load())
					form["nationalId"] = uniqueID(int(numbered.Load()))
					got := h.anybody(h.t).do("registerUser", form)
					u := &modelUser{id: got.text("registerUser.user.id"), status: "PENDING_REVIEW", locale: "en", version: 1, signedIn: true, events: 2} // the registration and its mail
					if u.id == "" {
						t.Fatalf("not registered: %s", got)
					}
					u.me = h.anybody(h.t).signIn(form["email"].(string), form["password"].(string))
					users = append(users, u)
				},
				"move": func(t *rapid.T) {
					if len(users) == 0 {
						t.Skip("nobody there")
					}
					u := rapid.SampledFrom(users).Draw(t, "user")
					move := rapid.SampledFrom(moves).Draw(t, "move")
					who := rapid.SampledFrom([]string{"administrator", "bystander", "customer", "nobody"}).Draw(t, "who")
					stale := rapid.IntRange(0, 9).Draw(t, "stale") == 0
					u.try(t, move, who, stale, map[string]*person{"administrator": admin, "bystander": bystander, "customer": u.me, "nobody": h.anybody(h.t)}[who])
				},
				"": func(t *rapid.T) {
					for _, u := range users {
						u.agrees(t, admin, moves)
					}
				},
			})
		})
	}
}

// boundHouse is a house of a test that outlives the steps of its property.
type boundHouse struct {
	*house
	t *testing.T
}

// onBoth starts a program on every database.
func onBoth(t *testing.T) []boundHouse {
	t.Helper()
	var both []boundHouse
	for _, dialect := range storetest.Dialects {
		both = append(both, boundHouse{start(t, settings{DatabaseURL: storetest.URL(t, dialect)}), t})
	}
	return both
}

// try makes a move, or is refused, as the model says.
func (u *modelUser) try(t *rapid.T, move, who string, stale bool, person *person) {
	m := modelMoves[move]
	input := vars{}
	if !m.owner {
		input["userId"] = u.id
	}
	switch move {
	case "returnRegistration", "rejectRegistration", "suspendUser", "closeUser":
		input["reason"] = "As the model says."
	case "updateProfile":
		input["locale"] = other[u.locale]
	case "updateUser":
		input["source"] = fmt.Sprintf("source %d", u.version)
	case "tagUser":
		input["tags"] = []string{fmt.Sprintf("tag %d", u.version)}
	case "amendRegistration":
		input["name"] = fmt.Sprintf("王%c", '一'+rune(u.version))
	}
	if stale {
		input["expectedVersion"] = u.version + 1
	}
	got := person.do(move, input)
	refused, fault := "", ""
	switch {
	case who == "nobody", who == "customer" && !u.signedIn:
		refused = "UNAUTHENTICATED"
	case m.owner != (who == "customer"), who == "bystander":
		refused = "FORBIDDEN"
	case stale:
		fault = "CONFLICT expectedVersion"
	case !slices.Contains(m.from, u.status):
		fault = "NOT_ALLOWED_NOW"
	}
	codes, faults := got.codes(), got.faults(move)
	switch {
	case refused != "" && !slices.Equal(codes, []string{refused}), refused == "" && len(codes) > 0,
		fault != "" && !slices.Equal(faults, []string{fault}), fault == "" && len(faults) > 0:
		t.Fatalf("%s by %s on %s (stale %v): %s, want %q %q", move, who, u.status, stale, got, refused, fault)
	}
	if refused != "" || fault != "" {
		return
	}
	if move == "updateProfile" {
		u.locale = other[u.locale]
	}
	if m.to != same {
		u.status = m.to
	}
	u.version++
	u.events++
	if m.mails {
		u.events++
	}
	u.signedIn = u.signedIn && !m.ends
}

// other is the other language.
var other = map[string]string{"en": "zh-CN", "zh-CN": "en"}

// agrees compares what the house says of a user with the model: status, version, the number of events, and what may be done by whom.
func (u *modelUser) agrees(t *rapid.T, admin *person, moves []string) {
	const look = `status version timeline { totalCount } availableActions { mutation allowed blockedBy { code } }`
	got := admin.ask(`query($id: ID!) { node(id: $id) { ... on User { `+look+` } } }`, vars{"id": u.id})
	if got.at("node.status") != u.status || got.at("node.version") != float64(u.version) || got.at("node.timeline.totalCount") != float64(u.events) {
		t.Fatalf("the model has %s, version %d, %d events: %s", u.status, u.version, u.events, got)
	}
	u.offers(t, got.at("node.availableActions"), moves, false)
	if !u.signedIn {
		if seen := u.me.ask(`{ viewer { user { id } } }`); seen.at("viewer") != nil {
			t.Fatalf("a session that has ended: %s", seen)
		}
		return
	}
	u.offers(t, u.me.ask(`{ viewer { user { `+look+` } } }`).at("viewer.user.availableActions"), moves, true)
}

// offers compares availableActions with the model.
func (u *modelUser) offers(t *rapid.T, actions any, moves []string, owner bool) {
	told := map[string]bool{}
	for _, a := range actions.([]any) {
		action := a.(map[string]any)
		name, allowed := action["mutation"].(string), action["allowed"].(bool)
		told[name] = allowed
		if m, ok := modelMoves[name]; !ok || m.owner != owner || allowed != slices.Contains(m.from, u.status) || allowed != (len(action["blockedBy"].([]any)) == 0) {
			t.Fatalf("on %s the house offers %v (owner %v)", u.status, action, owner)
		}
	}
	for _, name := range moves {
		if _, ok := told[name]; modelMoves[name].owner == owner && !ok {
			t.Fatalf("%s is not among the actions on %s (owner %v)", name, u.status, owner)
		}
	}
}

// uniqueID is another valid resident ID for each n.
func uniqueID(n int) string {
	body := fmt.Sprintf("310101%d%02d%02d%03d", 1960+n/336%40, n%12+1, n/12%28+1, n/13440%1000)
	return body + checkDigit(body)
}
