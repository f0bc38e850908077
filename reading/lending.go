package reading

import (
	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/ent/bid"
	"lenddesk/ent/disbursement"
	"lenddesk/ent/document"
	"lenddesk/ent/installment"
	"lenddesk/ent/loan"
	"lenddesk/ent/repayment"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerequest"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
)

var byAmount = map[string]Order{"CREATED_AT": newest, "AMOUNT": {Column: "amount"}}

// lending is cards, loans, bids, and what belongs to them.
func lending() []*Type {
	byNumber := Order{Column: installment.FieldNumber}
	return []*Type{
		{
			Name: "Loan", Kind: key.KindLoan, Table: loan.Table, Orders: byAmount, Default: newest,
			Fields: living(key.KindLoan, map[string]Field{
				"number": letters(loan.FieldNumber), "status": letters(loan.FieldStatus), "borrower": one("User", loan.FieldBorrowerID),
				"company": one("Company", loan.FieldCompanyID), "reviewer": {One: &One{To: "Staff", By: Column{Expr: atWork}}},
				"requestedAmount": amount(loan.FieldRequestedAmount), "requestedAnnualRate": rate(loan.FieldRequestedAnnualRate),
				"requestedTermMonths": number(loan.FieldRequestedTermMonths), "amount": amount(loan.FieldAmount), "annualRate": rate(loan.FieldAnnualRate),
				"termMonths": number(loan.FieldTermMonths), "repaymentMethod": letters(loan.FieldRepaymentMethod), "purpose": letters(loan.FieldPurpose),
				"description": letters(loan.FieldDescription), "round": number(loan.FieldRound), "approvalsNeeded": number(loan.FieldApprovalsNeeded),
				"requiredDocuments": {
					Columns: append(columns("status", loan.FieldRequiredDocuments, loan.FieldCompanyID, loan.FieldRequestedAmount), Column{Expr: checklist}),
					Write: func(w *writer, row []store.Cell) {
						w.requiredDocuments(row[1], !row[2].Null(), row[3].Int(), row[4].Text())
					},
				},
				"termsAccepted": flag(loan.FieldTermsAccepted), "minimumBid": amount(loan.FieldMinimumBid), "bidStep": amount(loan.FieldBidStep),
				"opensAt": instant(loan.FieldOpensAt), "closesAt": instant(loan.FieldClosesAt), "reservedAmount": amount(loan.FieldReservedAmount), "orderNumber": letters(loan.FieldOrderNumber),
				"fundedAmount": amount(loan.FieldFundedAmount),
				"remainingAmount": {Columns: columns(loan.FieldAmount, loan.FieldReservedAmount), Write: func(w *writer, row []store.Cell) {
					w.amount(store.IntCell(row[0].Int() - row[1].Int()))
				}},
				"progress": {Columns: columns(loan.FieldFundedAmount, loan.FieldAmount), Write: func(w *writer, row []store.Cell) { w.share(row[0], row[1]) }},
				"outstandingPrincipal": computed((*writer).amount, func(t *sql.SelectTable, _ Look) sql.Querier {
					return sum(t, installment.Table, "principal - paid_principal", func(i *sql.SelectTable) *sql.Predicate {
						return sql.And(sql.ColumnsEQ(i.C("loan_id"), t.C("id")), sql.IsNull(i.C("bid_id")), sql.NEQ(i.C("status"), string(installment.StatusCancelled)))
					})
				}),
				"approvalsGiven": computed((*writer).number, func(t *sql.SelectTable, _ Look) sql.Querier {
					return sum(t, review.Table, "1", func(r *sql.SelectTable) *sql.Predicate {
						return sql.And(sql.EQ(r.C("subject_type"), string(key.KindLoan)), sql.ColumnsEQ(r.C("subject_id"), t.C("id")),
							sql.EQ(r.C("step"), string(review.StepApplication)), sql.EQ(r.C("decision"), string(review.DecisionApproved)),
							sql.ColumnsEQ(r.C("round"), t.C("round")), sql.IsNull(r.C("voided_at")))
					})
				}),
				"bids": many("Bid", "loan_id"), "documents": about("Document", key.KindLoan), "reviews": about("Review", key.KindLoan),
				"installments": {Many: &Many{To: "Installment", On: func(t *sql.SelectTable, parent string) *sql.Predicate {
					return sql.And(equals(t.C("loan_id"), parent), sql.IsNull(t.C("bid_id")))
				}}},
				"repayments": many("Repayment", "loan_id"), "disbursements": many("Disbursement", "loan_id"), "serviceRequests": many("ServiceRequest", "loan_id"),
			}),
			Filters: map[string]Filter{
				"status": anyOf(loan.FieldStatus), "borrowerId": pointsTo(loan.FieldBorrowerID, key.KindUser), "companyId": pointsTo(loan.FieldCompanyID, key.KindCompany),
				"purpose": anyOf(loan.FieldPurpose), "industry": industry, "minimumAmount": worth(loan.FieldAmount, sql.GTE),
				"maximumAmount": worth(loan.FieldAmount, sql.LTE), "number": exactly(loan.FieldNumber),
				"createdFrom": at("created_at", sql.GTE), "createdTo": at("created_at", sql.LT),
			},
		},
		{
			Name: "Bid", Kind: key.KindBid, Table: bid.Table, Orders: byAmount, Default: newest,
			Fields: living(key.KindBid, map[string]Field{
				"status": letters(bid.FieldStatus), "loan": one("Loan", bid.FieldLoanID), "investor": one("User", bid.FieldInvestorID), "amount": amount(bid.FieldAmount),
				"outstandingPrincipal": computed((*writer).amount, func(t *sql.SelectTable, _ Look) sql.Querier {
					return sum(t, installment.Table, "principal - paid_principal", func(i *sql.SelectTable) *sql.Predicate {
						return sql.And(sql.ColumnsEQ(i.C("bid_id"), t.C("id")), sql.EQ(t.C("status"), string(bid.StatusHolding)),
							sql.NEQ(i.C("status"), string(installment.StatusCancelled)))
					})
				}),
				"earned": computed((*writer).amount, func(t *sql.SelectTable, _ Look) sql.Querier {
					return sum(t, installment.Table, "paid_interest + paid_penalty", ofBid(t))
				}),
				"lost": computed((*writer).amount, func(t *sql.SelectTable, _ Look) sql.Querier {
					return sum(t, installment.Table, "principal - paid_principal", func(i *sql.SelectTable) *sql.Predicate {
						return sql.And(ofBid(t)(i), sql.EQ(t.C("status"), string(bid.StatusWrittenOff)))
					})
				}),
				"installments": many("Installment", "bid_id"),
			}),
			Filters: map[string]Filter{
				"status": anyOf(bid.FieldStatus), "loanId": pointsTo(bid.FieldLoanID, key.KindLoan), "investorId": pointsTo(bid.FieldInvestorID, key.KindUser),
				"minimumAmount": worth(bid.FieldAmount, sql.GTE), "maximumAmount": worth(bid.FieldAmount, sql.LTE),
			},
		},
		{
			Name: "Installment", Kind: key.KindInstallment, Table: installment.Table, Orders: map[string]Order{"NUMBER": byNumber}, Default: byNumber,
			Fields: map[string]Field{
				"id": id(key.KindInstallment), "plan": number(installment.FieldPlan), "number": number(installment.FieldNumber), "dueOn": letters(installment.FieldDueOn), "status": letters(installment.FieldStatus),
				"principal": amount(installment.FieldPrincipal), "interest": amount(installment.FieldInterest), "penalty": amount(installment.FieldPenalty),
				"paid": {
					Columns: columns(installment.FieldPaidPrincipal, installment.FieldPaidInterest, installment.FieldPaidPenalty),
					Write: func(w *writer, row []store.Cell) {
						var paid int64
						for _, v := range row {
							paid += v.Int()
						}
						w.amount(store.IntCell(paid))
					},
				},
			},
			Filters: map[string]Filter{"status": anyOf(installment.FieldStatus)},
		},
		{
			Name: "Repayment", Kind: key.KindRepayment, Table: repayment.Table, Default: newest,
			Fields: map[string]Field{
				"id": id(key.KindRepayment), "loan": one("Loan", repayment.FieldLoanID), "amount": amount(repayment.FieldAmount), "paidAt": instant(repayment.FieldPaidAt),
				"reference": letters(repayment.FieldReference), "penalty": amount(repayment.FieldPenalty), "interest": amount(repayment.FieldInterest),
				"principal": amount(repayment.FieldPrincipal), "createdAt": instant("created_at"),
				"reversed":   {Columns: columns("id", repayment.FieldReversedAt), Write: func(w *writer, row []store.Cell) { w.truth(!row[1].Null()) }},
				"reportedBy": actor(repayment.FieldReportedByType, repayment.FieldReportedByID, repayment.FieldReportedByName),
			},
		},
		{
			Name: "Disbursement", Kind: key.KindDisbursement, Table: disbursement.Table, Default: newest,
			Fields: map[string]Field{
				"id": id(key.KindDisbursement), "loan": one("Loan", disbursement.FieldLoanID), "number": letters(disbursement.FieldNumber), "state": letters(disbursement.FieldState),
				"asks": number(disbursement.FieldAsks), "askedAt": instant(disbursement.FieldAskedAt), "acceptedAt": instant(disbursement.FieldAcceptedAt),
				"reference": letters(disbursement.FieldReference), "createdAt": instant("created_at"), "finishedAt": instant(disbursement.FieldFinishedAt),
			},
		},
		{
			Name: "BankCard", Kind: key.KindBankCard, Table: bankcard.Table, Default: newest,
			Orders: map[string]Order{"CREATED_AT": newest, "STATUS_SINCE": {Column: bankcard.FieldStatusSince, Type: aTime}},
			Fields: living(key.KindBankCard, map[string]Field{
				"status": letters(bankcard.FieldStatus), "statusSince": instant(bankcard.FieldStatusSince), "user": one("User", bankcard.FieldUserID), "issuer": letters(bankcard.FieldIssuer),
				"maskedNumber": masked(seal.CardNumber, identity.MaskCard, bankcard.FieldNumber), "holderName": letters(bankcard.FieldHolderName),
				"maskedPhone": masked(seal.Phone, identity.MaskPhone, bankcard.FieldPhone), "replaces": one("BankCard", bankcard.FieldReplacesID),
				"failure": letters(bankcard.FieldFailure), "attempts": many("BankCardAttempt", "bank_card_id"),
			}),
			Filters: map[string]Filter{
				"status": anyOf(bankcard.FieldStatus), "userId": pointsTo(bankcard.FieldUserID, key.KindUser), "createdTo": at("created_at", sql.LT),
				"waitingSince": at(bankcard.FieldStatusSince, sql.LT),
			},
		},
		{
			Name: "BankCardAttempt", Kind: key.KindBankCardAttempt, Table: bankcardattempt.Table,
			Default: Order{Column: bankcardattempt.FieldStartedAt, Desc: true, Type: aTime},
			Fields: map[string]Field{
				"id": id(key.KindBankCardAttempt), "system": letters(bankcardattempt.FieldSystem), "requestId": letters(bankcardattempt.FieldRequestID),
				"result": letters(bankcardattempt.FieldResult), "rawCode": letters(bankcardattempt.FieldRawCode), "startedAt": instant(bankcardattempt.FieldStartedAt),
				"finishedAt": instant(bankcardattempt.FieldFinishedAt), "amount": amount(bankcardattempt.FieldAmount), "asks": number(bankcardattempt.FieldAsks),
				"askedAt": instant(bankcardattempt.FieldAskedAt),
				"duration": {
					Columns: columns(bankcardattempt.FieldFinishedAt, bankcardattempt.FieldStartedAt),
					Write:   func(w *writer, row []store.Cell) { w.seconds(row[1], row[0]) },
				},
			},
		},
		{
			Name: "Document", Kind: key.KindDocument, Table: document.Table, Orders: created, Default: newest,
			Fields: living(key.KindDocument, map[string]Field{
				"kind": letters(document.FieldKind), "status": letters(document.FieldStatus), "name": letters(document.FieldName), "contentType": letters(document.FieldContentType),
				"size": number(document.FieldSize), "sha256": letters(document.FieldSha256), "validUntil": letters(document.FieldValidUntil),
				"url":      {Columns: columns(document.FieldBlob, "id"), Write: func(w *writer, row []store.Cell) { w.download(key.KindDocument, row[1].Int()) }},
				"replaces": one("Document", document.FieldReplacesID), "reason": letters(document.FieldReason),
				"subject": {Any: &Polymorphic{Type: Column{Name: document.FieldSubjectType}, ID: Column{Name: document.FieldSubjectID}}},
			}),
			Filters: map[string]Filter{"status": anyOf(document.FieldStatus), "kind": anyOf(document.FieldKind)},
		},
		{
			Name: "Review", Kind: key.KindReview, Table: review.Table, Default: newest,
			Fields: map[string]Field{
				"id": id(key.KindReview), "step": letters(review.FieldStep), "round": number(review.FieldRound), "decision": letters(review.FieldDecision),
				"reviewer": one("Staff", review.FieldReviewerID), "note": letters(review.FieldNote), "reason": letters(review.FieldReason), "createdAt": instant("created_at"),
				"subject": {Any: &Polymorphic{Type: Column{Name: review.FieldSubjectType}, ID: Column{Name: review.FieldSubjectID}}},
			},
		},
		{
			Name: "ServiceRequest", Kind: key.KindServiceRequest, Table: servicerequest.Table, Default: newest,
			Fields: living(key.KindServiceRequest, map[string]Field{
				"loan": one("Loan", servicerequest.FieldLoanID), "kind": letters(servicerequest.FieldKind), "status": letters(servicerequest.FieldStatus),
				"reason": letters(servicerequest.FieldReason), "months": number(servicerequest.FieldMonths), "decisionReason": letters(servicerequest.FieldDecisionReason),
				"quotedAmount": amount(servicerequest.FieldQuotedAmount), "validUntil": instant(servicerequest.FieldValidUntil),
			}),
		},
	}
}

