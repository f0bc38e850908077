package outer

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"time"
)

// Pending is the result of a request that the system has taken and will call back about.
const Pending = "PENDING"

// Answer is what a system says of a request, at once, by call-back or when asked about it.
type Answer struct {
	RequestID string    `json:"requestId"`
	Result    string    `json:"result"`
	Code      string    `json:"code,omitempty"` // its own, for its people
	At        time.Time `json:"at"`
}

// longestCode is how much of a system's own code is kept.
const longestCode = 40

var errMalformed = errors.New("not what the contract says")

// Read reads an answer whose result is one of these, or Pending. Of a code that is none (letters, digits and . _ -) nothing is kept: it could be anything.
func Read(body []byte, results ...string) (Answer, error) {
	var a Answer
	if err := json.Unmarshal(body, &a); err != nil {
		return Answer{}, errMalformed // the error repeats what was read
	}
	if a.RequestID == "" || len(a.RequestID) > 64 || a.Result != Pending && !slices.Contains(results, a.Result) {
		return Answer{}, errMalformed
	}
	if len(a.Code) > longestCode || strings.ContainsFunc(a.Code, func(r rune) bool {
		return (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z') && !strings.ContainsRune("._-", r)
	}) {
		a.Code = ""
	}
	return a, nil
}
