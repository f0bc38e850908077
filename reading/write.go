package reading

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lenddesk/access"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
)

// writer appends the answer of one root field to one buffer. A function that answers false has met a null where the contract allows none, or
// an error: the caller takes back what was written and hands the null on.
type writer struct {
	reader  *Reader
	viewer  access.Viewer
	buf     []byte
	values  []store.Cell
	scratch []byte
	root    *graphql.FieldContext // where the path begins
	path    []step
	errors  gqlerror.List

	collect func(t string) []graphql.CollectedField // the selection of the polymorphic edge being written
}

// step is one step of a path: a name, or without one a place in a list.
type step struct {
	name  string
	index int
}

// fail records an error at the present path.
func (w *writer) fail(err error) {
	var path ast.Path
	if w.root != nil {
		path = w.root.Path()
	}
	for _, s := range w.path {
		if s.name == "" {
			path = append(path, ast.PathIndex(s.index))
			continue
		}
		path = append(path, ast.PathName(s.name))
	}
	w.errors = append(w.errors, &gqlerror.Error{Err: err, Message: err.Error(), Path: path})
}

// object writes row i of a level as an object.
func (w *writer) object(o *object, at *rows, i int) bool {
	from := w.open('{')
	for j := range o.fields {
		f := &o.fields[j]
		w.head(j, f.head)
		if !w.value(step{name: f.name}, f.nonNull, func() bool { return f.write(w, at, i) }) {
			return w.undo(from)
		}
	}
	return w.close('}')
}

// cells writes a field that stands in cells of a row.
func (w *writer) cells(f *Field, values []store.Cell) bool {
	if values[0].Null() {
		if f.Null == nil {
			return false
		}
		f.Null(w)
		return true
	}
	told := len(w.errors)
	f.Write(w, values)
	return len(w.errors) == told
}

// selectedFields writes an object that is no row, from the fields collected of its type.
func (w *writer) selectedFields(fields []graphql.CollectedField, write func(graphql.CollectedField) bool) bool {
	from := w.open('{')
	for i, f := range fields {
		w.head(i, `"`+f.Alias+`":`)
		if !w.value(step{name: f.Alias}, f.Definition.Type.NonNull, func() bool {
			if f.Name == "__typename" {
				w.string(f.ObjectDefinition.Name)
				return true
			}
			return write(f)
		}) {
			return w.undo(from)
		}
	}
	return w.close('}')
}

// list writes n elements.
func (w *writer) list(n int, nonNull bool, element func(int) bool) bool {
	from := w.open('[')
	for i := range n {
		w.head(i, "")
		if !w.value(step{index: i}, nonNull, func() bool { return element(i) }) {
			return w.undo(from)
		}
	}
	return w.close(']')
}

func (w *writer) open(bracket byte) (from int) {
	w.buf = append(w.buf, bracket)
	return len(w.buf) - 1
}

func (w *writer) close(bracket byte) bool {
	w.buf = append(w.buf, bracket)
	return true
}

func (w *writer) undo(from int) bool {
	w.buf = w.buf[:from]
	return false
}

func (w *writer) head(i int, head string) {
	if i > 0 {
		w.buf = append(w.buf, ',')
	}
	w.buf = append(w.buf, head...)
}

// value writes one value under its place in the path; a null that is not allowed is an error there, unless one was told already.
func (w *writer) value(place step, nonNull bool, write func() bool) bool {
	start, told := len(w.buf), len(w.errors)
	w.path = append(w.path, place)
	ok := write()
	if !ok {
		w.buf = w.buf[:start]
		if nonNull {
			if len(w.errors) == told {
				w.fail(errNull)
			}
		} else {
			w.null()
			ok = true
		}
	}
	w.path = w.path[:len(w.path)-1]
	return ok
}

func (w *writer) null() { w.buf = append(w.buf, "null"...) }

func (w *writer) id(kind key.Kind, v store.Cell) {
	w.buf = append(w.reader.ids.Append(append(w.buf, '"'), kind, v.Int()), '"')
}

func (w *writer) number(v store.Cell) { w.whole(v.Int()) }

// size is a number of bytes; what the contract's Int cannot hold is the largest Int.
func (w *writer) size(v store.Cell) { w.whole(min(v.Int(), math.MaxInt32)) }

func (w *writer) whole(n int64) { w.buf = strconv.AppendInt(w.buf, n, 10) }

func (w *writer) flag(v store.Cell) { w.truth(v.Bool()) }

func (w *writer) truth(b bool) { w.buf = strconv.AppendBool(w.buf, b) }

