package identity

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var today = time.Date(2026, 11, 22, 9, 0, 0, 0, time.FixedZone("CST", 8*3600))

// withCheck completes 17 digits to a resident ID.
func withCheck(first17 string) string {
	return first17 + string(ResidentID(first17).check())
}

func drawResidentID(t *rapid.T) string {
	province := rapid.SampledFrom([]string{"11", "34", "44", "65", "71", "83", "931"}).Draw(t, "province")
	rest := rapid.StringMatching(fmt.Sprintf(`[0-9]{%d}`, 6-len(province))).Draw(t, "county")
	days := int(today.Sub(time.Date(earliestBirth, 1, 1, 0, 0, 0, 0, time.UTC)).Hours() / 24)
	born := time.Date(earliestBirth, 1, 1+rapid.IntRange(0, days).Draw(t, "day"), 0, 0, 0, 0, time.UTC)
	sequence := rapid.IntRange(0, 999).Draw(t, "sequence")
	return withCheck(province + rest + born.Format("20060102") + fmt.Sprintf("%03d", sequence))
}

func TestResidentIDIsReadOrRefused(t *testing.T) {
	for _, c := range []struct{ raw, want, text string }{
		{"34052419800101001X", "34052419800101001X", ""},
		{" 11010519491231002x\n", "11010519491231002X", ""},
		{withCheck("81000019900101001"), withCheck("81000019900101001"), ""},
		{withCheck("93115619900101001"), withCheck("93115619900101001"), ""},
		{"", "", "REQUIRED"},
		{"  ", "", "REQUIRED"},
		{"34052419800101001", "", "resident_id_malformed"},
		{"34052419800101001XX", "", "resident_id_malformed"},
		{"3405241980010100XX", "", "resident_id_malformed"},
		{"34052419800101001Y", "", "resident_id_malformed"},
		{"３4052419800101001", "", "resident_id_malformed"},
		{withCheck("10052419800101001"), "", "resident_id_region"},
		{withCheck("91052419800101001"), "", "resident_id_region"},
		{withCheck("34052419800230001"), "", "resident_id_birth_date"},
		{withCheck("34052419810229001"), "", "resident_id_birth_date"},
		{withCheck("34052418991231001"), "", "resident_id_birth_date"},
		{withCheck("34052420261122001"), withCheck("34052420261122001"), ""},
		{withCheck("34052420261123001"), "", "resident_id_birth_date"},
		{"340524198001010011", "", "resident_id_check_digit"},
		{"34052419800101001" + "0", "", "resident_id_check_digit"},
	} {
		got, problem := ParseResidentID(c.raw, today)
		expect(t, c.raw, string(got), problem, c.want, c.text)
	}
}

func TestTodayIsTheDayOfItsOwnLocation(t *testing.T) {
	id := withCheck("34052420261123001")
	lateInUTC := time.Date(2026, 11, 22, 20, 0, 0, 0, time.UTC)
	if _, problem := ParseResidentID(id, lateInUTC); problem == nil {
		t.Error("born tomorrow by UTC was taken")
	}
	if _, problem := ParseResidentID(id, lateInUTC.In(time.FixedZone("CST", 8*3600))); problem != nil {
		t.Errorf("born today in China was refused: %v", problem)
	}
}

func TestAnyOneChangedDigitIsCaught(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := drawResidentID(t)
		if _, problem := ParseResidentID(id, today); problem != nil {
			t.Fatalf("%s was refused: %v", id, problem)
		}
		at := rapid.IntRange(0, 17).Draw(t, "at")
		digits := "0123456789"
		if at == 17 {
			digits = residentIDCheck
		}
		other := rapid.SampledFrom(strings.Split(digits, "")).Draw(t, "other")
		if other == id[at:at+1] {
			t.Skip("the same digit")
		}
		changed := id[:at] + other + id[at+1:]
		if _, problem := ParseResidentID(changed, today); problem == nil {
			t.Fatalf("%s, changed from %s, was taken", changed, id)
		}
	})
}

func TestAgeCountsFullYears(t *testing.T) {
	for _, c := range []struct {
		born, on string
		want     int
	}{
		{"20081122", "2026-11-22", 18},
		{"20081123", "2026-11-22", 17},
		{"20081222", "2026-11-22", 17},
		{"20080101", "2026-11-22", 18},
		{"20040229", "2022-02-28", 17},
		{"20040229", "2022-03-01", 18},
		{"20040229", "2024-02-29", 20},
		{"20261122", "2026-11-22", 0},
	} {
		id := ResidentID(withCheck("340524" + c.born + "001"))
		on, err := time.Parse(time.DateOnly, c.on)
		if err != nil {
			t.Fatal(err)
		}
		if got := id.Age(on); got != c.want {
			t.Errorf("born %s is %d on %s, not %d", c.born, got, c.on, c.want)
		}
		if got := id.BirthDate().Format("20060102"); got != c.born {
			t.Errorf("born %s, not %s", got, c.born)
		}
	}
}

func FuzzParseResidentID(f *testing.F) {
	for _, s := range []string{"34052419800101001X", " 11010519491231002x", "", "X", "99999999999999999X", "34052419800101001"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		id, problem := ParseResidentID(raw, today)
		if problem != nil {
			return
		}
		if again, problem := ParseResidentID(string(id), today); problem != nil || again != id {
			t.Fatalf("%q became %q, then %q (%v)", raw, id, again, problem)
		}
		if age := id.Age(today); age < 0 || age > today.Year()-earliestBirth {
			t.Fatalf("%q is %d years old", raw, age)
		}
	})
}
