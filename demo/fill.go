package demo

import (
	"context"
	"fmt"

	"entgo.io/ent/dialect"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/role"
	"lenddesk/ent/staff"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Password is what every customer and employee of the demonstration book signs in with.
const Password = "demonstration-2026"

// seed makes the book the same on every machine.
const seed = 2016

// Fill writes the demonstration book into a database that has been installed and has no user yet. It answers false, and does nothing,
// when there is a user already. The rows are there all together or not at all.
func Fill(ctx context.Context, d *workflow.Desk) (filled bool, err error) {
	ctx = access.AsSystem(ctx, "demonstration")
	used := false
	look := func(ctx context.Context, tx *store.Tx) (err error) {
		used, err = tx.User.Query().Exist(ctx)
		return err
	}
	if err := d.Store.InTx(ctx, look); err != nil || used {
		return false, err
	}
	hash, err := d.Passwords.Hash(ctx, Password) // outside the transaction: it takes its time on purpose
	if err != nil {
		return false, err
	}
	err = d.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := alone(ctx, tx); err != nil {
			return err
		}
		if err := look(ctx, tx); err != nil || used {
			return err
		}
		s, err := settle(ctx, d, tx)
		if err != nil {
			return err
		}
		s.now, s.seed, s.passwordHash = lifecycle.Now(), seed, hash
		b, err := compose(s)
		if err != nil {
			return fmt.Errorf("compose the book: %w", err)
		}
		b.hand = func(d delivery) error { return write(ctx, tx, d, func(*table, int) {}) }
		if err := b.finish(); err != nil {
			return err
		}
		return b.advance(ctx, tx.Dialect(), tx.SQL)
	})
	return err == nil && !used, err
}

// alone keeps a second server from filling the same database at the same time. On SQLite the transaction itself does.
func alone(ctx context.Context, tx *store.Tx) error {
	if tx.Dialect() != dialect.Postgres {
		return nil
	}
	if _, err := tx.SQL.ExecContext(ctx, "LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"); err != nil {
		return fmt.Errorf("lock users: %w", err)
	}
	return nil
}

// settle reads what the book builds upon: the parameters, the built-in roles, the first administrator, the last key of each table.
func settle(ctx context.Context, d *workflow.Desk, tx *store.Tx) (setting, error) {
	s := setting{keys: d.Keys, roles: map[string]key.Role{}, last: map[key.Kind]int64{}}
	values, err := d.Parameters(ctx, tx)
	if err != nil {
		return s, err
	}
	s.zone = values.Location(parameter.TimeZoneName)
	s.platform, s.contact = values.Text(parameter.PlatformName), values.Text(parameter.PlatformContact)
	roles, err := tx.Role.Query().Where(role.BuiltIn(true)).All(ctx)
	if err != nil {
		return s, fmt.Errorf("read roles: %w", err)
	}
	for _, r := range roles {
		s.roles[r.Name] = r.ID
	}
	if s.administrator, err = tx.Staff.Query().Where(staff.StatusEQ(staff.StatusActive)).Order(ent.Asc(staff.FieldID)).FirstID(ctx); err != nil {
		return s, fmt.Errorf("find the first administrator: %w", err)
	}
	for kind, table := range counted {
		var last int64
		if err := tx.SQL.QueryRowContext(ctx, "SELECT COALESCE(MAX(id), 0) FROM "+table.name).Scan(&last); err != nil {
			return s, fmt.Errorf("find the last key of %s: %w", table.name, err)
		}
		s.last[kind] = last
	}
	return s, nil
}
