package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tink-crypto/tink-go/v2/aead"
	"github.com/tink-crypto/tink-go/v2/insecurecleartextkeyset"
	"github.com/tink-crypto/tink-go/v2/keyset"
	"github.com/tink-crypto/tink-go/v2/prf"
	"github.com/tink-crypto/tink-go/v2/tink"
)

// Sealed is an encrypted value as it stands in the database. Only Keys.Seal makes one.
type Sealed []byte

// Purpose says what a value is. It is bound into the encryption and the hash: a phone number sealed as a Phone cannot be
// opened, or found, as anything else.
type Purpose string

// The kinds of personal data that are sealed.
const (
	Phone      Purpose = "phone"
	NationalID Purpose = "national_id"
	CardNumber Purpose = "card_number"
)

// Keys is a key set in use. It is safe for concurrent use.
type Keys struct {
	aead   tink.AEAD
	lookup *prf.Set
	ids    []byte
}

// file is the key set's form in a file or in LENDDESK_KEYSET: two Tink key sets as Tink writes them in JSON, and the secret of public ids.
type file struct {
	Encryption json.RawMessage `json:"encryption"`
	Lookup     json.RawMessage `json:"lookup"`
	IDs        []byte          `json:"ids"`
}

// Generate makes a new key set in its written form.
func Generate() ([]byte, error) {
	encryption, err := keyset.NewHandle(aead.AES256GCMKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make encryption key: %w", err)
	}
	lookup, err := keyset.NewHandle(prf.HMACSHA256PRFKeyTemplate())
	if err != nil {
		return nil, fmt.Errorf("make look-up key: %w", err)
	}
	var f file
	if f.Encryption, err = write(encryption); err != nil {
		return nil, err
	}
	if f.Lookup, err = write(lookup); err != nil {
		return nil, err
	}
	f.IDs = make([]byte, 32)
	if _, err := rand.Read(f.IDs); err != nil {
		return nil, fmt.Errorf("make secret of ids: %w", err)
	}
	return json.Marshal(f)
}

// Parse reads a key set in its written form, as it stands or in base64. The error says nothing of the content.
func Parse(written []byte) (*Keys, error) {
	written = bytes.TrimSpace(written)
	if len(written) > 0 && written[0] != '{' {
		plain, err := base64.StdEncoding.DecodeString(string(written))
		if err != nil {
			return nil, errors.New("key set: neither JSON nor base64 of it")
		}
		written = plain
	}
	var f file
	if json.Unmarshal(written, &f) != nil || len(f.IDs) != 32 {
		return nil, errors.New("key set: not a key set of lenddesk (JSON with encryption, lookup and ids)")
	}
	encryption, err := read(f.Encryption)
	if err != nil {
		return nil, errors.New("key set: its encryption keys cannot be read")
	}
	lookup, err := read(f.Lookup)
	if err != nil {
		return nil, errors.New("key set: its look-up key cannot be read")
	}
	k := &Keys{ids: f.IDs}
	if k.aead, err = aead.New(encryption); err != nil {
		return nil, errors.New("key set: its encryption keys are of another kind")
	}
	if k.lookup, err = prf.NewPRFSet(lookup); err != nil {
		return nil, errors.New("key set: its look-up key is of another kind")
	}
	return k, nil
}

// ErrNoFile says that there is no key file.
var ErrNoFile = errors.New("there is no key file")

// Load reads the key file; ErrNoFile if it does not exist.
func Load(path string) (*Keys, error) {
	written, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoFile
	}
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	keys, err := Parse(written)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	return keys, nil
}

// Create makes a new key file with mode 0600, whole or not at all, and never over another one: of two programs that start
// at once, both end with the file of the first.
func Create(path string) (*Keys, error) {
	written, err := Generate()
	if err != nil {
		return nil, err
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return nil, fmt.Errorf("create key file: %w", err)
	}
	defer os.Remove(temporary.Name())
	_, err = temporary.Write(append(written, '\n'))
	err = errors.Join(err, temporary.Sync(), temporary.Close())
	if err != nil {
		return nil, fmt.Errorf("write key file: %w", err)
	}
	if err := os.Link(temporary.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create key file: %w", err)
	}
	return Load(path)
}

// Seal encrypts a value.
func (k *Keys) Seal(what Purpose, value string) (Sealed, error) {
	b, err := k.aead.Encrypt([]byte(value), []byte(what))
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", what, err)
	}
	return b, nil
}

// Open decrypts a value. An error means that the key is not in the set or that the value was altered.
func (k *Keys) Open(what Purpose, sealed Sealed) (string, error) {
	b, err := k.aead.Decrypt(sealed, []byte(what))
	if err != nil {
		return "", fmt.Errorf("open %s: %w", what, err)
	}
	return string(b), nil
}

// Hash is the look-up value of a normalised value: the same for the same value, 32 hexadecimal digits.
func (k *Keys) Hash(what Purpose, value string) (string, error) {
	b, err := k.lookup.ComputePrimaryPRF([]byte(string(what)+"\x00"+value), 16)
	if err != nil {
		return "", fmt.Errorf("hash %s: %w", what, err)
	}
	return hex.EncodeToString(b), nil
}

// IDs is the secret under which public ids are made (32 bytes).
func (k *Keys) IDs() []byte { return k.ids }

// Fingerprint tells key sets apart without telling anything of them. It stands in the database that the key set belongs to.
func (k *Keys) Fingerprint() (string, error) { return k.Hash("fingerprint", "lenddesk") }

func write(h *keyset.Handle) ([]byte, error) {
	var b bytes.Buffer
	if err := insecurecleartextkeyset.Write(h, keyset.NewJSONWriter(&b)); err != nil {
		return nil, fmt.Errorf("write key set: %w", err)
	}
	return b.Bytes(), nil
}

func read(b []byte) (*keyset.Handle, error) {
	return insecurecleartextkeyset.Read(keyset.NewJSONReader(bytes.NewReader(b)))
}
