package simulator

import (
	"crypto/sha256"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"lenddesk/gateway/finance"
)

// Order is a way that things can go with an order to finance, chosen by the last two digits of its amount.
type Order struct {
	Cents   string
	Outcome string
}

// Orders are the ways. An order for another amount is accepted, and nothing more is heard of it: people or scripts report what became of it.
// docs/simulator.md has the table, and a test compares.
var Orders = []Order{
	{".01", "Confirmed at once."},
	{".02", "Accepted, and confirmed later by call-back."},
	{".03", "Fails, later by call-back, and so does every other order of the loan."},
	{".04", "Fails at once for its oldest bid alone; the loan's next order is confirmed."},
	{".05", "Accepted, and confirmed when somebody asks."},
	{".06", "Finds the system down for a while; then it is confirmed."},
	{".07", "Confirmed, and answered too late to be heard."},
	{".08", "Accepted; then two call-backs contradict each other: confirmed, and failed."},
}

// order is what finance is asked, of which the simulator looks at the amount and counts the cards.
type order struct {
	OrderNumber string `json:"orderNumber"`
	CallbackURL string `json:"callbackUrl"`
	LoanNumber  string `json:"loanNumber"`
	Currency    string `json:"currency"`
	Amount      string `json:"amount"`
	Payee       card   `json:"payee"`
	Collections []struct {
		BidID  string `json:"bidId"`
		Amount string `json:"amount"`
		Payer  card   `json:"payer"`
	} `json:"collections"`
}

// card is kept by nobody: its hash alone is, as part of the order's.
type card struct {
	HolderName string `json:"holderName"`
	NationalID string `json:"nationalId"`
	CardNumber string `json:"cardNumber"`
	Phone      string `json:"phone"`
}

func (o order) id() string { return o.OrderNumber }

// whole tells whether nothing is missing.
func (o order) whole() bool {
	there := func(c card) bool { return c.HolderName != "" && c.CardNumber != "" && c.Phone != "" }
	for _, c := range o.Collections {
		if c.BidID == "" || c.Amount == "" || !there(c.Payer) {
			return false
		}
	}
	return o.CallbackURL != "" && o.LoanNumber != "" && o.Currency != "" && strings.Contains(o.Amount, ".") && there(o.Payee) && len(o.Collections) > 0
}

// content is what an order says, wherever it is to be called back about.
func (o order) content() [32]byte {
	o.CallbackURL = ""
	said, err := json.Marshal(o)
	if err != nil {
		panic(err) // texts can be written
	}
	return sha256.Sum256(said)
}

// takeOrder takes an order, once under its number.
func (s *Simulator) takeOrder(w http.ResponseWriter, r *http.Request, of system, _ []byte, o order) {
	if !o.whole() {
		refuse(w, http.StatusBadRequest, "MALFORMED")
		return
	}
	id, way := of.name+" "+o.OrderNumber, o.Amount[strings.LastIndex(o.Amount, "."):]
	s.mu.Lock()
	if way == ".06" && s.finds(id, true) {
		s.mu.Unlock()
		refuse(w, http.StatusServiceUnavailable, "DOWN")
		return
	}
	was, again := s.known[id]
	if !again {
		was = s.carry(o, way)
		s.remember(id, was)
	}
	status, answer := was.told()
	other := was.content != o.content()
	s.mu.Unlock()
	switch {
	case other:
		refuse(w, http.StatusConflict, "OTHER_CONTENT")
		return
	case !again && (way == ".02" || way == ".03"):
		s.callBack(of, o.CallbackURL, was, was.result)
	case !again && way == ".08":
		s.callBack(of, o.CallbackURL, was, was.result, finance.Answer{OrderNumber: o.OrderNumber, Result: finance.Failed, Reason: "The simulator contradicts itself."})
	case way == ".07" && !s.dawdles(r.Context()):
		return
	}
	write(w, status, answer)
}

// carry carries an order out, as far as that goes here.
func (s *Simulator) carry(o order, way string) *request {
	pending := finance.Answer{OrderNumber: o.OrderNumber, Result: finance.Accepted}
	confirmed := finance.Answer{
		OrderNumber: o.OrderNumber, Result: finance.Confirmed, Reference: "simulated " + o.OrderNumber, DisbursedAt: time.Now().UTC().Truncate(time.Millisecond),
	}
	carried := &request{content: o.content(), pending: pending, result: confirmed, ready: true}
	switch way {
	case ".01", ".06", ".07":
	case ".02", ".08":
		carried.ready = false
	case ".03":
		carried.result, carried.ready = finance.Answer{OrderNumber: o.OrderNumber, Result: finance.Failed, Reason: "The borrower's bank refused the payment (simulated)."}, false
	case ".04":
		if !s.failed[o.LoanNumber] {
			if len(s.failed) >= remembered {
				clear(s.failed)
			}
			s.failed[o.LoanNumber] = true
			carried.result = finance.Answer{
				OrderNumber: o.OrderNumber, Result: finance.Failed, Reason: "There is not enough money on the card (simulated).", FailedBidIDs: []string{o.Collections[0].BidID},
			}
		}
	case ".05":
		carried.ready, carried.whenAsked = false, true
	default:
		carried.result, carried.ready = nil, false // it becomes never ready
	}
	return carried
}
