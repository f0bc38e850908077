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

// Session is a sign-in: a random token, stored as its SHA-256. Deleting the row revokes it.
type Session struct{ ent.Schema }

// Mixin gives the time of sign-in.
func (Session) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of a session.
func (Session) Fields() []ent.Field {
	return []ent.Field{
		id(key.Session(0)),
		field.Bytes("token_hash").Unique().Immutable().Sensitive().SchemaType(map[string]string{"postgres": "bytea"}),
		ref("user_id", key.User(0)),
		ref("staff_id", key.Staff(0)),
		field.Time("expires_at").Immutable(),
	}
}

// Edges of a session.
func (Session) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Annotations(entsql.OnDelete(entsql.Cascade)),
		edge.To("staff", Staff.Type).Field("staff_id").Unique().Annotations(entsql.OnDelete(entsql.Cascade)),
	}
}

// Indexes of a session.
func (Session) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id"), index.Fields("staff_id"), index.Fields("expires_at")}
}

// Annotations of the table.
func (Session) Annotations() []schema.Annotation {
	return checks{"somebody": "(user_id IS NULL) <> (staff_id IS NULL)"}.on("sessions")
}
