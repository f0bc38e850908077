package administration

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	entsql "entgo.io/ent/dialect/sql"
	"github.com/riverqueue/river"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/backup"
	"lenddesk/ent/staff"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/store/copies"
)

// KeepCopies is the periodic job that begins the copy that is due, and removes those whose days are over.
type KeepCopies struct{}

// Kind names the job in the queue.
func (KeepCopies) Kind() string { return "keep_copies" }

// Keeper begins what is due and removes what is old.
type Keeper struct {
	river.WorkerDefaults[KeepCopies]
	Office *Office
	Copies Copies
}

// Work begins what is due and removes what is old.
func (w *Keeper) Work(ctx context.Context, _ *river.Job[KeepCopies]) error {
	return w.Keep(ctx, lifecycle.Now())
}

// Keep does the work of a moment. It may be done for the same moment twice.
func (w *Keeper) Keep(ctx context.Context, now time.Time) error {
	ctx = access.AsSystem(ctx, "backup")
	var old []*ent.Backup
	err := w.Office.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		values, err := w.Office.ParametersAt(ctx, tx, now)
		if err != nil {
			return err
		}
		last, err := w.last(ctx, tx)
		if err != nil {
			return err
		}
		if due := due(values, now); last.Before(due) {
			if _, err := w.Office.backUp(ctx, tx, CreateBackupInput{}, true); err != nil && !refused(err) {
				return err
			}
		}
		old, err = w.old(ctx, tx, now.AddDate(0, 0, -values.Int(parameter.BackupRetention)))
		return err
	})
	for _, b := range old {
		err = errors.Join(err, w.remove(ctx, b))
	}
	return err
}

func refused(err error) bool { _, ok := fault.Find(err); return ok }

// last is when the clock last began a copy; before the first one, when the book was begun.
func (w *Keeper) last(ctx context.Context, tx *store.Tx) (time.Time, error) {
	b, err := tx.Backup.Query().Where(backup.Scheduled(true)).Order(backup.ByCreatedAt(entsql.OrderDesc())).First(ctx)
	if err == nil {
		return b.CreatedAt, nil
	}
	if !ent.IsNotFound(err) {
		return time.Time{}, fmt.Errorf("look for the last backup: %w", err)
	}
	first, err := tx.Staff.Query().Order(staff.ByID()).First(ctx)
	if err != nil {
		return time.Time{}, fmt.Errorf("look for the book's beginning: %w", err)
	}
	return first.CreatedAt, nil
}

// due is when the schedule last asked for a copy.
func due(values parameter.Values, now time.Time) time.Time {
	now = now.In(values.Location(parameter.TimeZoneName))
	day := time.Date(now.Year(), now.Month(), now.Day(), values.Int(parameter.BackupHour), 0, 0, 0, now.Location())
	switch values.Text(parameter.BackupSchedule) {
	case parameter.BackupHourly:
		return now.Truncate(time.Hour)
	case parameter.BackupDaily:
		if day.After(now) {
			day = day.AddDate(0, 0, -1)
		}
		return day
	case parameter.BackupWeekly:
		day = day.AddDate(0, 0, -int(day.Weekday()))
		if day.After(now) {
			day = day.AddDate(0, 0, -7)
		}
		return day
	}
	return time.Time{}
}

// old are the copies from before a moment, but for the newest good one.
func (w *Keeper) old(ctx context.Context, tx *store.Tx, before time.Time) ([]*ent.Backup, error) {
	gone, err := tx.Backup.Query().Where(backup.CreatedAtLT(before), backup.StatusNEQ(backup.StatusRunning)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("look for old backups: %w", err)
	}
	good, err := tx.Backup.Query().Where(backup.StatusIn(backup.StatusSucceeded, backup.StatusVerified)).Order(backup.ByCreatedAt(entsql.OrderDesc())).First(ctx)
	if ent.IsNotFound(err) {
		return gone, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for the newest good backup: %w", err)
	}
	return slices.DeleteFunc(gone, func(b *ent.Backup) bool { return b.ID == good.ID }), nil
}

// remove removes a copy's files, and then its row.
func (w *Keeper) remove(ctx context.Context, b *ent.Backup) error {
	if err := copies.Remove(w.Copies.File(b)); err != nil {
		return err
	}
	return w.Office.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		n, err := tx.Backup.Delete().Where(backup.ID(b.ID)).Exec(ctx)
		if err != nil {
			return fmt.Errorf("remove a backup: %w", err)
		}
		if n == 0 {
			return nil
		}
		return lifecycle.Record(ctx, tx, "removeBackup", key.KindBackup, int64(b.ID), 0, lifecycle.Said{Changes: changed("file", b.File, nil)})
	})
}
