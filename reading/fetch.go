package reading

import (
	"context"
	stdsql "database/sql"
	"fmt"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/store"
)

// run reads the levels of one root field in one transaction: one moment's truth.
type run struct {
	ctx     context.Context
	reader  *Reader
	tx      *stdsql.Tx
	dialect string
}

// snapshot opens a transaction that only reads.
func (r *Reader) snapshot(ctx context.Context, v access.Viewer, read func(*run) error) error {
	options := &stdsql.TxOptions{ReadOnly: true}
	if r.dialect == dialect.Postgres {
		options.Isolation = stdsql.LevelRepeatableRead
	}
	tx, err := r.db.BeginTx(ctx, options)
	if err != nil {
		return fmt.Errorf("begin to read: %w", err)
	}
	defer func() { _ = tx.Rollback() }()
	return read(&run{access.With(ctx, v), r, tx, r.dialect})
}

// all reads a level and everything below it.
func (r *run) all(l *level) error {
	if err := r.rows(l); err != nil {
		return err
	}
	return r.children(l)
}

// children reads what hangs on the rows of a level.
func (r *run) children(l *level) error {
	if len(l.rows) == 0 {
		return nil
	}
	for _, c := range l.children {
		if err := c.fetch(r, l); err != nil {
			return err
		}
	}
	return nil
}

// rows reads the rows of a level.
func (r *run) rows(l *level) (err error) {
	l.rows, err = r.query(l.selector)
	return err
}

func (r *run) query(s *sql.Selector) ([][]store.Cell, error) {
	query, args := s.Query()
	if err := s.Err(); err != nil {
		return nil, fmt.Errorf("build statement: %w", err)
	}
	rows, err := r.QueryContext(r.ctx, query, args...)
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	defer rows.Close()
	names, err := rows.Columns()
	if err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	var all [][]store.Cell
	for rows.Next() {
		row := make([]store.Cell, len(names))
		into := make([]any, len(names))
		for i := range row {
			into[i] = &row[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, fmt.Errorf("read: %w", err)
		}
		all = append(all, row)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read: %w", err)
	}
	return all, nil
}

// QueryContext runs a statement of this root field; every statement of reading goes through here.
func (r *run) QueryContext(ctx context.Context, query string, args ...any) (*stdsql.Rows, error) {
	if r.reader.Watch != nil {
		r.reader.Watch(ctx, query)
	}
	return r.tx.QueryContext(ctx, query, args...)
}
