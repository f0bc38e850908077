package administration

import (
	"context"
	"fmt"
	"path/filepath"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/backup"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// CreateBackupInput says what is special about a copy; what is nil is as the parameters say.
type CreateBackupInput struct {
	Place  *string
	Verify *bool
}

// CreateBackup begins a copy of the database, which is made beside the running platform. It returns INVALID, TOO_LONG at place, and NOT_ALLOWED_NOW while another
// one is being made.
func (o *Office) CreateBackup(ctx context.Context, in CreateBackupInput) (key.Backup, error) {
	if err := lifecycle.CreateBackup.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	if in.Place != nil {
		if problem := parameter.Check(parameter.BackupPlace, *in.Place); problem != nil {
			var faults fault.List
			faults.Add(*problem, "place")
			return 0, faults.Err()
		}
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Backup, error) { return o.backUp(ctx, tx, in, false) })
}

// backingUp is the number under which one transaction at a time begins a copy.
const backingUp = 0x6c64_6465_736b_0003

func (o *Office) backUp(ctx context.Context, tx *store.Tx, in CreateBackupInput, scheduled bool) (key.Backup, error) {
	if err := tx.Alone(ctx, backingUp); err != nil {
		return 0, err
	}
	busy, err := tx.Backup.Query().Where(backup.StatusEQ(backup.StatusRunning)).Exist(ctx)
	if err != nil {
		return 0, fmt.Errorf("look for a running backup: %w", err)
	}
	if busy {
		return 0, fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "backup_running"})
	}
	values, err := o.Parameters(ctx, tx)
	if err != nil {
		return 0, err
	}
	place, verify := values.Text(parameter.BackupPlace), values.Text(parameter.BackupMode) == parameter.BackupVerified
	if in.Place != nil {
		place = *in.Place
	}
	if in.Verify != nil {
		verify = *in.Verify
	}
	file := filepath.Join(place, lifecycle.Now().Format("lenddesk-20060102T150405.000000Z")+endings[tx.Dialect()])
	create := tx.Backup.Create().SetStatus(backup.StatusRunning).SetFile(file).SetScheduled(scheduled).SetVerify(verify)
	if me := access.From(ctx).Staff; me != 0 {
		create.SetCreatedByID(me)
	}
	b, err := create.Save(ctx)
	if err != nil {
		return 0, fmt.Errorf("begin a backup: %w", err)
	}
	if err := lifecycle.Born(ctx, tx, lifecycle.CreateBackup, int64(b.ID), b.Status, 0, lifecycle.Said{}); err != nil {
		return 0, err
	}
	return b.ID, o.Queue.Enqueue(ctx, tx, CopyDatabase{int64(b.ID)}, nil)
}

// endings of a copy's name, by database: as SQLite and pg_restore know their files.
var endings = map[string]string{"sqlite3": ".db", "postgres": ".dump"}

// VerifyBackupInput names a copy.
type VerifyBackupInput struct {
	BackupID        string
	ExpectedVersion *int
}

// VerifyBackup has a copy opened and checked. It becomes VERIFIED, or FAILED with the reason, when that is done.
func (o *Office) VerifyBackup(ctx context.Context, in VerifyBackupInput) (key.Backup, error) {
	if err := lifecycle.VerifyBackup.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Backup, error) {
		k, err := access.Find[key.Backup](ctx, tx, o.IDs, key.KindBackup, backup.Table, in.BackupID, "backupId")
		if err != nil {
			return 0, err
		}
		b, err := tx.Backup.Get(ctx, k)
		if err != nil {
			return 0, fmt.Errorf("read a backup: %w", err)
		}
		if err := lifecycle.Make(ctx, tx, lifecycle.VerifyBackup, tx.Backup.Update(), copyOf(b), lifecycle.Said{Expected: in.ExpectedVersion}); err != nil {
			return 0, err
		}
		return k, o.Queue.Enqueue(ctx, tx, CheckCopy{int64(k)}, nil)
	})
}

func copyOf(b *ent.Backup) lifecycle.Object[backup.Status] {
	return lifecycle.Object[backup.Status]{ID: int64(b.ID), Status: b.Status, Version: b.Version}
}

// Copies is where copies are kept, and what they are copies of.
type Copies struct {
	Database string // the database's URL, as it was opened
	Folder   string // under which the folders of the parameter BACKUP_PLACE lie
}

// File is where a copy is.
func (c Copies) File(b *ent.Backup) string { return filepath.Join(c.Folder, b.File) }
