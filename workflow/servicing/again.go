package servicing

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"

	"lenddesk/ent/disbursement"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
)

// AskAgain is the job of looking for orders of which nothing has been reported for too long: finance may have forgotten them, or its call-back went astray.
type AskAgain struct{}

// Kind names the job in the queue.
func (AskAgain) Kind() string { return "ask_finance_again" }

// Reminder queues the orders that have waited too long. It may run as often as one likes: an order waits in the queue once at a time.
type Reminder struct {
	river.WorkerDefaults[AskAgain]
	Office *Office
}

// Work queues every open order of which finance was last asked longer ago than the parameter FINANCE_PATIENCE; those that do not fit in are for the next run.
func (w *Reminder) Work(ctx context.Context, _ *river.Job[AskAgain]) error {
	return w.Office.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		values, err := w.Office.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		since := lifecycle.Now().Add(-values.Duration(parameter.FinancePatience))
		waiting, err := tx.Disbursement.Query().Where(disbursement.StateEQ(disbursement.StateOrdered), disbursement.CreatedAtLT(since),
			disbursement.Or(disbursement.AskedAtIsNil(), disbursement.AskedAtLT(since))).
			Order(disbursement.ByAskedAt(), disbursement.ByID()).Limit(atOnce).IDs(ctx)
		if err != nil {
			return fmt.Errorf("look for orders without a report: %w", err)
		}
		for _, k := range waiting {
			if err := w.Office.Queue.Enqueue(ctx, tx, Tell{Order: int64(k)}, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
