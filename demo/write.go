package demo

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect"

	"lenddesk/ent"
	"lenddesk/store"
)

// chunk is how many rows one statement writes: SQLite takes 32,766 values in one, and the widest table has 30 columns.
const chunk = 1000

// creation is what ent generates for creating many rows.
type creation interface{ Exec(context.Context) error }

// insert writes rows in chunks. create makes the creation of a chunk.
func insert[R any](ctx context.Context, rows []R, create func([]R) creation) error {
	for part := range slices.Chunk(rows, chunk) {
		if err := create(part).Exec(ctx); err != nil {
			return fmt.Errorf("write %T: %w", part, err)
		}
	}
	return nil
}

// write stores the book, each table after those that it refers to. The events get their keys in the order of time.
func (b *book) write(ctx context.Context, tx *store.Tx) error {
	slices.SortStableFunc(b.events, func(x, y *ent.Event) int { return x.At.Compare(y.At) })
	for _, into := range []func(context.Context, *store.Tx) error{
		b.writePeople, b.writeCards, b.writeLoans, b.writeTrail,
	} {
		if err := into(ctx, tx); err != nil {
			return err
		}
	}
	return advance(ctx, tx)
}

// advance moves PostgreSQL's sequences behind the keys that the book has given; SQLite's follow by themselves.
func advance(ctx context.Context, tx *store.Tx) error {
	if tx.Dialect() != dialect.Postgres {
		return nil
	}
	for _, table := range tables {
		statement := fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%[1]s', 'id'), (SELECT MAX(id) FROM %[1]s))", table)
		if _, err := tx.SQL.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("advance the keys of %s: %w", table, err)
		}
	}
	return nil
}

// writePeople stores companies, staff and customers.
func (b *book) writePeople(ctx context.Context, tx *store.Tx) error {
	if err := insert(ctx, b.companies, func(rows []*ent.Company) creation {
		return tx.Company.MapCreateBulk(rows, func(c *ent.CompanyCreate, i int) { setCompany(c, rows[i]) })
	}); err != nil {
		return err
	}
	if err := insert(ctx, b.staff, func(rows []employee) creation {
		return tx.Staff.MapCreateBulk(rows, func(c *ent.StaffCreate, i int) { setStaff(c, rows[i]) })
	}); err != nil {
		return err
	}
	return insert(ctx, b.users, func(rows []*ent.User) creation {
		return tx.User.MapCreateBulk(rows, func(c *ent.UserCreate, i int) { setUser(c, rows[i]) })
	})
}

// writeCards stores cards and the calls about them.
func (b *book) writeCards(ctx context.Context, tx *store.Tx) error {
	if err := insert(ctx, b.cards, func(rows []*ent.BankCard) creation {
		return tx.BankCard.MapCreateBulk(rows, func(c *ent.BankCardCreate, i int) { setBankCard(c, rows[i]) })
	}); err != nil {
		return err
	}
	return insert(ctx, b.attempts, func(rows []*ent.BankCardAttempt) creation {
		return tx.BankCardAttempt.MapCreateBulk(rows, func(c *ent.BankCardAttemptCreate, i int) { setBankCardAttempt(c, rows[i]) })
	})
}

// writeLoans stores loans and what belongs to them.
func (b *book) writeLoans(ctx context.Context, tx *store.Tx) error {
	if err := insert(ctx, b.loans, func(rows []*ent.Loan) creation {
		return tx.Loan.MapCreateBulk(rows, func(c *ent.LoanCreate, i int) { setLoan(c, rows[i]) })
	}); err != nil {
		return err
	}
	if err := insert(ctx, b.bids, func(rows []*ent.Bid) creation {
		return tx.Bid.MapCreateBulk(rows, func(c *ent.BidCreate, i int) { setBid(c, rows[i]) })
	}); err != nil {
		return err
	}
	if err := insert(ctx, b.installments, func(rows []*ent.Installment) creation {
		return tx.Installment.MapCreateBulk(rows, func(c *ent.InstallmentCreate, i int) { setInstallment(c, rows[i]) })
	}); err != nil {
		return err
	}
	if err := insert(ctx, b.repayments, func(rows []*ent.Repayment) creation {
		return tx.Repayment.MapCreateBulk(rows, func(c *ent.RepaymentCreate, i int) { setRepayment(c, rows[i]) })
	}); err != nil {
		return err
	}
	if err := insert(ctx, b.requests, func(rows []*ent.ServiceRequest) creation {
		return tx.ServiceRequest.MapCreateBulk(rows, func(c *ent.ServiceRequestCreate, i int) { setServiceRequest(c, rows[i]) })
	}); err != nil {
		return err
	}
	return insert(ctx, b.documents, func(rows []*ent.Document) creation {
		return tx.Document.MapCreateBulk(rows, func(c *ent.DocumentCreate, i int) { setDocument(c, rows[i]) })
	})
}

// writeTrail stores what is told of all of them.
func (b *book) writeTrail(ctx context.Context, tx *store.Tx) error {
	if err := insert(ctx, b.reviews, func(rows []*ent.Review) creation {
		return tx.Review.MapCreateBulk(rows, func(c *ent.ReviewCreate, i int) { setReview(c, rows[i]) })
	}); err != nil {
		return err
	}
	if err := insert(ctx, b.records, func(rows []*ent.ServiceRecord) creation {
		return tx.ServiceRecord.MapCreateBulk(rows, func(c *ent.ServiceRecordCreate, i int) { setServiceRecord(c, rows[i]) })
	}); err != nil {
		return err
	}
	if err := insert(ctx, b.messages, func(rows []*ent.Message) creation {
		return tx.Message.MapCreateBulk(rows, func(c *ent.MessageCreate, i int) { setMessage(c, rows[i]) })
	}); err != nil {
		return err
	}
	return insert(ctx, b.events, func(rows []*ent.Event) creation {
		return tx.Event.MapCreateBulk(rows, func(c *ent.EventCreate, i int) { setEvent(c, rows[i]) })
	})
}
