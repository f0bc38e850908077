package reading

import (
	"context"

	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent/claim"
	"lenddesk/ent/document"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerecord"
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
	return r.list(ctx, "ReviewItem "+kind, q.item(kind, r.typeOf(q.Of)), q.waits)
}

// Due answers `dueServiceRecords`: what is open and has a due date, the most urgent first.
func (r *Reader) Due(ctx context.Context) (Written, error) {
	t := *r.typeOf(key.KindServiceRecord)
	t.Default = Order{Column: servicerecord.FieldDueAt, Type: aTime}
	return r.list(ctx, "due", &t, func(t *sql.SelectTable) *sql.Predicate {
		return sql.And(sql.IsNull(t.C(servicerecord.FieldCompletedAt)), sql.NotNull(t.C(servicerecord.FieldDueAt)))
	})
}

// QueueItem is one place in a queue, to be read when the answer is written, through the given eyes.
func (r *Reader) QueueItem(v access.Viewer, kind string, id int64) Written {
	q := queue{lifecycle.Queues[review.Step(kind)]}
	return r.later(v, func(ctx context.Context, run *run, w *writer) (bool, error) {
		var err error
		if run.plan, err = r.planned(ctx, run.sitting, v, "ReviewItem "+kind, func(c *compiler, p *plan) (err error) {
			p.item, err = c.byKeys(q.item(kind, r.typeOf(q.Of)), asked(ctx).Selections, true)
			return err
		}); err != nil {
			return false, err
		}
		u := run.plan.item
		f, err := run.frame(u)
		if err != nil {
			return false, err
		}
		f.keys = []int64{id}
		at := &rows{Question: u.root.question(f)}
		if err := run.ask([]*task{{question: &at.Question, deeper: len(u.root.children) > 0, then: func() ([]*task, error) { return f.follow(u.root, at) }}}); err != nil {
			return false, err
		}
		return at.Len() > 0 && w.object(u.object, at, 0), nil
	})
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

// still is 1 for a row that waits in the queue, else 0.
func (q queue) still(t *sql.SelectTable, _ Look) sql.Querier {
	return sql.ExprFunc(func(b *sql.Builder) { b.WriteString("CASE WHEN ").Join(q.waits(t)).WriteString(" THEN 1 ELSE 0 END") })
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
			"waiting":        {Columns: []Column{{Expr: q.still}}, Write: func(w *writer, row []store.Cell) { w.truth(row[0].Int() == 1) }},
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
