package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
)

// Keyset remembers which key set the database belongs to, by its fingerprint: one row, written on first start.
type Keyset struct{ ent.Schema }

// Fields of the row.
func (Keyset) Fields() []ent.Field {
	return []ent.Field{field.Int("id").Immutable(), field.String("fingerprint").MaxLen(32).Immutable()}
}

// Annotations of the table.
func (Keyset) Annotations() []schema.Annotation { return checks{"single": "id = 1"}.on("keysets") }
