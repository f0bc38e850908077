package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"lenddesk/key"
)

// Role is a named set of permissions, editable at run time.
type Role struct{ ent.Schema }

// Mixin gives a version and times.
func (Role) Mixin() []ent.Mixin { return []ent.Mixin{changing{}} }

// Fields of a role.
func (Role) Fields() []ent.Field {
	return []ent.Field{
		id(key.Role(0)),
		field.String("name").MaxLen(100).Unique(),
		field.String("description").MaxLen(500).Optional().Nillable(),
		field.Strings("permissions").Comment("names of the contract's enum Permission"),
		field.Bool("built_in").Default(false).Immutable(),
	}
}

// Edges of a role.
func (Role) Edges() []ent.Edge {
	return []ent.Edge{
		edge.From("staff", Staff.Type).Ref("roles"),
		edge.From("api_keys", APIKey.Type).Ref("roles"),
	}
}

// Annotations of the table.
func (Role) Annotations() []schema.Annotation {
	return checks{"version": "version > 0"}.on("roles")
}
