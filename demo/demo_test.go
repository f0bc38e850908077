package demo

import (
	"context"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"lenddesk/ent/bankcard"
	"lenddesk/ent/user"
	"lenddesk/identity"
	"lenddesk/jobs"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/store/storetest"
	"lenddesk/workflow"
	"lenddesk/workflow/administration"
)

// desk is a desk over an installed database, with the lock on statuses in place.
func desk(t *testing.T, s *store.Store) *workflow.Desk {
	t.Helper()
	keys, err := seal.Create(filepath.Join(t.TempDir(), "keys"))
	must(t, err)
	ids, err := key.NewCodec(keys.IDs())
	must(t, err)
	passwords, err := workflow.NewPasswords()
	must(t, err)
	queue, err := jobs.New(s, slog.New(slog.DiscardHandler))
	must(t, err)
	s.Client().Use(lifecycle.Lock())
	d := &workflow.Desk{Store: s, Queue: queue, Keys: keys, IDs: ids, Passwords: passwords}
	office := administration.Office{Desk: d}
	_, _, err = office.Install(t.Context(), administration.First{})
	must(t, err)
	return d
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// filled is a desk over the demonstration book.
func filled(t *testing.T, s *store.Store) *workflow.Desk {
	t.Helper()
	d := desk(t, s)
	done, err := Fill(t.Context(), d)
	must(t, err)
	if !done {
		t.Fatal("an empty database was not filled")
	}
	return d
}

func check(t *testing.T, s *store.Store) error {
	t.Helper()
	return s.InTx(t.Context(), Check)
}

func TestTheBookKeepsEveryRule(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		filled(t, s)
		must(t, check(t, s))
	})
}

func TestEveryStatusIsThere(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		filled(t, s)
		for _, table := range lifecycle.Tables {
			if table == lifecycle.Backups || table == lifecycle.Exports || table == lifecycle.Imports { // no part of the book
				continue
			}
			var statuses []string
			for _, l := range table.Lines {
				statuses = append(append(statuses, l.From...), l.To...)
			}
			slices.Sort(statuses)
			for _, status := range slices.Compact(statuses) {
				query := fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE status = '%s'", tables[table.Kind], status)
				if n := count(t, s, query); n == 0 {
					t.Errorf("no %s is %s", table.Kind, status)
				}
			}
		}
		for query, least := range map[string]int{
			"SELECT COUNT(*) FROM users": 75, "SELECT COUNT(*) FROM loans": 60, "SELECT COUNT(*) FROM companies": 8, "SELECT COUNT(*) FROM staff": 9,
			"SELECT COUNT(*) FROM messages WHERE state = 'SENT'": 50, "SELECT COUNT(*) FROM messages WHERE state = 'KEPT'": 1,
			"SELECT COUNT(*) FROM installments WHERE status = 'PARTLY_PAID' AND bid_id IS NULL": 1,
			"SELECT COUNT(*) FROM repayments WHERE reversed_at IS NOT NULL":                     1,
			"SELECT COUNT(*) FROM loans WHERE status = 'BIDDING' AND reserved_amount = 0":       1,
			"SELECT COUNT(*) FROM loans WHERE requested_amount > amount":                        1,
			"SELECT COUNT(*) FROM users WHERE previous_user_id IS NOT NULL":                     1,
			"SELECT COUNT(*) FROM users WHERE joined_into_id IS NOT NULL":                       1,
			"SELECT COUNT(*) FROM events WHERE user_id IS NOT NULL AND reason IS NOT NULL":      10,
		} {
			if n := count(t, s, query); n < least {
				t.Errorf("%s: %d, want %d at least", query, n, least)
			}
		}
	})
}

func count(t *testing.T, s *store.Store, query string) (n int) {
	t.Helper()
	must(t, s.Reader().QueryRowContext(t.Context(), query).Scan(&n))
	return n
}

func TestASecondFillDoesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := filled(t, s)
		before := count(t, s, "SELECT COUNT(*) FROM events")
		again, err := Fill(t.Context(), d)
		must(t, err)
		if after := count(t, s, "SELECT COUNT(*) FROM events"); again || after != before {
			t.Errorf("a second fill: %v, events %d, then %d", again, before, after)
		}
	})
}

