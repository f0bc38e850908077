package seal

import (
	"bytes"
	"encoding/base64"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatIsSealedOpensOnlyAsItself(t *testing.T) {
	k, err := Create(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := k.Seal(Phone, "+8613800138000")
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(s, []byte("138001")) {
		t.Error("the number stands in what is stored")
	}
	if v, err := k.Open(Phone, s); err != nil || v != "+8613800138000" {
		t.Errorf("opened %q, %v", v, err)
	}
	if _, err := k.Open(NationalID, s); err == nil {
		t.Error("a phone number was opened as an ID number")
	}
	again, _ := k.Seal(Phone, "+8613800138000")
	if bytes.Equal(s, again) {
		t.Error("equal values are recognisable")
	}
}

func TestHashFindsAgain(t *testing.T) {
	dir := t.TempDir()
	k, _ := Create(filepath.Join(dir, "a"))
	other, _ := Create(filepath.Join(dir, "b"))
	h := func(k *Keys, p Purpose, v string) string {
		s, err := k.Hash(p, v)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	reloaded, err := Load(filepath.Join(dir, "a"))
	if err != nil {
		t.Fatal(err)
	}
	if h(k, Phone, "1") != h(reloaded, Phone, "1") {
		t.Error("not found again after a restart")
	}
	if h(k, Phone, "1") == h(k, NationalID, "1") || h(k, Phone, "1") == h(other, Phone, "1") {
		t.Error("the hash does not depend on purpose or key")
	}
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys")
	if _, err := Load(path); !errors.Is(err, ErrNoFile) {
		t.Errorf("a missing file: %v", err)
	}
	first, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	second, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	a, _ := first.Fingerprint()
	if b, _ := second.Fingerprint(); a != b {
		t.Error("a second start made other keys")
	}
	if info, _ := os.Stat(path); info.Mode().Perm() != 0o600 {
		t.Errorf("mode %v", info.Mode())
	}
	written, _ := os.ReadFile(path)
	packed, err := Parse([]byte(base64.StdEncoding.EncodeToString(written)))
	if err != nil {
		t.Fatal(err)
	}
	if b, _ := packed.Fingerprint(); a != b {
		t.Error("base64 of the key set is another key set")
	}
	for _, bad := range []string{"", "{}", "not a key set", strings.Replace(string(written), "encryption", "encryptoin", 1)} {
		if _, err := Parse([]byte(bad)); err == nil {
			t.Errorf("taken for a key set: %.10q", bad)
		} else if strings.Contains(err.Error(), "keyData") {
			t.Errorf("the error shows the content: %v", err)
		}
	}
}
