package reading

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"lenddesk/store"
)

func FuzzString(f *testing.F) {
	for _, s := range []string{"", "plain", "\"\\\n\t\x00\x1f\x7f", "王小明 😀 \u2028", "cut \xe7\x8e", "\xff\"\xfe", "\xed\xa0\x80"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		w := &writer{}
		w.string(s)
		var got, want string
		if !utf8.Valid(w.buf) {
			t.Fatalf("%q is no UTF-8", w.buf)
		}
		if err := json.Unmarshal(w.buf, &got); err != nil {
			t.Fatalf("%q: %v", w.buf, err)
		}
		b, _ := json.Marshal(s)
		if err := json.Unmarshal(b, &want); err != nil || got != want {
			t.Fatalf("%q: %q, want %q (%v)", s, got, want, err)
		}
	})
}

func TestStoredJSONIsWrittenAlike(t *testing.T) {
	for stored, want := range map[string]string{
		`["a", "b"]`: `["a","b"]`, `{"bb": 1.50, "a": "<&>"}`: `{"a":"<&>","bb":1.50}`, `123456789012345678901234567890`: `123456789012345678901234567890`, ` null `: `null`,
	} {
		w := &writer{buf: []byte("before ")}
		w.raw(store.TextCell(stored))
		if string(w.buf) != "before "+want || len(w.errors) > 0 {
			t.Errorf("%s: %s, want %s", stored, w.buf, want)
		}
	}
}

func TestANullTakesTheNearestParentThatMayBeNull(t *testing.T) {
	n := number("n")
	o := &object{fields: []fieldPlan{newFieldPlan("n", true, func(w *writer, at *rows, i int) bool { return w.cells(&n, at.Row(i)) })}}
	at := &rows{Question: store.Question{Width: 1, Cells: []store.Cell{store.IntCell(1), store.NullCell(), store.IntCell(3)}}}
	write := func(elementNonNull, listNonNull bool) (string, []string) {
		w := &writer{}
		root := &object{fields: []fieldPlan{newFieldPlan("list", listNonNull, func(w *writer, at *rows, _ int) bool {
			return w.list(at.Len(), elementNonNull, func(i int) bool { return w.object(o, at, i) })
		})}}
		if !w.object(root, at, 0) {
			w.null()
		}
		var paths []string
		for _, e := range w.errors {
			paths = append(paths, e.Path.String())
		}
		return string(w.buf), paths
	}
	for _, c := range []struct {
		element, list bool
		want          string
	}{
		{false, true, `{"list":[{"n":1},null,{"n":3}]}`},
		{true, false, `{"list":null}`},
		{true, true, `null`},
	} {
		got, paths := write(c.element, c.list)
		if got != c.want || len(paths) != 1 || paths[0] != "list[1].n" {
			t.Errorf("%v %v: %s %q, want %s and one error at list[1].n", c.element, c.list, got, paths, c.want)
		}
	}
}
