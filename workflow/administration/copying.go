package administration

import (
	"context"
	"errors"
	"fmt"
	"time"
	"unicode/utf8"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/backup"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/store/copies"
)

// CopyDatabase is the job of making a copy.
type CopyDatabase struct {
	Backup int64 `json:"backup"`
}

// Kind names the job in the queue.
func (CopyDatabase) Kind() string { return "copy_database" }

// InsertOpts has a copy tried three times.
func (CopyDatabase) InsertOpts() river.InsertOpts { return river.InsertOpts{MaxAttempts: 3} }

// Copier makes copies. A copy that was broken off is begun anew.
type Copier struct {
	river.WorkerDefaults[CopyDatabase]
	Office *Office
	Copies Copies
}

// longest is how long making or checking a copy may take.
const longest = time.Hour

// Timeout is how long a copy may take.
func (*Copier) Timeout(*river.Job[CopyDatabase]) time.Duration { return longest }

// Work makes the copy.
func (w *Copier) Work(ctx context.Context, job *river.Job[CopyDatabase]) error {
	ctx = access.AsSystem(ctx, "backup")
	b, err := w.Office.Store.Client().Backup.Get(ctx, key.Backup(job.Args.Backup))
	if err != nil {
		return fmt.Errorf("read a backup: %w", err)
	}
	if b.Status != backup.StatusRunning {
		return nil
	}
	made, failed := copies.Take(ctx, w.Office.Store, w.Copies.Database, w.Copies.File(b))
	if failed != nil && (ctx.Err() != nil || job.Attempt < job.MaxAttempts) {
		return failed
	}
	err = w.Office.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		now := lifecycle.Now()
		if failed != nil {
			return lifecycle.Make(ctx, tx, lifecycle.FailBackup, tx.Backup.Update().SetFinishedAt(now).SetError(cut(failed)), copyOf(b), lifecycle.Said{})
		}
		u := tx.Backup.Update().SetFinishedAt(now).SetSize(made.Size).SetSha256(made.SHA256)
		if err := lifecycle.Make(ctx, tx, lifecycle.FinishBackup, u, copyOf(b), lifecycle.Said{}); err != nil {
			return err
		}
		if !b.Verify {
			return nil
		}
		return w.Office.Queue.Enqueue(ctx, tx, CheckCopy{int64(b.ID)}, nil)
	})
	if failed != nil && err == nil {
		return river.JobCancel(failed) // it stands in the log, too
	}
	return err
}

// cut shortens what an error says to what is stored of it.
func cut(err error) string {
	said := err.Error()
	for len(said) > 500 || !utf8.ValidString(said) {
		said = said[:min(len(said)-1, 500)]
	}
	return said
}

// CheckCopy is the job of verifying a copy.
type CheckCopy struct {
	Backup int64 `json:"backup"`
}

// Kind names the job in the queue.
func (CheckCopy) Kind() string { return "check_copy" }

// InsertOpts has it tried twice, and waiting once at a time.
func (CheckCopy) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: 2, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}}
}

// Checker verifies copies.
type Checker struct {
	river.WorkerDefaults[CheckCopy]
	Office *Office
	Copies Copies
}

// Timeout is how long a check may take.
func (*Checker) Timeout(*river.Job[CheckCopy]) time.Duration { return longest }

// Work checks the copy.
func (w *Checker) Work(ctx context.Context, job *river.Job[CheckCopy]) error {
	ctx = access.AsSystem(ctx, "backup")
	b, err := w.Office.Store.Client().Backup.Get(ctx, key.Backup(job.Args.Backup))
	if ent.IsNotFound(err) { // its days were over
		return nil
	}
	if err != nil {
		return fmt.Errorf("read a backup: %w", err)
	}
	failed := copies.Verify(ctx, w.Copies.Database, w.Copies.File(b), w.Office.OpensWith)
	if errors.Is(failed, copies.ErrNoScratch) || failed != nil && ctx.Err() != nil {
		return failed // that says nothing about the copy
	}
	return w.Office.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		b, err := tx.Backup.Get(ctx, b.ID)
		if err != nil {
			return fmt.Errorf("read a backup: %w", err)
		}
		move, u := lifecycle.PassBackupVerification, tx.Backup.Update().SetVerifiedAt(lifecycle.Now()).ClearError()
		if failed != nil {
			move, u = lifecycle.FailBackupVerification, tx.Backup.Update().SetError(cut(failed))
		}
		return lifecycle.Make(ctx, tx, move, u, copyOf(b), lifecycle.Said{})
	})
}
