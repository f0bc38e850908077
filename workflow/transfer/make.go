package transfer

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/riverqueue/river"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/export"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
)

// MakeExport is the job of making an export's file.
type MakeExport struct {
	Export int64 `json:"export"`
}

// Kind names the job in the queue.
func (MakeExport) Kind() string { return "make_export" }

// InsertOpts has it tried five times.
func (MakeExport) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 5} }

// Maker makes files of exports. A file that was broken off is begun anew; the old one has no row, and is swept.
type Maker struct {
	river.WorkerDefaults[MakeExport]
	Office *Office
}

// Timeout is how long one file may take.
func (*Maker) Timeout(*river.Job[MakeExport]) time.Duration { return time.Hour }

// Work makes the file.
func (w *Maker) Work(ctx context.Context, job *river.Job[MakeExport]) error {
	e, err := w.Office.Store.Client().Export.Get(ctx, key.Export(job.Args.Export))
	if ent.IsNotFound(err) { // the customer was erased
		return nil
	}
	if err != nil {
		return fmt.Errorf("read an export: %w", err)
	}
	if e.Status != export.StatusRunning {
		return nil
	}
	failed := w.Office.produce(ctx, e)
	if failed == nil || ctx.Err() != nil || !errors.Is(failed, errSheetFull) && job.Attempt < job.MaxAttempts {
		return failed
	}
	said := "it could not be made; the server's log says why"
	if errors.Is(failed, errSheetFull) {
		said = errSheetFull.Error()
	}
	err = w.Office.Store.InTx(access.AsSystem(ctx, "exports"), func(ctx context.Context, tx *store.Tx) error {
		u := tx.Export.Update().SetFinishedAt(lifecycle.Now()).SetError(said).ClearFilter()
		return lifecycle.Make(ctx, tx, lifecycle.FailExport, u, file(e), lifecycle.Said{})
	})
	return errors.Join(err, river.JobCancel(failed)) // it stands in the log, too
}

// produce makes the file and then says that it is there, once.
func (o *Office) produce(ctx context.Context, e *ent.Export) error {
	v, err := o.newVault(ctx)
	if err != nil {
		return err
	}
	rows, err := o.write(access.With(ctx, asker(e.StaffID, e.APIKeyID, e.UserID, e.Permissions, e.Locale)), e, v)
	if err := v.close(err); err != nil {
		return err
	}
	err = o.Store.InTx(access.AsSystem(ctx, "exports"), func(ctx context.Context, tx *store.Tx) error {
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		now := lifecycle.Now()
		u := tx.Export.Update().SetBlob(v.name).SetSize(v.size).SetSha256(v.sha256()).SetRows(rows).SetTotal(rows).SetFinishedAt(now).
			SetExpiresAt(now.AddDate(0, 0, values.Int(parameter.ExportRetention))).ClearFilter()
		return lifecycle.Make(ctx, tx, lifecycle.FinishExport, u, file(e), lifecycle.Said{})
	})
	if err != nil {
		o.drop(ctx, v.name, err)
	}
	if _, refused := fault.Find(err); refused { // another run of the same job was faster
		return nil
	}
	return err
}

// write writes an export's content and says how many rows it has.
func (o *Office) write(ctx context.Context, e *ent.Export, to io.Writer) (int, error) {
	if e.Kind == export.KindUserData {
		return o.userData(ctx, e, to)
	}
	l := lists[e.Kind]
	written, err := o.Keys.Open(seal.ExportFilter, e.Filter)
	if err != nil {
		return 0, err
	}
	var filter map[string]any
	if err := json.Unmarshal([]byte(written), &filter); err != nil {
		return 0, fmt.Errorf("read the filter: %w", err)
	}
	names := make([]string, len(l.columns))
	for i, c := range l.columns {
		names[i] = c.name
	}
	s, err := newSheet(string(e.Format), to, names)
	if err != nil {
		return 0, err
	}
	rows, told, values := 0, 0, make([]any, len(l.columns))
	for after := (*string)(nil); ; {
		nodes, next, err := l.page(o, ctx, filter, after)
		if err != nil {
			return 0, err
		}
		opened := make([]full, len(nodes))
		if e.Unmasked {
			if opened, err = l.full(o, ctx, nodes); err != nil {
				return 0, err
			}
		}
		for i, n := range nodes {
			for j, c := range l.columns {
				values[j] = c.of(n, opened[i])
			}
			if err := s.row(values); err != nil {
				return 0, err
			}
		}
		if rows += len(nodes); next == nil {
			return rows, s.end()
		}
		if rows-told >= 2000 {
			told = rows
			if err := o.progress(ctx, e.ID, rows); err != nil {
				return 0, err
			}
		}
		after = next
	}
}

// progress says how far an export is.
func (o *Office) progress(ctx context.Context, k key.Export, rows int) error {
	return o.Store.InTx(access.AsSystem(ctx, "exports"), func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Export.Update().Where(export.ID(k), export.StatusEQ(export.StatusRunning)).SetRows(rows).Exec(ctx); err != nil {
			return fmt.Errorf("say how far an export is: %w", err)
		}
		return nil
	})
}
