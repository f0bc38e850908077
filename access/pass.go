package access

import (
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"lenddesk/key"
	"lenddesk/seal"
)

// Downloads are the paths at which files are, by what they belong to, each under a pass, which stands in the query: paths are logged.
var Downloads = map[key.Kind]string{key.KindDocument: "/documents", key.KindExport: "/exports", key.KindBackup: "/backups"}

// passKinds are the kinds as they stand in a pass: a line may be added, never changed.
var passKinds = []key.Kind{key.KindDocument, key.KindExport, key.KindBackup}

// Fresh says whether the pass may still be used, of as long as one lasts. A clock that is a minute behind is forgiven.
func (p Pass) Fresh(now time.Time, lasts time.Duration) bool {
	age := now.Sub(p.At)
	return age >= -time.Minute && age <= lasts
}

// DownloadLink is the name of the pass in the query.
const DownloadLink = "link"

// Pass lets whoever has it read the file of one object for a short time, as the one who was given it: it ends with their session or API key, and
// opens nothing that they may not see any more.
type Pass struct {
	Kind    key.Kind // of what the file belongs to, one of Downloads
	ID      int64
	Session key.Session
	APIKey  key.APIKey
	At      time.Time // when it was given
}

// passes is the purpose under which passes are signed.
const passes seal.Purpose = "download"

// PassFor is the pass of a viewer; false for one who has neither a session nor an API key.
func PassFor(v Viewer, kind key.Kind, id int64, at time.Time) (Pass, bool) {
	return Pass{kind, id, v.Session, v.APIKey, at}, v.Session != 0 || v.APIKey != 0
}

// passLength is the length of a pass before it is written as text.
const passLength = 40

// Sign writes a pass as it stands in a link.
func (p Pass) Sign(keys *seal.Keys) (string, error) {
	var b [passLength]byte
	for i, n := range []int64{int64(slices.Index(passKinds, p.Kind)), p.ID, int64(p.Session), int64(p.APIKey), p.At.UnixMicro()} {
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
	if err != nil || len(b) != passLength {
		return Pass{}, false
	}
	n := func(i int) int64 { return int64(binary.BigEndian.Uint64(b[8*i:])) }
	kind := n(0)
	if kind < 0 || kind >= int64(len(passKinds)) {
		return Pass{}, false
	}
	return Pass{passKinds[kind], n(1), key.Session(n(2)), key.APIKey(n(3)), time.UnixMicro(n(4)).UTC()}, true
}
