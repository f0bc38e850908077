package main

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"errors"
	"fmt"
	"net/url"
	"strings"
	"time"

	"lenddesk/key"
	"lenddesk/store"
)

// Bids are placed on loans of their own, so large that they are never full, by investors of the book, each with a session. What is bid stays in a kept book.
const (
	bidders  = 256
	listings = 64
)

// bids are calls that place a bid each, of every bidder on some of the loans.
func bids(ctx context.Context, v *visit) (calls []call, err error) {
	s, err := store.Open(ctx, v.book.url)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	loans, borrower, err := openLoans(ctx, v.book, s.Writer())
	if err != nil {
		return nil, fmt.Errorf("open loans to bid on: %w", err)
	}
	var investors []int64
	if err := numbers(ctx, s.Reader(), &investors, fmt.Sprintf(`SELECT u.id FROM users u WHERE u.status = 'ACTIVE' AND u.investor AND u.id <> %d
		AND EXISTS (SELECT 1 FROM bank_cards c WHERE c.user_id = u.id AND c.status = 'BOUND') ORDER BY u.id LIMIT %d`, borrower, bidders)); err != nil {
		return nil, err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	for i, investor := range investors {
		secret := make([]byte, 32)
		_, _ = rand.Read(secret) // never fails
		token := "lds_" + base64.RawURLEncoding.EncodeToString(secret)
		hash := sha256.Sum256([]byte(token))
		if _, err := s.Writer().ExecContext(ctx, v.book.words("INSERT INTO sessions (created_at, user_id, token_hash, expires_at) VALUES ($1, $2, $3, $4)"), now, investor, hash[:], now.AddDate(0, 0, 1)); err != nil {
			return nil, fmt.Errorf("sign a bidder in: %w", err)
		}
		for n := range 8 {
			loan := v.ids.Encode(key.KindLoan, loans[(i*8+n*7)%len(loans)])
			calls = append(calls, call{
				variables: map[string]any{"bid": map[string]any{"loanId": loan, "amount": "100.00"}}, values: url.Values{"loan": {loan}, "amount": {"10000"}}, token: token,
			})
		}
	}
	return calls, nil
}

// words are a statement's for the book's database; $1 is ?1 to SQLite.
func (b *book) words(statement string) string {
	if b.dialect == "sqlite" {
		return strings.ReplaceAll(statement, "$", "?")
	}
	return statement
}

// openLoans makes loans that take bids now, after one that is listed.
func openLoans(ctx context.Context, b *book, db *sql.DB) (loans []int64, borrower int64, err error) {
	now := time.Now().UTC().Truncate(time.Microsecond)
	for i := range listings {
		var loan int64
		err := db.QueryRowContext(ctx, b.words(`INSERT INTO loans (created_at, updated_at, version, status, status_since, number, borrower_id, requested_amount, requested_annual_rate,
			requested_term_months, amount, annual_rate, term_months, repayment_method, purpose, round, approvals_needed, terms_accepted, minimum_bid, bid_step, opens_at, closes_at,
			reserved_amount, funded_amount)
		SELECT created_at, updated_at, 1, status, status_since, $1, borrower_id, 1000000000000, requested_annual_rate, requested_term_months, 1000000000000, annual_rate, term_months,
			repayment_method, purpose, round, approvals_needed, terms_accepted, 10000, 10000, $2, $3, 0, 0 FROM loans WHERE status = 'BIDDING' AND company_id IS NULL ORDER BY id LIMIT 1
		RETURNING id, borrower_id`), fmt.Sprintf("M%d-%d", now.UnixMilli(), i), now.Add(-time.Hour), now.AddDate(0, 0, 1)).Scan(&loan, &borrower)
		if err != nil {
			return nil, 0, err
		}
		loans = append(loans, loan)
	}
	return loans, borrower, nil
}

// durable says how sure PostgreSQL is that what was committed stays: SQLite is always asked to be.
func (b *book) durable(ctx context.Context) (said string, err error) {
	if b.dialect == "sqlite" {
		return "SQLite with `synchronous=FULL`", nil
	}
	err = b.reading(ctx, func(db *sql.DB) error {
		return db.QueryRowContext(ctx, `SELECT 'PostgreSQL ' || current_setting('server_version') || ' with fsync=' || current_setting('fsync') || ', synchronous_commit=' ||
			current_setting('synchronous_commit') || ', full_page_writes=' || current_setting('full_page_writes') || ', shared_buffers=' || current_setting('shared_buffers')`).Scan(&said)
	})
	return said, err
}
