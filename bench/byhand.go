package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/mattn/go-sqlite3"

	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/money"
	"lenddesk/seal"
)

// hand is the hand-written server: what somebody would write who has these screens to serve and nothing else.
type hand struct {
	keys       *seal.Keys
	ids        *key.Codec
	postgres   *pgxpool.Pool
	sqlite     *sql.DB
	writer     *sql.DB
	statements map[string]*sql.Stmt
	wholly     bool // SQLite makes the JSON
}

// serveByHand is the process `bench byhand rows|json`.
func serveByHand(ctx context.Context, args []string) error {
	keys, err := seal.Parse([]byte(os.Getenv("LENDDESK_KEYSET")))
	if err != nil {
		return err
	}
	ids, err := key.NewCodec(keys.IDs())
	if err != nil {
		return err
	}
	h := &hand{keys: keys, ids: ids, statements: map[string]*sql.Stmt{}, wholly: args[1] == "json"}
	if err := h.open(ctx, os.Getenv("LENDDESK_DATABASE_URL")); err != nil {
		return err
	}
	mux := http.NewServeMux()
	for name, screen := range map[string]handScreen{"Q1": loanByID, "Q2": inReview, "Q3": usersWithAll, "Q4": byIndustry, "Q5": portfolio, "Q6": namesake, "Q7": waiting} {
		if h.wholly {
			screen = wholly(name)
		}
		mux.HandleFunc("GET /"+name, func(w http.ResponseWriter, r *http.Request) {
			answer, err := screen(h, r.Context(), r.URL.Query(), append(make([]byte, 0, 4096), `{"data":`...))
			if err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
				return
			}
			w.Header().Set("Content-Type", "application/json")
			_, _ = w.Write(append(answer, '}')) // the client may be gone
		})
	}
	mux.HandleFunc("POST /B1", h.placeBid)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stderr, "graphql=http://%s/\n", listener.Addr())
	server := &http.Server{Handler: mux}
	go func() {
		<-ctx.Done()
		_ = server.Close() // nothing is lost
	}()
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

// open opens the database as the program does: as many connections, as much memory, statements kept.
func (h *hand) open(ctx context.Context, at string) error {
	if path, ok := strings.CutPrefix(at, "sqlite:"); ok {
		sql.Register("byhand", &sqlite3.SQLiteDriver{ConnectHook: h.functions})
		connections := 4 * runtime.GOMAXPROCS(0)
		var err error
		h.sqlite, err = sql.Open("byhand", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+url.Values{
			"mode": {"ro"}, "_query_only": {"1"}, "_mutex": {"no"}, "_cache_size": {fmt.Sprint(-max(64_000/connections, 2_000))}, "_stmt_cache_size": {"256"},
		}.Encode())
		if err != nil {
			return err
		}
		h.writer, err = sql.Open("byhand", "file:"+(&url.URL{Path: path}).EscapedPath()+"?"+url.Values{
			"_journal_mode": {"WAL"}, "_synchronous": {"FULL"}, "_fk": {"1"}, "_txlock": {"immediate"}, "_busy_timeout": {"5000"}, "_stmt_cache_size": {"256"},
		}.Encode())
		if err != nil {
			return err
		}
		h.writer.SetMaxOpenConns(1)
		h.sqlite.SetMaxOpenConns(connections)
		h.sqlite.SetMaxIdleConns(connections)
		for _, text := range append(append([]string{}, texts...), whole...) {
			if _, wanted := strings.CutPrefix(text, "--postgres"); wanted {
				continue
			}
			if h.statements[text], err = h.sqlite.PrepareContext(ctx, strings.ReplaceAll(text, "$", "?")); err != nil {
				return fmt.Errorf("%s: %w", text, err)
			}
		}
		return nil
	}
	config, err := pgxpool.ParseConfig(at)
	if err != nil {
		return err
	}
	config.MaxConns = int32(max(4*runtime.GOMAXPROCS(0), 16))
	config.ConnConfig.RuntimeParams["application_name"] = "byhand"
	config.ConnConfig.RuntimeParams["timezone"] = "UTC"
	h.postgres, err = pgxpool.NewWithConfig(ctx, config)
	return err
}

