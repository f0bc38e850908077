package transfer

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"lenddesk/access"
	"lenddesk/ent/export"
	"lenddesk/fault"
	"lenddesk/lifecycle"
	"lenddesk/store"
)

// ExpireExports is the periodic job that removes the files of exports whose days are over.
type ExpireExports struct{}

// Kind names the job in the queue.
func (ExpireExports) Kind() string { return "expire_exports" }

// Expirer removes them.
type Expirer struct {
	river.WorkerDefaults[ExpireExports]
	Office *Office
}

// Work removes them.
func (w *Expirer) Work(ctx context.Context, _ *river.Job[ExpireExports]) error {
	return w.Office.Expire(ctx, lifecycle.Now())
}

// Expire removes the files whose days were over at a moment: first from the row, then from the store. What is left between the two is swept.
func (o *Office) Expire(ctx context.Context, now time.Time) error {
	ctx = access.AsSystem(ctx, "exports")
	for {
		over, err := o.Store.Client().Export.Query().Where(export.StatusEQ(export.StatusSucceeded), export.ExpiresAtLTE(now)).Limit(100).All(ctx)
		if err != nil {
			return fmt.Errorf("look for exports whose days are over: %w", err)
		}
		var failed error
		for _, e := range over {
			err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
				return lifecycle.Make(ctx, tx, lifecycle.ExpireExport, tx.Export.Update().ClearBlob(), file(e), lifecycle.Said{})
			})
			if _, done := fault.Find(err); done { // by another server
				continue
			}
			if err == nil {
				err = o.Files.Delete(ctx, *e.Blob)
			}
			failed = errors.Join(failed, err)
		}
		if failed != nil || len(over) < 100 {
			return failed
		}
	}
}
