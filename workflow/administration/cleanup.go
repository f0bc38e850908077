package administration

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"

	"lenddesk/ent/claim"
	"lenddesk/ent/session"
	"lenddesk/lifecycle"
	"lenddesk/store"
)

// CleanUp is the periodic job that removes what has expired.
type CleanUp struct{}

// Kind names the job in the queue.
func (CleanUp) Kind() string { return "clean_up" }

// Cleaner removes sessions and claims that have expired; they were without effect already.
type Cleaner struct {
	river.WorkerDefaults[CleanUp]
	Office *Office
}

// Work removes what has expired.
func (w *Cleaner) Work(ctx context.Context, _ *river.Job[CleanUp]) error {
	return w.Office.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := lifecycle.Now()
		if _, err := tx.Session.Delete().Where(session.ExpiresAtLT(now)).Exec(ctx); err != nil {
			return fmt.Errorf("remove expired sessions: %w", err)
		}
		if _, err := tx.Claim.Delete().Where(claim.ExpiresAtLT(now)).Exec(ctx); err != nil {
			return fmt.Errorf("remove expired claims: %w", err)
		}
		return nil
	})
}
