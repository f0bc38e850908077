package store

import (
	"database/sql/driver"
	"strconv"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
)

// KeyList is keys of rows as one bound value, however many: a JSON array on SQLite, a bigint[] on PostgreSQL.
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

// KeyTable writes keys as a table p(value, key), key being the place in the list. keys is a KeyList, or stands for one.
func KeyTable(b *sql.Builder, keys any) {
	if b.Dialect() == dialect.Postgres {
		b.WriteString("unnest(CAST(").Arg(keys).WriteString(" AS bigint[])) WITH ORDINALITY AS p(value, key)")
		return
	}
	b.WriteString("json_each(").Arg(keys).WriteString(") AS p")
}

// AmongKeys is a column that has one of the keys. keys is a KeyList, or stands for one. A list that has one key already is an equality: PostgreSQL, which takes a list of
// any length for one of ten, would make a new plan each time.
func AmongKeys(column string, keys any) *sql.Predicate {
	if k, ok := keys.(*KeyList); ok && len(k.List) == 1 {
		return sql.EQ(column, k.List[0])
	}
	return sql.P(func(b *sql.Builder) {
		b.Ident(column).WriteString(" IN (SELECT p.value FROM ")
		KeyTable(b, keys)
		b.WriteString(")")
	})
}