func TestOfTwoServersOneFills(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := desk(t, s)
		type answer struct {
			filled bool
			err    error
		}
		answers := make(chan answer)
		for range 2 {
			go func() {
				done, err := Fill(t.Context(), d)
				answers <- answer{done, err}
			}()
		}
		first, second := <-answers, <-answers
		if first.err != nil || second.err != nil || first.filled == second.filled {
			t.Errorf("two at once: %v and %v", first, second)
		}
		must(t, check(t, s))
	})
}

func TestTheNextRowGetsAFreeKey(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		filled(t, s)
		must(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			u, err := tx.User.Query().Where(user.StatusEQ(user.StatusActive)).First(ctx)
			if err != nil {
				return err
			}
			return tx.BankCard.Create().SetUserID(u.ID).SetNumber(u.Phone).SetNumberHash("x").SetHolderName("x").SetPhone(u.Phone).
				SetStatus(bankcard.StatusPendingReview).Exec(ctx)
		}))
	})
}

func TestDemoUsersSignInWithThePassword(t *testing.T) {
	s := storetest.Open(t, storetest.Dialects[0])
	d := filled(t, s)
	if problem := identity.Password(Password); problem != nil {
		t.Error("the password breaks our own rules:", problem.Code)
	}
	must(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		u, err := tx.User.Query().Where(user.StatusEQ(user.StatusActive)).First(ctx)
		if err != nil {
			return err
		}
		if same, err := d.Passwords.Match(ctx, Password, u.PasswordHash); err != nil || !same {
			t.Errorf("the password does not match: %v", err)
		}
		return nil
	}))
}

// Everything that a person or a firm is known by passes the checks that a form would make.
func TestIdentifiersAreValid(t *testing.T) {
	s := storetest.Open(t, storetest.Dialects[0])
	d := filled(t, s)
	must(t, s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		for _, u := range tx.User.Query().AllX(ctx) {
			phone, err := d.Keys.Open(seal.Phone, u.Phone)
			must(t, err)
			if normal, problem := identity.Phone(phone); problem != nil || normal != phone {
				t.Errorf("phone of user %d: %v", u.ID, problem)
			}
			if name, problem := identity.PersonName(u.Name); problem != nil || name != u.Name {
				t.Errorf("name of user %d: %v", u.ID, problem)
			}
			if u.Email != nil {
				if address, problem := identity.Email(*u.Email); problem != nil || address != *u.Email || !strings.HasSuffix(address, "@example.com") {
					t.Errorf("address of user %d: %v", u.ID, problem)
				}
			}
			if u.NationalIDHash == nil {
				continue
			}
			national, err := d.Keys.Open(seal.NationalID, u.NationalID)
			must(t, err)
			id, problem := identity.ParseResidentID(national, time.Now())
			if problem != nil || id.Age(u.CreatedAt) < 18 {
				t.Errorf("resident ID of user %d: %v, age %d", u.ID, problem, id.Age(u.CreatedAt))
			}
			if hash, err := d.Keys.Hash(seal.NationalID, national); err != nil || hash != *u.NationalIDHash {
				t.Errorf("the hash of user %d's ID is of another", u.ID)
			}
		}
		for _, c := range tx.BankCard.Query().AllX(ctx) {
			number, err := d.Keys.Open(seal.CardNumber, c.Number)
			must(t, err)
			if _, problem := identity.CardNumber(number); problem != nil {
				t.Errorf("number of card %d: %v", c.ID, problem)
			}
		}
		for _, c := range tx.Company.Query().AllX(ctx) {
			if _, problem := identity.CreditCode(c.CreditCode); problem != nil {
				t.Errorf("credit code of %s: %v", c.Name, problem)
			}
		}
		return nil
	}))
	if code := "91350100M000100Y43"; creditCode("350100", "M000100Y") != code { // the standard's own example
		t.Errorf("%s is made as %s", code, creditCode("350100", "M000100Y"))
	}
}

