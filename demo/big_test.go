package demo

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/store/storetest"
	"lenddesk/workflow"
)

// few is the smallest book that there is, on a day of its own.
var few = Big{Size: Size{Users: 500, Companies: 40, Loans: 400, Bids: 4000, Cards: 600}, Seed: 7, Day: "2026-11-23"}

// grown is a desk over a big book that is small.
func grown(t *testing.T, s *store.Store, o Big) *workflow.Desk {
	t.Helper()
	d := desk(t, s)
	var progress bytes.Buffer
	must(t, FillBig(t.Context(), d, o, &progress))
	if !strings.Contains(progress.String(), "users 500 of 500, loans 400 of 400, bids 4000 of 4000") {
		t.Errorf("it told of its progress: %s", &progress)
	}
	return d
}

// A big book has as many rows as it was asked for, every status, and breaks no rule; what was taken away to write it is there again.
func TestABigBookHasWhatItWasAskedForAndKeepsEveryRule(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		before := indexes(t, s)
		grown(t, s, few)
		must(t, check(t, s))
		for table, want := range map[string]int{
			"users": few.Users, "companies": few.Companies, "loans": few.Loans, "bids": few.Bids, "bank_cards": few.Cards,
		} {
			if n := count(t, s, "SELECT COUNT(*) FROM "+table); n != want {
				t.Errorf("%d %s, want %d", n, table, want)
			}
		}
		for _, table := range lifecycle.Tables {
			if table == lifecycle.Backups || table == lifecycle.Exports || table == lifecycle.Imports { // no part of the book
				continue
			}
			for status := range statuses(table) {
				if count(t, s, fmt.Sprintf("SELECT COUNT(*) FROM %s WHERE status = '%s'", tables[table.Kind], status)) == 0 {
					t.Errorf("no %s is %s", table.Kind, status)
				}
			}
		}
		same(t, before, indexes(t, s))
		for query, what := range map[string]string{
			"SELECT COUNT(*) FROM events WHERE at > '2026-11-22 16:00:00' AND actor_type <> 'Anonymous' AND id > (SELECT MIN(id) FROM events WHERE subject_type = 'Loan')": "events after the book's end",
			"SELECT COUNT(*) FROM events e JOIN events f ON f.id = e.id + 1 WHERE f.at < e.at AND e.subject_type = 'Loan'":                                                 "events out of the order of time",
			"SELECT COUNT(*) FROM bids WHERE amount < 10000 OR amount % 10000 <> 0":                                                                                        "bids that are too small or no whole steps",
			"SELECT COUNT(*) FROM loans WHERE status = 'BIDDING' AND closes_at < '2026-11-22 16:00:00'":                                                                    "open listings that are past their end",
			`SELECT COUNT(*) FROM (SELECT borrower_id FROM loans WHERE company_id IS NULL AND status NOT IN
				('DRAFT', 'RETURNED', 'REJECTED', 'WITHDRAWN', 'LISTING_FAILED', 'CANCELLED', 'SETTLED', 'WRITTEN_OFF')
				GROUP BY borrower_id HAVING SUM(amount) > 20000000) o`: "people who owe more than they may",
		} {
			if n := count(t, s, query); n != 0 {
				t.Errorf("there are %d %s", n, what)
			}
		}
	})
}

func statuses(table *lifecycle.Table) map[string]bool {
	all := map[string]bool{}
	for _, l := range table.Lines {
		for _, status := range slices.Concat(l.From, l.To) {
			all[status] = true
		}
	}
	return all
}

// indexes are the definitions of all indexes and, on PostgreSQL, of the constraints.
func indexes(t *testing.T, s *store.Store) []string {
	t.Helper()
	query := "SELECT tbl_name || ' ' || sql FROM sqlite_master WHERE sql IS NOT NULL"
	if s.Dialect() == "postgres" {
		query = `SELECT indexdef FROM pg_indexes WHERE schemaname = 'public'
			UNION ALL SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid) || convalidated FROM pg_constraint WHERE conrelid <> 0`
	}
	return texts(t, s, query)
}

// texts are the rows of a query of one text, sorted.
func texts(t *testing.T, s *store.Store, query string) (all []string) {
	t.Helper()
	rows, err := s.Reader().QueryContext(t.Context(), query)
	must(t, err)
	defer rows.Close()
	for rows.Next() {
		var text string
		must(t, rows.Scan(&text))
		all = append(all, text)
	}
	must(t, rows.Err())
	slices.Sort(all)
	return all
}

// The same seed makes the same book on both databases: every column of every row, what is sealed by what was sealed.
func TestTheSameSeedMakesTheSameBookOnBothDatabases(t *testing.T) {
	var books [][]string
	for _, dialect := range storetest.Dialects {
		s := storetest.Open(t, dialect)
		d := grown(t, s, few)
		books = append(books, dump(t, s, d.Keys))
	}
	if len(books[0]) < 50_000 {
		t.Errorf("a book of %d rows", len(books[0]))
	}
	same(t, books[0], books[1])

	s := storetest.Open(t, storetest.Dialects[0])
	other := few
	other.Seed++
	if d := grown(t, s, other); slices.Equal(books[0], dump(t, s, d.Keys)) {
		t.Error("another seed makes the same book")
	}
}

