package copies

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"maps"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"entgo.io/ent/dialect"
	"github.com/jackc/pgx/v5"

	"lenddesk/store"
)

// Table is what was carried of a table.
type Table struct {
	Name string
	Rows int64
	Sums map[string]string // of each column of whole numbers
}

// Carry carries a SQLite book, whole, into an empty PostgreSQL database, and compares counts and sums. What it has written stays only when all of it is
// there and equal. Jobs that wait are carried too. Nobody may have the SQLite database open meanwhile: ErrInUse.
func Carry(ctx context.Context, from, to string) (carried []Table, err error) {
	path, sqlite := strings.CutPrefix(from, "sqlite:")
	if !sqlite || strings.HasPrefix(to, "sqlite:") {
		return nil, errors.New("copies: a book is carried from sqlite:FILE (LENDDESK_DATABASE_URL) to postgres://… (--to)")
	}
	if path, err = filepath.Abs(path); err != nil {
		return nil, fmt.Errorf("copies: %w", err)
	}
	if err := unused(ctx, path); err != nil {
		return nil, err
	}
	// An exclusive transaction: whoever opens the database meanwhile cannot even read it.
	source, err := openFile(path, url.Values{"mode": {"rw"}, "_busy_timeout": {"500"}, "_txlock": {"exclusive"}})
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, source.Close()) }()
	book, err := source.BeginTx(ctx, nil)
	if err != nil {
		return nil, ErrInUse
	}
	defer func() { _ = book.Rollback() }() // it changes nothing
	current, err := store.MigrationIn(ctx, book, dialect.SQLite)
	if err != nil {
		return nil, err
	}
	if _, latest, err := store.Newest(from); err != nil || current != latest {
		return nil, errors.Join(fmt.Errorf("copies: the SQLite database is at migration %d, this program at %d: run lenddesk migrate on it first", current, latest), err)
	}
	if err := makeRoom(ctx, to); err != nil {
		return nil, err
	}
	target, err := pgx.Connect(ctx, to)
	if err != nil {
		return nil, errors.New("copies: PostgreSQL cannot be reached")
	}
	defer func() { err = errors.Join(err, target.Close(context.WithoutCancel(ctx))) }()
	err = pgx.BeginFunc(ctx, target, func(into pgx.Tx) (err error) {
		carried, err = carry(ctx, book, into)
		return err
	})
	return carried, err
}

// makeRoom makes the tables of an empty database; it refuses one in which a book has been begun.
func makeRoom(ctx context.Context, url string) error {
	s, err := store.Open(ctx, url)
	if err != nil {
		return err
	}
	defer s.Close()
	if err := s.Migrate(ctx); err != nil {
		return err
	}
	begun, err := s.Client().Keyset.Query().Exist(ctx)
	if err != nil {
		return fmt.Errorf("copies: look into the database: %w", err)
	}
	if begun {
		return errors.New("copies: there is a book in the PostgreSQL database already: take an empty one")
	}
	return nil
}

// column is a column of PostgreSQL's table, and its type there.
type column struct{ name, kind string }

// carry carries every table, then looks whether all is there.
func carry(ctx context.Context, book *sql.Tx, into pgx.Tx) ([]Table, error) {
	layout, err := layout(ctx, into)
	if err != nil {
		return nil, err
	}
	if err := eachForeignKey(ctx, into, "ALTER TABLE %s ALTER CONSTRAINT %s DEFERRABLE INITIALLY DEFERRED"); err != nil {
		return nil, err
	}
	var carried []Table
	for _, name := range slices.Sorted(maps.Keys(layout)) {
		if err := carryTable(ctx, book, into, name, layout[name]); err != nil {
			return nil, fmt.Errorf("copies: carry %s: %w", name, err)
		}
		t, err := compare(ctx, book, into, name, layout[name])
		if err != nil {
			return nil, err
		}
		carried = append(carried, t)
	}
	jobs, err := carryJobs(ctx, book, into)
	if err != nil {
		return nil, fmt.Errorf("copies: carry the jobs that wait: %w", err)
	}
	if _, err := into.Exec(ctx, "SET CONSTRAINTS ALL IMMEDIATE"); err != nil {
		return nil, fmt.Errorf("copies: check foreign keys: %w", err)
	}
	return append(carried, jobs), eachForeignKey(ctx, into, "ALTER TABLE %s ALTER CONSTRAINT %s NOT DEFERRABLE")
}

