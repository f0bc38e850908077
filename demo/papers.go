package demo

import (
	"time"

	"lenddesk/ent"
	"lenddesk/ent/document"
	"lenddesk/ent/review"
	"lenddesk/key"
	"lenddesk/lifecycle"
)

// paper is a kind of document and the name of its file.
type paper struct {
	kind document.Kind
	file string
}

var (
	ofPersons = []paper{
		{document.KindIdentityCard, "身份证.jpg"}, {document.KindProofOfIncome, "收入证明.pdf"}, {document.KindBankStatement, "银行流水.pdf"},
	}
	ofFirms = []paper{
		{document.KindBusinessLicense, "营业执照.jpg"}, {document.KindFinancialStatement, "财务报表.pdf"}, {document.KindBankStatement, "对公流水.pdf"},
	}
)

// collect has the borrower upload what the loan requires.
func (l *lending) collect(at time.Time) {
	papers := ofPersons
	if l.CompanyID != nil {
		papers = ofFirms
	}
	for _, p := range papers {
		l.upload(p, at, nil)
	}
}

// paper makes a document of the loan; it is not born yet.
func (l *lending) paper(p paper) *ent.Document {
	d := &ent.Document{
		ID: key.Document(l.take(key.KindDocument)), SubjectType: string(key.KindLoan), SubjectID: int64(l.ID), OwnerID: some(l.BorrowerID), Kind: p.kind,
	}
	l.documents, l.papers = append(l.documents, d), append(l.papers, d)
	return d
}

// filed is the file of a document.
func (l *lending) filed(d *ent.Document, p paper) {
	d.Name, d.Size, d.ContentType = some(p.file), some(40_000+l.rnd.Int64N(900_000)), some("application/pdf")
	if p.file[len(p.file)-3:] == "jpg" {
		d.ContentType = some("image/jpeg")
	}
}

// upload adds a document that nobody asked for, or one in place of another.
func (l *lending) upload(p paper, at time.Time, replaces *ent.Document) *ent.Document {
	d := l.paper(p)
	l.filed(d, p)
	l.lifeOfDocument(d).born(lifecycle.AddDocument, byUser(l.BorrowerID), at)
	if replaces != nil {
		d.ReplacesID = &replaces.ID
		l.lifeOfDocument(replaces).move(lifecycle.SupersedeDocument, byUser(l.BorrowerID), at)
	}
	return d
}

// ask requests a document.
func (l *lending) ask(kind document.Kind, at time.Time) *ent.Document {
	d := l.paper(paper{kind: kind})
	d.RequestedByID = some(l.reviewers[0])
	l.lifeOfDocument(d).born(lifecycle.RequestDocument, byStaff(l.reviewers[0]), at)
	return d
}

const unreadable = "文件不清晰，请重新上传。"

// judge approves or rejects a document.
func (l *lending) judge(d *ent.Document, m lifecycle.Move[document.Status], decision review.Decision, who key.Staff, at time.Time, reason string) {
	d.Reason = told(reason)
	l.lifeOfDocument(d).because(m, byStaff(who), at, reason)
	l.book.review(key.KindDocument, int64(d.ID), review.StepDocument, 1, decision, who, at, reason)
}

func (l *lending) reject(d *ent.Document, at time.Time) {
	l.judge(d, lifecycle.RejectDocument, review.DecisionRejected, l.reviewers[0], at, unreadable)
}

// approvePapers ends with every document approved or waived; some take a second try.
func (l *lending) approvePapers() {
	switch at := l.pass(time.Hour, 3*time.Hour); l.i % 4 {
	case 1: // asked for and brought
		p := paper{document.KindCreditReport, "征信报告.pdf"}
		d := l.ask(p.kind, at)
		l.filed(d, p)
		l.lifeOfDocument(d).move(lifecycle.UploadDocument, byUser(l.BorrowerID), l.pass(time.Hour, 3*time.Hour))
	case 2: // rejected and brought anew
		last := l.papers[len(l.papers)-1]
		l.reject(last, at)
		l.upload(paper{last.Kind, *last.Name}, l.pass(time.Hour, 3*time.Hour), last)
	case 3: // asked for and waived by somebody else
		d := l.ask(document.KindGuarantee, at)
		l.judge(d, lifecycle.WaiveDocument, review.DecisionWaived, l.reviewers[1], l.pass(time.Hour, 2*time.Hour), "已有同等效力的材料。")
	}
	for _, d := range l.papers {
		if d.Status == document.StatusPendingReview {
			l.judge(d, lifecycle.ApproveDocument, review.DecisionApproved, l.reviewers[0], l.pass(10*time.Minute, 40*time.Minute), "")
		}
	}
}

// disputePapers leaves the documents of a loan under review in different states.
func (l *lending) disputePapers() {
	last := l.papers[len(l.papers)-1]
	switch at := l.pass(time.Hour, 3*time.Hour); l.i % 5 {
	case 1:
		l.ask(document.KindCreditReport, at)
	case 2:
		l.reject(last, at)
	case 3: // it ran out on the way, and is asked for anew
		last.ValidUntil = some(at.In(l.zone).AddDate(0, 0, -1).Format(time.DateOnly))
		l.lifeOfDocument(last).move(lifecycle.ExpireDocument, bySystem("documents"), at)
		l.ask(last.Kind, at)
	case 4:
		l.judge(last, lifecycle.ApproveDocument, review.DecisionApproved, l.reviewers[0], at, "")
	}
}
