package identity

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"lenddesk/fault"
)

// Limits of a name, in characters (code points after NFC).
const (
	minPersonName = 2
	maxPersonName = 100
)

// nameMarks are the look-alikes that keyboards put for the apostrophe and for the dot between the parts of a name
// (U+00B7 on Chinese documents).
var nameMarks = strings.NewReplacer("•", "·", "‧", "·", "・", "·", "’", "'")

// PersonName reads a person's name: NFC, white space around it dropped and within it one space. It has 2 to 100
// letters of any script with their combining marks, spaces and · . ' - and at least one letter. Digits, control,
// bidirectional and invisible characters are refused: two names that look alike are alike.
//
// Problems: TOO_SHORT person_name_too_short, TOO_LONG person_name_too_long, INVALID person_name_characters.
func PersonName(raw string) (string, *fault.Problem) {
	name := strings.Join(strings.Fields(nameMarks.Replace(norm.NFC.String(raw))), " ")
	if name == "" {
		return "", required()
	}
	if !spelledAsName(name) {
		return "", invalid("person_name_characters")
	}
	n := utf8.RuneCountInString(name)
	if n < minPersonName {
		return "", tooShort("person_name_too_short", minPersonName)
	}
	if n > maxPersonName {
		return "", tooLong("person_name_too_long", maxPersonName)
	}
	return name, nil
}

func spelledAsName(name string) bool {
	letters, afterLetter := 0, false
	for _, r := range name {
		switch {
		case unicode.In(r, unicode.Other_Default_Ignorable_Code_Point, unicode.Variation_Selector):
			return false
		case unicode.IsLetter(r):
			letters++
			afterLetter = true
		case unicode.IsMark(r):
			if !afterLetter {
				return false
			}
		case strings.ContainsRune(" ·.'-", r):
			afterLetter = false
		default:
			return false
		}
	}
	return letters > 0
}
