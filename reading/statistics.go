package reading

import (
	"context"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"sort"
	"time"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/ent/allocation"
	"lenddesk/ent/event"
	"lenddesk/ent/installment"
	"lenddesk/ent/loan"
	"lenddesk/ent/repayment"
	"lenddesk/ent/user"
	"lenddesk/money"
	"lenddesk/money/ledger"
	"lenddesk/parameter"
	"lenddesk/store"
)

// Statistics are counts and sums over everything, whoever may see which row: the permission is what opens them. Nothing of them is stored; each statement
// finds its part of the book by an index that is made for it, and what stands together is asked in one journey.

// mostBuckets is how many pieces a range may have.
const mostBuckets = 400

// The intervals of the contract.
const (
	byDay   = "DAY"
	byWeek  = "WEEK"
	byMonth = "MONTH"
)

// bucket is some business days that follow each other: [begin, end) in time.
type bucket struct {
	first, last ledger.Day
	begin, end  time.Time
}

// theStatistics is what is being answered, as far as it was asked for.
type theStatistics struct {
	buckets []bucket
	told    *store.Question // a row a bucket: what each measure says
	places  map[string]int  // of the measures in such a row
	overdue []money.Amount  // of each bucket
	users   *store.Question
	loans   *store.Question
	now     *store.Question // outstanding, overdue
}

// Statistics answers `statistics(from, to, by)`. It returns BAD_REQUEST for days that cannot be read, are out of order or out of bounds, and for too many buckets.
func (r *Reader) Statistics(ctx context.Context, from, to, by string) (Written, error) {
	first, last, err := rangeOf(from, to)
	if err != nil {
		return Written{}, err
	}
	run, end := r.begin(ctx, access.From(ctx))
	defer end()
	run.last = false // what is in force is asked first
	in, err := run.sitting.inForce(ctx)
	if err != nil {
		return Written{}, err
	}
	zone := in.Parameters.Location(parameter.TimeZoneName)
	s := &theStatistics{buckets: bucketsOf(first, last, by, zone), places: map[string]int{}}
	if len(s.buckets) > mostBuckets {
		return Written{}, bad(fmt.Sprintf("from %s to %s are more than %d buckets; take a longer interval or fewer days", from, to, mostBuckets))
	}
	plan, err := r.planned(ctx, run.sitting, run.viewer, "statistics", func(c *compiler, p *plan) error {
		p.statistics = newStatisticsPlan(c, graphql.GetFieldContext(ctx).Field)
		return nil
	})
	if err != nil {
		return Written{}, err
	}
	tasks, err := s.ask(run, plan.statistics, ledger.DayOf(run.now.In(zone)))
	if err != nil {
		return Written{}, err
	}
	if err := run.ask(tasks); err != nil {
		return Written{}, err
	}
	w := r.writer(ctx, run.viewer)
	return w.finish(ctx, plan.statistics.write(w, s)), nil
}

// rangeOf reads the days of a range.
func rangeOf(from, to string) (first, last ledger.Day, err error) {
	for _, day := range []struct {
		name, text string
		into       *ledger.Day
	}{{"from", from, &first}, {"to", to, &last}} {
		at, err := time.Parse(time.DateOnly, day.text)
		switch {
		case err != nil:
			return 0, 0, bad(day.name + " must be a day such as 2026-11-30")
		case at.Year() < 2000 || at.Year() > 2100:
			return 0, 0, bad(day.name + " must be a day of 2000 to 2100")
		}
		*day.into = ledger.DayOf(at)
	}
	if first > last {
		return 0, 0, bad("from must not be after to")
	}
	return first, last, nil
}

// bucketsOf are the pieces of a range, one more than there may be at most.
func bucketsOf(first, last ledger.Day, by string, zone *time.Location) (all []bucket) {
	for begin := begins(first, zone); first <= last && len(all) <= mostBuckets; {
		day, next := dateOf(first), first+1
		switch by {
		case byWeek:
			next = first + 7 - ledger.Day(day.Weekday()+6)%7
		case byMonth:
			next = ledger.DayOf(time.Date(day.Year(), day.Month()+1, 1, 0, 0, 0, 0, time.UTC))
		}
		next = min(next, last+1)
		end := begins(next, zone)
		all = append(all, bucket{first, next - 1, begin, end})
		first, begin = next, end
	}
	return all
}

