package parameter

import (
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"

	"lenddesk/fault"
	"lenddesk/money"
)

func TestEveryDefaultPassesItsOwnCheck(t *testing.T) {
	for _, d := range Definitions {
		if len(d.Default) != len(Profiles) {
			t.Errorf("%s has %d defaults for %d profiles", d.Name, len(d.Default), len(Profiles))
		}
		for _, p := range Profiles {
			if problem := Check(d.Name, d.Default[p]); problem != nil {
				t.Errorf("%s: the default %q of %s is refused: %v", d.Name, d.Default[p], p, problem)
			}
		}
	}
}

func TestEveryDefinitionIsWhole(t *testing.T) {
	seen := map[string]bool{}
	for _, d := range Definitions {
		if seen[d.Name] {
			t.Errorf("%s is defined twice", d.Name)
		}
		seen[d.Name] = true
		if !strings.HasSuffix(d.English, ".") || strings.ContainsFunc(d.English, isHan) {
			t.Errorf("%s: %q is no English sentence", d.Name, d.English)
		}
		if !strings.HasSuffix(d.Chinese, "。") || !strings.ContainsFunc(d.Chinese, isHan) {
			t.Errorf("%s: %q is no Chinese sentence", d.Name, d.Chinese)
		}
		if chosen := d.Type == Choice || d.Type == Locale || d.Type == Checklist; chosen != (len(d.Choices) > 0) {
			t.Errorf("%s: a %s with the choices %q", d.Name, d.Type, d.Choices)
		}
	}
}

func isHan(r rune) bool { return unicode.Is(unicode.Han, r) }

func TestLimitsCanBeRead(t *testing.T) {
	for _, d := range Definitions {
		for _, s := range []string{d.Minimum, d.Maximum} {
			if s == "" {
				continue
			}
			switch d.Type {
			case Text, Folder, Steps:
				if _, err := strconv.Atoi(s); err != nil {
					t.Errorf("%s: the limit %q of its length is no number", d.Name, s)
				}
			case Integer, Money, Percent, Duration:
				if problem := d.Check(s); problem != nil {
					t.Errorf("%s: its own limit %q is refused: %v", d.Name, s, problem)
				}
			default:
				t.Errorf("%s: a %s has no limits", d.Name, d.Type)
			}
		}
	}
}

