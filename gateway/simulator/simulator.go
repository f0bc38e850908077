package simulator

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"sync"
	"time"

	"github.com/cenkalti/backoff/v5"

	"lenddesk/gateway/kxd"
	"lenddesk/gateway/kxdm"
	"lenddesk/gateway/outer"
	"lenddesk/gateway/signing"
)

// Options say how the simulator behaves; what is left out has a default by which a person can watch it.
type Options struct {
	KXD, KXDM []string      // the secrets of each; the first signs call-backs
	Finance   []string      // the same of finance
	Later     time.Duration // until a call-back; 2s
	Slow      time.Duration // how long an answer takes that is too late; 8s
	Down      int           // how many tries of a request find the system down; 4
	Log       *slog.Logger  // what cannot be told to who calls; nil: nowhere
}

// remembered is how many requests are kept; older ones are forgotten.
const remembered = 10_000

// Simulator is all three systems.
type Simulator struct {
	o       Options
	ctx     context.Context
	stop    context.CancelFunc
	calls   sync.WaitGroup
	mu      sync.Mutex
	known   map[string]*request // by system and request id
	order   []string
	refused map[[32]byte]bool // cards whose first payment has been refused
	failed  map[string]bool   // loans of which an order has failed for a bid
	down    map[string]int    // tries of a request that have found the system down
}

// request is a question that was taken.
type request struct {
	content   [32]byte
	pending   any  // what is told of it
	result    any  // what is told of it once it is ready
	ready     bool // the result may be told
	whenAsked bool // it may be told as soon as somebody asks
}

// system is how a system's messages are signed, and what KXD and KXDM differ in.
type system struct {
	name    string
	secrets []string
	result  func(s *Simulator, way string, card [32]byte) (result, code string)
}

// New starts a simulator.
func New(o Options) *Simulator {
	set(&o.Later, 2*time.Second)
	set(&o.Slow, 8*time.Second)
	set(&o.Down, 4)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	ctx, stop := context.WithCancel(context.Background())
	return &Simulator{o: o, ctx: ctx, stop: stop, known: map[string]*request{}, refused: map[[32]byte]bool{}, failed: map[string]bool{}, down: map[string]int{}}
}

func set[T comparable](option *T, value T) {
	var none T
	if *option == none {
		*option = value
	}
}

// Close ends what is under way: call-backs that have not been made are not made any more.
func (s *Simulator) Close() {
	s.stop()
	s.calls.Wait()
}

// Handler answers as KXD under /kxd, as KXDM under /kxdm and as finance under /finance.
func (s *Simulator) Handler() http.Handler {
	checks := system{"KXD", s.o.KXD, (*Simulator).check}
	pays := system{"KXDM", s.o.KXDM, (*Simulator).pay}
	carries := system{name: "finance", secrets: s.o.Finance}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /kxd/verifications", signed(checks, question.id, s.take))
	mux.HandleFunc("POST /kxd/verifications/status", signed(checks, question.id, s.tell))
	mux.HandleFunc("POST /kxdm/payments", signed(pays, question.id, s.take))
	mux.HandleFunc("POST /kxdm/payments/status", signed(pays, question.id, s.tell))
	mux.HandleFunc("POST /finance/orders", signed(carries, order.id, s.takeOrder))
	mux.HandleFunc("POST /finance/orders/status", signed(carries, order.id, func(w http.ResponseWriter, _ *http.Request, of system, _ []byte, o order) {
		s.say(w, of.name+" "+o.OrderNumber, "UNKNOWN_ORDER")
	}))
	return mux
}

func (s *Simulator) check(way string, _ [32]byte) (result, code string) {
	if way == "0001" {
		return string(kxd.Failed), "ELEMENTS_DIFFER"
	}
	return string(kxd.Passed), "OK"
}

func (s *Simulator) pay(way string, card [32]byte) (result, code string) {
	if way == "0002" && !s.refused[card] {
		if len(s.refused) >= remembered {
			clear(s.refused)
		}
		s.refused[card] = true
		return string(kxdm.Refused), "INSUFFICIENT_FUNDS"
	}
	return string(kxdm.Paid), "OK"
}

// question is what either system is asked; KXDM's has an amount, too.
type question struct {
	RequestID   string  `json:"requestId"`
	CallbackURL string  `json:"callbackUrl"`
	HolderName  string  `json:"holderName"`
	NationalID  string  `json:"nationalId"`
	CardNumber  string  `json:"cardNumber"`
	Phone       string  `json:"phone"`
	Amount      *string `json:"amount"`
	Currency    *string `json:"currency"`
}

func (q question) id() string { return q.RequestID }

// longest is how long a request may be: an order has a card for every bid.
const longest = 16 << 20

// signed checks who asks and reads the question.
func signed[Q any](of system, id func(Q) string, next func(http.ResponseWriter, *http.Request, system, []byte, Q)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longest))
		if err != nil {
			refuse(w, http.StatusBadRequest, "MALFORMED")
			return
		}
		if err := (signing.Verifier{Secrets: of.secrets}).Check(r.Header, body, time.Now()); err != nil {
			refuse(w, http.StatusUnauthorized, "SIGNATURE")
			return
		}
		var q Q
		if err := json.Unmarshal(body, &q); err != nil || id(q) == "" || len(id(q)) > 64 {
			refuse(w, http.StatusBadRequest, "MALFORMED")
			return
		}
		next(w, r, of, body, q)
	}
}