// dateOf is a day as midnight UTC.
func dateOf(d ledger.Day) time.Time { return time.Unix(int64(d)*86400, 0).UTC() }

// begins is the first second of a day in a zone, also where a change of clocks leaves midnight out.
func begins(d ledger.Day, zone *time.Location) time.Time {
	const reach = 15 * 60 * 60 // seconds that a zone may be away from UTC
	from := dateOf(d).Add(-reach * time.Second)
	n := sort.Search(2*reach, func(n int) bool { return ledger.DayOf(from.Add(time.Duration(n)*time.Second).In(zone)) >= d })
	return from.Add(time.Duration(n) * time.Second)
}

// statisticsPlan is what is selected.
type statisticsPlan struct {
	fields   []graphql.CollectedField
	within   map[string][]graphql.CollectedField // by response key
	selected map[string]bool                     // names of fields; those of a bucket after "buckets."
}

func newStatisticsPlan(c *compiler, f graphql.CollectedField) *statisticsPlan {
	p := &statisticsPlan{fields: c.collect(f.Selections, "Statistics"), within: map[string][]graphql.CollectedField{}, selected: map[string]bool{}}
	for _, of := range p.fields {
		p.selected[of.Name] = true
		switch of.Name {
		case "buckets":
			p.within[of.Alias] = c.collect(of.Selections, "Bucket")
			for _, b := range p.within[of.Alias] {
				p.selected["buckets."+b.Name] = true
			}
		case "usersByStatus", "loansByStatus":
			p.within[of.Alias] = c.collect(of.Selections, "CountByName")
		}
	}
	return p
}

// measure is what a bucket counts: an expression over a table's rows in its time.
type measure struct {
	name, table, at, expr string
	where                 func(t *sql.SelectTable) *sql.Predicate
}

// counted is the words of the index events_counted: a database takes it where it finds them.
const counted = "kind IN ('REGISTER_USER', 'APPROVE_REGISTRATION', 'SUBMIT_LOAN_APPLICATION', 'APPROVE_LOAN_APPLICATION')"

func happenings(kind string, more func(t *sql.SelectTable) *sql.Predicate) func(t *sql.SelectTable) *sql.Predicate {
	return func(t *sql.SelectTable) *sql.Predicate {
		p := sql.And(sql.P(func(b *sql.Builder) { b.WriteString(counted) }), sql.EQ(t.C(event.FieldKind), kind))
		if more != nil {
			p = sql.And(p, more(t))
		}
		return p
	}
}

// measures are in the order of the statement's columns.
var measures = []measure{
	{"registrations", event.Table, event.FieldAt, "1", happenings("REGISTER_USER", nil)},
	{"approvedRegistrations", event.Table, event.FieldAt, "1", happenings("APPROVE_REGISTRATION", nil)},
	{"applications", event.Table, event.FieldAt, "1", happenings("SUBMIT_LOAN_APPLICATION", func(t *sql.SelectTable) *sql.Predicate {
		return sql.EQ(t.C(event.FieldFrom), string(loan.StatusDraft))
	})},
	{"approvals", event.Table, event.FieldAt, "1", happenings("APPROVE_LOAN_APPLICATION", func(t *sql.SelectTable) *sql.Predicate {
		return sql.EQ(t.C(event.FieldTo), string(loan.StatusApproved))
	})},
	{"funded", loan.Table, loan.FieldDisbursedAt, loan.FieldAmount, nil},
	{"repaid", repayment.Table, repayment.FieldPaidAt, repayment.FieldAmount, func(t *sql.SelectTable) *sql.Predicate {
		return sql.IsNull(t.C(repayment.FieldReversedAt))
	}},
}

