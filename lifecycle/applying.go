package lifecycle

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/company"
	"lenddesk/ent/document"
	"lenddesk/ent/installment"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/money"
	"lenddesk/parameter"
	"lenddesk/text"
)

// What the moves of an application and of its documents need to know.
const (
	BorrowerActive   Fact = "borrower active"    // the borrower is ACTIVE
	BorrowersCards   Fact = "borrowers cards"    // bound cards of the borrower
	OwnAffair        Fact = "own affair"         // the viewer, an employee, is the borrower or belongs to the borrowing company
	OfCompany        Fact = "of company"         // a company borrows
	CompanyFit       Fact = "company fit"        // the borrowing company is VERIFIED, and the borrower belongs to it
	TermsBeyond      Fact = "terms beyond"       // which requested terms are beyond the parameters in force now: 1 amount, 2 rate, 4 term
	AmountBeyond     Fact = "amount beyond"      // minor units by which the borrower would owe more than the parameters in force now allow; less than 0 is free
	KindsMissing     Fact = "kinds missing"      // kinds of documents that are needed now and not there, a bit each
	DocumentsToMend  Fact = "documents to mend"  // documents that are asked for, rejected or expired
	KindsUnapproved  Fact = "kinds unapproved"   // kinds that the submission needed of which no document is approved or waived, a bit each
	DocumentsOpen    Fact = "documents open"     // documents that are neither approved nor waived, or have expired since
	ApprovedByViewer Fact = "approved by viewer" // standing approvals of this round that the viewer gave
	TermsUnaccepted  Fact = "terms unaccepted"   // the terms differ from those requested, and the borrower has not accepted them

	OwnDocument       Fact = "own document"        // the viewer, an employee, is the customer whose document it is
	OwnerOfPaper      Fact = "owner of paper"      // the customer whose document it is, is ACTIVE
	LoanNotInReview   Fact = "loan not in review"  // the document is a loan's whose materials are not being reviewed
	LoanShut          Fact = "loan shut"           // the document is a loan's that takes no uploads
	OutOfDate         Fact = "out of date"         // the document counts no longer
	RequestedByViewer Fact = "requested by viewer" // the viewer, an employee, asked for the document
)

// What an application's moves need besides the right status.
var (
	activeBorrower = Guard{
		Name: "the borrower is ACTIVE", Needs: []Fact{BorrowerActive},
		Check: func(f Facts) *fault.Problem {
			return unless(f[BorrowerActive] > 0, fault.NotEligible, "borrower_not_active", nil)
		},
	}
	fitCompany = Guard{
		Name: "a company that borrows is VERIFIED, and the borrower belongs to it", Needs: []Fact{OfCompany, CompanyFit},
		Check: func(f Facts) *fault.Problem {
			return unless(f[OfCompany] == 0 || f[CompanyFit] > 0, fault.NotEligible, "company_unfit", nil)
		},
	}
	boundCard = Guard{
		Name: "a card is BOUND", Needs: []Fact{BorrowersCards},
		Check: func(f Facts) *fault.Problem { return unless(f[BorrowersCards] > 0, fault.CardNotBound, "", nil) },
	}
	termsWithin = Guard{
		Name: "amount, rate and term are within the limits in force", Needs: []Fact{TermsBeyond},
		Check: func(f Facts) *fault.Problem {
			return unless(f[TermsBeyond] == 0, fault.OutOfRange, "terms_out_of_range", nil)
		},
	}
	amountWithin = Guard{
		Name: "all that the borrower owes and has applied for is within the limit in force", Needs: []Fact{AmountBeyond},
		Check: func(f Facts) *fault.Problem {
			return unless(f[AmountBeyond] <= 0, fault.LimitExceeded, "outstanding_exceeded", map[string]any{"excess": money.Amount(f[AmountBeyond]).String()})
		},
	}
	documentsThere = Guard{
		Name: "every required document is there, and none is asked for, rejected or expired", Needs: []Fact{KindsMissing, DocumentsToMend},
		Check: func(f Facts) *fault.Problem {
			if f[KindsMissing] != 0 {
				return &fault.Problem{Code: fault.DocumentsMissing, Text: "documents_missing", Data: map[string]any{"kinds": kindsOf(f[KindsMissing])}}
			}
			return unless(f[DocumentsToMend] == 0, fault.DocumentsMissing, "documents_to_mend", nil)
		},
	}
	documentsApproved = Guard{
		Name: "every document is approved or waived, those required are there, and none has expired", Needs: []Fact{KindsUnapproved, DocumentsOpen},
		Check: func(f Facts) *fault.Problem {
			if f[KindsUnapproved] != 0 {
				return &fault.Problem{Code: fault.DocumentsMissing, Text: "documents_unapproved", Data: map[string]any{"kinds": kindsOf(f[KindsUnapproved])}}
			}
			return unless(f[DocumentsOpen] == 0, fault.DocumentsMissing, "documents_open", nil)
		},
	}
	otherThanBorrower = Guard{
		Name: "another person than the borrower", Needs: []Fact{OwnAffair},
		Check: func(f Facts) *fault.Problem {
			return unless(f[OwnAffair] == 0, fault.SamePerson, "same_person_review", nil)
		},
	}
	notApprovedBefore = Guard{
		Name: "another person than who approved it in this round", Needs: []Fact{ApprovedByViewer},
		Check: func(f Facts) *fault.Problem {
			return unless(f[ApprovedByViewer] == 0, fault.SamePerson, "same_person_approved", nil)
		},
	}
	termsToAccept = Guard{
		Name: "the terms differ from those requested, and are not accepted yet", Needs: []Fact{TermsUnaccepted},
		Check: func(f Facts) *fault.Problem {
			return unless(f[TermsUnaccepted] > 0, fault.NotAllowedNow, "terms_unchanged", nil)
		},
	}
)

