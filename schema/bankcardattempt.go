package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
)

var cardSystems = []string{"KXD", "KXDM"}

// BankCardAttempt is one call to KXD, KXDM or the bank about a card.
type BankCardAttempt struct{ ent.Schema }

// Fields of a call.
func (BankCardAttempt) Fields() []ent.Field {
	return []ent.Field{
		id(key.BankCardAttempt(0)),
		needed("bank_card_id", key.BankCard(0)),
		enum("system", cardSystems),
		field.String("request_id").MaxLen(64).Unique().Immutable(),
		field.String("result").MaxLen(40).Optional().Nillable(),
		field.String("raw_code").MaxLen(100).Optional().Nillable(),
		field.Time("started_at").Immutable().Default(now),
		field.Time("finished_at").Optional().Nillable(),
	}
}

// Edges of a call.
func (BankCardAttempt) Edges() []ent.Edge {
	return []ent.Edge{edge.To("bank_card", BankCard.Type).Field("bank_card_id").Unique().Required().Immutable()}
}

// Indexes of a call.
func (BankCardAttempt) Indexes() []ent.Index {
	return []ent.Index{index.Fields("bank_card_id", "started_at"), index.Fields("finished_at", "started_at")}
}

// Annotations of the table.
func (BankCardAttempt) Annotations() []schema.Annotation {
	return checks{"system": oneOf("system", cardSystems)}.on("bank_card_attempts")
}
