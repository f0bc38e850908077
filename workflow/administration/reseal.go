package administration

import (
	"context"
	stdsql "database/sql"
	"errors"
	"fmt"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/riverqueue/river"

	"lenddesk/ent/bankcard"
	"lenddesk/ent/company"
	"lenddesk/ent/export"
	"lenddesk/ent/link"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/ent/webhook"
	"lenddesk/seal"
	"lenddesk/store"
)

// SealedColumn is a column that holds sealed values.
type SealedColumn struct {
	Table, Column string
	Purpose       seal.Purpose
}

// SealedColumns are all of them.
var SealedColumns = []SealedColumn{
	{user.Table, user.FieldPhone, seal.Phone},
	{user.Table, user.FieldNationalID, seal.NationalID},
	{staff.Table, staff.FieldPhone, seal.Phone},
	{staff.Table, staff.FieldTotpSecret, seal.SecondFactor},
	{company.Table, company.FieldPhone, seal.Phone},
	{bankcard.Table, bankcard.FieldNumber, seal.CardNumber},
	{bankcard.Table, bankcard.FieldPhone, seal.Phone},
	{link.Table, link.FieldPhone, seal.Phone},
	{bankcard.Table, bankcard.FieldNationalID, seal.NationalID},
	{webhook.Table, webhook.FieldSecret, seal.WebhookSecret},
	{export.Table, export.FieldFilter, seal.ExportFilter},
}

// opened is how many values of each sealed column a check opens: the newest, which the newest keys sealed, and the oldest.
const opened = 100

// OpensWith checks that the keys at hand open what is sealed in a database.
func (o *Office) OpensWith(ctx context.Context, db *stdsql.DB) error {
	for _, c := range SealedColumns {
		for _, order := range []string{"ASC", "DESC"} {
			if err := o.opens(ctx, db, c, order); err != nil {
				return fmt.Errorf("open what is sealed in %s.%s: %w", c.Table, c.Column, err)
			}
		}
	}
	return nil
}

func (o *Office) opens(ctx context.Context, db *stdsql.DB, c SealedColumn, order string) error {
	rows, err := db.QueryContext(ctx, fmt.Sprintf("SELECT %[2]s FROM %[1]s WHERE %[2]s IS NOT NULL ORDER BY id %[3]s LIMIT %[4]d", c.Table, c.Column, order, opened))
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var sealed seal.Sealed
		if err := rows.Scan(&sealed); err != nil {
			return err
		}
		if _, err := o.Keys.Open(c.Purpose, sealed); err != nil {
			return err
		}
	}
	return rows.Err()
}

// Reseal is the job that brings what older keys sealed under the newest key.
type Reseal struct{}

// Kind names the job in the queue.
func (Reseal) Kind() string { return "reseal" }

// Resealer seals values anew, so that older keys are needed by no stored value any more. It may run as often as one likes: it looks for values that
// are not under the newest key, and finds none the second time. A value that somebody changes meanwhile is left to them.
type Resealer struct {
	river.WorkerDefaults[Reseal]
	Office *Office
}

// Timeout is how long one run may take; the next one goes on where it ended.
func (*Resealer) Timeout(*river.Job[Reseal]) time.Duration { return 30 * time.Minute }

// Work seals every value of an older key anew. Values that no key opens are counted in the error and left as they are.
func (w *Resealer) Work(ctx context.Context, _ *river.Job[Reseal]) error {
	if _, err := w.Office.Keys.Refresh(); err != nil {
		return err
	}
	var failed error
	for _, c := range SealedColumns {
		failed = errors.Join(failed, w.column(ctx, c))
	}
	return failed
}

// batch is how many values are sealed in one transaction: few, since on SQLite nobody else writes meanwhile.
const batch = 100

// value is one that is to be sealed anew.
type value struct {
	id       int64
	old, now seal.Sealed
}

func (w *Resealer) column(ctx context.Context, c SealedColumn) error {
	last, unreadable := int64(0), 0
	for {
		old, err := w.older(ctx, c, last)
		if err != nil {
			return fmt.Errorf("look for what older keys sealed in %s.%s: %w", c.Table, c.Column, err)
		}
		if len(old) == 0 {
			break
		}
		last = old[len(old)-1].id
		anew := old[:0]
		for _, v := range old {
			plain, err := w.Office.Keys.Open(c.Purpose, v.old)
			if err != nil {
				unreadable++
				continue
			}
			if v.now, err = w.Office.Keys.Seal(c.Purpose, plain); err != nil {
				return err
			}
			anew = append(anew, v)
		}
		if err := w.Office.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return replace(ctx, tx, c, anew) }); err != nil {
			return fmt.Errorf("seal %s.%s anew: %w", c.Table, c.Column, err)
		}
	}
	if unreadable > 0 {
		return fmt.Errorf("%d values in %s.%s are opened by none of the keys", unreadable, c.Table, c.Column)
	}
	return nil
}

// older are values in rows after the last one that are not under the newest key.
func (w *Resealer) older(ctx context.Context, c SealedColumn, last int64) (found []value, err error) {
	mark := w.Office.Keys.Mark()
	t := sql.Dialect(w.Office.Store.Dialect()).Table(c.Table)
	query, args := sql.Dialect(w.Office.Store.Dialect()).Select("id", c.Column).From(t).Where(sql.And(sql.GT("id", last), sql.P(func(b *sql.Builder) {
		b.WriteString("substr(").Ident(c.Column).WriteString(fmt.Sprintf(", 1, %d) <> ", len(mark))).Arg(mark)
	}))).OrderBy("id").Limit(batch).Query()
	rows, err := w.Office.Store.Reader().QueryContext(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	for rows.Next() {
		var v value
		if err := rows.Scan(&v.id, &v.old); err != nil {
			return nil, err
		}
		found = append(found, v)
	}
	return found, rows.Err()
}

// replace writes values by compare-and-set. No version and no time changes: what the row says is the same.
func replace(ctx context.Context, tx *store.Tx, c SealedColumn, values []value) error {
	for _, v := range values {
		query, args := sql.Dialect(tx.Dialect()).Update(c.Table).Set(c.Column, []byte(v.now)).
			Where(sql.And(sql.EQ("id", v.id), sql.EQ(c.Column, []byte(v.old)))).Query()
		if _, err := tx.SQL.ExecContext(ctx, query, args...); err != nil {
			return err
		}
	}
	return nil
}
