package origination

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"lenddesk/ent/document"
	"lenddesk/ent/export"
	"lenddesk/ent/importation"
	"lenddesk/lifecycle"
)

// Sweep is the periodic job that removes files to which no document, export or import points: their upload was refused or cut off before its row was there.
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
		var documents, exports, imports []string
		c := o.Store.Client()
		if err := errors.Join(
			c.Document.Query().Where(document.BlobIn(names...)).Select(document.FieldBlob).Scan(ctx, &documents),
			c.Export.Query().Where(export.BlobIn(names...)).Select(export.FieldBlob).Scan(ctx, &exports),
			c.Importation.Query().Where(importation.BlobIn(names...)).Select(importation.FieldBlob).Scan(ctx, &imports),
		); err != nil {
			return fmt.Errorf("look for what files belong to: %w", err)
		}
		keep := map[string]bool{}
		for _, name := range slices.Concat(documents, exports, imports) {
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
