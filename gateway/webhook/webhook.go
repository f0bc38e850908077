// Package webhook sends signed messages to addresses that administrators have entered.
//
// It owns the way there: one try with a deadline, no redirects, and never into the operator's own network: an address is looked at when the connection is
// made, after its name was resolved, so that no name can point inside. It does not own what is sent, nor when it is tried again.
package webhook

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"code.dny.dev/ssrf"

	"lenddesk/gateway/signing"
)

// Deadline is how long one try may take.
const Deadline = 10 * time.Second

// MaxURL is the longest address.
const MaxURL = 500

// ErrAddress is an address to which nothing may be sent.
var ErrAddress = errors.New("nothing may be sent to this address")

// Sender sends. It is safe for concurrent use.
type Sender struct {
	http    *http.Client
	allowed bool // the operator has allowed ranges of the own network: plain http may go there
}

// New makes a sender that reaches the internet, and of the operator's own network only these ranges.
func New(allowed ...netip.Prefix) *Sender {
	var v4, v6 []netip.Prefix
	for _, p := range allowed {
		if p.Addr().Is4() {
			v4 = append(v4, p)
		} else {
			v6 = append(v6, p)
		}
	}
	guard := ssrf.New(ssrf.WithAnyPort(), ssrf.WithAllowedV4Prefixes(v4...), ssrf.WithAllowedV6Prefixes(v6...))
	transport := http.DefaultTransport.(*http.Transport).Clone()
	transport.Proxy = nil // it would be asked instead of the address
	transport.DialContext = (&net.Dialer{Timeout: Deadline, Control: guard.Safe}).DialContext
	transport.MaxIdleConnsPerHost = 2
	return &Sender{allowed: len(allowed) > 0, http: &http.Client{
		Transport: transport, Timeout: Deadline,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Check refuses an address that can be none: https, and http where the operator has allowed ranges of the own network.
func (s *Sender) Check(address string) error {
	u, err := url.Parse(address)
	if err != nil || len(address) > MaxURL || u.Hostname() == "" || u.User != nil || u.Fragment != "" || u.Scheme != "https" && !(u.Scheme == "http" && s.allowed) {
		return ErrAddress
	}
	return nil
}

// Send tries once. It returns the status, 0 when there was none; an error unless that is 2xx. No error holds anything of the address or the answer.
func (s *Sender) Send(ctx context.Context, address, secret, id string, body []byte) (int, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		return 0, ErrAddress
	}
	r.Header = signing.Sign(secret, time.Now(), body)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "lenddesk")
	r.Header.Set("Idempotency-Key", id)
	res, err := s.http.Do(r)
	if err != nil {
		return 0, reason(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return res.StatusCode, fmt.Errorf("answered %d", res.StatusCode)
	}
	return res.StatusCode, nil
}

// reason says what went wrong, in words that are safe to keep.
func reason(err error) error {
	var dns *net.DNSError
	var slow net.Error
	switch {
	case errors.Is(err, ssrf.ErrProhibitedIP), errors.Is(err, ssrf.ErrProhibitedNetwork):
		return fmt.Errorf("%w: it is in a private network", ErrAddress)
	case errors.As(err, &slow) && slow.Timeout():
		return errors.New("no answer in time")
	case errors.As(err, &dns):
		return errors.New("the name is not known")
	}
	return errors.New("no connection, or it broke off")
}
