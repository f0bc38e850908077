package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/allocation"
	"lenddesk/ent/event"
	"lenddesk/ent/installment"
	"lenddesk/ent/loan"
	"lenddesk/ent/repayment"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/store"
)

const wholeStatistics = `query ($from: Date!, $to: Date!, $by: Interval!) { statistics(from: $from, to: $to, by: $by) {
	buckets { from registrations approvedRegistrations approvals applications funded repaid overdue }
	usersByStatus { name count amount } loansByStatus { name count amount } outstanding overdueShare } }`

// bookkeeper writes the rows that statistics are made of, at moments around the edges of business days.
type bookkeeper struct {
	*rand.Rand
	days []time.Time // midnights UTC
}

func (b *bookkeeper) day() time.Time { return b.days[b.IntN(len(b.days))] }

// moment is near the beginning of a day in some zone, often exactly then.
func (b *bookkeeper) moment() time.Time {
	at := b.day().Add(time.Duration(b.IntN(53)-13) * 30 * time.Minute)
	return at.Add([]time.Duration{0, -time.Microsecond, time.Microsecond, 17 * time.Minute}[b.IntN(4)])
}

func (b *bookkeeper) date() string { return b.day().Format(time.DateOnly) }

func (b *bookkeeper) write(ctx context.Context, tx *store.Tx) {
	u := tx.User.Create().SetName("Borrower").SetLocale("en").SetStatus(user.StatusPotential).SaveX(ctx)
	for range 120 {
		kind := []string{"REGISTER_USER", "APPROVE_REGISTRATION", "SUBMIT_LOAN_APPLICATION", "APPROVE_LOAN_APPLICATION", "PLACE_BID"}[b.IntN(5)]
		from, to := []string{"DRAFT", "RETURNED", "APPLICATION_REVIEW"}[b.IntN(3)], []string{"APPROVED", "APPLICATION_REVIEW"}[b.IntN(2)]
		tx.Event.Create().SetKind(kind).SetSubjectType("Loan").SetSubjectID(1).SetActorType("Anonymous").SetFrom(from).SetTo(to).SetAt(b.moment()).ExecX(ctx)
	}
	payments := 0
	for n := range 40 {
		status := []loan.Status{loan.StatusDraft, loan.StatusRepaying, loan.StatusOverdue, loan.StatusDefaulted, loan.StatusWrittenOff, loan.StatusSettled}[b.IntN(6)]
		create := tx.Loan.Create().SetNumber(fmt.Sprint("S", n)).SetBorrowerID(u.ID).SetStatus(status).SetStatusSince(b.moment()).SetPurpose(loan.PurposeEquipment).
			SetRequestedAmount(100_000).SetRequestedAnnualRate(125_000).SetRequestedTermMonths(12).SetAmount(money.Amount(100_000 + b.IntN(9999))).SetAnnualRate(125_000).
			SetTermMonths(12).SetRepaymentMethod(loan.RepaymentMethodBullet)
		if status == loan.StatusDraft {
			create.ExecX(ctx)
			continue
		}
		l := create.SetDisbursedAt(b.moment()).SaveX(ctx)
		share := tx.Bid.Create().SetLoanID(l.ID).SetInvestorID(u.ID).SetAmount(l.Amount).SetStatus("HOLDING").SaveX(ctx)
		for number := range 1 + b.IntN(4) {
			line := tx.Installment.Create().SetLoanID(l.ID).SetNumber(number + 1).SetDueOn(b.date()).SetStatus(installment.StatusDue).SetStatusSince(b.moment()).
				SetPrincipal(money.Amount(b.IntN(5000))).SetInterest(10).SaveX(ctx)
			tx.Installment.Create().SetLoanID(l.ID).SetBidID(share.ID).SetNumber(number + 1).SetDueOn(line.DueOn).SetStatus(installment.StatusDue).SetPrincipal(line.Principal).ExecX(ctx)
			paid := money.Amount(0)
			for range b.IntN(4) {
				part := money.Amount(b.IntN(int(line.Principal-paid) + 1))
				if b.IntN(3) == 0 {
					part = line.Principal - paid
				}
				at, reversed := b.moment(), b.IntN(4) == 0
				payments++
				r := tx.Repayment.Create().SetLoanID(l.ID).SetAmount(part + 1).SetPenalty(0).SetInterest(1).SetPrincipal(part).SetPaidAt(at).SetReference(fmt.Sprint("P", payments)).
					SetReportedByType("Staff").SetReportedByID(1)
				if reversed {
					r.SetReversedAt(b.moment())
				} else {
					paid += part
				}
				tx.Allocation.Create().SetRepaymentID(r.SaveX(ctx).ID).SetInstallmentID(line.ID).SetPaidOn(b.date()).SetPenalty(0).SetInterest(1).SetPrincipal(part).SetReversed(reversed).ExecX(ctx)
			}
			change := line.Update().SetPaidPrincipal(paid)
			switch {
			case paid == line.Principal:
				change.SetStatus(installment.StatusPaid)
			case b.IntN(4) == 0:
				change.SetStatus(installment.StatusCancelled)
			}
			change.ExecX(ctx)
		}
	}
}

