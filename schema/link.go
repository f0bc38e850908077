package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
	"lenddesk/seal"
)

var linkPurposes = []string{"STAFF_INVITATION", "RESET_PASSWORD", "CONFIRM_EMAIL", "CONFIRM_PHONE"}

// Link is a single-use link in a mail: a random token, stored as its SHA-256, whose it is, and what it is for. Using it deletes the row.
type Link struct{ ent.Schema }

// Mixin gives the time of making.
func (Link) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of a link.
func (Link) Fields() []ent.Field {
	return []ent.Field{
		id(key.Link(0)),
		field.Bytes("token_hash").Unique().Immutable().Sensitive().SchemaType(map[string]string{"postgres": "bytea"}),
		enum("purpose", linkPurposes),
		ref("user_id", key.User(0)),
		ref("staff_id", key.Staff(0)),
		field.String("email").MaxLen(254).Optional().Nillable().Immutable().Comment("to be confirmed"),
		field.Bytes("phone").GoType(seal.Sealed{}).Optional().Comment("to be confirmed"),
		field.String("phone_hash").MaxLen(32).Optional().Nillable().Immutable(),
		field.Time("expires_at").Immutable(),
	}
}

// Edges of a link.
func (Link) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("staff", Staff.Type).Field("staff_id").Unique().Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Indexes of a link.
func (Link) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id"), index.Fields("staff_id"), index.Fields("expires_at")}
}

// Annotations of the table.
func (Link) Annotations() []schema.Annotation {
	return checks{
		"purpose":  oneOf("purpose", linkPurposes),
		"somebody": "(user_id IS NULL) <> (staff_id IS NULL)",
		"confirms": "(purpose = 'CONFIRM_EMAIL') = (email IS NOT NULL) AND (purpose = 'CONFIRM_PHONE') = (phone IS NOT NULL AND phone_hash IS NOT NULL)",
	}.on("links")
}
