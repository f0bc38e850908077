package main

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"lenddesk/access"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bid"
	"lenddesk/ent/document"
	"lenddesk/ent/loan"
	"lenddesk/ent/message"
	schema "lenddesk/ent/migrate"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
)

// everyRow is the whole book but its queue: table, key, column, value.
type everyRow map[string]map[int64]map[string]string

func (h *house) everyRow(t *testing.T) everyRow {
	t.Helper()
	all := everyRow{}
	for _, table := range schema.Tables {
		if table.Columns[0].Name != "id" {
			continue
		}
		all[table.Name] = map[int64]map[string]string{}
		var names []string
		for _, c := range table.Columns {
			names = append(names, `"`+c.Name+`"`)
		}
		rows := rowsOf(t, h.store, "SELECT "+strings.Join(names, ", ")+" FROM "+table.Name, func(scan func(...any) error) (map[string]string, error) {
			values, into := make([]store.Cell, len(names)), make([]any, len(names))
			for i := range values {
				into[i] = &values[i]
			}
			err := scan(into...)
			row := map[string]string{}
			for i, c := range table.Columns {
				row[c.Name] = fmt.Sprint(values[i])
			}
			row["id"] = fmt.Sprint(values[0].Int())
			delete(row, "position") // an event is sealed a moment later, whatever happens
			delete(row, "seal")
			return row, err
		})
		for _, row := range rows {
			var id int64
			if _, err := fmt.Sscan(row["id"], &id); err != nil {
				t.Fatal(err)
			}
			all[table.Name][id] = row
		}
	}
	return all
}

// belongings gives somebody some of everything.
func (h *house) belongings(t *rapid.T, tx *store.Tx, ctx context.Context, who, other key.User, status user.Status, cards []bankcard.Status) error {
	n := func(what string) int { return rapid.IntRange(0, 2).Draw(t, what) }
	for range n("loans") {
		i := numbered.Add(1)
		l, err := tx.Loan.Create().SetNumber(fmt.Sprint("M", i)).SetBorrowerID(who).SetStatus(loan.StatusRepaying).SetPurpose(loan.PurposeEquipment).
			SetRequestedAmount(100_00).SetRequestedAnnualRate(120_000).SetRequestedTermMonths(12).SetAmount(100_00).SetAnnualRate(120_000).
			SetTermMonths(12).SetRepaymentMethod(loan.RepaymentMethodBullet).SetReservedAmount(100_00).SetFundedAmount(100_00).Save(ctx)
		if err != nil {
			return err
		}
		for range n("bids") {
			if err := tx.Bid.Create().SetLoanID(l.ID).SetInvestorID(other).SetAmount(10_00).SetStatus(bid.StatusHolding).Exec(ctx); err != nil {
				return err
			}
		}
		if err := tx.Document.Create().SetSubjectType("Loan").SetSubjectID(int64(l.ID)).SetOwnerID(who).SetKind(document.KindOther).SetStatus(document.StatusRequested).Exec(ctx); err != nil {
			return err
		}
	}
	for _, s := range cards {
		i := numbered.Add(1)
		if err := tx.BankCard.Create().SetUserID(who).SetStatus(s).SetNumber([]byte("x")).SetNumberHash(fmt.Sprint("n", i)).SetHolderName("王小明").SetPhone([]byte("x")).
			SetNationalID([]byte("x")).Exec(ctx); err != nil {
			return err
		}
	}
	for range n("papers") {
		if err := tx.Document.Create().SetSubjectType("User").SetSubjectID(int64(who)).SetOwnerID(who).SetKind(document.KindOther).SetStatus(document.StatusRequested).Exec(ctx); err != nil {
			return err
		}
	}
	for range n("mails") {
		if err := tx.Message.Create().SetUserID(who).SetKind("x").SetTo("a@example.com").SetSubject("s").SetText("t").SetLocale("en").SetState(message.StateKept).Exec(ctx); err != nil {
			return err
		}
	}
	for range n("records") {
		if err := tx.ServiceRecord.Create().SetUserID(who).SetKind(servicerecord.KindCall).SetText("t").SetStatus(servicerecord.StatusOpen).Exec(ctx); err != nil {
			return err
		}
	}
	for range n("events") {
		if err := lifecycle.Record(ctx, tx, "somethingElse", key.KindUser, int64(who), who, lifecycle.Said{}); err != nil {
			return err
		}
	}
	staffed, err := tx.Staff.Query().FirstID(ctx)
	if err != nil {
		return err
	}
	for range n("reviews") {
		if err := tx.Review.Create().SetSubjectType("User").SetSubjectID(int64(who)).SetStep(review.StepRegistration).SetDecision(review.DecisionApproved).
			SetReviewerID(staffed).Exec(ctx); err != nil {
			return err
		}
	}
	if status != user.StatusPotential {
		_, hash := access.NewToken()
		return tx.Session.Create().SetUserID(who).SetTokenHash(hash).SetExpiresAt(lifecycle.Now().AddDate(0, 0, 1)).Exec(ctx)
	}
	return nil
}

