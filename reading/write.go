package reading

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
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
	reader *Reader
	ctx    context.Context
	viewer access.Viewer
	locale string
	buf    []byte
	values []store.Cell
	path   ast.Path
	errors gqlerror.List

	inForce parameter.Values                        // nil: not asked for yet
	collect func(t string) []graphql.CollectedField // the selection of the polymorphic edge being written
}

// parametersInForce are the parameters as they are now, read when a field is the first to need them.
func (w *writer) parametersInForce() (parameter.Values, error) {
	if w.inForce == nil {
		values, err := lifecycle.LoadParameters(w.ctx, w.reader.db, w.reader.dialect, lifecycle.Now())
		if err != nil {
			return nil, err
		}
		w.inForce = values
	}
	return w.inForce, nil
}

// fail records an error at the present path.
func (w *writer) fail(err error) {
	w.errors = append(w.errors, &gqlerror.Error{Err: err, Message: err.Error(), Path: append(ast.Path(nil), w.path...)})
}

// object writes row i of a level as an object.
func (w *writer) object(o *object, l *level, i int) bool {
	return w.fields(len(o.fields), func(j int) (string, bool) { return o.fields[j].name, o.fields[j].nonNull },
		func(j int) bool { return o.fields[j].write(w, l, i) })
}

// fields writes an object of n fields.
func (w *writer) fields(n int, field func(int) (name string, nonNull bool), write func(int) bool) bool {
	start := len(w.buf)
	w.buf = append(w.buf, '{')
	for i := range n {
		name, nonNull := field(i)
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.buf = append(append(append(w.buf, '"'), name...), '"', ':')
		if !w.field(name, nonNull, func() bool { return write(i) }) {
			w.buf = w.buf[:start]
			return false
		}
	}
	w.buf = append(w.buf, '}')
	return true
}

// selectedFields writes an object that is no row, from the fields collected of its type.
func (w *writer) selectedFields(fields []graphql.CollectedField, write func(graphql.CollectedField) bool) bool {
	return w.fields(len(fields), func(i int) (string, bool) { return fields[i].Alias, fields[i].Definition.Type.NonNull }, func(i int) bool {
		if fields[i].Name == "__typename" {
			w.string(fields[i].ObjectDefinition.Name)
			return true
		}
		return write(fields[i])
	})
}

// field writes one value under its place in the path; a null that is not allowed is an error there, unless one was told already.
func (w *writer) field(place any, nonNull bool, write func() bool) bool {
	start, told := len(w.buf), len(w.errors)
	w.step(place)
	defer func() { w.path = w.path[:len(w.path)-1] }()
	if write() {
		return true
	}
	w.buf = w.buf[:start]
	if nonNull {
		if len(w.errors) == told {
			w.fail(errNull)
		}
		return false
	}
	w.null()
	return true
}

func (w *writer) step(place any) {
	switch p := place.(type) {
	case string:
		w.path = append(w.path, ast.PathName(p))
	case int:
		w.path = append(w.path, ast.PathIndex(p))
	}
}

// list writes n elements.
func (w *writer) list(n int, nonNull bool, element func(int) bool) bool {
	start := len(w.buf)
	w.buf = append(w.buf, '[')
	for i := range n {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		if !w.field(i, nonNull, func() bool { return element(i) }) {
			w.buf = w.buf[:start]
			return false
		}
	}
	w.buf = append(w.buf, ']')
	return true
}

func (w *writer) null() { w.buf = append(w.buf, "null"...) }

func (w *writer) id(kind key.Kind, v store.Cell) {
	w.buf = append(w.reader.ids.Append(append(w.buf, '"'), kind, v.Int()), '"')
}

func (w *writer) number(v store.Cell) { w.whole(v.Int()) }

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

// download writes the link to a document's file: a pass for this viewer.
func (w *writer) download(document int64) {
	pass, ok := access.PassFor(w.viewer, key.Document(document), lifecycle.Now())
	if !ok {
		w.buf = append(w.buf, "null"...)
		return
	}
	link, err := pass.Sign(w.reader.keys)
	if err != nil {
		w.fail(err)
		w.buf = append(w.buf, "null"...)
		return
	}
	w.string(access.Downloads + "?" + access.DownloadLink + "=" + link)
}

// requiredDocuments writes the kinds that a loan needs: those of its submission, or by the parameters in force now.
func (w *writer) requiredDocuments(submitted store.Cell, company bool, amount int64) {
	if !submitted.Null() {
		w.raw(submitted)
		return
	}
	values, err := w.parametersInForce()
	if err != nil {
		w.fail(err)
	}
	w.buf = append(w.buf, '[')
	for i, kind := range values.Needs(parameter.RequiredDocuments).For(company, money.Amount(amount)) {
		if i > 0 {
			w.buf = append(w.buf, ',')
		}
		w.string(kind)
	}
	w.buf = append(w.buf, ']')
}
