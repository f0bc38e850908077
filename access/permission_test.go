package access_test

import (
	"errors"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"lenddesk/access"
	"lenddesk/fault"
)

// every is each permission of the contract.
func every(t interface{ Fatal(...any) }) []access.Permission {
	var all []access.Permission
	for _, name := range access.EveryPermission.Names() {
		p, err := access.ParsePermission(name)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

func TestPermissionsAreASet(t *testing.T) {
	all := every(t)
	some := rapid.SliceOf(rapid.SampledFrom(all))
	rapid.Check(t, func(t *rapid.T) {
		a, b := some.Draw(t, "a"), some.Draw(t, "b")
		set := access.Of(a...)
		for _, p := range all {
			if set.Has(p) != slices.Contains(a, p) {
				t.Fatalf("%s in %v", p, set.Names())
			}
		}
		if set.Any(b...) != slices.ContainsFunc(b, func(p access.Permission) bool { return slices.Contains(a, p) }) {
			t.Fatalf("any of %v in %v", b, a)
		}
		if access.Of(append(slices.Clone(a), b...)...) != set|access.Of(b...) {
			t.Fatal("together they are not what they are one by one")
		}
		if set&^access.EveryPermission != 0 {
			t.Fatal("a permission that is none")
		}
		names := set.Names()
		if access.ParsePermissions(names) != set || len(names) != len(slices.Compact(slices.Sorted(slices.Values(names)))) {
			t.Fatalf("%v does not come back from its names", names)
		}
		if !slices.IsSortedFunc(names, func(x, y string) int {
			return slices.Index(access.EveryPermission.Names(), x) - slices.Index(access.EveryPermission.Names(), y)
		}) {
			t.Fatalf("%v are not in the contract's order", names)
		}
	})
}

func TestAnUnknownNameGivesNothing(t *testing.T) {
	known := access.EveryPermission.Names()
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"view_users", " VIEW_USERS", "VIEW_USERS ", "", "VIEW"})).
			Filter(func(s string) bool { return !slices.Contains(known, s) }).Draw(t, "name")
		if _, err := access.ParsePermission(name); err == nil {
			t.Fatalf("%q is a permission", name)
		}
		if got := access.ParsePermissions([]string{name, "VIEW_USERS"}); got != access.Of(access.ViewUsers) {
			t.Fatalf("%q gives %v", name, got.Names())
		}
	})
}

func TestRequireTellsNobodyFromWhoMayNot(t *testing.T) {
	for name, c := range map[string]struct {
		viewer access.Viewer
		want   fault.Reason
	}{
		"nobody":                 {access.Viewer{}, fault.Unauthenticated},
		"a customer":             {access.Viewer{User: 1}, fault.Forbidden},
		"staff with another":     {access.Viewer{Staff: 1, Permissions: access.EveryPermission &^ access.Of(access.ViewUsers)}, fault.Forbidden},
		"a key without":          {access.Viewer{APIKey: 1}, fault.Forbidden},
		"the system":             {access.Viewer{System: "mailer"}, fault.Forbidden},
		"staff with just this":   {access.Viewer{Staff: 1, Permissions: access.Of(access.ViewUsers)}, ""},
		"a key with just this":   {access.Viewer{APIKey: 1, Permissions: access.Of(access.ViewUsers)}, ""},
		"the administrator, too": {access.Viewer{Staff: 1, Permissions: access.EveryPermission}, ""},
	} {
		err := access.Require(c.viewer, access.ViewUsers)
		var refused *fault.Refusal
		if c.want == "" && err != nil || c.want != "" && (!errors.As(err, &refused) || refused.Reason != c.want) {
			t.Errorf("%s: %v, want %q", name, err, c.want)
		}
	}
}
