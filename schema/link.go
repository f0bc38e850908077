package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
)

var linkPurposes = []string{"STAFF_INVITATION"}

// Link is a single-use link in a mail: a random token, stored as its SHA-256, and what it is for. Using it deletes the row.
type Link struct{ ent.Schema }

// Mixin gives the time of making.
func (Link) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of a link.
func (Link) Fields() []ent.Field {
	return []ent.Field{
		id(key.Link(0)),
		field.Bytes("token_hash").Unique().Immutable().Sensitive().SchemaType(map[string]string{"postgres": "bytea"}),
		enum("purpose", linkPurposes),
		field.Int64("staff_id").GoType(key.Staff(0)),
		field.Time("expires_at").Immutable(),
	}
}

// Edges of a link.
func (Link) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("staff", Staff.Type).Field("staff_id").Unique().Required().Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Indexes of a link.
func (Link) Indexes() []ent.Index {
	return []ent.Index{index.Fields("staff_id"), index.Fields("expires_at")}
}

// Annotations of the table.
func (Link) Annotations() []schema.Annotation {
	return checks{"purpose": oneOf("purpose", linkPurposes)}.on("links")
}
