package origination

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"lenddesk/ent/document"
	"lenddesk/lifecycle"
)

// Sweep is the periodic job that removes files to which no document points: their upload was refused or cut off before its row was there.
type Sweep struct{}

// Kind names the job in the queue.
func (Sweep) Kind() string { return "sweep_files" }

// Sweeper removes files that belong to nothing.
type Sweeper struct {
	river.WorkerDefaults[Sweep]
	Office *Office
}

// unclaimed is how long a file may be there before its row is: much longer than a request may take.
const unclaimed = time.Hour

// Timeout is how long one run may take; the next one begins again.
func (*Sweeper) Timeout(*river.Job[Sweep]) time.Duration { return 10 * time.Minute }

// Work removes them.
func (w *Sweeper) Work(ctx context.Context, _ *river.Job[Sweep]) error {
	return w.Office.Sweep(ctx, lifecycle.Now().Add(-unclaimed))
}

// Sweep removes files written before a moment to which no document points.
func (o *Office) Sweep(ctx context.Context, before time.Time) error {
	return o.Files.Older(ctx, before, func(names []string) error {
		// Asked after the files were listed: a row that points at one of them has committed by now.
		var owned []string
		if err := o.Store.Client().Document.Query().Where(document.BlobIn(names...)).Select(document.FieldBlob).Scan(ctx, &owned); err != nil {
			return fmt.Errorf("look for the documents of files: %w", err)
		}
		keep := make(map[string]bool, len(owned))
		for _, name := range owned {
			keep[name] = true
		}
		for _, name := range names {
			if keep[name] {
				continue
			}
			if err := o.Files.Delete(ctx, name); err != nil {
				return err
			}
		}
		return nil
	})
}
