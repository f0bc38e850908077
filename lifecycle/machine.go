package lifecycle

import (
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/store"
)

// Updater is what ent generates for every entity with a status.
type Updater[U any, P ~func(*sql.Selector), S ~string] interface {
	Where(...P) U
	SetStatus(S) U
	SetStatusSince(time.Time) U
	AddVersion(int) U
	Save(context.Context) (int, error)
}

// Object is the row that a move is about, as it was read in the same transaction.
type Object[S ~string] struct {
	ID      int64
	Status  S
	Version int
	Owner   key.User // the customer whose it is; the story of this customer gets the event
}

// Said is what comes with a move.
type Said struct {
	Reason   string         // told to the customer
	Note     string         // for staff only
	Changes  map[string]any // before and after, personal data masked
	Expected *int           // the version that the caller has seen
}

// Permit refuses a viewer who could not make this move with any object: UNAUTHENTICATED for nobody, else FORBIDDEN. A verb asks
// it first, before it looks at anything.
func (m Move[S]) Permit(v access.Viewer) error { return Line{Name: m.Name, By: m.By}.Permit(v) }

// Permit refuses a viewer who could not make this move with any object.
func (l Line) Permit(v access.Viewer) error { return l.PermitOn(v, v.User, "") }

// PermitOn refuses a viewer who may not make this move with an object of this customer in this status; without a status, in any.
func (l Line) PermitOn(v access.Viewer, owns key.User, status string) error {
	for _, b := range l.By {
		// Where the move does not start from the status at all, that is what the refusal says.
		if len(b.At) > 0 && status != "" && !slices.Contains(b.At, status) && slices.Contains(l.Offered(), status) {
			continue
		}
		switch b.Who {
		case Anyone:
			return nil
		case Permitted:
			if v.May(b.Permission) {
				return nil
			}
		case Owner:
			if v.User != 0 && v.User == owns && v.Permissions&b.Holding == b.Holding {
				return nil
			}
		case Customer:
			if v.User != 0 && v.Permissions&b.Holding == b.Holding {
				return nil
			}
		case System:
			if v.System != "" {
				return nil
			}
		}
	}
	if !v.Somebody() {
		return fault.Deny(fault.Unauthenticated, "Sign in first.")
	}
	return fault.Deny(fault.Forbidden, l.Name+" is not yours to do.")
}

// Blocked is what keeps a viewer who may from making a move with an object in this status now: NOT_ALLOWED_NOW naming status and
// move, and whatever the guards find. Nothing blocked means that it is allowed.
func (l Line) Blocked(status string, facts Facts) fault.List {
	var blocked fault.List
	if offered := l.Offered(); len(offered) > 0 && !slices.Contains(offered, status) {
		blocked.Add(fault.Problem{Code: fault.NotAllowedNow, Data: map[string]any{"move": l.Name, "status": status}})
	}
	for _, g := range l.Guards {
		if p := g.Check(facts); p != nil {
			blocked.Add(*p)
		}
	}
	return blocked
}

// Make moves one row: it asks who, from where, which version and every guard, then writes by compare-and-set and adds the event.
// u may carry further changes of the same row. A move that leaves a choice of statuses is made by MakeTo.
//
// It returns FORBIDDEN when the object is not the viewer's, CONFLICT for a stale version and for a lost race, NOT_ALLOWED_NOW for a
// wrong status, or what the guards found.
func Make[U Updater[U, P, S], P ~func(*sql.Selector), S ~string](ctx context.Context, tx *store.Tx, m Move[S], u U, o Object[S], said Said) error {
	to := o.Status
	switch len(m.To) {
	case 0:
	case 1:
		to = m.To[0]
	default:
		return fmt.Errorf("%s leaves a choice of statuses", m.Name)
	}
	return makeTo(ctx, tx, m, u, o, to, said)
}

// MakeTo makes a move that leaves a choice, to one of its statuses.
func MakeTo[U Updater[U, P, S], P ~func(*sql.Selector), S ~string](ctx context.Context, tx *store.Tx, m Move[S], u U, o Object[S], to S, said Said) error {
	if !slices.Contains(m.To, to) {
		return fmt.Errorf("%s does not lead to %s", m.Name, to)
	}
	return makeTo(ctx, tx, m, u, o, to, said)
}

