package origination

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/company"
	"lenddesk/ent/document"
	"lenddesk/ent/loan"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/gateway/blob"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// UploadInput is a document with its file: about oneself, one's loan or one's company.
type UploadInput struct {
	SubjectID                              string
	Kind, DocumentID, Replaces, ValidUntil *string
	File                                   *blob.Upload
	ExpectedVersion                        *int
}

// maxDocuments is how many documents a subject may have, those that were replaced apart.
const maxDocuments = 100

// Upload keeps a document. With documentId it fulfils what was asked for, with replaces it takes another one's place, otherwise it adds. The file stands, sealed, in
// the store before the row that points at it commits; if it does not, the file is removed.
//
// It returns REQUIRED, INVALID, TOO_LONG at file; REQUIRED, INVALID at kind; INVALID, OUT_OF_RANGE at validUntil; NOT_FOUND at subjectId, documentId, replaces; NOT_ALLOWED_NOW
// for a loan that takes no such upload, and for a document that is not asked for or cannot be replaced; NOT_ELIGIBLE unless the caller is ACTIVE; LIMIT_EXCEEDED; CONFLICT.
func (o *Office) Upload(ctx context.Context, in UploadInput) (key.Document, error) {
	if err := lifecycle.UploadDocument.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var f file
	if err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		var faults fault.List
		f = inspect(values, in.File, &faults)
		if _, err := o.place(ctx, tx, in, values, &faults); err != nil {
			return err
		}
		return faults.Err()
	}); err != nil {
		return 0, err
	}
	name, err := o.put(ctx, f)
	if err != nil {
		return 0, err
	}
	kept, err := workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Document, error) {
		return o.keep(ctx, tx, in, f, name)
	})
	if err != nil {
		o.drop(ctx, name, err)
	}
	return kept, err
}

// keep writes the row of a file that stands in the store.
func (o *Office) keep(ctx context.Context, tx *store.Tx, in UploadInput, f file, name string) (key.Document, error) {
	values, err := o.Parameters(ctx, tx)
	if err != nil {
		return 0, err
	}
	var faults fault.List
	p, err := o.place(ctx, tx, in, values, &faults)
	if err != nil {
		return 0, err
	}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	said := lifecycle.Said{Changes: map[string]any{"kind": string(p.kind), "contentType": f.contentType, "size": len(f.content)}}
	if p.request != nil {
		said.Expected = in.ExpectedVersion
		update := tx.Document.Update().SetName(f.name).SetContentType(f.contentType).SetSize(int64(len(f.content))).SetSha256(f.sha256).SetBlob(name).
			SetNillableValidUntil(p.validUntil)
		return p.request.ID, lifecycle.Make(ctx, tx, lifecycle.UploadDocument, update, workflow.Paper(p.request), said)
	}
	create := tx.Document.Create().SetSubjectType(string(p.subject)).SetSubjectID(p.id).SetOwnerID(access.From(ctx).User).SetKind(p.kind).
		SetStatus(document.StatusPendingReview).SetName(f.name).SetContentType(f.contentType).SetSize(int64(len(f.content))).SetSha256(f.sha256).SetBlob(name).
		SetNillableValidUntil(p.validUntil)
	if p.replaced != nil {
		if err := lifecycle.Make(ctx, tx, lifecycle.SupersedeDocument, tx.Document.Update(), workflow.Paper(p.replaced), lifecycle.Said{Expected: in.ExpectedVersion}); err != nil {
			return 0, err
		}
		create.SetReplacesID(p.replaced.ID)
	}
	d, err := create.Save(ctx)
	if err != nil {
		return 0, fmt.Errorf("keep document: %w", err)
	}
	return d.ID, lifecycle.Born(ctx, tx, lifecycle.AddDocument, int64(d.ID), d.Status, access.From(ctx).User, said)
}

// place is where a document belongs.
type place struct {
	subject           key.Kind
	id                int64
	loan              *ent.Loan // when it is a loan's
	kind              document.Kind
	request, replaced *ent.Document
	validUntil        *string
}

