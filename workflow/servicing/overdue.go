package servicing

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/loan"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money/ledger"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// EndDay is the job of looking at every loan that is being paid back: what is overdue, what is cured, what is in default. Day is the business day, today
// when empty.
type EndDay struct {
	Day string `json:"day,omitempty"`
}

// Kind names the job in the queue.
func (EndDay) Kind() string { return "end_day" }

// DayEnder works EndDay.
type DayEnder struct {
	river.WorkerDefaults[EndDay]
	Office *Office
}

// Timeout is longer than other jobs': a large book has many loans.
func (*DayEnder) Timeout(*river.Job[EndDay]) time.Duration { return 30 * time.Minute }

// Work looks at every loan on the job's day.
func (w *DayEnder) Work(ctx context.Context, job *river.Job[EndDay]) error {
	return w.Office.EndDay(ctx, job.Args.Day)
}

// watched are the statuses of a loan that time changes.
var watched = []loan.Status{loan.StatusRepaying, loan.StatusOverdue, loan.StatusDefaulted}

// EndDay charges penalties through a business day and moves every loan to where its rows then say: overdue, cured, in default after DEFAULT_DAYS, written off
// after WRITE_OFF_DAYS. It may be run for any day, and as often as one likes: a day that was looked at before changes nothing.
func (o *Office) EndDay(ctx context.Context, day string) error {
	ctx = access.AsSystem(ctx, clerk)
	var on ledger.Day
	var loans []key.Loan
	err := o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		on = ledger.DayOf(lifecycle.Now().In(values.Location(parameter.TimeZoneName)))
		if day != "" {
			var ok bool
			if on, ok = ledger.ParseDay(day); !ok {
				return fmt.Errorf("%q is no day", day)
			}
		}
		loans, err = tx.Loan.Query().Where(loan.StatusIn(watched...), loan.Or(loan.AccruedOnIsNil(), loan.AccruedOnLT(on.String()))).Order(loan.ByID()).IDs(ctx)
		if err != nil {
			return fmt.Errorf("look for loans: %w", err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	var broken []error
	for _, k := range loans {
		if err := o.look(ctx, k, on); err != nil {
			broken = append(broken, fmt.Errorf("loan %d: %w", k, err))
		}
	}
	return errors.Join(broken...)
}

// look moves one loan to where its rows say that it stands at the end of a day.
func (o *Office) look(ctx context.Context, k key.Loan, on ledger.Day) error {
	return o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		l, err := inTurn(ctx, tx, k)
		if err != nil {
			return err
		}
		b, err := o.openBook(ctx, tx, l)
		if err != nil {
			return err
		}
		if on <= b.seen(on-1) { // somebody was faster
			return nil
		}
		b.charge(on)
		if err := b.save(ctx, tx, on); err != nil {
			return err
		}
		if err := tx.Loan.Update().Where(loan.ID(k)).SetAccruedOn(on.String()).Exec(ctx); err != nil {
			return fmt.Errorf("note the day: %w", err)
		}
		late := ledger.DaysLate(b.lines, on, b.rules.grace)
		for {
			var err error
			switch {
			case l.Status == loan.StatusRepaying && late > 0:
				err = o.step(ctx, tx, l, lifecycle.MarkOverdue, tx.Loan.Update(), lifecycle.Said{})
				if err == nil {
					err = o.tell(ctx, tx, l, mailing.LoanOverdue, map[string]any{"amount": b.late(on).String()})
				}
			case l.Status == loan.StatusOverdue && late == 0:
				err = o.step(ctx, tx, l, lifecycle.CureLoan, tx.Loan.Update(), lifecycle.Said{})
			case l.Status == loan.StatusOverdue && late > b.rules.defaultDays:
				err = o.step(ctx, tx, l, lifecycle.DefaultLoan, tx.Loan.Update().SetDefaultedAt(lifecycle.Now()), lifecycle.Said{})
			case l.Status == loan.StatusDefaulted && late > b.rules.writeOff:
				err = o.step(ctx, tx, l, lifecycle.WriteOffLoan, tx.Loan.Update(), lifecycle.Said{})
				if err == nil {
					err = eachBid(ctx, tx, l.ID, lifecycle.LoseBid)
				}
			default:
				return nil
			}
			if err != nil {
				return err
			}
			if l, err = tx.Loan.Get(ctx, k); err != nil {
				return fmt.Errorf("read loan: %w", err)
			}
		}
	})
}

func (o *Office) step(ctx context.Context, tx *store.Tx, l *ent.Loan, move lifecycle.Move[loan.Status], changed *ent.LoanUpdate, said lifecycle.Said) error {
	return lifecycle.Make(ctx, tx, move, changed, ofLoan(l), said)
}

// EndInput names a loan, and says why it is given up.
type EndInput struct {
	LoanID          string
	Reason          *string
	ExpectedVersion *int
}

// Default gives a loan up as regular that is overdue. Payments are still taken.
//
// It returns REQUIRED, TOO_LONG at reason; NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT, SAME_PERSON.
func (o *Office) Default(ctx context.Context, in EndInput) (key.Loan, error) {
	return o.giveUp(ctx, in, lifecycle.DefaultLoan)
}

// WriteOff takes a loan in default as lost: its bids are lost, too. What still comes in is shared among them.
//
// It returns REQUIRED, TOO_LONG at reason; NOT_FOUND, NOT_ALLOWED_NOW, CONFLICT, SAME_PERSON.
func (o *Office) WriteOff(ctx context.Context, in EndInput) (key.Loan, error) {
	return o.giveUp(ctx, in, lifecycle.WriteOffLoan)
}

func (o *Office) giveUp(ctx context.Context, in EndInput, move lifecycle.Move[loan.Status]) (key.Loan, error) {
	if err := move.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var entered fault.List
	reason := workflow.Reason(&entered, in.Reason)
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Loan, error) {
		faults := append(fault.List{}, entered...)
		l, err := o.loan(ctx, tx, in.LoanID)
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		changed := tx.Loan.Update()
		if move.Name == lifecycle.DefaultLoan.Name {
			changed.SetDefaultedAt(lifecycle.Now())
		}
		if err := o.step(ctx, tx, l, move, changed, lifecycle.Said{Reason: reason, Expected: in.ExpectedVersion}); err != nil {
			return 0, err
		}
		if move.Name == lifecycle.WriteOffLoan.Name {
			return l.ID, eachBid(ctx, tx, l.ID, lifecycle.LoseBid)
		}
		return l.ID, nil
	})
}
