package lifecycle

import (
	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent/loan"
	"lenddesk/ent/servicerequest"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
)

// ServiceRequests is the lifecycle of a later application of a borrower.
var ServiceRequests = &Table{Kind: key.KindServiceRequest}

// The moves of a borrower's later application. The loan offers those that make one: SettlementOfLoan, ExtensionOfLoan.
var (
	RequestEarlySettlement = add(ServiceRequests, Move[servicerequest.Status]{
		Name: "requestEarlySettlement", To: []servicerequest.Status{servicerequest.StatusRequested}, By: []By{borrows},
	})
	RequestExtension = add(ServiceRequests, Move[servicerequest.Status]{
		Name: "requestExtension", To: []servicerequest.Status{servicerequest.StatusRequested}, By: []By{borrows},
	})
	DecideServiceRequest = add(ServiceRequests, Move[servicerequest.Status]{
		Name: "decideServiceRequest", From: []servicerequest.Status{servicerequest.StatusRequested},
		To: []servicerequest.Status{servicerequest.StatusApproved, servicerequest.StatusRejected}, By: []By{permitted(access.ManageLoans)},
		Guards: []Guard{otherThanAsker}, Follows: "an approved extension makes a new plan, an approved early settlement a quote; mail",
	})
)

// What the moves of later applications need to know.
const (
	OpenSettlements Fact = "open settlements" // requests for an early settlement of the loan that wait for a decision
	OpenExtensions  Fact = "open extensions"  // requests for an extension of the loan that wait for a decision
	OwnRequest      Fact = "own request"      // the viewer, an employee, has a part in the loan that the request is about
)

var (
	noOpenSettlement = noneOpen(OpenSettlements)
	noOpenExtension  = noneOpen(OpenExtensions)
	otherThanAsker   = Guard{
		Name: "another person than the borrower", Needs: []Fact{OwnRequest},
		Check: func(f Facts) *fault.Problem {
			return unless(f[OwnRequest] == 0, fault.SamePerson, "same_person_review", nil)
		},
	}
)

func noneOpen(fact Fact) Guard {
	return Guard{
		Name: "no other such request is open", Needs: []Fact{fact},
		Check: func(f Facts) *fault.Problem { return unless(f[fact] == 0, fault.NotAllowedNow, "request_open", nil) },
	}
}

// requesting are the sources of the facts about later applications.
var requesting = map[Fact]source{
	OpenSettlements: openRequests(servicerequest.KindEarlySettlement),
	OpenExtensions:  openRequests(servicerequest.KindExtension),
	OwnRequest: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		d := sql.Dialect(dialect)
		s, u, l := d.Table(staff.Table).As("s"), d.Table(user.Table).As("u"), d.Table(loan.Table).As("l")
		return d.Select("count(*)").From(s).
			Join(u).OnP(sql.Or(sql.ColumnsEQ(s.C(staff.FieldNationalIDHash), u.C(user.FieldNationalIDHash)), sql.ColumnsEQ(s.C(staff.FieldPhoneHash), u.C(user.FieldPhoneHash)))).
			Join(l).OnP(sql.ColumnsEQ(l.C("id"), t.C(servicerequest.FieldLoanID))).
			Where(sql.And(sql.EQ(s.C("id"), a.Staff), partOf(u, l)))
	},
}

// openRequests counts the requests of a kind about a loan that wait for a decision.
func openRequests(kind servicerequest.Kind) source {
	return func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		r := sql.Dialect(dialect).Table(servicerequest.Table).As("r")
		return count(dialect, r, sql.And(sql.ColumnsEQ(r.C(servicerequest.FieldLoanID), t.C("id")), sql.EQ(r.C(servicerequest.FieldKind), kind),
			sql.EQ(r.C("status"), servicerequest.StatusRequested)))
	}
}
