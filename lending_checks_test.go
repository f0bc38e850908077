package main

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"lenddesk/access"
	"lenddesk/money"
)

// refused compares an answer with what the model says of it; true when it was refused, and should have been.
func (tn *lendingTown) refused(t *rapid.T, move, on string, p *modelPerson, got answer, top, codes []string) bool {
	slices.Sort(codes)
	faults := got.faults(move)
	slices.Sort(faults)
	if !slices.Equal(got.codes(), top) && len(got.codes())+len(top) > 0 || !slices.Equal(faults, codes) && len(faults)+len(codes) > 0 {
		t.Fatalf("%s by %s on %s: the model says %q %q: %s", move, p.name, on, top, codes, got)
	}
	return len(top)+len(codes) > 0
}

const modelLook = `id status termMonths reservedAmount fundedAmount remainingAmount outstandingPrincipal availableActions { mutation allowed blockedBy { code } }
	bids(first: 100) { nodes { id status outstandingPrincipal availableActions { mutation allowed blockedBy { code } } } }
	serviceRequests { nodes { id status availableActions { mutation allowed blockedBy { code } } } }`

// agrees compares what the house says with the model, as the boss sees it, as whoever has just done something, and as one of the others, in turn.
func (tn *lendingTown) agrees(t *rapid.T) {
	everybody := append(slices.Clone(tn.staff), tn.customers...)
	tn.turn++
	for _, p := range []*modelPerson{tn.boss, tn.actor, everybody[tn.turn%len(everybody)]} {
		var ids []string
		for _, l := range tn.loans {
			ids = append(ids, l.id)
		}
		got := p.ask(`query($ids: [ID!]!) { nodes(ids: $ids) { ... on Loan { `+modelLook+` } } }`, vars{"ids": ids})
		nodes := got.at("nodes").([]any)
		for i, l := range tn.loans {
			m, seen := nodes[i].(map[string]any)
			if seen != l.seen(p) {
				t.Fatalf("%s sees a loan that is %s: %v: %s", p.name, l.status, seen, got)
			}
			if seen {
				tn.compare(t, l, p, m)
			}
		}
	}
}

func (tn *lendingTown) compare(t *rapid.T, l *modelLoan, p *modelPerson, m map[string]any) {
	said := fmt.Sprint(m["status"], " ", m["reservedAmount"], " ", m["fundedAmount"], " ", m["remainingAmount"])
	want := fmt.Sprint(l.status, " ", l.reserved(), " ", l.funded(), " ", l.remaining())
	if p.customer == 0 || p == l.owner { // lines are not an investor's to see
		said += fmt.Sprint(" ", m["outstandingPrincipal"], " ", m["termMonths"])
		want += fmt.Sprint(" ", l.outstanding(), " ", l.months)
	}
	if said != want {
		t.Fatalf("%s is told %s, the model has %s", p.name, said, want)
	}
	var offers []string
	for move := range loanRules {
		if tn.may(move, l, p) {
			offers = append(offers, fmt.Sprint(move, tn.blocked(move, l, p)))
		}
	}
	offered(t, p.name+" on "+l.status, m, offers)
	if p.customer == 0 && !p.holds.Has(access.ReviewBids) && !p.holds.Has(access.ReviewFunding) && !p.holds.Has(access.ReportPayments) {
		return // sees no bids
	}
	told := map[string]map[string]any{}
	var sum money.Amount
	for _, n := range m["bids"].(map[string]any)["nodes"].([]any) {
		b := n.(map[string]any)
		told[b["id"].(string)] = b
		x, _ := money.ParseAmount(b["outstandingPrincipal"].(string))
		sum += x
	}
	for _, b := range l.bids {
		if p.customer != 0 && p != l.owner && p != b.investor {
			continue
		}
		n := told[b.id]
		if n == nil || n["status"] != b.status {
			t.Fatalf("%s is told of a bid %v, the model has %s", p.name, n, b.status)
		}
		var offers []string
		for _, move := range []string{"approveBid", "rejectBid", "withdrawBid"} {
			if may, codes := tn.bidBlocked(move, l, b, p); may {
				offers = append(offers, fmt.Sprint(move, codes))
			}
		}
		offered(t, p.name+" on a bid "+b.status+" of "+l.status, n, offers)
	}
	if p == tn.boss && l.in(indebtedIn) && sum != l.outstanding() {
		t.Fatalf("bids have %s outstanding, the loan %s", sum, l.outstanding())
	}
	if p != tn.boss {
		return
	}
	for i, n := range m["serviceRequests"].(map[string]any)["nodes"].([]any) {
		r, b := l.requests[len(l.requests)-1-i], n.(map[string]any)
		if b["status"] != r.status {
			t.Fatalf("a request is %v, the model has %s", b["status"], r.status)
		}
		offered(t, "the boss on a request", b, []string{fmt.Sprint("decideServiceRequest", when(r.status != "REQUESTED", "NOT_ALLOWED_NOW"))})
	}
}

// offered compares availableActions with "move[what blocks it]".
func offered(t *rapid.T, what string, m map[string]any, want []string) {
	var told []string
	for _, a := range m["availableActions"].([]any) {
		action := a.(map[string]any)
		codes := []string{}
		for _, b := range action["blockedBy"].([]any) {
			codes = append(codes, b.(map[string]any)["code"].(string))
		}
		slices.Sort(codes)
		if action["allowed"] != (len(codes) == 0) {
			t.Fatalf("%s: allowed and blocked: %v", what, action)
		}
		told = append(told, fmt.Sprint(action["mutation"], codes))
	}
	slices.Sort(told)
	slices.Sort(want)
	if !slices.Equal(told, want) {
		t.Fatalf("%s: offered\n%v, the model says\n%v", what, told, want)
	}
}

// derives proves the invariants of the whole book at the end of a run.
func (tn *lendingTown) derives(t *testing.T, r *rapid.T) {
	d := &debt{market: &market{house: tn.house, t: t}}
	d.derives()
	if t.Failed() {
		r.Fatal("the book breaks its rules")
	}
}
