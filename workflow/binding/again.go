package binding

import (
	"context"
	"fmt"

	"github.com/riverqueue/river"

	"lenddesk/ent/bankcardattempt"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
)

// AskAgain is the job of looking for questions that have had no answer for too long: the other side may have forgotten us, or its call-back went astray.
type AskAgain struct{}

// Kind names the job in the queue.
func (AskAgain) Kind() string { return "ask_about_cards_again" }

// atOnce is how many questions one run puts into the queue; the next run takes the others.
const atOnce = 500

// Reminder queues the questions that have waited too long. It may run as often as one likes: a question waits in the queue once at a time.
type Reminder struct {
	river.WorkerDefaults[AskAgain]
	Office *Office
}

// Work queues every question that was last asked longer ago than the parameter CARD_PATIENCE.
func (w *Reminder) Work(ctx context.Context, _ *river.Job[AskAgain]) error {
	return w.Office.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		values, err := w.Office.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		since := lifecycle.Now().Add(-values.Duration(parameter.CardPatience))
		waiting, err := tx.BankCardAttempt.Query().Where(bankcardattempt.FinishedAtIsNil(), bankcardattempt.StartedAtLT(since),
			bankcardattempt.Or(bankcardattempt.AskedAtIsNil(), bankcardattempt.AskedAtLT(since))).
			Order(bankcardattempt.ByStartedAt()).Limit(atOnce).IDs(ctx)
		if err != nil {
			return fmt.Errorf("look for questions without an answer: %w", err)
		}
		for _, k := range waiting {
			if err := w.Office.Queue.Enqueue(ctx, tx, Ask{Attempt: int64(k)}, nil); err != nil {
				return err
			}
		}
		return nil
	})
}
