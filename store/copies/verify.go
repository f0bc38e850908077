package copies

import (
	"context"
	"database/sql"
	"fmt"
	"maps"

	"entgo.io/ent/dialect"
)

// Check is what else must hold of a copy, such as that its keys open what is sealed in it.
type Check func(ctx context.Context, db *sql.DB) error

// Verify opens a copy and checks it: the file is the one that was written, the database in it is whole, every reference is there, each table has as
// many rows as were copied, and what else is asked for. A copy of PostgreSQL is put into a database of its own for that, beside the one at url.
func Verify(ctx context.Context, url, file string, also Check) error {
	m, err := Read(file)
	if err != nil {
		return err
	}
	if err := m.intact(file); err != nil {
		return err
	}
	look := func(db *sql.DB) error {
		found := Manifest{Database: m.Database}
		if err := found.look(ctx, db); err != nil {
			return err
		}
		if !maps.Equal(found.Rows, m.Rows) {
			for table, n := range m.Rows {
				if found.Rows[table] != n {
					return fmt.Errorf("copies: %s has %d rows in the copy, %d were copied", table, found.Rows[table], n)
				}
			}
			return fmt.Errorf("copies: the copy has %d tables, %d were copied", len(found.Rows), len(m.Rows))
		}
		return also(ctx, db)
	}
	if m.Database == dialect.Postgres {
		return inScratch(ctx, url, file, look) // it checks every foreign key when it makes it
	}
	db, err := openCopy(file)
	if err != nil {
		return err
	}
	defer db.Close()
	if err := soundSQLite(ctx, db); err != nil {
		return err
	}
	return look(db)
}
