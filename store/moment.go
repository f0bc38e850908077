package store

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgtype"
	"github.com/jackc/pgx/v5/stdlib"
)

// Question is one statement that only reads, and the room for its answer.
type Question struct {
	SQL   string
	Args  []any // int64, float64, bool, string, []byte, time.Time or nil; on PostgreSQL also []int64, []string and []time.Time
	Width int   // how many columns it answers with
	Cells []Cell
}

// Len is the number of rows in the answer.
func (q *Question) Len() int { return len(q.Cells) / max(q.Width, 1) }

// Row is a row of the answer.
func (q *Question) Row(i int) []Cell { return q.Cells[i*q.Width : (i+1)*q.Width : (i+1)*q.Width] }

// Moment is the database as it stands at one moment: whatever is asked of it, is answered as of then. It begins with the first question and keeps one
// connection of the readers until End. It is safe for concurrent use; one question after another is answered.
//
// The drivers are spoken to directly, below database/sql: statements stay prepared in both, rows come as cells, and on PostgreSQL questions that don't
// depend on each other make one journey.
type Moment struct {
	store   *Store
	mu      sync.Mutex
	conn    *sql.Conn
	assumed *Assumption // to be asked with the first question; nil when there is nothing to ask
	begun   bool
	ended   bool
}

// Moment is a new one, which costs nothing before it is asked.
func (s *Store) Moment() *Moment { return &Moment{store: s} }

// Assume has the first question answer also whether an assumption holds: if not, all questions fail with ErrAuthority. Nil, and one that has been asked, are
// no matter. It must come before the first question.
func (m *Moment) Assume(a *Assumption) {
	if a != nil {
		if asked, _ := a.Found(); !asked {
			m.assumed = a
		}
	}
}

var errEnded = errors.New("store: a moment that has ended")

// Ask has questions answered that don't depend on each other. last says that nothing will be asked any more: one question then needs no
// transaction, and several end it in the same journey. A context that ends stops the statements. A pooled connection that turns out to be dead is replaced, if nothing has
// been answered over it yet.
func (m *Moment) Ask(ctx context.Context, last bool, questions ...*Question) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.ended {
		return errEnded
	}
	tries := 1
	if !m.store.sqlite() && !m.begun {
		tries += m.store.reader.Stats().MaxOpenConnections // as many may have died
	}
	for {
		begun := m.begun
		dead, err := m.ask(ctx, last, questions)
		tries--
		if err == nil || !dead || begun || tries == 0 || ctx.Err() != nil {
			return err
		}
		_ = m.conn.Raw(func(any) error { return driver.ErrBadConn }) // out of the pool
		m.conn, m.begun = nil, false
	}
}

func (m *Moment) ask(ctx context.Context, last bool, questions []*Question) (dead bool, err error) {
	if m.conn == nil {
		if m.conn, err = m.store.reader.Conn(ctx); err != nil {
			return false, fmt.Errorf("store: a connection to read: %w", err)
		}
	}
	for _, q := range questions {
		q.Cells = q.Cells[:0]
	}
	var version *Question
	if m.assumed != nil {
		version = m.store.authorityVersion()
	}
	err = m.conn.Raw(func(under any) error {
		if c, ok := under.(*stdlib.Conn); ok {
			err := m.askPostgres(ctx, c.Conn(), last, version, questions)
			dead = c.Conn().IsClosed()
			return err
		}
		return m.askSQLite(ctx, under.(sqliteConn), last, version, questions)
	})
	if err != nil {
		return dead, fmt.Errorf("store: read: %w", err)
	}
	if version != nil {
		assumed := m.assumed
		m.assumed = nil
		return false, assumed.take(version)
	}
	return false, nil
}

// End gives the connection back. What is asked afterwards, is refused.
func (m *Moment) End() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ended = true
	if m.conn == nil {
		return
	}
	conn, begun := m.conn, m.begun
	m.conn, m.begun = nil, false
	if !begun {
		_ = conn.Close() // back into the pool
		return
	}
	end := func() {
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		err := conn.Raw(func(under any) error {
			if c, ok := under.(*stdlib.Conn); ok {
				_, err := c.Conn().Exec(ctx, "commit")
				return err
			}
			_, err := under.(sqliteConn).ExecContext(ctx, "ROLLBACK", nil)
			return err
		})
		if err != nil { // it would take the transaction into the pool
			_ = conn.Raw(func(any) error { return driver.ErrBadConn })
		}
		_ = conn.Close()
	}
	if m.store.sqlite() {
		end()
		return
	}
	go end() // nobody waits for this journey
}

type sqliteConn interface {
	driver.QueryerContext
	driver.ExecerContext
}

func (m *Moment) askSQLite(ctx context.Context, conn sqliteConn, last bool, version *Question, questions []*Question) error {
	if version != nil {
		if err := version.askSQLite(ctx, conn); err != nil {
			return err
		}
	}
	if !m.begun && !(last && len(questions) == 1) {
		if _, err := conn.ExecContext(ctx, "BEGIN", nil); err != nil {
			return err
		}
		m.begun = true
	}
	for _, q := range questions {
		if err := q.askSQLite(ctx, conn); err != nil {
			return err
		}
	}
	return nil
}