// A checker that finds nothing proves nothing: each of these faults must be seen.
func TestCheckSeesPlantedFaults(t *testing.T) {
	faults := map[string]string{
		"reserved and funded amounts": "UPDATE loans SET reserved_amount = reserved_amount - 1 WHERE status = 'BIDDING' AND reserved_amount > funded_amount",
		"fully funded":                "UPDATE loans SET reserved_amount = 0, funded_amount = 0 WHERE status = 'FULLY_FUNDED'",
		"held, settled and lost":      "UPDATE bids SET status = 'SETTLED' WHERE status = 'HOLDING'",
		"an order of it is open":      "UPDATE disbursements SET state = 'FAILED', finished_at = created_at WHERE state = 'ORDERED'",
		"their own loan":              "UPDATE bids SET investor_id = (SELECT borrower_id FROM loans WHERE loans.id = loan_id)",
		"make the loan's amount":      "UPDATE installments SET principal = principal + 1 WHERE number = 1 AND bid_id IS NULL",
		"add up to it":                "UPDATE installments SET interest = interest + 1 WHERE bid_id IS NOT NULL AND number = 1",
		"make the bid":                "UPDATE installments SET principal = principal + 1 WHERE bid_id IS NOT NULL AND number = 1",
		"reported and not reversed":   "UPDATE repayments SET interest = interest + 1, amount = amount + 1 WHERE reversed_at IS NULL",
		"went to it":                  "UPDATE allocations SET interest = interest + 1 WHERE reversed = FALSE",
		"while the payment does":      "UPDATE allocations SET reversed = TRUE WHERE id = (SELECT MIN(id) FROM allocations WHERE reversed = FALSE)",
		"sum of its parts":            "UPDATE repayments SET amount = amount - 1",
		"a line is PAID":              "UPDATE installments SET status = 'PAID' WHERE status = 'OVERDUE'",
		"a settled loan is paid":      "UPDATE installments SET status = 'PARTLY_PAID' WHERE status = 'PAID'",
		"so by an extension":          "UPDATE installments SET status = 'CANCELLED' WHERE status = 'DUE'",
		"ends with the term":          "UPDATE loans SET term_months = term_months + 1 WHERE status = 'REPAYING'",
		"was quoted":                  "UPDATE service_requests SET quoted_amount = NULL",
		"in time and in status":       "UPDATE events SET from_status = 'CLOSED' WHERE kind = 'APPROVE_REGISTRATION'",
		"the last event says":         "UPDATE users SET status = 'SUSPENDED' WHERE status = 'ACTIVE'",
		"stands in their story, once": "DELETE FROM events WHERE kind = 'WRITE_MESSAGE' AND id = (SELECT MAX(id) FROM events WHERE kind = 'WRITE_MESSAGE')",
		"are in order":                "UPDATE documents SET status_since = (SELECT MIN(at) FROM events)",
		"no lifecycle allows":         "UPDATE events SET kind = 'REJECT_REGISTRATION' WHERE kind = 'APPROVE_REGISTRATION'",
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		filled(t, s)
		for says, fault := range faults {
			undo := fmt.Errorf("undo")
			err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
				if _, err := tx.SQL.ExecContext(ctx, fault); err != nil {
					return fmt.Errorf("%s: %w", fault, err)
				}
				if err := Check(ctx, tx); err == nil || !strings.Contains(err.Error(), says) {
					t.Errorf("after %s\nthe check said: %v", fault, err)
				}
				return undo
			})
			if err != undo {
				t.Error(err)
			}
		}
	})
}

// The index refuses a second bound card; without it the check sees one.
func TestCheckSeesASecondBoundCard(t *testing.T) {
	s := storetest.Open(t, storetest.Dialects[0])
	filled(t, s)
	_, err := s.Writer().ExecContext(t.Context(), "DROP INDEX bank_cards_bound")
	must(t, err)
	_, err = s.Writer().ExecContext(t.Context(), "UPDATE bank_cards SET status = 'BOUND' WHERE status = 'REPLACED'")
	must(t, err)
	if err := check(t, s); err == nil || !strings.Contains(err.Error(), "one bound card") {
		t.Error("the check said:", err)
	}
}

