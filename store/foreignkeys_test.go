package store

import (
	"database/sql"
	"strings"
	"testing"
)

func TestRowsThatPointNowhereAreFoundBeforeTheCommit(t *testing.T) {
	db, err := sql.Open("sqlite3", "file:"+t.TempDir()+"/keys.db?_fk=0")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	limitPool(db, 1)
	for _, c := range []struct{ statement, want string }{
		{"BEGIN; CREATE TABLE a (id integer PRIMARY KEY); CREATE TABLE b (a_id integer REFERENCES a (id)); INSERT INTO b VALUES (7)", "rows of b would point to rows missing in a"},
		{"INSERT INTO a VALUES (7)", ""},
	} {
		if _, err := db.ExecContext(t.Context(), c.statement); err != nil {
			t.Fatal(err)
		}
		err := checkForeignKeys(t.Context(), db)
		if (err == nil) != (c.want == "") || err != nil && !strings.Contains(err.Error(), c.want) {
			t.Errorf("after %s: %v, want %q", c.statement, err, c.want)
		}
	}
}
