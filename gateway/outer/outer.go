// Package outer is how the platform's other systems are asked: a signed HTTP request with a deadline, tried again a few times, not tried at all while
// the system is known to be down.
//
// It owns the way there and the form of what KXD and KXDM answer. It does not own what is asked (packages kxd, kxdm, finance), the queue, or the record of a
// question. Every question carries a request id of ours: the other side does a thing once, however often it is asked under the same id.
//
// No error holds anything of a request or an answer but the system's name and an HTTP status.
package outer

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/sony/gobreaker/v2"

	"lenddesk/gateway/signing"
)

// Why a question has no answer.
var (
	// ErrUnavailable is a system that is down, slow, cuts the line or answers garbage. Whether it did what it was asked is not known.
	ErrUnavailable = errors.New("the system does not answer")
	// ErrUnknown is the answer to a question about a request that the system has not got, or has forgotten.
	ErrUnknown = errors.New("the system knows of no such request")
	// ErrRejected is an answer that the question itself is wrong: signature, form, or another content under the same request id.
	ErrRejected = errors.New("the system rejects the question")
)

// Options say how a system is reached. What is left out has a default that suits a system on the same network.
type Options struct {
	System      string // its name in errors: KXD
	URL         string // its address without a slash at the end
	Secrets     []string
	CallbackURL string            // where it calls back
	Deadline    time.Duration     // of one try; 5s
	Tries       uint              // at once, before the queue's longer pauses; 3
	Pause       time.Duration     // before the second try, doubling and never in step with others; 100ms
	Failures    uint32            // in a row, after which it counts as down; 10
	Closed      time.Duration     // how long it is then left alone; 10s
	Transport   http.RoundTripper // of its own; http.DefaultTransport
}

// Caller asks one system.
type Caller struct {
	o       Options
	http    *http.Client
	breaker *gobreaker.CircuitBreaker[reply]
}

// largest is how long an answer may be. Most have a few hundred bytes; one about an order may name thousands of bids.
const largest = 1 << 20