// functions are what SQLite's JSON needs of Go.
func (h *hand) functions(conn *sqlite3.SQLiteConn) error {
	phone := func(sealed []byte) (string, error) {
		open, err := h.keys.Open(seal.Phone, sealed)
		return identity.MaskPhone(open), err
	}
	card := func(sealed []byte) (string, error) {
		open, err := h.keys.Open(seal.CardNumber, sealed)
		return identity.MaskCard(open), err
	}
	return errors.Join(
		conn.RegisterFunc("public_id", func(kind string, n int64) string { return h.ids.Encode(key.Kind(kind), n) }, true),
		conn.RegisterFunc("masked_phone", phone, true), conn.RegisterFunc("masked_card", card, true),
		conn.RegisterFunc("rate", func(n int64) string { return money.Rate(n).String() }, true),
	)
}

// question is a statement and what is done with each of its rows.
type question struct {
	text string
	args []any
	row  func(scan func(...any) error) error
}

// ask has questions answered that do not depend on each other: on PostgreSQL in one journey.
func (h *hand) ask(ctx context.Context, questions ...question) error {
	if h.postgres == nil {
		for _, q := range questions {
			rows, err := h.statements[q.text].QueryContext(ctx, q.args...)
			if err != nil {
				return err
			}
			for rows.Next() {
				if err := q.row(rows.Scan); err != nil {
					return errors.Join(err, rows.Close())
				}
			}
			if err := errors.Join(rows.Err(), rows.Close()); err != nil {
				return err
			}
		}
		return nil
	}
	take := func(q question, rows pgx.Rows, err error) error {
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			if err := q.row(rows.Scan); err != nil {
				return err
			}
		}
		return rows.Err()
	}
	if len(questions) == 1 {
		rows, err := h.postgres.Query(ctx, questions[0].text, questions[0].args...)
		return take(questions[0], rows, err)
	}
	batch := &pgx.Batch{}
	for _, q := range questions {
		batch.Queue(q.text, q.args...)
	}
	answers := h.postgres.SendBatch(ctx, batch)
	for _, q := range questions {
		rows, err := answers.Query()
		if err := take(q, rows, err); err != nil {
			return errors.Join(err, answers.Close())
		}
	}
	return answers.Close()
}

// id reads an argument.
func (h *hand) id(text string) (int64, error) {
	_, n, ok := h.ids.Decode(text)
	if !ok {
		return 0, errors.New("no such id")
	}
	return n, nil
}

func (h *hand) appendID(b []byte, kind key.Kind, n int64) []byte {
	b = append(b, '"')
	return append(h.ids.Append(b, kind, n), '"')
}

// appendText appends a string of JSON.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if s[i] < ' ' || s[i] == '"' || s[i] == '\\' {
			quoted, err := json.Marshal(s)
			if err != nil {
				panic(err) // a string
			}
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}

func appendOptional(b []byte, s *string) []byte {
	if s == nil {
		return append(b, "null"...)
	}
	return appendText(b, *s)
}

// appendNamed appends an object of an id and a name, or null.
func (h *hand) appendNamed(b []byte, kind key.Kind, n *int64, name *string) []byte {
	if n == nil {
		return append(b, "null"...)
	}
	b = h.appendID(append(b, `{"id":`...), kind, *n)
	b = appendText(append(b, `,"name":`...), *name)
	return append(b, '}')
}

func appendMoney(b []byte, n int64) []byte { return money.Amount(n).AppendJSON(b) }

// phone appends a sealed phone number, masked.
func (h *hand) phone(b []byte, sealed []byte) ([]byte, error) {
	if len(sealed) == 0 {
		return append(b, "null"...), nil
	}
	open, err := h.keys.Open(seal.Phone, sealed)
	return appendText(b, identity.MaskPhone(open)), err
}

// comma separates the items of a list.
func comma(b []byte) []byte {
	if b[len(b)-1] != '[' {
		b = append(b, ',')
	}
	return b
}
