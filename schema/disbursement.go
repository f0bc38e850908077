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

var disbursementStates = []string{"ORDERED", "CONFIRMED", "FAILED"}

// Disbursement is a numbered order to the finance system: what to collect for which bid from which card, and to which card the sum is to be paid. What
// it says never changes.
type Disbursement struct{ ent.Schema }

// Mixin gives the time of the order.
func (Disbursement) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of an order.
func (Disbursement) Fields() []ent.Field {
	return []ent.Field{
		id(key.Disbursement(0)),
		needed("loan_id", key.Loan(0)),
		field.String("number").MaxLen(40).Unique().Immutable(),
		field.Int64("payee_card_id").GoType(key.BankCard(0)).Immutable(),
		field.String("collections").MaxLen(1 << 20).Immutable().Comment("JSON: bid, card and amount of each"),
		enum("state", disbursementStates),
		field.String("reference").MaxLen(100).Unique().Optional().Nillable().Comment("of finance's report"),
		field.String("report").MaxLen(1 << 20).Optional().Nillable().Comment("what finance reported, to tell a report that comes again from another one"),
		field.Int("asks").Default(0).Comment("how often finance was asked to carry it out, or what became of it"),
		field.Time("asked_at").Optional().Nillable().Comment("the last time"),
		field.Time("accepted_at").Optional().Nillable().Comment("when finance first said that it has it"),
		field.Time("finished_at").Optional().Nillable(),
	}
}

// Edges of an order.
func (Disbursement) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("loan", Loan.Type).Field("loan_id").Unique().Required().Immutable(),
		edge.To("payee_card", BankCard.Type).Field("payee_card_id").Unique().Required().Immutable(),
	}
}

// Indexes of an order: a loan has one that is open at most.
func (Disbursement) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("loan_id").Unique().StorageKey("disbursements_open").Annotations(entsql.IndexWhere("state = 'ORDERED'")),
		index.Fields("loan_id", "created_at"), index.Fields("state", "asked_at"), index.Fields("payee_card_id"),
	}
}

// Annotations of the table.
func (Disbursement) Annotations() []schema.Annotation {
	return checks{"state": oneOf("state", disbursementStates), "ended": "(state = 'ORDERED') = (finished_at IS NULL)"}.on("disbursements")
}
