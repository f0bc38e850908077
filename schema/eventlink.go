package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
)

// EventLink gives an event its place in the order of commits, and ties it to all before it by a hash. Its id is the place: 1, 2, 3 without a gap.
type EventLink struct{ ent.Schema }

// Fields of a link.
func (EventLink) Fields() []ent.Field {
	return []ent.Field{
		id(key.EventLink(0)),
		field.Int64("event_id").GoType(key.Event(0)).Immutable(),
		field.Bytes("hash").Immutable().Comment("SHA-256 over the hash before and the event").SchemaType(map[string]string{"postgres": "bytea"}),
	}
}

// Edges of a link.
func (EventLink) Edges() []ent.Edge {
	return []ent.Edge{edge.To("event", Event.Type).Field("event_id").Unique().Required().Immutable()}
}

// Indexes of a link: an event has one place.
func (EventLink) Indexes() []ent.Index { return []ent.Index{index.Fields("event_id").Unique()} }

// Annotations of the table.
func (EventLink) Annotations() []schema.Annotation { return checks{}.on("event_links") }
