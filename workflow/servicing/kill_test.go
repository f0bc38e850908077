package servicing_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"lenddesk/access"
	"lenddesk/demo"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/ent/bid"
	"lenddesk/ent/disbursement"
	"lenddesk/ent/event"
	"lenddesk/ent/installment"
	"lenddesk/ent/loan"
	"lenddesk/ent/message"
	"lenddesk/ent/user"
	"lenddesk/gateway/finance"
	"lenddesk/gateway/outer"
	"lenddesk/jobs"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/store/storetest"
	"lenddesk/workflow"
	"lenddesk/workflow/administration"
	"lenddesk/workflow/servicing"
)

// town is a desk over an installed database, with a borrower and three investors. Nothing works its queue: the tests do.
type town struct {
	*workflow.Desk
	people []key.User // the borrower first
	cards  []key.BankCard
	loans  int
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func build(t *testing.T, s *store.Store) *town {
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
	tn := &town{Desk: &workflow.Desk{Store: s, Queue: queue, Keys: keys, IDs: ids, Passwords: passwords}}
	_, _, err = (&administration.Office{Desk: tn.Desk}).Install(t.Context(), administration.First{})
	must(t, err)
	must(t, s.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
		for n := range 4 {
			phone, hash, err := tn.Hide(seal.Phone, fmt.Sprintf("+861390000000%d", n))
			if err != nil {
				return err
			}
			u, err := tx.User.Create().SetName(fmt.Sprint("Person ", n)).SetEmail(fmt.Sprintf("p%d@example.com", n)).SetPhone(phone).SetPhoneHash(hash).SetPasswordHash("x").
				SetLocale("en").SetBorrower(true).SetInvestor(true).SetStatus(user.StatusActive).Save(ctx)
			if err != nil {
				return err
			}
			tn.people = append(tn.people, u.ID)
			if err := tell(ctx, tx, key.KindUser, int64(u.ID), "registerUser PENDING_REVIEW", "approveRegistration PENDING_REVIEW ACTIVE"); err != nil {
				return err
			}
			c, err := tn.card(ctx, tx, u.ID, n)
			if err != nil {
				return err
			}
			tn.cards = append(tn.cards, c)
		}
		return nil
	}))
	return tn
}

// card binds a card, whose number tells which.
func (tn *town) card(ctx context.Context, tx *store.Tx, of key.User, n int) (key.BankCard, error) {
	number, hash, err := tn.Hide(seal.CardNumber, cardNumber(n))
	if err != nil {
		return 0, err
	}
	phone, err := tn.Keys.Seal(seal.Phone, "+8613800138000")
	if err != nil {
		return 0, err
	}
	nationalID, err := tn.Keys.Seal(seal.NationalID, "11010519491231002X")
	if err != nil {
		return 0, err
	}
	c, err := tx.BankCard.Create().SetUserID(of).SetStatus(bankcard.StatusBound).SetNumber(number).SetNumberHash(hash).SetHolderName(fmt.Sprint("Holder ", n)).
		SetPhone(phone).SetNationalID(nationalID).Save(ctx)
	if err != nil {
		return 0, err
	}
	for system, result := range map[bankcardattempt.System]string{bankcardattempt.SystemKxd: "PASSED", bankcardattempt.SystemKxdm: "PAID"} {
		asked := tx.BankCardAttempt.Create().SetBankCardID(c.ID).SetSystem(system).SetRequestID(fmt.Sprint(system, n)).SetResult(result).SetFinishedAt(lifecycle.Now())
		if system == bankcardattempt.SystemKxdm {
			asked.SetAmount(1).SetCurrency("CNY")
		}
		if err := asked.Exec(ctx); err != nil {
			return 0, err
		}
	}
	return c.ID, tell(ctx, tx, key.KindBankCard, int64(c.ID), "bindBankCard PENDING_REVIEW", "passVerification PENDING_REVIEW PENDING_BINDING", "confirmBinding PENDING_BINDING BOUND")
}

func cardNumber(n int) string { return fmt.Sprintf("6222020000000%03d", n) }