func same(t *testing.T, x, y []string) {
	t.Helper()
	if len(x) != len(y) {
		t.Errorf("%d rows and %d", len(x), len(y))
	}
	wrong := 0
	for i := range min(len(x), len(y)) {
		if x[i] != y[i] && wrong < 5 {
			wrong++
			t.Errorf("row %d is\n%s\nand\n%s", i, x[i], y[i])
		}
	}
}

// dump is every row of the book as a line, without what was there before it.
func dump(t *testing.T, s *store.Store, keys *seal.Keys) (lines []string) {
	t.Helper()
	purposes := map[string]seal.Purpose{"phone": seal.Phone, "national_id": seal.NationalID, "number": seal.CardNumber}
	for _, name := range everyTable() {
		var table *table
		for _, c := range counted {
			if c.name == name {
				table = c
			}
		}
		if table == nil {
			continue // roles of employees: their table has no key to sort by
		}
		query := "SELECT " + strings.Join(quoted(table.columns), ", ") + " FROM " + name + " ORDER BY id"
		rows, err := s.Reader().QueryContext(t.Context(), query)
		must(t, err)
		for n := 0; rows.Next(); n++ {
			values := make([]any, len(table.columns))
			for i := range values {
				values[i] = new(any)
			}
			must(t, rows.Scan(values...))
			line := name
			for i, column := range table.columns {
				v := *values[i].(*any)
				sealed, isBytes := v.([]byte)
				switch {
				case strings.HasSuffix(column, "_hash"):
					continue // keyed, and keys differ
				case isBytes && purposes[column] != "":
					opened, err := keys.Open(purposes[column], sealed)
					must(t, err)
					v = opened
				case isBytes:
					v = strings.ReplaceAll(string(sealed), " ", "") // JSON; PostgreSQL writes it anew
				}
				if flag, ok := v.(int64); ok && (column == "borrower" || column == "investor" || column == "terms_accepted" || column == "settles" || column == "reversed") {
					v = flag != 0
				}
				line += fmt.Sprintf("|%s=%v", column, v)
			}
			lines = append(lines, line)
		}
		must(t, errors.Join(rows.Err(), rows.Close()))
	}
	return slices.DeleteFunc(lines, func(line string) bool { // what installing the database wrote
		return strings.HasPrefix(line, "staff|id=1|") || strings.HasPrefix(line, "events|id=1|")
	})
}

func quoted(names []string) []string {
	all := make([]string, len(names))
	for i, n := range names {
		all[i] = `"` + n + `"`
	}
	return all
}

func TestABigBookIsWrittenIntoAnEmptyDatabaseOnly(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d := filled(t, s)
		before := count(t, s, "SELECT COUNT(*) FROM events")
		if err := FillBig(t.Context(), d, few, io.Discard); !errors.Is(err, ErrNotEmpty) {
			t.Errorf("into a book that there is: %v", err)
		}
		if after := count(t, s, "SELECT COUNT(*) FROM events"); after != before {
			t.Errorf("%d events before, %d after", before, after)
		}
	})
}

// A book that is not finished leaves nothing behind, and the next try succeeds.
func TestAFillThatIsInterruptedLeavesNothing(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		before := indexes(t, s)
		d := desk(t, s)
		ctx, cancel := context.WithCancel(t.Context())
		if err := FillBig(ctx, d, few, writerFunc(func() { cancel() })); !errors.Is(err, context.Canceled) {
			t.Errorf("it ended with %v", err)
		}
		if n := count(t, s, "SELECT COUNT(*) FROM users") + count(t, s, "SELECT COUNT(*) FROM companies"); n != 0 {
			t.Errorf("%d rows are left", n)
		}
		same(t, before, indexes(t, s))
		grown(t, s, few)
	})
}

type writerFunc func()

func (f writerFunc) Write(b []byte) (int, error) { f(); return len(b), nil }

// SQLite's file belongs to the fill alone while it is written.
func TestAFileThatIsInUseIsNotFilled(t *testing.T) {
	s := storetest.Open(t, storetest.Dialects[0])
	d := desk(t, s)
	var path string
	must(t, s.Reader().QueryRowContext(t.Context(), "SELECT file FROM pragma_database_list WHERE name = 'main'").Scan(&path))
	other, err := sql.Open("sqlite3", "file:"+path)
	must(t, err)
	defer other.Close()
	other.SetMaxIdleConns(1)
	var n int
	must(t, other.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM users").Scan(&n))
	if err := FillBig(t.Context(), d, few, io.Discard); !errors.Is(err, store.ErrInUse) {
		t.Errorf("beside another program: %v", err)
	}
	must(t, other.Close())
	grown(t, s, few)
}

func TestSizesThatCannotBeAreRefusedTogether(t *testing.T) {
	if err := few.Check(); err != nil {
		t.Errorf("%+v is refused: %v", few, err)
	}
	err := Big{Size: Size{Users: 1, Companies: 2, Loans: 3, Bids: -4, Cards: 5}, Day: "tomorrow"}.Check()
	for _, name := range []string{"-users", "-companies", "-loans", "-bids", "-cards", "-day"} {
		if err == nil || !strings.Contains(err.Error(), name+" must be") {
			t.Errorf("%s is not named: %v", name, err)
		}
	}
}
