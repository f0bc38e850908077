// Package migrations holds the steps that bring a database's tables up to date, one folder for each dialect.
//
// Package plan writes them, with ent and Atlas, in goose's format and only upwards; they are committed together with the change of
// package schema that caused them and not edited afterwards. Package store applies them.
package migrations

import (
	"embed"
	"io/fs"

	"entgo.io/ent/dialect"
)

//go:embed sqlite/*.sql postgres/*.sql
var files embed.FS

// Of gives the migration files of a dialect (dialect.SQLite, dialect.Postgres), at the root of the file system.
func Of(name string) (fs.FS, error) {
	if name == dialect.SQLite {
		return fs.Sub(files, "sqlite")
	}
	return fs.Sub(files, "postgres")
}
