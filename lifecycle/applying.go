package lifecycle

import (
	"entgo.io/ent/dialect/sql"

	"lenddesk/ent/bankcard"
	"lenddesk/ent/loan"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/fault"
)

// What the moves of a loan need to know of its borrower and terms.
const (
	BorrowerActive  Fact = "borrower active"  // the borrower is ACTIVE
	BorrowersCards  Fact = "borrowers cards"  // bound cards of the borrower
	OwnAffair       Fact = "own affair"       // the viewer, an employee, is the borrower or belongs to the borrowing company
	TermsUnaccepted Fact = "terms unaccepted" // the terms differ from those requested, and the borrower has not accepted them
)

var (
	activeBorrower = Guard{
		Name: "the borrower is ACTIVE", Needs: []Fact{BorrowerActive},
		Check: func(f Facts) *fault.Problem {
			return unless(f[BorrowerActive] > 0, fault.NotEligible, "borrower_not_active", nil)
		},
	}
	boundCard = Guard{
		Name: "a card is BOUND", Needs: []Fact{BorrowersCards},
		Check: func(f Facts) *fault.Problem { return unless(f[BorrowersCards] > 0, fault.CardNotBound, "", nil) },
	}
	otherThanBorrower = Guard{
		Name: "another person than the borrower", Needs: []Fact{OwnAffair},
		Check: func(f Facts) *fault.Problem {
			return unless(f[OwnAffair] == 0, fault.SamePerson, "same_person_review", nil)
		},
	}
)

func unless(fine bool, code fault.Code, said string, data map[string]any) *fault.Problem {
	if fine {
		return nil
	}
	return &fault.Problem{Code: code, Text: said, Data: data}
}

// expression is SQL with values in it.
func expression(write func(b *sql.Builder)) sql.Querier { return sql.ExprFunc(write) }

// whether is 1 where a condition holds, else 0.
func whether(condition string) sql.Querier {
	return sql.Raw("CASE WHEN " + condition + " THEN 1 ELSE 0 END")
}

// applying are the sources of the facts about borrowers and terms.
var applying = map[Fact]source{
	BorrowerActive: func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		return activeUser(dialect, t.C(loan.FieldBorrowerID))
	},
	BorrowersCards: func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		c := sql.Dialect(dialect).Table(bankcard.Table).As("c")
		return count(dialect, c, sql.And(sql.ColumnsEQ(c.C(bankcard.FieldUserID), t.C(loan.FieldBorrowerID)), sql.EQ(c.C(bankcard.FieldStatus), bankcard.StatusBound)))
	},
	OwnAffair: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		d := sql.Dialect(dialect)
		s, u := d.Table(staff.Table).As("s"), d.Table(user.Table).As("u")
		return d.Select("count(*)").From(s).
			Join(u).OnP(sql.Or(sql.ColumnsEQ(s.C(staff.FieldNationalIDHash), u.C(user.FieldNationalIDHash)), sql.ColumnsEQ(s.C(staff.FieldPhoneHash), u.C(user.FieldPhoneHash)))).
			Where(sql.And(sql.EQ(s.C("id"), a.Staff), partOf(u, t)))
	},
	TermsUnaccepted: func(_ Asking, _ string, t *sql.SelectTable) sql.Querier {
		return whether("NOT " + t.C(loan.FieldTermsAccepted) + " AND (" + t.C(loan.FieldAmount) + " <> " + t.C(loan.FieldRequestedAmount) + " OR " +
			t.C(loan.FieldAnnualRate) + " <> " + t.C(loan.FieldRequestedAnnualRate) + " OR " + t.C(loan.FieldTermMonths) + " <> " + t.C(loan.FieldRequestedTermMonths) + ")")
	},
}

// activeUser counts the user in a column who is ACTIVE.
func activeUser(dialect, column string) sql.Querier {
	u := sql.Dialect(dialect).Table(user.Table).As("u")
	return count(dialect, u, sql.And(sql.P(func(b *sql.Builder) { b.Ident(u.C("id")).WriteString(" = ").WriteString(column) }), sql.EQ(u.C(user.FieldStatus), user.StatusActive)))
}
