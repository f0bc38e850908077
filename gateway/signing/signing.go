// Package signing is how the platform's systems and we know that a message is the other's: HMAC-SHA256 (RFC 2104) over the time and the body.
//
// It owns the two headers and their check. It does not own who may say what, nor that a message is taken once: one that is sent again within the window
// is genuine, and what it says must be such that it takes effect once.
package signing

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// The headers of a signed message.
const (
	Timestamp = "X-Signature-Timestamp" // seconds since 1970, as digits
	Signature = "X-Signature"           // "v1=" and 64 hexadecimal digits: HMAC-SHA256 of timestamp, ".", body
)

// Window is how old a message may be, and how far ahead the other side's clock.
const Window = 5 * time.Minute

// Why a message is not taken.
var (
	ErrForged = errors.New("the signature is missing or wrong")
	ErrStale  = errors.New("the message is too old, or from too far ahead")
)

const version = "v1="

// Sign gives the headers of a message.
func Sign(secret string, at time.Time, body []byte) http.Header {
	stamp := strconv.FormatInt(at.Unix(), 10)
	h := http.Header{}
	h.Set(Timestamp, stamp)
	h.Set(Signature, version+hex.EncodeToString(sum(secret, stamp, body)))
	return h
}

func sum(secret, stamp string, body []byte) []byte {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stamp))
	mac.Write([]byte{'.'})
	mac.Write(body)
	return mac.Sum(nil)
}

// Verifier checks messages. Several secrets are believed while they are rotated.
type Verifier struct{ Secrets []string }

// Check tells whether a message was signed under one of the secrets, not long ago: ErrForged, ErrStale, or nil. The signature is looked at first: only
// who has a secret learns that a message is stale.
func (v Verifier) Check(h http.Header, body []byte, now time.Time) error {
	stamp := h.Get(Timestamp)
	seconds, err := strconv.ParseInt(stamp, 10, 64)
	if err != nil {
		return ErrForged
	}
	said, ok := strings.CutPrefix(h.Get(Signature), version)
	if !ok {
		return ErrForged
	}
	mac, err := hex.DecodeString(said)
	if err != nil {
		return ErrForged
	}
	genuine := false
	for _, secret := range v.Secrets {
		genuine = hmac.Equal(mac, sum(secret, stamp, body)) || genuine
	}
	if !genuine {
		return ErrForged
	}
	if at := time.Unix(seconds, 0); at.Before(now.Add(-Window)) || at.After(now.Add(Window)) {
		return ErrStale
	}
	return nil
}