// tell writes the events by which a row came to where it stands: each step is "move from to".
func tell(ctx context.Context, tx *store.Tx, kind key.Kind, id int64, steps ...string) error {
	for _, s := range steps {
		words := strings.Fields(s)
		e := tx.Event.Create().SetKind(lifecycle.Kind(words[0])).SetSubjectType(string(kind)).SetSubjectID(id).SetActorType("SystemActor").SetActorID(0).
			SetActorName("fixture").SetTo(words[len(words)-1]).SetAt(lifecycle.Now())
		if len(words) == 3 {
			e.SetFrom(words[1])
		}
		if err := e.Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// full is a loan of 3,000.00 that three bids have filled.
func (tn *town) full(t *testing.T) (made key.Loan) {
	t.Helper()
	tn.loans++
	must(t, tn.Store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
		l, err := tx.Loan.Create().SetNumber(fmt.Sprintf("L%d", tn.loans)).SetBorrowerID(tn.people[0]).SetStatus(loan.StatusFullyFunded).SetPurpose(loan.PurposeEquipment).
			SetRepaymentMethod(loan.RepaymentMethodEqualInstallments).SetRequestedAmount(3000_00).SetRequestedAnnualRate(12_0000).SetRequestedTermMonths(3).
			SetAmount(3000_00).SetAnnualRate(12_0000).SetTermMonths(3).SetSubmittedAt(lifecycle.Now()).SetReservedAmount(3000_00).SetFundedAmount(3000_00).Save(ctx)
		if err != nil {
			return err
		}
		made = l.ID
		for _, investor := range tn.people[1:] {
			b, err := tx.Bid.Create().SetLoanID(l.ID).SetInvestorID(investor).SetAmount(1000_00).SetStatus(bid.StatusApproved).Save(ctx)
			if err != nil {
				return err
			}
			if err := tell(ctx, tx, key.KindBid, int64(b.ID), "placeBid APPROVED"); err != nil {
				return err
			}
		}
		return tell(ctx, tx, key.KindLoan, int64(l.ID), "applyForLoan DRAFT", "submitLoanApplication DRAFT MATERIALS_REVIEW", "approveLoanMaterials MATERIALS_REVIEW APPLICATION_REVIEW",
			"approveLoanApplication APPLICATION_REVIEW APPROVED", "listLoan APPROVED BIDDING", "fillListing BIDDING FULLY_FUNDED")
	}))
	return made
}

// approve is how the funding is approved: by the first administrator, who has every permission.
func (tn *town) approve(ctx context.Context, t *testing.T, l key.Loan) error {
	t.Helper()
	who, err := tn.Store.Client().Staff.Query().OnlyID(ctx)
	must(t, err)
	ctx = workflow.Trying(access.With(ctx, access.Viewer{Staff: who, Permissions: access.EveryPermission, Locale: "en"}),
		workflow.Try{Scope: "staff", Key: fmt.Sprint(l), Mutation: "approveFunding", Input: "x"})
	_, err = workflow.Once(ctx, tn.Desk, (&servicing.Office{Desk: tn.Desk}).ApproveFunding, servicing.ApproveFundingInput{LoanID: tn.IDs.Encode(key.KindLoan, int64(l))})
	return err
}

// tellings are the jobs of telling finance that the queue has, with their orders.
func (tn *town) tellings(t *testing.T) map[int64]int64 {
	t.Helper()
	column := "json_extract(args, '$.order')"
	if tn.Store.Dialect() == dialect.Postgres {
		column = "CAST(args->>'order' AS bigint)"
	}
	rows, err := tn.Store.Reader().QueryContext(t.Context(), "SELECT id, "+column+" FROM river_job WHERE kind = 'tell_finance' ORDER BY id")
	must(t, err)
	defer rows.Close()
	waiting := map[int64]int64{}
	for rows.Next() {
		var id, order int64
		must(t, rows.Scan(&id, &order))
		waiting[id] = order
	}
	must(t, rows.Err())
	return waiting
}

// done notes that a job is done.
func (tn *town) done(t *testing.T, job int64) {
	t.Helper()
	_, err := tn.Store.Writer().ExecContext(t.Context(), fmt.Sprintf("DELETE FROM river_job WHERE id = %d", job))
	must(t, err)
}

// tells does one job of telling finance.
func (tn *town) tells(ctx context.Context, f servicing.Finance, order int64) error {
	teller := &servicing.Teller{Office: &servicing.Office{Desk: tn.Desk}, Finance: f}
	return teller.Work(ctx, &river.Job[servicing.Tell]{JobRow: &rivertype.JobRow{Attempt: 1, MaxAttempts: 8}, Args: servicing.Tell{Order: order}})
}

// distant is a finance system that carries an order out once under its number, and says what it is told to say. later: by call-back.
type distant struct {
	*storetest.Mortal
	t       *testing.T
	later   bool
	fails   string // the answer is a failure: "whole", or "bid" for that of the oldest bid
	orders  map[string]finance.Order
	heard   int
	answers map[string]finance.Answer
}

