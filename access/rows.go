package access

import (
	"slices"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"lenddesk/ent/bankcard"
	"lenddesk/ent/bid"
	"lenddesk/ent/company"
	"lenddesk/ent/event"
	"lenddesk/ent/export"
	"lenddesk/ent/importation"
	"lenddesk/ent/importfault"
	"lenddesk/ent/loan"
	"lenddesk/ent/user"
	"lenddesk/ent/webhook"
	"lenddesk/key"
)

// Eyes is what of a viewer a read rule looks at. User and Staff are the viewer's key, or whatever stands for it in a prepared
// statement; nil when the viewer is none.
type Eyes struct {
	Permissions Permissions
	User        any
	Staff       any
	APIKey      any
}

// Eyes of the viewer.
func (v Viewer) Eyes() Eyes {
	e := Eyes{Permissions: v.Permissions}
	if v.User != 0 {
		e.User = int64(v.User)
	}
	if v.Staff != 0 {
		e.Staff = int64(v.Staff)
	}
	if v.APIKey != 0 {
		e.APIKey = int64(v.APIKey)
	}
	return e
}

// Rule narrows the rows of one entity to those that these eyes may see. Nil means all of them.
type Rule func(Eyes, *sql.SelectTable) *sql.Predicate

// Rows has the read rule of every entity that can be read, by GraphQL type.
var Rows = map[key.Kind]Rule{
	key.KindUser: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		return e.either(seesUsers, own(e.User, t.C("id")))
	},
	key.KindCompany: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		return e.either(seesCompanies,
			e.when(e.Staff, sql.EQ(t.C(company.FieldKind), string(company.KindBranch))),
			among(e.User, t, t.C("id"), user.Table, user.FieldCompanyID, "id"))
	},
	key.KindStaff: func(e Eyes, _ *sql.SelectTable) *sql.Predicate { return e.staffOr(ManageStaff) },
	key.KindRole:  func(e Eyes, _ *sql.SelectTable) *sql.Predicate { return e.staffOr(ManageRoles) },
	key.KindAPIKey: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		return e.either(Of(ManageAPIKeys), own(e.APIKey, t.C("id")))
	},
	key.KindLoan: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		rules := []*sql.Predicate{
			own(e.User, t.C(loan.FieldBorrowerID)),
			has(e.User, t, t.C("id"), bid.Table, bid.FieldLoanID, bid.FieldInvestorID),
		}
		if e.Permissions.Has(PlaceBids) {
			rules = append(rules, sql.EQ(t.C(loan.FieldStatus), string(loan.StatusBidding)))
		}
		return e.either(seesLoans, rules...)
	},
	key.KindBid: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		return e.either(seesBids, own(e.User, t.C(bid.FieldInvestorID)), ofMyLoans(e, t))
	},
	key.KindInstallment: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		return e.either(seesLoans,
			e.when(e.User, sql.And(sql.IsNull(t.C("bid_id")), ofMyLoans(e, t))),
			has(e.User, t, t.C("bid_id"), bid.Table, "id", bid.FieldInvestorID))
	},
	key.KindDisbursement: func(e Eyes, _ *sql.SelectTable) *sql.Predicate { return e.either(Of(ViewLoans, ReportPayments)) },
	key.KindRepayment:    func(e Eyes, t *sql.SelectTable) *sql.Predicate { return e.either(seesLoans, ofMyLoans(e, t)) },
	key.KindBankCard: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		return e.either(seesCards, own(e.User, t.C(bankcard.FieldUserID)))
	},
	key.KindBankCardAttempt: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		return e.either(seesCards, among(e.User, t, t.C("bank_card_id"), bankcard.Table, "id", bankcard.FieldUserID))
	},
	key.KindDocument: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		return e.either(seesDocuments, own(e.User, t.C("owner_id")))
	},
	key.KindReview:         func(e Eyes, _ *sql.SelectTable) *sql.Predicate { return e.either(seesReviews) },
	key.KindServiceRecord:  func(e Eyes, _ *sql.SelectTable) *sql.Predicate { return e.either(Of(ViewUsers, ManageUsers)) },
	key.KindServiceRequest: func(e Eyes, t *sql.SelectTable) *sql.Predicate { return e.either(seesLoans, ofMyLoans(e, t)) },
	key.KindEvent:          events,
	key.KindWebhook: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		if !e.Permissions.Has(ManageWebhooks) {
			return sql.False()
		}
		return sql.IsNull(t.C(webhook.FieldDeletedAt)) // its deliveries go on telling what was sent
	},
	key.KindWebhookDelivery: func(e Eyes, _ *sql.SelectTable) *sql.Predicate { return e.either(Of(ManageWebhooks)) },
	key.KindBackup:          func(e Eyes, _ *sql.SelectTable) *sql.Predicate { return e.either(Of(ManageBackups)) },
	key.KindExport: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		mine := askedBy(e, t, ImportExport, RevealPersonalData, ManageUsers)
		if e.User != nil { // their own data, asked for by themselves
			mine = append(mine, sql.And(sql.EQ(t.C(export.FieldUserID), e.User), sql.IsNull(t.C(export.FieldStaffID)), sql.IsNull(t.C(export.FieldAPIKeyID))))
		}
		return e.either(0, mine...)
	},
	key.KindImport: func(e Eyes, t *sql.SelectTable) *sql.Predicate { return e.either(0, askedBy(e, t, ImportExport)...) },
	key.KindImportFault: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		imports := sql.Dialect(t.Dialect()).Table(importation.Table)
		mine := askedBy(e, imports, ImportExport)
		if len(mine) == 0 {
			return sql.False()
		}
		return sql.In(t.C(importfault.FieldImportID), sql.Dialect(t.Dialect()).Select(imports.C("id")).From(imports).Where(sql.Or(mine...)))
	},
	key.KindMessage: func(e Eyes, t *sql.SelectTable) *sql.Predicate {
		return e.either(Of(ViewMessages), own(e.User, t.C("user_id")))
	},
}

