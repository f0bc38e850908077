// Package plan writes the migrations that are missing between those in a folder and what package ent wants. It is for the
// generator and its test; the program doesn't use it.
package plan

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"text/template"
	"time"

	"ariga.io/atlas/sql/migrate"
	"ariga.io/atlas/sql/postgres"
	atlas "ariga.io/atlas/sql/schema"
	"ariga.io/atlas/sql/sqltool"
	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
	"entgo.io/ent/dialect/sql/schema"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "github.com/mattn/go-sqlite3"    // the driver "sqlite3"

	entmigrate "lenddesk/ent/migrate"
)

// Write writes the missing migration of a dialect into dir as VERSION_title.sql, VERSION being the time (UTC, to the second), and
// nothing if nothing is missing. It runs the files of dir on an empty database to learn what they make: on SQLite in a temporary
// file, on PostgreSQL in a database that it creates at postgres, the URL of a server's administrator, and drops again.
func Write(ctx context.Context, name, dir, title, postgres string) (err error) {
	db, drop, err := scratch(ctx, name, postgres)
	if err != nil {
		return fmt.Errorf("plan: open an empty database: %w", err)
	}
	defer func() { err = errors.Join(err, drop()) }()

	local, err := migrate.NewLocalDir(dir)
	if err != nil {
		return fmt.Errorf("plan: open the folder: %w", err)
	}
	layout, err := format(name)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	m, err := schema.NewMigrate(
		entsql.OpenDB(name, db),
		schema.WithDir(&sqltool.GooseDir{LocalDir: local}),
		schema.WithFormatter(layout),
		schema.WithMigrationMode(schema.ModeReplay),
		schema.WithDropColumn(true),
		schema.WithDropIndex(true),
		// Without it a check that has changed but not its name is taken for the same.
		schema.WithDiffOptions(atlas.DiffNormalized()),
		schema.WithDiffHook(asWritten(name)),
	)
	if err != nil {
		return fmt.Errorf("plan: %w", err)
	}
	if err := m.NamedDiff(ctx, title, entmigrate.Tables...); err != nil {
		return fmt.Errorf("plan: compare %s: %w", name, err)
	}
	return nil
}

// asWritten has the migration say the checks and the conditions of indexes as package schema does. Left alone, Atlas writes for
// PostgreSQL what that made of them, which PostgreSQL would change once more when it reads the file, so that no two states ever agree;
// and for SQLite it takes the outer parentheses of "(a IS NULL) = (b IS NULL)" for a pair.
func asWritten(name string) schema.DiffHook {
	return func(next schema.Differ) schema.Differ {
		return schema.DiffFunc(func(current, desired *atlas.Schema) ([]atlas.Change, error) {
			// SQLite keeps a text as it was written: both sides are compared so. PostgreSQL's are compared as it made them.
			if name == dialect.SQLite {
				restore(desired)
				return next.Diff(current, desired)
			}
			changes, err := next.Diff(current, desired)
			restore(desired)
			return changes, err
		})
	}
}

// restore puts what package schema says into the checks and indexes that are wanted; changes point to the same ones.
func restore(desired *atlas.Schema) {
	for _, want := range entmigrate.Tables {
		table, ok := desired.Table(want.Name)
		if !ok || want.Annotation == nil {
			continue
		}
		for _, attribute := range table.Attrs {
			if check, ok := attribute.(*atlas.Check); ok {
				check.Expr = "(" + want.Annotation.Checks[check.Name] + ")"
			}
		}
		for _, index := range want.Indexes {
			if made, ok := table.Index(index.Name); ok && index.Annotation != nil {
				for _, attribute := range made.Attrs {
					if where, ok := attribute.(*postgres.IndexPredicate); ok {
						where.P = index.Annotation.Where
					}
				}
			}
		}
	}
}

// format is goose's, without the way down. On SQLite package store begins the transaction itself.
func format(name string) (migrate.Formatter, error) {
	head := "-- +goose Up\n"
	if name == dialect.SQLite {
		head = "-- +goose NO TRANSACTION\n" + head
	}
	now := func() string { return time.Now().UTC().Format("20060102150405") }
	return migrate.NewTemplateFormatter(
		template.Must(template.New("name").Funcs(template.FuncMap{"now": now}).Parse("{{ now }}_{{ .Name }}.sql")),
		template.Must(template.New("content").Parse(head+
			"{{ range .Changes }}{{ with .Comment }}-- {{ println . }}{{ end }}{{ .Cmd }};\n{{ end }}")),
	)
}

// scratch opens an empty database; drop removes it.
func scratch(ctx context.Context, name, postgres string) (db *sql.DB, drop func() error, err error) {
	if name == dialect.SQLite {
		return scratchSQLite()
	}
	return scratchPostgres(ctx, postgres)
}

func scratchSQLite() (*sql.DB, func() error, error) {
	dir, err := os.MkdirTemp("", "lenddesk-plan")
	if err != nil {
		return nil, nil, err
	}
	db, err := sql.Open("sqlite3", "file:"+(&url.URL{Path: filepath.Join(dir, "empty.db")}).EscapedPath()+"?_fk=1")
	if err != nil {
		return nil, nil, errors.Join(err, os.RemoveAll(dir))
	}
	db.SetMaxOpenConns(1)
	return db, func() error { return errors.Join(db.Close(), os.RemoveAll(dir)) }, nil
}

func scratchPostgres(ctx context.Context, server string) (*sql.DB, func() error, error) {
	at, err := url.Parse(server)
	if err != nil || server == "" {
		return nil, nil, errors.New("the URL of a PostgreSQL server's administrator is needed")
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		return nil, nil, errors.New("the URL of the PostgreSQL server can't be read")
	}
	name := fmt.Sprintf("lenddesk_plan_%d_%d", os.Getpid(), time.Now().UnixNano())
	if _, err := admin.ExecContext(ctx, "CREATE DATABASE "+name); err != nil {
		return nil, nil, errors.Join(err, admin.Close())
	}
	drop := func() error {
		_, err := admin.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)")
		return errors.Join(err, admin.Close())
	}
	at.Path = "/" + name
	db, err := sql.Open("pgx", at.String())
	if err != nil {
		return nil, nil, errors.Join(err, drop())
	}
	return db, func() error { return errors.Join(db.Close(), drop()) }, nil
}
