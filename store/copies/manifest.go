package copies

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// Manifest is what is known of a copy.
type Manifest struct {
	Database  string           `json:"database"`  // dialect.SQLite or dialect.Postgres
	Migration int64            `json:"migration"` // the newest one applied
	TakenAt   time.Time        `json:"takenAt"`   // UTC
	Keys      string           `json:"keys"`      // fingerprint of the keys under which personal data is sealed
	Rows      map[string]int64 `json:"rows"`      // of each table
	Size      int64            `json:"size"`      // bytes
	SHA256    string           `json:"sha256"`    // hexadecimal
}

// suffix of a manifest's name.
const suffix = ".json"

// Read reads the manifest of the copy in a file.
func Read(file string) (Manifest, error) {
	var m Manifest
	content, err := os.ReadFile(file + suffix)
	if errors.Is(err, os.ErrNotExist) {
		return m, fmt.Errorf("copies: %s has no manifest beside it (%s): it is no copy made by lenddesk, or was moved without it", file, filepath.Base(file)+suffix)
	}
	if err != nil {
		return m, fmt.Errorf("copies: read the manifest: %w", err)
	}
	if err := json.Unmarshal(content, &m); err != nil {
		return m, fmt.Errorf("copies: the manifest %s%s cannot be read: %w", file, suffix, err)
	}
	return m, nil
}

// write stores the manifest beside the copy.
func (m Manifest) write(file string) error {
	content, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("copies: write the manifest: %w", err)
	}
	return whole(file+suffix, func(draft string) error { return os.WriteFile(draft, append(content, '\n'), 0o600) })
}

// intact refuses a file that is not what the manifest says.
func (m Manifest) intact(file string) error {
	size, sum, err := measure(file)
	if err != nil {
		return err
	}
	if size != m.Size || sum != m.SHA256 {
		return errors.New("copies: the file is not the one that was written: its size or hash differs from the manifest's")
	}
	return nil
}

// measure is a file's size and hash.
func measure(file string) (int64, string, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, "", fmt.Errorf("copies: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	size, err := io.Copy(sum, f)
	if err != nil {
		return 0, "", fmt.Errorf("copies: read the copy: %w", err)
	}
	return size, hex.EncodeToString(sum.Sum(nil)), nil
}

// whole has a file made under another name, and gives it its own when it is on the disk.
func whole(file string, fill func(draft string) error) (err error) {
	draft := file + ".draft"
	if err := remove(draft); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, remove(draft)) }()
	if err := fill(draft); err != nil {
		return err
	}
	if err := onDisk(draft); err != nil {
		return err
	}
	if err := os.Rename(draft, file); err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	return onDisk(filepath.Dir(file))
}

// onDisk waits until a file, or a folder's list of files, is on the disk.
func onDisk(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	return errors.Join(f.Sync(), f.Close())
}

// remove removes a file; it may be missing.
func remove(file string) error {
	if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("copies: %w", err)
	}
	return nil
}

// Remove removes a copy and its manifest; both may be missing.
func Remove(file string) error { return errors.Join(remove(file), remove(file+suffix)) }
