package demo

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"lenddesk/access"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Big is a book to measure on.
type Big struct {
	Size
	Seed uint64 `default:"1" help:"Another number makes another book; the same makes the same."`
	Day  string `help:"The day on which the book ends, YYYY-MM-DD, in the platform's time zone. Today, when left out."`
}

// Check finds everything that cannot be.
func (o Big) Check() error {
	err := o.Size.Check()
	if o.Day != "" {
		if day, bad := time.Parse(time.DateOnly, o.Day); bad != nil || day.Year() < 2020 || day.Year() > 2100 {
			err = errors.Join(err, errors.New("-day must be a day such as 2026-11-23, of 2020 to 2100"))
		}
	}
	return err
}

// ErrNotEmpty is FillBig's answer when there is a customer, a company, a loan, a bid or a card.
var ErrNotEmpty = errors.New("the database is not empty: a book to measure on is written into an empty one only")

// FillBig writes a big book into a database that has been installed and is otherwise empty, all of it or nothing, and tells of its progress. The
// same seed, sizes and day make the same book on either database, but for what is encrypted. Nothing else may use the database meanwhile.
// It returns ErrNotEmpty, and store.ErrInUse.
func FillBig(ctx context.Context, d *workflow.Desk, o Big, progress io.Writer) error {
	ctx = access.AsSystem(ctx, "demonstration")
	hash, err := d.Passwords.Hash(ctx, Password)
	if err != nil {
		return err
	}
	var s setting
	err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		if err := empty(ctx, tx.SQL); err != nil { // before anything is locked
			return err
		}
		s, err = settle(ctx, d, tx)
		return err
	})
	if err != nil {
		return err
	}
	s.size, s.seed, s.passwordHash = o.Size, o.Seed, hash
	if s.now, err = o.end(s.zone); err != nil {
		return err
	}
	said := &speaker{out: progress, begun: time.Now(), size: o.Size}
	err = d.Store.Load(ctx, everyTable(), func(ctx context.Context, l *store.Load) error {
		if err := empty(ctx, l.SQL); err != nil {
			return err
		}
		b := begin(s)
		if err := b.stream(ctx, l, said.wrote); err != nil {
			return err
		}
		said.say("making indexes")
		return b.advance(ctx, l.Dialect(), l.SQL)
	})
	if err == nil {
		said.say("done")
	}
	return err
}

// end is the midnight with which the book's last day begins.
func (o Big) end(zone *time.Location) (time.Time, error) {
	if o.Day == "" {
		o.Day = time.Now().In(zone).Format(time.DateOnly)
	}
	day, err := time.ParseInLocation(time.DateOnly, o.Day, zone)
	if err != nil {
		return time.Time{}, fmt.Errorf("read the day: %w", err)
	}
	return day.UTC(), nil
}

func empty(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
},
) error {
	for _, t := range []*table{customers, companies, loans, bids, cards} {
		var used bool
		if err := q.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM "+t.name+")").Scan(&used); err != nil {
			return fmt.Errorf("look whether %s is empty: %w", t.name, err)
		}
		if used {
			return ErrNotEmpty
		}
	}
	return nil
}

// stream tells the stories in one goroutine and writes their rows in another.
func (b *book) stream(ctx context.Context, w writer, told func(*table, int)) error {
	both, ctx := errgroup.WithContext(ctx)
	deliveries := make(chan delivery, 2)
	b.hand = func(d delivery) error {
		select {
		case deliveries <- d:
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	both.Go(func() error {
		defer close(deliveries)
		b.tellAll()
		return b.finish()
	})
	both.Go(func() error {
		for d := range deliveries {
			if err := write(ctx, w, d, told); err != nil {
				return err
			}
		}
		return nil
	})
	return both.Wait()
}

// speaker tells how far it is, now and then.
type speaker struct {
	out                io.Writer
	size               Size
	begun, last        time.Time
	users, loans, bids int
	rows               int
}

func (s *speaker) wrote(t *table, n int) {
	s.rows += n
	switch t {
	case customers:
		s.users += n
	case loans:
		s.loans += n
	case bids:
		s.bids += n
	}
	if time.Since(s.last) > 2*time.Second {
		s.say("writing")
	}
}

// say is for a person to look at: that it cannot be told is no reason to stop.
func (s *speaker) say(what string) {
	s.last = time.Now()
	_, _ = fmt.Fprintf(s.out, "%5.0f s  %-15s users %d of %d, loans %d of %d, bids %d of %d; %d rows\n", time.Since(s.begun).Seconds(), what,
		s.users, s.size.Users, s.loans, s.size.Loans, s.bids, s.size.Bids, s.rows)
}
