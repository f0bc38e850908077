package main

import (
	"context"
	"fmt"
	"net/url"
	"strconv"

	"lenddesk/money"
)

// The same screens, of which SQLite makes the JSON. What it cannot do (ids, masks, rates) it asks of Go.

func appendRate(b []byte, n int64) []byte { return money.Rate(n).AppendJSON(b) }

// amount is SQL that writes minor units as money.
func amount(of string) string { return fmt.Sprintf("printf('%%d.%%02d', %s / 100, %s %% 100)", of, of) }

// named is SQL for an object of an id and a name, or null.
func named(kind, alias string) string {
	return fmt.Sprintf("json(CASE WHEN %[2]s.id IS NOT NULL THEN json_object('id', public_id('%[1]s', %[2]s.id), 'name', %[2]s.name) END)", kind, alias)
}

// firm is named with the line of business.
func firm(alias string) string {
	return fmt.Sprintf("json(CASE WHEN %[1]s.id IS NOT NULL THEN json_object('id', public_id('Company', %[1]s.id), 'name', %[1]s.name, 'industry', %[1]s.industry) END)", alias)
}

// bidsUnder is SQL for the newest bids of a loan.
func bidsUnder(loan string, most int) string {
	return fmt.Sprintf(`json_object('nodes', json((SELECT json_group_array(json_object('id', public_id('Bid', b.id), 'amount', %s, 'status', b.status, 'investor', %s))
FROM (SELECT * FROM bids WHERE loan_id = %s ORDER BY created_at DESC, id DESC LIMIT %d) b JOIN users i ON i.id = b.investor_id)))`,
		amount("b.amount"), named("User", "i"), loan, most)
}

