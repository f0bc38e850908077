//go:build ignore

// Generate writes the migrations that are missing, for both dialects; see package plan. It runs in the folder of package store.
package main

import (
	"context"
	"flag"
	"log"
	"os"

	"entgo.io/ent/dialect"

	"lenddesk/store/migrations/plan"
)

func main() {
	name := flag.String("name", "changes", "what the migration does, for its file's name")
	flag.Parse()
	postgres := os.Getenv("LENDDESK_TEST_POSTGRES")
	if postgres == "" {
		log.Fatal("LENDDESK_TEST_POSTGRES must be the URL of a PostgreSQL server's administrator; `make generate` sets it")
	}
	for _, d := range []struct{ dialect, dir string }{{dialect.SQLite, "migrations/sqlite"}, {dialect.Postgres, "migrations/postgres"}} {
		if err := plan.Write(context.Background(), d.dialect, d.dir, *name, postgres); err != nil {
			log.Fatal(err)
		}
	}
}
