package transfer

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"log/slog"
	"strings"

	"lenddesk/seal"
	"lenddesk/store"
)

// piece is how much of a file is sealed at a time, so that no file need fit into memory.
const piece = 256 << 10

// vault writes a file sealed, piece by piece: each is the length of what is sealed, whether it is the last, and what is sealed. Where a piece stands, in which file, and whether it is the last is
// bound into the seal: none can be moved, left out or cut off.
type vault struct {
	keys  *seal.Keys
	to    io.WriteCloser
	name  string
	n     int
	rest  []byte
	size  int64
	sum   hash.Hash
	leave context.CancelFunc
}

// newVault begins a file under a name that nobody has chosen. It is there when close has returned nil.
func (o *Office) newVault(ctx context.Context) (*vault, error) {
	name := strings.ToLower(rand.Text())
	ctx, leave := context.WithCancel(ctx)
	to, err := o.Files.Write(ctx, name)
	if err != nil {
		leave()
		return nil, err
	}
	return &vault{keys: o.Keys, to: to, name: name, sum: sha256.New(), leave: leave}, nil
}

func pieceOf(name string, n int, last bool) seal.Purpose {
	return seal.Purpose(fmt.Sprintf("transfer %s %d %t", name, n, last))
}

func (v *vault) Write(b []byte) (int, error) {
	v.size += int64(len(b))
	_, _ = v.sum.Write(b) // a hash takes everything
	v.rest = append(v.rest, b...)
	for len(v.rest) > piece {
		if err := v.put(v.rest[:piece], false); err != nil {
			return 0, err
		}
		v.rest = append(v.rest[:0], v.rest[piece:]...)
	}
	return len(b), nil
}

func (v *vault) put(b []byte, last bool) error {
	sealed, err := v.keys.Seal(pieceOf(v.name, v.n, last), string(b))
	if err != nil {
		return err
	}
	v.n++
	var head [5]byte
	binary.BigEndian.PutUint32(head[:], uint32(len(sealed)))
	if last {
		head[4] = 1
	}
	if _, err := v.to.Write(head[:]); err != nil {
		return err
	}
	_, err = v.to.Write(sealed)
	return err
}

// close has the whole file be there, or nothing of it when failed says that something went wrong before.
func (v *vault) close(failed error) error {
	defer v.leave()
	if failed == nil {
		failed = v.put(v.rest, true)
	}
	if failed != nil {
		v.leave()
		_ = v.to.Close() // gives it up
		return failed
	}
	return v.to.Close()
}

func (v *vault) sha256() string { return hex.EncodeToString(v.sum.Sum(nil)) }

// errSpoilt says that a file is not the one that was written.
var errSpoilt = errors.New("a file is not the one that was written")

// opened reads a sealed file.
type opened struct {
	keys *seal.Keys
	from io.ReadCloser
	name string
	n    int
	rest string
	end  bool
}

func (o *Office) openVault(ctx context.Context, name string) (io.ReadCloser, error) {
	from, err := o.Files.Read(ctx, name)
	if err != nil {
		return nil, err
	}
	return &opened{keys: o.Keys, from: from, name: name}, nil
}

func (r *opened) Read(b []byte) (int, error) {
	for r.rest == "" {
		if r.end {
			return 0, io.EOF
		}
		if err := r.next(); err != nil {
			return 0, err
		}
	}
	n := copy(b, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

func (r *opened) next() error {
	var head [5]byte
	if _, err := io.ReadFull(r.from, head[:]); err != nil {
		return errors.Join(errSpoilt, err)
	}
	length := binary.BigEndian.Uint32(head[:])
	if length > 2*piece {
		return errSpoilt
	}
	sealed := make([]byte, length)
	if _, err := io.ReadFull(r.from, sealed); err != nil {
		return errors.Join(errSpoilt, err)
	}
	last := head[4] == 1
	plain, err := r.keys.Open(pieceOf(r.name, r.n, last), sealed)
	if err != nil {
		return errors.Join(errSpoilt, err)
	}
	r.rest, r.end = plain, last
	r.n++
	return nil
}

func (r *opened) Close() error { return r.from.Close() }

// drop removes a file to which no row points. Whether one does is not certain after a commit whose answer was lost: then the sweeper finds out.
func (o *Office) drop(ctx context.Context, name string, because error) {
	if because != nil && store.Uncertain(because) {
		return
	}
	if err := o.Files.Delete(context.WithoutCancel(ctx), name); err != nil {
		slog.WarnContext(ctx, "a file that belongs to nothing stays until it is swept", "error", err)
	}
}
