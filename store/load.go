package store

import (
	"context"
	stdsql "database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"strings"

	"entgo.io/ent/dialect"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/mattn/go-sqlite3"
)

// ErrInUse is Load's answer when another program has SQLite's file open.
var ErrInUse = errors.New("store: the database is in use by another program: stop it first")

// Load writes rows by the million into tables that nobody else uses meanwhile: all of them, or none. It is not safe for concurrent use.
type Load struct {
	// SQL is the connection in whose transaction the rows are written.
	SQL *stdsql.Conn

	dialect    string
	statements map[string]driver.Stmt // SQLite's, by table and number of rows
}

// Dialect is dialect.SQLite or dialect.Postgres.
func (l *Load) Dialect() string { return l.dialect }

// Load runs f in a transaction in which the tables have neither indexes nor, on PostgreSQL, foreign keys; both are made again, and checked, before
// the commit. While it runs nothing else can use SQLite's file, for it is written without the write-ahead log: a transaction of gigabytes
// would go through it twice. ErrInUse if somebody does; then, and when f returns an error, nothing has changed.
func (s *Store) Load(ctx context.Context, tables []string, f func(context.Context, *Load) error) (err error) {
	l := &Load{dialect: s.dialect, statements: map[string]driver.Stmt{}}
	if s.sqlite() {
		s.reader.SetMaxIdleConns(0) // closes them, for as long as one is open the log cannot be left
		defer func() { limitPool(s.reader, readers()) }()
	}
	if l.SQL, err = s.writer.Conn(ctx); err != nil {
		return fmt.Errorf("store: load: %w", err)
	}
	defer func() { err = errors.Join(err, l.SQL.Close()) }()
	if s.sqlite() {
		if err := l.leaveLog(ctx); err != nil {
			return err
		}
		defer func() {
			l.forget()
			_, failed := l.SQL.ExecContext(context.WithoutCancel(ctx), "PRAGMA journal_mode = WAL; PRAGMA cache_size = -2000; PRAGMA threads = 0")
			err = errors.Join(err, failed)
		}()
	}
	return l.transact(ctx, tables, f)
}

// leaveLog turns the write-ahead log off and lets SQLite have memory.
func (l *Load) leaveLog(ctx context.Context) error {
	var mode string
	err := l.SQL.QueryRowContext(ctx, "PRAGMA journal_mode = DELETE").Scan(&mode)
	if busy := (sqlite3.Error{}); errors.As(err, &busy) && busy.Code == sqlite3.ErrBusy || err == nil && mode != "delete" {
		return ErrInUse
	}
	if err == nil {
		_, err = l.SQL.ExecContext(ctx, "PRAGMA cache_size = -262144; PRAGMA threads = 2")
	}
	if err != nil {
		return fmt.Errorf("store: load: %w", err)
	}
	return nil
}

func (l *Load) transact(ctx context.Context, tables []string, f func(context.Context, *Load) error) error {
	begin := "BEGIN EXCLUSIVE"
	if l.dialect == dialect.Postgres {
		begin = "BEGIN; SET LOCAL maintenance_work_mem = '256MB'; LOCK TABLE " + strings.Join(tables, ", ") + " IN ACCESS EXCLUSIVE MODE"
	}
	if _, err := l.SQL.ExecContext(ctx, begin); err != nil {
		_, undone := l.SQL.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return fmt.Errorf("store: load: begin: %w", errors.Join(err, undone))
	}
	err := l.bare(ctx, tables, func() error { return f(ctx, l) })
	if err == nil {
		_, err = l.SQL.ExecContext(ctx, "COMMIT")
	}
	if err != nil {
		l.forget()
		_, undone := l.SQL.ExecContext(context.WithoutCancel(ctx), "ROLLBACK")
		return errors.Join(err, undone)
	}
	if l.dialect == dialect.Postgres { // what the planner knows, and which pages are seen by all
		if _, err := l.SQL.ExecContext(ctx, "VACUUM (ANALYZE) "+strings.Join(tables, ", ")); err != nil {
			return fmt.Errorf("store: load: analyse: %w", err)
		}
	}
	return nil
}

// bare takes indexes and foreign keys from the tables, and gives them back after f.
func (l *Load) bare(ctx context.Context, tables []string, f func() error) error {
	drop, restore, err := l.adornments(ctx, tables)
	if err != nil {
		return err
	}
	for _, statement := range drop {
		if _, err := l.SQL.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("store: load: %s: %w", statement, err)
		}
	}
	if err := f(); err != nil {
		return err
	}
	l.forget()
	for _, statement := range restore {
		if _, err := l.SQL.ExecContext(ctx, statement); err != nil {
			return fmt.Errorf("store: load: %s: %w", statement, err)
		}
	}
	return nil
}