// Open checks the options. Secrets and personal data go over an open line to this machine only.
func Open(o Options) (*Caller, error) {
	at, err := url.Parse(o.URL)
	switch {
	case err != nil || at.Scheme != "http" && at.Scheme != "https" || at.Host == "" || at.User != nil || at.RawQuery != "" || at.Fragment != "":
		return nil, fmt.Errorf("%s: the address must be like https://kxd.example.com", o.System)
	case at.Scheme == "http" && !isThisMachine(at.Hostname()):
		return nil, fmt.Errorf("%s: the address of another machine must begin with https: card numbers go there", o.System)
	case len(o.Secrets) == 0:
		return nil, fmt.Errorf("%s: there is no secret", o.System)
	}
	o.URL = strings.TrimRight(o.URL, "/")
	set(&o.Deadline, 5*time.Second)
	set(&o.Tries, 3)
	set(&o.Pause, 100*time.Millisecond)
	set(&o.Failures, 10)
	set(&o.Closed, 10*time.Second)
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	return &Caller{
		o: o,
		http: &http.Client{
			Transport: o.Transport,
			// What is signed is meant for this address: it is not carried on to another.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
		breaker: gobreaker.NewCircuitBreaker[reply](gobreaker.Settings{
			Name: o.System, Timeout: o.Closed,
			ReadyToTrip:  func(c gobreaker.Counts) bool { return c.ConsecutiveFailures >= o.Failures },
			IsSuccessful: func(err error) bool { return err == nil || errors.Is(err, context.Canceled) },
		}),
	}, nil
}

func isThisMachine(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func set[T comparable](option *T, value T) {
	var none T
	if *option == none {
		*option = value
	}
}

// CallbackURL is where the system calls back.
func (c *Caller) CallbackURL() string { return c.o.CallbackURL }

// reply is an HTTP answer that was read to its end.
type reply struct {
	status int
	body   []byte
}

// Ask posts a question and reads the answer about this request. It returns ErrUnavailable, ErrUnknown or ErrRejected, wrapped with the system's name.
func (c *Caller) Ask(ctx context.Context, path, requestID string, question any, results ...string) (Answer, error) {
	return Put(ctx, c, path, question, func(body []byte) (Answer, error) {
		a, err := Read(body, results...)
		if err == nil && a.RequestID != requestID {
			return Answer{}, errMalformed
		}
		return a, err
	})
}

// Put posts a question and has the answer read; what cannot be read is no answer. It returns what Ask does.
func Put[A any](ctx context.Context, c *Caller, path string, question any, read func([]byte) (A, error)) (A, error) {
	var none A
	body, err := json.Marshal(question)
	if err != nil {
		return none, fmt.Errorf("%s: write the question: %w", c.o.System, err)
	}
	waits := backoff.NewExponentialBackOff()
	waits.InitialInterval, waits.RandomizationFactor, waits.Multiplier = c.o.Pause, 0.5, 2
	return backoff.Retry(ctx, func() (A, error) {
		r, err := c.breaker.Execute(func() (reply, error) { return c.once(ctx, path, body) })
		switch {
		case errors.Is(err, gobreaker.ErrOpenState), errors.Is(err, gobreaker.ErrTooManyRequests):
			return none, backoff.Permanent(fmt.Errorf("%s: %w: it was down, and is left alone for a while", c.o.System, ErrUnavailable))
		case ctx.Err() != nil:
			return none, backoff.Permanent(fmt.Errorf("%s: %w: %w", c.o.System, ErrUnavailable, ctx.Err()))
		case err != nil:
			return none, err
		case r.status == http.StatusNotFound:
			return none, backoff.Permanent(fmt.Errorf("%s: %w", c.o.System, ErrUnknown))
		case r.status != http.StatusOK && r.status != http.StatusAccepted:
			return none, backoff.Permanent(fmt.Errorf("%s: %w: HTTP %d", c.o.System, ErrRejected, r.status))
		}
		a, err := read(r.body)
		if err != nil {
			return none, fmt.Errorf("%s: %w: the answer is not what the contract says", c.o.System, ErrUnavailable)
		}
		return a, nil
	}, backoff.WithBackOff(waits), backoff.WithMaxTries(c.o.Tries))
}

// once sends one request and reads the answer. Everything that is no word of the system about the request is ErrUnavailable.
func (c *Caller) once(ctx context.Context, path string, body []byte) (reply, error) {
	ctx, cancel := context.WithTimeout(ctx, c.o.Deadline)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, c.o.URL+path, bytes.NewReader(body))
	if err != nil {
		return reply{}, fmt.Errorf("%s: the address is wrong", c.o.System)
	}
	r.Header = signing.Sign(c.o.Secrets[0], time.Now(), body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	res, err := c.http.Do(r)
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w: %w", c.o.System, ErrUnavailable, cause(err))
	}
	defer res.Body.Close()
	if res.StatusCode >= 500 || res.StatusCode == http.StatusTooManyRequests {
		return reply{}, fmt.Errorf("%s: %w: HTTP %d", c.o.System, ErrUnavailable, res.StatusCode)
	}
	said, err := io.ReadAll(io.LimitReader(res.Body, largest+1))
	if err != nil {
		return reply{}, fmt.Errorf("%s: %w: %w", c.o.System, ErrUnavailable, cause(err))
	}
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	if ok := res.StatusCode < 300; ok && (kind != "application/json" || len(said) > largest) {
		return reply{}, fmt.Errorf("%s: %w: the answer is not what the contract says", c.o.System, ErrUnavailable)
	}
	return reply{res.StatusCode, said}, nil
}

// cause is a network's error without the address that was asked, which may be nobody's business.
func cause(err error) error {
	if u, ok := errors.AsType[*url.Error](err); ok {
		err = u.Err
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) {
		return err
	}
	if n, ok := errors.AsType[net.Error](err); ok && n.Timeout() {
		return errors.New("it took too long")
	}
	return errors.New("the line broke")
}