// What a document's moves need besides the right status.
var (
	activeUploader = Guard{
		Name: "the owner is ACTIVE", Needs: []Fact{OwnerOfPaper},
		Check: func(f Facts) *fault.Problem { return unless(f[OwnerOfPaper] > 0, fault.NotEligible, "", nil) },
	}
	openForUploads = Guard{
		Name: "a loan takes uploads: DRAFT, RETURNED or MATERIALS_REVIEW", Needs: []Fact{LoanShut},
		Check: func(f Facts) *fault.Problem {
			return unless(f[LoanShut] == 0, fault.NotAllowedNow, "loan_takes_no_documents", nil)
		},
	}
	otherThanOwner = Guard{
		Name: "another person than the customer", Needs: []Fact{OwnDocument},
		Check: func(f Facts) *fault.Problem {
			return unless(f[OwnDocument] == 0, fault.SamePerson, "same_person_review", nil)
		},
	}
	otherThanRequester = Guard{
		Name: "another person than who asked for it", Needs: []Fact{RequestedByViewer},
		Check: func(f Facts) *fault.Problem {
			return unless(f[RequestedByViewer] == 0, fault.SamePerson, "same_person_requested", nil)
		},
	}
	materialsReviewed = Guard{
		Name: "a loan's materials are being reviewed", Needs: []Fact{LoanNotInReview},
		Check: func(f Facts) *fault.Problem {
			return unless(f[LoanNotInReview] == 0, fault.NotAllowedNow, "loan_not_in_review", nil)
		},
	}
	stillValid = Guard{
		Name: "it has not expired", Needs: []Fact{OutOfDate},
		Check: func(f Facts) *fault.Problem {
			return unless(f[OutOfDate] == 0, fault.NotAllowedNow, "document_expired", nil)
		},
	}
)

var (
	// borrows is a customer who may apply for loans, which takes being ACTIVE.
	borrows = ownerWith(access.ApplyForLoans)
	// reviewersOfStep are who decides where a loan stands.
	reviewersOfStep = []By{
		permittedAt(access.ReviewMaterials, loan.StatusMaterialsReview), permittedAt(access.ReviewLoans, loan.StatusApplicationReview),
	}
)

func unless(fine bool, code fault.Code, said string, data map[string]any) *fault.Problem {
	if fine {
		return nil
	}
	return &fault.Problem{Code: code, Text: said, Data: data}
}

// everyKind are the kinds of documents; the place of one is its bit in a fact.
var everyKind = []document.Kind{
	document.KindIdentityCard, document.KindHouseholdRegister, document.KindMarriageCertificate, document.KindProofOfAddress, document.KindProofOfIncome,
	document.KindBankStatement, document.KindCreditReport, document.KindEmployment, document.KindProperty, document.KindVehicle, document.KindBusinessLicense,
	document.KindFinancialStatement, document.KindTaxRecord, document.KindGuarantee, document.KindOther,
}

