package origination

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"lenddesk/access"
	"lenddesk/ent/document"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Download opens a link to a document's file, and leaves an event. It returns workflow.ErrNoDownload whatever is wrong with the link.
func (o *Office) Download(ctx context.Context, link string) (workflow.Download, error) {
	var name, sum string
	told, err := o.OpenLink(ctx, key.KindDocument, link, func(ctx context.Context, tx *store.Tx, id string) (told workflow.Download, err error) {
		k, err := access.Find[key.Document](ctx, tx, o.IDs, key.KindDocument, document.Table, id)
		if err != nil {
			return told, err
		}
		d, err := tx.Document.Get(ctx, k)
		if err != nil {
			return told, fmt.Errorf("read document: %w", err)
		}
		if d.Blob == nil {
			return told, workflow.ErrNoDownload
		}
		name, sum = *d.Blob, workflow.Value(d.Sha256)
		told.Name, told.ContentType = workflow.Value(d.Name), workflow.Value(d.ContentType)
		return told, lifecycle.Record(ctx, tx, "downloadDocument", key.KindDocument, int64(d.ID), workflow.Paper(d).Owner, lifecycle.Said{})
	})
	if err != nil {
		return workflow.Download{}, err
	}
	content, err := o.open(ctx, name, sum)
	told.Size, told.Content = int64(len(content)), io.NopCloser(bytes.NewReader(content))
	return told, err
}
