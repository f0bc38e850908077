// Package finance speaks to the finance system, which collects from the investors' cards and pays the borrower. The contract is
// docs/finance.openapi.yaml.
//
// It owns finance's words. How a system is reached is package outer's; what follows from an answer is the verbs'. An order is carried out once under its
// number, however often it is put.
package finance

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"lenddesk/gateway/outer"
	"lenddesk/money"
)

// Card is a card and whose it is, as the bank knows them. NationalID is empty on a platform that asks for none.
type Card struct {
	HolderName string `json:"holderName"`
	NationalID string `json:"nationalId,omitempty"`
	Number     string `json:"cardNumber"`
	Phone      string `json:"phone"`
}

// Collection is what is to be collected for one bid.
type Collection struct {
	BidID  string
	Amount money.Amount
	Card   Card
}

// Order is what is to be done: to collect for every bid, and to pay the sum out.
type Order struct {
	Number, LoanNumber string
	Amount             money.Amount // to be paid out: the sum of what is collected
	Currency           string       // ISO 4217
	Payee              Card
	Collections        []Collection // the oldest bid first
}

// Result is what came of an order.
type Result string

// The results. Accepted is none yet: finance has taken the order and will call back, or be asked.
const (
	Accepted  Result = "ACCEPTED"
	Confirmed Result = "CONFIRMED"
	Failed    Result = "FAILED"
)

// Answer is what finance says of an order, at once, by call-back or when asked about it.
type Answer struct {
	OrderNumber string `json:"orderNumber"`
	Result      Result `json:"result"`

	// Of Confirmed: finance's own number of the report, and when the borrower was paid.
	Reference   string    `json:"reference,omitempty"`
	DisbursedAt time.Time `json:"disbursedAt,omitzero"`

	// Of Failed: why, and the bids whose collection failed; none of them means the whole order.
	Reason       string   `json:"reason,omitempty"`
	FailedBidIDs []string `json:"failedBidIds,omitempty"`
}

// Client asks finance.
type Client struct{ caller *outer.Caller }

// Open checks the options.
func Open(o outer.Options) (*Client, error) {
	o.System = "finance"
	c, err := outer.Open(o)
	return &Client{c}, err
}

type order struct {
	OrderNumber string       `json:"orderNumber"`
	CallbackURL string       `json:"callbackUrl"`
	LoanNumber  string       `json:"loanNumber"`
	Currency    string       `json:"currency"`
	Amount      string       `json:"amount"`
	Payee       Card         `json:"payee"`
	Collections []collection `json:"collections"`
}

type collection struct {
	BidID  string `json:"bidId"`
	Amount string `json:"amount"`
	Payer  Card   `json:"payer"`
}

// Put puts an order, which is carried out once under its number however often it is put. It returns outer.ErrUnavailable or outer.ErrRejected.
func (c *Client) Put(ctx context.Context, o Order) (Answer, error) {
	said := order{o.Number, c.caller.CallbackURL(), o.LoanNumber, o.Currency, o.Amount.String(), o.Payee, make([]collection, len(o.Collections))}
	for i, k := range o.Collections {
		said.Collections[i] = collection{k.BidID, k.Amount.String(), k.Card}
	}
	return outer.Put(ctx, c.caller, "/orders", said, about(o.Number))
}

// Ask asks what became of an order. It returns outer.ErrUnknown when finance has no such order, outer.ErrUnavailable or outer.ErrRejected.
func (c *Client) Ask(ctx context.Context, number string) (Answer, error) {
	return outer.Put(ctx, c.caller, "/orders/status", map[string]string{"orderNumber": number}, about(number))
}

// about reads an answer that must be about this order.
func about(number string) func([]byte) (Answer, error) {
	return func(body []byte) (Answer, error) {
		a, err := Read(body)
		if err == nil && a.OrderNumber != number {
			return Answer{}, errMalformed
		}
		return a, err
	}
}

var errMalformed = errors.New("not what the contract says")

// Read reads an answer: a call-back whose signature has been checked, or what was answered to a question. What does not belong to its result is dropped.
func Read(body []byte) (Answer, error) {
	var a Answer
	if err := json.Unmarshal(body, &a); err != nil || a.OrderNumber == "" {
		return Answer{}, errMalformed // the error repeats what was read
	}
	read := Answer{OrderNumber: a.OrderNumber, Result: a.Result}
	switch a.Result {
	case Accepted:
	case Confirmed:
		if a.Reference == "" || a.DisbursedAt.IsZero() {
			return Answer{}, errMalformed
		}
		read.Reference, read.DisbursedAt = a.Reference, a.DisbursedAt
	case Failed:
		if a.Reason == "" {
			return Answer{}, errMalformed
		}
		read.Reason, read.FailedBidIDs = a.Reason, a.FailedBidIDs
	default:
		return Answer{}, errMalformed
	}
	return read, nil
}
