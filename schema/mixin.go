package schema

import (
	"fmt"
	"strings"
	"time"

	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"
	"entgo.io/ent/schema/mixin"
)

// now is the time as it is stored: UTC, cut to microseconds, which both databases keep.
func now() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// id is the row's typed key.
func id(goType any) ent.Field { return field.Int64("id").GoType(goType).Immutable() }

// ref is a column with another row's key; its edge makes it a foreign key.
func ref(name string, goType any) ent.Field {
	return field.Int64(name).GoType(goType).Optional().Nillable()
}

// needed is a ref that is never null and never changes.
func needed(name string, goType any) ent.Field { return field.Int64(name).GoType(goType).Immutable() }

// day is a calendar day, YYYY-MM-DD.
func day(name string) ent.Field { return field.String(name).MaxLen(10).Optional().Nillable() }

// enum is a column with a closed list of values, given in SCREAMING_SNAKE_CASE; its constants in Go are in CamelCase.
func enum(name string, values []string) ent.Field {
	return field.Enum(name).NamedValues(named(values)...)
}

func named(values []string) []string {
	var pairs []string
	for _, v := range values {
		camel := ""
		for _, word := range strings.Split(v, "_") {
			camel += word[:1] + strings.ToLower(word[1:])
		}
		pairs = append(pairs, camel, v)
	}
	return pairs
}

// oneOf is the check of an enum column.
func oneOf(column string, values []string) string {
	return fmt.Sprintf("%s IN ('%s')", column, strings.Join(values, "', '"))
}

// checks are the table's checks beside those of its enums.
type checks map[string]string

// Annotations makes the checks of a table; their names start with the table's.
func (c checks) on(table string) []schema.Annotation {
	all := make(map[string]string, len(c))
	for name, rule := range c {
		all[table+"_"+name] = rule
	}
	return []schema.Annotation{entsql.Annotation{Table: table, Checks: all}}
}

// born has when the row was written.
type born struct{ mixin.Schema }

func (born) Fields() []ent.Field {
	return []ent.Field{field.Time("created_at").Immutable().Default(now)}
}

func (born) Indexes() []ent.Index { return []ent.Index{index.Fields("created_at")} }

// changing has when the row was written and last changed, and the version that every change counts up.
type changing struct{ born }

func (changing) Fields() []ent.Field {
	return append(born{}.Fields(), field.Time("updated_at").Default(now).UpdateDefault(now), field.Int("version").Default(1))
}

// moving is changing with a status that only moves write, and since when it stands.
type moving struct {
	changing
	statuses []string
}

func (m moving) Fields() []ent.Field {
	return append(changing{}.Fields(), enum("status", m.statuses), field.Time("status_since").Default(now))
}

func (moving) Indexes() []ent.Index {
	return []ent.Index{index.Fields("created_at"), index.Fields("status", "created_at"), index.Fields("status", "status_since")}
}

// subject is a reference to a row of several types.
func subject() []ent.Field {
	return []ent.Field{field.String("subject_type").MaxLen(32).Immutable(), field.Int64("subject_id").Immutable()}
}