// ask is the statements for what is selected.
func (s *theStatistics) ask(r *run, p *statisticsPlan, today ledger.Day) (tasks []*task, err error) {
	d := r.reader.dialect
	add := func(width int, from sql.Querier, then func(*store.Question)) *store.Question {
		query, args := from.Query()
		for i := range args {
			if err != nil {
				return nil
			}
			if _, list := args[i].([]time.Time); list {
				continue
			}
			args[i], err = driver.DefaultParameterConverter.ConvertValue(args[i])
		}
		q := &store.Question{SQL: query, Args: args, Width: width}
		tasks = append(tasks, &task{question: q, then: func() ([]*task, error) {
			if then != nil {
				then(q)
			}
			return nil, nil
		}})
		return q
	}
	if in := s.inBuckets(d, p); in != nil {
		s.told = add(len(s.places), in, nil)
	}
	if p.selected["buckets.overdue"] {
		o := s.overdueBy(today)
		add(3, o.open(d), func(q *store.Question) { o.take(q, 0) })
		add(4, o.late(d), func(q *store.Question) { o.take(q, 1); s.overdue = o.sums() })
	}
	if p.selected["usersByStatus"] {
		t := sql.Dialect(d).Table(user.Table).As("t")
		s.users = add(3, byStatus(t, "NULL"), nil)
	}
	if p.selected["loansByStatus"] {
		t := sql.Dialect(d).Table(loan.Table).As("t")
		s.loans = add(3, byStatus(t, "CAST(SUM("+t.C(loan.FieldAmount)+") AS BIGINT)"), nil)
	}
	if p.selected["outstanding"] || p.selected["overdueShare"] {
		s.now = add(2, outstanding(d, today), nil)
	}
	return tasks, err
}

// inBuckets is a statement with a row for each bucket, and in it a number for each measure that is selected; nil when none is.
func (s *theStatistics) inBuckets(d string, p *statisticsPlan) sql.Querier {
	out := sql.Dialect(d).Select()
	for _, m := range measures {
		if !p.selected["buckets."+m.name] {
			continue
		}
		t := sql.Dialect(d).Table(m.table).As("t")
		sum := "COUNT(*)"
		if m.expr != "1" {
			sum = "CAST(COALESCE(SUM(" + t.C(m.expr) + "), 0) AS BIGINT)"
		}
		of := sql.Dialect(d).Select().AppendSelectExpr(sql.Raw(sum)).From(t).Where(sql.P(func(b *sql.Builder) {
			b.Ident(t.C(m.at)).WriteString(" >= b.begins AND ").Ident(t.C(m.at)).WriteString(" < b.ends")
		}))
		if m.where != nil {
			of.Where(m.where(t))
		}
		out.AppendSelectExprAs(of, m.name)
		s.places[m.name] = len(s.places)
	}
	if len(s.places) == 0 {
		return nil
	}
	return out.AppendFromExpr(sql.ExprFunc(s.table)).OrderExpr(sql.Raw("b.n"))
}

// table is the buckets as a table b(n, begins, ends).
func (s *theStatistics) table(b *sql.Builder) {
	if b.Dialect() == dialect.Postgres {
		begins, ends := make([]time.Time, len(s.buckets)), make([]time.Time, len(s.buckets))
		for i, of := range s.buckets {
			begins[i], ends[i] = of.begin, of.end
		}
		b.WriteString("unnest(CAST(").Arg(begins).WriteString(" AS timestamptz[]), CAST(").Arg(ends).WriteString(" AS timestamptz[])) WITH ORDINALITY AS b(begins, ends, n)")
		return
	}
	pairs := make([][2]string, len(s.buckets))
	for i, of := range s.buckets {
		pairs[i] = [2]string{store.Stored(of.begin), store.Stored(of.end)}
	}
	text, _ := json.Marshal(pairs) // texts always marshal
	b.WriteString("(SELECT p.key AS n, json_extract(p.value, '$[0]') AS begins, json_extract(p.value, '$[1]') AS ends FROM json_each(").Arg(string(text)).WriteString(") AS p) AS b")
}

// byStatus counts the rows of a table by status, in the order of its name.
func byStatus(t *sql.SelectTable, amount string) *sql.Selector {
	s := sql.Dialect(t.Dialect()).Select(t.C("status")).AppendSelectExpr(sql.Raw("COUNT(*)"), sql.Raw(amount)).From(t)
	return s.GroupBy(t.C("status")).OrderBy(t.C("status"))
}

// Principal that is not paid yet is found by the index installments_open, in whose words it is asked for: lines of loans, shares of bids not among them.

// unpaid is the lines of loans whose principal is not all paid.
func unpaid(i *sql.SelectTable) *sql.Predicate {
	return sql.And(sql.IsNull(i.C(installment.FieldBidID)), sql.ColumnsLT(i.C(installment.FieldPaidPrincipal), i.C(installment.FieldPrincipal)))
}