// layout is the columns of each table that holds the book: not the migrations' and the changes of authority, which each database counts by itself, and not the queue's.
func layout(ctx context.Context, into pgx.Tx) (map[string][]column, error) {
	rows, err := into.Query(ctx, `SELECT table_name, column_name, data_type FROM information_schema.columns
		WHERE table_schema = current_schema() AND table_name NOT LIKE 'river\_%' AND table_name NOT LIKE 'goose\_%' AND table_name <> 'authority' ORDER BY 1, ordinal_position`)
	if err != nil {
		return nil, fmt.Errorf("copies: list the columns: %w", err)
	}
	all := map[string][]column{}
	var table string
	var c column
	_, err = pgx.ForEachRow(rows, []any{&table, &c.name, &c.kind}, func() error {
		all[table] = append(all[table], c)
		return nil
	})
	return all, err
}

// eachForeignKey runs a statement for each foreign key, given its table and its name.
func eachForeignKey(ctx context.Context, into pgx.Tx, statement string) error {
	rows, err := into.Query(ctx, "SELECT conrelid::regclass::text, quote_ident(conname) FROM pg_constraint WHERE contype = 'f' AND connamespace = current_schema()::regnamespace")
	if err != nil {
		return fmt.Errorf("copies: list the foreign keys: %w", err)
	}
	type foreign struct{ Table, Name string }
	keys, err := pgx.CollectRows(rows, pgx.RowToStructByPos[foreign])
	if err != nil {
		return fmt.Errorf("copies: list the foreign keys: %w", err)
	}
	for _, k := range keys {
		if _, err := into.Exec(ctx, fmt.Sprintf(statement, k.Table, k.Name)); err != nil {
			return fmt.Errorf("copies: %s of %s: %w", k.Name, k.Table, err)
		}
	}
	return nil
}

// carryTable streams a table's rows, and lets its keys go on behind the last one.
func carryTable(ctx context.Context, book *sql.Tx, into pgx.Tx, table string, columns []column) error {
	names := make([]string, len(columns))
	read := make([]string, len(columns))
	for i, c := range columns {
		names[i], read[i] = c.name, quoted(c.name)
	}
	rows, err := book.QueryContext(ctx, "SELECT "+strings.Join(read, ", ")+" FROM "+quoted(table))
	if err != nil {
		return err
	}
	defer rows.Close()
	if _, err := into.CopyFrom(ctx, pgx.Identifier{table}, names, &stream{rows: rows, columns: columns}); err != nil {
		return err
	}
	if !slices.Contains(names, "id") {
		return nil
	}
	_, err = into.Exec(ctx, fmt.Sprintf("SELECT setval(s, GREATEST((SELECT MAX(id) FROM %[1]s), 1)) FROM pg_get_serial_sequence('%[1]s', 'id') AS s WHERE s IS NOT NULL AND EXISTS (SELECT 1 FROM %[1]s)", quoted(table)))
	return err
}

// stream hands SQLite's rows to PostgreSQL's COPY.
type stream struct {
	rows    *sql.Rows
	columns []column
	row     []any
	err     error
}

// Next reads a row.
func (s *stream) Next() bool {
	if s.err != nil || !s.rows.Next() {
		return false
	}
	s.row = make([]any, len(s.columns))
	into := make([]any, len(s.columns))
	for i := range s.row {
		into[i] = &s.row[i]
	}
	if s.err = s.rows.Scan(into...); s.err != nil {
		return false
	}
	for i, c := range s.columns {
		s.row[i] = carriedAs(c.kind, s.row[i])
	}
	return true
}

