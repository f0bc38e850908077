package reading

import (
	"reflect"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"lenddesk/ent/company"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/money"
	"lenddesk/seal"
)

// lookup is what filters need beside the value: the secrets under which ids and personal data are found again, and the row rules, so
// that no filter tells of a row that its asker may not see.
type lookup struct {
	c    *compiler
	page bool // of all rows that are found, only the first in the list's order are wanted
}

func (f Filter) read(l *lookup, value any) ([]any, string) {
	if f.Read == nil {
		return []any{value}, ""
	}
	return f.Read(l, value)
}

// unstorable says whether a value has a text in it that no database row can have, and that PostgreSQL takes for an error.
func unstorable(value any) bool {
	return slices.ContainsFunc(listed(value), func(v any) bool {
		s, _ := v.(string)
		return strings.ContainsRune(s, 0)
	})
}

// listed is the values of a list. One value alone stands for a list of one, and comes as it is or in a slice of its own type.
func listed(value any) []any {
	v := reflect.ValueOf(value)
	if v.Kind() != reflect.Slice {
		return []any{value}
	}
	values := make([]any, v.Len())
	for i := range values {
		values[i] = v.Index(i).Interface()
	}
	return values
}

// given is a filter whose one value is compared with a column; read may be nil.
func given(column string, compare comparison, read func(l *lookup, value any) (any, string)) Filter {
	f := Filter{Where: func(_ *lookup, t *sql.SelectTable, given []any) *sql.Predicate { return compare(t.C(column), given[0]) }}
	if read != nil {
		f.Read = func(l *lookup, value any) ([]any, string) {
			v, problem := read(l, value)
			return []any{v}, problem
		}
	}
	return f
}

type comparison func(column string, value any) *sql.Predicate

// equal is a column with a value; a value that is nil equals nothing.
func equal(column string, value any) *sql.Predicate {
	return sql.P(func(b *sql.Builder) { b.Ident(column).WriteOp(sql.OpEQ).Arg(value) })
}

// anyOf is a column that has one of the values of a list.
func anyOf(column string) Filter {
	return Filter{
		Read:  func(_ *lookup, value any) ([]any, string) { return []any{listed(value)}, "" },
		Where: func(_ *lookup, t *sql.SelectTable, given []any) *sql.Predicate { return among(t.C(column), given[0]) },
	}
}

// among is a column that has one of the values of a list that was given.
func among(column string, list any) *sql.Predicate {
	if _, ok := list.(*listSlot); !ok {
		return equal(column, list)
	}
	return sql.P(func(b *sql.Builder) {
		b.Ident(column)
		if b.Dialect() == dialect.Postgres {
			b.WriteString(" = ANY(").Arg(list).WriteString(")")
			return
		}
		b.WriteString(" IN (SELECT value FROM json_each(").Arg(list).WriteString("))")
	})
}

// exactly is a column that has the value.
func exactly(column string) Filter { return given(column, equal, nil) }

// prefix is a column that begins with the value, letter by letter: LIKE would not tell an a from an A on SQLite.
func prefix(column string) Filter {
	return given(column, func(column string, value any) *sql.Predicate {
		return sql.P(func(b *sql.Builder) {
			b.WriteString("substr(").Ident(column).WriteString(", 1, length(CAST(").Arg(value).WriteString(" AS text))) = ").Arg(value)
		})
	}, func(_ *lookup, value any) (any, string) {
		s, _ := value.(string)
		return strings.TrimSpace(s), ""
	})
}

// pointsTo is a column with the key of a row of the kind. An id of nothing matches nothing.
func pointsTo(column string, kind key.Kind) Filter {
	return given(column, equal, func(l *lookup, value any) (any, string) {
		s, _ := value.(string)
		if named, n, ok := l.c.ids.Decode(s); ok && named == kind {
			return n, ""
		}
		return nil, ""
	})
}

// at compares a column with an instant.
func at(column string, compare comparison) Filter {
	return given(column, compare, func(_ *lookup, value any) (any, string) {
		s, _ := value.(string)
		instant, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return nil, "must be a DateTime (RFC 3339)"
		}
		return instant.UTC(), ""
	})
}

// worth compares a column with an amount of money.
func worth(column string, compare comparison) Filter {
	return given(column, compare, func(_ *lookup, value any) (any, string) {
		s, _ := value.(string)
		amount, problem := money.ParseAmount(s)
		if problem != nil {
			return nil, "must be an amount with at most two decimal places"
		}
		return int64(amount), ""
	})
}

