package demo

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"lenddesk/ent/message"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
)

// rule is an invariant of a book: its query selects the rows that break it, by what they are called.
type rule struct{ holds, query string }

// Bids that take a part of their loan's amount, and those of them that fund it.
const (
	reserving = "('PENDING_REVIEW', 'APPROVED', 'HOLDING', 'SETTLED', 'WRITTEN_OFF')"
	funding   = "('APPROVED', 'HOLDING', 'SETTLED', 'WRITTEN_OFF')"
	held      = "('HOLDING', 'SETTLED', 'WRITTEN_OFF')"
	// what a line is of the loan's principal: of one that an extension replaced, what was paid on it before
	planned   = "CASE WHEN status = 'CANCELLED' THEN paid_principal ELSE principal END"
	disbursed = "('REPAYING', 'OVERDUE', 'DEFAULTED', 'WRITTEN_OFF', 'SETTLED')"
)

var rules = []rule{
	{
		"a loan's reserved and funded amounts are the sums of its bids",
		`SELECT l.number FROM loans l LEFT JOIN (
			SELECT loan_id, SUM(CASE WHEN status IN ` + reserving + ` THEN amount ELSE 0 END) AS reserved,
				SUM(CASE WHEN status IN ` + funding + ` THEN amount ELSE 0 END) AS funded
			FROM bids GROUP BY loan_id) b ON b.loan_id = l.id
		WHERE l.reserved_amount <> COALESCE(b.reserved, 0) OR l.funded_amount <> COALESCE(b.funded, 0) OR l.reserved_amount > l.amount`,
	},
	{
		"a loan is fully funded from FULLY_FUNDED on, and not funded where bids do not count",
		`SELECT number FROM loans WHERE
			(status IN ('FULLY_FUNDED', 'AWAITING_DISBURSEMENT') OR status IN ` + disbursed + `) AND funded_amount <> amount
			OR status NOT IN ('BIDDING', 'FULLY_FUNDED', 'AWAITING_DISBURSEMENT') AND status NOT IN ` + disbursed + ` AND reserved_amount <> 0`,
	},
	{
		"bids are held, settled and lost with their loan",
		`SELECT l.number FROM bids b JOIN loans l ON l.id = b.loan_id WHERE
			b.status = 'PENDING_REVIEW' AND l.status <> 'BIDDING'
			OR b.status = 'APPROVED' AND l.status NOT IN ('BIDDING', 'FULLY_FUNDED', 'AWAITING_DISBURSEMENT')
			OR b.status = 'HOLDING' AND l.status NOT IN ('REPAYING', 'OVERDUE', 'DEFAULTED')
			OR b.status = 'SETTLED' AND l.status <> 'SETTLED' OR b.status = 'WRITTEN_OFF' AND l.status <> 'WRITTEN_OFF'`,
	},
	{
		"a loan waits for finance just while an order of it is open, by the number that it has",
		`SELECT l.number FROM loans l LEFT JOIN disbursements d ON d.loan_id = l.id AND d.state = 'ORDERED'
		WHERE (l.status = 'AWAITING_DISBURSEMENT') <> (d.id IS NOT NULL) OR COALESCE(l.order_number, '') <> COALESCE(d.number, '')`,
	},
	{
		"nobody bids for their own loan",
		`SELECT l.number FROM bids b JOIN loans l ON l.id = b.loan_id WHERE b.investor_id = l.borrower_id`,
	},
	{
		"the lines of a plan make the loan's amount",
		`SELECT l.number FROM loans l LEFT JOIN (
			SELECT loan_id, SUM(` + planned + `) AS principal FROM installments WHERE bid_id IS NULL GROUP BY loan_id) i
			ON i.loan_id = l.id
		WHERE COALESCE(i.principal, 0) <> CASE WHEN l.status IN ` + disbursed + ` THEN l.amount ELSE 0 END`,
	},
	{
		"the shares of a line add up to it",
		`SELECT CAST(loan_id AS TEXT) || '/' || CAST(plan AS TEXT) || '/' || CAST(number AS TEXT) FROM (
			SELECT loan_id, plan, number, CASE WHEN bid_id IS NULL THEN -1 ELSE 1 END AS side,
				principal, interest, penalty, paid_principal, paid_interest, paid_penalty FROM installments) s
		GROUP BY loan_id, plan, number
		HAVING SUM(side * principal) <> 0 OR SUM(side * interest) <> 0 OR SUM(side * penalty) <> 0
			OR SUM(side * paid_principal) <> 0 OR SUM(side * paid_interest) <> 0 OR SUM(side * paid_penalty) <> 0`,
	},
	{
		"a bid's shares of the principal make the bid",
		`SELECT CAST(b.id AS TEXT) FROM bids b LEFT JOIN (
			SELECT bid_id, SUM(` + planned + `) AS principal FROM installments WHERE bid_id IS NOT NULL GROUP BY bid_id) i
			ON i.bid_id = b.id
		WHERE COALESCE(i.principal, 0) <> CASE WHEN b.status IN ` + held + ` THEN b.amount ELSE 0 END`,
	},
	{
		"what is paid on the lines is what was reported and not reversed",
		`SELECT l.number FROM loans l
		LEFT JOIN (SELECT loan_id, SUM(paid_principal) AS principal, SUM(paid_interest) AS interest, SUM(paid_penalty) AS penalty
			FROM installments WHERE bid_id IS NULL GROUP BY loan_id) i ON i.loan_id = l.id
		LEFT JOIN (SELECT loan_id, SUM(principal) AS principal, SUM(interest) AS interest, SUM(penalty) AS penalty
			FROM repayments WHERE reversed_at IS NULL GROUP BY loan_id) r ON r.loan_id = l.id
		WHERE COALESCE(i.principal, 0) <> COALESCE(r.principal, 0) OR COALESCE(i.interest, 0) <> COALESCE(r.interest, 0)
			OR COALESCE(i.penalty, 0) <> COALESCE(r.penalty, 0)`,
	},
	{
		"what is paid on a line is what of payments that stand went to it",
		`SELECT CAST(i.id AS TEXT) FROM installments i
		LEFT JOIN (SELECT installment_id, SUM(principal) AS principal, SUM(interest) AS interest, SUM(penalty) AS penalty
			FROM allocations WHERE reversed = FALSE GROUP BY installment_id) a ON a.installment_id = i.id
		WHERE i.bid_id IS NULL AND (i.paid_principal <> COALESCE(a.principal, 0) OR i.paid_interest <> COALESCE(a.interest, 0)
			OR i.paid_penalty <> COALESCE(a.penalty, 0))`,
	},
	{
		"what of a payment went to lines is all of it, and stands while the payment does",
		`SELECT r.reference FROM repayments r
		LEFT JOIN (SELECT repayment_id, SUM(principal) AS principal, SUM(interest) AS interest, SUM(penalty) AS penalty,
				SUM(CASE WHEN reversed THEN 1 ELSE 0 END) AS reversed, COUNT(*) AS parts FROM allocations GROUP BY repayment_id) a ON a.repayment_id = r.id
		WHERE COALESCE(a.parts, 0) = 0 OR a.principal <> r.principal OR a.interest <> r.interest OR a.penalty <> r.penalty
			OR a.reversed <> CASE WHEN r.reversed_at IS NULL THEN 0 ELSE a.parts END`,
	},
	{
		"a repayment is at least the sum of its parts",
		`SELECT reference FROM repayments WHERE amount < penalty + interest + principal`,
	},
	{
		"a line is PAID when all of it is, and DUE when nothing is",
		`SELECT CAST(id AS TEXT) FROM installments WHERE
			status = 'PAID' AND (paid_principal <> principal OR paid_interest <> interest OR paid_penalty <> penalty)
			OR status = 'DUE' AND paid_principal + paid_interest + paid_penalty <> 0`,
	},
	{
		"a line that was replaced is so by an extension: the next plan begins at its number or before, and a line of the last plan is not replaced",
		`SELECT CAST(i.id AS TEXT) FROM installments i WHERE i.status = 'CANCELLED' AND i.bid_id IS NULL AND NOT EXISTS (
			SELECT 1 FROM installments n WHERE n.loan_id = i.loan_id AND n.bid_id IS NULL AND n.plan > i.plan AND n.number <= i.number)`,
	},
	{
		"a plan ends with the term",
		`SELECT l.number FROM loans l JOIN (SELECT loan_id, MAX(number) AS last FROM installments WHERE bid_id IS NULL GROUP BY loan_id) i ON i.loan_id = l.id
		WHERE i.last <> CASE WHEN l.repayment_method = 'BULLET' THEN 1 ELSE l.term_months END`,
	},
	{
		"every approved extension made a plan, and every approved early settlement was quoted",
		`SELECT CAST(loan_id AS TEXT) FROM (
			SELECT l.id AS loan_id, (SELECT COUNT(*) FROM service_requests r WHERE r.loan_id = l.id AND r.kind = 'EXTENSION' AND r.status = 'APPROVED') AS extended,
				COALESCE((SELECT MAX(i.plan) FROM installments i WHERE i.loan_id = l.id), 1) AS plans FROM loans l) x WHERE plans <> extended + 1
		UNION ALL SELECT CAST(loan_id AS TEXT) FROM service_requests
		WHERE (kind = 'EARLY_SETTLEMENT' AND status = 'APPROVED') <> (quoted_on IS NOT NULL AND quoted_amount IS NOT NULL AND valid_until IS NOT NULL)`,
	},
	{
		"a settled loan is paid",
		`SELECT l.number FROM loans l JOIN installments i ON i.loan_id = l.id WHERE l.status = 'SETTLED' AND i.status NOT IN ('PAID', 'CANCELLED')`,
	},
	{
		"a user has one bound card at most",
		`SELECT CAST(user_id AS TEXT) FROM bank_cards WHERE status = 'BOUND' GROUP BY user_id HAVING COUNT(*) > 1`,
	},
	{
		"a card that waits for its check has an open question to KXD",
		`SELECT CAST(c.id AS TEXT) FROM bank_cards c WHERE c.status = 'PENDING_REVIEW' AND NOT EXISTS (
			SELECT 1 FROM bank_card_attempts a WHERE a.bank_card_id = c.id AND a.system = 'KXD' AND a.finished_at IS NULL)`,
	},
	{
		"a card that is bound, or was, has been paid for once, and no other card has",
		`SELECT CAST(c.id AS TEXT) FROM bank_cards c WHERE
			(SELECT COUNT(*) FROM bank_card_attempts a WHERE a.bank_card_id = c.id AND a.result = 'PAID')
				<> CASE WHEN c.status IN ('BOUND', 'UNBOUND', 'REPLACED') THEN 1 ELSE 0 END`,
	},
	{
		"a card that is checked or waits for its payment was passed, and what is open is about a card that can still be asked about",
		`SELECT CAST(c.id AS TEXT) FROM bank_cards c WHERE
			c.status IN ('PENDING_BINDING', 'BOUND', 'UNBOUND', 'REPLACED') AND NOT EXISTS (
				SELECT 1 FROM bank_card_attempts a WHERE a.bank_card_id = c.id AND a.result = 'PASSED')
			OR c.status NOT IN ('PENDING_REVIEW', 'PENDING_BINDING', 'CANCELLED') AND EXISTS (
				SELECT 1 FROM bank_card_attempts a WHERE a.bank_card_id = c.id AND a.finished_at IS NULL)`,
	},
	{
		"the events of a subject follow one another in time and in status",
		`SELECT subject_type || '/' || CAST(subject_id AS TEXT) FROM (
			SELECT subject_type, subject_id, at, from_status,
				LAG(at) OVER story AS before, LAG(to_status) OVER story AS stood
			FROM events WHERE to_status IS NOT NULL WINDOW story AS (PARTITION BY subject_type, subject_id ORDER BY id)) e
		WHERE before > at OR COALESCE(from_status, '') <> COALESCE(stood, '')`,
	},
	{
		"every mail to a customer stands in their story, once",
		`SELECT 'messages/' || CAST(m.id AS TEXT) FROM messages m
		LEFT JOIN events e ON e.subject_type = 'Message' AND e.subject_id = m.id AND e.user_id = m.user_id
		WHERE m.user_id IS NOT NULL GROUP BY m.id HAVING COUNT(e.id) <> 1`,
	},
}