// composed is a book in memory.
func composed(t *testing.T, now time.Time) *book {
	t.Helper()
	written, err := seal.Generate()
	must(t, err)
	keys, err := seal.Parse(written)
	must(t, err)
	zone, err := time.LoadLocation("Asia/Shanghai")
	must(t, err)
	b, err := compose(setting{now: now, seed: seed, zone: zone, keys: keys, administrator: 1, last: map[key.Kind]int64{}, roles: map[string]key.Role{}})
	must(t, err)
	return b
}

func TestTheSameMomentMakesTheSameBook(t *testing.T) {
	tell := func(now time.Time) string {
		b := composed(t, now)
		var all strings.Builder
		for _, u := range b.users {
			fmt.Fprintln(&all, u.ID, u.Name, u.Status, u.CreatedAt, u.UpdatedAt, u.Version)
		}
		for _, l := range b.loans {
			fmt.Fprintln(&all, l.Number, l.BorrowerID, l.Status, l.Amount, l.AnnualRate, l.ReservedAmount, l.FundedAmount, l.CreatedAt)
		}
		for _, o := range b.bids {
			fmt.Fprintln(&all, o.ID, o.LoanID, o.InvestorID, o.Amount, o.Status, o.UpdatedAt)
		}
		for _, e := range b.events {
			fmt.Fprintln(&all, e.SubjectType, e.SubjectID, e.Kind, e.ActorType, e.ActorID, e.At)
		}
		return all.String()
	}
	at := time.Date(2026, 11, 22, 15, 4, 5, 0, time.UTC)
	if first, second := tell(at), tell(at); first != second {
		t.Error("two books of one moment differ")
	}
	if tell(at) == tell(at.AddDate(0, 1, 0)) {
		t.Error("the book does not follow the moment")
	}
}

// Whatever the day of the month, the stories end before now and fill the last eighteen months.
func TestNothingHappensLaterThanNow(t *testing.T) {
	for _, date := range []string{"2024-02-29T00:00:01Z", "2025-03-01T12:00:00Z", "2025-03-31T15:59:59Z", "2025-12-31T23:59:59Z", "2026-05-31T16:00:00Z", "2026-11-22T04:00:00Z"} {
		now, err := time.Parse(time.RFC3339, date)
		must(t, err)
		b := composed(t, now)
		oldest := now
		for _, e := range b.events {
			if e.At.After(now) {
				t.Errorf("on %s %s of %s %d happens at %s", date, e.Kind, e.SubjectType, e.SubjectID, e.At)
			}
			if e.At.Before(oldest) {
				oldest = e.At
			}
		}
		if age := now.Sub(oldest); age < 500*day || age > 550*day {
			t.Errorf("on %s the book goes back %s", date, age)
		}
		for _, l := range b.loans {
			if open := l.ClosesAt != nil && l.ClosesAt.After(now); l.Status == "BIDDING" && !open {
				t.Errorf("on %s loan %s takes bids until %s", date, l.Number, l.ClosesAt)
			}
		}
		for _, o := range b.bids {
			if o.Amount < minimumBid || o.Amount%bidStep != 0 {
				t.Errorf("a bid of %s", o.Amount)
			}
		}
	}
}

func TestCheckSeesCardsThatAreStuckOrPaidForTwice(t *testing.T) {
	for statement, broken := range map[string]string{
		"UPDATE bank_card_attempts SET finished_at = started_at, result = 'FAILED' WHERE finished_at IS NULL":                                           "waits for its check",
		"UPDATE bank_card_attempts SET result = 'PAID' WHERE result = 'PASSED'":                                                                         "paid for once",
		"UPDATE bank_card_attempts SET result = 'WITHDRAWN' WHERE system = 'KXD' AND result = 'PASSED'":                                                 "was passed",
		"UPDATE bank_card_attempts SET finished_at = NULL WHERE result = 'PAID' AND bank_card_id IN (SELECT id FROM bank_cards WHERE status = 'BOUND')": "is open",
	} {
		s := storetest.Open(t, storetest.Dialects[0])
		filled(t, s)
		_, err := s.Writer().ExecContext(t.Context(), statement)
		must(t, err)
		if err := check(t, s); err == nil || !strings.Contains(err.Error(), broken) {
			t.Errorf("after %s: %v", statement, err)
		}
	}
}
