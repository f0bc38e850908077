package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/riverqueue/river"

	"lenddesk/ent"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow/administration"
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

// rotate adds a new encryption key to the key file.
func rotate(c settings, out io.Writer) error {
	if c.Keyset != "" {
		return fmt.Errorf("the keys come from LENDDESK_KEYSET, which this command cannot change: write its value to the file %s, run this command "+
			"again without LENDDESK_KEYSET, set LENDDESK_KEYSET to what then stands in the file for every server, and start them all anew together", c.keyFile())
	}
	err := seal.Rotate(c.keyFile())
	if errors.Is(err, seal.ErrNoFile) {
		return fmt.Errorf("there is no key file %s: start the server once, or run this where it runs, with its LENDDESK_DATABASE_URL", c.keyFile())
	}
	if err != nil {
		return fmt.Errorf("rotate keys: %w", err)
	}
	_, err = fmt.Fprintf(out, "%s has a new encryption key. Back it up. Servers that use this file take the key up within %s and soon "+
		"seal older values anew; hashes and ids stay as they are.\n", c.keyFile(), followEvery)
	return err
}

// followEvery is how often a server looks whether the key file was replaced.
const followEvery = 2 * time.Second

// followKeys takes up new keys from the key file until ctx ends, and has older values sealed anew.
func (p *program) followKeys(ctx context.Context) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	mark, failing := string(p.desk.Keys.Mark()), false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		_, err := p.desk.Keys.Refresh()
		if err != nil && !failing { // once, not every time
			p.log.Error("the key file cannot be followed; the keys in use stay", "error", err)
		}
		failing = err != nil
		if now := string(p.desk.Keys.Mark()); now != mark && p.reseal(ctx) {
			mark = now
		}
	}
}

// resealAfter is when every server has taken the new key up and every request that sealed under the old one has ended.
const resealAfter = time.Minute

// reseal has what older keys sealed sealed anew. It is true when that is queued.
func (p *program) reseal(ctx context.Context) bool {
	err := p.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		return p.queue.Enqueue(ctx, tx, administration.Reseal{}, &river.InsertOpts{ScheduledAt: time.Now().Add(resealAfter)})
	})
	if err != nil {
		p.log.Warn("older values are not sealed anew yet", "error", err)
		return false
	}
	p.log.Info("a new encryption key is in use; older values are sealed anew", "in", resealAfter)
	return true
}