func (d *distant) say(number string) finance.Answer {
	if d.later {
		return finance.Answer{OrderNumber: number, Result: finance.Accepted}
	}
	return d.answers[number]
}

func (d *distant) Put(_ context.Context, o finance.Order) (finance.Answer, error) {
	if err := d.Live(); err != nil { // dead before it was heard
		return finance.Answer{}, err
	}
	d.heard++
	if was, known := d.orders[o.Number]; known && !reflect.DeepEqual(was, o) {
		d.t.Errorf("another content under %s", o.Number)
	}
	d.orders[o.Number] = o
	if _, decided := d.answers[o.Number]; !decided {
		a := finance.Answer{OrderNumber: o.Number, Result: finance.Confirmed, Reference: "F " + o.Number, DisbursedAt: time.Now()}
		switch d.fails {
		case "whole":
			a = finance.Answer{OrderNumber: o.Number, Result: finance.Failed, Reason: "The bank refuses."}
		case "bid":
			a = finance.Answer{OrderNumber: o.Number, Result: finance.Failed, Reason: "No money.", FailedBidIDs: []string{o.Collections[0].BidID}}
		}
		d.answers[o.Number] = a
	}
	return d.say(o.Number), d.Live() // or dead before the answer was
}

func (d *distant) Ask(_ context.Context, number string) (finance.Answer, error) {
	if err := d.Live(); err != nil {
		return finance.Answer{}, err
	}
	if _, known := d.orders[number]; !known {
		return finance.Answer{}, outer.ErrUnknown
	}
	return d.say(number), d.Live()
}

// The program is killed at each step from the approval of the funding to the end of its order, once at a time. However that goes: finance has one order, carried
// out once, and its report has one effect.
func TestKilledAtAnyStepAnOrderEndsTheSame(t *testing.T) {
	for _, way := range []struct {
		later bool
		fails string
	}{{}, {later: true}, {fails: "whole"}, {fails: "bid", later: true}} {
		t.Run(fmt.Sprintf("later %v, fails %q", way.later, way.fails), func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) {
				tn := build(t, st)
				m := &storetest.Mortal{}
				st.Client().Use(m.Hook)
				for at := 1; ; at++ {
					m.DieAt(0)
					l := tn.full(t)
					bank := &distant{Mortal: m, t: t, later: way.later, fails: way.fails, orders: map[string]finance.Order{}, answers: map[string]finance.Answer{}}
					m.DieAt(at)
					for err := tn.approve(t.Context(), t, l); err != nil; err = tn.approve(t.Context(), t, l) {
						if !errors.Is(err, storetest.ErrKilled) {
							t.Fatal(err)
						}
						m.Restart()
					}
					tn.works(t, bank)
					tn.ended(t, bank, l, at)
					if !m.Died {
						t.Logf("%d steps", at-1)
						if at < 12 {
							t.Errorf("only %d steps were found to die at", at-1)
						}
						break
					}
				}
				m.DieAt(0)
				must(t, st.InTx(t.Context(), demo.Check))
			})
		})
	}
}

// works does what is in the queue until nothing is, and has finance call back in between, twice.
func (tn *town) works(t *testing.T, bank *distant) {
	t.Helper()
	for range 20 {
		waiting := tn.tellings(t)
		for id, order := range waiting {
			err := tn.tells(t.Context(), bank, order)
			if err == nil {
				err = bank.Live() // dead before the queue has noted it
			}
			switch {
			case errors.Is(err, storetest.ErrKilled):
				bank.Restart()
				continue
			case err != nil:
				t.Fatal(err)
			}
			tn.done(t, id)
		}
		if len(waiting) > 0 {
			continue
		}
		if bank.later {
			for _, a := range bank.answers {
				for thanks := 0; thanks < 2; {
					switch err := (&servicing.Office{Desk: tn.Desk}).Reported(t.Context(), a); {
					case err == nil:
						thanks++
					case errors.Is(err, storetest.ErrKilled):
						bank.Restart()
					default:
						t.Fatal(err)
					}
				}
			}
		}
		return
	}
	t.Fatal("the queue is never empty")
}

