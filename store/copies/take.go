package copies

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"entgo.io/ent/dialect"

	"lenddesk/store"
)

// Take makes a copy of the database at one moment, while others read and write. file is where it is to be; an older one of this name is
// replaced when the new one is whole. url is where the database is, as it was opened.
func Take(ctx context.Context, s *store.Store, url, file string) (Manifest, error) {
	if err := os.MkdirAll(filepath.Dir(file), 0o700); err != nil {
		return Manifest{}, fmt.Errorf("copies: make the folder: %w", err)
	}
	m := Manifest{Database: s.Dialect(), TakenAt: time.Now().UTC().Truncate(time.Second)}
	fill := takePostgres
	if s.Dialect() == dialect.SQLite {
		fill = takeSQLite
	}
	err := whole(file, func(draft string) (err error) {
		if err := os.WriteFile(draft, nil, 0o600); err != nil { // nobody else reads it at any moment
			return fmt.Errorf("copies: %w", err)
		}
		if err := fill(ctx, s, url, draft, &m); err != nil {
			return err
		}
		m.Size, m.SHA256, err = measure(draft)
		return err
	})
	if err == nil {
		err = m.write(file)
	}
	return m, err
}

// querier is a connection or a pool.
type querier interface {
	QueryContext(context.Context, string, ...any) (*sql.Rows, error)
	QueryRowContext(context.Context, string, ...any) *sql.Row
}

// look finds out what a manifest says of a database's content.
func (m *Manifest) look(ctx context.Context, q querier) error {
	tables, err := tables(ctx, q, m.Database)
	if err != nil {
		return err
	}
	m.Rows = make(map[string]int64, len(tables))
	for _, table := range tables {
		var n int64
		if err := q.QueryRowContext(ctx, "SELECT count(*) FROM "+quoted(table)).Scan(&n); err != nil {
			return fmt.Errorf("copies: count the rows of %s: %w", table, err)
		}
		m.Rows[table] = n
	}
	if m.Migration, err = store.MigrationIn(ctx, q, m.Database); err != nil {
		return err
	}
	err = q.QueryRowContext(ctx, "SELECT fingerprint FROM keysets").Scan(&m.Keys)
	if errors.Is(err, sql.ErrNoRows) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("copies: read which keys the database belongs to: %w", err)
	}
	return nil
}

// tables are the names of all tables, the queue's and the migrations' among them.
func tables(ctx context.Context, q querier, database string) (names []string, err error) {
	list := "SELECT tablename FROM pg_tables WHERE schemaname = current_schema() ORDER BY 1"
	if database == dialect.SQLite {
		list = "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"
	}
	rows, err := q.QueryContext(ctx, list)
	if err != nil {
		return nil, fmt.Errorf("copies: list the tables: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("copies: list the tables: %w", err)
		}
		names = append(names, name)
	}
	return names, rows.Err()
}

// quoted is the name of a table or column in SQL.
func quoted(name string) string { return `"` + name + `"` }
