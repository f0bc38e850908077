package customers

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/predicate"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/store"
)

// Evidence is what two people have in common who may be one.
type Evidence string

// What may tell that two people are one.
const (
	SamePhone      Evidence = "PHONE"
	SameEmail      Evidence = "EMAIL"
	SameNationalID Evidence = "NATIONAL_ID"
	SimilarName    Evidence = "NAME"
)

// Duplicate is somebody on the books who may be the same person.
type Duplicate struct {
	User key.User
	By   []Evidence
}

// Entered is a customer that was entered or changed, with a warning of who may be the same person.
type Entered struct {
	User       key.User
	Duplicates []Duplicate
}

func (o *Office) entered(ctx context.Context, tx *store.Tx, k key.User) (Entered, error) {
	u, err := o.Myself(ctx, tx, k)
	if err != nil {
		return Entered{}, err
	}
	found, err := duplicates(ctx, tx, u)
	return Entered{k, found}, err
}

// Duplicates are the people on the books who may be the same person as a customer. It returns NOT_FOUND for whom the viewer may not see.
func (o *Office) Duplicates(ctx context.Context, userID string) (found []Duplicate, err error) {
	if err := access.Require(access.From(ctx), access.ViewUsers); err != nil {
		return nil, err
	}
	err = o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		u, err := o.User(ctx, tx, userID, "userId")
		if err != nil {
			return err
		}
		found, err = duplicates(ctx, tx, u)
		return err
	})
	return found, err
}

// mostDuplicates is how many are looked at and told of.
const mostDuplicates = 50

// duplicates looks for the same phone, e-mail or ID number in whatever status, and for a similar name; the surest come first. Who has been joined or
// merged is no second person.
func duplicates(ctx context.Context, tx *store.Tx, u *ent.User) ([]Duplicate, error) {
	var certain []predicate.User
	if u.PhoneHash != nil {
		certain = append(certain, user.PhoneHash(*u.PhoneHash))
	}
	if u.Email != nil {
		certain = append(certain, user.Email(*u.Email))
	}
	if u.NationalIDHash != nil {
		certain = append(certain, user.NationalIDHash(*u.NationalIDHash))
	}
	others := func(which ...predicate.User) ([]*ent.User, error) {
		return tx.User.Query().Where(append(which, user.IDNEQ(u.ID), user.JoinedIntoIDIsNil(), user.MergedIntoIDIsNil())...).
			Order(user.ByID(sql.OrderDesc())).Limit(mostDuplicates).All(ctx)
	}
	found := map[key.User]*ent.User{}
	for _, which := range append(certain, named(u.Name)) {
		if which == nil {
			continue
		}
		some, err := others(which)
		if err != nil {
			return nil, fmt.Errorf("look for duplicates: %w", err)
		}
		for _, x := range some {
			found[x.ID] = x
		}
	}
	all := []Duplicate{}
	for _, x := range found {
		if by := evidence(u, x); len(by) > 0 {
			all = append(all, Duplicate{x.ID, by})
		}
	}
	slices.SortFunc(all, func(a, b Duplicate) int {
		if len(a.By) != len(b.By) {
			return len(b.By) - len(a.By)
		}
		return int(b.User - a.User)
	})
	return all[:min(len(all), mostDuplicates)], nil
}

// evidence is what two people have in common.
func evidence(a, b *ent.User) []Evidence {
	same := func(a, b *string) bool { return a != nil && b != nil && *a == *b }
	var by []Evidence
	for _, e := range []struct {
		what Evidence
		is   bool
	}{
		{SamePhone, same(a.PhoneHash, b.PhoneHash)},
		{SameEmail, same(a.Email, b.Email)},
		{SameNationalID, same(a.NationalIDHash, b.NationalIDHash)},
		{SimilarName, alike(a.Name, b.Name)},
	} {
		if e.is {
			by = append(by, e.what)
		}
	}
	return by
}

// alike says whether two names are of one person but for their spelling: the same words in whatever order and case, or, from three Chinese characters
// on, one character that is another, is missing or is too much.
func alike(a, b string) bool {
	x, y := store.Words(a), store.Words(b)
	slices.Sort(x)
	slices.Sort(y)
	if slices.Equal(x, y) {
		return true
	}
	p, q := []rune(strings.Join(store.Words(a), "")), []rune(strings.Join(store.Words(b), ""))
	if !chinese(p) || !chinese(q) || min(len(p), len(q)) < 3 {
		return string(p) == string(q)
	}
	if len(p) < len(q) {
		p, q = q, p
	}
	i := 0
	for i < len(q) && p[i] == q[i] {
		i++
	}
	return len(p) == len(q) && string(p[i+1:]) == string(q[i+1:]) || len(p) == len(q)+1 && string(p[i+1:]) == string(q[i:])
}

// chinese says whether every character is one beyond ASCII, as the index has it by itself.
func chinese(name []rune) bool {
	return !slices.ContainsFunc(name, func(r rune) bool { return r <= 127 })
}

// named are the users with a name that may be alike; nil when the index cannot tell.
func named(name string) predicate.User {
	alternatives := [][]string{store.Grams(name)}
	if whole := []rune(strings.Join(store.Words(name), "")); chinese(whole) && len(whole) >= 3 {
		alternatives = nil
		for leave := range whole { // all characters but one, in whatever place
			var rest []string
			for i, r := range whole {
				if i != leave {
					rest = append(rest, string(r))
				}
			}
			alternatives = append(alternatives, rest)
		}
	}
	if len(alternatives[0]) == 0 {
		return nil
	}
	return func(s *sql.Selector) { s.Where(store.Named(s.Table(), user.Table, 0, alternatives...)) }
}
