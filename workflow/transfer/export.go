package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/export"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
)

// ExportInput says which rows are to be written to a file, and how.
type ExportInput struct {
	Filter map[string]any // of the contract's list
	Format *string
	Masked *bool
}

// mostExports is how many files may be made at a time for one who asks.
const mostExports = 5

// ExportUsers begins a file of customers. It returns REQUIRED, INVALID at format; LIMIT_EXCEEDED; and what the list itself would, without the rights to read it or with a filter that is none.
func (o *Office) ExportUsers(ctx context.Context, in ExportInput) (key.Export, error) {
	return o.exports(ctx, lifecycle.ExportUsers, export.KindUsers, in)
}

// ExportLoans begins a file of loans. It returns what ExportUsers does.
func (o *Office) ExportLoans(ctx context.Context, in ExportInput) (key.Export, error) {
	return o.exports(ctx, lifecycle.ExportLoans, export.KindLoans, in)
}

// ExportBids begins a file of bids. It returns what ExportUsers does.
func (o *Office) ExportBids(ctx context.Context, in ExportInput) (key.Export, error) {
	return o.exports(ctx, lifecycle.ExportBids, export.KindBids, in)
}

func (o *Office) exports(ctx context.Context, move lifecycle.Move[export.Status], kind export.Kind, in ExportInput) (key.Export, error) {
	me := access.From(ctx)
	if err := move.Permit(me); err != nil {
		return 0, err
	}
	var faults fault.List
	format := export.Format(workflow.Value(in.Format))
	if format == "" {
		faults.Add(fault.Problem{Code: fault.Required}, "format")
	} else if !slices.Contains([]export.Format{export.FormatCsv, export.FormatXlsx, export.FormatJsonl}, format) {
		faults.Add(fault.Problem{Code: fault.Invalid, Text: "export_format"}, "format")
	}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	total, err := lists[kind].count(o, ctx, in.Filter)
	if err != nil {
		return 0, err
	}
	told, err := json.Marshal(in.Filter)
	if err != nil {
		return 0, fmt.Errorf("write the filter: %w", err)
	}
	filter, err := o.Keys.Seal(seal.ExportFilter, string(told))
	if err != nil {
		return 0, err
	}
	unmasked := kind == export.KindUsers && me.May(access.RevealPersonalData) && (in.Masked == nil || !*in.Masked)
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Export, error) {
		create := tx.Export.Create().SetKind(kind).SetFormat(format).SetUnmasked(unmasked).SetFilter(filter).SetTotal(total)
		return o.begin(ctx, tx, move, create, 0, lifecycle.Said{Changes: map[string]any{"format": string(format), "unmasked": unmasked}})
	})
}

// begin writes the row of an export and queues its making.
func (o *Office) begin(ctx context.Context, tx *store.Tx, move lifecycle.Move[export.Status], create *ent.ExportCreate, of key.User, said lifecycle.Said) (key.Export, error) {
	me := access.From(ctx)
	staff, apiKey := by(me)
	mine := export.And(export.UserID(of), export.StaffIDIsNil(), export.APIKeyIDIsNil())
	switch {
	case staff != nil:
		mine = export.StaffID(*staff)
	case apiKey != nil:
		mine = export.APIKeyID(*apiKey)
	}
	running, err := tx.Export.Query().Where(export.StatusEQ(export.StatusRunning), mine).Count(ctx)
	if err != nil {
		return 0, fmt.Errorf("count exports: %w", err)
	}
	if err := busy(running, mostExports); err != nil {
		return 0, err
	}
	e, err := create.SetStatus(export.StatusRunning).SetNillableStaffID(staff).SetNillableAPIKeyID(apiKey).SetPermissions(me.Permissions.Names()).SetLocale(me.Locale).Save(ctx)
	if err != nil {
		return 0, fmt.Errorf("begin an export: %w", err)
	}
	if err := lifecycle.Born(ctx, tx, move, int64(e.ID), e.Status, of, said); err != nil {
		return 0, err
	}
	return e.ID, o.Queue.Enqueue(ctx, tx, MakeExport{int64(e.ID)}, nil)
}

// file is an export as a move's object.
func file(e *ent.Export) lifecycle.Object[export.Status] {
	o := lifecycle.Object[export.Status]{ID: int64(e.ID), Status: e.Status, Version: e.Version}
	if e.UserID != nil {
		o.Owner = *e.UserID
	}
	return o
}
