package identity

import (
	"strings"
	"time"

	"lenddesk/fault"
)

// ResidentID is a resident identity number of mainland China (GB 11643-1999): two digits of province, four of city and
// county, date of birth, three of sequence, and a check character, 0–9 or X. Only ParseResidentID makes one from
// outside input. It is personal data: encrypted at rest, shown by MaskNationalID.
type ResidentID string

// provinces are the first two digits of GB/T 2260. 81, 82 and 83 are also those of the residence permits for residents
// of Hong Kong, Macao and Taiwan, which are numbered by the same standard.
var provinces = map[string]bool{
	"11": true, "12": true, "13": true, "14": true, "15": true, "21": true, "22": true, "23": true,
	"31": true, "32": true, "33": true, "34": true, "35": true, "36": true, "37": true,
	"41": true, "42": true, "43": true, "44": true, "45": true, "46": true,
	"50": true, "51": true, "52": true, "53": true, "54": true,
	"61": true, "62": true, "63": true, "64": true, "65": true, "71": true, "81": true, "82": true, "83": true,
}

var residentIDWeights = [17]int{7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2}

const residentIDCheck = "10X98765432"

// earliestBirth is the first year of birth taken for real: nobody alive was born earlier.
const earliestBirth = 1900

// ParseResidentID reads a resident ID: spaces around it dropped, x written X. Today is the day, in its own location,
// after which nobody can have been born yet.
//
// Problems are INVALID: resident_id_malformed, resident_id_region, resident_id_birth_date, resident_id_check_digit.
func ParseResidentID(raw string, today time.Time) (ResidentID, *fault.Problem) {
	id := ResidentID(strings.ToUpper(strings.TrimSpace(raw)))
	if id == "" {
		return "", required()
	}
	if len(id) != 18 || !allDigits(string(id[:17])) || (id[17] != 'X' && !allDigits(string(id[17:]))) {
		return "", invalid("resident_id_malformed")
	}
	if !provinces[string(id[:2])] && !id.foreign() {
		return "", invalid("resident_id_region")
	}
	born, err := time.Parse("20060102", string(id[6:14]))
	if err != nil || born.Year() < earliestBirth || born.After(day(today)) {
		return "", invalid("resident_id_birth_date")
	}
	if id[17] != id.check() {
		return "", invalid("resident_id_check_digit")
	}
	return id, nil
}

// foreign tells the number of a foreign permanent resident's card (18 digits since the card of 2023): 9, the province
// that issued it, the country, then date of birth, sequence and check as in any resident ID.
func (id ResidentID) foreign() bool { return id[0] == '9' && provinces[string(id[1:3])] }

func (id ResidentID) check() byte {
	sum := 0
	for i, w := range residentIDWeights {
		sum += w * int(id[i]-'0')
	}
	return residentIDCheck[sum%11]
}

// BirthDate is the date of birth as midnight UTC; the zero time for what ParseResidentID did not make.
func (id ResidentID) BirthDate() time.Time {
	if len(id) != 18 {
		return time.Time{}
	}
	born, err := time.Parse("20060102", string(id[6:14]))
	if err != nil {
		return time.Time{}
	}
	return born
}

// Age is the number of full years lived on the day, taken in the day's own location. Whoever is born on 29 February
// is a year older on 1 March of a year without that day.
func (id ResidentID) Age(on time.Time) int {
	born, on := id.BirthDate(), day(on)
	years := on.Year() - born.Year()
	if on.Month() < born.Month() || (on.Month() == born.Month() && on.Day() < born.Day()) {
		years--
	}
	return years
}

// day is the calendar day of a moment, in its own location, as midnight UTC.
func day(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), 0, 0, 0, 0, time.UTC)
}
