// Package kxd speaks to KXD, the platform's system that verifies a bank card by its four elements: name, ID number, card number, phone. The contract
// is docs/kxd.openapi.yaml.
//
// It owns KXD's words. How a system is reached is package outer's; what follows from an answer is the verbs'.
package kxd

import (
	"context"
	"time"

	"lenddesk/gateway/outer"
)

// Verification is a question: whether the four elements belong together. NationalID is empty on a platform that asks for none.
type Verification struct{ RequestID, HolderName, NationalID, CardNumber, Phone string }

// Result is what came of a verification.
type Result string

// The results. Pending is none yet: KXD has taken the question and will call back.
const (
	Passed  Result = "PASSED"
	Failed  Result = "FAILED"
	Pending Result = outer.Pending
)

// Answer is what KXD says of a verification.
type Answer struct {
	RequestID string
	Result    Result
	Code      string // KXD's own
	At        time.Time
}

// Client asks KXD.
type Client struct{ caller *outer.Caller }

// Open checks the options.
func Open(o outer.Options) (*Client, error) {
	o.System = "KXD"
	c, err := outer.Open(o)
	return &Client{c}, err
}

type verification struct {
	RequestID   string `json:"requestId"`
	CallbackURL string `json:"callbackUrl"`
	HolderName  string `json:"holderName"`
	NationalID  string `json:"nationalId,omitempty"`
	CardNumber  string `json:"cardNumber"`
	Phone       string `json:"phone"`
}

// Verify puts a question, once under its request id however often it is put. It returns outer.ErrUnavailable or outer.ErrRejected.
func (c *Client) Verify(ctx context.Context, v Verification) (Answer, error) {
	a, err := c.caller.Ask(ctx, "/verifications", v.RequestID, verification{
		v.RequestID, c.caller.CallbackURL(), v.HolderName, v.NationalID, v.CardNumber, v.Phone,
	}, results...)
	return of(a), err
}

// Ask asks what became of a question. It returns outer.ErrUnknown when KXD has no such question, outer.ErrUnavailable or outer.ErrRejected.
func (c *Client) Ask(ctx context.Context, requestID string) (Answer, error) {
	a, err := c.caller.Ask(ctx, "/verifications/status", requestID, map[string]string{"requestId": requestID}, results...)
	return of(a), err
}

// Read reads the body of a call-back whose signature has been checked.
func Read(body []byte) (Answer, error) {
	a, err := outer.Read(body, results...)
	return of(a), err
}

var results = []string{string(Passed), string(Failed)}

func of(a outer.Answer) Answer { return Answer{a.RequestID, Result(a.Result), a.Code, a.At} }
