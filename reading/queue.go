package reading

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent/bid"
	"lenddesk/ent/claim"
	"lenddesk/ent/company"
	"lenddesk/ent/document"
	"lenddesk/ent/loan"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/servicerequest"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/store"
)

// queue is one kind of decision: of which rows, waiting in which status, by whom.
type queue struct {
	of         key.Kind
	status     any
	permission access.Permission
}

// queues are the kinds of the contract's ReviewQueueKind.
var queues = map[string]queue{
	"REGISTRATION":    {key.KindUser, user.StatusPendingReview, access.ReviewRegistrations},
	"COMPANY":         {key.KindCompany, company.StatusPendingReview, access.ManageCompanies},
	"DOCUMENT":        {key.KindDocument, document.StatusPendingReview, access.ReviewMaterials},
	"MATERIALS":       {key.KindLoan, loan.StatusMaterialsReview, access.ReviewMaterials},
	"APPLICATION":     {key.KindLoan, loan.StatusApplicationReview, access.ReviewLoans},
	"BID":             {key.KindBid, bid.StatusPendingReview, access.ReviewBids},
	"FUNDING":         {key.KindLoan, loan.StatusFullyFunded, access.ReviewFunding},
	"SERVICE_REQUEST": {key.KindServiceRequest, servicerequest.StatusRequested, access.ManageLoans},
}

// Queue answers `reviewQueue(kind)`: what waits for a decision, oldest first. It returns FORBIDDEN without the kind's permission.
func (r *Reader) Queue(ctx context.Context, kind string) (Written, error) {
	q := queues[kind]
	if err := access.Require(access.From(ctx), q.permission); err != nil {
		return Written{}, err
	}
	return r.list(ctx, "ReviewItem "+kind, q.item(kind, r.typeOf(q.of)), func(t *sql.SelectTable) *sql.Predicate { return sql.EQ(t.C("status"), q.status) })
}

// Due answers `dueServiceRecords`: what is open and has a due date, the most urgent first.
func (r *Reader) Due(ctx context.Context) (Written, error) {
	t := *r.typeOf(key.KindServiceRecord)
	t.Default = Order{Column: servicerecord.FieldDueAt, Type: aTime}
	return r.list(ctx, "due", &t, func(t *sql.SelectTable) *sql.Predicate {
		return sql.And(sql.IsNull(t.C(servicerecord.FieldCompletedAt)), sql.NotNull(t.C(servicerecord.FieldDueAt)))
	})
}

// item is the type of one place in the queue: a part of the row that waits.
func (q queue) item(kind string, of *Type) *Type {
	claimed := func(column string) func(*sql.SelectTable, Look) sql.Querier {
		return func(t *sql.SelectTable, look Look) sql.Querier {
			d := sql.Dialect(t.Dialect())
			c := d.Table(claim.Table).As("c")
			return d.Select(c.C(column)).From(c).Where(sql.And(
				sql.EQ(c.C(claim.FieldSubjectType), string(q.of)), sql.ColumnsEQ(c.C(claim.FieldSubjectID), t.C("id")),
				sql.EQ(c.C(claim.FieldStep), kind), sql.GT(c.C(claim.FieldExpiresAt), look.Now)))
		}
	}
	return &Type{
		Name: "ReviewItem", Kind: q.of, Table: of.Table, Default: Order{Column: "status_since", Type: aTime},
		Fields: map[string]Field{
			"kind":           {Columns: columns("id"), Write: func(w *writer, _ []store.Cell) { w.string(kind) }},
			"subject":        {Part: of.Name},
			"waitingSince":   instant("status_since"),
			"claimedBy":      {One: &One{To: "Staff", By: Column{Expr: claimed(claim.FieldStaffID)}}},
			"claimExpiresAt": computed((*writer).instant, claimed(claim.FieldExpiresAt)),
		},
	}
}
