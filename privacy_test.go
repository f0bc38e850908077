package main

import (
	"strings"
	"testing"

	"lenddesk/access"
)

// A value is shown in full to who may see it and says why, and the trail has who saw what; the value itself stands nowhere.
func TestPersonalDataIsShownForAReasonAndOnRecord(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		_, id := h.customer(t, 1)
		form := applicant(1)
		may := h.colleague(t, "privacy", access.Of(access.RevealPersonalData, access.ViewUsers, access.ViewEvents))
		reveal := func(p *person, id, field, reason string) answer {
			return p.act("revealPersonalData", "value", vars{"id": id, "field": field, "reason": reason})
		}
		got := reveal(may, id, "nationalId", "asked by the court")
		want(t, "ID number", got.text("revealPersonalData.value"), form["nationalId"].(string))
		want(t, "phone", reveal(may, id, "phone", "to call back").text("revealPersonalData.value"), "+86"+form["phone"].(string))
		trail := may.ask(`{ events(filter: {kind: ["REVEAL_PERSONAL_DATA"]}) { totalCount nodes { subject { id } actor { __typename } changes reason } } }`)
		want(t, "events", trail.at("events.totalCount"), any(2.0))
		if trail.text("events.nodes.0.subject.id") != id || strings.Contains(trail.raw, form["nationalId"].(string)) || !strings.Contains(trail.raw, `"revealed":"nationalId"`) {
			t.Errorf("the trail: %s", trail)
		}
		wantFaults(t, reveal(may, id, "password", ""), "revealPersonalData", "REQUIRED reason", "INVALID field")
		wantFaults(t, reveal(may, "user_0000000000000", "phone", "x"), "revealPersonalData", "NOT_FOUND id")
		blind := h.colleague(t, "blind", access.Of(access.RevealPersonalData))
		wantFaults(t, reveal(blind, id, "phone", "x"), "revealPersonalData", "NOT_FOUND id")
		want(t, "events of what was refused", may.ask(`{ events(filter: {kind: ["REVEAL_PERSONAL_DATA"]}) { totalCount } }`).at("events.totalCount"), any(2.0))
		if again := may.ask(`mutation { revealPersonalData(input: {id: "` + id + `", field: "phone", reason: "x"}) @idempotent(key: "k") { value } }`); !strings.Contains(again.raw, "BAD_REQUEST") {
			t.Errorf("under a key: %s", again)
		}
		if strings.Contains(h.logs.String(), form["nationalId"].(string)) {
			t.Error("the ID number is in the log")
		}
	})
}
