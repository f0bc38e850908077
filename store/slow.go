package store

import (
	"cmp"
	"context"
	"database/sql/driver"
	"io"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/mattn/go-sqlite3"
)

// Slow is a statement that took long, by its text: what it was given to fill in is not known here.
type Slow struct {
	SQL     string
	Times   int           // how often it took long since the program began
	Longest time.Duration // that it took
	Last    time.Time     // when it last took long, UTC
}

const (
	slowKept    = 50    // statements
	slowLetters = 2_000 // of a statement's text
)

// NoteSlow has every statement noted that takes at least this long from being put to its last row; 0 notes none. It holds from then on.
func (s *Store) NoteSlow(threshold time.Duration) { s.slow.threshold.Store(int64(threshold)) }

// Slow is what was noted, the latest first: 50 statements at most, of which the one that has been fast for the longest time makes room.
func (s *Store) Slow() []Slow { return s.slow.all() }

// notebook keeps the slow statements. The zero value notes none.
type notebook struct {
	threshold atomic.Int64
	mu        sync.Mutex
	noted     map[string]*Slow
}

// quoted are values that stand in a statement's text. All that comes from outside is a parameter; these are our own, and left out all the same.
var quoted = regexp.MustCompile(`'(?:[^']|'')*'`)

// took notes a statement if it took long.
func (n *notebook) took(sql string, begun time.Time) {
	threshold := n.threshold.Load()
	if threshold == 0 {
		return
	}
	if d := time.Since(begun); d >= time.Duration(threshold) {
		n.note(sql, d)
	}
}

func (n *notebook) note(sql string, took time.Duration) {
	sql = quoted.ReplaceAllString(sql, "'…'")
	if len(sql) > slowLetters {
		sql = strings.ToValidUTF8(sql[:slowLetters], "")
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	s, ok := n.noted[sql]
	if !ok {
		if n.noted == nil {
			n.noted = map[string]*Slow{}
		}
		if len(n.noted) == slowKept {
			oldest := slices.MinFunc(n.sorted(), func(a, b *Slow) int { return a.Last.Compare(b.Last) })
			delete(n.noted, oldest.SQL)
		}
		s = &Slow{SQL: sql}
		n.noted[sql] = s
	}
	s.Times, s.Longest, s.Last = s.Times+1, max(s.Longest, took), time.Now().UTC()
}

func (n *notebook) sorted() []*Slow {
	all := make([]*Slow, 0, len(n.noted))
	for _, s := range n.noted {
		all = append(all, s)
	}
	slices.SortFunc(all, func(a, b *Slow) int { return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.SQL, b.SQL)) })
	return all
}

func (n *notebook) all() []Slow {
	n.mu.Lock()
	defer n.mu.Unlock()
	all := make([]Slow, 0, len(n.noted))
	for _, s := range n.sorted() {
		all = append(all, *s)
	}
	return all
}

// tracer tells the notebook what PostgreSQL was asked; in a batch, from when an answer was begun to be read.
type tracer struct{ *notebook }

// put is a statement under way, kept in its context.
type put struct {
	sql   string
	begun time.Time
}

type underWay struct{}

func (t tracer) TraceQueryStart(ctx context.Context, _ *pgx.Conn, data pgx.TraceQueryStartData) context.Context {
	return context.WithValue(ctx, underWay{}, put{data.SQL, time.Now()})
}

func (t tracer) TraceQueryEnd(ctx context.Context, _ *pgx.Conn, _ pgx.TraceQueryEndData) {
	if p, ok := ctx.Value(underWay{}).(put); ok {
		t.took(p.sql, p.begun)
	}
}

func (t tracer) TraceBatchStart(ctx context.Context, _ *pgx.Conn, _ pgx.TraceBatchStartData) context.Context {
	return ctx
}

func (t tracer) TraceBatchQuery(_ context.Context, _ *pgx.Conn, data pgx.TraceBatchQueryData) {
	t.took(data.SQL, data.ReadStartTime)
}

func (t tracer) TraceBatchEnd(context.Context, *pgx.Conn, pgx.TraceBatchEndData) {}

// sqliteConnector opens connections that tell the notebook what SQLite was asked.
type sqliteConnector struct {
	dsn string
	*notebook
}

func (c sqliteConnector) Driver() driver.Driver { return &sqlite3.SQLiteDriver{} }

func (c sqliteConnector) Connect(context.Context) (driver.Conn, error) {
	conn, err := c.Driver().Open(c.dsn)
	if err != nil {
		return nil, err
	}
	return &timedConn{conn.(*sqlite3.SQLiteConn), c.notebook}, nil
}

// timedConn is a connection whose statements are timed. What is prepared on it is not.
type timedConn struct {
	*sqlite3.SQLiteConn
	notebook *notebook
}

// SQLite is the driver's own connection under one of a pool, for what only it can do.
func SQLite(conn any) *sqlite3.SQLiteConn {
	if timed, ok := conn.(*timedConn); ok {
		return timed.SQLiteConn
	}
	return conn.(*sqlite3.SQLiteConn)
}

func (c *timedConn) ExecContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Result, error) {
	defer c.notebook.took(query, time.Now())
	return c.SQLiteConn.ExecContext(ctx, query, args)
}

func (c *timedConn) QueryContext(ctx context.Context, query string, args []driver.NamedValue) (driver.Rows, error) {
	begun := time.Now()
	rows, err := c.SQLiteConn.QueryContext(ctx, query, args)
	if err != nil {
		c.notebook.took(query, begun)
		return nil, err
	}
	return &timedRows{rows.(*sqlite3.SQLiteRows), c.notebook, query, begun}, nil
}

// timedRows are the rows of a statement that is timed until they are closed, or end.
type timedRows struct {
	*sqlite3.SQLiteRows
	notebook *notebook
	query    string // empty when it has been noted
	begun    time.Time
}

func (r *timedRows) Next(dest []driver.Value) error {
	err := r.SQLiteRows.Next(dest)
	if err == io.EOF {
		r.ended()
	}
	return err
}

func (r *timedRows) Close() error {
	r.ended()
	return r.SQLiteRows.Close()
}

func (r *timedRows) ended() {
	if r.query != "" {
		r.notebook.took(r.query, r.begun)
		r.query = ""
	}
}
