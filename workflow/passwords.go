package workflow

import (
	"context"
	"fmt"
	"runtime"

	"github.com/alexedwards/argon2id"
)

// Passwords hashes and compares passwords by argon2id. A hash takes memory and time on purpose, so only a few run at once: the rest wait their
// turn, or until their request is given up.
type Passwords struct {
	params *argon2id.Params
	turns  chan struct{}
	nobody string // the hash that is compared for an account that does not exist
}

// Argon2id are the parameters in use: 19 MiB, two passes (OWASP's recommendation). A stored hash carries its own.
var Argon2id = argon2id.Params{Memory: 19 * 1024, Iterations: 2, Parallelism: 1, SaltLength: 16, KeyLength: 32}

// NewPasswords makes the hasher; as many turns at once as there are processors.
func NewPasswords() (*Passwords, error) {
	nobody, err := argon2id.CreateHash("nobody's password", &Argon2id)
	if err != nil {
		return nil, fmt.Errorf("hash: %w", err)
	}
	return &Passwords{&Argon2id, make(chan struct{}, runtime.GOMAXPROCS(0)), nobody}, nil
}

func (p *Passwords) turn(ctx context.Context) (done func(), err error) {
	select {
	case p.turns <- struct{}{}:
		return func() { <-p.turns }, nil
	case <-ctx.Done():
		return nil, fmt.Errorf("wait for a turn to hash: %w", ctx.Err())
	}
}

// Hash makes the hash to store.
func (p *Passwords) Hash(ctx context.Context, password string) (string, error) {
	done, err := p.turn(ctx)
	if err != nil {
		return "", err
	}
	defer done()
	hash, err := argon2id.CreateHash(password, p.params)
	if err != nil {
		return "", fmt.Errorf("hash: %w", err)
	}
	return hash, nil
}

// Match compares a password with a stored hash. Without a hash it takes the same time and answers false.
func (p *Passwords) Match(ctx context.Context, password string, hash *string) (bool, error) {
	done, err := p.turn(ctx)
	if err != nil {
		return false, err
	}
	defer done()
	against := p.nobody
	if hash != nil {
		against = *hash
	}
	same, err := argon2id.ComparePasswordAndHash(password, against)
	if err != nil {
		return false, fmt.Errorf("compare: %w", err)
	}
	return same && hash != nil, nil
}