// unpaidLines is the table of lines as i. SQLite, which knows nothing of how many there are of what, must be told the index: it would look at every line of
// every loan (1.3 s against 0.06 s for what is outstanding in a book of a million bids).
func unpaidLines(b *sql.Builder) {
	b.Ident(installment.Table).WriteString(" AS ").Ident("i")
	if b.Dialect() == dialect.SQLite {
		b.WriteString(" INDEXED BY installments_open")
	}
}

// lost is the loans that were written off.
func lost(d string) *sql.Selector {
	l := sql.Dialect(d).Table(loan.Table).As("l")
	return sql.Dialect(d).Select(l.C("id")).From(l).Where(sql.EQ(l.C("status"), string(loan.StatusWrittenOff)))
}

// outstanding is a statement for what is to be paid back, and for what of it is overdue today.
func outstanding(d string, today ledger.Day) sql.Querier {
	i := sql.Dialect(d).Table(installment.Table).As("i")
	open := i.C(installment.FieldPrincipal) + " - " + i.C(installment.FieldPaidPrincipal)
	return sql.Dialect(d).Select().AppendSelectExpr(sql.Raw("CAST(COALESCE(SUM("+open+"), 0) AS BIGINT)"), sql.ExprFunc(func(b *sql.Builder) {
		b.WriteString("CAST(COALESCE(SUM(CASE WHEN ").Ident(i.C(installment.FieldDueOn)).WriteString(" < ").Arg(today.String()).WriteString(" THEN " + open + " ELSE 0 END), 0) AS BIGINT)")
	})).AppendFromExpr(sql.ExprFunc(unpaidLines)).Where(sql.And(unpaid(i), sql.NEQ(i.C("status"), string(installment.StatusCancelled)), sql.NotIn(i.C(installment.FieldLoanID), lost(d))))
}

// overdueBy works out what was overdue at the end of each bucket. A line that was due on day x and whose principal was paid, in part, on day y was overdue, in
// that part, at the end of every day between the two. So what is paid in time needs no look: only what is unpaid, and what was paid late.
type overdueBy struct {
	buckets []bucket
	days    []ledger.Day // that each bucket ends with, none after today
	change  []money.Amount
}

func (s *theStatistics) overdueBy(today ledger.Day) *overdueBy {
	o := &overdueBy{buckets: s.buckets, days: make([]ledger.Day, len(s.buckets)), change: make([]money.Amount, len(s.buckets)+1)}
	for i, b := range s.buckets {
		o.days[i] = min(b.last, today)
	}
	return o
}

// ended is when a line ceased to be owed other than by payment: it was cancelled, or its loan written off.
func ended(i, l *sql.SelectTable) string {
	return fmt.Sprintf("CASE WHEN %s = '%s' THEN %s WHEN %s = '%s' THEN %s END", i.C("status"), installment.StatusCancelled, i.C("status_since"),
		l.C("status"), loan.StatusWrittenOff, l.C("status_since"))
}

// open is a statement for what is unpaid of lines that were due: due day, end if it has one, amount.
func (o *overdueBy) open(d string) sql.Querier {
	i, l := sql.Dialect(d).Table(installment.Table).As("i"), sql.Dialect(d).Table(loan.Table).As("l")
	s := sql.Dialect(d).Select(i.C(installment.FieldDueOn))
	s.AppendSelectExprAs(sql.Raw(ended(i, l)), "ended").
		AppendSelectExpr(sql.Raw("CAST(SUM(" + i.C(installment.FieldPrincipal) + " - " + i.C(installment.FieldPaidPrincipal) + ") AS BIGINT)"))
	s.AppendFromExpr(sql.ExprFunc(unpaidLines)).Join(l).On(l.C("id"), i.C(installment.FieldLoanID))
	return s.Where(sql.And(unpaid(i), sql.LT(i.C(installment.FieldDueOn), o.until()))).GroupBy(i.C(installment.FieldDueOn), "ended")
}

