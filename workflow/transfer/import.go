package transfer

import (
	"bytes"
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/importation"
	"lenddesk/fault"
	"lenddesk/gateway/blob"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// ImportInput is a file of potential customers, and what is to be done with it.
type ImportInput struct {
	File    *blob.Upload
	DryRun  *bool
	OnError *string
}

// mostImports is how many files may be read at a time for one who asks.
const mostImports = 3

// ImportUsers begins to read a file of potential customers, which is looked into as far as its header before anything is kept. It returns REQUIRED, TOO_LONG, INVALID at file; INVALID at onError; LIMIT_EXCEEDED.
func (o *Office) ImportUsers(ctx context.Context, in ImportInput) (key.Import, error) {
	me := access.From(ctx)
	if err := lifecycle.ImportUsers.Permit(me); err != nil {
		return 0, err
	}
	var faults fault.List
	policy := importation.OnErrorRejectAll
	if in.OnError != nil {
		if policy = importation.OnError(*in.OnError); importation.OnErrorValidator(policy) != nil {
			faults.Add(fault.Problem{Code: fault.Invalid}, "onError")
		}
	}
	if problem := glance(in.File); problem != nil {
		faults.Add(*problem, "file")
	}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	if err := lifecycle.AddPotentialCustomer.Permit(me); err != nil {
		return 0, err
	}
	v, err := o.newVault(ctx)
	if err != nil {
		return 0, err
	}
	_, err = v.Write(in.File.Content)
	if err := v.close(err); err != nil {
		return 0, err
	}
	kept, err := workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Import, error) {
		create := tx.Importation.Create().SetFormat(importation.Format(formatOf(in.File.Content))).SetOnError(policy).SetDryRun(in.DryRun != nil && *in.DryRun).
			SetBlob(v.name).SetSize(v.size).SetSha256(v.sha256())
		return o.beginImport(ctx, tx, create)
	})
	if err != nil {
		o.drop(ctx, v.name, err)
	}
	return kept, err
}

// glance looks into a file as far as its header.
func glance(up *blob.Upload) *fault.Problem {
	switch {
	case up == nil:
		return &fault.Problem{Code: fault.Required}
	case len(bytes.TrimSpace(up.Content)) == 0:
		return refuseFile("file_empty", nil)
	case len(up.Content) > mostBytes:
		return &fault.Problem{Code: fault.TooLong, Text: "file_too_large", Data: map[string]any{"maximum": mostBytes >> 20}}
	}
	from, refused := openRows(up.Content)
	if refused != nil {
		return refused
	}
	defer from.close()
	_, refused = readHeader(from)
	return refused
}

func (o *Office) beginImport(ctx context.Context, tx *store.Tx, create *ent.ImportationCreate) (key.Import, error) {
	me := access.From(ctx)
	staff, apiKey := by(me)
	mine := importation.APIKeyID(me.APIKey)
	if staff != nil {
		mine = importation.StaffID(*staff)
	}
	running, err := tx.Importation.Query().Where(importation.StatusEQ(importation.StatusRunning), mine).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count imports: %w", err)
	}
	if err := busy(running, mostImports); err != nil {
		return 0, err
	}
	i, err := create.SetStatus(importation.StatusRunning).SetNillableStaffID(staff).SetNillableAPIKeyID(apiKey).SetPermissions(me.Permissions.Names()).SetLocale(me.Locale).Save(ctx)
	if err != nil {
		return 0, fmt.Errorf("begin an import: %w", err)
	}
	said := lifecycle.Said{Changes: map[string]any{"format": string(i.Format), "dryRun": i.DryRun, "onError": string(i.OnError)}}
	if err := lifecycle.Born(ctx, tx, lifecycle.ImportUsers, int64(i.ID), i.Status, 0, said); err != nil {
		return 0, err
	}
	return i.ID, o.Queue.Enqueue(ctx, tx, ReadImport{int64(i.ID)}, nil)
}

// roll is an import as a move's object.
func roll(i *ent.Importation) lifecycle.Object[importation.Status] {
	return lifecycle.Object[importation.Status]{ID: int64(i.ID), Status: i.Status, Version: i.Version}
}
