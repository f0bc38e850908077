package blob

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"time"

	"gocloud.dev/blob"
	"gocloud.dev/blob/fileblob"
	"gocloud.dev/blob/memblob"
	"gocloud.dev/gcerrors"
)

// ErrMissing is said of a file that is not there.
var ErrMissing = errors.New("blob: no such file")

// Store is a place for files. It is safe for concurrent use.
type Store struct {
	bucket *blob.Bucket
	folder string // where the bucket is one
}

// Check tells what is wrong with an address, without opening it.
func Check(address string) error {
	_, err := folderOf(address)
	return err
}

// Open opens the place of an address: a folder, as a path or as file:///path, which is made when it is not there; mem: is forgotten with the program.
func Open(address string) (*Store, error) {
	folder, err := folderOf(address)
	if err != nil {
		return nil, err
	}
	if folder == "" {
		return &Store{bucket: memblob.OpenBucket(nil)}, nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("blob: make the folder: %w", err)
	}
	bucket, err := fileblob.OpenBucket(folder, &fileblob.Options{NoTempDir: true, Metadata: fileblob.MetadataDontWrite})
	if err != nil {
		return nil, fmt.Errorf("blob: open the folder: %w", err)
	}
	return &Store{bucket, folder}, nil
}

// folderOf is the folder of an address, empty for memory.
func folderOf(address string) (string, error) {
	scheme, rest, found := strings.Cut(address, ":")
	switch {
	case address == "mem:" || address == "mem://":
		return "", nil
	case found && scheme == "file":
		u, err := url.Parse(address)
		if err != nil || u.Host != "" || u.Path == "" {
			return "", errors.New("a file address is file:///FOLDER")
		}
		return filepath.FromSlash(u.Path), nil
	case found && strings.HasPrefix(rest, "//"):
		return "", errors.New("only folders are served: a path, or file:///FOLDER")
	case address == "":
		return "", errors.New("the address is empty")
	}
	return address, nil
}

// name is what a file may be called: so it is the same on every system, and its folder is the store's.
var name = regexp.MustCompile(`^[a-z0-9]{1,100}$`)

// Put keeps a file under a name that is not taken, whole and on the disk by the time it returns.
func (s *Store) Put(ctx context.Context, called string, content []byte) error {
	if !name.MatchString(called) {
		return fmt.Errorf("blob: %q is no name", called)
	}
	if err := s.bucket.WriteAll(ctx, called, content, &blob.WriterOptions{ContentType: "application/octet-stream", IfNotExist: true}); err != nil {
		return fmt.Errorf("blob: write: %w", err)
	}
	return s.keep(called)
}

// keep has what a row points at be there after a power cut too: the file, and its name in the folder.
func (s *Store) keep(called string) error {
	if s.folder == "" {
		return nil
	}
	for _, path := range []string{filepath.Join(s.folder, called), s.folder} {
		if err := sync(path); err != nil {
			return fmt.Errorf("blob: keep: %w", err)
		}
	}
	return nil
}

func sync(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

// Write begins a file under a name that is not taken. It is there, whole and on the disk, once Close has returned nil; if ctx ends before, nothing of it is.
func (s *Store) Write(ctx context.Context, called string) (io.WriteCloser, error) {
	if !name.MatchString(called) {
		return nil, fmt.Errorf("blob: %q is no name", called)
	}
	w, err := s.bucket.NewWriter(ctx, called, &blob.WriterOptions{ContentType: "application/octet-stream", IfNotExist: true})
	if err != nil {
		return nil, fmt.Errorf("blob: write: %w", err)
	}
	return &writer{w, s, called}, nil
}

// writer keeps what was written when it is closed.
type writer struct {
	*blob.Writer
	store  *Store
	called string
}

func (w *writer) Close() error {
	if err := w.Writer.Close(); err != nil {
		return fmt.Errorf("blob: write: %w", err)
	}
	return w.store.keep(w.called)
}

// Read opens a file to be read from its beginning. It returns ErrMissing when it is not there.
func (s *Store) Read(ctx context.Context, called string) (io.ReadCloser, error) {
	r, err := s.bucket.NewReader(ctx, called, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("blob: read: %w", err)
	}
	return r, nil
}

// Get reads a file. It returns ErrMissing when it is not there.
func (s *Store) Get(ctx context.Context, called string) ([]byte, error) {
	content, err := s.bucket.ReadAll(ctx, called)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, ErrMissing
	}
	if err != nil {
		return nil, fmt.Errorf("blob: read: %w", err)
	}
	return content, nil
}

// Delete removes a file; one that is not there is fine.
func (s *Store) Delete(ctx context.Context, called string) error {
	if err := s.bucket.Delete(ctx, called); err != nil && gcerrors.Code(err) != gcerrors.NotFound {
		return fmt.Errorf("blob: remove: %w", err)
	}
	return nil
}

// Older hands over the names of the files written before a moment, some at a time.
func (s *Store) Older(ctx context.Context, than time.Time, some func(names []string) error) error {
	var names []string
	for files := s.bucket.List(nil); ; {
		file, err := files.Next(ctx)
		end := errors.Is(err, io.EOF)
		if err != nil && !end {
			return fmt.Errorf("blob: list: %w", err)
		}
		if !end && file.ModTime.Before(than) {
			names = append(names, file.Key)
		}
		if len(names) == 500 || end && len(names) > 0 {
			if err := some(names); err != nil {
				return err
			}
			names = nil
		}
		if end {
			return nil
		}
	}
}

// Close lets the place go.
func (s *Store) Close() error { return s.bucket.Close() }
