package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
)

// Parameter is one dated value of a system parameter; what the names mean is in package parameter.
type Parameter struct{ ent.Schema }

// Mixin gives the time of setting.
func (Parameter) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of a value.
func (Parameter) Fields() []ent.Field {
	return []ent.Field{
		id(key.Parameter(0)),
		field.String("name").MaxLen(64).Immutable(),
		field.String("value").MaxLen(4000).Immutable(),
		field.Time("effective_at").Immutable(),
		ref("set_by_id", key.Staff(0)),
	}
}

// Edges of a value.
func (Parameter) Edges() []ent.Edge {
	return []ent.Edge{edge.To("set_by", Staff.Type).Field("set_by_id").Unique()}
}

// Indexes of a value.
func (Parameter) Indexes() []ent.Index {
	return []ent.Index{index.Fields("name", "effective_at").Unique()}
}

// Annotations of the table.
func (Parameter) Annotations() []schema.Annotation { return checks{}.on("parameters") }
