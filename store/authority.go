package store

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync/atomic"

	"entgo.io/ent/dialect"
)

// governing are the tables that decide who a token belongs to and what they may do, each with the columns that do; none means all of them. What is
// only made, decides of nobody who is known already, unless beginnings says that it does.
var governing = []struct {
	table      string
	columns    []string
	beginnings bool
}{
	{table: "sessions", columns: []string{"token_hash", "user_id", "staff_id", "expires_at"}},
	{table: "users", columns: []string{"status", "locale", "borrower", "investor"}},
	{table: "staff", columns: []string{"status", "locale", "totp_since"}},
	{table: "api_keys", columns: []string{"token_hash", "revoked_at", "expires_at"}},
	{table: "roles", beginnings: true},
	{table: "staff_roles", beginnings: true},
	{table: "api_key_roles", beginnings: true},
	{table: "parameters", beginnings: true},
}

// authority are the statements that make what counts the changes of authority, where it is missing: the database counts by triggers, in the transaction of whatever makes the
// change, so that no way of making one is forgotten. AuthorityVersion tells the count.
//
// PostgreSQL counts in many rows, so that two transactions seldom wait for each other. It is no migration, as the index of names is none.
func authority(name string) []string {
	statements := []string{"CREATE TABLE IF NOT EXISTS authority (stripe INTEGER PRIMARY KEY, version BIGINT NOT NULL)"}
	if name == dialect.Postgres {
		const count = "INSERT INTO authority AS a (stripe, version) VALUES (pg_backend_pid() % 256, 1) ON CONFLICT (stripe) DO UPDATE SET version = a.version + 1;"
		const function = "CREATE OR REPLACE FUNCTION %s() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN %s RETURN NULL; END $$"
		statements = append(statements, fmt.Sprintf(function, "count_authority", count), fmt.Sprintf(function, "count_authority_gone", "IF EXISTS (SELECT FROM gone) THEN "+count+" END IF;"))
	} else {
		statements = append(statements, "INSERT OR IGNORE INTO authority (stripe, version) VALUES (0, 0)")
	}
	for _, g := range governing {
		update := "UPDATE"
		if len(g.columns) > 0 {
			update += " OF " + strings.Join(g.columns, ", ")
		}
		moments := []string{update, "DELETE"}
		if g.beginnings {
			moments = append(moments, "INSERT")
		}
		for _, moment := range moments {
			trigger := g.table + "_authority_" + strings.ToLower(strings.Fields(moment)[0])
			if name == dialect.Postgres {
				count := "FOR EACH STATEMENT EXECUTE FUNCTION count_authority()"
				if moment == "DELETE" { // a job looks every few minutes for what has run out, and mostly finds nothing
					count = "REFERENCING OLD TABLE AS gone FOR EACH STATEMENT EXECUTE FUNCTION count_authority_gone()"
				}
				statements = append(statements, fmt.Sprintf(`DO $$ BEGIN
	IF NOT EXISTS (SELECT FROM pg_trigger WHERE tgname = '%[1]s' AND tgrelid = to_regclass('%[3]s')) THEN
		CREATE TRIGGER %[1]s AFTER %[2]s ON %[3]s %[4]s;
	END IF;
END $$`, trigger, moment, g.table, count)) // without a lock on the table where it stands
			} else {
				statements = append(statements, fmt.Sprintf("CREATE TRIGGER IF NOT EXISTS %s AFTER %s ON %s BEGIN UPDATE authority SET version = version + 1; END", trigger, moment, g.table))
			}
		}
	}
	return statements
}

// Assumption is that authority has not changed since a version. It is asked with the first question of a Moment (Moment.Assume), in the same journey.
type Assumption struct {
	Version int64
	found   atomic.Int32
}

// What an assumption was found to be.
const (
	unasked = iota
	right
	wrong
)

// Found says whether the assumption has been asked for, and whether it holds.
func (a *Assumption) Found() (asked, holds bool) {
	found := a.found.Load()
	return found != unasked, found == right
}

// ErrAuthority is the answer to questions that were asked on an Assumption that does not hold.
var ErrAuthority = errors.New("store: authority has changed")

// take reads the answer to what authorityVersion asks.
func (a *Assumption) take(q *Question) error {
	if q.Row(0)[0].Int() != a.Version {
		a.found.Store(wrong)
		return ErrAuthority
	}
	a.found.Store(right)
	return nil
}

func (s *Store) authorityVersion() *Question {
	if s.sqlite() {
		return &Question{SQL: "SELECT version FROM authority", Width: 1}
	}
	return &Question{SQL: "SELECT CAST(COALESCE(SUM(version), 0) AS BIGINT) FROM authority", Width: 1}
}

// AuthorityVersion asks how often it has changed who a token belongs to or what anybody may do. It is another one after every such change, and so tells
// whether what was found out before still holds.
func (s *Store) AuthorityVersion(ctx context.Context) (int64, error) {
	m, q := s.Moment(), s.authorityVersion()
	defer m.End()
	if err := m.Ask(ctx, true, q); err != nil {
		return 0, err
	}
	return q.Row(0)[0].Int(), nil
}
