package signing_test

import (
	"errors"
	"net/http"
	"testing"
	"time"

	"lenddesk/gateway/signing"
)

var now = time.Date(2026, 3, 1, 8, 0, 0, 0, time.UTC)

func TestASignatureIsOfOneBodyOneTimeAndOneSecret(t *testing.T) {
	body := []byte(`{"requestId":"1"}`)
	signed := signing.Sign("a secret", now, body)
	with := func(name, value string) http.Header {
		h := signed.Clone()
		h.Set(name, value)
		return h
	}
	for _, c := range []struct {
		what   string
		header http.Header
		body   string
		at     time.Time
		want   error
	}{
		{"as it was signed", signed, string(body), now, nil},
		{"at the end of the window", signed, string(body), now.Add(signing.Window), nil},
		{"after the window", signed, string(body), now.Add(signing.Window + time.Second), signing.ErrStale},
		{"by a clock that is ahead", signed, string(body), now.Add(-signing.Window), nil},
		{"by a clock that is too far ahead", signed, string(body), now.Add(-signing.Window - time.Second), signing.ErrStale},
		{"another body", signed, string(body) + " ", now, signing.ErrForged},
		{"another time", with(signing.Timestamp, "1772352001"), string(body), now, signing.ErrForged},
		{"a time that is none", with(signing.Timestamp, "now"), string(body), now, signing.ErrForged},
		{"no signature", with(signing.Signature, ""), string(body), now, signing.ErrForged},
		{"half a signature", with(signing.Signature, signed.Get(signing.Signature)[:20]), string(body), now, signing.ErrForged},
		{"another version", with(signing.Signature, "v0"+signed.Get(signing.Signature)[2:]), string(body), now, signing.ErrForged},
		{"nothing at all", http.Header{}, string(body), now, signing.ErrForged},
	} {
		if got := (signing.Verifier{Secrets: []string{"a secret"}}).Check(c.header, []byte(c.body), c.at); !errors.Is(got, c.want) {
			t.Errorf("%s: %v, want %v", c.what, got, c.want)
		}
	}
	if err := (signing.Verifier{Secrets: []string{"another", "a secret"}}).Check(signed, body, now); err != nil {
		t.Errorf("one of two secrets: %v", err)
	}
	for _, secrets := range [][]string{nil, {"another"}, {""}} {
		if err := (signing.Verifier{Secrets: secrets}).Check(signed, body, now); !errors.Is(err, signing.ErrForged) {
			t.Errorf("secrets %q: %v", secrets, err)
		}
	}
}

// The form is a promise to those who write the other side: HMAC-SHA256 of "1772352000.{}" under "key", as any tool computes it.
func TestTheFormOfASignature(t *testing.T) {
	h := signing.Sign("key", now, []byte("{}"))
	if stamp, signature := h.Get("X-Signature-Timestamp"), h.Get("X-Signature"); stamp != "1772352000" || signature != "v1=651881d69fcd65d6893af6100908a9412e0dd66eaf34886e51049d695e0bd561" {
		t.Errorf("%s %s", stamp, signature)
	}
}

func FuzzCheck(f *testing.F) {
	f.Add("1772352000", "v1=00", []byte("{}"))
	f.Fuzz(func(t *testing.T, stamp, signature string, body []byte) {
		h := http.Header{}
		h.Set(signing.Timestamp, stamp)
		h.Set(signing.Signature, signature)
		if err := (signing.Verifier{Secrets: []string{"a secret that nobody guesses"}}).Check(h, body, now); err == nil {
			t.Error("taken without knowing the secret")
		}
	})
}