// statistics are sums over those of a user's loans, bids and instalments that the viewer may see.
func statistics() map[string]Field {
	taken := []any{loan.StatusRepaying, loan.StatusOverdue, loan.StatusDefaulted, loan.StatusWrittenOff, loan.StatusSettled}
	loans := func(expr string, more func(l *sql.SelectTable) *sql.Predicate) func(*sql.SelectTable, Look) sql.Querier {
		return func(t *sql.SelectTable, look Look) sql.Querier {
			return sum(t, loan.Table, expr, seen(look, key.KindLoan, func(l *sql.SelectTable) *sql.Predicate {
				p := sql.ColumnsEQ(l.C("borrower_id"), t.C("id"))
				if more != nil {
					p = sql.And(p, more(l))
				}
				return p
			}))
		}
	}
	bids := func(expr string, statuses ...any) func(*sql.SelectTable, Look) sql.Querier {
		return func(t *sql.SelectTable, look Look) sql.Querier {
			return sum(t, bid.Table, expr, seen(look, key.KindBid, func(b *sql.SelectTable) *sql.Predicate {
				p := sql.ColumnsEQ(b.C("investor_id"), t.C("id"))
				if len(statuses) > 0 {
					p = sql.And(p, sql.In(b.C("status"), statuses...))
				}
				return p
			}))
		}
	}
	lines := func(expr, column string, of func(t *sql.SelectTable) *sql.Selector, shares bool) func(*sql.SelectTable, Look) sql.Querier {
		return func(t *sql.SelectTable, look Look) sql.Querier {
			return sum(t, installment.Table, expr, seen(look, key.KindInstallment, func(i *sql.SelectTable) *sql.Predicate {
				p := sql.In(i.C(column), of(t))
				if !shares {
					p = sql.And(p, sql.IsNull(i.C("bid_id")), sql.NEQ(i.C("status"), string(installment.StatusCancelled)))
				}
				return p
			}))
		}
	}
	mine := func(table, owner string) func(t *sql.SelectTable) *sql.Selector {
		return func(t *sql.SelectTable) *sql.Selector {
			m := sql.Dialect(t.Dialect()).Table(table).As("m")
			return sql.Dialect(t.Dialect()).Select(m.C("id")).From(m).Where(sql.ColumnsEQ(m.C(owner), t.C("id")))
		}
	}
	return map[string]Field{
		"loans":       computed((*writer).number, loans("1", nil)),
		"bids":        computed((*writer).number, bids("1")),
		"borrowed":    computed((*writer).amount, loans("amount", func(l *sql.SelectTable) *sql.Predicate { return sql.In(l.C("status"), taken...) })),
		"outstanding": computed((*writer).amount, lines("principal - paid_principal", "loan_id", mine(loan.Table, "borrower_id"), false)),
		"invested":    computed((*writer).amount, bids("amount", bid.StatusHolding, bid.StatusSettled, bid.StatusWrittenOff)),
		"earned":      computed((*writer).amount, lines("paid_interest + paid_penalty", "bid_id", mine(bid.Table, "investor_id"), true)),
		"overdue": computed((*writer).number, loans("1", func(l *sql.SelectTable) *sql.Predicate {
			return sql.In(l.C("status"), loan.StatusOverdue, loan.StatusDefaulted)
		})),
	}
}