// moving are the tables of rows that have a status.
var moving = slices.Sorted(maps.Keys(tables))

// perTable are the rules of every row with a status.
func perTable(kind key.Kind) []rule {
	table := tables[kind]
	return []rule{
		{
			"the status of " + table + " is what the last event says",
			`SELECT '` + table + `/' || CAST(t.id AS TEXT) FROM ` + table + ` t
			LEFT JOIN (SELECT subject_id, MAX(id) AS last FROM events WHERE subject_type = '` + string(kind) + `' AND to_status IS NOT NULL GROUP BY subject_id) l
				ON l.subject_id = t.id
			LEFT JOIN events e ON e.id = l.last
			WHERE e.to_status IS NULL OR e.to_status <> t.status`,
		},
		{
			"the times of " + table + " are in order",
			`SELECT '` + table + `/' || CAST(id AS TEXT) FROM ` + table + ` WHERE status_since < created_at OR updated_at < created_at`,
		},
	}
}

// Check proves the invariants of the whole book: amounts reserved and funded, plans and shares, payments, cards, and that the events of each
// subject lead by allowed moves to its status. It returns nil, or an error that names every rule that is broken and some of the rows that
// break it. It reads only, a few statements whatever the size of the book.
func Check(ctx context.Context, tx *store.Tx) error {
	every := slices.Clone(rules)
	for _, kind := range moving {
		every = append(every, perTable(kind)...)
	}
	var broken []error
	for _, r := range every {
		found, err := offenders(ctx, tx, r)
		if err != nil {
			return err
		}
		if len(found) > 0 {
			broken = append(broken, fmt.Errorf("not so: %s: %s", r.holds, strings.Join(found, ", ")))
		}
	}
	strange, err := strangeMoves(ctx, tx)
	if err != nil {
		return err
	}
	return errors.Join(append(broken, strange...)...)
}

