package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"lenddesk/store/storetest"
)

// The newest loans with their borrowers and the newest bids of each: through the whole program, and, in the same run over the same database, by a
// handler that somebody wrote by hand for this one screen. The handler knows no viewer, no rule and no error.
func BenchmarkLoansWithBids(b *testing.B) {
	query, err := json.Marshal(vars{"query": `{ loans(first: 20) { nodes { number status amount borrower { name } bids(first: 10) { nodes { amount status } } } } }`})
	if err != nil {
		b.Fatal(err)
	}
	for _, dialect := range storetest.Dialects {
		h := start(b, settings{DatabaseURL: storetest.URL(b, dialect), Demo: "1"})
		admin := h.administrator(b)
		byHand := httptest.NewServer(handWritten(h.store.Reader(), dialect))
		b.Cleanup(byHand.Close)
		for name, url := range map[string]string{"lenddesk": "http://" + h.address + "/graphql", "hand-written": byHand.URL} {
			b.Run(dialect+"/"+name, func(b *testing.B) {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(query))
						if err != nil {
							b.Error(err)
							return
						}
						r.Header.Set("Content-Type", "application/json")
						r.Header.Set("Authorization", "Bearer "+admin.token)
						res, err := http.DefaultClient.Do(r)
						if err != nil {
							b.Error(err)
							return
						}
						body, err := io.ReadAll(res.Body)
						if err != nil || !bytes.HasPrefix(body, []byte(`{"data":{"loans":{"nodes":[{"number":`)) {
							b.Errorf("%v %.200s", err, body)
						}
						_ = res.Body.Close() // read to its end
					}
				})
			})
		}
	}
}

// handWritten is the screen by prepared statements, rows appended as JSON.
func handWritten(db *sql.DB, dialect string) http.Handler {
	mark := "?"
	if dialect == "postgres" {
		mark = "$1"
	}
	loans, err := db.Prepare(`SELECT l.id, l.number, l.status, l.amount, u.name FROM loans l JOIN users u ON u.id = l.borrower_id ORDER BY l.created_at DESC, l.id DESC LIMIT 20`)
	if err != nil {
		panic(err)
	}
	bids, err := db.Prepare(`SELECT amount, status FROM bids WHERE loan_id = ` + mark + ` ORDER BY created_at DESC, id DESC LIMIT 10`)
	if err != nil {
		panic(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		type loan struct {
			id, amount           int64
			number, status, name string
		}
		var page []loan
		rows, err := loans.Query()
		if err != nil {
			panic(err)
		}
		for rows.Next() {
			var l loan
			if err := rows.Scan(&l.id, &l.number, &l.status, &l.amount, &l.name); err != nil {
				panic(err)
			}
			page = append(page, l)
		}
		_ = rows.Close() // at its end
		b := []byte(`{"data":{"loans":{"nodes":[`)
		for i, l := range page {
			if i > 0 {
				b = append(b, ',')
			}
			b = fmt.Appendf(b, `{"number":%q,"status":%q,"amount":"%d.%02d","borrower":{"name":%q},"bids":{"nodes":[`, l.number, l.status, l.amount/100, l.amount%100, l.name)
			rows, err := bids.Query(l.id)
			if err != nil {
				panic(err)
			}
			for n := 0; rows.Next(); n++ {
				var amount int64
				var status string
				if err := rows.Scan(&amount, &status); err != nil {
					panic(err)
				}
				b = fmt.Appendf(b, `%s{"amount":"%d.%02d","status":%q}`, strings.Repeat(",", min(n, 1)), amount/100, amount%100, status)
			}
			_ = rows.Close() // at its end
			b = append(b, "]}}"...)
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write(append(b, "]}}}"...)) // the client may be gone
	})
}