func (q *Question) askSQLite(ctx context.Context, conn sqliteConn) error {
	args := make([]driver.NamedValue, len(q.Args))
	for i, a := range q.Args {
		args[i] = driver.NamedValue{Ordinal: i + 1, Value: a}
	}
	rows, err := conn.QueryContext(ctx, q.SQL, args)
	if err != nil {
		return err
	}
	defer rows.Close()
	values := make([]driver.Value, q.Width)
	for {
		switch err := rows.Next(values); err {
		case nil:
		case io.EOF:
			return nil
		default:
			return err
		}
		for _, v := range values {
			var c Cell
			if err := c.Scan(v); err != nil {
				return err
			}
			q.Cells = append(q.Cells, c)
		}
	}
}

func (m *Moment) askPostgres(ctx context.Context, conn *pgx.Conn, last bool, version *Question, questions []*Question) error {
	alone := len(questions) == 1 && (m.begun || last)
	if alone && version == nil {
		rows, err := conn.Query(ctx, questions[0].SQL, questions[0].Args...)
		if err != nil {
			return err
		}
		return questions[0].take(conn, rows)
	}
	batch := &pgx.Batch{}
	begins, ends := !m.begun && !alone, last && !alone
	if begins {
		batch.Queue("begin isolation level repeatable read read only")
	}
	if version != nil {
		batch.Queue(version.SQL)
	}
	for _, q := range questions {
		batch.Queue(q.SQL, q.Args...)
	}
	if ends {
		batch.Queue("commit")
	}
	m.begun = m.begun || begins
	answers := conn.SendBatch(ctx, batch)
	err := func() error {
		if begins {
			if _, err := answers.Exec(); err != nil {
				return err
			}
		}
		if version != nil {
			rows, err := answers.Query()
			if err != nil {
				return err
			}
			if err := version.take(conn, rows); err != nil {
				return err
			}
		}
		for _, q := range questions {
			rows, err := answers.Query()
			if err != nil {
				return err
			}
			if err := q.take(conn, rows); err != nil {
				return err
			}
		}
		return nil
	}()
	if closed := answers.Close(); err == nil {
		err = closed
	}
	if err == nil && ends {
		m.begun = false
	}
	return err
}

// take reads the rows of PostgreSQL's answer. The letters of a row share one string.
func (q *Question) take(conn *pgx.Conn, rows pgx.Rows) error {
	defer rows.Close()
	var letters []byte
	for rows.Next() {
		fields, values := rows.FieldDescriptions(), rows.RawValues()
		if len(values) != q.Width {
			return fmt.Errorf("%d columns and not %d", len(values), q.Width)
		}
		letters = letters[:0]
		for i, v := range values {
			if v != nil && inLetters(&fields[i]) {
				letters = append(letters, v...)
			}
		}
		rest := string(letters)
		for i, v := range values {
			var c Cell
			switch {
			case v == nil:
			case inLetters(&fields[i]):
				c, rest = TextCell(rest[:len(v)]), rest[len(v):]
			default:
				var err error
				if c, err = cellOf(conn.TypeMap(), &fields[i], v); err != nil {
					return err
				}
			}
			q.Cells = append(q.Cells, c)
		}
	}
	return rows.Err()
}

// inLetters says whether a value comes over the wire as its letters or bytes.
func inLetters(f *pgconn.FieldDescription) bool {
	switch f.DataTypeOID {
	case pgtype.TextOID, pgtype.VarcharOID, pgtype.ByteaOID:
		return true
	}
	return f.Format == pgx.TextFormatCode
}

// year2000 is where PostgreSQL begins to count, in microseconds since 1970.
const year2000 = 946_684_800_000_000

// cellOf reads a value in binary form.
func cellOf(types *pgtype.Map, f *pgconn.FieldDescription, v []byte) (Cell, error) {
	switch f.DataTypeOID {
	case pgtype.Int8OID:
		return IntCell(int64(binary.BigEndian.Uint64(v))), nil
	case pgtype.Int4OID:
		return IntCell(int64(int32(binary.BigEndian.Uint32(v)))), nil
	case pgtype.BoolOID:
		return BoolCell(v[0] != 0), nil
	case pgtype.TimestamptzOID:
		return Cell{kind: cellTime, n: int64(binary.BigEndian.Uint64(v)) + year2000}, nil
	case pgtype.Float8OID:
		return FloatCell(math.Float64frombits(binary.BigEndian.Uint64(v))), nil
	}
	var other any
	if err := types.Scan(f.DataTypeOID, f.Format, v, &other); err != nil {
		return Cell{}, err
	}
	if valuer, ok := other.(driver.Valuer); ok { // a numeric, as its digits
		plain, err := valuer.Value()
		if err != nil {
			return Cell{}, err
		}
		other = plain
	}
	switch x := other.(type) {
	case int16:
		other = int64(x)
	case float32:
		other = float64(x)
	}
	var c Cell
	err := c.Scan(other)
	return c, err
}
