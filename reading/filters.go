package reading

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

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
type lookup struct{ c *compiler }

// filters turns a filter input into predicates, all of which must hold. Null and absent fields narrow nothing.
func (c *compiler) filters(t *Type, input map[string]any) ([]func(*sql.SelectTable) *sql.Predicate, error) {
	var all []func(*sql.SelectTable) *sql.Predicate
	l := &lookup{c}
	for _, name := range slices.Sorted(maps.Keys(input)) {
		value := input[name]
		if value == nil {
			continue
		}
		if unstorable(value) {
			return nil, bad("filter." + name + " must not contain U+0000")
		}
		filter, ok := t.Filters[name]
		if !ok {
			return nil, bad(t.Name + " has no filter " + name)
		}
		if _, problem := filter(l, c.table(t), value); problem != "" {
			return nil, bad("filter." + name + " " + problem)
		}
		all = append(all, func(at *sql.SelectTable) *sql.Predicate {
			p, _ := filter(l, at, value)
			return p
		})
	}
	return all, nil
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

// anyOf is a column that has one of the values of a list.
func anyOf(column string) Filter {
	return func(_ *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
		return sql.In(t.C(column), listed(value)...), ""
	}
}

// exactly is a column that has the value.
func exactly(column string) Filter {
	return func(_ *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
		return sql.EQ(t.C(column), value), ""
	}
}

// prefix is a column that begins with the value, letter by letter: LIKE would not tell an a from an A on SQLite.
func prefix(column string) Filter {
	return func(_ *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
		s, _ := value.(string)
		s = strings.TrimSpace(s)
		return sql.P(func(b *sql.Builder) {
			b.WriteString("substr(").Ident(t.C(column)).WriteString(", 1, " + strconv.Itoa(utf8.RuneCountInString(s)) + ") = ").Arg(s)
		}), ""
	}
}

// pointsTo is a column with the key of a row of the kind. An id of nothing matches nothing.
func pointsTo(column string, kind key.Kind) Filter {
	return func(l *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
		s, _ := value.(string)
		named, n, ok := l.c.ids.Decode(s)
		if !ok || named != kind {
			return sql.False(), ""
		}
		return sql.EQ(t.C(column), n), ""
	}
}

type comparison func(column string, value any) *sql.Predicate

// at compares a column with an instant.
func at(column string, compare comparison) Filter {
	return func(_ *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
		s, _ := value.(string)
		instant, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return nil, "must be a DateTime (RFC 3339)"
		}
		return compare(t.C(column), instant.UTC()), ""
	}
}

// worth compares a column with an amount of money.
func worth(column string, compare comparison) Filter {
	return func(_ *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
		s, _ := value.(string)
		amount, problem := money.ParseAmount(s)
		if problem != nil {
			return nil, "must be an amount with at most two decimal places"
		}
		return compare(t.C(column), int64(amount)), ""
	}
}

// sealed is the look-up column of personal data; what cannot be such a value matches nothing.
func sealed(column string, what seal.Purpose, normalise func(string) (string, *fault.Problem)) Filter {
	return func(l *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
		s, _ := value.(string)
		normal, problem := normalise(s)
		if problem != nil {
			return sql.False(), ""
		}
		hash, err := l.c.keys.Hash(what, normal)
		if err != nil {
			return sql.False(), ""
		}
		return sql.EQ(t.C(column), hash), ""
	}
}

// email is a column with an address; what is none matches nothing.
func email(column string) Filter {
	return func(_ *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
		s, _ := value.(string)
		normal, problem := identity.Email(s)
		if problem != nil {
			return sql.False(), ""
		}
		return sql.EQ(t.C(column), normal), ""
	}
}

// kind is the users of a kind.
func kind(_ *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
	column := user.FieldBorrower
	if value == "INVESTOR" {
		column = user.FieldInvestor
	}
	return sql.EQ(t.C(column), true), ""
}

// tag is the users with a label, to whom labels are shown.
func tag(l *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
	if l.c.look.User != nil {
		return sql.False(), ""
	}
	return sql.P(func(b *sql.Builder) {
		if t.Dialect() == dialect.Postgres {
			b.Ident(t.C(user.FieldTags)).WriteString(" @> jsonb_build_array(CAST(").Arg(value).WriteString(" AS text))")
			return
		}
		b.WriteString("EXISTS (SELECT 1 FROM json_each(").Ident(t.C(user.FieldTags)).WriteString(") WHERE json_each.value = ").Arg(value).WriteByte(')')
	}), ""
}

// open is a record that is not completed, or that is.
func open(_ *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
	if value == true {
		return sql.IsNull(t.C("completed_at")), ""
	}
	return sql.NotNull(t.C("completed_at")), ""
}

// industry is the loans of companies of an industry, or of borrowers who belong to one: companies that the viewer may see.
func industry(l *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
	d := sql.Dialect(t.Dialect())
	companies := func() *sql.Selector {
		c := d.Table(company.Table).As(l.c.alias())
		among, _ := anyOf(company.FieldIndustry)(l, c, value)
		s := d.Select(c.C("id")).From(c).Where(among)
		if rule, err := l.c.rule(l.c.typeOf(key.KindCompany), c); err != nil {
			s.Where(sql.False())
		} else if rule != nil {
			s.Where(rule)
		}
		return s
	}
	u := d.Table(user.Table).As(l.c.alias())
	people := d.Select(u.C("id")).From(u).Where(sql.In(u.C(user.FieldCompanyID), companies()))
	if rule, err := l.c.rule(l.c.typeOf(key.KindUser), u); err != nil {
		people.Where(sql.False())
	} else if rule != nil {
		people.Where(rule)
	}
	return sql.Or(sql.In(t.C("company_id"), companies()), sql.In(t.C("borrower_id"), people)), ""
}

// subject is the events of one subject.
func subject(l *lookup, t *sql.SelectTable, value any) (*sql.Predicate, string) {
	s, _ := value.(string)
	kind, n, ok := l.c.ids.Decode(s)
	if !ok {
		return sql.False(), ""
	}
	return sql.And(sql.EQ(t.C("subject_type"), string(kind)), sql.EQ(t.C("subject_id"), n)), ""
}
