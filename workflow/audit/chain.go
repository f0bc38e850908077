package audit

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"hash"
	"time"

	"lenddesk/ent"
)

// seal is the hash that ties an event to all before it.
func seal(before []byte, position int64, e *ent.Event) ([]byte, error) {
	h := sha256.New()
	part(h, before)
	number(h, position)
	number(h, int64(e.ID))
	text(h, &e.Kind)
	text(h, &e.SubjectType)
	number(h, e.SubjectID)
	text(h, &e.ActorType)
	number(h, e.ActorID)
	for _, s := range []*string{e.ActorName, e.From, e.To, e.Reason, e.Note, e.Address, e.RequestID} {
		text(h, s)
	}
	changes, err := json.Marshal(e.Changes) // its keys are sorted, however a database keeps them
	if err != nil {
		return nil, fmt.Errorf("seal an event: %w", err)
	}
	part(h, changes)
	at := e.At.UTC().Format(time.RFC3339Nano)
	text(h, &at)
	return h.Sum(nil), nil
}

// part is bytes with their length before them, so that nothing can move from one field into the next.
func part(h hash.Hash, b []byte) {
	number(h, int64(len(b)))
	_, _ = h.Write(b) // a hash takes everything
}

func number(h hash.Hash, n int64) {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	_, _ = h.Write(b[:])
}

// text is a text, or that there is none.
func text(h hash.Hash, s *string) {
	if s == nil {
		number(h, -1)
		return
	}
	part(h, []byte(*s))
}
