package store

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"unicode"

	"entgo.io/ent/dialect"
	entsql "entgo.io/ent/dialect/sql"
)

// searched are the tables whose names are found by part. What is indexed is the column name, which stands in the clear in its table anyway;
// nothing that is sealed is ever indexed.
var searched = []string{"users", "companies"}

// The index of names is the databases' own full-text search over grams: every two neighbouring characters of a name, and every single one beyond
// ASCII, since neither database knows where a Chinese word ends. The database keeps it itself, by triggers and by an index over an expression, in
// the transaction of whatever writes a name.
//
// It is no migration: SQLite loses a table's triggers when a migration makes the table anew, so they are put back after the migrations.
const longestName = 200

// searchPostgres are the statements that make the index where it is missing.
func searchPostgres() []string {
	statements := []string{`CREATE OR REPLACE FUNCTION search_grams(name text) RETURNS tsvector LANGUAGE sql IMMUTABLE PARALLEL SAFE STRICT AS $$
SELECT array_to_tsvector(ARRAY(
	SELECT substr(lower(name COLLATE "C"), n, 2) FROM generate_series(1, length(name) - 1) AS n
	UNION SELECT substr(lower(name COLLATE "C"), n, 1) FROM generate_series(1, length(name)) AS n WHERE ascii(substr(name, n, 1)) > 127))
$$`}
	for _, table := range searched { // entered at once: what waits in GIN's list of pending entries is walked through by every search
		statements = append(statements, fmt.Sprintf("CREATE INDEX IF NOT EXISTS %[1]s_search ON %[1]s USING gin (search_grams(name)) WITH (fastupdate = off)", table))
	}
	for _, table := range append(searched, "loans") {
		column := map[string]string{"loans": "number"}[table]
		if column == "" {
			column = "name"
		}
		statements = append(statements, fmt.Sprintf(`CREATE INDEX IF NOT EXISTS %[1]s_begin ON %[1]s (%[2]s COLLATE "C")`, table, column))
	}
	return statements
}

// makeSearchSQLite makes the index where it is missing, and fills it.
func makeSearchSQLite(ctx context.Context, db *sql.DB) error {
	grams := func(name string) string {
		return `(SELECT group_concat(substr(` + name + `, n, 2) || CASE WHEN unicode(substr(` + name + `, n, 1)) > 127 THEN ' ' || substr(` + name + `, n, 1) ELSE '' END, ' ')
	FROM search_places WHERE n <= length(` + name + `))`
	}
	statements := []string{
		"CREATE TABLE IF NOT EXISTS search_places (n INTEGER PRIMARY KEY)",
		fmt.Sprintf("INSERT OR IGNORE INTO search_places WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM c WHERE n < %d) SELECT n FROM c", longestName),
	}
	for _, table := range searched {
		var there bool
		if err := db.QueryRowContext(ctx, "SELECT EXISTS (SELECT 1 FROM sqlite_master WHERE name = ?)", table+"_search").Scan(&there); err != nil {
			return fmt.Errorf("look for the index of names: %w", err)
		}
		if !there {
			statements = append(statements,
				fmt.Sprintf("CREATE VIRTUAL TABLE %s_search USING fts4(grams, tokenize=simple)", table),
				fmt.Sprintf("INSERT INTO %[1]s_search (rowid, grams) SELECT t.id, %[2]s FROM %[1]s AS t", table, grams("t.name")))
		}
		statements = append(statements,
			fmt.Sprintf("CREATE TRIGGER IF NOT EXISTS %[1]s_search_insert AFTER INSERT ON %[1]s BEGIN INSERT INTO %[1]s_search (rowid, grams) VALUES (new.id, %[2]s); END",
				table, grams("new.name")),
			fmt.Sprintf("CREATE TRIGGER IF NOT EXISTS %[1]s_search_update AFTER UPDATE OF name ON %[1]s WHEN old.name <> new.name BEGIN UPDATE %[1]s_search SET grams = %[2]s WHERE rowid = new.id; END",
				table, grams("new.name")),
			fmt.Sprintf("CREATE TRIGGER IF NOT EXISTS %[1]s_search_delete AFTER DELETE ON %[1]s BEGIN DELETE FROM %[1]s_search WHERE rowid = old.id; END", table))
	}
	return each(ctx, db, statements)
}

// Lower is a text with its ASCII letters in lower case, which is what both databases fold alike.
func Lower(s string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, s)
}

// Grams are what the index has of a text: every two neighbouring letters or digits of it; of one character alone that character, unless it is
// ASCII. Nothing means that the index cannot tell.
func Grams(text string) []string {
	var grams []string
	for _, word := range Words(text) {
		rs := []rune(word)
		if len(rs) == 1 && rs[0] > unicode.MaxASCII {
			grams = append(grams, word)
		}
		for i := range len(rs) - 1 {
			grams = append(grams, string(rs[i:i+2]))
		}
	}
	return grams
}

// Words are the runs of letters and digits of a text, in lower case as by Lower.
func Words(text string) []string {
	return strings.FieldsFunc(Lower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) })
}

// Named narrows a table of searched names to the rows that have all the grams of at least one of the alternatives; to the newest of them, if enough says
// how many there must be at least.
func Named(t *entsql.SelectTable, table string, enough int, alternatives ...[]string) *entsql.Predicate {
	quote, and, or := `"`, " AND ", " OR "
	if t.Dialect() == dialect.Postgres {
		quote, and, or = "'", " & ", " | "
	}
	var any []string
	for _, grams := range alternatives {
		var all []string
		for _, g := range grams {
			all = append(all, quote+g+quote)
		}
		any = append(any, "("+strings.Join(all, and)+")")
	}
	match := strings.Join(any, or)
	return entsql.P(func(b *entsql.Builder) {
		if t.Dialect() == dialect.Postgres {
			b.WriteString("search_grams(").Ident(t.C("name")).WriteString(") @@ CAST(").Arg(match).WriteString(" AS tsquery)")
			return
		}
		b.Ident(t.C("id")).WriteString(" IN (SELECT rowid FROM ").Ident(table + "_search").WriteString(" WHERE grams MATCH ").Arg(match)
		if enough > 0 {
			b.WriteString(fmt.Sprintf(" ORDER BY rowid DESC LIMIT %d", enough))
		}
		b.WriteByte(')')
	})
}
