package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
)

var (
	documentStatuses = []string{"REQUESTED", "PENDING_REVIEW", "APPROVED", "REJECTED", "WAIVED", "SUPERSEDED", "EXPIRED"}
	documentKinds    = []string{
		"IDENTITY_CARD", "HOUSEHOLD_REGISTER", "MARRIAGE_CERTIFICATE", "PROOF_OF_ADDRESS", "PROOF_OF_INCOME", "BANK_STATEMENT",
		"CREDIT_REPORT", "EMPLOYMENT", "PROPERTY", "VEHICLE", "BUSINESS_LICENSE", "FINANCIAL_STATEMENT", "TAX_RECORD", "GUARANTEE", "OTHER",
	}
)

// Document is a typed credit-review material of a user, a company or a loan, with its file.
type Document struct{ ent.Schema }

// Mixin gives a status, a version and times.
func (Document) Mixin() []ent.Mixin { return []ent.Mixin{moving{statuses: documentStatuses}} }

// Fields of a document.
func (Document) Fields() []ent.Field {
	return append(subject(),
		id(key.Document(0)),
		ref("owner_id", key.User(0)),
		enum("kind", documentKinds),
		field.String("name").MaxLen(255).Optional().Nillable(),
		field.String("content_type").MaxLen(100).Optional().Nillable(),
		field.Int64("size").Optional().Nillable().Comment("bytes"),
		field.String("sha256").MaxLen(64).Optional().Nillable(),
		field.String("blob").MaxLen(200).Unique().Optional().Nillable().Comment("the name of the file in the blob store"),
		day("valid_until"),
		field.String("reason").MaxLen(1000).Optional().Nillable(),
		ref("replaces_id", key.Document(0)),
		ref("requested_by_id", key.Staff(0)),
	)
}

// Edges of a document.
func (Document) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("owner", User.Type).Field("owner_id").Unique(),
		edge.To("replacements", Document.Type),
		edge.From("replaces", Document.Type).Ref("replacements").Field("replaces_id").Unique(),
		edge.To("requested_by", Staff.Type).Field("requested_by_id").Unique(),
	}
}

// Indexes of a document.
func (Document) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("subject_type", "subject_id", "created_at"), index.Fields("owner_id", "created_at"), index.Fields("kind", "created_at"),
		index.Fields("status", "valid_until"),
	}
}

// Annotations of the table.
func (Document) Annotations() []schema.Annotation {
	return checks{
		"status":  oneOf("status", documentStatuses),
		"kind":    oneOf("kind", documentKinds),
		"subject": oneOf("subject_type", []string{"User", "Company", "Loan"}),
		"version": "version > 0",
		"size":    "size >= 0",
	}.on("documents")
}