// late is a statement for what was paid late: due day, end if it has one, amount, day of payment.
func (o *overdueBy) late(d string) sql.Querier {
	a, i, l := sql.Dialect(d).Table(allocation.Table).As("a"), sql.Dialect(d).Table(installment.Table).As("i"), sql.Dialect(d).Table(loan.Table).As("l")
	s := sql.Dialect(d).Select(i.C(installment.FieldDueOn))
	s.AppendSelectExprAs(sql.Raw(ended(i, l)), "ended").AppendSelectExpr(sql.Raw("CAST(SUM(" + a.C(allocation.FieldPrincipal) + ") AS BIGINT)")).
		AppendSelect(a.C(allocation.FieldPaidOn))
	s.From(a).Join(i).On(i.C("id"), a.C(allocation.FieldInstallmentID)).Join(l).On(l.C("id"), i.C(installment.FieldLoanID))
	return s.Where(sql.And(
		sql.EQ(a.C(allocation.FieldReversed), false), sql.GT(a.C(allocation.FieldPrincipal), 0), sql.GT(a.C(allocation.FieldPaidOn), o.days[0].String()),
		sql.LT(i.C(installment.FieldDueOn), o.until()), sql.ColumnsLT(i.C(installment.FieldDueOn), a.C(allocation.FieldPaidOn)),
	)).GroupBy(i.C(installment.FieldDueOn), "ended", a.C(allocation.FieldPaidOn))
}

// until is the last day that is looked at.
func (o *overdueBy) until() string { return o.days[len(o.days)-1].String() }

// take adds what a statement has found: each amount to the buckets that end while it was overdue.
func (o *overdueBy) take(q *store.Question, paid int) {
	for n := range q.Len() {
		row := q.Row(n)
		due, ok := ledger.ParseDay(row[0].Text())
		if !ok {
			continue // no line is due on no day
		}
		from := sort.Search(len(o.days), func(i int) bool { return o.days[i] > due })
		to := len(o.days)
		if at, ok := row[1].Time(); ok {
			to = min(to, sort.Search(len(o.days), func(i int) bool { return o.buckets[i].end.After(at) }))
		}
		if paid > 0 {
			if on, ok := ledger.ParseDay(row[3].Text()); ok {
				to = min(to, sort.Search(len(o.days), func(i int) bool { return o.days[i] >= on }))
			}
		}
		if from < to {
			o.change[from] += money.Amount(row[2].Int())
			o.change[to] -= money.Amount(row[2].Int())
		}
	}
}

// sums are the amounts at the end of each bucket.
func (o *overdueBy) sums() []money.Amount {
	all, sum := make([]money.Amount, len(o.days)), money.Amount(0)
	for i := range all {
		sum += o.change[i]
		all[i] = sum
	}
	return all
}

func (p *statisticsPlan) write(w *writer, s *theStatistics) bool {
	return w.selectedFields(p.fields, func(f graphql.CollectedField) bool {
		switch f.Name {
		case "buckets":
			return w.list(len(s.buckets), true, func(i int) bool { return p.bucket(w, s, p.within[f.Alias], i) })
		case "usersByStatus":
			return p.counts(w, s.users, p.within[f.Alias])
		case "loansByStatus":
			return p.counts(w, s.loans, p.within[f.Alias])
		case "outstanding":
			w.amount(s.now.Row(0)[0])
		case "overdueShare":
			w.share(s.now.Row(0)[1], s.now.Row(0)[0])
		}
		return true
	})
}

func (p *statisticsPlan) bucket(w *writer, s *theStatistics, fields []graphql.CollectedField, i int) bool {
	return w.selectedFields(fields, func(f graphql.CollectedField) bool {
		switch f.Name {
		case "from":
			w.string(s.buckets[i].first.String())
		case "overdue":
			w.amount(store.IntCell(int64(s.overdue[i])))
		case "funded", "repaid":
			w.amount(s.told.Row(i)[s.places[f.Name]])
		default:
			w.number(s.told.Row(i)[s.places[f.Name]])
		}
		return true
	})
}

func (p *statisticsPlan) counts(w *writer, q *store.Question, fields []graphql.CollectedField) bool {
	return w.list(q.Len(), true, func(i int) bool {
		row := q.Row(i)
		return w.selectedFields(fields, func(f graphql.CollectedField) bool {
			switch f.Name {
			case "name":
				w.text(row[0])
			case "count":
				w.number(row[1])
			case "amount":
				if row[2].Null() {
					return false
				}
				w.amount(row[2])
			}
			return true
		})
	})
}
