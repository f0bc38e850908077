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

// Allocation is what of a repayment went to one line of the loan's plan. What is paid on a line is the sum of those whose repayment was not reversed.
type Allocation struct{ ent.Schema }

// Mixin gives the time.
func (Allocation) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of an allocation.
func (Allocation) Fields() []ent.Field {
	amount := func(name string) ent.Field { return field.Int64(name).GoType(money.Amount(0)).Immutable() }
	return []ent.Field{
		id(key.Allocation(0)),
		needed("repayment_id", key.Repayment(0)),
		needed("installment_id", key.Installment(0)),
		field.String("paid_on").MaxLen(10).Immutable().Comment("the business day on which the money came in"),
		amount("penalty"), amount("interest"), amount("principal"),
		field.Bool("reversed").Default(false),
	}
}

// Edges of an allocation.
func (Allocation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("repayment", Repayment.Type).Field("repayment_id").Unique().Required().Immutable(),
		edge.To("installment", Installment.Type).Field("installment_id").Unique().Required().Immutable(),
	}
}

// Indexes of an allocation.
func (Allocation) Indexes() []ent.Index {
	return []ent.Index{index.Fields("repayment_id", "installment_id").Unique(), index.Fields("installment_id")}
}

// Annotations of the table.
func (Allocation) Annotations() []schema.Annotation {
	return checks{"amounts": "penalty >= 0 AND interest >= 0 AND principal >= 0 AND penalty + interest + principal > 0"}.on("allocations")
}