// ended says what stands at the end, whenever the program was killed.
func (tn *town) ended(t *testing.T, bank *distant, l key.Loan, at int) {
	t.Helper()
	client, ctx := tn.Store.Client(), t.Context()
	want := map[string]string{
		"": "REPAYING CONFIRMED APPROVE_FUNDING CONFIRM_DISBURSEMENT", "whole": "FULLY_FUNDED FAILED APPROVE_FUNDING FAIL_DISBURSEMENT", "bid": "BIDDING FAILED APPROVE_FUNDING FAIL_DISBURSEMENT",
	}[bank.fails]
	after, err := client.Loan.Get(ctx, l)
	must(t, err)
	orders, err := client.Disbursement.Query().Where(disbursement.LoanID(l)).All(ctx)
	must(t, err)
	events, err := client.Event.Query().Where(event.SubjectType(string(key.KindLoan)), event.SubjectID(int64(l))).Order(event.ByID()).All(ctx)
	must(t, err)
	story := []string{string(after.Status)}
	for _, o := range orders {
		story = append(story, string(o.State))
	}
	for _, e := range events[6:] {
		story = append(story, e.Kind)
	}
	if got := strings.Join(story, " "); got != want {
		t.Errorf("killed at step %d: %s, want %s", at, got, want)
	}
	if len(bank.orders) != 1 {
		t.Errorf("killed at step %d: finance has %d orders", at, len(bank.orders))
	}
	lines, err := client.Installment.Query().Where(installment.LoanID(l)).Count(ctx)
	must(t, err)
	taken := map[string]money.Amount{"": 3000_00, "whole": 3000_00, "bid": 2000_00}[bank.fails]
	planned := map[string]int{"": 3 * 4}[bank.fails]
	if lines != planned || after.FundedAmount != taken || after.ReservedAmount != taken {
		t.Errorf("killed at step %d: %d lines, %s funded", at, lines, after.FundedAmount)
	}
	told, err := client.Message.Query().Where(message.KindIn("loan_disbursed", "bid_released")).Count(ctx)
	must(t, err)
	if each := map[string]int{"": 1, "bid": 1}[bank.fails]; told != each*tn.loans {
		t.Errorf("killed at step %d: %d mails for %d loans", at, told, tn.loans)
	}
}

// forgetful is a finance system that forgets everything it hears.
type forgetful struct {
	orders []finance.Order
}

func (f *forgetful) Put(_ context.Context, o finance.Order) (finance.Answer, error) {
	f.orders = append(f.orders, o)
	return finance.Answer{}, outer.ErrUnavailable
}

func (*forgetful) Ask(context.Context, string) (finance.Answer, error) {
	return finance.Answer{}, outer.ErrUnknown
}

// What an order says is the same whenever it is put: the cards that were bound when the funding was approved, in full, and the currency of that moment.
func TestAnOrderSaysTheSameWheneverItIsPut(t *testing.T) {
	storetest.Each(t, func(t *testing.T, st *store.Store) {
		tn := build(t, st)
		l := tn.full(t)
		must(t, tn.approve(t.Context(), t, l))
		forgets := &forgetful{}
		put := func() {
			t.Helper()
			for _, order := range tn.tellings(t) {
				if err := tn.tells(t.Context(), forgets, order); !errors.Is(err, outer.ErrUnavailable) {
					t.Fatal(err)
				}
			}
		}
		put()
		must(t, st.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
			for n, of := range tn.people {
				if err := tx.BankCard.UpdateOneID(tn.cards[n]).SetStatus(bankcard.StatusReplaced).Exec(ctx); err != nil {
					return err
				}
				if _, err := tn.card(ctx, tx, of, 100+n); err != nil {
					return err
				}
			}
			return tx.Parameter.Create().SetName("CURRENCY").SetValue("USD").SetEffectiveAt(lifecycle.Now()).Exec(ctx)
		}))
		put()
		if len(forgets.orders) != 2 || !reflect.DeepEqual(forgets.orders[0], forgets.orders[1]) {
			t.Fatalf("put %d times, each time something else", len(forgets.orders))
		}
		card := func(n int) finance.Card {
			return finance.Card{HolderName: fmt.Sprint("Holder ", n), NationalID: "11010519491231002X", Number: cardNumber(n), Phone: "+8613800138000"}
		}
		bids, err := st.Client().Bid.Query().Where(bid.LoanID(l)).Order(bid.ByID()).IDs(t.Context())
		must(t, err)
		expected := finance.Order{Number: "L1-1", LoanNumber: "L1", Amount: 3000_00, Currency: "CNY", Payee: card(0)}
		for n, b := range bids {
			expected.Collections = append(expected.Collections, finance.Collection{BidID: tn.IDs.Encode(key.KindBid, int64(b)), Amount: 1000_00, Card: card(1 + n)})
		}
		if !reflect.DeepEqual(forgets.orders[0], expected) {
			t.Errorf("the order is %+v, want %+v", forgets.orders[0], expected)
		}
	})
}
