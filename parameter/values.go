package parameter

import (
	"slices"
	"strings"
	"time"

	"lenddesk/money"
)

// Values are the parameters in force at one moment: name to value, only those that have been set. A nil map is all
// defaults. The defaults are those of the profile that PROFILE names.
type Values map[string]string

// Profile is the profile whose defaults are in force.
func (v Values) Profile() Profile {
	if p := Profile(v[ProfileName]); slices.Contains(Profiles, p) {
		return p
	}
	return CNP2P2016
}

// Text is a parameter's value as it is written, of whichever type. It passes the parameter's check.
func (v Values) Text(name string) string {
	d, ok := Find(name)
	if !ok {
		panic("parameter: no definition of " + name)
	}
	if set, ok := v[name]; ok && d.Check(set) == nil {
		return set
	}
	return d.Default[v.Profile()]
}

// Int is the value of an Integer.
func (v Values) Int(name string) int {
	n, problem := parseInteger(v.Text(name))
	if problem != nil {
		panic("parameter: " + name + " is not an integer")
	}
	return n
}

// Duration is the value of a Duration.
func (v Values) Duration(name string) time.Duration {
	n, problem := parseDuration(v.Text(name))
	if problem != nil {
		panic("parameter: " + name + " is not a duration")
	}
	return n
}

// Amount is the value of a Money.
func (v Values) Amount(name string) money.Amount {
	n, problem := money.ParseAmount(v.Text(name))
	if problem != nil {
		panic("parameter: " + name + " is not an amount")
	}
	return n
}

// Rate is the value of a Percent.
func (v Values) Rate(name string) money.Rate {
	n, problem := money.ParseRate(v.Text(name))
	if problem != nil {
		panic("parameter: " + name + " is not a rate")
	}
	return n
}

// Location is the value of a TimeZone. It is looked up each time: who needs it for every row keeps it.
func (v Values) Location(name string) *time.Location {
	zone, problem := parseTimeZone(v.Text(name))
	if problem != nil {
		panic("parameter: " + name + " is not a time zone")
	}
	return zone
}

// Page is the address of a page of the platform, as links in mails name it.
func (v Values) Page(name string) string {
	return strings.TrimRight(v.Text(PublicURL), "/") + "/" + name
}