// place finds where a document belongs, gathering every fault.
func (o *Office) place(ctx context.Context, tx *store.Tx, in UploadInput, values parameter.Values, faults *fault.List) (p place, err error) {
	me := access.From(ctx).User
	if err := o.subject(ctx, tx, in.SubjectID, &p, faults); err != nil {
		return p, err
	}
	u, err := o.Myself(ctx, tx, me)
	if err != nil {
		return p, err
	}
	if u.Status != user.StatusActive {
		faults.Add(fault.Problem{Code: fault.NotEligible})
	}
	p.kind = document.Kind(workflow.Value(in.Kind))
	if in.ValidUntil != nil {
		p.validUntil = in.ValidUntil
		today := lifecycle.Now().In(values.Location(parameter.TimeZoneName)).Format(time.DateOnly)
		if day, err := time.Parse(time.DateOnly, *in.ValidUntil); err != nil || day.Year() < 1 {
			faults.Add(fault.Problem{Code: fault.Invalid, Text: "date_malformed"}, "validUntil")
		} else if *in.ValidUntil < today {
			faults.Add(fault.Problem{Code: fault.OutOfRange, Text: "date_past"}, "validUntil")
		}
	}
	if in.DocumentID != nil && in.Replaces != nil {
		faults.Add(fault.Problem{Code: fault.Invalid}, "replaces")
		return p, nil
	}
	if in.DocumentID != nil {
		if p.request, err = o.other(ctx, tx, *in.DocumentID, "documentId", &p, faults); err != nil {
			return p, err
		}
		if p.request != nil && !stale(in, p.request, faults) && p.request.Status != document.StatusRequested {
			faults.Add(fault.Problem{Code: fault.NotAllowedNow, Data: map[string]any{"move": lifecycle.UploadDocument.Name, "status": string(p.request.Status)}}, "documentId")
		}
	}
	if in.Replaces != nil {
		if p.replaced, err = o.other(ctx, tx, *in.Replaces, "replaces", &p, faults); err != nil {
			return p, err
		}
		if p.replaced != nil && !stale(in, p.replaced, faults) && !slices.Contains(lifecycle.SupersedeDocument.From, p.replaced.Status) {
			faults.Add(fault.Problem{Code: fault.NotAllowedNow, Text: "document_replaced"}, "replaces")
		}
	}
	if p.kind == "" && in.DocumentID == nil && in.Replaces == nil {
		faults.Add(fault.Problem{Code: fault.Required}, "kind")
	}
	return p, o.room(ctx, tx, p, faults)
}

// stale says whether a document is not what the input expects it to be; that is told before where it stands, as of every move.
func stale(in UploadInput, d *ent.Document, faults *fault.List) bool {
	if in.ExpectedVersion == nil || *in.ExpectedVersion == d.Version {
		return false
	}
	faults.Add(fault.Problem{Code: fault.Conflict, Text: "expected_version"}, "expectedVersion")
	return true
}

// subject finds what a document is about: oneself, one's own loan, the company that one belongs to.
func (o *Office) subject(ctx context.Context, tx *store.Tx, id string, p *place, faults *fault.List) error {
	me := access.From(ctx).User
	kind, n, ok := o.IDs.Decode(id)
	p.subject, p.id = kind, n
	var err error
	switch {
	case ok && kind == key.KindLoan:
		var k key.Loan
		if k, err = access.Find[key.Loan](ctx, tx, o.IDs, key.KindLoan, loan.Table, id, "subjectId"); err != nil {
			break
		}
		if p.loan, err = workflow.LoanInTurn(ctx, tx, k); err != nil {
			return err
		}
		if p.loan.BorrowerID != me { // an investor sees it, too
			p.loan, err = nil, fault.Refuse(fault.Problem{Code: fault.NotFound}, "subjectId")
		}
	case ok && kind == key.KindUser && key.User(n) == me:
		return workflow.Turn(ctx, tx, me)
	case ok && kind == key.KindCompany:
		if err = workflow.Turn(ctx, tx, me); err != nil {
			return err
		}
		_, err = access.Find[key.Company](ctx, tx, o.IDs, key.KindCompany, company.Table, id, "subjectId")
	default:
		err = fault.Refuse(fault.Problem{Code: fault.NotFound}, "subjectId")
	}
	return workflow.Gather(faults, err)
}

// other finds a document that the input names: of the same subject, and of the same kind if one is given.
func (o *Office) other(ctx context.Context, tx *store.Tx, id, field string, p *place, faults *fault.List) (*ent.Document, error) {
	k, err := access.Find[key.Document](ctx, tx, o.IDs, key.KindDocument, document.Table, id, field)
	if err != nil {
		return nil, workflow.Gather(faults, err)
	}
	d, err := tx.Document.Get(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("read document: %w", err)
	}
	if p.kind == "" {
		p.kind = d.Kind
	}
	if d.SubjectType != string(p.subject) || d.SubjectID != p.id || d.Kind != p.kind {
		faults.Add(fault.Problem{Code: fault.Invalid, Text: "document_other"}, field)
		return nil, nil
	}
	return d, nil
}

// room says whether the subject takes the document now.
func (o *Office) room(ctx context.Context, tx *store.Tx, p place, faults *fault.List) error {
	if p.loan != nil {
		switch p.loan.Status {
		case loan.StatusDraft, loan.StatusReturned:
		case loan.StatusMaterialsReview:
			if p.request == nil && (p.replaced == nil || p.replaced.Status != document.StatusRejected) {
				faults.Add(fault.Problem{Code: fault.NotAllowedNow, Text: "document_not_asked"})
			}
		default:
			faults.Add(fault.Problem{Code: fault.NotAllowedNow, Text: "loan_takes_no_documents"})
		}
	}
	if p.request != nil || p.replaced != nil {
		return nil
	}
	n, err := tx.Document.Query().Where(document.SubjectType(string(p.subject)), document.SubjectID(p.id), document.StatusNEQ(document.StatusSuperseded)).Count(ctx)
	if err != nil {
		return fmt.Errorf("count documents: %w", err)
	}
	if n >= maxDocuments {
		faults.Add(fault.Problem{Code: fault.LimitExceeded, Text: "document_limit"})
	}
	return nil
}