// seen narrows a condition to the rows that the viewer may see.
func seen(look Look, kind key.Kind, where func(*sql.SelectTable) *sql.Predicate) func(*sql.SelectTable) *sql.Predicate {
	return func(t *sql.SelectTable) *sql.Predicate {
		if rule := access.Rows[kind](look.Eyes, t); rule != nil {
			return sql.And(where(t), rule)
		}
		return where(t)
	}
}

func ofBid(t *sql.SelectTable) func(*sql.SelectTable) *sql.Predicate {
	return func(i *sql.SelectTable) *sql.Predicate { return sql.ColumnsEQ(i.C("bid_id"), t.C("id")) }
}

// sum adds an expression over the rows of another table, which is not joined: one number per row, in the same statement.
func sum(t *sql.SelectTable, table, expr string, where func(*sql.SelectTable) *sql.Predicate) sql.Querier {
	d := sql.Dialect(t.Dialect())
	s := d.Table(table).As("s")
	return d.Select().AppendSelectExpr(sql.Raw("CAST(COALESCE(SUM(" + expr + "), 0) AS BIGINT)")).From(s).Where(where(s))
}

// checklist is the documents that loans need by the parameters in force.
func checklist(_ *sql.SelectTable, look Look) sql.Querier {
	return sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("CAST(").Arg(look.Given(func(in lifecycle.InForce) any { return in.Parameters.Text(parameter.RequiredDocuments) })).WriteString(" AS TEXT)")
	})
}