// kindsOf are the kinds whose bits are set, as the catalogues have them.
func kindsOf(bits int) text.Said {
	var kinds text.Said
	for i, k := range everyKind {
		if bits&(1<<i) != 0 {
			kinds = append(kinds, "document_kind."+string(k))
		}
	}
	return kinds
}

// need is a line of a checklist as a statement reads it.
type need struct {
	Company int    `json:"c"`
	From    int64  `json:"a"`
	Kind    string `json:"k"`
	Bit     int    `json:"b"`
}

// checklist is the documents that loans need by the parameters in force.
func checklist(in InForce) any {
	lines := []need{}
	for _, n := range in.Parameters.Needs(parameter.RequiredDocuments) {
		line := need{From: int64(n.From), Kind: n.Kind}
		if n.Company {
			line.Company = 1
		}
		for i, k := range everyKind {
			if string(k) == n.Kind {
				line.Bit = 1 << i
			}
		}
		lines = append(lines, line)
	}
	written, err := json.Marshal(lines)
	if err != nil {
		panic(err) // numbers and letters can be written
	}
	return string(written)
}

// today is the business day, YYYY-MM-DD.
func today(in InForce) any {
	return in.Now.In(in.Parameters.Location(parameter.TimeZoneName)).Format(time.DateOnly)
}

// amountOf is an amount of the parameters in force.
func amountOf(name string) func(InForce) any {
	return func(in InForce) any { return int64(in.Parameters.Amount(name)) }
}

// expression is SQL with values in it.
func expression(write func(b *sql.Builder)) sql.Querier { return sql.ExprFunc(write) }

// whether is 1 where a condition holds, else 0.
func whether(condition string) sql.Querier {
	return sql.Raw("CASE WHEN " + condition + " THEN 1 ELSE 0 END")
}