// worked is the answer as somebody works it out who takes every row in hand.
func worked(t *testing.T, s *store.Store, from, to time.Time, by string, zone *time.Location) (out vars) {
	t.Helper()
	err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		day := func(at time.Time) string { return at.In(zone).Format(time.DateOnly) }
		today := day(lifecycle.Now())
		var buckets []any
		sums, last := map[string]map[string]money.Amount{}, map[string]string{}
		labels := map[string]string{}
		for d := from; !d.After(to); d = d.AddDate(0, 0, 1) {
			label := d.Format(time.DateOnly)
			switch by {
			case "WEEK":
				year, week := d.ISOWeek()
				label = fmt.Sprint(year, "/", week)
			case "MONTH":
				label = d.Format("2006-01")
			}
			if sums[label] == nil {
				sums[label] = map[string]money.Amount{}
				buckets = append(buckets, vars{"from": d.Format(time.DateOnly), "label": label})
			}
			labels[d.Format(time.DateOnly)], last[label] = label, d.Format(time.DateOnly)
		}
		add := func(what string, at time.Time, n money.Amount) {
			if label, ok := labels[day(at)]; ok {
				sums[label][what] += n
			}
		}
		for _, e := range tx.Event.Query().Order(event.ByID()).AllX(ctx) {
			switch {
			case e.Kind == "REGISTER_USER":
				add("registrations", e.At, 1)
			case e.Kind == "APPROVE_REGISTRATION":
				add("approvedRegistrations", e.At, 1)
			case e.Kind == "SUBMIT_LOAN_APPLICATION" && *e.From == "DRAFT":
				add("applications", e.At, 1)
			case e.Kind == "APPROVE_LOAN_APPLICATION" && *e.To == "APPROVED":
				add("approvals", e.At, 1)
			}
		}
		loans := map[key.Loan]*ent.Loan{}
		byStatus, amounts := map[string]int{}, map[string]money.Amount{}
		for _, l := range tx.Loan.Query().AllX(ctx) {
			loans[l.ID] = l
			byStatus[string(l.Status)]++
			amounts[string(l.Status)] += l.Amount
			if l.DisbursedAt != nil {
				add("funded", *l.DisbursedAt, l.Amount)
			}
		}
		for _, r := range tx.Repayment.Query().Where(repayment.ReversedAtIsNil()).AllX(ctx) {
			add("repaid", r.PaidAt, r.Amount)
		}
		var outstanding, overdueNow money.Amount
		for _, line := range tx.Installment.Query().Where(installment.BidIDIsNil()).AllX(ctx) {
			l := loans[line.LoanID]
			went := tx.Allocation.Query().Where(allocation.InstallmentID(line.ID), allocation.Reversed(false)).AllX(ctx)
			owed := func(on string) money.Amount {
				left := line.Principal
				for _, a := range went {
					if a.PaidOn <= on {
						left -= a.Principal
					}
				}
				return left
			}
			for label, end := range last {
				if line.Status == installment.StatusCancelled && day(line.StatusSince) <= end || l.Status == loan.StatusWrittenOff && day(l.StatusSince) <= end {
					continue
				}
				if on := min(end, today); line.DueOn < on {
					sums[label]["overdue"] += owed(on)
				}
			}
			if line.Status != installment.StatusCancelled && l.Status != loan.StatusWrittenOff {
				left := line.Principal - line.PaidPrincipal
				outstanding += left
				if line.DueOn < today {
					overdueNow += left
				}
			}
		}
		for _, b := range buckets {
			of := b.(vars)
			sum := sums[of["label"].(string)]
			delete(of, "label")
			for _, name := range []string{"registrations", "approvedRegistrations", "applications", "approvals"} {
				of[name] = float64(sum[name])
			}
			for _, name := range []string{"funded", "repaid", "overdue"} {
				of[name] = sum[name].String()
			}
		}
		users := map[string]int{}
		for _, u := range tx.User.Query().AllX(ctx) {
			users[string(u.Status)]++
		}
		counts := func(of map[string]int, amounts map[string]money.Amount) []any {
			list := []any{}
			for _, name := range slices.Sorted(maps.Keys(of)) {
				c := vars{"name": name, "count": float64(of[name]), "amount": nil}
				if amounts != nil {
					c["amount"] = amounts[name].String()
				}
				list = append(list, c)
			}
			return list
		}
		share := 0.0
		if outstanding > 0 {
			share = float64(overdueNow) / float64(outstanding)
		}
		out = vars{"buckets": buckets, "usersByStatus": counts(users, nil), "loansByStatus": counts(byStatus, amounts), "outstanding": outstanding.String(), "overdueShare": share}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func inJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What is asked of the whole book is what the rows say, in every zone and by every interval; also where clocks change at midnight.
func TestStatisticsAreWhatTheRowsSay(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin, today := h.administrator(t), lifecycle.Now().Truncate(24*time.Hour)
		b := &bookkeeper{Rand: rand.New(rand.NewPCG(7, 7))}
		for n := range 40 {
			b.days = append(b.days, today.AddDate(0, 0, 3-n), time.Date(2017, 10, 8+n%14, 0, 0, 0, 0, time.UTC)) // Brazil's clocks left out midnight of 15 October 2017
		}
		err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
			b.write(ctx, tx)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, name := range []string{"Asia/Shanghai", "America/Sao_Paulo", "UTC", "Pacific/Kiritimati"} {
			wantFaults(t, admin.act("setParameter", "parameter { value }", vars{"name": "TIME_ZONE", "value": name}), "setParameter")
			zone, err := time.LoadLocation(name)
			if err != nil {
				t.Fatal(err)
			}
			for _, days := range [][2]time.Time{
				{today.AddDate(0, 0, -35), today.AddDate(0, 0, 5)},
				{today, today},
				{today.AddDate(0, 0, -b.IntN(30)-3), today.AddDate(0, 0, -b.IntN(3))},
				{time.Date(2017, 10, 9, 0, 0, 0, 0, time.UTC), time.Date(2017, 10, 20, 0, 0, 0, 0, time.UTC)},
			} {
				for _, by := range []string{"DAY", "WEEK", "MONTH"} {
					from, to := days[0].Format(time.DateOnly), days[1].Format(time.DateOnly)
					got := admin.ask(wholeStatistics, vars{"from": from, "to": to, "by": by})
					if g, w := inJSON(t, got.at("statistics")), inJSON(t, worked(t, h.store, days[0], days[1], by, zone)); g != w {
						t.Fatalf("%s from %s to %s by %s:\n%s, want\n%s\n%v", name, from, to, by, g, w, got.Errors)
					}
				}
			}
		}
	})
}

