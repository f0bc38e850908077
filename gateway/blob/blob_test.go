package blob

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

func TestAFileIsKeptFoundListedAndRemoved(t *testing.T) {
	for _, address := range []string{"mem:", filepath.Join(t.TempDir(), "made", "here"), "file://" + t.TempDir()} {
		t.Run(address, func(t *testing.T) {
			s, err := Open(address)
			if err != nil {
				t.Fatal(err)
			}
			defer s.Close()
			ctx := t.Context()
			content := bytes.Repeat([]byte{0, 1, 2, 255}, 1000)
			if err := s.Put(ctx, "one", content); err != nil {
				t.Fatal(err)
			}
			if err := s.Put(ctx, "two", nil); err != nil {
				t.Fatal(err)
			}
			if err := s.Put(ctx, "one", nil); err == nil {
				t.Error("a name was taken twice")
			}
			got, err := s.Get(ctx, "one")
			if err != nil || !bytes.Equal(got, content) {
				t.Errorf("read %d bytes, %v", len(got), err)
			}
			for _, bad := range []string{"", "../one", "a/b", "One", "a.b"} {
				if err := s.Put(ctx, bad, nil); err == nil {
					t.Errorf("%q was taken for a name", bad)
				}
			}
			list := func(than time.Time) []string {
				var all []string
				if err := s.Older(ctx, than, func(names []string) error { all = append(all, names...); return nil }); err != nil {
					t.Fatal(err)
				}
				slices.Sort(all)
				return all
			}
			if got := list(time.Now().Add(time.Minute)); !slices.Equal(got, []string{"one", "two"}) {
				t.Errorf("there are %q", got)
			}
			if got := list(time.Now().Add(-time.Minute)); len(got) > 0 {
				t.Errorf("older than they are: %q", got)
			}
			for range 2 {
				if err := s.Delete(ctx, "one"); err != nil {
					t.Error(err)
				}
			}
			if _, err := s.Get(ctx, "one"); !errors.Is(err, ErrMissing) {
				t.Errorf("a file that was removed: %v", err)
			}
		})
	}
}

func TestFilesAreTheOwnersAlone(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "files")
	s, err := Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	if info, err := os.Stat(folder); err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("the folder is %v, %v", info.Mode(), err)
	}
}

func TestAnAddressIsAFolderOrMemory(t *testing.T) {
	for address, fine := range map[string]bool{
		"": false, "mem:": true, "/srv/files": true, "files": true, "file:///srv/files": true, "file://host/files": false, "s3://bucket": false, "gs://bucket": false,
	} {
		if err := Check(address); (err == nil) != fine {
			t.Errorf("%q: %v", address, err)
		}
	}
}