// applying are the sources of the facts about applications and their documents.
var applying = map[Fact]source{
	BorrowerActive: func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		return activeUser(dialect, t.C(loan.FieldBorrowerID))
	},
	OwnerOfPaper: func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		return activeUser(dialect, t.C(document.FieldOwnerID))
	},
	BorrowersCards: func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		c := sql.Dialect(dialect).Table(bankcard.Table).As("c")
		return count(dialect, c, sql.And(sql.ColumnsEQ(c.C(bankcard.FieldUserID), t.C(loan.FieldBorrowerID)), sql.EQ(c.C(bankcard.FieldStatus), bankcard.StatusBound)))
	},
	OwnAffair: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		return viewerIs(a, dialect, func(u *sql.SelectTable) *sql.Predicate {
			return sql.Or(sql.ColumnsEQ(u.C("id"), t.C(loan.FieldBorrowerID)), sql.ColumnsEQ(u.C(user.FieldCompanyID), t.C(loan.FieldCompanyID)))
		})
	},
	OwnDocument: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		return viewerIs(a, dialect, func(u *sql.SelectTable) *sql.Predicate { return sql.ColumnsEQ(u.C("id"), t.C(document.FieldOwnerID)) })
	},
	OfCompany: func(_ Asking, _ string, t *sql.SelectTable) sql.Querier {
		return whether(t.C(loan.FieldCompanyID) + " IS NOT NULL")
	},
	CompanyFit: func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		c, u := sql.Dialect(dialect).Table(company.Table).As("c"), sql.Dialect(dialect).Table(user.Table).As("u")
		return sql.Dialect(dialect).Select("count(*)").From(c).Join(u).On(u.C(user.FieldCompanyID), c.C("id")).Where(sql.And(
			sql.ColumnsEQ(c.C("id"), t.C(loan.FieldCompanyID)), sql.EQ(c.C(company.FieldStatus), company.StatusVerified),
			sql.ColumnsEQ(u.C("id"), t.C(loan.FieldBorrowerID))))
	},
	TermsBeyond: func(a Asking, _ string, t *sql.SelectTable) sql.Querier {
		return expression(func(b *sql.Builder) {
			beyond := func(column, comparison string, bit int, value func(InForce) any) {
				b.WriteString("CASE WHEN ").WriteString(t.C(column)).WriteString(comparison + "CAST(").Arg(a.Given(value)).WriteString(fmt.Sprintf(" AS BIGINT) THEN %d ELSE 0 END", bit))
			}
			beyond(loan.FieldRequestedAmount, " < ", 1, amountOf(parameter.MinLoanAmount))
			b.WriteString(" + ")
			beyond(loan.FieldRequestedAnnualRate, " > ", 2, func(in InForce) any { return int64(in.Parameters.Rate(parameter.MaxAnnualRate)) })
			b.WriteString(" + ")
			beyond(loan.FieldRequestedTermMonths, " > ", 4, func(in InForce) any { return int64(in.Parameters.Int(parameter.MaxTermMonths)) })
		})
	},
	AmountBeyond: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		return expression(func(b *sql.Builder) {
			b.WriteString(t.C(loan.FieldRequestedAmount)).WriteString(" + (").Join(owed(dialect, t)).WriteString(") - CASE WHEN ").
				WriteString(t.C(loan.FieldCompanyID)).WriteString(" IS NULL THEN CAST(").Arg(a.Given(amountOf(parameter.MaxOutstandingPerson))).
				WriteString(" AS BIGINT) ELSE CAST(").Arg(a.Given(amountOf(parameter.MaxOutstandingCompany))).WriteString(" AS BIGINT) END")
		})
	},
	KindsMissing: func(a Asking, on string, t *sql.SelectTable) sql.Querier {
		return expression(func(b *sql.Builder) {
			kind, bit := "j.k", "j.b"
			if on == dialect.Postgres {
				b.WriteString("SELECT CAST(COALESCE(SUM(j.b), 0) AS BIGINT) FROM jsonb_to_recordset(CAST(").Arg(a.Given(checklist)).
					WriteString(" AS jsonb)) AS j(c int, a bigint, k text, b bigint) WHERE j.c = CASE WHEN ").WriteString(t.C(loan.FieldCompanyID)).
					WriteString(" IS NULL THEN 0 ELSE 1 END AND j.a <= ").WriteString(t.C(loan.FieldRequestedAmount))
			} else {
				kind, bit = "json_extract(j.value, '$.k')", "json_extract(j.value, '$.b')"
				b.WriteString("SELECT COALESCE(SUM(" + bit + "), 0) FROM json_each(").Arg(a.Given(checklist)).
					WriteString(") AS j WHERE json_extract(j.value, '$.c') = (").WriteString(t.C(loan.FieldCompanyID)).
					WriteString(" IS NOT NULL) AND json_extract(j.value, '$.a') <= ").WriteString(t.C(loan.FieldRequestedAmount))
			}
			b.WriteString(" AND 0 = (").Join(papers(on, t, func(d *sql.SelectTable) *sql.Predicate {
				return sql.And(sameKind(d, kind), sql.In(d.C(document.FieldStatus), document.StatusPendingReview, document.StatusApproved, document.StatusWaived), valid(a, d))
			})).WriteString(")")
		})
	},
	KindsUnapproved: func(a Asking, on string, t *sql.SelectTable) sql.Querier {
		return expression(func(b *sql.Builder) {
			kind, whole := "j.value", " END), 0)"
			b.WriteString("SELECT ")
			if on == dialect.Postgres {
				kind, whole = "j.kind", " END), 0) AS BIGINT)"
				b.WriteString("CAST(")
			}
			b.WriteString("COALESCE(SUM(CASE " + kind)
			for i, k := range everyKind {
				b.WriteString(fmt.Sprintf(" WHEN '%s' THEN %d", k, 1<<i))
			}
			b.WriteString(whole)
			if on == dialect.Postgres {
				b.WriteString(" FROM jsonb_array_elements_text(").WriteString(t.C(loan.FieldRequiredDocuments)).WriteString(") AS j(kind)")
			} else {
				b.WriteString(" FROM json_each(").WriteString(t.C(loan.FieldRequiredDocuments)).WriteString(") AS j")
			}
			b.WriteString(" WHERE 0 = (").Join(papers(on, t, func(d *sql.SelectTable) *sql.Predicate {
				return sql.And(sameKind(d, kind), sql.In(d.C(document.FieldStatus), document.StatusApproved, document.StatusWaived), valid(a, d))
			})).WriteString(")")
		})
	},
	DocumentsToMend: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		return papers(dialect, t, func(d *sql.SelectTable) *sql.Predicate {
			return sql.Or(sql.In(d.C(document.FieldStatus), document.StatusRequested, document.StatusRejected),
				sql.And(sql.In(d.C(document.FieldStatus), document.StatusPendingReview, document.StatusApproved), sql.Not(valid(a, d))))
		})
	},
	DocumentsOpen: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		return papers(dialect, t, func(d *sql.SelectTable) *sql.Predicate {
			return sql.Or(sql.In(d.C(document.FieldStatus), document.StatusRequested, document.StatusRejected, document.StatusPendingReview),
				sql.And(sql.EQ(d.C(document.FieldStatus), document.StatusApproved), sql.Not(valid(a, d))))
		})
	},
	ApprovedByViewer: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		r := sql.Dialect(dialect).Table(review.Table).As("r")
		return count(dialect, r, sql.And(sql.EQ(r.C(review.FieldSubjectType), string(key.KindLoan)), sql.ColumnsEQ(r.C(review.FieldSubjectID), t.C("id")),
			sql.EQ(r.C(review.FieldStep), review.StepApplication), sql.EQ(r.C(review.FieldDecision), review.DecisionApproved),
			sql.ColumnsEQ(r.C(review.FieldRound), t.C(loan.FieldRound)), sql.IsNull(r.C(review.FieldVoidedAt)), sql.EQ(r.C(review.FieldReviewerID), a.Staff)))
	},
	TermsUnaccepted: func(_ Asking, _ string, t *sql.SelectTable) sql.Querier {
		return whether(fmt.Sprintf("NOT %s AND (%s <> %s OR %s <> %s OR %s <> %s)", t.C(loan.FieldTermsAccepted), t.C(loan.FieldAmount), t.C(loan.FieldRequestedAmount),
			t.C(loan.FieldAnnualRate), t.C(loan.FieldRequestedAnnualRate), t.C(loan.FieldTermMonths), t.C(loan.FieldRequestedTermMonths)))
	},
	LoanNotInReview: loanOfPaper(loan.StatusMaterialsReview),
	LoanShut:        loanOfPaper(loan.StatusDraft, loan.StatusReturned, loan.StatusMaterialsReview),
	OutOfDate: func(a Asking, _ string, t *sql.SelectTable) sql.Querier {
		return expression(func(b *sql.Builder) {
			b.WriteString("CASE WHEN ").WriteString(t.C(document.FieldValidUntil)).WriteString(" < CAST(").Arg(a.Given(today)).WriteString(" AS VARCHAR) THEN 1 ELSE 0 END")
		})
	},
	RequestedByViewer: func(a Asking, _ string, t *sql.SelectTable) sql.Querier {
		return expression(func(b *sql.Builder) {
			b.WriteString("CASE WHEN ").WriteString(t.C(document.FieldRequestedByID)).WriteString(" = CAST(").Arg(a.Staff).WriteString(" AS BIGINT) THEN 1 ELSE 0 END")
		})
	},
}