// Values is the row.
func (s *stream) Values() ([]any, error) { return s.row, nil }

// Err is what went wrong.
func (s *stream) Err() error { return errors.Join(s.err, s.rows.Err()) }

// carriedAs is a value as PostgreSQL's column takes it, where SQLite's differs.
func carriedAs(kind string, v any) any {
	switch v := v.(type) {
	case int64:
		if kind == "boolean" {
			return v != 0
		}
	case []byte:
		if kind != "bytea" {
			return string(v)
		}
	}
	return v
}

// compare counts and sums a table on both sides.
func compare(ctx context.Context, book *sql.Tx, into pgx.Tx, table string, columns []column) (Table, error) {
	t := Table{Name: table, Sums: map[string]string{}}
	var added []string
	for _, c := range columns {
		if c.kind == "bigint" || c.kind == "integer" {
			added = append(added, c.name)
		}
	}
	asked := "count(*)"
	for _, name := range added {
		asked += ", CAST(COALESCE(SUM(" + quoted(name) + "), 0) AS text)"
	}
	there, here := make([]string, len(added)), make([]string, len(added))
	var rows int64
	statement := "SELECT " + asked + " FROM " + quoted(table)
	if err := book.QueryRowContext(ctx, statement).Scan(places(&t.Rows, there)...); err != nil {
		return t, fmt.Errorf("copies: add up %s in SQLite: %w", table, err)
	}
	if err := into.QueryRow(ctx, statement).Scan(places(&rows, here)...); err != nil {
		return t, fmt.Errorf("copies: add up %s in PostgreSQL: %w", table, err)
	}
	if rows != t.Rows {
		return t, fmt.Errorf("copies: %s has %d rows in SQLite and %d in PostgreSQL", table, t.Rows, rows)
	}
	for i, name := range added {
		if there[i] != here[i] {
			return t, fmt.Errorf("copies: the sum of %s.%s is another in PostgreSQL", table, name)
		}
		t.Sums[name] = there[i]
	}
	return t, nil
}

func places(rows *int64, sums []string) []any {
	into := []any{rows}
	for i := range sums {
		into = append(into, &sums[i])
	}
	return into
}

// carryJobs carries the jobs that are not finished. One that was being worked is worked again, as after a crash.
func carryJobs(ctx context.Context, book *sql.Tx, into pgx.Tx) (Table, error) {
	t := Table{Name: "river_job"}
	rows, err := book.QueryContext(ctx, `SELECT kind, json(args), max_attempts, priority, queue, scheduled_at, json(tags), json(metadata) FROM river_job
		WHERE state NOT IN ('completed', 'cancelled', 'discarded') ORDER BY id`)
	if err != nil {
		return t, err
	}
	defer rows.Close()
	for rows.Next() {
		var kind, args, queue, tags, metadata string
		var attempts, priority int
		var at any
		if err := rows.Scan(&kind, &args, &attempts, &priority, &queue, &at, &tags, &metadata); err != nil {
			return t, err
		}
		if _, err := into.Exec(ctx, `INSERT INTO river_job (state, kind, args, max_attempts, priority, queue, scheduled_at, tags, metadata)
			SELECT CASE WHEN s.at <= now() THEN 'available' ELSE 'scheduled' END::river_job_state, $1, CAST($2::text AS jsonb), $3, $4, $5, s.at,
				ARRAY(SELECT jsonb_array_elements_text(CAST($7::text AS jsonb))), CAST($8::text AS jsonb)
			FROM (SELECT CAST($6::text AS timestamptz) AS at) s`, kind, args, attempts, priority, queue, moment(at), tags, metadata); err != nil {
			return t, err
		}
		t.Rows++
	}
	return t, rows.Err()
}

// moment is a time as SQLite's driver gives it, in words that PostgreSQL reads.
func moment(v any) string {
	if at, ok := v.(time.Time); ok {
		return at.UTC().Format(time.RFC3339Nano)
	}
	return fmt.Sprint(v) + "Z" // SQLite's own texts are UTC and don't say so
}
