package identity

import "lenddesk/fault"

func invalid(text string) *fault.Problem { return &fault.Problem{Code: fault.Invalid, Text: text} }

func required() *fault.Problem { return &fault.Problem{Code: fault.Required} }

func tooShort(text string, minimum int) *fault.Problem {
	return &fault.Problem{Code: fault.TooShort, Text: text, Data: map[string]any{"minimum": minimum}}
}

func tooLong(text string, maximum int) *fault.Problem {
	return &fault.Problem{Code: fault.TooLong, Text: text, Data: map[string]any{"maximum": maximum}}
}

// allDigits tells whether every byte is one of 0–9; it is true of the empty string.
func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}