func TestValuesAreTakenOrRefused(t *testing.T) {
	for _, c := range []struct {
		name, value string
		code        fault.Code
		text        string
	}{
		{PlatformName, "好借 Lending", "", ""},
		{PlatformName, strings.Repeat("贷", 60), "", ""},
		{PlatformName, strings.Repeat("贷", 61), fault.TooLong, "parameter_too_long"},
		{PlatformName, "", fault.Required, ""},
		{PlatformName, " ", fault.Invalid, "parameter_text"},
		{PlatformName, "a\r\nBcc: b", fault.Invalid, "parameter_text"},
		{PlatformName, "a\u202eb", fault.Invalid, "parameter_text"},
		{PlatformName, "a\u2028b", fault.Invalid, "parameter_text"},
		{PlatformName, "a\xff", fault.Invalid, "parameter_text"},
		{BackupPlace, "nightly-2_a", "", ""},
		{BackupPlace, "../elsewhere", fault.Invalid, "parameter_folder"},
		{BackupPlace, "/tmp", fault.Invalid, "parameter_folder"},
		{BackupPlace, strings.Repeat("a", 61), fault.TooLong, "parameter_too_long"},
		{MailSender, "mail@platform.example", "", ""},
		{MailSender, "Platform <mail@platform.example>", fault.Invalid, "email_malformed"},
		{PlatformContact, "somewhere", fault.Invalid, "email_malformed"},
		{DefaultLocale, "en", "", ""},
		{DefaultLocale, "de", fault.Invalid, "parameter_choice"},
		{TimeZoneName, "Europe/Berlin", "", ""},
		{TimeZoneName, "Local", fault.Invalid, "parameter_time_zone"},
		{TimeZoneName, "Middle/Earth", fault.Invalid, "parameter_time_zone"},
		{TimeZoneName, "../zone", fault.Invalid, "parameter_time_zone"},
		{NationalID, NationalIDNone, "", ""},
		{NationalID, "PASSPORT", fault.Invalid, "parameter_choice"},
		{ProfileName, "NEUTRAL", "", ""},
		{ProfileName, "neutral", fault.Invalid, "parameter_choice"},
		{MinimumAge, "21", "", ""},
		{MinimumAge, "-1", fault.OutOfRange, "parameter_out_of_range"},
		{MinimumAge, "121", fault.OutOfRange, "parameter_out_of_range"},
		{MinimumAge, "18.5", fault.Invalid, "parameter_integer"},
		{SessionLifetime, "5m", "", ""},
		{SessionLifetime, "720h", "", ""},
		{SessionLifetime, "4m59s", fault.OutOfRange, "parameter_out_of_range"},
		{SessionLifetime, "720h0m1s", fault.OutOfRange, "parameter_out_of_range"},
		{SessionLifetime, "30", fault.Invalid, "parameter_duration"},
		{IdempotencyDays, "0", fault.OutOfRange, "parameter_out_of_range"},
		{IdempotencyDays, "365", "", ""},
		{BindingPayment, "0.01", "", ""},
		{BindingPayment, "0.00", fault.OutOfRange, "parameter_out_of_range"},
		{Currency, "XXX", fault.Invalid, "parameter_choice"},
		{CardPatience, "999ms", fault.OutOfRange, "parameter_out_of_range"},
		{ApprovalsByAmount, "0=1", "", ""},
		{ApprovalsByAmount, "0=1,50000.00=2 , 200000=3", "", ""},
		{ApprovalsByAmount, "1", fault.Invalid, "parameter_steps"},
		{ApprovalsByAmount, "1000=1", fault.Invalid, "parameter_steps"},
		{ApprovalsByAmount, "0=1, 0=2", fault.Invalid, "parameter_steps"},
		{ApprovalsByAmount, "0=1, 200000=2, 100000=3", fault.Invalid, "parameter_steps"},
		{ApprovalsByAmount, "0=1, ", fault.Invalid, "parameter_steps"},
		{ApprovalsByAmount, "0=0", fault.OutOfRange, "parameter_out_of_range"},
		{ApprovalsByAmount, "0=1, 1=9", fault.OutOfRange, "parameter_out_of_range"},
		{RequiredDocuments, "PERSON 0=IDENTITY_CARD", "", ""},
		{RequiredDocuments, "COMPANY 0=BUSINESS_LICENSE, 5=TAX_RECORD OTHER;PERSON 7=IDENTITY_CARD", "", ""},
		{RequiredDocuments, "PERSON", fault.Invalid, "parameter_checklist"},
		{RequiredDocuments, "PERSON 0=", fault.Invalid, "parameter_checklist"},
		{RequiredDocuments, "BANK 0=IDENTITY_CARD", fault.Invalid, "parameter_checklist"},
		{RequiredDocuments, "PERSON 0=PASSPORT", fault.Invalid, "parameter_checklist"},
		{RequiredDocuments, "PERSON 0=OTHER, 5=OTHER", fault.Invalid, "parameter_checklist"},
		{RequiredDocuments, "PERSON 0=OTHER; PERSON 5=VEHICLE", fault.Invalid, "parameter_checklist"},
		{RequiredDocuments, "PERSON 0=OTHER\nVEHICLE", fault.Invalid, "parameter_checklist"},
		{"COLOUR", "blue", fault.NotFound, "parameter_unknown"},
	} {
		sees(t, c.name+"="+c.value, Check(c.name, c.value), c.code, c.text)
	}
}

func TestAmountsAndRatesHaveLimits(t *testing.T) {
	amount := Definition{Name: "A", Type: Money, Minimum: "1000.00", Maximum: "200000.00"}
	rate := Definition{Name: "R", Type: Percent, Maximum: "24"}
	tooShort := Definition{Name: "T", Type: Text, Minimum: "3"}
	for _, c := range []struct {
		d     Definition
		value string
		code  fault.Code
		text  string
	}{
		{amount, "1000", "", ""},
		{amount, "999.99", fault.OutOfRange, "parameter_out_of_range"},
		{amount, "200000.01", fault.OutOfRange, "parameter_out_of_range"},
		{amount, "1.234", fault.Invalid, "amount_malformed"},
		{rate, "24.0000", "", ""},
		{rate, "-5", "", ""},
		{rate, "24.0001", fault.OutOfRange, "parameter_out_of_range"},
		{rate, "24%", fault.Invalid, "rate_malformed"},
		{tooShort, "ab", fault.TooShort, "parameter_too_short"},
	} {
		sees(t, c.d.Name+"="+c.value, c.d.Check(c.value), c.code, c.text)
	}
}

