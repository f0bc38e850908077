package door

import (
	"fmt"
	"net"
	"net/http"
	"slices"

	"github.com/realclientip/realclientip-go"
)

// Addresses tells the address that a request comes from: the peer's own, or where the peer is a trusted proxy, the last one in X-Forwarded-For that is
// none. A client can write whatever it likes into that header: without a proxy that is trusted it says nothing.
type Addresses struct {
	trusted []net.IPNet
	proxied realclientip.Strategy
}

// NewAddresses takes the addresses and ranges (10.0.0.0/8) of the proxies that are trusted.
func NewAddresses(proxies []string) (*Addresses, error) {
	trusted, err := realclientip.AddressesAndRangesToIPNets(proxies...)
	if err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	proxied, err := realclientip.NewRightmostTrustedRangeStrategy("X-Forwarded-For", trusted)
	if err != nil {
		return nil, fmt.Errorf("trusted proxies: %w", err)
	}
	return &Addresses{trusted, proxied}, nil
}

// Of is the address of a request, without a port.
func (a *Addresses) Of(r *http.Request) string {
	peer, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return ""
	}
	ip := net.ParseIP(peer)
	if ip == nil || !slices.ContainsFunc(a.trusted, func(n net.IPNet) bool { return n.Contains(ip) }) {
		return peer
	}
	if client := a.proxied.ClientIP(r.Header, r.RemoteAddr); client != "" {
		return client
	}
	return peer
}