// Whatever the size of the book and the number of buckets, statistics are a few statements, and no more than was asked for.
func TestStatisticsCostAFewStatements(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		var statements atomic.Int64
		h.reader.Watch = func(context.Context, string) { statements.Add(1) }
		for selection, most := range map[string]int64{
			`buckets { from }`: 1, `buckets { registrations approvals funded }`: 2, `buckets { overdue }`: 3, `outstanding overdueShare`: 2, `usersByStatus { name }`: 2,
			`buckets { registrations overdue } x: buckets { repaid overdue } usersByStatus { count } loansByStatus { count } outstanding`: 7,
		} {
			statements.Store(0)
			if got := admin.ask(`{ statistics(from: "2025-11-01", to: "2026-11-30", by: DAY) { ` + selection + ` } }`); len(got.Errors) > 0 {
				t.Errorf("%s", got)
			}
			want(t, "statements for "+selection, statements.Load(), most)
		}
	})
}

func TestStatisticsSayWhatTheyCannotAnswer(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		analyst, query := h.colleague(t, "analyst", access.Of(access.ViewStatistics)), `{ statistics(from: "%s", to: "%s", by: %s) { buckets { from repaid } } }`
		for _, c := range []struct{ from, to, by, says string }{
			{"2026-02-30", "2026-03-01", "DAY", "from must be a day"},
			{"2026-02-01", "tomorrow", "DAY", "to must be a day"},
			{"2026-03-02", "2026-03-01", "DAY", "from must not be after to"},
			{"1999-12-31", "2026-03-01", "MONTH", "from must be a day of 2000 to 2100"},
			{"2026-03-01", "2101-01-01", "MONTH", "to must be a day of 2000 to 2100"},
			{"2025-01-01", "2026-02-05", "DAY", "more than 400 buckets"},
			{"2000-01-01", "2100-12-31", "DAY", "more than 400 buckets"},
			{"2000-01-01", "2100-12-31", "MONTH", "more than 400 buckets"},
		} {
			got := analyst.ask(fmt.Sprintf(query, c.from, c.to, c.by))
			wantCodes(t, got, "BAD_REQUEST")
			if len(got.Errors) == 0 || !strings.Contains(got.Errors[0].Message, c.says) {
				t.Errorf("%s to %s: %s, want %q", c.from, c.to, got, c.says)
			}
		}
		got := analyst.ask(fmt.Sprintf(query, "2025-01-01", "2026-02-04", "DAY"))
		if list, _ := got.at("statistics.buckets").([]any); len(list) != 400 {
			t.Errorf("400 days are %d buckets: %v", len(list), got.Errors)
		}
		aliased := analyst.ask(`{ s: statistics(from: "2026-11-24", to: "2026-12-01", by: WEEK) { __typename b: buckets { __typename f: from } c: buckets { from n: applications @skip(if: true) } } }`)
		want(t, "aliases", aliased.data(t), `{"s":{"__typename":"Statistics","b":[{"__typename":"Bucket","f":"2026-11-24"},{"__typename":"Bucket","f":"2026-11-30"}],"c":[{"from":"2026-11-24"},{"from":"2026-11-30"}]}}`)
		wantCodes(t, h.colleague(t, "bystander", access.Of(access.ViewLoans, access.ViewUsers)).ask(fmt.Sprintf(query, "2026-01-01", "2026-02-04", "DAY")), "FORBIDDEN")
		wantCodes(t, h.anybody(t).ask(fmt.Sprintf(query, "2026-01-01", "2026-02-04", "DAY")), "UNAUTHENTICATED")
	})
}
