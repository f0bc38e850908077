package marketplace

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"lenddesk/access"
	"lenddesk/ent/loan"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
)

// CloseListings is the job of ending listings whose time is over, and full ones that nobody reviews.
type CloseListings struct{}

// Kind names the job in the queue.
func (CloseListings) Kind() string { return "close_listings" }

// atOnce is how many loans one run looks at; the next run takes the others.
const atOnce = 500

// Closer ends listings. It may run as often as one likes.
type Closer struct {
	river.WorkerDefaults[CloseListings]
	Office *Office
}

// Work ends every listing that is over now.
func (w *Closer) Work(ctx context.Context, _ *river.Job[CloseListings]) error {
	_, err := w.Office.Close(ctx, lifecycle.Now())
	return err
}

// Close ends the listings that are over at a moment and tells how many failed: the time is up and bids do not make the amount; bids make it, but their
// reviews took longer than BID_REVIEW_HOURS; the listing is full and was not reviewed for FUNDING_REVIEW_DAYS.
func (o *Office) Close(ctx context.Context, at time.Time) (failed int, err error) {
	ctx = access.AsSystem(ctx, clerk)
	var over []key.Loan
	var waits, reviews time.Duration
	err = o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		waits = time.Duration(values.Int(parameter.BidReviewHours)) * time.Hour
		reviews = time.Duration(values.Int(parameter.FundingReviewDays)) * 24 * time.Hour
		over, err = tx.Loan.Query().Where(loan.Or(
			loan.And(loan.StatusEQ(loan.StatusBidding), loan.ClosesAtLTE(at)),
			loan.And(loan.StatusEQ(loan.StatusFullyFunded), loan.StatusSinceLTE(at.Add(-reviews))),
		)).Order(loan.ByClosesAt(), loan.ByID()).Limit(atOnce).IDs(ctx)
		if err != nil {
			return fmt.Errorf("look for listings that are over: %w", err)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	var broken []error
	for _, k := range over {
		ended, err := o.end(ctx, k, at, waits, reviews)
		if err != nil {
			broken = append(broken, err)
		}
		if ended {
			failed++
		}
	}
	return failed, errors.Join(broken...)
}

// end fails one listing, if it still is over. Somebody may have been faster: then it is left alone.
func (o *Office) end(ctx context.Context, k key.Loan, at time.Time, waits, reviews time.Duration) (ended bool, err error) {
	err = o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		l, err := read(ctx, tx, k)
		if err != nil {
			return err
		}
		switch {
		case l.Status == loan.StatusBidding && l.ClosesAt != nil && !l.ClosesAt.After(at):
			if l.ReservedAmount == l.Amount && at.Before(l.ClosesAt.Add(waits)) {
				return nil // waits for the reviews of its bids
			}
		case l.Status == loan.StatusFullyFunded && !l.StatusSince.After(at.Add(-reviews)):
		default:
			return nil
		}
		version := l.Version
		ended = true
		return Fail(ctx, o.Desk, tx, l, lifecycle.CloseListing, lifecycle.Said{Expected: &version})
	})
	if _, refused := fault.Find(err); refused {
		return false, nil
	}
	return ended && err == nil, err
}
