package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/riverqueue/river"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/importation"
	"lenddesk/ent/importfault"
	"lenddesk/fault"
	"lenddesk/gateway/blob"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow/leads"
)

// ReadImport is the job of reading an import's file into the book.
type ReadImport struct {
	Import int64 `json:"import"`
}

// Kind names the job in the queue.
func (ReadImport) Kind() string { return "read_import" }

// Reader reads files of imports. One that was broken off goes on where it was: what was checked and entered stands in the transaction that did it.
type Reader struct {
	river.WorkerDefaults[ReadImport]
	Office *Office
}

// Timeout is how long one run may take; the next one goes on.
func (*Reader) Timeout(*river.Job[ReadImport]) time.Duration { return time.Hour }

const (
	checkedAtOnce = 1000 // rows in one transaction, during which on SQLite nobody else writes
	enteredAtOnce = 250
)

// errOvertaken says that another run of the same job is further.
var errOvertaken = errors.New("another run of this import is further")

// Work reads the file.
func (w *Reader) Work(ctx context.Context, job *river.Job[ReadImport]) error {
	i, err := w.Office.Store.Client().Importation.Get(ctx, key.Import(job.Args.Import))
	if err != nil {
		return fmt.Errorf("read an import: %w", err)
	}
	if i.Status != importation.StatusRunning {
		return nil
	}
	err = w.Office.carry(ctx, i)
	if spoilt := errors.Is(err, errSpoilt) || errors.Is(err, blob.ErrMissing); !spoilt && (err == nil || ctx.Err() != nil || job.Attempt < job.MaxAttempts) {
		return err
	}
	return errors.Join(w.Office.end(ctx, i, lifecycle.FailImport, "its file could not be read; the server's log says why"), river.JobCancel(err))
}

// carry takes an import from where it is to its end.
func (o *Office) carry(ctx context.Context, i *ent.Importation) error {
	content, err := o.content(ctx, *i.Blob)
	if err != nil {
		return err
	}
	rows, refused := read(content)
	if refused != nil {
		if err := o.fault(ctx, i, *refused); err != nil {
			return err
		}
		return o.end(ctx, i, lifecycle.FailImport, "the file as a whole cannot be read: see its faults")
	}
	file := make([]lead, len(rows))
	for n, r := range rows {
		if file[n], err = o.examine(r); err != nil {
			return err
		}
	}
	ctx = access.With(ctx, asker(i.StaffID, i.APIKeyID, nil, i.Permissions, i.Locale))
	if i.Rows == 0 && len(rows) > 0 {
		if err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			return step(tx.Importation.Update().SetRows(len(rows)).Where(importation.ID(i.ID), importation.StatusEQ(importation.StatusRunning)).Save(ctx))
		}); err != nil {
			return err
		}
	}
	good, err := o.check(ctx, i, file)
	if err != nil {
		return err
	}
	switch {
	case !i.DryRun && i.OnError == importation.OnErrorRejectAll && len(good) < len(file):
		return o.end(ctx, i, lifecycle.RefuseImport, "")
	case !i.DryRun:
		if err := o.enter(ctx, i, file, good); err != nil {
			return err
		}
	}
	return o.end(ctx, i, lifecycle.FinishImport, "")
}

// content is an import's file.
func (o *Office) content(ctx context.Context, name string) ([]byte, error) {
	from, err := o.openVault(ctx, name)
	if err != nil {
		return nil, err
	}
	defer from.Close()
	return io.ReadAll(from)
}

// step says whether a step was made, or another run has made it.
func step(n int, err error) error {
	switch {
	case err != nil:
		return fmt.Errorf("say how far an import is: %w", err)
	case n == 0:
		return errOvertaken
	}
	return nil
}

