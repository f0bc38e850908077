package transfer

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent/export"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// contentTypes are the media types of exports, and the endings of their names.
var contentTypes = map[export.Format]struct{ media, ending string }{
	export.FormatCsv:   {"text/csv; charset=utf-8", ".csv"},
	export.FormatXlsx:  {"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", ".xlsx"},
	export.FormatJsonl: {"application/x-ndjson", ".jsonl"},
	export.FormatJson:  {"application/json", ".json"},
}

// Download opens a link to an export's file, and leaves an event. It returns workflow.ErrNoDownload whatever is wrong with the link; also when whoever has it holds less by now than when the export
// was asked for.
func (o *Office) Download(ctx context.Context, link string) (workflow.Download, error) {
	var name string
	told, err := o.OpenLink(ctx, key.KindExport, link, func(ctx context.Context, tx *store.Tx, id string) (told workflow.Download, err error) {
		k, err := access.Find[key.Export](ctx, tx, o.IDs, key.KindExport, export.Table, id)
		if err != nil {
			return told, err
		}
		e, err := tx.Export.Get(ctx, k)
		if err != nil {
			return told, fmt.Errorf("read export: %w", err)
		}
		held := access.ParsePermissions(e.Permissions)
		if e.Blob == nil || e.UserID == nil && access.From(ctx).Permissions&held != held || !mayHave(access.From(ctx), e) {
			return told, workflow.ErrNoDownload
		}
		name = *e.Blob
		of := contentTypes[e.Format]
		told = workflow.Download{Name: id + of.ending, ContentType: of.media, Size: *e.Size}
		return told, lifecycle.Record(ctx, tx, "downloadExport", key.KindExport, int64(e.ID), file(e).Owner, lifecycle.Said{})
	})
	if err != nil {
		return workflow.Download{}, err
	}
	told.Content, err = o.openVault(ctx, name)
	return told, err
}