// somebody writes a customer.
func (h *house) somebody(ctx context.Context, tx *store.Tx, status user.Status, tags []string) (key.User, error) {
	i := numbered.Add(1)
	sealed, hash, err := h.desk.Hide(seal.Phone, fmt.Sprintf("+86139%08d", i))
	if err != nil {
		return 0, err
	}
	create := tx.User.Create().SetName("王小明").SetPhone(sealed).SetPhoneHash(hash).SetLocale("en").SetStatus(status).SetTags(tags)
	if status != user.StatusPotential {
		create.SetEmail(fmt.Sprintf("somebody%d@example.com", i)).SetPasswordHash("x").SetBorrower(i%2 == 0).SetInvestor(i%2 == 1)
	}
	u, err := create.Save(ctx)
	if err != nil {
		return 0, err
	}
	return u.ID, nil
}

// Whatever two entries of one person have: after the merger each row is there once, points to the one who is kept where it pointed to either, and is
// otherwise as it was; every sum over the two is the sum over the one. What is refused changes nothing.
func TestAMergerLosesAndDoublesNothing(t *testing.T) {
	moving := map[string][]string{} // the columns that point to customers, by table
	for _, table := range schema.Tables {
		for _, k := range table.ForeignKeys {
			if k.RefTable.Name == "users" {
				moving[table.Name] = append(moving[table.Name], k.Columns[0].Name)
			}
		}
	}
	about := []string{"documents", "reviews"} // what is about a customer, by type and key
	gone := []string{"sessions", "links", "claims"}
	checks := rapidChecks(t, "12")
	defer checks()
	for _, h := range onBoth(t) {
		admin := h.administrator(t)
		rapid.Check(t, func(t *rapid.T) {
			statuses := []user.Status{user.StatusPotential, user.StatusPendingReview, user.StatusActive, user.StatusSuspended, user.StatusRejected, user.StatusClosed}
			bound := []bankcard.Status{bankcard.StatusBound, bankcard.StatusUnbound, bankcard.StatusPendingReview}
			draw := func(who string) (user.Status, []bankcard.Status) {
				return rapid.SampledFrom(statuses).Draw(t, who), rapid.SliceOfNDistinct(rapid.SampledFrom(bound), 0, 2, func(s bankcard.Status) bankcard.Status { return s }).Draw(t, who+"'s cards")
			}
			keepStatus, keepCards := draw("keep")
			loseStatus, loseCards := draw("lose")
			var keep, lose, third key.User
			err := h.store.InTx(lifecycle.Book(h.t.Context()), func(ctx context.Context, tx *store.Tx) (err error) {
				for _, w := range []struct {
					id     *key.User
					status user.Status
				}{{&keep, keepStatus}, {&lose, loseStatus}, {&third, user.StatusActive}} {
					if *w.id, err = h.somebody(ctx, tx, w.status, []string{string(w.status), "both"}); err != nil {
						return err
					}
				}
				if err := h.belongings(t, tx, ctx, keep, third, keepStatus, keepCards); err != nil {
					return err
				}
				return h.belongings(t, tx, ctx, lose, third, loseStatus, loseCards)
			})
			if err != nil {
				t.Fatal(err)
			}
			id := func(k key.User) string { return h.desk.IDs.Encode(key.KindUser, int64(k)) }
			sums := func(k key.User) map[string]float64 {
				got := admin.ask(`query($id: ID!) { node(id: $id) { ... on User { loans { totalCount } bankCards { totalCount } documents { totalCount } serviceRecords { totalCount }
					timeline { totalCount } bids { totalCount } statistics { loans bids } } } messages(filter: {userId: $id}) { totalCount } }`, vars{"id": id(k)})
				all := map[string]float64{}
				for _, path := range []string{
					"node.loans.totalCount", "node.bankCards.totalCount", "node.documents.totalCount", "node.serviceRecords.totalCount", "node.timeline.totalCount",
					"node.bids.totalCount", "node.statistics.loans", "node.statistics.bids", "messages.totalCount",
				} {
					n, _ := got.at(path).(float64)
					all[path] = n
				}
				return all
			}
			before, ofKeep, ofLose := h.everyRow(h.t), sums(keep), sums(lose)
			got := admin.act("mergeUsers", "user { id status }", vars{"keepId": id(keep), "mergeId": id(lose)})
			after := h.everyRow(h.t)
			refused := []bool{
				!slices.Contains(kept, string(keepStatus)),
				keepStatus == user.StatusPotential && loseStatus != user.StatusPotential,
				loseStatus == user.StatusSuspended && keepStatus != user.StatusSuspended,
				slices.Contains(keepCards, bankcard.StatusBound) && slices.Contains(loseCards, bankcard.StatusBound),
				slices.Contains(keepCards, bankcard.StatusPendingReview) && slices.Contains(loseCards, bankcard.StatusPendingReview),
			}
			if slices.Contains(refused, true) {
				if faults := got.faults("mergeUsers"); len(faults) == 0 || !strings.HasPrefix(faults[0], "NOT_ALLOWED_NOW") {
					t.Fatalf("%s into %s: %s", loseStatus, keepStatus, got)
				}
				if !maps.EqualFunc(before, after, func(a, b map[int64]map[string]string) bool {
					return maps.EqualFunc(a, b, func(a, b map[string]string) bool { return maps.Equal(a, b) })
				}) {
					t.Fatal("a refused merger has changed something")
				}
				return
			}
			if got.text("mergeUsers.user.id") != id(keep) {
				t.Fatalf("%s into %s: %s", loseStatus, keepStatus, got)
			}
			loser, winner := fmt.Sprint(store.IntCell(int64(lose))), fmt.Sprint(store.IntCell(int64(keep)))
			for table, rows := range before {
				for n, row := range rows {
					there, ok := after[table][n]
					if slices.Contains(gone, table) && row["user_id"] == loser {
						if ok {
							t.Fatalf("%s %d is still there", table, n)
						}
						continue
					}
					if !ok {
						t.Fatalf("%s %d is lost", table, n)
					}
					if table == "users" && (n == int64(keep) || n == int64(lose)) {
						continue
					}
					want := maps.Clone(row)
					for _, column := range moving[table] {
						if row[column] == loser {
							want[column] = winner
						}
					}
					if slices.Contains(about, table) && row["subject_type"] == fmt.Sprint(store.TextCell("User")) && row["subject_id"] == loser {
						want["subject_id"] = winner
					}
					if !maps.Equal(want, there) {
						t.Fatalf("%s %d was %v, is %v", table, n, row, there)
					}
				}
				added := len(after[table]) - len(rows)
				if table == "events" && added != 2 || table != "events" && added > 0 {
					t.Fatalf("%d new rows of %s", added, table)
				}
			}
			both := sums(keep)
			for what, n := range both {
				expected := ofKeep[what] + ofLose[what]
				if what == "node.timeline.totalCount" {
					expected += 2 // the merger itself, told of both
				}
				if n != expected {
					t.Fatalf("%s: %v and %v make %v", what, ofKeep[what], ofLose[what], n)
				}
			}
			look := `query($id: ID!, $ids: [ID!]!) { node(id: $id) { id ... on User { tags } } nodes(ids: $ids) { id } }`
			answers := admin.ask(look, vars{"id": id(lose), "ids": []string{id(keep), id(lose), id(third)}})
			if answers.text("node.id") != id(keep) || answers.text("nodes.0.id") != id(keep) || answers.text("nodes.1.id") != id(keep) || answers.text("nodes.2.id") != id(third) {
				t.Fatalf("the losing id answers with %s", answers)
			}
			if noted := admin.act("addServiceRecord", "serviceRecord { user { id } }", vars{"userId": id(lose), "kind": "CALL", "text": "by the old id"}); noted.text("addServiceRecord.serviceRecord.user.id") != id(keep) {
				t.Fatalf("a verb does not find the one who is kept: %s", noted)
			}
			if again := admin.act("mergeUsers", "user { id }", vars{"keepId": id(keep), "mergeId": id(lose)}); !slices.Equal(again.faults("mergeUsers"), []string{"INVALID mergeId"}) {
				t.Fatalf("merged twice: %s", again)
			}
		})
	}
}

