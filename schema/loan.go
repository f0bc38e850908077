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

var (
	loanStatuses = []string{
		"DRAFT", "MATERIALS_REVIEW", "APPLICATION_REVIEW", "RETURNED", "REJECTED", "WITHDRAWN", "APPROVED", "BIDDING", "FULLY_FUNDED",
		"LISTING_FAILED", "CANCELLED", "AWAITING_DISBURSEMENT", "REPAYING", "OVERDUE", "DEFAULTED", "WRITTEN_OFF", "SETTLED",
	}
	repaymentMethods = []string{"EQUAL_INSTALLMENTS", "EQUAL_PRINCIPAL", "INTEREST_ONLY", "BULLET"}
	loanPurposes     = []string{
		"WORKING_CAPITAL", "EQUIPMENT", "INVENTORY", "CONSUMPTION", "HOME_IMPROVEMENT", "EDUCATION", "MEDICAL", "VEHICLE",
		"DEBT_CONSOLIDATION", "OTHER",
	}
)

// Loan is a borrower's application and all that becomes of it.
type Loan struct{ ent.Schema }

// Mixin gives a status, a version and times.
func (Loan) Mixin() []ent.Mixin { return []ent.Mixin{moving{statuses: loanStatuses}} }

// Fields of a loan.
func (Loan) Fields() []ent.Field {
	return []ent.Field{
		id(key.Loan(0)),
		field.String("number").MaxLen(20).Unique().Immutable().Comment("quoted on the phone"),
		needed("borrower_id", key.User(0)),
		ref("company_id", key.Company(0)),
		field.Int64("requested_amount").GoType(money.Amount(0)),
		field.Int64("requested_annual_rate").GoType(money.Rate(0)),
		field.Int("requested_term_months"),
		field.Int64("amount").GoType(money.Amount(0)),
		field.Int64("annual_rate").GoType(money.Rate(0)),
		field.Int("term_months"),
		enum("repayment_method", repaymentMethods),
		enum("purpose", loanPurposes),
		field.String("description").MaxLen(5000).Optional().Nillable(),
		field.Int("round").Default(1),
		field.Int("approvals_needed").Default(1),
		field.Bool("terms_accepted").Default(false),
		field.Time("submitted_at").Optional().Nillable().Comment("the latest submission, whose parameters the loan is judged by"),
		field.JSON("required_documents", []string{}).Optional().Comment("kinds that the latest submission needed"),
		field.Int64("minimum_bid").GoType(money.Amount(0)).Optional().Nillable(),
		field.Int64("bid_step").GoType(money.Amount(0)).Optional().Nillable(),
		field.Time("opens_at").Optional().Nillable(),
		field.Time("closes_at").Optional().Nillable(),
		field.Int64("reserved_amount").GoType(money.Amount(0)).Default(0),
		field.Int64("funded_amount").GoType(money.Amount(0)).Default(0),
		field.String("order_number").MaxLen(40).Optional().Nillable().Comment("of the order to finance that waits for its report"),
		field.Time("disbursed_at").Optional().Nillable(),
		day("accrued_on"), // through which penalties are charged
		field.Time("defaulted_at").Optional().Nillable(),
	}
}

// Edges of a loan.
func (Loan) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("borrower", User.Type).Field("borrower_id").Unique().Required().Immutable(),
		edge.To("company", Company.Type).Field("company_id").Unique(),
	}
}

// Indexes of a loan.
func (Loan) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("borrower_id", "created_at"), index.Fields("company_id", "created_at"), index.Fields("amount"),
		index.Fields("purpose", "created_at"), index.Fields("status", "closes_at"), index.Fields("disbursed_at", "amount"),
	}
}

// Annotations of the table.
func (Loan) Annotations() []schema.Annotation {
	return checks{
		"status":    oneOf("status", loanStatuses),
		"method":    oneOf("repayment_method", repaymentMethods),
		"purpose":   oneOf("purpose", loanPurposes),
		"version":   "version > 0",
		"requested": "requested_amount > 0 AND requested_annual_rate >= 0 AND requested_term_months > 0",
		"terms":     "amount > 0 AND annual_rate >= 0 AND term_months > 0",
		"bids":      "minimum_bid > 0 AND bid_step > 0",
		"funding":   "funded_amount >= 0 AND funded_amount <= reserved_amount AND reserved_amount <= amount",
		"approvals": "approvals_needed > 0 AND round > 0",
	}.on("loans")
}
