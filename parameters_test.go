package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"lenddesk/access"
	"lenddesk/parameter"
	"lenddesk/store/storetest"
)

const parameterParts = "name description type unit value minimum maximum choices scheduled { value effectiveAt setBy { name } } history { value setBy { name } }"

// parameter reads one parameter.
func (p *person) parameter(name string) map[string]any {
	p.t.Helper()
	all, _ := p.ask(`{ parameters { ` + parameterParts + ` } }`).at("parameters").([]any)
	for _, one := range all {
		if one.(map[string]any)["name"] == name {
			return one.(map[string]any)
		}
	}
	p.t.Fatalf("no parameter %s among %d", name, len(all))
	return nil
}

func TestParametersAreSetNowAndAhead(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		set := func(input vars) answer { return admin.act("setParameter", "parameter { "+parameterParts+" }", input) }
		wantFaults(t, set(vars{}), "setParameter", "REQUIRED name")
		wantFaults(t, set(vars{"name": "NO_SUCH", "value": "1", "effectiveAt": "tomorrow"}), "setParameter", "NOT_FOUND name", "INVALID effectiveAt")
		wantFaults(t, set(vars{"name": "SESSION_LIFETIME", "value": "1s", "effectiveAt": "2001-01-01T00:00:00Z"}), "setParameter", "OUT_OF_RANGE value", "OUT_OF_RANGE effectiveAt")
		wantFaults(t, set(vars{"name": "SESSION_LIFETIME", "value": "long"}), "setParameter", "INVALID value")
		wantFaults(t, set(vars{"name": "MINIMUM_AGE"}), "setParameter", "REQUIRED value")
		want(t, "by the profile", fmt.Sprint(admin.parameter("MINIMUM_AGE")), "map[choices:[] description:The age in full years from which a person may register. history:[] maximum:120"+
			" minimum:0 name:MINIMUM_AGE scheduled:[] type:INTEGER unit:years value:18]")

		want(t, "set", set(vars{"name": "MINIMUM_AGE", "value": "60"}).text("setParameter.parameter.value"), "60")
		wantFaults(t, h.anybody(t).do("registerUser", applicant(80)), "registerUser", "OUT_OF_RANGE nationalId") // in force from the next request on
		ahead := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
		set(vars{"name": "MINIMUM_AGE", "value": "21", "effectiveAt": ahead.Format(time.RFC3339)})
		set(vars{"name": "MINIMUM_AGE", "value": "20", "effectiveAt": ahead.In(time.FixedZone("", 8*3600)).Format(time.RFC3339)})
		set(vars{"name": "MINIMUM_AGE", "value": "18"})
		want(t, "what was set", fmt.Sprint(admin.parameter("MINIMUM_AGE")), "map[choices:[] description:The age in full years from which a person may register. "+
			"history:[map[setBy:map[name:Administrator] value:18] map[setBy:map[name:Administrator] value:60]] maximum:120 minimum:0 name:MINIMUM_AGE "+
			"scheduled:[map[effectiveAt:"+ahead.Format(time.RFC3339)+" setBy:map[name:Administrator] value:20]] type:INTEGER unit:years value:18]")
		h.register(t, applicant(80))

		events := admin.ask(`{ events(filter: {kind: ["SET_PARAMETER"]}, first: 1) { totalCount nodes { subject { id } changes actor { ... on Staff { name } } } } }`)
		want(t, "events", fmt.Sprint(events.at("events")), "map[nodes:[map[actor:map[name:Administrator] changes:map[MINIMUM_AGE:map[from:60 to:18]] subject:<nil>]] totalCount:4]")
		clerk := h.employee(t, "clerk", access.ManageBackups)
		wantCodes(t, clerk.ask(`{ parameters { name } }`), "FORBIDDEN")
		twice := `mutation { setParameter(input: {name: "MINIMUM_AGE", value: "19"}) @idempotent(key: "once") { parameter { value history { value } } userErrors { code } } }`
		want(t, "told again", admin.ask(twice).raw, admin.ask(twice).raw)
	})
}

func TestANewBookBeginsWithItsProfile(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			h := start(t, settings{DatabaseURL: storetest.URL(t, dialect), Profile: string(parameter.Neutral)})
			form := applicant(81)
			delete(form, "nationalId")
			delete(form, "locale")
			form["phone"] = "+4915112345678"
			h.register(t, form)
			admin := h.administrator(t)
			want(t, "zone", admin.parameter("TIME_ZONE")["value"], any("UTC"))
			if mail := admin.ask(`{ messages { nodes { subject } } }`).text("messages.nodes.0.subject"); !strings.Contains(mail, "your registration has been received") {
				t.Errorf("the first mail of a neutral book is %q", mail)
			}
		})
	}
}