// rapidChecks sets how often a property is tried, unless -rapid.checks says so; what it returns sets it back.
func rapidChecks(t *testing.T, n string) func() {
	t.Helper()
	f := flag.Lookup("rapid.checks")
	if f.Value.String() != f.DefValue {
		return func() {}
	}
	if err := f.Value.Set(n); err != nil {
		t.Fatal(err)
	}
	return func() { _ = f.Value.Set(f.DefValue) }
}

func TestTwoWhoCannotBeOne(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		first, one := h.customer(t, 311)
		_, two := h.customer(t, 312)
		merge := func(p *person, keep, lose string, more vars) answer {
			input := vars{"keepId": keep, "mergeId": lose}
			maps.Copy(input, more)
			return p.act("mergeUsers", "user { id }", input)
		}
		wantFaults(t, merge(admin, one, two, nil), "mergeUsers", "NOT_ALLOWED_NOW mergeId") // their ID numbers differ
		wantFaults(t, merge(admin, one, one, nil), "mergeUsers", "INVALID mergeId")
		wantFaults(t, merge(admin, "user_0", "loan_0", nil), "mergeUsers", "NOT_FOUND keepId", "NOT_FOUND mergeId")
		wantCodes(t, merge(first, one, two, nil), "FORBIDDEN")
		h.exec(t, "UPDATE users SET national_id = NULL, national_id_hash = NULL WHERE id = (SELECT max(id) FROM users)")
		h.loanOf(t, one)
		_, a, _ := h.desk.IDs.Decode(two)
		h.exec(t, fmt.Sprintf(`INSERT INTO bids (created_at, updated_at, version, status, status_since, amount, loan_id, investor_id)
			SELECT created_at, created_at, 1, 'WITHDRAWN', created_at, 100, id, %d FROM loans`, a))
		wantFaults(t, merge(admin, one, two, nil), "mergeUsers", "NOT_ALLOWED_NOW mergeId") // a bid on the other's loan
		h.exec(t, "DELETE FROM bids")
		wantFaults(t, merge(admin, one, two, vars{"expectedVersion": 9}), "mergeUsers", "CONFLICT expectedVersion")
		wantFaults(t, merge(admin, one, two, nil), "mergeUsers")
	})
}

func TestASessionOfWhoWasMergedEnds(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		_, keep := h.customer(t, 313)
		form := applicant(314)
		lose := h.register(t, form)
		h.exec(t, "UPDATE users SET national_id = NULL, national_id_hash = NULL WHERE id = (SELECT max(id) FROM users)")
		me := h.anybody(t).signIn(form["email"].(string), form["password"].(string))
		wantFaults(t, admin.act("mergeUsers", "", vars{"keepId": keep, "mergeId": lose}), "mergeUsers")
		want(t, "signed out", me.ask(`{ viewer { user { id } } }`).at("viewer"), any(nil))
		wantFaults(t, me.try(form["email"].(string), form["password"].(string)), "signIn", "WRONG_CREDENTIALS")
	})
}
