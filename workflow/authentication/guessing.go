package authentication

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/fnv"
	"net/netip"
	"slices"
	"sync"
	"time"

	"lenddesk/access"
	"lenddesk/ent/event"
	"lenddesk/ent/guess"
	"lenddesk/ent/predicate"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
)

// How many wrong passwords are heard within guessingTime. An account has two budgets, ten guesses in all: one for addresses where its owner has
// been, one for all others together, so that whoever guesses from elsewhere does not shut the owner out. Somebody who tries one account after another
// is stopped by address, but for accounts that are at home there.
const (
	guessingTime     = time.Hour
	guessesAtHome    = 5
	guessesElsewhere = 5
	guessesByAddress = 30
)

// loginHash is the purpose under which logins are hashed of which there is no account.
const loginHash seal.Purpose = "login"

// target is an account that a password is tried at, or a login where none is.
type target struct {
	kind key.Kind
	id   int64  // 0: there is no such account
	name string // under which its guesses count
}

func (a account) target() target {
	if a.staff != nil {
		return target{key.KindStaff, int64(a.staff.ID), fmt.Sprintf("%s %d", key.KindStaff, a.staff.ID)}
	}
	return target{key.KindUser, int64(a.user.ID), fmt.Sprintf("%s %d", key.KindUser, a.user.ID)}
}

// targets are what a password is tried at with a login: the accounts that have it, or else the login itself.
func (o *Office) targets(login string, accounts [2]account) ([]target, error) {
	var all []target
	for _, a := range accounts {
		if a.hash() != nil {
			all = append(all, a.target())
		}
	}
	if len(all) > 0 {
		return all, nil
	}
	hash, err := o.Keys.Hash(loginHash, login)
	return []target{{name: "nobody " + hash}}, err
}

// tried are guesses that count until they turn out to be none.
type tried struct {
	targets []target
	kept    []key.Guess
	home    bool // the owner of one of the accounts has been at this address
}

// guess counts a try at every target before the password is compared, so that no number of tries at once is heard more often. It returns TRY_LATER at
// the field, alike for accounts that exist and that do not.
func (o *Office) guess(ctx context.Context, tx *store.Tx, targets []target, field ...string) (tried, error) {
	t := tried{targets: targets}
	numbers := make([]int64, len(targets))
	for i, at := range targets {
		h := fnv.New64a()
		h.Write([]byte(at.name))
		numbers[i] = int64(binary.BigEndian.Uint64(h.Sum(nil)))
	}
	slices.Sort(numbers) // everybody waits in the same order
	for _, n := range numbers {
		if err := tx.Alone(ctx, n); err != nil {
			return t, err
		}
	}
	now, address := lifecycle.Now(), access.From(ctx).Address
	network := networkOf(address)
	for _, at := range targets {
		home, err := isHome(ctx, tx, at, address)
		if err != nil {
			return t, err
		}
		t.home = t.home || home
		n, err := tx.Guess.Query().Where(guess.Account(at.name), guess.Home(home), guess.ExpiresAtGT(now)).Count(ctx)
		if err != nil {
			return t, fmt.Errorf("count guesses: %w", err)
		}
		if home && n >= guessesAtHome || !home && n >= guessesElsewhere {
			return t, fault.Refuse(fault.Problem{Code: fault.TryLater}, field...)
		}
		kept, err := tx.Guess.Create().SetAccount(at.name).SetAddress(network).SetHome(home).SetExpiresAt(now.Add(guessingTime)).Save(ctx)
		if err != nil {
			return t, fmt.Errorf("count a guess: %w", err)
		}
		t.kept = append(t.kept, kept.ID)
	}
	if t.home {
		return t, nil
	}
	n, err := tx.Guess.Query().Where(guess.Address(network), guess.Home(false), guess.ExpiresAtGT(now)).Count(ctx)
	if err != nil {
		return t, fmt.Errorf("count guesses: %w", err)
	}
	if n > guessesByAddress {
		return t, fault.Refuse(fault.Problem{Code: fault.TryLater}, field...)
	}
	return t, nil
}

// networkOf is an address as guesses are counted by it: of IPv6 the network (/64), since one machine has as many addresses in it as it likes.
func networkOf(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	return netip.PrefixFrom(ip.WithZone(""), 64).Masked().String()
}

// right takes back what was counted for a password that is the account's: this try, and the owner's own slips at this address.
func (t tried) right(ctx context.Context, tx *store.Tx, a account) error {
	own := guess.And(guess.Account(a.target().name), guess.Address(networkOf(access.From(ctx).Address)))
	if _, err := tx.Guess.Delete().Where(guess.Or(guess.IDIn(t.kept...), own)).Exec(ctx); err != nil {
		return fmt.Errorf("take a guess back: %w", err)
	}
	return nil
}

// back takes back what this try alone counts, of somebody who is right so far.
func (t tried) back(ctx context.Context, tx *store.Tx) error {
	if _, err := tx.Guess.Delete().Where(guess.IDIn(t.kept...)).Exec(ctx); err != nil {
		return fmt.Errorf("take a guess back: %w", err)
	}
	return nil
}

// forgive takes back every guess at an account.
func forgive(ctx context.Context, tx *store.Tx, a account) error {
	if _, err := tx.Guess.Delete().Where(guess.Account(a.target().name)).Exec(ctx); err != nil {
		return fmt.Errorf("forget guesses: %w", err)
	}
	return nil
}

// shown are events that only the owner of an account can cause: they were at the address.
var shown = []string{
	lifecycle.Kind("signIn"), lifecycle.Kind("changePassword"), lifecycle.Kind("resetPassword"), lifecycle.Kind("registerUser"), lifecycle.Kind("activateStaff"),
}

// isHome tells whether the owner of an account has been at an address.
func isHome(ctx context.Context, tx *store.Tx, at target, address string) (bool, error) {
	if at.id == 0 || address == "" {
		return false, nil
	}
	been, err := tx.Event.Query().Where(of(at), event.Address(address), event.KindIn(shown...)).Exist(ctx)
	if err != nil {
		return false, fmt.Errorf("look where an account is at home: %w", err)
	}
	return been, nil
}

func of(t target) predicate.Event {
	return event.And(event.SubjectType(string(t.kind)), event.SubjectID(t.id))
}

// turns let the tries with one login come one after another on this server: the right password, sent by many clients at once, is not taken for many
// guesses.
type turns [64]sync.Mutex

func (t *turns) of(login string) *sync.Mutex {
	h := fnv.New32a()
	h.Write([]byte(login))
	return &t[h.Sum32()%uint32(len(t))]
}
