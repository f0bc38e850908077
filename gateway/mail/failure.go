package mail

import (
	"context"
	"errors"
	"fmt"
	"net/textproto"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// failure is why a letter was not taken over. It holds no word of the letter and none that the server said about it:
// servers repeat the recipient's address in their answers.
type failure struct {
	step      string // what was being done
	code      int    // the server's reply code (RFC 5321, 4.2), 0 if it gave none
	enhanced  string // its enhanced code (RFC 3463), if any
	permanent bool
	cause     error // only of our own making or the network's
}

func (f *failure) Error() string {
	var b strings.Builder
	b.WriteString("mail: " + f.step)
	if f.code != 0 {
		fmt.Fprintf(&b, ": %d", f.code)
	}
	if f.enhanced != "" {
		b.WriteString(" " + f.enhanced)
	}
	if f.cause != nil {
		b.WriteString(": " + f.cause.Error())
	}
	return b.String()
}

func (f *failure) Unwrap() error { return f.cause }

// IsPermanent tells whether sending the same letter again makes no sense: it or its recipient is malformed, or the
// server refused sender, recipient or content with a 5xx reply. Everything else may pass: a 4xx reply, the network,
// and a server that does not let us in (that is mended in the settings, not in the letter).
func IsPermanent(err error) bool {
	var f *failure
	return errors.As(err, &f) && f.permanent
}

// refusesLetter tells a reply about this letter from one about our account (RFC 4954, 6), both 5xx.
func refusesLetter(code int) bool {
	switch code {
	case 530, 534, 535, 538:
		return false
	}
	return code >= 500 && code <= 599
}

// notLetIn is a failure before the letter was spoken of: never the letter's fault.
func notLetIn(ctx context.Context, err error) error {
	f := &failure{step: "connecting", cause: err}
	var reply *textproto.Error
	if errors.As(err, &reply) {
		f.step, f.code, f.cause = "not let in", reply.Code, nil
	}
	if ctx.Err() != nil {
		f.cause = ctx.Err()
	}
	return f
}

// steps says in our words what go-mail was doing.
var steps = map[gomail.SendErrReason]string{
	gomail.ErrSMTPMailFrom:  "sender",
	gomail.ErrSMTPRcptTo:    "recipient",
	gomail.ErrSMTPData:      "content",
	gomail.ErrWriteContent:  "content",
	gomail.ErrSMTPDataClose: "content",
}

// notTaken is a failure with the letter on the table. Of go-mail's error only the codes are kept: its text names the
// recipient.
func notTaken(ctx context.Context, err error) error {
	f := &failure{step: "sending"}
	var refusal *gomail.SendError
	if errors.As(err, &refusal) {
		if step, known := steps[refusal.Reason]; known {
			f.step = step
		}
		f.code, f.enhanced = refusal.ErrorCode(), refusal.EnhancedStatusCode()
		f.permanent = refusesLetter(f.code)
	}
	switch {
	case f.code != 0:
	case ctx.Err() != nil:
		f.cause = ctx.Err()
	default:
		f.cause = errors.New("connection lost")
	}
	return f
}
