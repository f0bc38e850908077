package audit

import (
	"bytes"
	"context"
	"encoding/hex"
	"fmt"
	"time"

	"lenddesk/ent"
	"lenddesk/ent/event"
	"lenddesk/lifecycle"
)

// Head is the end of the chain: how many events it has, and the last one's seal. Kept elsewhere, it proves later that nothing was cut off.
type Head struct {
	Events int64
	Seal   string // hexadecimal; empty when there is none
}

// String is the head as it is written down: 1204:9f86d0…
func (h Head) String() string { return fmt.Sprintf("%d:%s", h.Events, h.Seal) }

// ParseHead reads a head as it was written down.
func ParseHead(s string) (h Head, err error) {
	if _, err := fmt.Sscanf(s, "%d:%s", &h.Events, &h.Seal); err != nil || h.Events < 1 {
		return h, fmt.Errorf("a head is written NUMBER:SEAL, as `audit verify` printed it")
	}
	return h, nil
}

// late is how long an event may be without a seal while servers run.
const late = time.Minute

// Broken says where the chain does not hold.
type Broken struct {
	Position int64
	Why      string
}

func (b *Broken) Error() string {
	return fmt.Sprintf("the trail is broken at event %d: %s", b.Position, b.Why)
}

// Verify walks the whole chain and returns its head, or a *Broken. known are heads from before that must be in it.
func Verify(ctx context.Context, client *ent.Client, known ...Head) (Head, error) {
	var head Head
	var before []byte
	erased, vouched := map[string]*tally{}, map[string]Erasure{}
	for {
		events, err := client.Event.Query().Where(event.PositionGT(head.Events)).Order(event.ByPosition()).Limit(batch).All(ctx)
		if err != nil {
			return head, fmt.Errorf("read the trail: %w", err)
		}
		for _, e := range events {
			if *e.Position != head.Events+1 {
				return head, &Broken{head.Events + 1, "it is missing"}
			}
			made, err := seal(before, *e.Position, e)
			if err != nil {
				return head, err
			}
			if e.Erasure != nil { // what it was sealed over is gone: see Erasure
				if erased[*e.Erasure] == nil {
					erased[*e.Erasure] = newTally()
				}
				if err := erased[*e.Erasure].add(e); err != nil {
					return head, err
				}
				made = e.Seal
			}
			if v, ok := vouches(e); ok && e.Erasure == nil {
				vouched[v.Token] = v
			}
			if !bytes.Equal(made, e.Seal) {
				return head, &Broken{*e.Position, "it, or its seal, is not what was sealed"}
			}
			before, head = made, Head{*e.Position, hex.EncodeToString(made)}
			for _, k := range known {
				if k.Events == head.Events && k.Seal != head.Seal {
					return head, &Broken{head.Events, "another head was noted for it: the trail was written anew"}
				}
			}
		}
		if len(events) < batch {
			break
		}
	}
	for _, k := range known {
		if k.Events > head.Events {
			return head, &Broken{head.Events + 1, fmt.Sprintf("the trail ends here, and had %d events", k.Events)}
		}
	}
	if err := vouchedFor(ctx, client, erased, vouched); err != nil {
		return head, err
	}
	waiting, err := client.Event.Query().Where(event.PositionIsNil(), event.AtLT(lifecycle.Now().Add(-late))).Count(ctx)
	if err != nil {
		return head, fmt.Errorf("look for events without a seal: %w", err)
	}
	if waiting > 0 {
		return head, &Broken{head.Events + 1, fmt.Sprintf("%d events older than a minute have no seal: put in beside the program, or no server has run since", waiting)}
	}
	return head, nil
}

// vouchedFor compares what was redacted with what erasures vouch for.
func vouchedFor(ctx context.Context, client *ent.Client, erased map[string]*tally, vouched map[string]Erasure) error {
	late, err := client.Event.Query().Where(event.PositionIsNil(), event.Kind(lifecycle.Kind(lifecycle.EraseUser.Name))).All(ctx)
	if err != nil {
		return fmt.Errorf("look for events without a seal: %w", err)
	}
	for _, e := range late { // not sealed yet
		if v, ok := vouches(e); ok {
			vouched[v.Token] = v
		}
	}
	for token, t := range erased {
		if v, ok := vouched[token]; !ok || v != t.erasure(token) {
			return &Broken{t.first, "it, or another that the same erasure redacted, is not what the erasure left of it"}
		}
	}
	for token, v := range vouched {
		if v.Events > 0 && erased[token] == nil {
			return &Broken{1, "events that an erasure redacted are not there"}
		}
	}
	return nil
}