// take takes a question, once under its request id.
func (s *Simulator) take(w http.ResponseWriter, r *http.Request, of system, body []byte, q question) {
	if q.HolderName == "" || q.CardNumber == "" || q.Phone == "" || q.CallbackURL == "" || of.name == "KXDM" && (q.Amount == nil || q.Currency == nil) {
		refuse(w, http.StatusBadRequest, "MALFORMED")
		return
	}
	id, way := of.name+" "+q.RequestID, way(q.CardNumber)
	s.mu.Lock()
	if way == "0005" && s.finds(id, true) {
		s.mu.Unlock()
		refuse(w, http.StatusServiceUnavailable, "DOWN")
		return
	}
	was, again := s.known[id]
	if !again {
		now := time.Now().UTC().Truncate(time.Millisecond)
		result := outer.Answer{RequestID: q.RequestID, At: now}
		result.Result, result.Code = of.result(s, way, sha256.Sum256([]byte(q.CardNumber)))
		was = &request{
			content: sha256.Sum256(body), pending: outer.Answer{RequestID: q.RequestID, Result: outer.Pending, At: now}, result: result,
			ready: way != "0003" && way != "0004" && way != "0007", whenAsked: way == "0007",
		}
		s.remember(id, was)
	}
	status, answer := was.told()
	other := was.content != sha256.Sum256(body)
	s.mu.Unlock()
	switch {
	case other:
		refuse(w, http.StatusConflict, "OTHER_CONTENT")
		return
	case !again && way == "0003":
		s.callBack(of, q.CallbackURL, was, was.result)
	case !again && way == "0004":
		older := was.pending.(outer.Answer)
		older.At = older.At.Add(-time.Second)
		s.callBack(of, q.CallbackURL, was, was.result, older, was.result)
	case way == "0006" && !s.dawdles(r.Context()):
		return
	}
	write(w, status, answer)
}

// dawdles lets the time pass after which nobody listens any more. It returns false when who asks has given up.
func (s *Simulator) dawdles(ctx context.Context) bool {
	select {
	case <-time.After(s.o.Slow):
	case <-ctx.Done():
		return false
	case <-s.ctx.Done():
	}
	return true
}

// finds counts a try of a request that is not known, and tells whether it finds the system down. The count begins with the first order or question itself.
func (s *Simulator) finds(id string, first bool) bool {
	tries, counted := s.down[id]
	if s.known[id] != nil || !counted && !first || tries >= s.o.Down {
		return false
	}
	s.down[id]++
	return true
}

// tell answers what became of a request of KXD's or KXDM's.
func (s *Simulator) tell(w http.ResponseWriter, _ *http.Request, of system, _ []byte, q question) {
	s.say(w, of.name+" "+q.RequestID, "UNKNOWN_REQUEST")
}

// say answers what became of a request; unknown is the code for one that is not known.
func (s *Simulator) say(w http.ResponseWriter, id, unknown string) {
	s.mu.Lock()
	isDown := s.finds(id, false)
	was, known := s.known[id]
	var status int
	var answer any
	if known {
		was.ready = was.ready || was.whenAsked
		status, answer = was.told()
	}
	s.mu.Unlock()
	switch {
	case isDown:
		refuse(w, http.StatusServiceUnavailable, "DOWN")
	case !known:
		refuse(w, http.StatusNotFound, unknown)
	default:
		write(w, status, answer)
	}
}

// told is what may be told of a request now.
func (r *request) told() (status int, answer any) {
	if r.ready {
		return http.StatusOK, r.result
	}
	return http.StatusAccepted, r.pending
}

// remember keeps a request, and forgets the oldest when there are too many.
func (s *Simulator) remember(id string, r *request) {
	delete(s.down, id)
	s.known[id] = r
	if s.order = append(s.order, id); len(s.order) > remembered {
		delete(s.known, s.order[0])
		s.order = s.order[1:]
	}
}

// callBack makes call-backs, one after another, each until it is taken or has been tried for a while.
func (s *Simulator) callBack(of system, url string, r *request, answers ...any) {
	s.calls.Go(func() {
		for _, a := range answers {
			select {
			case <-time.After(s.o.Later):
			case <-s.ctx.Done():
				return
			}
			s.mu.Lock()
			r.ready = true
			s.mu.Unlock()
			waits := backoff.NewExponentialBackOff()
			waits.InitialInterval = s.o.Later
			_, err := backoff.Retry(s.ctx, func() (struct{}, error) { return struct{}{}, s.call(of, url, a) }, backoff.WithBackOff(waits), backoff.WithMaxTries(6))
			if err != nil && s.ctx.Err() == nil {
				s.o.Log.Warn("a call-back was not taken", "system", of.name, "error", err)
			}
		}
	})
}

// call makes one call-back. It is sent again after 404 and 5xx: who is called may not have written down yet what they asked.
func (s *Simulator) call(of system, url string, a any) error {
	body, err := json.Marshal(a)
	if err != nil {
		return backoff.Permanent(err)
	}
	ctx, cancel := context.WithTimeout(s.ctx, 10*time.Second)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return backoff.Permanent(fmt.Errorf("the address to call back is wrong"))
	}
	r.Header = signing.Sign(of.secrets[0], time.Now(), body)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return fmt.Errorf("nobody answers there")
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection serves again
	switch {
	case res.StatusCode < 300:
		return nil
	case res.StatusCode == http.StatusNotFound || res.StatusCode >= 500:
		return fmt.Errorf("HTTP %d", res.StatusCode)
	}
	return backoff.Permanent(fmt.Errorf("HTTP %d", res.StatusCode))
}

func refuse(w http.ResponseWriter, status int, code string) {
	write(w, status, map[string]string{"code": code})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who asks may be gone
}