// What PostgreSQL can make again. Indexes of primary keys stay, and partial ones, whose conditions it would write down in another form.
const adorned = `SELECT 'DROP INDEX ' || i.indexrelid::regclass, pg_get_indexdef(i.indexrelid) FROM pg_index i
	WHERE i.indrelid = $1::regclass AND i.indpred IS NULL AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)
UNION ALL SELECT 'ALTER TABLE ' || conrelid::regclass || ' DROP CONSTRAINT ' || quote_ident(conname),
	'ALTER TABLE ' || conrelid::regclass || ' ADD CONSTRAINT ' || quote_ident(conname) || ' ' || pg_get_constraintdef(oid)
	FROM pg_constraint WHERE conrelid = $1::regclass AND contype = 'f'`

// adornments are the statements that take indexes and foreign keys away, and those that make them again.
func (l *Load) adornments(ctx context.Context, tables []string) (drop, restore []string, err error) {
	query := adorned
	if l.dialect == dialect.SQLite {
		query = `SELECT 'DROP INDEX "' || name || '"', sql FROM sqlite_master WHERE type = 'index' AND tbl_name = ? AND sql IS NOT NULL`
	}
	for _, table := range tables {
		rows, err := l.SQL.QueryContext(ctx, query, table)
		if err != nil {
			return nil, nil, fmt.Errorf("store: load: read the indexes of %s: %w", table, err)
		}
		for rows.Next() {
			var d, r string
			if err = rows.Scan(&d, &r); err != nil {
				break
			}
			drop, restore = append(drop, d), append(restore, r)
		}
		if err = errors.Join(err, rows.Err(), rows.Close()); err != nil {
			return nil, nil, fmt.Errorf("store: load: read the indexes of %s: %w", table, err)
		}
	}
	slices.SortStableFunc(restore, func(a, b string) int { // indexes first
		return strings.Compare(b[:1], a[:1])
	})
	return drop, restore, nil
}

// Insert writes rows. A value is nil, int64, string, bool, []byte or time.Time.
func (l *Load) Insert(ctx context.Context, table string, columns []string, rows [][]any) error {
	err := l.SQL.Raw(func(conn any) error {
		if l.dialect == dialect.Postgres {
			_, err := conn.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromRows(rows))
			return err
		}
		return l.insert(ctx, SQLite(conn), table, columns, rows)
	})
	if err != nil {
		return fmt.Errorf("store: write rows of %s: %w", table, err)
	}
	return nil
}

// together is how many rows one statement of SQLite writes.
const together = 64

// insert speaks with SQLite's driver itself: database/sql would look at each of a hundred million values twice.
func (l *Load) insert(ctx context.Context, conn *sqlite3.SQLiteConn, table string, columns []string, rows [][]any) error {
	var values []driver.NamedValue
	for whole := context.WithoutCancel(ctx); len(rows) > 0; { // under a context that can end the driver starts a goroutine a statement
		if err := ctx.Err(); err != nil {
			return err
		}
		n := min(together, len(rows))
		if n < together {
			n = 1
		}
		name := fmt.Sprint(table, " ", n)
		statement, ok := l.statements[name]
		if !ok {
			var err error
			if statement, err = conn.PrepareContext(ctx, insertion(table, columns, n, false)); err != nil {
				return err
			}
			l.statements[name] = statement
		}
		values = values[:0]
		for _, row := range rows[:n] {
			for _, v := range row {
				values = append(values, driver.NamedValue{Ordinal: len(values) + 1, Value: v})
			}
		}
		if _, err := statement.(driver.StmtExecContext).ExecContext(whole, values); err != nil {
			return err
		}
		rows = rows[n:]
	}
	return nil
}

// forget closes SQLite's statements. What one of them failed with has been told.
func (l *Load) forget() {
	for _, statement := range l.statements {
		_ = statement.Close()
	}
	clear(l.statements)
}

// Insert writes rows, a thousand or so in a statement. A value is nil, int64, string, bool, []byte or time.Time. Neither hooks nor defaults of
// ent apply.
func (tx *Tx) Insert(ctx context.Context, table string, columns []string, rows [][]any) error {
	const most = 32_766 // values in one statement of SQLite's; PostgreSQL takes twice as many
	for part := range slices.Chunk(rows, most/len(columns)) {
		values := make([]any, 0, len(part)*len(columns))
		for _, row := range part {
			values = append(values, row...)
		}
		if _, err := tx.SQL.ExecContext(ctx, insertion(table, columns, len(part), tx.dialect == dialect.Postgres), values...); err != nil {
			return fmt.Errorf("store: write rows of %s: %w", table, err)
		}
	}
	return nil
}

// insertion is the statement that writes n rows.
func insertion(table string, columns []string, n int, numbered bool) string {
	var b strings.Builder
	fmt.Fprintf(&b, `INSERT INTO "%s" ("%s") VALUES `, table, strings.Join(columns, `", "`))
	for i := range n * len(columns) {
		switch {
		case i == 0:
			b.WriteByte('(')
		case i%len(columns) == 0:
			b.WriteString("), (")
		default:
			b.WriteString(", ")
		}
		if numbered {
			fmt.Fprintf(&b, "$%d", i+1)
		} else {
			b.WriteByte('?')
		}
	}
	b.WriteByte(')')
	return b.String()
}
