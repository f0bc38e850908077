package administration

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"lenddesk/ent/apikey"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
)

// KeyUse notes when API keys are used: to the minute, beside the requests, which never wait for it. What a stop or a crash leaves unnoted is lost; it
// is a hint for people, not a proof.
type KeyUse struct {
	office *Office
	log    *slog.Logger
	due    chan key.APIKey

	mu   sync.Mutex
	last map[key.APIKey]time.Time // when a note of each was last asked for
}

// everyMinute is how often a key in use is noted, at most.
const everyMinute = time.Minute

// NewKeyUse makes the notes; Run writes them.
func NewKeyUse(o *Office, log *slog.Logger) *KeyUse {
	return &KeyUse{office: o, log: log, due: make(chan key.APIKey, 64), last: map[key.APIKey]time.Time{}}
}

// Used says that a key has just come in. It does not wait.
func (u *KeyUse) Used(k key.APIKey) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if time.Since(u.last[k]) < everyMinute {
		return
	}
	select {
	case u.due <- k:
		u.last[k] = time.Now()
	default: // many keys at once: the next request asks again
	}
}

// Run writes notes until the context ends.
func (u *KeyUse) Run(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case k := <-u.due:
			if err := u.note(ctx, k); err != nil && ctx.Err() == nil {
				u.log.Warn("note the use of an API key", "error", err)
			}
		}
	}
}

// note writes the time unless another server has done so within the minute.
func (u *KeyUse) note(ctx context.Context, k key.APIKey) error {
	return u.office.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := lifecycle.Now()
		stale := apikey.Or(apikey.LastUsedAtIsNil(), apikey.LastUsedAtLTE(now.Add(-everyMinute)))
		if err := tx.APIKey.Update().Where(apikey.ID(k), stale).SetLastUsedAt(now).Exec(ctx); err != nil {
			return fmt.Errorf("write the time: %w", err)
		}
		return nil
	})
}