// activeUser counts the user of a column, if ACTIVE.
func activeUser(dialect, column string) sql.Querier {
	u := sql.Dialect(dialect).Table(user.Table).As("u")
	return count(dialect, u, sql.And(sql.ColumnsEQ(u.C("id"), column), sql.EQ(u.C(user.FieldStatus), user.StatusActive)))
}

// viewerIs counts the customers of a condition who are the viewer, an employee: by ID number or phone.
func viewerIs(a Asking, dialect string, which func(u *sql.SelectTable) *sql.Predicate) sql.Querier {
	s, u := sql.Dialect(dialect).Table(staff.Table).As("s"), sql.Dialect(dialect).Table(user.Table).As("u")
	return sql.Dialect(dialect).Select("count(*)").From(s).AppendFrom(u).Where(sql.And(sql.EQ(s.C("id"), a.Staff), which(u), sql.Or(
		sql.ColumnsEQ(s.C(staff.FieldNationalIDHash), u.C(user.FieldNationalIDHash)), sql.ColumnsEQ(s.C(staff.FieldPhoneHash), u.C(user.FieldPhoneHash)))))
}

// awaited are the statuses of a loan that has been applied for and not been paid out; indebted those of one that has.
var (
	awaited = []loan.Status{
		loan.StatusMaterialsReview, loan.StatusApplicationReview, loan.StatusApproved, loan.StatusBidding, loan.StatusFullyFunded, loan.StatusAwaitingDisbursement,
	}
	indebted = []loan.Status{loan.StatusRepaying, loan.StatusOverdue, loan.StatusDefaulted, loan.StatusWrittenOff}
)