// askedBy is the rows that the viewer, an employee or an API key, has asked for, while one of the permissions is held.
func askedBy(e Eyes, t *sql.SelectTable, any ...Permission) (rules []*sql.Predicate) {
	if e.Permissions&Of(any...) == 0 {
		return nil
	}
	for _, mine := range []*sql.Predicate{own(e.Staff, t.C("staff_id")), own(e.APIKey, t.C("api_key_id"))} {
		if mine != nil {
			rules = append(rules, mine)
		}
	}
	return rules
}

// SeenWith are the kinds of which a permission by itself shows every row.
func SeenWith(p Permission) (kinds []key.Kind) {
	t := sql.Dialect(dialect.SQLite).Table("t")
	for kind, rule := range Rows {
		if rule(Eyes{Permissions: Of(p)}, t) == nil {
			kinds = append(kinds, kind)
		}
	}
	slices.Sort(kinds)
	return kinds
}

// Who sees every row of an entity: those who manage it, and those whose work is to review it.
var (
	seesUsers     = Of(ViewUsers, ManageUsers, ReviewRegistrations)
	seesCompanies = Of(ViewUsers, ManageCompanies, ViewLoans, ReviewLoans, ReviewMaterials)
	seesLoans     = Of(ViewLoans, ReviewMaterials, ReviewLoans, ListLoans, ReviewBids, ReviewFunding, ManageLoans, ReportPayments)
	seesBids      = Of(ViewBids, ReviewBids, ReviewFunding, ReportPayments)
	seesCards     = Of(ViewBankCards, ManageBankCards)
	seesDocuments = Of(ViewDocuments, ReviewMaterials)
	seesReviews   = Of(ReviewRegistrations, ManageCompanies, ReviewMaterials, ReviewLoans, ReviewBids, ReviewFunding, ManageLoans, ViewEvents)
)

// staffsOwn are the kinds of events by which staff sort customers among themselves: labels, names of colleagues and the like are in them.
var staffsOwn = []any{
	"ADD_POTENTIAL_CUSTOMER", "JOIN_POTENTIAL_CUSTOMER", "UPDATE_USER", "TAG_USER", "ASSIGN_ACCOUNT_MANAGER", "MERGE_USERS", "GIVE_UP_FOR_MERGER",
}

