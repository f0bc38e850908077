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

var bankCardStatuses = []string{"PENDING_REVIEW", "PENDING_BINDING", "ACTIVATED", "BOUND", "UNBOUND", "REPLACED", "CANCELLED"}

// BankCard is a card bound, or being bound, to a user.
type BankCard struct{ ent.Schema }

// Mixin gives a status, a version and times.
func (BankCard) Mixin() []ent.Mixin { return []ent.Mixin{moving{statuses: bankCardStatuses}} }

// Fields of a card.
func (BankCard) Fields() []ent.Field {
	return []ent.Field{
		id(key.BankCard(0)),
		needed("user_id", key.User(0)),
		field.Bytes("number").GoType(seal.Sealed{}).Immutable(),
		field.String("number_hash").MaxLen(32).Immutable(),
		field.String("issuer").MaxLen(100).Optional().Nillable(),
		field.String("holder_name").MaxLen(100),
		field.Bytes("national_id").GoType(seal.Sealed{}).Optional().Comment("the holder's, as the check asks for it"),
		field.Bytes("phone").GoType(seal.Sealed{}),
		ref("replaces_id", key.BankCard(0)),
		field.String("failure").MaxLen(500).Optional().Nillable(),
	}
}

// Edges of a card.
func (BankCard) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required().Immutable(),
		edge.To("replacements", BankCard.Type),
		edge.From("replaces", BankCard.Type).Ref("replacements").Field("replaces_id").Unique(),
	}
}

// held is where a card's number is taken: nobody else can have it checked, paid for or bound.
const held = "status IN ('PENDING_REVIEW', 'PENDING_BINDING', 'BOUND')"

// Indexes of a card: one in process and one bound per user, and no number held twice.
func (BankCard) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id").Unique().StorageKey("bank_cards_in_process").Annotations(entsql.IndexWhere("status IN ('PENDING_REVIEW', 'PENDING_BINDING')")),
		index.Fields("user_id").Unique().StorageKey("bank_cards_bound").Annotations(entsql.IndexWhere("status = 'BOUND'")),
		index.Fields("number_hash").Unique().StorageKey("bank_cards_number_held").Annotations(entsql.IndexWhere(held)),
		index.Fields("number_hash"), index.Fields("user_id", "created_at"),
	}
}

// Annotations of the table.
func (BankCard) Annotations() []schema.Annotation {
	return checks{"status": oneOf("status", bankCardStatuses), "version": "version > 0"}.on("bank_cards")
}
