package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
	"lenddesk/money"
)

var bidStatuses = []string{"PENDING_REVIEW", "APPROVED", "REJECTED", "WITHDRAWN", "RELEASED", "HOLDING", "SETTLED", "WRITTEN_OFF"}

// Bid is an investor's offer to fund part of a loan.
type Bid struct{ ent.Schema }

// Mixin gives a status, a version and times.
func (Bid) Mixin() []ent.Mixin { return []ent.Mixin{moving{statuses: bidStatuses}} }

// Fields of a bid.
func (Bid) Fields() []ent.Field {
	return []ent.Field{
		id(key.Bid(0)),
		needed("loan_id", key.Loan(0)),
		needed("investor_id", key.User(0)),
		field.Int64("amount").GoType(money.Amount(0)).Immutable(),
	}
}

// Edges of a bid.
func (Bid) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("loan", Loan.Type).Field("loan_id").Unique().Required().Immutable(),
		edge.To("investor", User.Type).Field("investor_id").Unique().Required().Immutable(),
	}
}

// Indexes of a bid.
func (Bid) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("loan_id", "created_at"), index.Fields("investor_id", "created_at"), index.Fields("loan_id", "amount"),
		index.Fields("investor_id", "amount"), index.Fields("amount"),
	}
}

// Annotations of the table.
func (Bid) Annotations() []schema.Annotation {
	return checks{"status": oneOf("status", bidStatuses), "version": "version > 0", "amount": "amount > 0"}.on("bids")
}
