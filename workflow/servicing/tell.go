package servicing

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/disbursement"
	"lenddesk/gateway/finance"
	"lenddesk/gateway/outer"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
)

// Finance is the system that carries orders out; *finance.Client speaks to it.
type Finance interface {
	Put(ctx context.Context, o finance.Order) (finance.Answer, error)
	Ask(ctx context.Context, number string) (finance.Answer, error)
}

// Tell is the job of telling finance of an order, and of asking what became of one that it was told of.
type Tell struct {
	Order int64 `json:"order" river:"unique"`
}

// Kind names the job in the queue.
func (Tell) Kind() string { return "tell_finance" }

// An order of which finance says nothing after so many tries is left to AskAgain.
const tries = 8

// InsertOpts has an order wait in the queue once at a time.
func (Tell) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: tries, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}}
}

// Teller tells finance. It may run as often as one likes: what is reported is not asked about again, and finance knows an order by its number.
type Teller struct {
	river.WorkerDefaults[Tell]
	Office  *Office
	Finance Finance
}

// The wait before finance is asked again that gave no answer at all; it doubles from the first to the last.
const (
	firstWait = time.Second
	lastWait  = 5 * time.Minute
)

// NextRetry waits ever longer, and never in step with others.
func (*Teller) NextRetry(job *river.Job[Tell]) time.Time {
	wait := min(firstWait<<min(job.Attempt-1, 16), lastWait)
	return time.Now().Add(wait/2 + rand.N(wait))
}

// Work tells or asks, and has the answer take effect. Without an answer it does so again later.
func (w *Teller) Work(ctx context.Context, job *river.Job[Tell]) error {
	order, err := w.next(ctx, key.Disbursement(job.Args.Order))
	if err != nil || order == nil {
		return err
	}
	a, err := w.put(ctx, order)
	if err != nil {
		return fmt.Errorf("tell finance: %w", err)
	}
	// What was answered takes effect even when the request to stop came in between.
	return w.Office.Reported(context.WithoutCancel(ctx), a)
}

// next reads an order and notes that finance is asked, before it is: so one that was never noted was never put. It returns nil when nothing is waited for.
func (w *Teller) next(ctx context.Context, k key.Disbursement) (order *ent.Disbursement, err error) {
	err = w.Office.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		d, err := tx.Disbursement.Get(ctx, k)
		if err != nil {
			return fmt.Errorf("read the order: %w", err)
		}
		if _, err := inTurn(ctx, tx, d.LoanID); err != nil {
			return err
		}
		if d, err = tx.Disbursement.Get(ctx, k); err != nil { // whoever had the turn before may have asked, or brought the report
			return fmt.Errorf("read the order: %w", err)
		}
		if d.State != disbursement.StateOrdered {
			return nil
		}
		if err := tx.Disbursement.UpdateOneID(k).AddAsks(1).SetAskedAt(lifecycle.Now()).Exec(ctx); err != nil {
			return fmt.Errorf("note the question: %w", err)
		}
		order = d.Unwrap()
		return nil
	})
	return order, err
}

// put asks what became of an order that finance was told of before, and puts it anew when it is forgotten there, under the same number.
func (w *Teller) put(ctx context.Context, d *ent.Disbursement) (finance.Answer, error) {
	if d.Asks > 0 { // as it was read, before this time
		a, err := w.Finance.Ask(ctx, d.Number)
		if !errors.Is(err, outer.ErrUnknown) {
			return a, err
		}
	}
	order, err := w.Office.spell(ctx, d)
	if err != nil {
		return finance.Answer{}, err
	}
	return w.Finance.Put(ctx, order)
}

// spell writes an order out as finance needs it, with every card in full. What it says is the same at any time: cards that were bound once keep their
// number and holder, and the currency is that of the moment of the order.
func (o *Office) spell(ctx context.Context, d *ent.Disbursement) (order finance.Order, err error) {
	var collections []Collection
	if err := json.Unmarshal([]byte(d.Collections), &collections); err != nil {
		return order, fmt.Errorf("read the order %s: %w", d.Number, err)
	}
	named := []key.BankCard{d.PayeeCardID}
	for _, c := range collections {
		named = append(named, c.Card)
	}
	cards := make(map[key.BankCard]*ent.BankCard, len(named))
	err = o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		l, err := tx.Loan.Get(ctx, d.LoanID)
		if err != nil {
			return fmt.Errorf("read loan: %w", err)
		}
		values, err := o.ParametersAt(ctx, tx, d.CreatedAt)
		if err != nil {
			return err
		}
		order = finance.Order{Number: d.Number, LoanNumber: l.Number, Currency: values.Text(parameter.Currency)}
		for some := range slices.Chunk(named, atOnce) {
			found, err := tx.BankCard.Query().Where(bankcard.IDIn(some...)).All(ctx)
			if err != nil {
				return fmt.Errorf("read cards: %w", err)
			}
			for _, c := range found {
				cards[c.ID] = c
			}
		}
		return nil
	})
	if err != nil {
		return order, err
	}
	if order.Payee, err = o.full(cards[d.PayeeCardID]); err != nil {
		return order, err
	}
	for _, c := range collections {
		payer, err := o.full(cards[c.Card])
		if err != nil {
			return order, err
		}
		order.Amount += c.Amount
		order.Collections = append(order.Collections, finance.Collection{BidID: o.IDs.Encode(key.KindBid, int64(c.Bid)), Amount: c.Amount, Card: payer})
	}
	return order, nil
}

// full is a card with everything that its bank knows.
func (o *Office) full(c *ent.BankCard) (finance.Card, error) {
	number, e1 := o.Keys.Open(seal.CardNumber, c.Number)
	phone, e2 := o.Keys.Open(seal.Phone, c.Phone)
	nationalID, e3 := "", error(nil)
	if len(c.NationalID) > 0 {
		nationalID, e3 = o.Keys.Open(seal.NationalID, c.NationalID)
	}
	if err := errors.Join(e1, e2, e3); err != nil {
		return finance.Card{}, fmt.Errorf("open the card: %w", err)
	}
	return finance.Card{HolderName: c.HolderName, NationalID: nationalID, Number: number, Phone: phone}, nil
}
