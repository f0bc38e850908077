package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
	"lenddesk/money"
)

var cardSystems = []string{"KXD", "KXDM"}

// BankCardAttempt is one question to KXD or KXDM about a card, asked under its request id until there is an answer. What is asked stands in the
// card, which does not change meanwhile, and here.
type BankCardAttempt struct{ ent.Schema }

// Fields of a call.
func (BankCardAttempt) Fields() []ent.Field {
	return []ent.Field{
		id(key.BankCardAttempt(0)),
		needed("bank_card_id", key.BankCard(0)),
		enum("system", cardSystems),
		field.String("request_id").MaxLen(64).Unique().Immutable(),
		field.Int64("amount").GoType(money.Amount(0)).Optional().Nillable().Immutable().Comment("of the binding payment"),
		field.String("currency").MaxLen(3).Optional().Nillable().Immutable(),
		field.Int("asks").Default(0).Comment("how often it was asked"),
		field.Time("asked_at").Optional().Nillable().Comment("the last time"),
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

// Indexes of a call: one question at a time about a card, so that nothing is paid twice.
func (BankCardAttempt) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("bank_card_id").Unique().StorageKey("bank_card_attempts_open").Annotations(entsql.IndexWhere("finished_at IS NULL")),
		index.Fields("bank_card_id", "started_at"), index.Fields("finished_at", "started_at"),
	}
}

// Annotations of the table.
func (BankCardAttempt) Annotations() []schema.Annotation {
	return checks{
		"system": oneOf("system", cardSystems), "asks": "asks >= 0",
		"payment": "(amount IS NULL) = (currency IS NULL)", "amount": "amount > 0",
	}.on("bank_card_attempts")
}
