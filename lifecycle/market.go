package lifecycle

import (
	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bid"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
)

// What the moves of a listing and of its bids need to know.
const (
	ListingShut         Fact = "listing shut"           // the loan takes no bids at this moment
	Remaining           Fact = "remaining"              // minor units that can still be bid for
	ViewersAffair       Fact = "viewers affair"         // the viewer, a customer, is the borrower or belongs to the borrowing company
	ViewersCards        Fact = "viewers cards"          // bound cards of the viewer, a customer
	ViewerActive        Fact = "viewer active"          // the viewer, a customer, is ACTIVE
	ApplicationByViewer Fact = "application by viewer"  // approvals of the application that the viewer, an employee, gave
	FundingByViewer     Fact = "funding by viewer"      // approvals of the funding that the viewer, an employee, gave
	OwnBid              Fact = "own bid"                // the viewer, an employee, is the investor or has a part in the loan
	InvestorActive      Fact = "investor active"        // the investor is ACTIVE
	LoanOfBidNotListed  Fact = "loan of bid not listed" // the loan that the bid is for is not BIDDING
)

// What the moves of a listing and of its bids need besides the right status.
var (
	termsAgreed = Guard{
		Name: "terms that differ from those requested are accepted", Needs: []Fact{TermsUnaccepted},
		Check: func(f Facts) *fault.Problem {
			return unless(f[TermsUnaccepted] == 0, fault.NotAllowedNow, "terms_not_accepted", nil)
		},
	}
	openListing = Guard{
		Name: "between opensAt and closesAt", Needs: []Fact{ListingShut},
		Check: func(f Facts) *fault.Problem { return unless(f[ListingShut] == 0, fault.ListingNotOpen, "", nil) },
	}
	notFull = Guard{
		Name: "something remains", Needs: []Fact{Remaining},
		Check: func(f Facts) *fault.Problem {
			return unless(f[Remaining] > 0, fault.AmountExceedsRemaining, "listing_full", nil)
		},
	}
	othersListing = Guard{
		Name: "neither the borrower nor of the borrowing company", Needs: []Fact{ViewersAffair},
		Check: func(f Facts) *fault.Problem { return unless(f[ViewersAffair] == 0, fault.OwnListing, "", nil) },
	}
	viewersCard = Guard{
		Name: "a card of the investor is BOUND", Needs: []Fact{ViewersCards},
		Check: func(f Facts) *fault.Problem { return unless(f[ViewersCards] > 0, fault.CardNotBound, "", nil) },
	}
	activeViewer = Guard{
		Name: "the investor is ACTIVE", Needs: []Fact{ViewerActive},
		Check: func(f Facts) *fault.Problem { return unless(f[ViewerActive] > 0, fault.NotEligible, "", nil) },
	}
	activeInvestor = Guard{
		Name: "the investor is ACTIVE", Needs: []Fact{InvestorActive},
		Check: func(f Facts) *fault.Problem {
			return unless(f[InvestorActive] > 0, fault.NotEligible, "investor_not_active", nil)
		},
	}
	otherThanInvestor = Guard{
		Name: "another person than the investor and the borrower", Needs: []Fact{OwnBid},
		Check: func(f Facts) *fault.Problem {
			return unless(f[OwnBid] == 0, fault.SamePerson, "same_person_review", nil)
		},
	}
	whileListed = Guard{
		Name: "while the loan is BIDDING", Needs: []Fact{LoanOfBidNotListed},
		Check: func(f Facts) *fault.Problem {
			return unless(f[LoanOfBidNotListed] == 0, fault.NotAllowedNow, "loan_not_bidding", nil)
		},
	}
	otherThanApprover = Guard{
		Name: "another person than who approved the application", Needs: []Fact{ApplicationByViewer},
		Check: func(f Facts) *fault.Problem {
			return unless(f[ApplicationByViewer] == 0, fault.SamePerson, "same_person_application", nil)
		},
	}
	otherThanFunder = Guard{
		Name: "another person than who approved the funding", Needs: []Fact{FundingByViewer},
		Check: func(f Facts) *fault.Problem {
			return unless(f[FundingByViewer] == 0, fault.SamePerson, "same_person_funding", nil)
		},
	}
)

