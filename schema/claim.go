package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
)

// Claim says that a reviewer is at work on a subject; it advises and never blocks.
type Claim struct{ ent.Schema }

// Mixin gives the time of claiming.
func (Claim) Mixin() []ent.Mixin { return []ent.Mixin{born{}} }

// Fields of a claim.
func (Claim) Fields() []ent.Field {
	return append(subject(),
		id(key.Claim(0)),
		enum("step", reviewSteps),
		field.Int64("staff_id").GoType(key.Staff(0)),
		field.Time("expires_at"),
	)
}

// Edges of a claim.
func (Claim) Edges() []ent.Edge {
	return []ent.Edge{edge.To("staff", Staff.Type).Field("staff_id").Unique().Required()}
}

// Indexes of a claim.
func (Claim) Indexes() []ent.Index {
	return []ent.Index{index.Fields("subject_type", "subject_id", "step").Unique(), index.Fields("staff_id")}
}

// Annotations of the table.
func (Claim) Annotations() []schema.Annotation {
	return checks{"step": oneOf("step", reviewSteps)}.on("claims")
}
