package lifecycle

import (
	"os"
	"slices"
	"testing"

	"lenddesk/access"
	"lenddesk/fault"
)

func TestTheDocumentedDiagramsAreThoseOfTheTables(t *testing.T) {
	page, err := os.ReadFile("../docs/lifecycle.md")
	if err != nil {
		t.Fatal(err)
	}
	if string(page) != Document() {
		t.Error("docs/lifecycle.md is stale: run `go generate ./lifecycle`")
	}
	if first, second := Document(), Document(); first != second {
		t.Error("the page is another one every time")
	}
}

func TestEveryStatusCanBeReachedAndEveryMoveIsSomebodys(t *testing.T) {
	for _, table := range Tables {
		reached := table.Initial()
		if len(reached) == 0 {
			t.Errorf("no move makes a %s", table.Kind)
		}
		for grown := true; grown; {
			grown = false
			for _, l := range table.Lines {
				if !slices.ContainsFunc(l.From, func(s string) bool { return slices.Contains(reached, s) }) {
					continue
				}
				for _, to := range l.To {
					if !slices.Contains(reached, to) {
						reached, grown = append(reached, to), true
					}
				}
			}
		}
		names := map[string]bool{}
		for _, l := range table.Lines {
			if len(l.By) == 0 {
				t.Errorf("%s is nobody's to make", l.Name)
			}
			if names[l.Name] {
				t.Errorf("%s stands twice in the table of %s", l.Name, table.Kind)
			}
			names[l.Name] = true
			for _, s := range append(slices.Clone(l.From), l.To...) {
				if !slices.Contains(reached, s) {
					t.Errorf("%s: %s is never reached", l.Name, s)
				}
			}
		}
	}
}

func TestAMoveIsRefusedByStatusAndGuard(t *testing.T) {
	line := Users.Lines[slices.IndexFunc(Users.Lines, func(l Line) bool { return l.Name == "closeUser" })]
	if blocked := line.Blocked("ACTIVE", Facts{}); len(blocked) != 0 {
		t.Errorf("an active user without business: %v", blocked)
	}
	blocked := line.Blocked("RETURNED", Facts{LiveBids: 2, SamePerson: 1})
	var codes []fault.Code
	for _, b := range blocked {
		codes = append(codes, b.Code)
	}
	if !slices.Equal(codes, []fault.Code{fault.NotAllowedNow, fault.SamePerson, fault.NotAllowedNow}) {
		t.Errorf("a returned user with bids, who is the viewer: %v", codes)
	}
	if blocked[0].Data["move"] != "closeUser" || blocked[0].Data["status"] != "RETURNED" {
		t.Errorf("the refusal does not name status and move: %v", blocked[0].Data)
	}
}

func TestWhoMayMakeAMove(t *testing.T) {
	staff := access.Viewer{Staff: 1, Permissions: access.Of(access.ReviewRegistrations)}
	for _, c := range []struct {
		name   string
		viewer access.Viewer
		move   string
		want   fault.Reason
	}{
		{"with the permission", staff, "approveRegistration", ""},
		{"another permission", access.Viewer{Staff: 1, Permissions: access.Of(access.ViewUsers)}, "approveRegistration", fault.Forbidden},
		{"nobody", access.Viewer{}, "approveRegistration", fault.Unauthenticated},
		{"the owner", access.Viewer{User: 7}, "withdrawRegistration", ""},
		{"another customer", access.Viewer{User: 8}, "withdrawRegistration", fault.Forbidden},
		{"staff in the owner's place", staff, "withdrawRegistration", fault.Forbidden},
		{"anyone", access.Viewer{}, "registerUser", ""},
		{"the system", access.Viewer{System: "registration"}, "joinPotentialCustomer", ""},
		{"a customer in the system's place", access.Viewer{User: 7}, "joinPotentialCustomer", fault.Forbidden},
	} {
		t.Run(c.name, func(t *testing.T) {
			line := Users.Lines[slices.IndexFunc(Users.Lines, func(l Line) bool { return l.Name == c.move })]
			err := line.PermitOn(c.viewer, 7, "")
			if refused, ok := fault.FindRefusal(err); c.want == "" && err != nil || c.want != "" && (!ok || refused.Reason != c.want) {
				t.Errorf("%s: %v, want %q", c.move, err, c.want)
			}
		})
	}
}
