package access

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"strings"
	"time"

	"lenddesk/key"
	"lenddesk/seal"
)

// Downloads is the path at which the files of documents are, each under a pass, which stands in the query: paths are logged.
const Downloads = "/documents"

// DownloadLink is the name of the pass in the query.
const DownloadLink = "link"

// Pass lets whoever has it read the file of one document for a short time, as the one who was given it: it ends with their session or API key, and
// opens nothing that they may not see any more.
type Pass struct {
	Document key.Document
	Session  key.Session
	APIKey   key.APIKey
	At       time.Time // when it was given
}

// passes is the purpose under which passes are signed.
const passes seal.Purpose = "download"

// PassFor is the pass of a viewer; false for one who has neither a session nor an API key.
func PassFor(v Viewer, d key.Document, at time.Time) (Pass, bool) {
	return Pass{d, v.Session, v.APIKey, at}, v.Session != 0 || v.APIKey != 0
}

// Sign writes a pass as it stands in a link.
func (p Pass) Sign(keys *seal.Keys) (string, error) {
	var b [32]byte
	for i, n := range []int64{int64(p.Document), int64(p.Session), int64(p.APIKey), p.At.UnixMicro()} {
		binary.BigEndian.PutUint64(b[8*i:], uint64(n))
	}
	written := base64.RawURLEncoding.EncodeToString(b[:])
	signature, err := keys.Hash(passes, written)
	return written + "." + signature, err
}

// ReadPass reads a pass out of a link; false for one that nobody signed.
func ReadPass(keys *seal.Keys, link string) (Pass, bool) {
	written, signature, _ := strings.Cut(link, ".")
	right, err := keys.Hash(passes, written)
	if err != nil || subtle.ConstantTimeCompare([]byte(right), []byte(signature)) != 1 {
		return Pass{}, false
	}
	b, err := base64.RawURLEncoding.DecodeString(written)
	if err != nil || len(b) != 32 {
		return Pass{}, false
	}
	n := func(i int) int64 { return int64(binary.BigEndian.Uint64(b[8*i:])) }
	return Pass{key.Document(n(0)), key.Session(n(1)), key.APIKey(n(2)), time.UnixMicro(n(3)).UTC()}, true
}
