package access

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	lru "github.com/hashicorp/golang-lru/v2"

	"lenddesk/ent/parameter"
	parameters "lenddesk/parameter"
	"lenddesk/store"
)

// keptViewers is how many tokens are remembered; one takes some two hundred bytes.
const keptViewers = 10_000

// Known remembers who tokens belong to. With every request it is asked whether anything has changed since that decides of it, which is much less than
// asking anew: store.AuthorityVersion. So whoever is deactivated, loses a role or signs out, is refused from the next request on, on every server.
//
// It is safe for concurrent use.
type Known struct {
	store   *store.Store
	viewers *lru.Cache[string, known]
}

type known struct {
	viewer  Viewer
	version int64     // of authority, before it was asked who that is
	until   time.Time // from then on it is asked anew; zero for never
}

// NewKnown knows nobody yet.
func NewKnown(s *store.Store) *Known {
	viewers, err := lru.New[string, known](keptViewers)
	if err != nil {
		panic(err) // only of a size below 1
	}
	return &Known{s, viewers}
}

// Authenticate is the function Authenticate, by what is known.
func (k *Known) Authenticate(ctx context.Context, token string) (Viewer, error) {
	version, err := k.store.AuthorityVersion(ctx)
	if err != nil {
		return Viewer{}, fmt.Errorf("authenticate: %w", err)
	}
	hash := string(hashOf(token))
	now := time.Now().UTC()
	if is, ok := k.viewers.Get(hash); ok && is.version == version && (is.until.IsZero() || now.Before(is.until)) {
		return is.viewer, nil
	}
	v, until, err := authenticate(ctx, k.store.Reader(), k.store.Dialect(), token)
	if err != nil {
		return v, err
	}
	if !v.Somebody() {
		k.viewers.Remove(hash)
		return v, nil
	}
	change, err := nextDemand(ctx, k.store.Reader(), k.store.Dialect(), now)
	if err != nil {
		return v, err
	}
	if until.IsZero() || !change.IsZero() && change.Before(until) {
		until = change
	}
	k.viewers.Add(hash, known{v, version, until})
	return v, nil
}

// Assume is who a token belonged to when it was last asked, and the assumption on which they still do; false when nobody knows. Nothing may be
// answered or done for whoever is taken for them before it is sure that the assumption Holds.
func (k *Known) Assume(token string) (Viewer, *store.Assumption, bool) {
	is, ok := k.viewers.Get(string(hashOf(token)))
	if !ok || !is.until.IsZero() && !time.Now().Before(is.until) {
		return Viewer{}, nil, false
	}
	return is.viewer, &store.Assumption{Version: is.version}, true
}

// Holds says whether an assumption does, and asks if that has not been asked yet.
func (k *Known) Holds(ctx context.Context, a *store.Assumption) (bool, error) {
	if asked, holds := a.Found(); asked {
		return holds, nil
	}
	version, err := k.store.AuthorityVersion(ctx)
	if err != nil {
		return false, fmt.Errorf("authenticate: %w", err)
	}
	return version == a.Version, nil
}

type assumed struct{}

// Assuming puts the assumption on which the viewer was found into a context, for the reading to ask about; nil for none.
func Assuming(ctx context.Context, a *store.Assumption) context.Context {
	return context.WithValue(ctx, assumed{}, a)
}

// Assumed is the assumption of a context, nil when there is none.
func Assumed(ctx context.Context) *store.Assumption {
	a, _ := ctx.Value(assumed{}).(*store.Assumption)
	return a
}

// nextDemand is when a parameter begins that says anew whether staff need a second factor; zero when none is scheduled.
func nextDemand(ctx context.Context, db Querier, dialect string, now time.Time) (at time.Time, err error) {
	p := sql.Dialect(dialect).Table(parameter.Table)
	query, args := sql.Dialect(dialect).Select(p.C(parameter.FieldEffectiveAt)).From(p).
		Where(sql.And(sql.EQ(p.C(parameter.FieldName), parameters.StaffSecondFactor), sql.GT(p.C(parameter.FieldEffectiveAt), now))).
		OrderBy(p.C(parameter.FieldEffectiveAt)).Limit(1).Query()
	if err := db.QueryRowContext(ctx, query, args...).Scan(&at); err != nil && !errors.Is(err, stdsql.ErrNoRows) {
		return at, fmt.Errorf("authenticate: %w", err)
	}
	return at, nil
}
