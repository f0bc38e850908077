package store

import (
	"database/sql/driver"
	"strconv"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// KeyList is keys of rows as one bound value, however many: a JSON array on SQLite, a bigint[] on PostgreSQL. The list may be filled in after
// the statement was built.
type KeyList struct {
	Dialect string
	List    []int64
}

// Value binds the keys.
func (k *KeyList) Value() (driver.Value, error) {
	open, end := byte('['), byte(']')
	if k.Dialect == dialect.Postgres {
		open, end = '{', '}'
	}
	b := []byte{open}
	for i, n := range k.List {
		if i > 0 {
			b = append(b, ',')
		}
		b = strconv.AppendInt(b, n, 10)
	}
	return string(append(b, end)), nil
}

// Table writes the keys as a table p(value, key), key being the place in the list.
func (k *KeyList) Table(b *sql.Builder) {
	if k.Dialect == dialect.Postgres {
		b.WriteString("unnest(CAST(").Arg(k).WriteString(" AS bigint[])) WITH ORDINALITY AS p(value, key)")
		return
	}
	b.WriteString("json_each(").Arg(k).WriteString(") AS p")
}

// Among is a column that has one of the keys.
func (k *KeyList) Among(column string) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		b.Ident(column).WriteString(" IN (SELECT p.value FROM ")
		k.Table(b)
		b.WriteString(")")
	})
}
