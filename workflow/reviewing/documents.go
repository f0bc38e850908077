package reviewing

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/company"
	"lenddesk/ent/document"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/text"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// RequestDocumentInput says which document is wanted, about whom or what.
type RequestDocumentInput struct {
	SubjectID  string
	Kind, Note *string
}

// RequestDocument asks for a document of a customer, a company or a loan whose materials are being reviewed; the customer is told. It returns REQUIRED at kind; NOT_FOUND at
// subjectId; NOT_ALLOWED_NOW for a loan in another status; NOT_ELIGIBLE where nobody could bring it; SAME_PERSON.
func (o *Office) RequestDocument(ctx context.Context, in RequestDocumentInput) (key.Document, error) {
	if err := permit(ctx, lifecycle.RequestDocument); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Note: workflow.Text(&faults, in.Note, workflow.MaxNote, "note")}
	kind := document.Kind(workflow.Value(in.Kind))
	if kind == "" {
		faults.Add(fault.Problem{Code: fault.Required}, "kind")
	}
	said.Changes = map[string]any{"kind": string(kind)}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Document, error) {
		found := append(fault.List{}, faults...)
		about, id, owner, err := o.about(ctx, tx, in.SubjectID, &found)
		if err != nil {
			return 0, err
		}
		if err := found.Err(); err != nil {
			return 0, err
		}
		d, err := tx.Document.Create().SetSubjectType(string(about)).SetSubjectID(id).SetOwnerID(owner.ID).SetKind(kind).SetStatus(document.StatusRequested).
			SetRequestedByID(access.From(ctx).Staff).Save(ctx)
		if err != nil {
			return 0, fmt.Errorf("ask for a document: %w", err)
		}
		if err := o.notOwn(ctx, tx, d); err != nil {
			return 0, err
		}
		if err := lifecycle.Born(ctx, tx, lifecycle.RequestDocument, int64(d.ID), d.Status, owner.ID, said); err != nil {
			return 0, err
		}
		return d.ID, mailing.Tell(ctx, o.Desk, tx, owner, mailing.DocumentRequested, named(d))
	})
}

// notOwn refuses who would ask themselves.
func (o *Office) notOwn(ctx context.Context, tx *store.Tx, d *ent.Document) error {
	facts, err := lifecycle.LoadFacts(ctx, tx.SQL, tx.Dialect(), document.Table, []int64{int64(d.ID)}, []lifecycle.Fact{lifecycle.OwnDocument})
	if err != nil {
		return err
	}
	if facts[int64(d.ID)][lifecycle.OwnDocument] > 0 {
		return fault.Refuse(fault.Problem{Code: fault.SamePerson, Text: "same_person_review"})
	}
	return nil
}

// about finds what a document is to be about, and who is to bring it.
func (o *Office) about(ctx context.Context, tx *store.Tx, id string, faults *fault.List) (kind key.Kind, n int64, owner *ent.User, err error) {
	kind, n, _ = o.IDs.Decode(id)
	var who key.User
	switch kind {
	case key.KindLoan:
		var k key.Loan
		var l *ent.Loan
		if k, err = access.Find[key.Loan](ctx, tx, o.IDs, key.KindLoan, loan.Table, id, "subjectId"); err != nil {
			break
		}
		if l, err = workflow.LoanInTurn(ctx, tx, k); err != nil {
			break
		}
		who = l.BorrowerID
		if l.Status != loan.StatusMaterialsReview {
			faults.Add(fault.Problem{Code: fault.NotAllowedNow, Text: "loan_not_in_review"}, "subjectId")
		}
	case key.KindUser:
		who, err = access.Find[key.User](ctx, tx, o.IDs, key.KindUser, user.Table, id, "subjectId")
	case key.KindCompany:
		var k key.Company
		if k, err = access.Find[key.Company](ctx, tx, o.IDs, key.KindCompany, company.Table, id, "subjectId"); err != nil {
			break
		}
		who, err = tx.User.Query().Where(user.CompanyID(k), user.StatusEQ(user.StatusActive)).Order(user.ByID()).FirstID(ctx)
		if ent.IsNotFound(err) {
			err = fault.Refuse(fault.Problem{Code: fault.NotEligible}, "subjectId")
		}
	default:
		err = fault.Refuse(fault.Problem{Code: fault.NotFound}, "subjectId")
	}
	if err != nil {
		return kind, n, nil, workflow.Gather(faults, err)
	}
	owner, err = o.Myself(ctx, tx, who)
	return kind, n, owner, err
}

