package door

import (
	"net/http"
	"testing"
)

func TestAnAddressIsBelievedOfTrustedProxiesOnly(t *testing.T) {
	for _, c := range []struct {
		name, peer, want string
		proxies, said    []string
	}{
		{"no proxy", "203.0.113.7:1234", "203.0.113.7", nil, nil},
		{"a header of the client's own", "203.0.113.7:1234", "203.0.113.7", nil, []string{"198.51.100.1"}},
		{"by a proxy that is not trusted", "203.0.113.7:1234", "203.0.113.7", []string{"10.0.0.0/8"}, []string{"198.51.100.1"}},
		{"by a trusted proxy", "10.1.2.3:1234", "198.51.100.1", []string{"10.0.0.0/8"}, []string{"198.51.100.1"}},
		{"by two, after what the client said itself", "10.1.2.3:1234", "198.51.100.1", []string{"10.0.0.0/8"}, []string{"192.0.2.1", "198.51.100.1, 10.9.9.9"}},
		{"by a trusted proxy that says nothing", "10.1.2.3:1234", "10.1.2.3", []string{"10.1.2.3"}, nil},
		{"by a trusted proxy that says nonsense", "10.1.2.3:1234", "10.1.2.3", []string{"10.1.2.3"}, []string{"somewhere"}},
		{"IPv6", "[2001:db8::1]:1234", "2001:db8:2::7", []string{"2001:db8::1"}, []string{"2001:db8:2::7"}},
		{"no peer", "", "", nil, nil},
	} {
		a, err := NewAddresses(c.proxies)
		if err != nil {
			t.Fatal(err)
		}
		r := &http.Request{RemoteAddr: c.peer, Header: http.Header{"X-Forwarded-For": c.said}}
		if got := a.Of(r); got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
	if _, err := NewAddresses([]string{"10.0.0.0/99"}); err == nil {
		t.Error("a range that is none is taken")
	}
}
