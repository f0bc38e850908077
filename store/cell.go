package store

import (
	"cmp"
	"fmt"
	"math"
	"strconv"
	"time"
)

// Cell is one value of a row, of a type of its own, so that reading a row makes nothing but the row.
type Cell struct {
	kind cellKind
	n    int64 // a number, the bits of a float, a truth, or microseconds since 1970 UTC
	s    string
}

type cellKind uint8

const (
	cellNull cellKind = iota
	cellInt
	cellFloat
	cellBool
	cellTime
	cellText // or bytes
)

// NullCell is the cell of a null. It and the makers below are for tests and for who computes a value in Go.
func NullCell() Cell           { return Cell{} }
func IntCell(n int64) Cell     { return Cell{kind: cellInt, n: n} }
func FloatCell(f float64) Cell { return Cell{kind: cellFloat, n: int64(math.Float64bits(f))} }
func BoolCell(b bool) Cell {
	if b {
		return Cell{kind: cellBool, n: 1}
	}
	return Cell{kind: cellBool}
}
func TimeCell(t time.Time) Cell { return Cell{kind: cellTime, n: t.UnixMicro()} }
func TextCell(s string) Cell    { return Cell{kind: cellText, s: s} }

// Null says whether there is no value.
func (c Cell) Null() bool { return c.kind == cellNull }

// Int is a whole number, also where the database has it as a float or in letters; 0 for what is none.
func (c Cell) Int() int64 {
	switch c.kind {
	case cellInt, cellBool:
		return c.n
	case cellFloat:
		return int64(math.Float64frombits(uint64(c.n)))
	case cellText:
		n, _ := strconv.ParseInt(c.s, 10, 64)
		return n
	}
	return 0
}

// Float is a number; 0 for what is none.
func (c Cell) Float() float64 {
	switch c.kind {
	case cellFloat:
		return math.Float64frombits(uint64(c.n))
	case cellText:
		f, _ := strconv.ParseFloat(c.s, 64)
		return f
	}
	return float64(c.Int())
}

// Bool is a truth: SQLite has it as a number in an expression.
func (c Cell) Bool() bool { return c.Int() != 0 }

// Compare puts two numbers, or two instants as columns hold them, in order.
func (c Cell) Compare(with Cell) int { return cmp.Compare(c.n, with.n) }

// Text is letters; empty for what has none.
func (c Cell) Text() string { return c.s }

// Bytes are bytes or letters as they came.
func (c Cell) Bytes() []byte { return []byte(c.s) }

// Time is an instant in UTC; false for what is none.
func (c Cell) Time() (time.Time, bool) {
	switch c.kind {
	case cellTime:
		return time.UnixMicro(c.n).UTC(), true
	case cellText: // as SQLite has it in an expression
		t, err := time.Parse(storedTime, c.s)
		return t.UTC(), err == nil
	}
	return time.Time{}, false
}

// storedTime is how SQLite keeps an instant.
const storedTime = "2006-01-02 15:04:05.999999999-07:00"

// Scan takes a value as database/sql gives it.
func (c *Cell) Scan(v any) error {
	switch v := v.(type) {
	case nil:
		*c = Cell{}
	case int64:
		*c = IntCell(v)
	case float64:
		*c = FloatCell(v)
	case bool:
		*c = BoolCell(v)
	case time.Time:
		*c = TimeCell(v)
	case string:
		*c = TextCell(v)
	case []byte:
		*c = TextCell(string(v))
	default:
		return fmt.Errorf("store: a cell cannot hold a %T", v)
	}
	return nil
}

// Stored is an instant as SQLite keeps it, for a list of them that is bound as one text.
func Stored(t time.Time) string { return t.UTC().Truncate(time.Microsecond).Format(storedTime) }
