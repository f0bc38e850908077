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

var installmentStatuses = []string{"DUE", "PARTLY_PAID", "PAID", "OVERDUE", "CANCELLED"}

// Installment is one line of a loan's repayment plan, or, with a bid, that bid's share of the line.
type Installment struct{ ent.Schema }

// Mixin gives a version and times.
func (Installment) Mixin() []ent.Mixin { return []ent.Mixin{moving{statuses: installmentStatuses}} }

// Fields of a line.
func (Installment) Fields() []ent.Field {
	amount := func(name string) ent.Field { return field.Int64(name).GoType(money.Amount(0)).Default(0) }
	return []ent.Field{
		id(key.Installment(0)),
		needed("loan_id", key.Loan(0)),
		field.Int64("bid_id").GoType(key.Bid(0)).Optional().Nillable().Immutable(),
		field.Int("plan").Default(1).Immutable().Comment("an extension makes a new plan"),
		field.Int("number").Immutable().Comment("months after the value date; of a bullet loan 1"),
		field.String("due_on").MaxLen(10),
		amount("principal"), amount("interest"), amount("penalty"),
		field.Int64("fixed_penalty").GoType(money.Amount(0)).Default(0).
			Comment("part of the penalty that grows no more: the fee of an early settlement"),
		field.Int64("planned_interest").GoType(money.Amount(0)).Optional().Nillable().Comment("by the plan, where an early settlement changed the interest"),
		amount("paid_principal"), amount("paid_interest"), amount("paid_penalty"),
	}
}

// Edges of a line.
func (Installment) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("loan", Loan.Type).Field("loan_id").Unique().Required().Immutable(),
		edge.To("bid", Bid.Type).Field("bid_id").Unique().Immutable(),
	}
}

// Indexes of a line.
func (Installment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("loan_id", "plan", "number").Unique().StorageKey("installments_of_loan").Annotations(entsql.IndexWhere("bid_id IS NULL")),
		index.Fields("bid_id", "plan", "number").Unique().StorageKey("installments_of_bid").Annotations(entsql.IndexWhere("bid_id IS NOT NULL")),
		index.Fields("loan_id", "number"), index.Fields("bid_id", "number"), index.Fields("status", "due_on"),
		index.Fields("due_on", "status", "loan_id", "principal", "paid_principal").StorageKey("installments_open").
			Annotations(entsql.IndexWhere("bid_id IS NULL AND paid_principal < principal")),
	}
}

// Annotations of the table.
func (Installment) Annotations() []schema.Annotation {
	return checks{
		"status":  oneOf("status", installmentStatuses),
		"amounts": "principal >= 0 AND interest >= 0 AND penalty >= 0",
		"paid": "paid_principal >= 0 AND paid_principal <= principal AND paid_interest >= 0 AND paid_interest <= interest " +
			"AND paid_penalty >= 0 AND paid_penalty <= penalty",
		"number": "number > 0 AND plan > 0",
	}.on("installments")
}