// bids is a customer who may bid, which takes being ACTIVE.
var bids = By{Holding: access.Of(access.PlaceBids), Who: Customer}

// marketing are the sources of the facts about listings and their bids.
var marketing = map[Fact]source{
	ListingShut: func(a Asking, _ string, t *sql.SelectTable) sql.Querier {
		return expression(func(b *sql.Builder) {
			b.WriteString("CASE WHEN ").WriteString(t.C(loan.FieldOpensAt)).WriteString(" <= ").Arg(a.Now).
				WriteString(" AND ").WriteString(t.C(loan.FieldClosesAt)).WriteString(" > ").Arg(a.Now).WriteString(" THEN 0 ELSE 1 END")
		})
	},
	Remaining: func(_ Asking, _ string, t *sql.SelectTable) sql.Querier {
		return sql.Raw(t.C(loan.FieldAmount) + " - " + t.C(loan.FieldReservedAmount))
	},
	ViewersAffair: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		u := sql.Dialect(dialect).Table(user.Table).As("u")
		return count(dialect, u, sql.And(sql.EQ(u.C("id"), a.User), partOf(u, t)))
	},
	ViewersCards: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		c := sql.Dialect(dialect).Table(bankcard.Table).As("c")
		return count(dialect, c, sql.And(sql.EQ(c.C(bankcard.FieldUserID), a.User), sql.EQ(c.C(bankcard.FieldStatus), bankcard.StatusBound)))
	},
	ViewerActive: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		u := sql.Dialect(dialect).Table(user.Table).As("u")
		return count(dialect, u, sql.And(sql.EQ(u.C("id"), a.User), sql.EQ(u.C(user.FieldStatus), user.StatusActive)))
	},
	ApplicationByViewer: approvalsByViewer(review.StepApplication),
	FundingByViewer:     approvalsByViewer(review.StepFunding),
	InvestorActive: func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		return activeUser(dialect, t.C(bid.FieldInvestorID))
	},
	OwnBid: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		d := sql.Dialect(dialect)
		s, u, l := d.Table(staff.Table).As("s"), d.Table(user.Table).As("u"), d.Table(loan.Table).As("l")
		return d.Select("count(*)").From(s).
			Join(u).OnP(sql.Or(sql.ColumnsEQ(s.C(staff.FieldNationalIDHash), u.C(user.FieldNationalIDHash)), sql.ColumnsEQ(s.C(staff.FieldPhoneHash), u.C(user.FieldPhoneHash)))).
			Join(l).OnP(sql.ColumnsEQ(l.C("id"), t.C(bid.FieldLoanID))).
			Where(sql.And(sql.EQ(s.C("id"), a.Staff), sql.Or(sql.ColumnsEQ(u.C("id"), t.C(bid.FieldInvestorID)), partOf(u, l))))
	},
	LoanOfBidNotListed: func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		l := sql.Dialect(dialect).Table(loan.Table).As("l")
		return count(dialect, l, sql.And(sql.ColumnsEQ(l.C("id"), t.C(bid.FieldLoanID)), sql.NEQ(l.C(loan.FieldStatus), loan.StatusBidding)))
	},
}

// partOf is a user who borrows a loan or belongs to the company that does.
func partOf(u, l *sql.SelectTable) *sql.Predicate {
	return sql.Or(sql.ColumnsEQ(u.C("id"), l.C(loan.FieldBorrowerID)), sql.ColumnsEQ(u.C(user.FieldCompanyID), l.C(loan.FieldCompanyID)))
}

// approvalsByViewer are the standing approvals of a loan at a step in its present round that the viewer gave.
func approvalsByViewer(step review.Step) source {
	return func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		r := sql.Dialect(dialect).Table(review.Table).As("r")
		return count(dialect, r, sql.And(
			sql.EQ(r.C(review.FieldSubjectType), string(key.KindLoan)), sql.ColumnsEQ(r.C(review.FieldSubjectID), t.C("id")), sql.EQ(r.C(review.FieldStep), step),
			sql.EQ(r.C(review.FieldDecision), review.DecisionApproved), sql.EQ(r.C(review.FieldReviewerID), a.Staff), sql.IsNull(r.C(review.FieldVoidedAt))))
	}
}
