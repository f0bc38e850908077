package fault

import "errors"

// Reason is why a request, or a field of it, was not answered at all: the closed list of `extensions.code`.
type Reason string

// The closed list of codes of top-level errors.
const (
	Unauthenticated   Reason = "UNAUTHENTICATED" // nobody is signed in, and somebody must be
	Forbidden         Reason = "FORBIDDEN"       // the viewer lacks the permission of this field or mutation
	BadRequest        Reason = "BAD_REQUEST"     // not a GraphQL request, or one that does not fit the contract
	RequestTooComplex Reason = "LIMIT_EXCEEDED"  // too deep, too wide, too long or too costly
	RateLimited       Reason = "RATE_LIMITED"    // too many requests from one place
	Timeout           Reason = "TIMEOUT"         // not finished within the deadline; a mutation may have happened
	Unavailable       Reason = "UNAVAILABLE"     // the database cannot take this now (read-only, full, gone); nothing has changed
	Internal          Reason = "INTERNAL"        // our fault; the log has the cause under the request's id
)

// Reasons is every Reason.
var Reasons = []Reason{Unauthenticated, Forbidden, BadRequest, RequestTooComplex, RateLimited, Timeout, Unavailable, Internal}

// Refusal is a top-level error with a code. Message is safe to show; the cause stays in the log.
type Refusal struct {
	Reason  Reason
	Message string
	cause   error
}

func (r *Refusal) Error() string { return string(r.Reason) + ": " + r.Message }
func (r *Refusal) Unwrap() error { return r.cause }

// Deny makes a Refusal with a safe message.
func Deny(why Reason, message string) *Refusal { return &Refusal{Reason: why, Message: message} }

// Because keeps the hidden cause.
func (r *Refusal) Because(cause error) *Refusal { r.cause = cause; return r }

// FindRefusal takes the refusal out of an error's chain.
func FindRefusal(err error) (*Refusal, bool) {
	var r *Refusal
	return r, errors.As(err, &r)
}
