package lifecycle

import (
	"context"
	stdsql "database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/ent/bid"
	"lenddesk/ent/event"
	"lenddesk/ent/loan"
	storedparameter "lenddesk/ent/parameter"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/parameter"
	"lenddesk/store"
)

// Fact is something that a guard must know of an object and that does not stand in its row.
type Fact string

// The facts. Each is a count: 0 means no.
const (
	LiveLoans       Fact = "live loans"        // loans of the user on their way, from submission to the last repayment
	LiveBids        Fact = "live bids"         // bids of the user that are pending, approved or holding
	SamePerson      Fact = "same person"       // the viewer, an employee, is this customer
	CreatedByViewer Fact = "created by viewer" // the viewer, an employee, entered this customer
	EnteredByViewer Fact = "entered by viewer" // times that the viewer, an employee, entered this company or other legal data of it

	Erased Fact = "erased" // this customer's personal data was erased

	OwnersLiveLoans Fact = "owners live loans" // loans on their way of the customer whose card it is
	OwnersLiveBids  Fact = "owners live bids"  // bids that are pending, approved or holding of the customer whose card it is
	OwnerActive     Fact = "owner active"      // the customer whose card it is, is ACTIVE
	OpenPayments    Fact = "open payments"     // binding payments of the card that have no answer yet
	CardsInProcess  Fact = "cards in process"  // other cards of the customer that are being checked or bound
	OtherBoundCards Fact = "other bound cards" // bound cards of the customer that this one is not to replace
	NumberHeld      Fact = "number held"       // other cards with the same number that are being bound, or are
)

// Facts are what is known of one object.
type Facts map[Fact]int

// Guard is a condition of a move beside its status: a pure function of facts. It returns what blocks the move, or nil.
type Guard struct {
	Name  string // for the documentation
	Needs []Fact
	Check func(Facts) *fault.Problem
}

// Querier is a database or a transaction to read facts from.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error)
}

// ended are the statuses of a loan that is not on its way: never submitted, or over.
var ended = []any{
	loan.StatusDraft, loan.StatusRejected, loan.StatusWithdrawn, loan.StatusListingFailed, loan.StatusCancelled, loan.StatusWrittenOff, loan.StatusSettled,
}

// Asking is who asks for facts, and when. A statement is compiled once and run for many who ask at many times: whatever stands in here may stand
// for a value that is known only then, so it may only be handed on to the statement, never looked at.
type Asking struct {
	Staff, User any // the viewer's key as an employee, as a customer; 0 when they are none
	Now         any // the time when the statement is run
	// Given is a value that depends on the parameters in force then: they are read for it.
	Given func(func(InForce) any) any
}

// InForce is what holds at the moment of asking.
type InForce struct {
	Now        time.Time
	Parameters parameter.Values
}

