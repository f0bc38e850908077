package main

import (
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"lenddesk/graph/generated"
	"lenddesk/lifecycle"
)

// Every change is an event: whatever mutation is answered as done in a story told by onEach is looked for in the trail when the story has ended, with who did it, from
// where, and in which request.

// deed is a mutation that was answered as done.
type deed struct{ mutation, request string }

// eventless are the mutations that change nothing that is kept, each with the reason.
var eventless = map[string]string{
	"signIn":            "a session is no part of the book; one from a place where its owner has not been is an event (accounts_test.go)",
	"signOut":           "a session is no part of the book",
	"testWebhook":       "the log of deliveries has it",
	"redeliverWebhook":  "the log of deliveries has it",
	"setUpSecondFactor": "nothing is in force before it is confirmed, which is an event",
}

// otherwise are the moves that mutations make under another name.
var otherwise = map[string][]string{"acceptInvitation": {"activateStaff"}, "updateCompany": {"updateCompany", "amendCompany"}, "uploadDocument": {"uploadDocument", "addDocument"}}

// repeatable are reports that may come again under their reference, and payments that are under way already: then the event is of the first one's request.
var repeatable = []string{"confirmDisbursement", "failDisbursement", "recordRepayment", "settleLoanEarly", "payBankCardBinding"}

// note keeps what a document has done.
func (h *house) note(document string, a answer, request string) {
	if !strings.Contains(document, "mutation") {
		return
	}
	doc, err := parser.ParseQuery(&ast.Source{Input: document})
	if err != nil {
		return // a test of what is no document
	}
	for _, o := range doc.Operations {
		for _, s := range o.SelectionSet {
			f, ok := s.(*ast.Field)
			if !ok || o.Operation != ast.Mutation || f.Directives.ForName("idempotent") != nil { // what is told again happened before
				continue
			}
			if faults, ok := a.at(f.Alias + ".userErrors").([]any); ok && len(faults) == 0 {
				if h.program != nil { // a program that runs
					everDone.Store(f.Name, true)
				}
				h.mu.Lock()
				h.deeds = append(h.deeds, deed{f.Name, request})
				h.mu.Unlock()
			}
		}
	}
}

// everDone has the name of every mutation that was answered as done in any story.
var everDone sync.Map

// neverDone are the mutations of the contract that no story has done. What is looked up in the trail is what was done: without this a new mutation could come with no story, and
// nobody would notice that it leaves no trace.
func neverDone(done *sync.Map) (names []string) {
	for _, f := range generated.NewExecutableSchema(generated.Config{}).Schema().Mutation.Fields {
		if _, ok := done.Load(f.Name); !ok {
			names = append(names, f.Name)
		}
	}
	return names
}

// everyTest says whether every test was asked for.
func everyTest() bool {
	for _, name := range []string{"test.run", "test.skip", "test.list"} {
		if flag.Lookup(name).Value.String() != "" {
			return false
		}
	}
	return true
}

// audited looks every deed up in the trail, once that is sealed.
func (h *house) audited(t *testing.T) {
	t.Helper()
	h.mu.Lock()
	deeds := slices.Clone(h.deeds)
	h.mu.Unlock()
	if len(deeds) == 0 {
		return
	}
	until(t, "every event to be sealed", func() bool {
		waiting := rowsOf(t, h.store, "SELECT id FROM events WHERE position IS NULL", func(scan func(...any) error) (n int64, err error) { return n, scan(&n) })
		return len(waiting) == 0
	})
	trail := map[string][]told{}
	for _, e := range rowsOf(t, h.store, "SELECT kind, actor_type, COALESCE(address, erasure, ''), request_id FROM events WHERE request_id IS NOT NULL",
		func(scan func(...any) error) (e told, err error) {
			return e, scan(&e.kind, &e.actor, &e.address, &e.request)
		}) {
		trail[e.request] = append(trail[e.request], e)
		trail[e.kind] = append(trail[e.kind], e)
	}
	for _, d := range deeds {
		events := trail[d.request]
		if slices.Contains(repeatable, d.mutation) {
			events = trail[lifecycle.Kind(d.mutation)]
		}
		if problem := d.within(events); problem != "" {
			t.Error(problem)
		}
	}
}

// told is what an event tells of who did it; an erasure takes the address along.
type told struct{ kind, actor, address, request string }

// within says what the events of a deed's request lack.
func (d deed) within(events []told) string {
	if eventless[d.mutation] != "" {
		return ""
	}
	kinds := []string{lifecycle.Kind(d.mutation)}
	if moves, ok := otherwise[d.mutation]; ok {
		kinds = nil
		for _, m := range moves {
			kinds = append(kinds, lifecycle.Kind(m))
		}
	}
	i := slices.IndexFunc(events, func(e told) bool { return slices.Contains(kinds, e.kind) })
	switch {
	case i < 0:
		return fmt.Sprintf("%s was done, and the trail has no %s of its request, but %v", d.mutation, strings.Join(kinds, " nor "), events)
	case events[i].address == "" || events[i].actor == "":
		return fmt.Sprintf("the event of %s does not say who did it from where: %+v", d.mutation, events[i])
	}
	return ""
}

// A mutation whose event is missing, or does not say enough, is seen.
func TestADeedWithoutItsEventIsSeen(t *testing.T) {
	d := deed{"approveRegistration", "r"}
	good := told{"APPROVE_REGISTRATION", "Staff", "127.0.0.1", "r"}
	for what, c := range map[string]struct {
		events []told
		lacks  bool
	}{
		"its own":           {[]told{{"SIGN_IN", "Staff", "127.0.0.1", "r"}, good}, false},
		"none":              {nil, true},
		"another's":         {[]told{{"SIGN_IN", "Staff", "127.0.0.1", "r"}}, true},
		"without a place":   {[]told{{good.kind, good.actor, "", "r"}}, true},
		"without a culprit": {[]told{{good.kind, "", good.address, "r"}}, true},
	} {
		if problem := d.within(c.events); (problem != "") != c.lacks {
			t.Errorf("events of the request, %s: %q", what, problem)
		}
	}
	h := &house{}
	document := "mutation { a: signOut { userErrors { code } } signIn(input: {}) { userErrors { code } } again: signOut @idempotent(key: \"k\") { userErrors { code } } }"
	h.note(document, answer{Data: vars{"a": vars{"userErrors": []any{}}, "signIn": vars{"userErrors": []any{vars{}}}, "again": vars{"userErrors": []any{}}}}, "r")
	h.note("query mutation { viewer { user { id } } }", answer{}, "r")
	want(t, "deeds noted", fmt.Sprint(h.deeds), "[{signOut r}]")
}

// The mutations of the contract are counted, and one that was done is not named.
func TestAMutationThatNoStoryDoesIsNamed(t *testing.T) {
	var done sync.Map
	all := neverDone(&done)
	done.Store("writeOffLoan", true)
	left := neverDone(&done)
	want(t, "one less", len(left), len(all)-1)
	want(t, "named", fmt.Sprint(slices.Contains(all, "writeOffLoan"), slices.Contains(left, "writeOffLoan"), slices.Contains(left, "placeBid")), "true false true")
}
