package reading

import (
	"entgo.io/ent/dialect/sql"

	"lenddesk/key"
	"lenddesk/store"
)

// Type is how one GraphQL object type is read: from which table, and each of its fields.
type Type struct {
	Name    string
	Kind    key.Kind // of a Node; empty for what is only part of another row
	Table   string
	Fields  map[string]Field
	Filters map[string]Filter
	Orders  map[string]Order // by the name in the order's enum
	Default Order            // where none is asked for
}

// Field is how one field is read. Exactly one of Write, One, Part, Many, Any and Actions is set.
type Field struct {
	Columns []Column
	Write   func(w *writer, row []store.Cell) // appends JSON, or fails; called only when the first column is not null
	Null    func(w *writer)                   // appends what a null first column means; null when nil
	One     *One
	Part    string // the type of an object that is part of the same row
	Many    *Many
	Any     *Polymorphic
	Actions bool // availableActions
}

// Column is what a field needs of its row: a column of the table by name, or an expression over it.
type Column struct {
	Name string
	Expr func(t *sql.SelectTable, eyes Look) sql.Querier
}

// One is an edge to at most one row, which is joined under its row rule.
type One struct {
	To string
	By Column // holds the key of the other row
}

// Many is an edge to several rows. On narrows the other table to the children of one parent; parent is the SQL of its key.
type Many struct {
	To    string
	On    func(t *sql.SelectTable, parent string) *sql.Predicate
	Plain bool // a list and not a connection: all of them, in the default order
}

// Polymorphic is an edge to a row of one of several types: a column with the type's name and one with the key.
type Polymorphic struct {
	Type, ID Column
	Other    func(w *writer, kind string, row []store.Cell) bool // writes a type that is no row; false when it does not know it
	With     []Column                                            // what Other needs
}

// Filter is what one field of a filter input narrows. A statement is compiled once and run with many values: Read turns a value into what the
// statement is given, Where says what the statement does with it.
type Filter struct {
	// Read gives the values that Where is told of, always as many; a nil among them equals nothing. It returns a message for what cannot be one. When it
	// is nil, the value is given as it is.
	Read func(l *lookup, value any) (given []any, problem string)
	// Where is the predicate over the table. What it finds in given stands for a value that is not known yet, or for a list of them: it may only be
	// handed on to the statement (equal, among, ent's predicates).
	Where func(l *lookup, t *sql.SelectTable, given []any) *sql.Predicate
	// Fixed has Where told of the value itself, where it decides what the statement looks like. Only for values that are few.
	Fixed bool
}

// Order is what a list is sorted by, a column that is never null; the key breaks ties, so that every order is total.
type Order struct {
	Column string
	Desc   bool // newest or largest first
	Type   valueType
}

type valueType uint8

const (
	aNumber valueType = iota
	aText
	aTime
	aKey   // the row's own key, of which nothing is told
	aPlace // the place in the order of commits, of which nothing is told either: it would tell how much happens here
)

func columns(names ...string) []Column {
	cs := make([]Column, len(names))
	for i, n := range names {
		cs[i].Name = n
	}
	return cs
}

func plainField(write func(*writer, store.Cell), column string) Field {
	return Field{Columns: columns(column), Write: func(w *writer, row []store.Cell) { write(w, row[0]) }}
}

// The kinds of fields that stand in a column.
func letters(column string) Field { return plainField((*writer).text, column) }
func number(column string) Field  { return plainField((*writer).number, column) }
func size(column string) Field    { return plainField((*writer).size, column) }
func flag(column string) Field    { return plainField((*writer).flag, column) }
func instant(column string) Field { return plainField((*writer).instant, column) }
func amount(column string) Field  { return plainField((*writer).amount, column) }
func rate(column string) Field    { return plainField((*writer).rate, column) }
func raw(column string) Field     { return plainField((*writer).raw, column) }
func id(kind key.Kind) Field {
	return Field{Columns: columns("id"), Write: func(w *writer, row []store.Cell) { w.id(kind, row[0]) }}
}

// list is a JSON array in a column, empty when there is none.
func list(column string) Field {
	f := raw(column)
	f.Null = func(w *writer) { w.buf = append(w.buf, "[]"...) }
	return f
}

// computed is an expression over the row.
func computed(write func(*writer, store.Cell), expr func(t *sql.SelectTable, eyes Look) sql.Querier) Field {
	return Field{Columns: []Column{{Expr: expr}}, Write: func(w *writer, row []store.Cell) { write(w, row[0]) }}
}

func one(to, column string) Field { return Field{One: &One{To: to, By: Column{Name: column}}} }

// many is the rows of another table whose column is the parent's key.
func many(to, column string) Field {
	return Field{Many: &Many{To: to, On: func(t *sql.SelectTable, parent string) *sql.Predicate { return equals(t.C(column), parent) }}}
}

// about is the rows of another table that refer to a parent of this kind as their subject.
func about(to string, kind key.Kind) Field {
	return Field{Many: &Many{To: to, On: func(t *sql.SelectTable, parent string) *sql.Predicate {
		return sql.And(sql.EQ(t.C("subject_type"), string(kind)), equals(t.C("subject_id"), parent))
	}}}
}

// throughPairs is the rows of another table that a table of pairs ties to the parent.
func throughPairs(to, pairs, parentColumn, childColumn string) Field {
	return Field{Many: &Many{To: to, On: func(t *sql.SelectTable, parent string) *sql.Predicate {
		p := sql.Dialect(t.Dialect()).Table(pairs).As("pair")
		return sql.In(t.C("id"), sql.Dialect(t.Dialect()).Select(p.C(childColumn)).From(p).Where(equals(p.C(parentColumn), parent)))
	}}}
}

// equals compares a column with a piece of SQL, which is never a value from outside.
func equals(column, with string) *sql.Predicate {
	return sql.P(func(b *sql.Builder) { b.Ident(column).WriteString(" = ").WriteString(with) })
}