// sources say how each fact is counted: a column of expression over the table of objects, seen by who asks.
var sources = map[Fact]source{
	LiveLoans: liveLoans("id"),
	LiveBids:  liveBids("id"),
	SamePerson: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		s := sql.Dialect(dialect).Table(staff.Table).As("s")
		return count(dialect, s, sql.And(sql.EQ(s.C("id"), a.Staff), sql.Or(
			sql.ColumnsEQ(s.C(staff.FieldNationalIDHash), t.C(user.FieldNationalIDHash)),
			sql.ColumnsEQ(s.C(staff.FieldPhoneHash), t.C(user.FieldPhoneHash)))))
	},
	CreatedByViewer: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		u := sql.Dialect(dialect).Table(user.Table).As("u")
		return count(dialect, u, sql.And(sql.ColumnsEQ(u.C("id"), t.C("id")), sql.EQ(u.C(user.FieldCreatedByID), a.Staff)))
	},
	Erased: func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		u := sql.Dialect(dialect).Table(user.Table).As("u")
		return count(dialect, u, sql.And(sql.ColumnsEQ(u.C("id"), t.C("id")), sql.NotNull(u.C(user.FieldErasedAt))))
	},
	EnteredByViewer: func(a Asking, dialect string, t *sql.SelectTable) sql.Querier {
		e := sql.Dialect(dialect).Table(event.Table).As("e")
		return count(dialect, e, sql.And(
			sql.EQ(e.C(event.FieldSubjectType), string(key.KindCompany)), sql.ColumnsEQ(e.C(event.FieldSubjectID), t.C("id")),
			sql.EQ(e.C(event.FieldActorType), string(key.KindStaff)), sql.EQ(e.C(event.FieldActorID), a.Staff),
			sql.In(e.C(event.FieldKind), Kind("createCompany"), Kind("amendCompany"))))
	},
	OwnersLiveLoans: liveLoans(bankcard.FieldUserID),
	OwnersLiveBids:  liveBids(bankcard.FieldUserID),
	OwnerActive: func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		u := sql.Dialect(dialect).Table(user.Table).As("u")
		return count(dialect, u, sql.And(sql.ColumnsEQ(u.C("id"), t.C(bankcard.FieldUserID)), sql.EQ(u.C(user.FieldStatus), user.StatusActive)))
	},
	OpenPayments: func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		a := sql.Dialect(dialect).Table(bankcardattempt.Table).As("a")
		return count(dialect, a, sql.And(sql.ColumnsEQ(a.C(bankcardattempt.FieldBankCardID), t.C("id")),
			sql.EQ(a.C(bankcardattempt.FieldSystem), bankcardattempt.SystemKxdm), sql.IsNull(a.C(bankcardattempt.FieldFinishedAt))))
	},
	CardsInProcess: otherCards(bankcard.FieldUserID, func(c, _ *sql.SelectTable) *sql.Predicate {
		return sql.In(c.C(bankcard.FieldStatus), bankcard.StatusPendingReview, bankcard.StatusPendingBinding)
	}),
	OtherBoundCards: otherCards(bankcard.FieldUserID, func(c, t *sql.SelectTable) *sql.Predicate {
		return sql.And(sql.EQ(c.C(bankcard.FieldStatus), bankcard.StatusBound),
			sql.Or(sql.IsNull(t.C(bankcard.FieldReplacesID)), sql.ColumnsNEQ(c.C("id"), t.C(bankcard.FieldReplacesID))))
	}),
	NumberHeld: otherCards(bankcard.FieldNumberHash, func(c, _ *sql.SelectTable) *sql.Predicate {
		return sql.In(c.C(bankcard.FieldStatus), bankcard.StatusPendingReview, bankcard.StatusPendingBinding, bankcard.StatusBound)
	}),
}

// source counts a fact over the table of objects, seen by who asks.
type source = func(a Asking, dialect string, t *sql.SelectTable) sql.Querier

// liveLoans are the loans on their way of the customer in a column of the object.
func liveLoans(customer string) source {
	return func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		l := sql.Dialect(dialect).Table(loan.Table).As("l")
		return count(dialect, l, sql.And(sql.ColumnsEQ(l.C(loan.FieldBorrowerID), t.C(customer)), sql.NotIn(l.C(loan.FieldStatus), ended...)))
	}
}

// liveBids are the bids of the customer in a column of the object that are pending, approved or holding.
func liveBids(customer string) source {
	return func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		b := sql.Dialect(dialect).Table(bid.Table).As("b")
		return count(dialect, b, sql.And(sql.ColumnsEQ(b.C(bid.FieldInvestorID), t.C(customer)),
			sql.In(b.C(bid.FieldStatus), bid.StatusPendingReview, bid.StatusApproved, bid.StatusHolding)))
	}
}