func (w *writer) text(v store.Cell) { w.string(v.Text()) }

// raw writes stored JSON, spaced and sorted alike whichever database kept it.
func (w *writer) raw(v store.Cell) {
	var value any
	in := json.NewDecoder(strings.NewReader(v.Text()))
	in.UseNumber()
	if err := in.Decode(&value); err != nil {
		w.fail(fmt.Errorf("stored JSON: %w", err))
		return
	}
	out := bytes.NewBuffer(w.buf)
	to := json.NewEncoder(out)
	to.SetEscapeHTML(false)
	if err := to.Encode(value); err != nil {
		w.fail(fmt.Errorf("stored JSON: %w", err))
		return
	}
	w.buf = bytes.TrimSuffix(out.Bytes(), []byte("\n"))
}

func (w *writer) amount(v store.Cell) {
	w.buf = money.Amount(v.Int()).AppendJSON(w.buf)
}

func (w *writer) rate(v store.Cell) {
	w.buf = money.Rate(v.Int()).AppendJSON(w.buf)
}

// share writes part / whole as a Float.
func (w *writer) share(part, whole store.Cell) {
	f := 0.0
	if n := whole.Int(); n != 0 {
		f, _ = big.NewRat(part.Int(), n).Float64()
	}
	w.buf = strconv.AppendFloat(w.buf, f, 'f', -1, 64)
}

// fraction writes how much of something is done as a Float.
func (w *writer) fraction(done bool, part, whole int64) {
	f := 0.0
	if done {
		f = 1
	} else if whole > 0 {
		f = min(1, float64(part)/float64(whole))
	}
	w.buf = strconv.AppendFloat(w.buf, f, 'f', -1, 64)
}

func (w *writer) instant(v store.Cell) {
	t, ok := v.Time()
	if !ok {
		w.fail(errors.New("a stored instant cannot be read"))
		return
	}
	w.buf = append(w.buf, '"')
	w.buf = append(t.AppendFormat(w.buf, time.RFC3339Nano), '"')
}

// seconds writes the time between two instants as a Float.
func (w *writer) seconds(from, to store.Cell) {
	begin, ok := from.Time()
	end, there := to.Time()
	if !ok || !there {
		w.fail(errors.New("a stored instant cannot be read"))
		return
	}
	w.buf = strconv.AppendFloat(w.buf, end.Sub(begin).Seconds(), 'f', -1, 64)
}

// masked opens a sealed value and writes what mask leaves of it.
func (w *writer) masked(what seal.Purpose, mask func(string) string, v store.Cell) {
	plain, err := w.reader.keys.Open(what, seal.Sealed(v.Bytes()))
	if err != nil {
		w.fail(err)
		return
	}
	w.string(mask(plain))
}

// string writes a JSON string (RFC 8259).
func (w *writer) string(s string) {
	const hex = "0123456789abcdef"
	w.buf = append(w.buf, '"')
	from := 0
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			if r == utf8.RuneError && size == 1 {
				w.buf = append(append(w.buf, s[from:i]...), "\uFFFD"...)
				from = i + 1
			}
			i += size
			continue
		}
		if c < 0x20 || c == '"' || c == '\\' {
			w.buf = append(w.buf, s[from:i]...)
			switch c {
			case '"', '\\':
				w.buf = append(w.buf, '\\', c)
			case '\n':
				w.buf = append(w.buf, '\\', 'n')
			default:
				w.buf = append(w.buf, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
			}
			from = i + 1
		}
		i++
	}
	w.buf = append(append(w.buf, s[from:]...), '"')
}

// download writes the link to the file of an object: a pass for this viewer.
func (w *writer) download(kind key.Kind, id int64) {
	pass, ok := access.PassFor(w.viewer, kind, id, lifecycle.Now())
	if !ok {
		w.buf = append(w.buf, "null"...)
		return
	}
	link, err := pass.Sign(w.reader.keys)
	if err != nil {
		w.fail(err)
		return
	}
	w.string(access.Downloads[kind] + "?" + access.DownloadLink + "=" + link)
}

// requiredDocuments writes the kinds that a loan needs: those of its submission, or by the checklist in force now.
func (w *writer) requiredDocuments(submitted store.Cell, company bool, asked int64, checklist string) {
	if !submitted.Null() {
		w.raw(submitted)
		return
	}
	needs := parameter.Values{parameter.RequiredDocuments: checklist}.Needs(parameter.RequiredDocuments)
	kinds := needs.For(company, money.Amount(asked))
	w.list(len(kinds), true, func(i int) bool { w.string(kinds[i]); return true })
}
