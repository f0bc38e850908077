package origination

import (
	"context"
	"fmt"
	"slices"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/riverqueue/river"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/document"
	"lenddesk/ent/loan"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/text"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// Expire is the periodic job that ends documents whose last day has passed while their loan is not yet approved, and asks for them anew.
type Expire struct{}

// Kind names the job in the queue.
func (Expire) Kind() string { return "expire_documents" }

// Expirer ends documents.
type Expirer struct {
	river.WorkerDefaults[Expire]
	Office *Office
}

// Timeout is how long one run may take; the next one goes on where it ended.
func (*Expirer) Timeout(*river.Job[Expire]) time.Duration { return 10 * time.Minute }

// Work ends what has expired by today.
func (w *Expirer) Work(ctx context.Context, _ *river.Job[Expire]) error {
	return w.Office.Expire(access.AsSystem(ctx, "documents"), lifecycle.Now())
}

// Expire ends the documents whose last day lies before a moment's, each in a transaction of its own.
func (o *Office) Expire(ctx context.Context, now time.Time) error {
	var today string
	if err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		values, err := o.Parameters(ctx, tx)
		if err == nil {
			today = now.In(values.Location(parameter.TimeZoneName)).Format(time.DateOnly)
		}
		return err
	}); err != nil {
		return err
	}
	for after := key.Document(0); ; {
		some, err := o.Store.Client().Document.Query().Where(document.IDGT(after), document.ValidUntilLT(today),
			document.StatusIn(lifecycle.ExpireDocument.From...), counting).Order(document.ByID()).Limit(100).All(ctx)
		if err != nil {
			return fmt.Errorf("look for expired documents: %w", err)
		}
		if len(some) == 0 {
			return nil
		}
		for _, d := range some {
			after = d.ID
			if err := o.expire(ctx, d.ID, today); err != nil {
				return err
			}
		}
	}
}

// undecided are the statuses of a loan whose documents still count.
var undecided = []loan.Status{loan.StatusDraft, loan.StatusReturned, loan.StatusMaterialsReview, loan.StatusApplicationReview}

// counting are the documents that are no loan's, or one's that is not decided on.
func counting(s *sql.Selector) {
	l := sql.Dialect(s.Dialect()).Table(loan.Table)
	statuses := make([]any, len(undecided))
	for i, status := range undecided {
		statuses[i] = status
	}
	s.Where(sql.Or(sql.NEQ(s.C(document.FieldSubjectType), string(key.KindLoan)),
		sql.In(s.C(document.FieldSubjectID), sql.Dialect(s.Dialect()).Select(l.C("id")).From(l).Where(sql.In(l.C(loan.FieldStatus), statuses...)))))
}

// expire ends a document, if it still is to end, and asks for it anew.
func (o *Office) expire(ctx context.Context, k key.Document, today string) error {
	return o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		d, err := tx.Document.Get(ctx, k) // what it is about never changes
		if err != nil {
			return fmt.Errorf("read document: %w", err)
		}
		if d.SubjectType == string(key.KindLoan) {
			l, err := workflow.LoanInTurn(ctx, tx, key.Loan(d.SubjectID))
			if err != nil {
				return err
			}
			if !slices.Contains(undecided, l.Status) {
				return nil
			}
		}
		if d, err = tx.Document.Query().Where(document.ID(k), document.ValidUntilLT(today), document.StatusIn(lifecycle.ExpireDocument.From...)).Only(ctx); ent.IsNotFound(err) {
			return nil
		} else if err != nil {
			return fmt.Errorf("read document: %w", err)
		}
		if err := lifecycle.Make(ctx, tx, lifecycle.ExpireDocument, tx.Document.Update(), workflow.Paper(d), lifecycle.Said{}); err != nil {
			return err
		}
		if d.OwnerID == nil {
			return nil
		}
		again, err := tx.Document.Create().SetSubjectType(d.SubjectType).SetSubjectID(d.SubjectID).SetOwnerID(*d.OwnerID).SetKind(d.Kind).
			SetStatus(document.StatusRequested).SetReplacesID(d.ID).Save(ctx)
		if err != nil {
			return fmt.Errorf("ask for a document anew: %w", err)
		}
		if err := lifecycle.Born(ctx, tx, lifecycle.RequestDocument, int64(again.ID), again.Status, *d.OwnerID, lifecycle.Said{}); err != nil {
			return err
		}
		u, err := o.Myself(ctx, tx, *d.OwnerID)
		if err != nil {
			return err
		}
		return mailing.Tell(ctx, o.Desk, tx, u, mailing.DocumentRequested, map[string]any{"document": text.Said{"document_kind." + string(d.Kind)}})
	})
}
