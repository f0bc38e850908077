package origination

import (
	"context"
	"errors"
	"fmt"
	"time"

	"lenddesk/access"
	"lenddesk/ent/document"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Download is a document's file, for whoever has a link to it.
type Download struct {
	Name, ContentType string
	Content           []byte
}

// ErrNoDownload is said of a link that opens nothing: forged, run out, or given to somebody who may not see the document any more.
var ErrNoDownload = errors.New("no such download")

// Download opens a link, and leaves an event. It returns ErrNoDownload whatever is wrong with the link.
func (o *Office) Download(ctx context.Context, link string) (Download, error) {
	pass, ok := access.ReadPass(o.Keys, link)
	if !ok {
		return Download{}, ErrNoDownload
	}
	visit := access.From(ctx)
	viewer, err := access.Recognize(ctx, o.Store.Reader(), o.Store.Dialect(), pass.Session, pass.APIKey)
	if err != nil {
		return Download{}, err
	}
	viewer.Address, viewer.RequestID = visit.Address, visit.RequestID
	var name, sum string
	var told Download
	err = o.Store.InTx(access.With(ctx, viewer), func(ctx context.Context, tx *store.Tx) error {
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		if age := time.Since(pass.At); age < -time.Minute || age > values.Duration(parameter.DownloadLifetime) {
			return ErrNoDownload
		}
		k, err := access.Find[key.Document](ctx, tx, o.IDs, key.KindDocument, document.Table, o.IDs.Encode(key.KindDocument, int64(pass.Document)))
		if _, hidden := fault.Find(err); hidden {
			return ErrNoDownload
		}
		if err != nil {
			return err
		}
		d, err := tx.Document.Get(ctx, k)
		if err != nil {
			return fmt.Errorf("read document: %w", err)
		}
		if d.Blob == nil {
			return ErrNoDownload
		}
		name, sum = *d.Blob, workflow.Value(d.Sha256)
		told.Name, told.ContentType = workflow.Value(d.Name), workflow.Value(d.ContentType)
		return lifecycle.Record(ctx, tx, "downloadDocument", key.KindDocument, int64(d.ID), workflow.Paper(d).Owner, lifecycle.Said{})
	})
	if err != nil {
		return Download{}, err
	}
	told.Content, err = o.open(ctx, name, sum)
	return told, err
}
