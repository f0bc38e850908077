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

// Repayment is what the finance system reported as paid.
type Repayment struct{ ent.Schema }

// Mixin gives the time of the report.
func (Repayment) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of a repayment.
func (Repayment) Fields() []ent.Field {
	amount := func(name string) ent.Field { return field.Int64(name).GoType(money.Amount(0)).Immutable() }
	return []ent.Field{
		id(key.Repayment(0)),
		needed("loan_id", key.Loan(0)),
		field.Int64("fee").GoType(money.Amount(0)).Default(0).Immutable().Comment("of an early settlement; part of the penalty"),
		field.Bool("settles").Default(false).Immutable().Comment("an early settlement"),
		amount("amount"), amount("penalty"), amount("interest"), amount("principal"),
		field.Time("paid_at").Immutable(),
		field.String("reference").MaxLen(100).Unique().Immutable().Comment("finance's own, one report"),
		field.Time("reversed_at").Optional().Nillable(),
		field.String("reported_by_type").MaxLen(32).Immutable(),
		field.Int64("reported_by_id").Immutable(),
		field.String("reported_by_name").MaxLen(100).Optional().Nillable().Immutable().Comment("of a system"),
	}
}

// Edges of a repayment.
func (Repayment) Edges() []ent.Edge {
	return []ent.Edge{edge.To("loan", Loan.Type).Field("loan_id").Unique().Required().Immutable()}
}

// Indexes of a repayment.
func (Repayment) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("loan_id", "created_at"),
		index.Fields("paid_at", "amount").StorageKey("repayments_standing").Annotations(entsql.IndexWhere("reversed_at IS NULL")),
	}
}

// Annotations of the table.
func (Repayment) Annotations() []schema.Annotation {
	return checks{"amounts": "amount > 0 AND penalty >= 0 AND interest >= 0 AND principal >= 0"}.on("repayments")
}
