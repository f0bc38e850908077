package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
)

var messageStates = []string{"KEPT", "QUEUED", "SENT", "FAILED"}

// Message is an e-mail to a user, rendered in the user's language, and what became of it.
type Message struct{ ent.Schema }

// Mixin gives the time of writing.
func (Message) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of a message.
func (Message) Fields() []ent.Field {
	return []ent.Field{
		id(key.Message(0)),
		ref("user_id", key.User(0)),
		field.String("kind").MaxLen(64).Immutable(),
		field.String("to").StorageKey("to_address").MaxLen(254),
		field.String("subject").MaxLen(300),
		field.String("text").MaxLen(20000),
		field.String("locale").MaxLen(10).Immutable(),
		enum("state", messageStates),
		field.Int("attempts").Default(0),
		field.Time("sent_at").Optional().Nillable(),
	}
}

// Edges of a message.
func (Message) Edges() []ent.Edge {
	return []ent.Edge{edge.To("user", User.Type).Field("user_id").Unique()}
}

// Indexes of a message.
func (Message) Indexes() []ent.Index {
	return []ent.Index{index.Fields("user_id", "created_at"), index.Fields("to"), index.Fields("state", "created_at")}
}

// Annotations of the table.
func (Message) Annotations() []schema.Annotation {
	return checks{
		"state": oneOf("state", messageStates), "attempts": "attempts >= 0", "sent": "(state = 'SENT') = (sent_at IS NOT NULL)",
	}.on("messages")
}
