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
	"lenddesk/seal"
)

var (
	companyStatuses = []string{"PENDING_REVIEW", "VERIFIED", "REJECTED"}
	companyKinds    = []string{"BRANCH", "CLIENT", "PARTNER"}
)

// Company is a legal entity: the platform's own branch, a customer's firm or employer, a partner.
type Company struct{ ent.Schema }

// Mixin gives a status, a version and times.
func (Company) Mixin() []ent.Mixin { return []ent.Mixin{moving{statuses: companyStatuses}} }

// Fields of a company.
func (Company) Fields() []ent.Field {
	return []ent.Field{
		id(key.Company(0)),
		enum("kind", companyKinds),
		field.String("name").MaxLen(200),
		field.String("credit_code").MaxLen(18).Comment("unified social credit code, GB 32100"),
		field.String("industry").MaxLen(100).Optional().Nillable(),
		field.String("legal_representative").MaxLen(100).Optional().Nillable(),
		field.String("address").MaxLen(300).Optional().Nillable(),
		field.Bytes("phone").GoType(seal.Sealed{}).Optional(),
		field.Int64("registered_capital").GoType(money.Amount(0)).Optional().Nillable(),
		day("established_on"),
		ref("created_by_id", key.Staff(0)),
	}
}

// Edges of a company.
func (Company) Edges() []ent.Edge {
	return []ent.Edge{edge.To("created_by", Staff.Type).Field("created_by_id").Unique()}
}

// Indexes of a company.
func (Company) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("credit_code").Unique().StorageKey("companies_credit_code_held").Annotations(entsql.IndexWhere("status <> 'REJECTED'")),
		index.Fields("name"), index.Fields("industry"), index.Fields("kind", "created_at"),
	}
}

// Annotations of the table.
func (Company) Annotations() []schema.Annotation {
	return checks{
		"status":             oneOf("status", companyStatuses),
		"kind":               oneOf("kind", companyKinds),
		"version":            "version > 0",
		"registered_capital": "registered_capital >= 0",
	}.on("companies")
}