// otherCards are the other cards of whom the card has in common with them what a column says, as far as where goes.
func otherCards(common string, where func(c, t *sql.SelectTable) *sql.Predicate) source {
	return func(_ Asking, dialect string, t *sql.SelectTable) sql.Querier {
		c := sql.Dialect(dialect).Table(bankcard.Table).As("c")
		return count(dialect, c, sql.And(sql.ColumnsEQ(c.C(common), t.C(common)), sql.ColumnsNEQ(c.C("id"), t.C("id")), where(c, t)))
	}
}

func count(dialect string, t *sql.SelectTable, where *sql.Predicate) *sql.Selector {
	return sql.Dialect(dialect).Select("count(*)").From(t).Where(where)
}

// SelectFacts is the statement that counts facts of many objects of one table: the key, then a number for each of the facts that it answers. keys is
// a store.KeyList, or stands for one. Nil when no facts are asked for.
func SelectFacts(a Asking, dialect, table string, keys any, needs []Fact) (*sql.Selector, []Fact) {
	needs = slices.Clone(needs)
	slices.Sort(needs)
	needs = slices.Compact(needs)
	if len(needs) == 0 {
		return nil, nil
	}
	t := sql.Dialect(dialect).Table(table).As("o")
	q := sql.Dialect(dialect).Select(t.C("id")).From(t)
	for _, need := range needs {
		source, known := sources[need]
		if !known {
			source, known = applying[need]
		}
		if !known {
			source, known = marketing[need]
		}
		if !known {
			source = requesting[need]
		}
		q.AppendSelectExprAs(source(a, dialect, t), strings.ReplaceAll(string(need), " ", "_"))
	}
	return q.Where(store.AmongKeys(t.C("id"), keys)), needs
}

// LoadFacts reads facts of many objects of one table at once, in one statement, and answers by key. No facts asked for, no statement.
func LoadFacts(ctx context.Context, db Querier, dialect, table string, ids []int64, needs []Fact) (map[int64]Facts, error) {
	known := make(map[int64]Facts, len(ids))
	if len(ids) == 0 {
		return known, nil
	}
	viewer := access.From(ctx)
	var broken error
	var in *InForce
	q, needs := SelectFacts(Asking{
		Staff: int64(viewer.Staff), User: int64(viewer.User), Now: Now(),
		Given: func(value func(InForce) any) any {
			if in == nil {
				in = &InForce{Now: Now()}
				in.Parameters, broken = LoadParameters(ctx, db, dialect, in.Now)
			}
			return value(*in)
		},
	}, dialect, table, &store.KeyList{Dialect: dialect, List: ids}, needs)
	if q == nil || broken != nil {
		return known, broken
	}
	query, args := q.Query()
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read facts of %s: %w", table, err)
	}
	defer rows.Close()
	for rows.Next() {
		var id int64
		counts := make([]int, len(needs))
		into := []any{&id}
		for i := range counts {
			into = append(into, &counts[i])
		}
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("read facts of %s: %w", table, err)
		}
		f := make(Facts, len(needs))
		for i, need := range needs {
			f[need] = counts[i]
		}
		known[id] = f
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read facts of %s: %w", table, err)
	}
	return known, nil
}

// SelectParameters is the statement for the values in force at a moment: name and value, the latest last.
func SelectParameters(dialect string, moment any) *sql.Selector {
	p := sql.Dialect(dialect).Table(storedparameter.Table)
	return sql.Dialect(dialect).Select(p.C(storedparameter.FieldName), p.C(storedparameter.FieldValue)).From(p).
		Where(sql.LTE(p.C(storedparameter.FieldEffectiveAt), moment)).OrderBy(p.C(storedparameter.FieldEffectiveAt))
}

// LoadParameters are the values in force at a moment.
func LoadParameters(ctx context.Context, db Querier, dialect string, moment time.Time) (parameter.Values, error) {
	query, args := SelectParameters(dialect, moment).Query()
	rows, err := db.QueryContext(ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	defer rows.Close()
	values := parameter.Values{}
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return nil, fmt.Errorf("read parameters: %w", err)
		}
		values[name] = value
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read parameters: %w", err)
	}
	return values, nil
}
