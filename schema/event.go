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

// counted is the events that statistics count. reading asks for them in the same words, or no database would take their index.
const counted = "kind IN ('REGISTER_USER', 'APPROVE_REGISTRATION', 'SUBMIT_LOAN_APPLICATION', 'APPROVE_LOAN_APPLICATION')"

// Event is something that happened: who did which move to what, from where to where, why, when. Rows are only ever added; soon after, each gets its
// place in the order of commits and its seal, once.
type Event struct{ ent.Schema }

// Fields of an event.
func (Event) Fields() []ent.Field {
	return append(subject(),
		id(key.Event(0)),
		field.String("kind").MaxLen(64).Immutable().Comment("the move's name in SCREAMING_SNAKE_CASE"),
		ref("user_id", key.User(0)),
		field.String("actor_type").MaxLen(32).Immutable().Comment("User, Staff, ApiKey, SystemActor; Anonymous has no actor"),
		field.Int64("actor_id").Default(0).Immutable(),
		field.String("actor_name").MaxLen(100).Optional().Nillable().Immutable().Comment("of a system"),
		field.String("from").StorageKey("from_status").MaxLen(40).Optional().Nillable().Immutable(),
		field.String("to").StorageKey("to_status").MaxLen(40).Optional().Nillable().Immutable(),
		field.String("reason").MaxLen(2000).Optional().Nillable().Immutable().Comment("told to the customer"),
		field.String("note").MaxLen(2000).Optional().Nillable().Immutable().Comment("for staff only"),
		field.JSON("changes", map[string]any{}).Optional().Immutable().Comment("before and after, personal data masked"),
		field.String("address").MaxLen(64).Optional().Nillable().Immutable(),
		field.String("request_id").MaxLen(64).Optional().Nillable().Immutable(),
		field.Time("at").Immutable().Default(now),
		field.Int64("position").Optional().Nillable().Comment("in the order of commits, 1, 2, 3 without a gap"),
		field.Bytes("seal").Optional().Comment("SHA-256 over the seal before and this event").SchemaType(map[string]string{"postgres": "bytea"}),
		field.String("erasure").MaxLen(32).Optional().Nillable().Comment("which erasure made what it said of a customer unreadable; the event of that one vouches for it"),
	)
}

// Edges of an event.
func (Event) Edges() []ent.Edge {
	return []ent.Edge{edge.To("user", User.Type).Field("user_id").Unique()}
}

// Indexes of an event. Events are read in the order in which they were written.
func (Event) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("subject_type", "subject_id", "id"), index.Fields("user_id", "id"), index.Fields("kind", "id"), index.Fields("at"),
		index.Fields("position").Unique(),
		index.Fields("kind", "at", "from", "to").StorageKey("events_counted").Annotations(entsql.IndexWhere(counted)),
		index.Fields("id").StorageKey("events_to_be_sealed").Annotations(entsql.IndexWhere("position IS NULL")),
	}
}

// Annotations of the table.
func (Event) Annotations() []schema.Annotation {
	return checks{
		"sealed": "(position IS NULL) = (seal IS NULL)",
		"actor":  oneOf("actor_type", []string{"User", "Staff", "ApiKey", "SystemActor", "Anonymous"}),
		"kind":   "kind <> ''",
	}.on("events")
}