// offenders are the first rows that break a rule.
func offenders(ctx context.Context, tx *store.Tx, r rule) (found []string, err error) {
	rows, err := tx.SQL.QueryContext(ctx, r.query+" LIMIT 5")
	if err != nil {
		return nil, fmt.Errorf("check that %s: %w", r.holds, err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, fmt.Errorf("check that %s: %w", r.holds, err)
		}
		found = append(found, name)
	}
	return found, rows.Err()
}

// step is one kind of step that events tell of.
type step struct{ kind, move, from, to string }

// strangeMoves are the steps in the events that no lifecycle allows.
func strangeMoves(ctx context.Context, tx *store.Tx) (strange []error, err error) {
	allowed := map[step]bool{}
	for _, kind := range moving {
		for _, l := range lifecycle.Of(kind).Lines {
			allow(allowed, kind, l)
		}
	}
	for _, begins := range []message.State{message.StateKept, message.StateQueued} {
		allowed[step{string(key.KindMessage), lifecycle.Kind(lifecycle.WriteMessage), "", string(begins)}] = true
	}
	rows, err := tx.SQL.QueryContext(ctx, `SELECT DISTINCT subject_type, kind, COALESCE(from_status, ''), to_status FROM events WHERE to_status IS NOT NULL`)
	if err != nil {
		return nil, fmt.Errorf("read the steps of events: %w", err)
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		var s step
		if err := rows.Scan(&s.kind, &s.move, &s.from, &s.to); err != nil {
			return nil, fmt.Errorf("read the steps of events: %w", err)
		}
		if !allowed[s] {
			strange = append(strange, fmt.Errorf("no lifecycle allows %s of %s from %q to %q", s.move, s.kind, s.from, s.to))
		}
	}
	return strange, rows.Err()
}

// allow notes every step of a line: from nothing where it makes the row, to the same status where it stays.
func allow(allowed map[step]bool, kind key.Kind, l lifecycle.Line) {
	from := l.From
	if len(from) == 0 {
		from = []string{""}
	}
	for _, f := range from {
		to := l.To
		if len(to) == 0 {
			to = []string{f}
		}
		for _, t := range to {
			allowed[step{string(kind), lifecycle.Kind(l.Name), f, t}] = true
		}
	}
}
