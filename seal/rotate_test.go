package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
)

func TestRotationKeepsWhatOlderKeysSealedReadable(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	serving, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	old, _ := serving.Seal(Phone, "1")
	hash, _ := serving.Hash(Phone, "1")
	mark, ids := serving.Mark(), serving.IDs()
	if !bytes.HasPrefix(old, mark) {
		t.Fatal("the mark is not what a value begins with")
	}
	if changed, err := serving.Refresh(); changed || err != nil {
		t.Errorf("an untouched file was taken for a new one: %v", err)
	}
	if err := Rotate(path); err != nil {
		t.Fatal(err)
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), ".keys-*")); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
	rotated, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	young, _ := rotated.Seal(Phone, "2")
	if bytes.HasPrefix(young, mark) || !bytes.HasPrefix(young, rotated.Mark()) {
		t.Error("sealed under the old key")
	}
	if v, err := rotated.Open(Phone, old); v != "1" || err != nil {
		t.Errorf("what the old key sealed: %q, %v", v, err)
	}
	if v, err := serving.Open(Phone, young); v != "2" || err != nil {
		t.Errorf("a serving program opens what another sealed under the new key: %q, %v", v, err)
	}
	if changed, err := serving.Refresh(); changed || err != nil {
		t.Errorf("taken twice: %v", err)
	}
	if again, _ := serving.Seal(Phone, "3"); !bytes.HasPrefix(again, rotated.Mark()) {
		t.Error("the serving program still seals under the old key")
	}
	if h, _ := rotated.Hash(Phone, "1"); h != hash {
		t.Error("the hash changed")
	}
	if !bytes.Equal(ids, rotated.IDs()) {
		t.Error("the secret of public ids changed")
	}
}

func TestOfManyRotationsAtOnceNoKeyIsLost(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	keys, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	sealed := map[string]Sealed{}
	for i := range 8 {
		wg.Go(func() {
			value := strconv.Itoa(i)
			if err := Rotate(path); err != nil {
				t.Error(err)
			}
			now, err := Load(path)
			if err != nil {
				t.Error(err)
				return
			}
			s, err := now.Seal(Phone, value)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			sealed[value] = s
			mu.Unlock()
			if v, err := keys.Open(Phone, s); v != value || err != nil {
				t.Errorf("opened %q, %v", v, err)
			}
		})
	}
	wg.Wait()
	last, err := Load(path)
	if err != nil {
		t.Fatal(err)
	}
	for value, s := range sealed {
		if v, err := last.Open(Phone, s); v != value || err != nil {
			t.Errorf("in the end: %q, %v", v, err)
		}
	}
}

func TestAServingProgramKeepsItsKeysWhenTheFileIsGoneOrAnothers(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	keys, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	s, _ := keys.Seal(Phone, "1")
	others, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	for what, spoil := range map[string]func() error{
		"gone":       func() error { return os.Remove(path) },
		"broken":     func() error { return os.WriteFile(path, []byte("{}"), 0o600) },
		"of another": func() error { return os.WriteFile(path, others, 0o600) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if changed, err := keys.Refresh(); changed || err == nil {
			t.Errorf("a file that is %s was taken", what)
		}
		if v, err := keys.Open(Phone, s); v != "1" || err != nil {
			t.Errorf("the file is %s: opened %q, %v", what, v, err)
		}
	}
}

func TestRotationRefusesWhatIsNoKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	if err := Rotate(path); !errors.Is(err, ErrNoFile) {
		t.Errorf("no file: %v", err)
	}
	if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Rotate(path); err == nil {
		t.Error("rotated what is no key set")
	}
	written, err := Generate()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(base64.StdEncoding.EncodeToString(written)), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Rotate(path); err != nil {
		t.Errorf("a file in base64: %v", err)
	}
	if k, err := Parse(written); err != nil {
		t.Error(err)
	} else if changed, err := k.Refresh(); changed || err != nil {
		t.Errorf("keys that are from no file changed: %v, %v", changed, err)
	}
}