// check checks the rows that were not yet, and gives the lines of all good ones.
func (o *Office) check(ctx context.Context, i *ent.Importation, file []lead) (good map[int]bool, err error) {
	var faulty []int
	if err := o.Store.Client().ImportFault.Query().Where(importfault.ImportID(i.ID)).Unique(true).Select(importfault.FieldLine).Scan(ctx, &faulty); err != nil {
		return nil, fmt.Errorf("read the faults of an import: %w", err)
	}
	good, n := make(map[int]bool, len(file)), newInspector(o)
	for _, l := range file[:i.Checked] {
		good[l.line] = true
	}
	for _, line := range faulty {
		delete(good, line)
	}
	for at := range file[:i.Checked] {
		if l := &file[at]; good[l.line] {
			n.take(l)
		}
	}
	for from := i.Checked; from < len(file); from += checkedAtOnce {
		some := make([]*lead, 0, checkedAtOnce)
		for at := from; at < min(from+checkedAtOnce, len(file)); at++ {
			some = append(some, &file[at])
		}
		if err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			if err := n.inspect(ctx, tx, some); err != nil {
				return err
			}
			wrong := 0
			var told []*ent.ImportFaultCreate
			for _, l := range some {
				if len(l.faults) > 0 {
					wrong++
				}
				for _, f := range l.faults {
					told = append(told, tell(tx, i.ID, l.line, f))
				}
			}
			for some := range slices.Chunk(told, checkedAtOnce) {
				if err := tx.ImportFault.CreateBulk(some...).Exec(ctx); err != nil {
					return fmt.Errorf("keep the faults of an import: %w", err)
				}
			}
			return step(tx.Importation.Update().Where(importation.ID(i.ID), importation.StatusEQ(importation.StatusRunning), importation.Checked(from)).
				AddChecked(len(some)).AddFaulty(wrong).Save(ctx))
		}); err != nil {
			return nil, err
		}
		for _, l := range some {
			if len(l.faults) == 0 {
				good[l.line] = true
			}
		}
	}
	return good, nil
}

func tell(tx *store.Tx, k key.Import, line int, f fault.Fault) *ent.ImportFaultCreate {
	create := tx.ImportFault.Create().SetImportID(k).SetLine(line).SetCode(string(f.Code)).SetSentence(f.Sentence())
	if len(f.Field) > 0 {
		create.SetName(f.Field[0])
	}
	if len(f.Data) > 0 {
		create.SetData(f.Data)
	}
	return create
}

// fault keeps what is wrong with a file as a whole.
func (o *Office) fault(ctx context.Context, i *ent.Importation, p fault.Problem) error {
	return o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.ImportFault.Delete().Where(importfault.ImportID(i.ID)).Exec(ctx); err != nil {
			return fmt.Errorf("keep the faults of an import: %w", err)
		}
		return tell(tx, i.ID, 1, fault.Fault{Problem: p}).Exec(ctx)
	})
}

// enter adds the good rows that were not yet.
func (o *Office) enter(ctx context.Context, i *ent.Importation, file []lead, good map[int]bool) error {
	names := newInspector(o)
	for from := i.Passed; from < len(file); from += enteredAtOnce {
		some := file[from:min(from+enteredAtOnce, len(file))]
		if err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			var add []leads.Lead
			for at := range some {
				l := &some[at]
				if !good[l.line] {
					continue
				}
				if err := names.find(ctx, tx, l); err != nil { // what it names was found before; what is gone since is left out
					return err
				}
				add = append(add, l.customer)
			}
			if len(add) > 0 {
				if _, err := leads.Add(ctx, o.Desk, tx, add); err != nil {
					return err
				}
			}
			return step(tx.Importation.Update().Where(importation.ID(i.ID), importation.StatusEQ(importation.StatusRunning), importation.Passed(from)).
				AddPassed(len(some)).AddEntered(len(add)).Save(ctx))
		}); err != nil {
			return err
		}
	}
	return nil
}

// end ends an import and removes its file.
func (o *Office) end(ctx context.Context, i *ent.Importation, move lifecycle.Move[importation.Status], why string) error {
	err := o.Store.InTx(access.AsSystem(ctx, "imports"), func(ctx context.Context, tx *store.Tx) error {
		now, err := tx.Importation.Get(ctx, i.ID)
		if err != nil {
			return fmt.Errorf("read an import: %w", err)
		}
		u := tx.Importation.Update().SetFinishedAt(lifecycle.Now()).ClearBlob()
		if why != "" {
			u.SetError(why)
		}
		said := lifecycle.Said{Changes: map[string]any{"rows": now.Rows, "faulty": now.Faulty, "added": now.Entered}}
		return lifecycle.Make(ctx, tx, move, u, roll(now), said)
	})
	if err != nil {
		return err
	}
	o.drop(ctx, *i.Blob, nil)
	return nil
}