// sealed is the look-up column of personal data; what cannot be such a value matches nothing.
func sealed(column string, what seal.Purpose, normalise func(string) (string, *fault.Problem)) Filter {
	return given(column, equal, func(l *lookup, value any) (any, string) {
		s, _ := value.(string)
		normal, problem := normalise(s)
		if problem != nil {
			return nil, ""
		}
		hash, err := l.c.keys.Hash(what, normal)
		if err != nil {
			return nil, ""
		}
		return hash, ""
	})
}

// email is a column with an address; what is none matches nothing.
func email(column string) Filter {
	return given(column, equal, func(_ *lookup, value any) (any, string) {
		s, _ := value.(string)
		normal, problem := identity.Email(s)
		if problem != nil {
			return nil, ""
		}
		return normal, ""
	})
}

// kind is the users of a kind.
var kind = Filter{Fixed: true, Where: func(_ *lookup, t *sql.SelectTable, given []any) *sql.Predicate {
	column := user.FieldBorrower
	if given[0] == "INVESTOR" {
		column = user.FieldInvestor
	}
	return sql.EQ(t.C(column), true)
}}

// tag is the users with a label, to whom labels are shown.
var tag = Filter{Where: func(l *lookup, t *sql.SelectTable, given []any) *sql.Predicate {
	if l.c.look.User != nil {
		return sql.False()
	}
	return sql.P(func(b *sql.Builder) {
		if t.Dialect() == dialect.Postgres {
			b.Ident(t.C(user.FieldTags)).WriteString(" @> jsonb_build_array(CAST(").Arg(given[0]).WriteString(" AS text))")
			return
		}
		b.WriteString("EXISTS (SELECT 1 FROM json_each(").Ident(t.C(user.FieldTags)).WriteString(") WHERE json_each.value = ").Arg(given[0]).WriteByte(')')
	})
}}

// open is a record that is not completed, or that is.
var open = Filter{Fixed: true, Where: func(_ *lookup, t *sql.SelectTable, given []any) *sql.Predicate {
	if given[0] == true {
		return sql.IsNull(t.C("completed_at"))
	}
	return sql.NotNull(t.C("completed_at"))
}}

// industry is the loans of companies of an industry, or of borrowers who belong to one: companies that the viewer may see.
// They are looked up from each loan, so that a page's loans may be read in the list's order and no further than the page. PostgreSQL would take a page for
// the whole list, and gather all such companies and borrowers first: OFFSET 0 keeps it from that.
var industry = Filter{Read: anyOf(company.FieldIndustry).Read, Where: func(l *lookup, t *sql.SelectTable, given []any) *sql.Predicate {
	d := sql.Dialect(t.Dialect())
	seen := func(s *sql.Selector, kind key.Kind, at *sql.SelectTable) {
		if rule, err := l.c.rule(l.c.typeOf(kind), at); err != nil {
			s.Where(sql.False())
		} else if rule != nil {
			s.Where(rule)
		}
	}
	own, theirs, u := d.Table(company.Table).As(l.c.alias()), d.Table(company.Table).As(l.c.alias()), d.Table(user.Table).As(l.c.alias())
	ofLoan := d.Select(own.C("id")).From(own).Where(sql.And(sql.ColumnsEQ(own.C("id"), t.C("company_id")), among(own.C(company.FieldIndustry), given[0])))
	seen(ofLoan, key.KindCompany, own)
	ofBorrower := d.Select(u.C("id")).From(u).Join(theirs).On(u.C(user.FieldCompanyID), theirs.C("id")).
		Where(sql.And(sql.ColumnsEQ(u.C("id"), t.C("borrower_id")), among(theirs.C(company.FieldIndustry), given[0])))
	seen(ofBorrower, key.KindUser, u)
	seen(ofBorrower, key.KindCompany, theirs)
	if l.page && t.Dialect() == dialect.Postgres {
		ofLoan.Offset(0)
		ofBorrower.Offset(0)
	}
	return sql.Or(sql.Exists(ofLoan), sql.Exists(ofBorrower))
}}

// subject is the events of one subject.
var subject = Filter{
	Read: func(l *lookup, value any) ([]any, string) {
		s, _ := value.(string)
		kind, n, ok := l.c.ids.Decode(s)
		if !ok {
			return []any{nil, nil}, ""
		}
		return []any{string(kind), n}, ""
	},
	Where: func(_ *lookup, t *sql.SelectTable, given []any) *sql.Predicate {
		return sql.And(equal(t.C("subject_type"), given[0]), equal(t.C("subject_id"), given[1]))
	},
}
