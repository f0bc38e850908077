package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
)

// Idempotency is the outcome of a mutation under a caller's key, stored in the transaction of its effect.
type Idempotency struct{ ent.Schema }

// Mixin gives the time of the effect.
func (Idempotency) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of an outcome.
func (Idempotency) Fields() []ent.Field {
	return []ent.Field{
		id(key.Idempotency(0)),
		field.String("scope").MaxLen(100).Immutable().Comment("whose key it is"),
		field.String("key").MaxLen(255).Immutable(),
		field.String("mutation").MaxLen(64).Immutable(),
		field.String("input_hash").MaxLen(64).Immutable(),
		field.Bytes("outcome").Comment("what the verb told, as JSON: keys of objects, never their content"),
	}
}

// Indexes of an outcome.
func (Idempotency) Indexes() []ent.Index { return []ent.Index{index.Fields("scope", "key").Unique()} }

// Annotations of the table.
func (Idempotency) Annotations() []schema.Annotation { return checks{}.on("idempotency_keys") }
