package reading

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent/claim"
	"lenddesk/ent/document"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
)

// queue is a queue of reviewers.
type queue struct{ lifecycle.Queue }

// Queue answers `reviewQueue(kind)`: what waits for a decision, oldest first. It returns FORBIDDEN without the kind's permission.
func (r *Reader) Queue(ctx context.Context, kind string) (Written, error) {
	q := queue{lifecycle.Queues[review.Step(kind)]}
	if err := access.Require(access.From(ctx), q.Permission); err != nil {
		return Written{}, err
	}
	return r.list(ctx, q.item(kind, r.typeOf(q.Of)), q.waits)
}

// QueueItem is one place in a queue, to be read when the answer is written, through the given eyes.
func (r *Reader) QueueItem(v access.Viewer, kind string, id int64) Written {
	q := queue{lifecycle.Queues[review.Step(kind)]}
	return r.one(v, q.item(kind, r.typeOf(q.Of)), id)
}

// waits is the rows that wait in the queue.
func (q queue) waits(t *sql.SelectTable) *sql.Predicate {
	p := sql.EQ(t.C("status"), q.Status)
	if q.Of == key.KindDocument { // those of a loan wait while its materials are being reviewed
		l := sql.Dialect(t.Dialect()).Table(loan.Table)
		p = sql.And(p, sql.Or(sql.NEQ(t.C(document.FieldSubjectType), string(key.KindLoan)), sql.In(t.C(document.FieldSubjectID),
			sql.Dialect(t.Dialect()).Select(l.C("id")).From(l).Where(sql.EQ(l.C("status"), string(loan.StatusMaterialsReview))))))
	}
	return p
}

// item is the type of one place in the queue: a part of the row that waits.
func (q queue) item(kind string, of *Type) *Type {
	claimed := func(column string) func(*sql.SelectTable, Look) sql.Querier {
		return func(t *sql.SelectTable, look Look) sql.Querier {
			d := sql.Dialect(t.Dialect())
			c := d.Table(claim.Table).As("c")
			return d.Select(c.C(column)).From(c).Where(sql.And(
				sql.EQ(c.C(claim.FieldSubjectType), string(q.Of)), sql.ColumnsEQ(c.C(claim.FieldSubjectID), t.C("id")),
				sql.EQ(c.C(claim.FieldStep), kind), stands(c, t, look)))
		}
	}
	return &Type{
		Name: "ReviewItem", Kind: q.Of, Table: of.Table, Default: Order{Column: "status_since", Type: aTime},
		Fields: map[string]Field{
			"kind":           {Columns: columns("id"), Write: func(w *writer, _ []store.Cell) { w.string(kind) }},
			"subject":        {Part: of.Name},
			"waitingSince":   instant("status_since"),
			"claimedBy":      {One: &One{To: "Staff", By: Column{Expr: claimed(claim.FieldStaffID)}}},
			"claimExpiresAt": computed((*writer).instant, claimed(claim.FieldExpiresAt)),
		},
	}
}

// stands is the claims that hold still: not run out, and made since the subject waits as it does.
func stands(c, t *sql.SelectTable, look Look) *sql.Predicate {
	return sql.And(sql.GT(c.C(claim.FieldExpiresAt), look.Now), sql.ColumnsGTE(c.C("created_at"), t.C("status_since")))
}

// atWork is who of the staff has a loan in hand: the claim on the step at which it stands.
func atWork(t *sql.SelectTable, look Look) sql.Querier {
	d := sql.Dialect(t.Dialect())
	c := d.Table(claim.Table).As("c")
	var steps []*sql.Predicate
	for _, step := range []review.Step{review.StepMaterials, review.StepApplication, review.StepFunding} {
		q := lifecycle.Queues[step]
		steps = append(steps, sql.And(sql.EQ(c.C(claim.FieldStep), string(step)), sql.EQ(t.C("status"), q.Status)))
	}
	return d.Select(c.C(claim.FieldStaffID)).From(c).Where(sql.And(
		sql.EQ(c.C(claim.FieldSubjectType), string(key.KindLoan)), sql.ColumnsEQ(c.C(claim.FieldSubjectID), t.C("id")), sql.Or(steps...), stands(c, t, look)))
}
