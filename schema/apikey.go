package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"lenddesk/key"
)

// APIKey is how a script or an outer system comes in: a random token, stored as its SHA-256, with roles.
type APIKey struct{ ent.Schema }

// Mixin gives the time of making.
func (APIKey) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of an API key.
func (APIKey) Fields() []ent.Field {
	return []ent.Field{
		id(key.APIKey(0)),
		field.String("name").MaxLen(100),
		field.Bytes("token_hash").Unique().Immutable().Sensitive().SchemaType(map[string]string{"postgres": "bytea"}),
		field.Time("expires_at").Optional().Nillable(),
		field.Time("revoked_at").Optional().Nillable(),
		field.Time("last_used_at").Optional().Nillable(),
		ref("created_by_id", key.Staff(0)),
	}
}

// Edges of an API key.
func (APIKey) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("created_by", Staff.Type).Field("created_by_id").Unique(),
		edge.To("roles", Role.Type),
	}
}

// Annotations of the table.
func (APIKey) Annotations() []schema.Annotation { return checks{}.on("api_keys") }
