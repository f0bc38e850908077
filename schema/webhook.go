package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"lenddesk/key"
	"lenddesk/seal"
)

// Webhook is an address of another system that is told of events.
type Webhook struct{ ent.Schema }

// Mixin gives a version and times.
func (Webhook) Mixin() []ent.Mixin { return []ent.Mixin{changing{}} }

// Fields of a webhook.
func (Webhook) Fields() []ent.Field {
	return []ent.Field{
		id(key.Webhook(0)),
		field.String("url").MaxLen(500),
		field.Strings("kinds").Comment("of events; empty: every kind"),
		field.Bool("active").Default(true),
		field.Bytes("secret").GoType(seal.Sealed{}).Comment("signs what is sent"),
		field.Time("deleted_at").Optional().Nillable(),
		ref("created_by_id", key.Staff(0)),
	}
}

// Edges of a webhook.
func (Webhook) Edges() []ent.Edge {
	return []ent.Edge{edge.To("created_by", Staff.Type).Field("created_by_id").Unique()}
}

// Annotations of the table.
func (Webhook) Annotations() []schema.Annotation {
	return checks{"version": "version > 0", "url": "url <> ''"}.on("webhooks")
}
