package reading

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// cursor is a place in a list: the order's value there and the row's key. An insertion elsewhere shifts nothing.
type cursor struct {
	value any
	key   int64
}

// cursor writes the place of a row. It names the order, so that it fits no other; the key is the row's public id.
func (n *connection) cursor(w *writer, at *rows, i int) {
	row := at.Row(i)
	plain := &writer{buf: w.scratch[:0]}
	plain.buf = append(plain.buf, '[')
	plain.string(n.order.name())
	plain.buf = append(plain.buf, ',')
	switch n.order.Type {
	case aNumber:
		plain.number(row[n.value])
	case aText:
		plain.text(row[n.value])
	case aTime:
		plain.instant(row[n.value])
	case aKey, aPlace:
		plain.null()
	}
	plain.buf = append(plain.buf, ',', '"')
	plain.buf = append(n.reader.ids.Append(plain.buf, n.to.Kind, row[n.key].Int()), '"', ']')
	w.buf = append(w.buf, '"')
	w.buf = append(base64.RawURLEncoding.AppendEncode(w.buf, plain.buf), '"')
	w.scratch = plain.buf
}

// readCursor takes a cursor of the same list in the same order.
func (n *connection) readCursor(s string) (*cursor, error) {
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return nil, fmt.Errorf("cursor: %w", err)
	}
	var parts []json.RawMessage
	var order, id string
	if json.Unmarshal(b, &parts) != nil || len(parts) != 3 || json.Unmarshal(parts[0], &order) != nil || json.Unmarshal(parts[2], &id) != nil {
		return nil, errors.New("cursor: not one of ours")
	}
	kind, k, ok := n.reader.ids.Decode(id)
	same := order == n.order.name() || n.order.Type == aPlace && order == n.order.turned().name() // who follows begins at the newest
	if !ok || kind != n.to.Kind || !same {
		return nil, errors.New("cursor: of another list or order")
	}
	at := &cursor{key: k}
	switch n.order.Type {
	case aNumber:
		var v int64
		err = json.Unmarshal(parts[1], &v)
		at.value = v
	case aText:
		var v string
		if err = json.Unmarshal(parts[1], &v); unstorable(v) {
			err = errors.New("no text of ours")
		}
		at.value = v
	case aTime:
		var v time.Time
		err = json.Unmarshal(parts[1], &v)
		at.value = v.UTC()
	}
	if err != nil {
		return nil, fmt.Errorf("cursor: %w", err)
	}
	return at, nil
}

// order finds what an orderBy argument asks for.
func (t *Type) order(arg any) (Order, error) {
	by, ok := arg.(map[string]any)
	if !ok {
		return t.Default, nil
	}
	field, _ := by["field"].(string)
	o, ok := t.Orders[field]
	if !ok {
		return Order{}, fmt.Errorf("%s cannot be ordered by %s", t.Name, field)
	}
	o.Desc = by["direction"] == "DESC"
	return o, nil
}

// turned is the order the other way round.
func (o Order) turned() Order {
	o.Desc = !o.Desc
	return o
}

// name is the order's in cursors.
func (o Order) name() string {
	if o.Desc {
		return "-" + o.Column
	}
	return o.Column
}
