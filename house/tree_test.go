package house

import (
	"bytes"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the folder of go.mod, seen from this package.
const root = ".."

// tree lists the files that make up the sources, as slash-separated paths below root: what git tracks or would track. Without
// git it is every file except those that tools and the program leave behind.
func tree(t *testing.T) []string {
	t.Helper()
	files, ok := gitFiles(t)
	if !ok {
		files = walkedFiles(t)
	}
	if !slices.Contains(files, "go.mod") || !slices.Contains(files, "house/tree_test.go") {
		t.Fatalf("the list of source files is not whole: %d files", len(files))
	}
	return files
}

func gitFiles(t *testing.T) (files []string, ok bool) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(root, ".git")); err != nil {
		return nil, false
	}
	if _, err := exec.LookPath("git"); err != nil {
		return nil, false
	}
	// In a container the tree often belongs to another user, which git takes for a danger unless told otherwise.
	list := exec.Command("git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard")
	list.Dir = root
	var complaint bytes.Buffer
	list.Stderr = &complaint
	out, err := list.Output()
	if err != nil {
		t.Fatalf("list the files that git tracks: %v\n%s", err, &complaint)
	}
	for name := range strings.SplitSeq(strings.TrimRight(string(out), "\x00"), "\x00") {
		// A tracked file that was just deleted is no longer part of the sources.
		if info, err := os.Lstat(filepath.Join(root, filepath.FromSlash(name))); err == nil && info.Mode().IsRegular() {
			files = append(files, name)
		}
	}
	slices.Sort(files)
	return slices.Compact(files), true
}

func walkedFiles(t *testing.T) (files []string) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && (entry.Name() == ".git" || entry.Name() == "node_modules") {
			return fs.SkipDir
		}
		if !entry.Type().IsRegular() || strings.HasPrefix(entry.Name(), "lenddesk.") || entry.Name() == ".env" {
			return nil
		}
		below, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		files = append(files, filepath.ToSlash(below))
		return nil
	})
	if err != nil {
		t.Fatalf("list the source files: %v", err)
	}
	slices.Sort(files)
	return files
}

// source reads a file of the tree.
func source(t *testing.T, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		t.Fatal(err)
	}
	return content
}

func under(name string, folders ...string) bool {
	return slices.ContainsFunc(folders, func(folder string) bool { return strings.HasPrefix(name, folder+"/") })
}
