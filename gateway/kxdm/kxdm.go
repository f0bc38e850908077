// Package kxdm speaks to KXDM, the platform's system that takes the payment by which a bank binds a card. The contract is docs/kxdm.openapi.yaml.
//
// It owns KXDM's words. How a system is reached is package outer's; what follows from an answer is the verbs'.
package kxdm

import (
	"context"
	"time"

	"lenddesk/gateway/outer"
	"lenddesk/money"
)

// Payment is what is asked for: an amount to be taken from the card of this person. NationalID is empty on a platform that asks for none.
type Payment struct {
	RequestID, HolderName, NationalID, CardNumber, Phone string
	Amount                                               money.Amount
	Currency                                             string // ISO 4217
}

// Result is what came of a payment.
type Result string

// The results. Pending is none yet: KXDM has taken the order and will call back.
const (
	Paid    Result = "PAID"
	Refused Result = "REFUSED"
	Pending Result = outer.Pending
)

// Answer is what KXDM says of a payment.
type Answer struct {
	RequestID string
	Result    Result
	Code      string // the bank's own
	At        time.Time
}

// Client asks KXDM.
type Client struct{ caller *outer.Caller }

// Open checks the options.
func Open(o outer.Options) (*Client, error) {
	o.System = "KXDM"
	c, err := outer.Open(o)
	return &Client{c}, err
}

type payment struct {
	RequestID   string `json:"requestId"`
	CallbackURL string `json:"callbackUrl"`
	HolderName  string `json:"holderName"`
	NationalID  string `json:"nationalId,omitempty"`
	CardNumber  string `json:"cardNumber"`
	Phone       string `json:"phone"`
	Amount      string `json:"amount"`
	Currency    string `json:"currency"`
}

// Start orders a payment, once under its request id however often it is ordered. It returns outer.ErrUnavailable or outer.ErrRejected.
func (c *Client) Start(ctx context.Context, p Payment) (Answer, error) {
	a, err := c.caller.Ask(ctx, "/payments", p.RequestID, payment{
		p.RequestID, c.caller.CallbackURL(), p.HolderName, p.NationalID, p.CardNumber, p.Phone, p.Amount.String(), p.Currency,
	}, results...)
	return of(a), err
}

// Ask asks what became of an order. It returns outer.ErrUnknown when KXDM has no such order, outer.ErrUnavailable or outer.ErrRejected.
func (c *Client) Ask(ctx context.Context, requestID string) (Answer, error) {
	a, err := c.caller.Ask(ctx, "/payments/status", requestID, map[string]string{"requestId": requestID}, results...)
	return of(a), err
}

// Read reads the body of a call-back whose signature has been checked.
func Read(body []byte) (Answer, error) {
	a, err := outer.Read(body, results...)
	return of(a), err
}

var results = []string{string(Paid), string(Refused)}

func of(a outer.Answer) Answer { return Answer{a.RequestID, Result(a.Result), a.Code, a.At} }
