package reading

import (
	"reflect"
	"testing"

	"entgo.io/ent/dialect"
)

func TestWhatIsTheSameInEveryRunStandsInTheStatement(t *testing.T) {
	later := &slot{}
	for _, c := range []struct {
		dialect, text, want string
		args, kept          []any
	}{
		{
			dialect.SQLite, "SELECT `a?`, ? FROM t WHERE b = ? AND c = ? AND d = ? AND e = '?''?' LIMIT 21", "SELECT `a?`, 'O''Hara' FROM t WHERE b = 7 AND c = ? AND d = TRUE AND e = '?''?' LIMIT 21",
			[]any{"O'Hara", int64(7), later, true},
			[]any{later},
		},
		{
			dialect.Postgres, `SELECT "a$1", $1 FROM t WHERE b = $2 AND c = $3 AND d = $4 AND e = $5`, `SELECT "a$1", $1 FROM t WHERE b = 'Loan' AND c = $2 AND d = $3 AND e = FALSE`,
			[]any{later, "Loan", `a\b`, int64(-1), false},
			[]any{later, `a\b`, int64(-1)},
		},
	} {
		text, kept := literally(c.dialect, c.text, c.args)
		if text != c.want || !reflect.DeepEqual(kept, c.kept) {
			t.Errorf("%s\n%s %v\nwant\n%s %v", c.text, text, kept, c.want, c.kept)
		}
	}
}