func TestStepsAndChecklistsGoByTheAmount(t *testing.T) {
	values := Values{
		ApprovalsByAmount: "0=1, 200000.00=2, 500000=4",
		RequiredDocuments: "COMPANY 0=BUSINESS_LICENSE; PERSON 0=IDENTITY_CARD, 50000.00=BANK_STATEMENT CREDIT_REPORT",
	}
	for amount, people := range map[money.Amount]int{0: 1, 199_999_99: 1, 200_000_00: 2, 499_999_99: 2, 500_000_00: 4, money.MaxAmount: 4} {
		if got := values.ByAmount(ApprovalsByAmount, amount); got != people {
			t.Errorf("%s needs %d people, not %d", amount, got, people)
		}
	}
	for _, c := range []struct {
		company bool
		amount  money.Amount
		kinds   string
	}{
		{false, 49_999_99, "IDENTITY_CARD"},
		{false, 50_000_00, "IDENTITY_CARD BANK_STATEMENT CREDIT_REPORT"},
		{true, 50_000_00, "BUSINESS_LICENSE"},
	} {
		if got := strings.Join(values.Needs(RequiredDocuments).For(c.company, c.amount), " "); got != c.kinds {
			t.Errorf("%s (company: %t) needs %s, not %s", c.amount, c.company, got, c.kinds)
		}
	}
	if got := values.Rate(MaxAnnualRate); got != 24_0000 {
		t.Errorf("the highest rate is %s", got)
	}
	if got := Values(nil).Needs(RequiredDocuments).For(false, 1); len(got) != 3 {
		t.Errorf("a person needs %q", got)
	}
	if kinds := (Needs{}).For(true, 1); kinds == nil || len(kinds) > 0 {
		t.Errorf("nothing needed is %#v", kinds)
	}
}

func sees(t *testing.T, what string, got *fault.Problem, code fault.Code, text string) {
	t.Helper()
	var said fault.Problem
	if got != nil {
		said = *got
	}
	if said.Code != code || said.Text != text {
		t.Errorf("%q: problem %s %q, want %s %q", what, said.Code, said.Text, code, text)
	}
}

func TestAMissingOrBrokenRowGivesTheDefault(t *testing.T) {
	for _, c := range []struct {
		values   Values
		lifetime time.Duration
		zone     string
		age      int
		locale   string
	}{
		{nil, 12 * time.Hour, "Asia/Shanghai", 18, "zh-CN"},
		{Values{ProfileName: "NEUTRAL"}, 12 * time.Hour, "UTC", 18, "en"},
		{Values{ProfileName: "GONE"}, 12 * time.Hour, "Asia/Shanghai", 18, "zh-CN"},
		{Values{SessionLifetime: "1h", TimeZoneName: "Europe/Berlin", MinimumAge: "21", DefaultLocale: "en"}, time.Hour, "Europe/Berlin", 21, "en"},
		{Values{SessionLifetime: "1s", TimeZoneName: "Local", MinimumAge: "old", DefaultLocale: ""}, 12 * time.Hour, "Asia/Shanghai", 18, "zh-CN"},
	} {
		if got := c.values.Duration(SessionLifetime); got != c.lifetime {
			t.Errorf("%v: sessions last %s, not %s", c.values, got, c.lifetime)
		}
		if got := c.values.Location(TimeZoneName).String(); got != c.zone {
			t.Errorf("%v: the zone is %s, not %s", c.values, got, c.zone)
		}
		if got := c.values.Int(MinimumAge); got != c.age {
			t.Errorf("%v: the age is %d, not %d", c.values, got, c.age)
		}
		if got := c.values.Text(DefaultLocale); got != c.locale {
			t.Errorf("%v: the locale is %s, not %s", c.values, got, c.locale)
		}
	}
}

func TestAWrongNameOrTypeIsAFaultOfTheProgram(t *testing.T) {
	for what, get := range map[string]func(){
		"an undefined name":       func() { Values{"COLOUR": "blue"}.Text("COLOUR") },
		"a text as an integer":    func() { Values(nil).Int(PlatformName) },
		"an integer as a time":    func() { Values(nil).Duration(MinimumAge) },
		"a text as an amount":     func() { Values(nil).Amount(PlatformName) },
		"a text as a rate":        func() { Values(nil).Rate(PlatformName) },
		"a text as steps":         func() { Values(nil).ByAmount(PlatformName, 1) },
		"a text as a checklist":   func() { Values(nil).Needs(PlatformName) },
		"a text as a time zone":   func() { Values(nil).Location(PlatformName) },
		"a type that nobody made": func() { Definition{Name: "X", Type: "COLOUR"}.Check("blue") },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s was let through", what)
				}
			}()
			get()
		}()
	}
}

func FuzzCheck(f *testing.F) {
	for _, d := range Definitions {
		f.Add(d.Name, d.Default[CNP2P2016])
	}
	f.Add(SessionLifetime, "9999999h")
	f.Fuzz(func(t *testing.T, name, value string) {
		if Check(name, value) != nil {
			return
		}
		if got := (Values{name: value}).Text(name); got != value {
			t.Fatalf("%s=%q passed its check and reads %q", name, value, got)
		}
	})
}
