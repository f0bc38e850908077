package reading

import (
	"strconv"
	"strings"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"lenddesk/ent/user"
	"lenddesk/store"
)

// A customer who went up in another one answers with that one: whatever refers to the former, an id of the contract or a row's reference to several
// types, leads to the latter.

// heir is the customer with the one given key, or whom that one went up in.
func heir(at *sql.SelectTable) *sql.Predicate {
	m := sql.Dialect(at.Dialect()).Table(user.Table).As("m")
	return sql.P(func(b *sql.Builder) {
		b.Ident(at.C("id")).WriteString(" = COALESCE((").
			Join(sql.Dialect(at.Dialect()).Select(m.C(user.FieldMergedIntoID)).From(m).Where(equal(m.C("id"), theKey))).
			WriteString("), ").Arg(theKey).WriteByte(')')
	})
}

// heirs are the customers with the given keys, or whom those went up in.
func heirs(at *sql.SelectTable) *sql.Predicate {
	m := sql.Dialect(at.Dialect()).Table(user.Table).As("m")
	return sql.In(at.C("id"), sql.Dialect(at.Dialect()).Select().
		AppendSelectExpr(sql.Raw("COALESCE("+m.C(user.FieldMergedIntoID)+", "+m.C("id")+")")).From(m).Where(store.AmongKeys(m.C("id"), theKeys)))
}

// merged is the keys of those who went up in a customer, joined by commas.
func merged(at *sql.SelectTable, _ Look) sql.Querier {
	m := sql.Dialect(at.Dialect()).Table(user.Table).As("m")
	list := "group_concat(" + m.C("id") + ")"
	if at.Dialect() == dialect.Postgres {
		list = "string_agg(CAST(" + m.C("id") + " AS text), ',')"
	}
	return sql.Dialect(at.Dialect()).Select().AppendSelectExpr(sql.Raw(list)).From(m).Where(sql.ColumnsEQ(m.C(user.FieldMergedIntoID), at.C("id")))
}

// former reads what merged has written.
func former(c store.Cell) []int64 {
	var all []int64
	for _, s := range strings.FieldsFunc(c.Text(), func(r rune) bool { return r == ',' }) {
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			all = append(all, n)
		}
	}
	return all
}
