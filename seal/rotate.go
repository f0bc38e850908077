package seal

import (
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/core/cryptofmt"
	"github.com/tink-crypto/tink-go/v2/keyset"
)

// Rotate adds a new encryption key to the key file, under which everything is sealed from then on. What older keys sealed stays readable;
// the key of hashes and the secret of public ids stay as they are. The file is replaced whole or not at all and keeps owner and
// mode. Of two rotations at once the second builds on the first. It returns ErrNoFile if there is no file.
func Rotate(path string) error {
	folder, err := lock(filepath.Dir(path))
	if err != nil {
		return err
	}
	defer folder.Close()
	before, err := Load(path)
	if err != nil {
		return err
	}
	written, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read key file: %w", err)
	}
	if written, err = withNewKey(written); err != nil {
		return err
	}
	temporary, err := beside(path, written)
	if err != nil {
		return err
	}
	defer os.Remove(temporary) // there is nothing to remove once it has its name
	if owner, ok := before.taken.Sys().(*syscall.Stat_t); ok {
		if err := os.Chown(temporary, int(owner.Uid), int(owner.Gid)); err != nil {
			return fmt.Errorf("give the key file to its owner: %w", err)
		}
	}
	if err := os.Rename(temporary, path); err != nil {
		return fmt.Errorf("replace key file: %w", err)
	}
	if err := folder.Sync(); err != nil {
		return fmt.Errorf("replace key file: %w", err)
	}
	return nil
}

// lock waits until nobody else rotates keys in the folder. Closing it lets the next one in.
func lock(path string) (*os.File, error) {
	folder, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the folder of the key file: %w", err)
	}
	if err := syscall.Flock(int(folder.Fd()), syscall.LOCK_EX); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the folder of the key file: %w", err), folder.Close())
	}
	return folder, nil
}

// withNewKey is a key set in its written form with one more encryption key, the new primary one.
func withNewKey(written []byte) ([]byte, error) {
	f, err := decode(written)
	if err != nil {
		return nil, err
	}
	handle, err := read(f.Encryption)
	if err != nil {
		return nil, errors.New("key set: its encryption keys cannot be read")
	}
	manager := keyset.NewManagerFromHandle(handle)
	id, err := manager.Add(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make encryption key: %w", err)
	}
	if err := manager.SetPrimary(id); err != nil {
		return nil, fmt.Errorf("make encryption key the primary one: %w", err)
	}
	if handle, err = manager.Handle(); err != nil {
		return nil, fmt.Errorf("make key set: %w", err)
	}
	if f.Encryption, err = write(handle); err != nil {
		return nil, err
	}
	return json.Marshal(f)
}

// Refresh takes the encryption keys from the key file if that was replaced since they were taken, and says whether it was. A file
// that cannot be read, or that belongs to another database, changes nothing and is an error. Keys that are not from a file never change.
func (k *Keys) Refresh() (changed bool, err error) {
	if k.path == "" {
		return false, nil
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	now, err := os.Stat(k.path)
	if err != nil {
		return false, fmt.Errorf("look at key file: %w", err)
	}
	if os.SameFile(now, k.taken) && now.ModTime().Equal(k.taken.ModTime()) && now.Size() == k.taken.Size() {
		return false, nil
	}
	fresh, err := Load(k.path)
	if err != nil {
		return false, err
	}
	if err := k.sameBook(fresh); err != nil {
		return false, err
	}
	k.encryption.Store(fresh.encryption.Load())
	k.taken = fresh.taken
	return true, nil
}

// sameBook refuses keys that belong to another database.
func (k *Keys) sameBook(fresh *Keys) error {
	own, err := k.Fingerprint()
	if err != nil {
		return err
	}
	theirs, err := fresh.Fingerprint()
	if err != nil {
		return err
	}
	if own != theirs || string(k.ids) != string(fresh.ids) {
		return fmt.Errorf("%s now holds the keys of another database", filepath.Base(k.path))
	}
	return nil
}

// Mark is what every value begins with that is sealed under the newest key, and no other: by it the values of older keys are found.
func (k *Keys) Mark() []byte { return k.encryption.Load().primary }

// prefix is Tink's: a version and the id of the primary key (https://developers.google.com/tink/wire-format#output_prefix).
func prefix(h *keyset.Handle) []byte {
	return binary.BigEndian.AppendUint32([]byte{cryptofmt.TinkStartByte}, h.KeysetInfo().GetPrimaryKeyId())
}
