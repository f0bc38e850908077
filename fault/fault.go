package fault

import (
	"errors"
	"strings"
)

// Code is why an input or a move was refused: the contract's enum ErrorCode.
type Code string

// The closed list of codes that stand in userErrors.
const (
	Required               Code = "REQUIRED"
	Invalid                Code = "INVALID"
	TooShort               Code = "TOO_SHORT"
	TooLong                Code = "TOO_LONG"
	TooWeak                Code = "TOO_WEAK"
	OutOfRange             Code = "OUT_OF_RANGE"
	AlreadyTaken           Code = "ALREADY_TAKEN"
	NotFound               Code = "NOT_FOUND"
	NotAllowedNow          Code = "NOT_ALLOWED_NOW"
	Conflict               Code = "CONFLICT"
	SamePerson             Code = "SAME_PERSON"
	IdempotencyConflict    Code = "IDEMPOTENCY_CONFLICT"
	WrongCredentials       Code = "WRONG_CREDENTIALS"
	TryLater               Code = "TRY_LATER"
	ListingNotOpen         Code = "LISTING_NOT_OPEN"
	AmountTooLow           Code = "AMOUNT_TOO_LOW"
	NotMultipleOfStep      Code = "NOT_MULTIPLE_OF_STEP"
	AmountExceedsRemaining Code = "AMOUNT_EXCEEDS_REMAINING"
	OwnListing             Code = "OWN_LISTING"
	NotEligible            Code = "NOT_ELIGIBLE"
	CardNotBound           Code = "CARD_NOT_BOUND"
	ShareLimitExceeded     Code = "SHARE_LIMIT_EXCEEDED"
	DocumentsMissing       Code = "DOCUMENTS_MISSING"
	LimitExceeded          Code = "LIMIT_EXCEEDED"
)

// Codes is every Code, in the contract's order.
var Codes = []Code{
	Required, Invalid, TooShort, TooLong, TooWeak, OutOfRange, AlreadyTaken, NotFound, NotAllowedNow, Conflict, SamePerson,
	IdempotencyConflict, WrongCredentials, TryLater, ListingNotOpen, AmountTooLow, NotMultipleOfStep, AmountExceedsRemaining,
	OwnListing, NotEligible, CardNotBound, ShareLimitExceeded, DocumentsMissing, LimitExceeded,
}

// Problem is what is wrong, without where. Text names a sentence of package text; empty means the code's own sentence.
// Data fills the sentence and must hold no personal data and no secret.
type Problem struct {
	Code Code
	Text string
	Data map[string]any
}

// Sentence is the id under which package text has the sentence of this problem.
func (p Problem) Sentence() string {
	if p.Text != "" {
		return "fault." + p.Text
	}
	return "fault." + string(p.Code)
}

// Fault is a Problem and the path of the input field below `input`; no path means the whole.
type Fault struct {
	Problem
	Field []string
}

// List gathers the faults of one input. As an error it refuses the mutation and nothing is changed.
type List []Fault

// Add records a problem of a field, given as its path below `input`.
func (l *List) Add(p Problem, field ...string) { *l = append(*l, Fault{p, field}) }

// Err is the list as an error, nil when it is empty.
func (l List) Err() error {
	if len(l) == 0 {
		return nil
	}
	return l
}

// Error names codes and fields only: it may be logged.
func (l List) Error() string {
	s := make([]string, len(l))
	for i, f := range l {
		s[i] = string(f.Code)
		if len(f.Field) > 0 {
			s[i] += " " + strings.Join(f.Field, ".")
		}
	}
	return "refused: " + strings.Join(s, ", ")
}

// Refuse is a list of one fault.
func Refuse(p Problem, field ...string) error { return List{{p, field}} }

// Find takes the list out of an error's chain.
func Find(err error) (List, bool) {
	var l List
	return l, errors.As(err, &l)
}