// whole are the statements of Q1 to Q7, each of which answers with the data as one text.
var whole = []string{
	`SELECT json_object('node', json_object('id', public_id('Loan', l.id), 'number', l.number, 'status', l.status, 'amount', ` + amount("l.amount") + `,
	'annualRate', rate(l.annual_rate), 'termMonths', l.term_months, 'purpose', l.purpose,
	'borrower', json_object('id', public_id('User', u.id), 'name', u.name, 'maskedPhone', CASE WHEN u.phone IS NOT NULL THEN masked_phone(u.phone) END),
	'company', ` + firm("c") + `))
FROM loans l JOIN users u ON u.id = l.borrower_id LEFT JOIN companies c ON c.id = l.company_id WHERE l.id = $1`,

	`SELECT json_object('loans', json_object('totalCount', (` + reviewCount + `), 'nodes', json((SELECT json_group_array(json_object(
	'id', public_id('Loan', l.id), 'number', l.number, 'status', l.status, 'amount', ` + amount("l.amount") + `, 'borrower', ` + named("User", "u") + `,
	'company', ` + named("Company", "c") + `, 'reviewer', ` + named("Staff", "s") + `, 'bids', ` + bidsUnder("l.id", 10) + `))
FROM (SELECT * FROM loans WHERE status IN ('MATERIALS_REVIEW', 'APPLICATION_REVIEW', 'FULLY_FUNDED') ORDER BY created_at, id LIMIT 20) l
JOIN users u ON u.id = l.borrower_id LEFT JOIN companies c ON c.id = l.company_id ` + reviewerOfLoan + `))))`,

	`SELECT json_object('users', json_object('nodes', json((SELECT json_group_array(json_object('id', public_id('User', u.id), 'name', u.name, 'status', u.status,
	'bankCards', json_object('nodes', json((SELECT json_group_array(json_object('id', public_id('BankCard', c.id), 'status', c.status, 'issuer', c.issuer, 'maskedNumber', masked_card(c.number)))
		FROM (SELECT * FROM bank_cards WHERE user_id = u.id ORDER BY created_at DESC, id DESC LIMIT 20) c))),
	'loans', json_object('nodes', json((SELECT json_group_array(json_object('id', public_id('Loan', l.id), 'number', l.number, 'status', l.status, 'amount', ` + amount("l.amount") + `,
		'bids', ` + bidsUnder("l.id", 5) + `)) FROM (SELECT * FROM loans WHERE borrower_id = u.id ORDER BY created_at DESC, id DESC LIMIT 10) l)))))
FROM (SELECT * FROM users WHERE borrower AND (created_at, id) > (SELECT created_at, id FROM users WHERE id = $1) ORDER BY created_at, id LIMIT 50) u))))`,

	`SELECT json_object('loans', json_object('nodes', json((SELECT json_group_array(json_object('id', public_id('Loan', l.id), 'number', l.number, 'status', l.status,
	'amount', ` + amount("l.amount") + `, 'borrower', json_object('id', public_id('User', u.id), 'name', u.name, 'company', ` + firm("uc") + `)))
FROM (SELECT l.* FROM loans l JOIN users u ON u.id = l.borrower_id LEFT JOIN companies uc ON uc.id = u.company_id LEFT JOIN companies lc ON lc.id = l.company_id
	WHERE (lc.industry = $1 OR uc.industry = $1) AND l.amount >= $2 AND l.amount <= $3 AND (l.amount, l.id) > (SELECT amount, id FROM loans WHERE id = $4)
	ORDER BY l.amount, l.id LIMIT 20) l JOIN users u ON u.id = l.borrower_id LEFT JOIN companies uc ON uc.id = u.company_id))))`,

	`SELECT json_object('node', json_object('id', public_id('User', u.id), 'name', u.name,
	'statistics', json_object('bids', s.n, 'invested', ` + amount("s.invested") + `, 'earned', ` + amount("s.earned") + `),
	'bids', json_object('totalCount', s.n, 'nodes', json((SELECT json_group_array(json_object('id', public_id('Bid', b.id), 'amount', ` + amount("b.amount") + `, 'status', b.status,
		'outstandingPrincipal', ` + amount("b.outstanding") + `, 'earned', ` + amount("b.earned") + `,
		'loan', json_object('id', public_id('Loan', b.loan), 'number', b.number, 'status', b.stands)))
	FROM (SELECT b.id, b.amount, b.status, l.id AS loan, l.number, l.status AS stands,
		COALESCE((SELECT SUM(i.principal - i.paid_principal) FROM installments i WHERE i.bid_id = b.id AND b.status = 'HOLDING' AND i.status <> 'CANCELLED'), 0) AS outstanding,
		COALESCE((SELECT SUM(i.paid_interest + i.paid_penalty) FROM installments i WHERE i.bid_id = b.id), 0) AS earned
		FROM bids b JOIN loans l ON l.id = b.loan_id WHERE b.investor_id = u.id ORDER BY b.created_at DESC, b.id DESC LIMIT 20) b)))))
FROM users u, (SELECT COUNT(*) AS n, COALESCE(SUM(CASE WHEN status IN ('HOLDING', 'SETTLED', 'WRITTEN_OFF') THEN amount END), 0) AS invested,
	(` + earnedSum + `) AS earned FROM bids WHERE investor_id = $1) s WHERE u.id = $1`,

	`WITH hits AS (
	SELECT 0 AS firm, id, CASE WHEN name = $1 THEN 0 WHEN substr(name, 1, length($1)) = $1 THEN 1 ELSE 2 END AS rank FROM users
	WHERE id IN (SELECT rowid FROM users_search WHERE grams MATCH $2) AND merged_into_id IS NULL
	UNION ALL SELECT 1, id, CASE WHEN name = $1 THEN 0 WHEN substr(name, 1, length($1)) = $1 THEN 1 ELSE 2 END FROM companies
	WHERE id IN (SELECT rowid FROM companies_search WHERE grams MATCH $2))
SELECT json_object('search', json_object('totalCount', (SELECT COUNT(*) FROM hits), 'nodes', json((SELECT json_group_array(json(CASE h.firm WHEN 0 THEN
	(SELECT json_object('id', public_id('User', u.id), 'name', u.name, 'status', u.status,
		'maskedPhone', CASE WHEN u.phone IS NOT NULL THEN masked_phone(u.phone) END, 'company', ` + named("Company", "c") + `)
	FROM users u LEFT JOIN companies c ON c.id = u.company_id WHERE u.id = h.id)
	ELSE (SELECT ` + firm("c") + ` FROM companies c WHERE c.id = h.id) END)) FROM (SELECT * FROM hits ORDER BY rank, firm, id DESC LIMIT 20) h))))`,

	`SELECT json_object('reviewQueue', json_object('totalCount', (` + waitingCount + `), 'nodes', json((SELECT json_group_array(json_object(
	'waitingSince', replace(replace(l.status_since, ' ', 'T'), '+00:00', 'Z'), 'claimedBy', ` + named("Staff", "s") + `, 'subject', json_object(
		'id', public_id('Loan', l.id), 'number', l.number, 'amount', ` + amount("l.amount") + `, 'annualRate', rate(l.annual_rate), 'termMonths', l.term_months, 'purpose', l.purpose,
		'approvalsGiven', ` + approvals + `, 'approvalsNeeded', l.approvals_needed,
		'borrower', json_object('id', public_id('User', u.id), 'name', u.name, 'maskedPhone', CASE WHEN u.phone IS NOT NULL THEN masked_phone(u.phone) END),
		'company', ` + firm("c") + `))) FROM ` + waitingLoans + `))))`,
}

// wholly is a screen that SQLite writes.
func wholly(name string) handScreen {
	text := whole[name[1]-'1']
	return func(h *hand, ctx context.Context, v url.Values, b []byte) ([]byte, error) {
		var args []any
		if name == "Q2" || name == "Q7" { // who has a loan in hand depends on the time
			args = append(args, moment())
		}
		for _, name := range []string{"id", "industry", "least", "most", "after", "text"} {
			given := v.Get(name)
			switch {
			case given == "":
			case name == "id" || name == "after":
				n, err := h.id(given)
				if err != nil {
					return nil, err
				}
				args = append(args, n)
			case name == "text":
				args = append(args, given, `"`+given+`"`)
			case name == "industry":
				args = append(args, given)
			default:
				n, err := strconv.ParseInt(given, 10, 64)
				if err != nil {
					return nil, err
				}
				args = append(args, n)
			}
		}
		err := h.ask(ctx, question{text, args, func(scan func(...any) error) error {
			var data []byte
			if err := scan(&data); err != nil {
				return err
			}
			b = append(b, data...)
			return nil
		}})
		return b, err
	}
}