func makeTo[U Updater[U, P, S], P ~func(*sql.Selector), S ~string](ctx context.Context, tx *store.Tx, m Move[S], u U, o Object[S], to S, said Said) error {
	if err := allow(ctx, tx, m, o, said); err != nil {
		return err
	}
	at := Now()
	u = u.Where(P(sql.FieldEQ("id", o.ID)), P(sql.FieldEQ("status", o.Status))).AddVersion(1)
	if said.Expected != nil {
		u = u.Where(P(sql.FieldEQ("version", o.Version)))
	}
	if to != o.Status {
		u = u.SetStatus(to).SetStatusSince(at)
	}
	n, err := u.Save(context.WithValue(ctx, permit{}, m.Name))
	if err != nil {
		return fmt.Errorf("%s: %w", m.Name, err)
	}
	if n == 0 {
		return fault.Refuse(fault.Problem{Code: fault.Conflict})
	}
	return record(ctx, tx, happening{
		move: m.Name, kind: m.kind, id: o.ID, owner: o.Owner, from: string(o.Status), to: string(to), said: said, at: at,
	})
}

// Beside asks who, from where, which version and every guard, for a move that makes an object in place of this one and leaves this one as it is.
// The verb then makes the other and calls Born.
//
// It returns what Make returns, but nothing is written.
func Beside[S ~string](ctx context.Context, tx *store.Tx, m Move[S], o Object[S], said Said) error {
	if len(m.Beside) == 0 {
		return fmt.Errorf("%s makes nothing beside another object", m.Name)
	}
	return allow(ctx, tx, m, o, said)
}

// Allowed refuses what Make would, and writes nothing: for a verb that tells it together with the faults of its input.
func Allowed[S ~string](ctx context.Context, tx *store.Tx, m Move[S], o Object[S], said Said) error {
	return allow(ctx, tx, m, o, said)
}

// allow refuses what may not be done with this object, by this viewer, now.
func allow[S ~string](ctx context.Context, tx *store.Tx, m Move[S], o Object[S], said Said) error {
	line := m.line()
	if err := line.PermitOn(access.From(ctx), o.Owner, string(o.Status)); err != nil {
		return err
	}
	if said.Expected != nil && *said.Expected != o.Version {
		return fault.Refuse(fault.Problem{Code: fault.Conflict, Text: "expected_version"}, "expectedVersion")
	}
	facts, err := LoadFacts(ctx, tx.SQL, tx.Dialect(), tableName[m.kind], []int64{o.ID}, needs(m.Guards))
	if err != nil {
		return err
	}
	return line.Blocked(string(o.Status), facts[o.ID]).Err()
}

// Born records the move that made a row. The verb has created it with one of the move's statuses.
func Born[S ~string](ctx context.Context, tx *store.Tx, m Move[S], id int64, status S, owns key.User, said Said) error {
	if len(m.From) > 0 || !slices.Contains(m.To, status) {
		return fmt.Errorf("%s does not make a row %s", m.Name, status)
	}
	return record(ctx, tx, happening{move: m.Name, kind: m.kind, id: id, owner: owns, to: string(status), said: said, at: Now()})
}

// Newborn is a row that a move has made.
type Newborn[S ~string] struct {
	ID     int64
	Status S
	Owner  key.User // whose it is
	Said   Said
}

// BornAll records a move that made many rows, as Born does one, in one statement.
func BornAll[S ~string](ctx context.Context, tx *store.Tx, m Move[S], all []Newborn[S]) error {
	at, events := Now(), make([]*ent.EventCreate, len(all))
	for i, n := range all {
		if len(m.From) > 0 || !slices.Contains(m.To, n.Status) {
			return fmt.Errorf("%s does not make a row %s", m.Name, n.Status)
		}
		events[i] = written(ctx, tx, happening{move: m.Name, kind: m.kind, id: n.ID, owner: n.Owner, to: string(n.Status), said: n.Said, at: at})
	}
	if err := tx.Event.CreateBulk(events...).Exec(ctx); err != nil {
		return fmt.Errorf("record %s: %w", m.Name, err)
	}
	return nil
}

func needs(guards []Guard) []Fact {
	var all []Fact
	for _, g := range guards {
		all = append(all, g.Needs...)
	}
	return all
}
