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

var (
	reviewSteps     = []string{"REGISTRATION", "COMPANY", "DOCUMENT", "MATERIALS", "APPLICATION", "BID", "FUNDING", "SERVICE_REQUEST"}
	reviewDecisions = []string{"APPROVED", "RETURNED", "REJECTED", "WAIVED"}
)

// Review is one reviewer's decision on one subject at one step.
type Review struct{ ent.Schema }

// Mixin gives the time of the decision.
func (Review) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of a review.
func (Review) Fields() []ent.Field {
	return append(subject(),
		id(key.Review(0)),
		enum("step", reviewSteps),
		field.Int("round").Default(1).Immutable(),
		enum("decision", reviewDecisions),
		needed("reviewer_id", key.Staff(0)),
		field.String("note").MaxLen(2000).Optional().Nillable().Immutable().Comment("for staff only"),
		field.String("reason").MaxLen(2000).Optional().Nillable().Immutable().Comment("told to the customer"),
		field.Time("voided_at").Optional().Nillable().Comment("changed terms void an approval"),
	)
}

// Edges of a review.
func (Review) Edges() []ent.Edge {
	return []ent.Edge{edge.To("reviewer", Staff.Type).Field("reviewer_id").Unique().Required().Immutable()}
}

// Indexes of a review: one person approves an application once in a round.
func (Review) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("subject_type", "subject_id", "created_at"),
		index.Fields("subject_type", "subject_id", "step", "round", "reviewer_id").Unique().StorageKey("reviews_one_approval").
			Annotations(entsql.IndexWhere("step = 'APPLICATION' AND decision = 'APPROVED' AND voided_at IS NULL")),
		index.Fields("reviewer_id", "created_at"),
	}
}

// Annotations of the table.
func (Review) Annotations() []schema.Annotation {
	return checks{"step": oneOf("step", reviewSteps), "decision": oneOf("decision", reviewDecisions), "round": "round > 0"}.on("reviews")
}
