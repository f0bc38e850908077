package workflow

import (
	"context"
	"errors"
	"io"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
)

// Download is a file, for whoever has a link to it. Content is to be closed.
type Download struct {
	Name, ContentType string
	Size              int64
	Content           io.ReadCloser
}

// ErrNoDownload is said of a link that opens nothing: forged, run out, or given to somebody who may not see what the file belongs to any more.
var ErrNoDownload = errors.New("no such download")

// OpenLink opens a link to the file of an object of a kind: open takes the object as whom the link was given to, and leaves an event. It returns ErrNoDownload
// whatever is wrong with the link, and when open refuses.
func (d *Desk) OpenLink(ctx context.Context, kind key.Kind, link string, open func(ctx context.Context, tx *store.Tx, id string) (Download, error)) (told Download, err error) {
	pass, ok := access.ReadPass(d.Keys, link)
	if !ok || pass.Kind != kind {
		return Download{}, ErrNoDownload
	}
	visit := access.From(ctx)
	viewer, err := access.Recognize(ctx, d.Store.Reader(), d.Store.Dialect(), pass.Session, pass.APIKey)
	if err != nil {
		return Download{}, err
	}
	viewer.Address, viewer.RequestID = visit.Address, visit.RequestID
	err = d.Store.InTx(access.With(ctx, viewer), func(ctx context.Context, tx *store.Tx) error {
		values, err := d.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		if !pass.Fresh(lifecycle.Now(), values.Duration(parameter.DownloadLifetime)) {
			return ErrNoDownload
		}
		told, err = open(ctx, tx, d.IDs.Encode(kind, pass.ID))
		if _, refused := fault.Find(err); refused {
			return ErrNoDownload
		}
		return err
	})
	return told, err
}
