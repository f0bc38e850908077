package binding

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/gateway/kxd"
	"lenddesk/gateway/kxdm"
	"lenddesk/gateway/outer"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
)

// KXD is the platform's system that checks cards; *kxd.Client speaks to it.
type KXD interface {
	Verify(ctx context.Context, v kxd.Verification) (kxd.Answer, error)
	Ask(ctx context.Context, requestID string) (kxd.Answer, error)
}

// KXDM is the platform's system that takes payments to the bank; *kxdm.Client speaks to it.
type KXDM interface {
	Start(ctx context.Context, p kxdm.Payment) (kxdm.Answer, error)
	Ask(ctx context.Context, requestID string) (kxdm.Answer, error)
}

// Ask is the job of putting a question about a card.
type Ask struct {
	Attempt int64 `json:"attempt" river:"unique"`
}

// Kind names the job in the queue.
func (Ask) Kind() string { return "ask_about_card" }

// A question that is not answered after so many tries is left to AskAgain.
const tries = 8

// InsertOpts has a question wait in the queue once at a time.
func (Ask) InsertOpts() river.InsertOpts {
	return river.InsertOpts{MaxAttempts: tries, UniqueOpts: river.UniqueOpts{ByArgs: true, ByState: []rivertype.JobState{
		rivertype.JobStateAvailable, rivertype.JobStatePending, rivertype.JobStateRetryable, rivertype.JobStateRunning, rivertype.JobStateScheduled,
	}}}
}

// Asker puts questions. It may run as often as one likes: what is finished is not asked again, and the other side knows a question by its request id.
type Asker struct {
	river.WorkerDefaults[Ask]
	Office *Office
	KXD    KXD
	KXDM   KXDM
}

// The wait before a question is put again that got no answer at all; it doubles from the first to the last.
const (
	firstWait = time.Second
	lastWait  = 5 * time.Minute
)

// NextRetry waits ever longer, and never in step with others.
func (*Asker) NextRetry(job *river.Job[Ask]) time.Time {
	wait := min(firstWait<<min(job.Attempt-1, 16), lastWait)
	return time.Now().Add(wait/2 + rand.N(wait))
}

// question is what is asked in one run.
type question struct {
	attempt *ent.BankCardAttempt
	card    *ent.BankCard
	ended   bool // the card waits for no answer any more: only what became of the question is asked
}

// Work asks, and has the answer take effect. Without an answer it is asked again later.
func (w *Asker) Work(ctx context.Context, job *river.Job[Ask]) error {
	q, err := w.next(ctx, key.BankCardAttempt(job.Args.Attempt))
	if err != nil || q == nil {
		return err
	}
	a, err := w.put(ctx, q)
	if q.ended && errors.Is(err, outer.ErrUnknown) {
		return w.Office.giveUp(context.WithoutCancel(ctx), q.attempt.ID)
	}
	if err != nil {
		return fmt.Errorf("ask %s: %w", q.attempt.System, err)
	}
	// What was answered takes effect even when the request to stop came in between.
	return w.Office.settle(context.WithoutCancel(ctx), a)
}

// next reads a question and notes that it is asked, before it is: so one that was never noted was never put. It returns nil when there is nothing to ask.
func (w *Asker) next(ctx context.Context, k key.BankCardAttempt) (q *question, err error) {
	err = w.Office.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		a, err := tx.BankCardAttempt.Get(ctx, k)
		if err != nil {
			return fmt.Errorf("read the question: %w", err)
		}
		c, err := inTurn(ctx, tx, a.BankCardID)
		if err != nil {
			return err
		}
		if a, err = tx.BankCardAttempt.Get(ctx, k); err != nil { // whoever had the turn before may have asked, or brought the answer
			return fmt.Errorf("read the question: %w", err)
		}
		if a.FinishedAt != nil {
			return nil
		}
		ended := c.Status != awaits[a.System]
		if ended && a.Asks == 0 {
			return finish(ctx, tx, a.ID, withdrawn, "")
		}
		if err := tx.BankCardAttempt.UpdateOneID(k).AddAsks(1).SetAskedAt(lifecycle.Now()).Exec(ctx); err != nil {
			return fmt.Errorf("note the question: %w", err)
		}
		q = &question{attempt: a.Unwrap(), card: c.Unwrap(), ended: ended}
		return nil
	})
	return q, err
}

// awaits is the status of a card that waits for a system's answer.
var awaits = map[bankcardattempt.System]bankcard.Status{
	bankcardattempt.SystemKxd: bankcard.StatusPendingReview, bankcardattempt.SystemKxdm: bankcard.StatusPendingBinding,
}

// put asks what became of a question that was asked before, and puts it anew when the other side has forgotten it, under the same id.
func (w *Asker) put(ctx context.Context, q *question) (answer, error) {
	id := q.attempt.RequestID
	open := func(what seal.Purpose, sealed seal.Sealed) (string, error) {
		if len(sealed) == 0 {
			return "", nil
		}
		return w.Office.Keys.Open(what, sealed)
	}
	number, e1 := open(seal.CardNumber, q.card.Number)
	phone, e2 := open(seal.Phone, q.card.Phone)
	nationalID, e3 := open(seal.NationalID, q.card.NationalID)
	if err := errors.Join(e1, e2, e3); err != nil {
		return answer{}, fmt.Errorf("open the card: %w", err)
	}
	first, again := func() (answer, error) {
		a, err := w.KXD.Verify(ctx, kxd.Verification{
			RequestID: id, HolderName: q.card.HolderName, NationalID: nationalID, CardNumber: number, Phone: phone,
		})
		return ofKXD(a), err
	}, func() (answer, error) {
		a, err := w.KXD.Ask(ctx, id)
		return ofKXD(a), err
	}
	if q.attempt.System == bankcardattempt.SystemKxdm {
		first, again = func() (answer, error) {
			a, err := w.KXDM.Start(ctx, kxdm.Payment{
				RequestID: id, HolderName: q.card.HolderName, NationalID: nationalID, CardNumber: number, Phone: phone,
				Amount: *q.attempt.Amount, Currency: *q.attempt.Currency,
			})
			return ofKXDM(a), err
		}, func() (answer, error) {
			a, err := w.KXDM.Ask(ctx, id)
			return ofKXDM(a), err
		}
	}
	if q.attempt.Asks > 0 { // as it was read, before this time
		a, err := again()
		if q.ended || !errors.Is(err, outer.ErrUnknown) {
			return a, err
		}
	}
	return first()
}
