package main

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"

	"lenddesk/key"
	"lenddesk/money"
	"lenddesk/parameter"
)

// The statements of a bid. They write what lenddesk writes: the bid, what the loan has reserved and funded, the event.
const (
	bidderText = `SELECT s.user_id FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = $1 AND s.expires_at > $2 AND u.status = 'ACTIVE' AND u.investor`
	turnText   = `SELECT pg_advisory_xact_lock($1)`
	offerText  = `SELECT l.amount - l.reserved_amount, l.minimum_bid, l.bid_step, l.amount, l.borrower_id <> $2,
	EXISTS (SELECT 1 FROM bank_cards c WHERE c.user_id = $2 AND c.status = 'BOUND'),
	CAST(COALESCE((SELECT SUM(b.amount) FROM bids b WHERE b.loan_id = l.id AND b.investor_id = $2 AND b.status IN ('PENDING_REVIEW', 'APPROVED')), 0) AS BIGINT),
	(SELECT p.value FROM parameters p WHERE p.name = 'AUTO_APPROVE_BID_LIMIT' AND p.effective_at <= $3 ORDER BY p.effective_at DESC LIMIT 1),
	(SELECT p.value FROM parameters p WHERE p.name = 'SHARE_LIMIT' AND p.effective_at <= $3 ORDER BY p.effective_at DESC LIMIT 1)
FROM loans l WHERE l.id = $1 AND l.status = 'BIDDING'`
	reserveText = `UPDATE loans SET reserved_amount = reserved_amount + $2, funded_amount = funded_amount + $3, version = version + 1, updated_at = $4
WHERE id = $1 AND status = 'BIDDING' AND opens_at <= $4 AND closes_at > $4 AND reserved_amount <= amount - $2`
	bidText      = `INSERT INTO bids (created_at, updated_at, version, status, status_since, loan_id, investor_id, amount) VALUES ($1, $1, 1, $2, $1, $3, $4, $5) RETURNING id`
	bidEventText = `INSERT INTO events (subject_type, subject_id, kind, user_id, actor_type, actor_id, to_status, address, request_id, at)
VALUES ('Bid', $1, 'PLACE_BID', $2, 'User', $2, $3, '127.0.0.1', $4, $5)`
)

var errRefused = errors.New("refused")

// transaction is one of either database.
type transaction interface {
	row(ctx context.Context, text string, args []any, into ...any) error
	exec(ctx context.Context, text string, args ...any) (int64, error)
}

type onPostgres struct{ pgx.Tx }

func (t onPostgres) row(ctx context.Context, text string, args []any, into ...any) error {
	return t.QueryRow(ctx, text, args...).Scan(into...)
}

func (t onPostgres) exec(ctx context.Context, text string, args ...any) (int64, error) {
	tag, err := t.Exec(ctx, text, args...)
	return tag.RowsAffected(), err
}

type onSQLite struct{ *sql.Tx }

func (t onSQLite) row(ctx context.Context, text string, args []any, into ...any) error {
	return t.QueryRowContext(ctx, strings.ReplaceAll(text, "$", "?"), args...).Scan(into...)
}

func (t onSQLite) exec(ctx context.Context, text string, args ...any) (int64, error) {
	done, err := t.ExecContext(ctx, strings.ReplaceAll(text, "$", "?"), args...)
	if err != nil {
		return 0, err
	}
	return done.RowsAffected()
}

// placeBid answers POST /B1.
func (h *hand) placeBid(w http.ResponseWriter, r *http.Request) {
	token := sha256.Sum256([]byte(strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")))
	now := time.Now().UTC().Truncate(time.Microsecond)
	var me int64
	var err error
	if h.postgres != nil {
		err = h.postgres.QueryRow(r.Context(), bidderText, token[:], now).Scan(&me)
	} else {
		err = h.sqlite.QueryRowContext(r.Context(), strings.ReplaceAll(bidderText, "$", "?"), token[:], now).Scan(&me)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusUnauthorized)
		return
	}
	loan, err := h.id(r.URL.Query().Get("loan"))
	x, bad := strconv.ParseInt(r.URL.Query().Get("amount"), 10, 64)
	if err := errors.Join(err, bad); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	var id int64
	var status string
	if h.postgres != nil {
		err = pgx.BeginFunc(r.Context(), h.postgres, func(tx pgx.Tx) (err error) {
			if _, err := tx.Exec(r.Context(), turnText, me); err != nil {
				return err
			}
			id, status, err = bidOf(r.Context(), onPostgres{tx}, me, loan, x, now)
			return err
		})
	} else {
		err = h.written(r.Context(), func(tx *sql.Tx) (err error) {
			id, status, err = bidOf(r.Context(), onSQLite{tx}, me, loan, x, now)
			return err
		})
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	b := h.appendID([]byte(`{"data":{"placeBid":{"bid":{"id":`), key.KindBid, id)
	b = appendText(append(b, `,"status":`...), status)
	b = appendMoney(append(b, `,"amount":`...), x)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(append(b, `},"userErrors":[]}}}`...)) // the client may be gone
}

// written runs a transaction of SQLite's one writer.
func (h *hand) written(ctx context.Context, f func(*sql.Tx) error) error {
	tx, err := h.writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer func() { _ = tx.Rollback() }()
	if err := f(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// bidOf places a bid, or not at all.
func bidOf(ctx context.Context, tx transaction, me, loan, x int64, now time.Time) (id int64, status string, err error) {
	var remaining, amount, held int64
	var least, step *int64
	var others, card bool
	var auto, share *string
	if err := tx.row(ctx, offerText, []any{loan, me, now}, &remaining, &least, &step, &amount, &others, &card, &held, &auto, &share); err != nil {
		return 0, "", err
	}
	values := parameter.Values{}
	if auto != nil {
		values[parameter.AutoApproveBidLimit] = *auto
	}
	if share != nil {
		values[parameter.ShareLimit] = *share
	}
	limit := amount / 100 * int64(values.Int(parameter.ShareLimit))
	if !others || !card || x > remaining || held+x > limit || least != nil && x < *least || step != nil && x%*step != 0 {
		return 0, "", fmt.Errorf("%w: %d", errRefused, remaining)
	}
	status, funded := "PENDING_REVIEW", int64(0)
	if money.Amount(x) <= values.Amount(parameter.AutoApproveBidLimit) {
		status, funded = "APPROVED", x
	}
	n, err := tx.exec(ctx, reserveText, loan, x, funded, now)
	if err != nil {
		return 0, "", err
	}
	if n == 0 {
		return 0, "", errRefused
	}
	if err := tx.row(ctx, bidText, []any{now, status, loan, me, x}, &id); err != nil {
		return 0, "", err
	}
	_, err = tx.exec(ctx, bidEventText, id, me, status, "byhand-"+strconv.FormatInt(id, 10), now)
	return id, status, err
}
