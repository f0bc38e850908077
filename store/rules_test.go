package store_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect"

	"lenddesk/store"
	"lenddesk/store/storetest"
)

// row is what a table's row holds: column and value, as SQL.
type row map[string]string

// with is the row with some of it changed.
func (r row) with(changes row) row {
	all := row{}
	for _, part := range []row{r, changes} {
		for column, value := range part {
			all[column] = value
		}
	}
	return all
}

func (r row) into(table string) string {
	var columns, values []string
	for column, value := range r {
		columns, values = append(columns, column), append(values, value)
	}
	return fmt.Sprintf("INSERT INTO %s (%s) VALUES (%s)", table, strings.Join(columns, ", "), strings.Join(values, ", "))
}

const at = "'2026-01-02 03:04:05+00:00'"

var (
	kept  = row{"created_at": at, "updated_at": at}
	moved = kept.with(row{"status_since": at})
	user  = moved.with(row{
		"status": "'ACTIVE'", "name": "'A'", "email": "'a@example.com'", "phone": blob, "phone_hash": "'p'",
		"password_hash": "'h'", "locale": "'en'", "borrower": "true",
	})
	loan = moved.with(row{
		"status": "'DRAFT'", "number": "'L1'", "borrower_id": "1", "requested_amount": "100", "requested_annual_rate": "1",
		"requested_term_months": "1", "amount": "100", "annual_rate": "1", "term_months": "1", "repayment_method": "'BULLET'", "purpose": "'OTHER'",
	})
	bid = moved.with(row{"status": "'PENDING_REVIEW'", "loan_id": "1", "investor_id": "1", "amount": "1"})
)

// blob stands for a bytes literal, which the two databases write differently.
const blob = "{blob}"

// run writes by hand, as no code of ours would, and undoes what the database accepted if undo is set.
func run(t *testing.T, s *store.Store, statement string, undo error) error {
	t.Helper()
	literal := "x'00'"
	if s.Dialect() == dialect.Postgres {
		literal = `'\x00'`
	}
	return s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		if _, err := tx.SQL.ExecContext(ctx, strings.ReplaceAll(statement, blob, literal)); err != nil {
			return err
		}
		return undo
	})
}

// started is a database with one user and one loan.
func started(t *testing.T, s *store.Store) {
	t.Helper()
	for _, statement := range []string{user.into("users"), loan.into("loans")} {
		if err := run(t, s, statement, nil); err != nil {
			t.Fatal(statement, err)
		}
	}
}

func TestTheDatabaseItselfRefusesWhatMustNotBe(t *testing.T) {
	second := user.with(row{"email": "'b@example.com'", "phone_hash": "'q'"})
	otherLoan := loan.with(row{"number": "'L2'"})
	cases := map[string]struct {
		statement string
		rule      string // the words of both databases' errors
	}{
		"an unknown status of a user":          {second.with(row{"status": "'HAPPY'"}).into("users"), "users_status"},
		"an active user without e-mail":        {second.with(row{"email": "NULL"}).into("users"), "users_registered"},
		"a phone without its look-up value":    {second.with(row{"status": "'POTENTIAL'", "phone_hash": "NULL"}).into("users"), "users_phone"},
		"an unknown status of a loan":          {otherLoan.with(row{"status": "'LOST'"}).into("loans"), "loans_status"},
		"more reserved than the loan":          {"UPDATE loans SET reserved_amount = 101", "loans_funding"},
		"more funded than reserved":            {"UPDATE loans SET reserved_amount = 5, funded_amount = 6", "loans_funding"},
		"less than nothing funded":             {"UPDATE loans SET funded_amount = -1", "loans_funding"},
		"a loan of nothing":                    {otherLoan.with(row{"amount": "0"}).into("loans"), "loans_terms"},
		"a negative bid":                       {bid.with(row{"amount": "-1"}).into("bids"), "bids_amount"},
		"a version that counts down":           {"UPDATE loans SET version = 0", "loans_version"},
		"a bid for a loan that is not there":   {bid.with(row{"loan_id": "77"}).into("bids"), "foreign key"},
		"taking away a user who has a loan":    {"DELETE FROM users", "foreign key"},
		"two users with one e-mail":            {user.with(row{"phone_hash": "'q'"}).into("users"), "unique"},
		"two users with one phone":             {user.with(row{"email": "'b@example.com'"}).into("users"), "unique"},
		"two loans with one number":            {loan.into("loans"), "unique"},
		"a session of nobody":                  {row{"created_at": at, "token_hash": blob, "expires_at": at}.into("sessions"), "sessions_somebody"},
		"a message sent at no time":            {row{"created_at": at, "kind": "'k'", "to_address": "'a'", "subject": "'s'", "text": "'t'", "locale": "'en'", "state": "'SENT'"}.into("messages"), "messages_sent"},
		"a service request of 0 more months":   {moved.with(row{"status": "'REQUESTED'", "loan_id": "1", "kind": "'EXTENSION'", "months": "0"}).into("service_requests"), "service_requests_months"},
		"an early settlement that takes years": {moved.with(row{"status": "'REQUESTED'", "loan_id": "1", "kind": "'EARLY_SETTLEMENT'", "months": "3"}).into("service_requests"), "service_requests_months"},
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		started(t, s)
		for what, c := range cases {
			err := run(t, s, c.statement, errors.New("accepted"))
			if !strings.Contains(strings.ToLower(err.Error()), c.rule) {
				t.Errorf("%s: %v, want it refused by %s", what, err, c.rule)
			}
		}
	})
}

func TestAWithdrawnUserLeavesTheIdentifiersFree(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		started(t, s)
		gone := user.with(row{"status": "'WITHDRAWN'"}).into("users")
		for range 2 {
			if err := run(t, s, gone, nil); err != nil {
				t.Fatal("beside the active one:", err)
			}
		}
		if err := run(t, s, "UPDATE users SET status = 'ACTIVE' WHERE id = 2", nil); err == nil {
			t.Error("a withdrawn user came back beside the one who has the identifiers now")
		}
	})
}

func TestKeysAreNeverGivenTwice(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		add := kept.with(row{"name": "'A'", "permissions": "'[]'"}).into("roles")
		for _, statement := range []string{add, "DELETE FROM roles", add} {
			if err := run(t, s, statement, nil); err != nil {
				t.Fatal(err)
			}
		}
		var id int64
		if err := s.Reader().QueryRowContext(t.Context(), "SELECT id FROM roles").Scan(&id); err != nil || id != 2 {
			t.Errorf("the second role has id %d (%v), want 2", id, err)
		}
	})
}
