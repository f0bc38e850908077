package key

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base32"
	"encoding/binary"
	"fmt"
	"strings"
)

// Codec turns (kind, key) into an opaque id such as `loan_3k9v…` and back. The number is permuted under a secret, so
// that ids tell neither how many rows there are nor which came first; the same number of another kind looks different.
type Codec struct{ block cipher.Block }

// alphabet is Crockford's, in lower case: no letter that is mistaken for a digit.
var alphabet = base32.NewEncoding("0123456789abcdefghjkmnpqrstvwxyz").WithPadding(base32.NoPadding)

const rounds = 6

// NewCodec makes a codec from a secret of 16, 24 or 32 bytes. Another secret makes other ids: it is kept with the key
// set for the life of the database.
func NewCodec(secret []byte) (*Codec, error) {
	block, err := aes.NewCipher(secret)
	if err != nil {
		return nil, fmt.Errorf("secret of ids: %w", err)
	}
	return &Codec{block}, nil
}

// Append writes the public id of a row.
func (c *Codec) Append(b []byte, kind Kind, n int64) []byte {
	var raw [8]byte
	binary.BigEndian.PutUint64(raw[:], c.permute(kind, uint64(n), false))
	b = append(append(b, prefixes[kind]...), '_')
	return alphabet.AppendEncode(b, raw[:])
}

// Encode is Append into a string.
func (c *Codec) Encode(kind Kind, n int64) string { return string(c.Append(nil, kind, n)) }

// Decode is the inverse of Encode; ok is false for what Encode cannot have made.
func (c *Codec) Decode(id string) (kind Kind, n int64, ok bool) {
	prefix, code, found := strings.Cut(id, "_")
	kind, known := kinds[prefix]
	if !found || !known {
		return "", 0, false
	}
	raw, err := alphabet.DecodeString(code)
	if err != nil || len(raw) != 8 {
		return "", 0, false
	}
	n = int64(c.permute(kind, binary.BigEndian.Uint64(raw), true))
	return kind, n, n > 0 && c.Encode(kind, n) == id
}

// permute is a balanced Feistel network over 64 bits with AES as its round function; the kind is its tweak.
func (c *Codec) permute(kind Kind, v uint64, back bool) uint64 {
	var block [aes.BlockSize]byte
	copy(block[5:], prefixes[kind])
	left, right := uint32(v>>32), uint32(v)
	for i := range rounds {
		if back {
			i = rounds - 1 - i
			left, right = right^c.round(&block, i, left), left
		} else {
			left, right = right, left^c.round(&block, i, right)
		}
	}
	return uint64(left)<<32 | uint64(right)
}

func (c *Codec) round(block *[aes.BlockSize]byte, i int, half uint32) uint32 {
	in := *block
	in[0] = byte(i)
	binary.BigEndian.PutUint32(in[1:5], half)
	c.block.Encrypt(in[:], in[:])
	return binary.BigEndian.Uint32(in[:4])
}
