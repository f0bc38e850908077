package administration

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"

	"lenddesk/ent/claim"
	"lenddesk/ent/guess"
	"lenddesk/ent/idempotency"
	"lenddesk/ent/link"
	"lenddesk/ent/session"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
)

// CleanUp is the periodic job that removes what has expired.
type CleanUp struct{}

// Kind names the job in the queue.
func (CleanUp) Kind() string { return "clean_up" }

// Cleaner removes what has expired and was without effect already: sessions, claims, links, guesses, and the outcomes of idempotent mutations after
// their days.
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
		if _, err := tx.Link.Delete().Where(link.ExpiresAtLT(now)).Exec(ctx); err != nil {
			return fmt.Errorf("remove expired links: %w", err)
		}
		if _, err := tx.Guess.Delete().Where(guess.ExpiresAtLT(now)).Exec(ctx); err != nil {
			return fmt.Errorf("remove old guesses: %w", err)
		}
		values, err := w.Office.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		kept := now.AddDate(0, 0, -int(values.Int(parameter.IdempotencyDays)))
		if _, err := tx.Idempotency.Delete().Where(idempotency.CreatedAtLT(kept)).Exec(ctx); err != nil {
			return fmt.Errorf("remove outcomes that are no longer kept: %w", err)
		}
		return nil
	})
}
