package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
)

var deliveryStates = []string{"WAITING", "DELIVERED", "FAILED"}

// WebhookDelivery is one event on its way to one webhook, and what became of it.
type WebhookDelivery struct{ ent.Schema }

// Mixin gives the time of making.
func (WebhookDelivery) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of a delivery.
func (WebhookDelivery) Fields() []ent.Field {
	return []ent.Field{
		id(key.WebhookDelivery(0)),
		needed("webhook_id", key.Webhook(0)),
		field.Int64("event_id").GoType(key.Event(0)).Optional().Nillable().Immutable().Comment("none: a test"),
		enum("state", deliveryStates),
		field.Int("attempts").Default(0),
		field.Int("status").Optional().Nillable().Comment("the last HTTP status"),
		field.String("error").MaxLen(300).Optional().Nillable().Comment("what went wrong the last time"),
		field.Time("finished_at").Optional().Nillable(),
	}
}

// Edges of a delivery.
func (WebhookDelivery) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("webhook", Webhook.Type).Field("webhook_id").Unique().Required().Immutable(),
		edge.To("event", Event.Type).Field("event_id").Unique().Immutable(),
	}
}

// Indexes of a delivery.
func (WebhookDelivery) Indexes() []ent.Index {
	return []ent.Index{index.Fields("webhook_id", "created_at"), index.Fields("event_id"), index.Fields("state", "created_at")}
}

// Annotations of the table.
func (WebhookDelivery) Annotations() []schema.Annotation {
	return checks{
		"state": oneOf("state", deliveryStates), "attempts": "attempts >= 0", "finished": "(state = 'WAITING') = (finished_at IS NULL)",
	}.on("webhook_deliveries")
}
