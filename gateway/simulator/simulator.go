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
	Later     time.Duration // until a call-back; 2s
	Slow      time.Duration // how long an answer takes that is too late; 8s
	Down      int           // how many tries of a request find the system down; 4
	Log       *slog.Logger  // what cannot be told to who calls; nil: nowhere
}

// remembered is how many requests are kept; older ones are forgotten.
const remembered = 10_000

// Simulator is both systems.
type Simulator struct {
	o       Options
	ctx     context.Context
	stop    context.CancelFunc
	calls   sync.WaitGroup
	mu      sync.Mutex
	known   map[string]*request // by system and request id
	order   []string
	refused map[[32]byte]bool // cards whose first payment has been refused
	down    map[string]int    // tries of a request that have found the system down
}

// request is a question that was taken.
type request struct {
	content [32]byte
	way     string
	result  outer.Answer
	ready   bool // the result may be told
}

// system is what KXD and KXDM differ in.
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
	return &Simulator{o: o, ctx: ctx, stop: stop, known: map[string]*request{}, refused: map[[32]byte]bool{}, down: map[string]int{}}
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

// Handler answers as KXD under /kxd and as KXDM under /kxdm.
func (s *Simulator) Handler() http.Handler {
	checks := system{"KXD", s.o.KXD, (*Simulator).check}
	pays := system{"KXDM", s.o.KXDM, (*Simulator).pay}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /kxd/verifications", s.signed(checks, s.take))
	mux.HandleFunc("POST /kxd/verifications/status", s.signed(checks, s.tell))
	mux.HandleFunc("POST /kxdm/payments", s.signed(pays, s.take))
	mux.HandleFunc("POST /kxdm/payments/status", s.signed(pays, s.tell))
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

// signed checks who asks and reads the question.
func (s *Simulator) signed(of system, next func(http.ResponseWriter, *http.Request, system, []byte, question)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, 64<<10))
		if err != nil {
			say(w, http.StatusBadRequest, "MALFORMED")
			return
		}
		if err := (signing.Verifier{Secrets: of.secrets}).Check(r.Header, body, time.Now()); err != nil {
			say(w, http.StatusUnauthorized, "SIGNATURE")
			return
		}
		var q question
		if err := json.Unmarshal(body, &q); err != nil || q.RequestID == "" || len(q.RequestID) > 64 {
			say(w, http.StatusBadRequest, "MALFORMED")
			return
		}
		next(w, r, of, body, q)
	}
}

// take takes a question, once under its request id.
func (s *Simulator) take(w http.ResponseWriter, r *http.Request, of system, body []byte, q question) {
	if q.HolderName == "" || q.CardNumber == "" || q.Phone == "" || q.CallbackURL == "" || of.name == "KXDM" && (q.Amount == nil || q.Currency == nil) {
		say(w, http.StatusBadRequest, "MALFORMED")
		return
	}
	id, way := of.name+" "+q.RequestID, way(q.CardNumber)
	s.mu.Lock()
	if way == "0005" && s.known[id] == nil && s.down[id] < s.o.Down {
		s.down[id]++
		s.mu.Unlock()
		say(w, http.StatusServiceUnavailable, "DOWN")
		return
	}
	was, again := s.known[id]
	if !again {
		was = &request{content: sha256.Sum256(body), way: way, ready: way != "0003" && way != "0004" && way != "0007"}
		was.result = outer.Answer{RequestID: q.RequestID, At: time.Now().UTC().Truncate(time.Millisecond)}
		was.result.Result, was.result.Code = of.result(s, way, sha256.Sum256([]byte(q.CardNumber)))
		s.remember(id, was)
	}
	answer, other := was.told(), was.content != sha256.Sum256(body)
	s.mu.Unlock()
	switch {
	case other:
		say(w, http.StatusConflict, "OTHER_CONTENT")
		return
	case !again && way == "0003":
		s.callBack(of, q.CallbackURL, was, was.result)
	case !again && way == "0004":
		older := outer.Answer{RequestID: q.RequestID, Result: outer.Pending, At: was.result.At.Add(-time.Second)}
		s.callBack(of, q.CallbackURL, was, was.result, older, was.result)
	case way == "0006":
		select {
		case <-time.After(s.o.Slow):
		case <-r.Context().Done(): // they have given up
			return
		case <-s.ctx.Done():
		}
	}
	reply(w, answer)
}

// tell answers what became of a request.
func (s *Simulator) tell(w http.ResponseWriter, _ *http.Request, of system, _ []byte, q question) {
	id := of.name + " " + q.RequestID
	s.mu.Lock()
	tries, waiting := s.down[id]
	was, known := s.known[id]
	isDown := waiting && !known && tries < s.o.Down
	if isDown {
		s.down[id]++
	}
	var answer outer.Answer
	if known {
		was.ready = was.ready || was.way == "0007"
		answer = was.told()
	}
	s.mu.Unlock()
	switch {
	case isDown:
		say(w, http.StatusServiceUnavailable, "DOWN")
	case !known:
		say(w, http.StatusNotFound, "UNKNOWN_REQUEST")
	default:
		reply(w, answer)
	}
}

// told is what may be told of a request now.
func (r *request) told() outer.Answer {
	if r.ready {
		return r.result
	}
	return outer.Answer{RequestID: r.result.RequestID, Result: outer.Pending, At: r.result.At}
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
func (s *Simulator) callBack(of system, url string, r *request, answers ...outer.Answer) {
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
func (s *Simulator) call(of system, url string, a outer.Answer) error {
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

func reply(w http.ResponseWriter, a outer.Answer) {
	status := http.StatusOK
	if a.Result == outer.Pending {
		status = http.StatusAccepted
	}
	write(w, status, a)
}

func say(w http.ResponseWriter, status int, code string) {
	write(w, status, map[string]string{"code": code})
}

func write(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // who asks may be gone
}