// owed is what the borrower owes on other loans, and has applied for: of a person what the person borrows, of a company what the company does.
func owed(dialect string, t *sql.SelectTable) sql.Querier {
	d := sql.Dialect(dialect)
	l, i := d.Table(loan.Table).As("l"), d.Table(installment.Table).As("i")
	left := d.Select().AppendSelectExpr(sql.Raw("COALESCE(SUM(" + i.C(installment.FieldPrincipal) + " - " + i.C(installment.FieldPaidPrincipal) + "), 0)")).From(i).Where(sql.And(
		sql.ColumnsEQ(i.C(installment.FieldLoanID), l.C("id")), sql.IsNull(i.C(installment.FieldBidID)), sql.NEQ(i.C(installment.FieldStatus), installment.StatusCancelled)))
	return d.Select().AppendSelectExpr(expression(func(b *sql.Builder) {
		b.WriteString("CAST(COALESCE(SUM(CASE WHEN ").WriteString(l.C(loan.FieldStatus)).WriteString(" IN (" + quoted(awaited) + ") THEN ").WriteString(l.C(loan.FieldAmount)).
			WriteString(" ELSE (").Join(left).WriteString(") END), 0) AS BIGINT)")
	})).From(l).Where(sql.And(sql.ColumnsNEQ(l.C("id"), t.C("id")), sql.P(func(b *sql.Builder) {
		b.WriteString(l.C(loan.FieldStatus)).WriteString(" IN (" + quoted(awaited) + ", " + quoted(indebted) + ")")
	}), sql.Or(
		sql.ColumnsEQ(l.C(loan.FieldCompanyID), t.C(loan.FieldCompanyID)),
		sql.And(sql.IsNull(t.C(loan.FieldCompanyID)), sql.IsNull(l.C(loan.FieldCompanyID)), sql.ColumnsEQ(l.C(loan.FieldBorrowerID), t.C(loan.FieldBorrowerID))))))
}

// quoted writes statuses into a statement.
func quoted[S ~string](statuses []S) string {
	var all []string
	for _, s := range statuses {
		all = append(all, "'"+string(s)+"'")
	}
	return strings.Join(all, ", ")
}

// papers counts the documents of a loan, as far as where goes.
func papers(dialect string, t *sql.SelectTable, where func(d *sql.SelectTable) *sql.Predicate) *sql.Selector {
	d := sql.Dialect(dialect).Table(document.Table).As("d")
	return count(dialect, d, sql.And(sql.EQ(d.C(document.FieldSubjectType), string(key.KindLoan)), sql.ColumnsEQ(d.C(document.FieldSubjectID), t.C("id")), where(d)))
}

// sameKind is the documents of the kind that an expression names.
func sameKind(d *sql.SelectTable, kind string) *sql.Predicate {
	return sql.P(func(b *sql.Builder) { b.WriteString(d.C(document.FieldKind)).WriteString(" = ").WriteString(kind) })
}

// valid is the documents that count today.
func valid(a Asking, d *sql.SelectTable) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		b.WriteString("COALESCE(").WriteString(d.C(document.FieldValidUntil)).WriteString(", '9999-12-31') >= ").Arg(a.Given(today))
	})
}

// loanOfPaper counts the loan that a document is of, unless it stands in one of the statuses.
func loanOfPaper(statuses ...loan.Status) source {
	return func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		l := sql.Dialect(dialect).Table(loan.Table).As("l")
		return count(dialect, l, sql.And(sql.EQ(t.C(document.FieldSubjectType), string(key.KindLoan)), sql.ColumnsEQ(l.C("id"), t.C(document.FieldSubjectID)),
			sql.P(func(b *sql.Builder) {
				b.WriteString(l.C(loan.FieldStatus)).WriteString(" NOT IN (" + quoted(statuses) + ")")
			})))
	}
}
