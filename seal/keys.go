package seal

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"

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
	Phone         Purpose = "phone"
	NationalID    Purpose = "national_id"
	CardNumber    Purpose = "card_number"
	WebhookSecret Purpose = "webhook_secret"
	ExportFilter  Purpose = "export_filter" // there may be a phone number in it
	SecondFactor  Purpose = "second_factor" // what an authenticator computes its codes from
)

// Keys is a key set in use. It is safe for concurrent use. One that was read from a file follows the file: see Refresh.
type Keys struct {
	lookup     *prf.Set
	ids        []byte
	encryption atomic.Pointer[encryption]

	path  string // empty when the keys are not from a file
	mu    sync.Mutex
	taken fs.FileInfo // the file as it was when its keys were taken
}

// encryption is what changes when keys are rotated.
type encryption struct {
	aead    tink.AEAD
	primary []byte // what every value begins with that the newest key sealed
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
	f, err := decode(written)
	if err != nil {
		return nil, err
	}
	handle, err := read(f.Encryption)
	if err != nil {
		return nil, errors.New("key set: its encryption keys cannot be read")
	}
	lookup, err := read(f.Lookup)
	if err != nil {
		return nil, errors.New("key set: its look-up key cannot be read")
	}
	k := &Keys{ids: f.IDs}
	e := &encryption{primary: prefix(handle)}
	if e.aead, err = aead.New(handle); err != nil {
		return nil, errors.New("key set: its encryption keys are of another kind")
	}
	k.encryption.Store(e)
	if k.lookup, err = prf.NewPRFSet(lookup); err != nil {
		return nil, errors.New("key set: its look-up key is of another kind")
	}
	return k, nil
}

func decode(written []byte) (f file, err error) {
	written = bytes.TrimSpace(written)
	if len(written) > 0 && written[0] != '{' {
		if written, err = base64.StdEncoding.DecodeString(string(written)); err != nil {
			return f, errors.New("key set: neither JSON nor base64 of it")
		}
	}
	if json.Unmarshal(written, &f) != nil || len(f.IDs) != 32 {
		return f, errors.New("key set: not a key set of lenddesk (JSON with encryption, lookup and ids)")
	}
	return f, nil
}

// ErrNoFile says that there is no key file.
var ErrNoFile = errors.New("there is no key file")

// Load reads the key file; ErrNoFile if it does not exist.
func Load(path string) (*Keys, error) {
	// A relative path keeps its meaning when the program changes its folder.
	path, err := filepath.Abs(path)
	if err != nil {
		return nil, fmt.Errorf("find key file: %w", err)
	}
	opened, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNoFile
	}
	if err != nil {
		return nil, fmt.Errorf("open key file: %w", err)
	}
	defer opened.Close()
	info, err := opened.Stat()
	if err != nil {
		return nil, fmt.Errorf("look at key file: %w", err)
	}
	written, err := io.ReadAll(opened)
	if err != nil {
		return nil, fmt.Errorf("read key file: %w", err)
	}
	keys, err := Parse(written)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Base(path), err)
	}
	keys.path, keys.taken = path, info
	return keys, nil
}

// Create makes a new key file with mode 0600, whole or not at all, and never over another one: of two programs that start
// at once, both end with the file of the first.
func Create(path string) (*Keys, error) {
	written, err := Generate()
	if err != nil {
		return nil, err
	}
	temporary, err := beside(path, written)
	if err != nil {
		return nil, err
	}
	defer os.Remove(temporary)
	if err := os.Link(temporary, path); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("create key file: %w", err)
	}
	return Load(path)
}

// beside writes a file with mode 0600 into the folder of path, down to the disk, and returns its name.
func beside(path string, content []byte) (name string, err error) {
	temporary, err := os.CreateTemp(filepath.Dir(path), ".keys-*") // mode 0600
	if err != nil {
		return "", fmt.Errorf("create key file: %w", err)
	}
	_, err = temporary.Write(append(content, '\n'))
	if err = errors.Join(err, temporary.Sync(), temporary.Close()); err != nil {
		return "", errors.Join(fmt.Errorf("write key file: %w", err), os.Remove(temporary.Name()))
	}
	return temporary.Name(), nil
}

// Seal encrypts a value under the newest key.
func (k *Keys) Seal(what Purpose, value string) (Sealed, error) {
	b, err := k.encryption.Load().aead.Encrypt([]byte(value), []byte(what))
	if err != nil {
		return nil, fmt.Errorf("seal %s: %w", what, err)
	}
	return b, nil
}

// Open decrypts a value. An error means that the key is not in the set, not in its file either, or that the value was altered.
func (k *Keys) Open(what Purpose, sealed Sealed) (string, error) {
	with := k.encryption.Load()
	b, err := with.aead.Decrypt(sealed, []byte(what))
	if err != nil {
		// Another server may have sealed it under a key that is in the file by now.
		if _, failed := k.Refresh(); failed != nil {
			err = errors.Join(err, failed)
		}
		if now := k.encryption.Load(); now != with {
			b, err = now.aead.Decrypt(sealed, []byte(what))
		}
	}
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
