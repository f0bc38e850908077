package administration

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"lenddesk/access"
	"lenddesk/ent/backup"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Has says whether a copy's file is there.
func (c Copies) Has(file string) bool {
	info, err := os.Stat(filepath.Join(c.Folder, file))
	return err == nil && info.Mode().IsRegular()
}

// Shelf hands out copies by their links.
type Shelf struct {
	*workflow.Desk
	Copies Copies
}

// Download opens a link to a backup's file, and leaves an event. It returns workflow.ErrNoDownload whatever is wrong with the link, and when the file is not there.
func (s *Shelf) Download(ctx context.Context, link string) (workflow.Download, error) {
	var opened *os.File
	told, err := s.OpenLink(ctx, key.KindBackup, link, func(ctx context.Context, tx *store.Tx, id string) (told workflow.Download, err error) {
		k, err := access.Find[key.Backup](ctx, tx, s.IDs, key.KindBackup, backup.Table, id)
		if err != nil {
			return told, err
		}
		b, err := tx.Backup.Get(ctx, k)
		if err != nil {
			return told, fmt.Errorf("read backup: %w", err)
		}
		if b.Status != backup.StatusSucceeded && b.Status != backup.StatusVerified {
			return told, workflow.ErrNoDownload
		}
		if opened, err = os.Open(s.Copies.File(b)); errors.Is(err, fs.ErrNotExist) {
			return told, workflow.ErrNoDownload
		}
		if err != nil {
			return told, fmt.Errorf("open a copy: %w", err)
		}
		info, err := opened.Stat()
		if err != nil {
			return told, fmt.Errorf("open a copy: %w", err)
		}
		told = workflow.Download{Name: filepath.Base(b.File), ContentType: "application/octet-stream", Size: info.Size(), Content: opened}
		return told, lifecycle.Record(ctx, tx, "downloadBackup", key.KindBackup, int64(b.ID), 0, lifecycle.Said{})
	})
	if err != nil && opened != nil {
		err = errors.Join(err, opened.Close())
	}
	return told, err
}
