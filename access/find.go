package access

import (
	"context"
	"errors"
	"fmt"

	stdsql "database/sql"

	"entgo.io/ent/dialect/sql"

	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/store"
)

// Seen narrows a query of a kind's table to what the viewer may see: for who reads an object whole that an input names. See Named.
func Seen[P ~func(*sql.Selector)](ctx context.Context, kind key.Kind) P {
	return func(s *sql.Selector) {
		if rule := Rows[kind](From(ctx).Eyes(), sql.Dialect(s.Dialect()).Table(s.TableName())); rule != nil {
			s.Where(rule)
		}
	}
}

// Named is the key that an id names, and 0, which no row has, for one that is malformed or of another type: it is asked for all the same, so that the
// time tells nothing.
func Named[K ~int64](ids *key.Codec, kind key.Kind, id string) K {
	named, n, ok := ids.Decode(id)
	if !ok || named != kind {
		return 0
	}
	return K(n)
}

// Find takes the object that an input names. It returns NOT_FOUND at the field for an id that is malformed, of another
// type, of no row, or of a row that the viewer may not see: alike, so that asking tells nothing. The id of a customer who was merged
// into another one finds the other.
func Find[K ~int64](ctx context.Context, tx *store.Tx, ids *key.Codec, kind key.Kind, table, id string, field ...string) (K, error) {
	missing := fault.Refuse(fault.Problem{Code: fault.NotFound}, field...)
	n := int64(Named[K](ids, kind, id))
	t := sql.Dialect(tx.Dialect()).Table(table)
	is := sql.EQ(t.C("id"), n)
	if kind == key.KindUser {
		// Who went up in another one answers with that one.
		m := sql.Dialect(tx.Dialect()).Table(table)
		is = sql.P(func(b *sql.Builder) {
			b.Ident(t.C("id")).WriteString(" = COALESCE((").
				Join(sql.Dialect(tx.Dialect()).Select(m.C(user.FieldMergedIntoID)).From(m).Where(sql.EQ(m.C("id"), n))).WriteString("), ").Arg(n).WriteByte(')')
		})
	}
	q := sql.Dialect(tx.Dialect()).Select(t.C("id")).From(t).Where(is)
	if rule := Rows[kind](From(ctx).Eyes(), t); rule != nil {
		q.Where(rule)
	}
	query, args := q.Query()
	err := tx.SQL.QueryRowContext(ctx, query, args...).Scan(&n)
	if errors.Is(err, stdsql.ErrNoRows) {
		return 0, missing
	}
	if err != nil {
		return 0, fmt.Errorf("find %s: %w", kind, err)
	}
	return K(n), nil
}
