package main

import (
	"context"
	"errors"
	"fmt"

	"lenddesk/ent"
	"lenddesk/seal"
	"lenddesk/store"
)

// openKeys takes the key set that the database belongs to, or gives a new database its own. A database whose keys are missing, or
// are others, is not opened: what would be written under other keys could never be found again.
func openKeys(ctx context.Context, s *store.Store, c settings) (*seal.Keys, error) {
	bound, err := s.Client().Keyset.Query().Only(ctx)
	if err != nil && !ent.IsNotFound(err) {
		return nil, fmt.Errorf("read which keys the database belongs to: %w", err)
	}
	keys, err := ownKeys(c, bound == nil)
	if err != nil {
		return nil, err
	}
	mark, err := keys.Fingerprint()
	if err != nil {
		return nil, err
	}
	if bound == nil {
		err := s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
			return tx.Keyset.Create().SetID(1).SetFingerprint(mark).Exec(ctx)
		})
		if err == nil {
			return keys, nil
		}
		if _, twice := store.UniqueViolation(err); !twice {
			return nil, fmt.Errorf("note which keys the database belongs to: %w", err)
		}
		if bound, err = s.Client().Keyset.Query().Only(ctx); err != nil { // another server was faster
			return nil, fmt.Errorf("read which keys the database belongs to: %w", err)
		}
	}
	if bound.Fingerprint != mark {
		return nil, fmt.Errorf("the keys in %s are not those of this database: put its own back, or set LENDDESK_KEYSET to them", c.keySource())
	}
	return keys, nil
}

func ownKeys(c settings, fresh bool) (*seal.Keys, error) {
	if c.Keyset != "" {
		return seal.Parse([]byte(c.Keyset))
	}
	keys, err := seal.Load(c.keyFile())
	if !errors.Is(err, seal.ErrNoFile) {
		return keys, err
	}
	if !fresh {
		return nil, fmt.Errorf("the key file %s is missing: without it the personal data in this database cannot be read. "+
			"Put it back, or set LENDDESK_KEYSET to what stood in it", c.keyFile())
	}
	return seal.Create(c.keyFile())
}

func (s settings) keySource() string {
	if s.Keyset != "" {
		return "LENDDESK_KEYSET"
	}
	return s.keyFile()
}
