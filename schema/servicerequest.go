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

var (
	serviceRequestKinds    = []string{"EARLY_SETTLEMENT", "EXTENSION"}
	serviceRequestStatuses = []string{"REQUESTED", "APPROVED", "REJECTED"}
)

// ServiceRequest is a borrower's later application: early settlement, extension.
type ServiceRequest struct{ ent.Schema }

// Mixin gives a status, a version and times.
func (ServiceRequest) Mixin() []ent.Mixin {
	return []ent.Mixin{moving{statuses: serviceRequestStatuses}}
}

// Fields of a request.
func (ServiceRequest) Fields() []ent.Field {
	return []ent.Field{
		id(key.ServiceRequest(0)),
		needed("loan_id", key.Loan(0)),
		enum("kind", serviceRequestKinds),
		field.Int("months").Optional().Nillable().Immutable(),
		field.String("reason").MaxLen(1000).Optional().Nillable(),
		field.String("decision_reason").MaxLen(1000).Optional().Nillable().Comment("told to the borrower"),
		day("quoted_on"), // of an approved early settlement: the day whose price holds
		field.Int64("quoted_amount").GoType(money.Amount(0)).Optional().Nillable().Comment("what the borrower was told then"),
		field.Time("valid_until").Optional().Nillable().Comment("a payment before this moment settles at the price of quoted_on"),
	}
}

// Edges of a request.
func (ServiceRequest) Edges() []ent.Edge {
	return []ent.Edge{edge.To("loan", Loan.Type).Field("loan_id").Unique().Required().Immutable()}
}

// Indexes of a request: one open request of a kind per loan.
func (ServiceRequest) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("loan_id", "created_at"),
		index.Fields("loan_id", "kind").Unique().StorageKey("service_requests_open").Annotations(entsql.IndexWhere("status = 'REQUESTED'")),
	}
}

// Annotations of the table.
func (ServiceRequest) Annotations() []schema.Annotation {
	return checks{
		"status": oneOf("status", serviceRequestStatuses), "kind": oneOf("kind", serviceRequestKinds), "version": "version > 0",
		"months": "(kind = 'EXTENSION') = (months IS NOT NULL) AND (months IS NULL OR months > 0)",
	}.on("service_requests")
}