// events: the trail of a subject is seen by who sees all such subjects; a customer sees their own story, without what staff
// write about them.
func events(e Eyes, t *sql.SelectTable) *sql.Predicate {
	var rules []*sql.Predicate
	for _, s := range []struct {
		kind key.Kind
		sees Permissions
	}{
		{key.KindUser, seesUsers},
		{key.KindCompany, seesCompanies},
		{key.KindLoan, seesLoans},
		{key.KindBid, seesBids},
		{key.KindBankCard, seesCards},
		{key.KindDocument, seesDocuments},
		{key.KindServiceRecord, Of(ViewUsers, ManageUsers)},
		{key.KindServiceRequest, seesLoans},
		{key.KindMessage, Of(ViewMessages)},
		{key.KindStaff, Of(ManageStaff)},
		{key.KindRole, Of(ManageRoles)},
		{key.KindAPIKey, Of(ManageAPIKeys)},
		{key.KindBackup, Of(ManageBackups)},
		{key.KindWebhook, Of(ManageWebhooks)},
		{key.KindExport, Of(ImportExport)},
		{key.KindImport, Of(ImportExport)},
	} {
		if e.Permissions&s.sees != 0 {
			rules = append(rules, sql.EQ(t.C(event.FieldSubjectType), string(s.kind)))
		}
	}
	mine := own(e.User, t.C(event.FieldUserID))
	if mine != nil {
		mine = sql.And(mine, sql.NEQ(t.C(event.FieldSubjectType), string(key.KindServiceRecord)), sql.NotIn(t.C(event.FieldKind), staffsOwn...))
	}
	return e.either(Of(ViewEvents), append(rules, mine)...)
}

// either is all rows for one of the permissions, else the rows of any of the rules, else none.
func (e Eyes) either(all Permissions, rules ...*sql.Predicate) *sql.Predicate {
	if e.Permissions&all != 0 {
		return nil
	}
	var some []*sql.Predicate
	for _, r := range rules {
		if r != nil {
			some = append(some, r)
		}
	}
	switch len(some) {
	case 0:
		return sql.False()
	case 1:
		return some[0]
	}
	return sql.Or(some...)
}

// staffOr is all rows for any employee and for who has the permission.
func (e Eyes) staffOr(p Permission) *sql.Predicate {
	if e.Staff != nil {
		return nil
	}
	return e.either(Of(p))
}

// when is the rule if the viewer is such a one.
func (e Eyes) when(who any, rule *sql.Predicate) *sql.Predicate {
	if who == nil {
		return nil
	}
	return rule
}

// own is the rows whose column is the viewer.
func own(who any, column string) *sql.Predicate {
	if who == nil {
		return nil
	}
	return sql.EQ(column, who)
}

// among is the rows whose column is selected from a table's rows that are the viewer's.
func among(who any, t *sql.SelectTable, column, table, selected, owner string) *sql.Predicate {
	if who == nil {
		return nil
	}
	mine := sql.Dialect(t.Dialect()).Table(table)
	return sql.In(column, sql.Dialect(t.Dialect()).Select(mine.C(selected)).From(mine).Where(sql.And(sql.EQ(mine.C(owner), who), sql.NotNull(mine.C(selected)))))
}

// has is what among is, asked of each row by itself: an investor may have thousands of bids, and one loan is asked for.
func has(who any, t *sql.SelectTable, column, table, selected, owner string) *sql.Predicate {
	if who == nil {
		return nil
	}
	mine := sql.Dialect(t.Dialect()).Table(table)
	return sql.Exists(sql.Dialect(t.Dialect()).Select(mine.C("id")).From(mine).Where(sql.And(sql.ColumnsEQ(mine.C(selected), column), sql.EQ(mine.C(owner), who))))
}

// ofMyLoans is the rows of loans that the viewer borrows.
func ofMyLoans(e Eyes, t *sql.SelectTable) *sql.Predicate {
	return among(e.User, t, t.C("loan_id"), loan.Table, "id", loan.FieldBorrowerID)
}