// named is a document as a mail names it.
func named(d *ent.Document) map[string]any {
	return map[string]any{"document": text.Said{"document_kind." + string(d.Kind)}}
}

// DocumentInput names a document.
type DocumentInput struct {
	DocumentID      string
	Note            *string
	ExpectedVersion *int
}

// ApproveDocument finds a document right. It returns NOT_FOUND, CONFLICT; NOT_ALLOWED_NOW, also for one that has expired or whose loan's materials are not being reviewed; SAME_PERSON.
func (o *Office) ApproveDocument(ctx context.Context, in DocumentInput) (key.Document, error) {
	return o.judge(ctx, lifecycle.ApproveDocument, review.DecisionApproved, "", in.DocumentID, in.Note, nil, in.ExpectedVersion)
}

// DocumentReasonInput names a document, and says why.
type DocumentReasonInput struct {
	DocumentID      string
	Reason, Note    *string
	ExpectedVersion *int
}

// RejectDocument finds a document wrong; the customer is told the reason. It returns REQUIRED at reason; NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT; SAME_PERSON.
func (o *Office) RejectDocument(ctx context.Context, in DocumentReasonInput) (key.Document, error) {
	return o.judge(ctx, lifecycle.RejectDocument, review.DecisionRejected, mailing.DocumentRejected, in.DocumentID, in.Note, &in.Reason, in.ExpectedVersion)
}

// WaiveDocument does not insist on a document that was asked for or rejected. It returns REQUIRED at reason; NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT; SAME_PERSON also for who asked for it.
func (o *Office) WaiveDocument(ctx context.Context, in DocumentReasonInput) (key.Document, error) {
	return o.judge(ctx, lifecycle.WaiveDocument, review.DecisionWaived, "", in.DocumentID, in.Note, &in.Reason, in.ExpectedVersion)
}

// judge makes a decision on a document. reason is nil for one that needs none.
func (o *Office) judge(ctx context.Context, m lifecycle.Move[document.Status], d review.Decision, mail, id string, note *string, reason **string, expected *int) (key.Document, error) {
	if err := permit(ctx, m); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Note: workflow.Text(&faults, note, workflow.MaxNote, "note"), Expected: expected}
	if reason != nil {
		said.Reason = workflow.Reason(&faults, *reason)
	}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Document, error) {
		k, err := access.Find[key.Document](ctx, tx, o.IDs, key.KindDocument, document.Table, id, "documentId")
		if err != nil {
			return 0, err
		}
		paper, err := tx.Document.Get(ctx, k) // what it is about never changes
		if err != nil {
			return 0, fmt.Errorf("read document: %w", err)
		}
		round := 1
		if paper.SubjectType == string(key.KindLoan) {
			l, err := workflow.LoanInTurn(ctx, tx, key.Loan(paper.SubjectID))
			if err != nil {
				return 0, err
			}
			round = l.Round
			if paper, err = tx.Document.Get(ctx, k); err != nil {
				return 0, fmt.Errorf("read document: %w", err)
			}
		}
		update := tx.Document.Update()
		if said.Reason != "" {
			update.SetReason(said.Reason)
		} else {
			update.ClearReason()
		}
		if err := lifecycle.Make(ctx, tx, m, update, workflow.Paper(paper), said); err != nil {
			return 0, err
		}
		if err := keep(ctx, tx, subject{key.KindDocument, int64(k), review.StepDocument, round}, d, said); err != nil {
			return 0, err
		}
		if mail == "" || paper.OwnerID == nil {
			return k, nil
		}
		u, err := o.Myself(ctx, tx, *paper.OwnerID)
		if err != nil {
			return 0, err
		}
		data := named(paper)
		data["reason"] = said.Reason
		return k, mailing.Tell(ctx, o.Desk, tx, u, mail, data)
	})
}
