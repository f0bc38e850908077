package main

import (
	"context"
	"errors"
	"net/url"
	"strconv"
	"strings"
	"time"

	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/seal"
)

// handScreen appends the data of one screen.
type handScreen func(h *hand, ctx context.Context, v url.Values, b []byte) ([]byte, error)

// The statements. Those for PostgreSQL alone begin so; $1 is ?1 to SQLite.
const (
	loanText = `SELECT l.id, l.number, l.status, l.amount, l.annual_rate, l.term_months, l.purpose, u.id, u.name, u.phone, c.id, c.name, c.industry
FROM loans l JOIN users u ON u.id = l.borrower_id LEFT JOIN companies c ON c.id = l.company_id WHERE l.id = $1`

	// reviewerOfLoan joins who has a loan in hand; $1 is the time.
	reviewerOfLoan = `LEFT JOIN claims k ON k.subject_type = 'Loan' AND k.subject_id = l.id AND k.expires_at > $1 AND k.created_at >= l.status_since
	AND k.step = CASE l.status WHEN 'MATERIALS_REVIEW' THEN 'MATERIALS' WHEN 'APPLICATION_REVIEW' THEN 'APPLICATION' ELSE 'FUNDING' END
LEFT JOIN staff s ON s.id = k.staff_id`
	reviewText = `SELECT l.id, l.number, l.status, l.amount, u.id, u.name, c.id, c.name, s.id, s.name
FROM loans l JOIN users u ON u.id = l.borrower_id LEFT JOIN companies c ON c.id = l.company_id
` + reviewerOfLoan + `
WHERE l.status IN ('MATERIALS_REVIEW', 'APPLICATION_REVIEW', 'FULLY_FUNDED') ORDER BY l.created_at, l.id LIMIT 20`
	reviewCount = `SELECT COUNT(*) FROM loans WHERE status IN ('MATERIALS_REVIEW', 'APPLICATION_REVIEW', 'FULLY_FUNDED')`
	bidsOfLoan  = `SELECT b.loan_id, b.id, b.amount, b.status, u.id, u.name FROM bids b JOIN users u ON u.id = b.investor_id
WHERE b.loan_id = $1 ORDER BY b.created_at DESC, b.id DESC LIMIT $2`
	bidsOfLoans = `--postgres
SELECT b.loan_id, b.id, b.amount, b.status, u.id, u.name FROM unnest($1::bigint[]) WITH ORDINALITY AS p(id, place)
CROSS JOIN LATERAL (SELECT * FROM bids WHERE loan_id = p.id ORDER BY created_at DESC, id DESC LIMIT $2) b JOIN users u ON u.id = b.investor_id
ORDER BY p.place, b.created_at DESC, b.id DESC`

	usersText = `SELECT id, name, status FROM users WHERE borrower AND (created_at, id) > (SELECT created_at, id FROM users WHERE id = $1)
ORDER BY created_at, id LIMIT 50`
	cardsOfUser  = `SELECT user_id, id, status, issuer, number FROM bank_cards WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 20`
	cardsOfUsers = `--postgres
SELECT c.user_id, c.id, c.status, c.issuer, c.number FROM unnest($1::bigint[]) WITH ORDINALITY AS p(id, place)
CROSS JOIN LATERAL (SELECT * FROM bank_cards WHERE user_id = p.id ORDER BY created_at DESC, id DESC LIMIT 20) c ORDER BY p.place, c.created_at DESC, c.id DESC`
	loansOfUser  = `SELECT borrower_id, id, number, status, amount FROM loans WHERE borrower_id = $1 ORDER BY created_at DESC, id DESC LIMIT 10`
	loansOfUsers = `--postgres
SELECT l.borrower_id, l.id, l.number, l.status, l.amount FROM unnest($1::bigint[]) WITH ORDINALITY AS p(id, place)
CROSS JOIN LATERAL (SELECT * FROM loans WHERE borrower_id = p.id ORDER BY created_at DESC, id DESC LIMIT 10) l ORDER BY p.place, l.created_at DESC, l.id DESC`

	industryText = `SELECT l.id, l.number, l.status, l.amount, u.id, u.name, uc.id, uc.name, uc.industry
FROM loans l JOIN users u ON u.id = l.borrower_id LEFT JOIN companies uc ON uc.id = u.company_id LEFT JOIN companies lc ON lc.id = l.company_id
WHERE (lc.industry = $1 OR uc.industry = $1) AND l.amount >= $2 AND l.amount <= $3 AND (l.amount, l.id) > (SELECT amount, id FROM loans WHERE id = $4)
ORDER BY l.amount, l.id LIMIT 20`

	personText    = `SELECT name FROM users WHERE id = $1`
	bidSums       = `SELECT COUNT(*), COALESCE(SUM(CASE WHEN status IN ('HOLDING', 'SETTLED', 'WRITTEN_OFF') THEN amount END), 0) FROM bids WHERE investor_id = $1`
	earnedSum     = `SELECT COALESCE(SUM(i.paid_interest + i.paid_penalty), 0) FROM bids b JOIN installments i ON i.bid_id = b.id WHERE b.investor_id = $1`
	portfolioText = `SELECT b.id, b.amount, b.status,
	COALESCE((SELECT SUM(i.principal - i.paid_principal) FROM installments i WHERE i.bid_id = b.id AND b.status = 'HOLDING' AND i.status <> 'CANCELLED'), 0),
	COALESCE((SELECT SUM(i.paid_interest + i.paid_penalty) FROM installments i WHERE i.bid_id = b.id), 0), l.id, l.number, l.status
FROM bids b JOIN loans l ON l.id = b.loan_id WHERE b.investor_id = $1 ORDER BY b.created_at DESC, b.id DESC LIMIT 20`

	peopleText = `SELECT u.id, u.name, u.status, u.phone, c.id, c.name FROM users u LEFT JOIN companies c ON c.id = u.company_id
WHERE u.id IN (SELECT rowid FROM users_search WHERE grams MATCH $1) AND u.merged_into_id IS NULL ORDER BY u.id DESC LIMIT 200`
	peopleTextPostgres = `--postgres
SELECT u.id, u.name, u.status, u.phone, c.id, c.name FROM users u LEFT JOIN companies c ON c.id = u.company_id
WHERE search_grams(u.name) @@ CAST($1 AS tsquery) AND u.merged_into_id IS NULL ORDER BY u.id DESC LIMIT 200`
	firmsText         = `SELECT id, name, industry FROM companies WHERE id IN (SELECT rowid FROM companies_search WHERE grams MATCH $1) ORDER BY id DESC LIMIT 200`
	firmsTextPostgres = `--postgres
SELECT id, name, industry FROM companies WHERE search_grams(name) @@ CAST($1 AS tsquery) ORDER BY id DESC LIMIT 200`

	// waitingLoans are the loans of the queue with what is shown beside them; $1 is the time.
	waitingLoans = `(SELECT * FROM loans WHERE status = 'APPLICATION_REVIEW' ORDER BY status_since, id LIMIT 20) l
JOIN users u ON u.id = l.borrower_id LEFT JOIN companies c ON c.id = l.company_id
LEFT JOIN claims k ON k.subject_type = 'Loan' AND k.subject_id = l.id AND k.step = 'APPLICATION' AND k.expires_at > $1 AND k.created_at >= l.status_since
LEFT JOIN staff s ON s.id = k.staff_id`
	approvals = `(SELECT COUNT(*) FROM reviews r WHERE r.subject_type = 'Loan' AND r.subject_id = l.id AND r.step = 'APPLICATION' AND r.decision = 'APPROVED'
	AND r.round = l.round AND r.voided_at IS NULL)`
	waitingText = `SELECT l.id, l.number, l.amount, l.annual_rate, l.term_months, l.purpose, ` + approvals + `, l.approvals_needed, l.status_since,
	u.id, u.name, u.phone, c.id, c.name, c.industry, s.id, s.name
FROM ` + waitingLoans + ` ORDER BY l.status_since, l.id`
	waitingCount = `SELECT COUNT(*) FROM loans WHERE status = 'APPLICATION_REVIEW'`
)

// texts are all statements that SQLite prepares.
var texts = []string{
	loanText, reviewText, reviewCount, bidsOfLoan, usersText, cardsOfUser, loansOfUser, industryText, personText, bidSums, earnedSum, portfolioText, peopleText, firmsText,
	waitingText, waitingCount,
}

func loanByID(h *hand, ctx context.Context, v url.Values, b []byte) ([]byte, error) {
	id, err := h.id(v.Get("id"))
	if err != nil {
		return nil, err
	}
	b = append(b, `{"node":`...)
	err = h.ask(ctx, question{loanText, []any{id}, func(scan func(...any) error) (err error) {
		var id, amount, rate, months, borrower int64
		var number, status, purpose, name string
		var phone []byte
		var company *int64
		var called, industry *string
		if err := scan(&id, &number, &status, &amount, &rate, &months, &purpose, &borrower, &name, &phone, &company, &called, &industry); err != nil {
			return err
		}
		b = h.appendID(append(b, `{"id":`...), key.KindLoan, id)
		b = appendText(append(b, `,"number":`...), number)
		b = appendText(append(b, `,"status":`...), status)
		b = appendMoney(append(b, `,"amount":`...), amount)
		b = appendRate(append(b, `,"annualRate":`...), rate)
		b = strconv.AppendInt(append(b, `,"termMonths":`...), months, 10)
		b = appendText(append(b, `,"purpose":`...), purpose)
		b = h.appendID(append(b, `,"borrower":{"id":`...), key.KindUser, borrower)
		b = appendText(append(b, `,"name":`...), name)
		if b, err = h.phone(append(b, `,"maskedPhone":`...), phone); err != nil {
			return err
		}
		b = append(b, `},"company":`...)
		b = h.appendCompany(b, company, called, industry)
		b = append(b, '}')
		return nil
	}})
	return append(b, '}'), err
}

// appendCompany appends a company with its line of business, or null.
func (h *hand) appendCompany(b []byte, id *int64, name, industry *string) []byte {
	if id == nil {
		return append(b, "null"...)
	}
	b = h.appendID(append(b, `{"id":`...), key.KindCompany, *id)
	b = appendText(append(b, `,"name":`...), *name)
	b = appendOptional(append(b, `,"industry":`...), industry)
	return append(b, '}')
}

// moment is the time as the database has it.
func moment() time.Time { return time.Now().UTC().Truncate(time.Microsecond) }

// bidding is the bids of several loans, each written as it will stand in a list.
type bidding map[int64][]byte

func (h *hand) bids(ctx context.Context, loans []int64, most int) (bidding, error) {
	found := make(bidding, len(loans))
	row := func(scan func(...any) error) error {
		var loan, id, amount, investor int64
		var status, name string
		if err := scan(&loan, &id, &amount, &status, &investor, &name); err != nil {
			return err
		}
		b := found[loan]
		if b == nil {
			b = make([]byte, 0, 128*most)
		} else {
			b = append(b, ',')
		}
		b = h.appendID(append(b, `{"id":`...), key.KindBid, id)
		b = appendMoney(append(b, `,"amount":`...), amount)
		b = appendText(append(b, `,"status":`...), status)
		b = h.appendNamed(append(b, `,"investor":`...), key.KindUser, &investor, &name)
		found[loan] = append(b, '}')
		return nil
	}
	return found, h.under(ctx, bidsOfLoan, bidsOfLoans, loans, row, most)
}

// under asks for the children of several parents: PostgreSQL at once, SQLite, which is no journey away, one after the other.
func (h *hand) under(ctx context.Context, one, all string, parents []int64, row func(func(...any) error) error, more ...int) error {
	if h.postgres != nil {
		args := []any{parents}
		for _, m := range more {
			args = append(args, m)
		}
		return h.ask(ctx, question{all, args, row})
	}
	for _, p := range parents {
		args := []any{p}
		for _, m := range more {
			args = append(args, m)
		}
		if err := h.ask(ctx, question{one, args, row}); err != nil {
			return err
		}
	}
	return nil
}

func inReview(h *hand, ctx context.Context, _ url.Values, b []byte) ([]byte, error) {
	type loan struct {
		id, amount, borrower      int64
		number, status, name      string
		company, reviewer         *int64
		companyName, reviewerName *string
	}
	var total int64
	var page []loan
	err := h.ask(
		ctx,
		question{reviewText, []any{moment()}, func(scan func(...any) error) error {
			var l loan
			err := scan(&l.id, &l.number, &l.status, &l.amount, &l.borrower, &l.name, &l.company, &l.companyName, &l.reviewer, &l.reviewerName)
			page = append(page, l)
			return err
		}},
		question{reviewCount, nil, func(scan func(...any) error) error { return scan(&total) }},
	)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(page))
	for i, l := range page {
		ids[i] = l.id
	}
	bids, err := h.bids(ctx, ids, 10)
	if err != nil {
		return nil, err
	}
	b = strconv.AppendInt(append(b, `{"loans":{"totalCount":`...), total, 10)
	b = append(b, `,"nodes":[`...)
	for _, l := range page {
		b = h.appendID(append(comma(b), `{"id":`...), key.KindLoan, l.id)
		b = appendText(append(b, `,"number":`...), l.number)
		b = appendText(append(b, `,"status":`...), l.status)
		b = appendMoney(append(b, `,"amount":`...), l.amount)
		b = h.appendNamed(append(b, `,"borrower":`...), key.KindUser, &l.borrower, &l.name)
		b = h.appendNamed(append(b, `,"company":`...), key.KindCompany, l.company, l.companyName)
		b = h.appendNamed(append(b, `,"reviewer":`...), key.KindStaff, l.reviewer, l.reviewerName)
		b = append(append(b, `,"bids":{"nodes":[`...), bids[l.id]...)
		b = append(b, "]}}"...)
	}
	return append(b, "]}}"...), nil
}

func usersWithAll(h *hand, ctx context.Context, v url.Values, b []byte) ([]byte, error) {
	after, err := h.id(v.Get("after"))
	if err != nil {
		return nil, err
	}
	type person struct {
		id           int64
		name, status string
	}
	type loan struct {
		id, amount     int64
		number, status string
	}
	var people []person
	var ids, of []int64
	err = h.ask(ctx, question{usersText, []any{after}, func(scan func(...any) error) error {
		var p person
		err := scan(&p.id, &p.name, &p.status)
		people, ids = append(people, p), append(ids, p.id)
		return err
	}})
	if err != nil {
		return nil, err
	}
	cards, loans := make(map[int64][]byte, len(ids)), make(map[int64][]loan, len(ids))
	card := func(scan func(...any) error) error {
		var user, id int64
		var status string
		var issuer *string
		var sealed []byte
		if err := scan(&user, &id, &status, &issuer, &sealed); err != nil {
			return err
		}
		open, err := h.keys.Open(seal.CardNumber, sealed)
		if err != nil {
			return err
		}
		b := cards[user]
		if len(b) > 0 {
			b = append(b, ',')
		}
		b = h.appendID(append(b, `{"id":`...), key.KindBankCard, id)
		b = appendText(append(b, `,"status":`...), status)
		b = appendOptional(append(b, `,"issuer":`...), issuer)
		b = appendText(append(b, `,"maskedNumber":`...), identity.MaskCard(open))
		cards[user] = append(b, '}')
		return nil
	}
	borrowed := func(scan func(...any) error) error {
		var user int64
		var l loan
		err := scan(&user, &l.id, &l.number, &l.status, &l.amount)
		loans[user], of = append(loans[user], l), append(of, l.id)
		return err
	}
	if h.postgres != nil {
		err = h.ask(ctx, question{cardsOfUsers, []any{ids}, card}, question{loansOfUsers, []any{ids}, borrowed})
	} else {
		err = errors.Join(h.under(ctx, cardsOfUser, "", ids, card), h.under(ctx, loansOfUser, "", ids, borrowed))
	}
	if err != nil {
		return nil, err
	}
	bids, err := h.bids(ctx, of, 5)
	if err != nil {
		return nil, err
	}
	b = append(b, `{"users":{"nodes":[`...)
	for _, p := range people {
		b = h.appendID(append(comma(b), `{"id":`...), key.KindUser, p.id)
		b = appendText(append(b, `,"name":`...), p.name)
		b = appendText(append(b, `,"status":`...), p.status)
		b = append(append(b, `,"bankCards":{"nodes":[`...), cards[p.id]...)
		b = append(b, `]},"loans":{"nodes":[`...)
		for _, l := range loans[p.id] {
			b = h.appendID(append(comma(b), `{"id":`...), key.KindLoan, l.id)
			b = appendText(append(b, `,"number":`...), l.number)
			b = appendText(append(b, `,"status":`...), l.status)
			b = appendMoney(append(b, `,"amount":`...), l.amount)
			b = append(append(b, `,"bids":{"nodes":[`...), bids[l.id]...)
			b = append(b, "]}}"...)
		}
		b = append(b, "]}}"...)
	}
	return append(b, "]}}"...), nil
}

func byIndustry(h *hand, ctx context.Context, v url.Values, b []byte) ([]byte, error) {
	after, err := h.id(v.Get("after"))
	least, bad := strconv.ParseInt(v.Get("least"), 10, 64)
	most, worse := strconv.ParseInt(v.Get("most"), 10, 64)
	if err := errors.Join(err, bad, worse); err != nil {
		return nil, err
	}
	b = append(b, `{"loans":{"nodes":[`...)
	err = h.ask(ctx, question{industryText, []any{v.Get("industry"), least, most, after}, func(scan func(...any) error) error {
		var id, amount, borrower int64
		var number, status, name string
		var company *int64
		var called, industry *string
		if err := scan(&id, &number, &status, &amount, &borrower, &name, &company, &called, &industry); err != nil {
			return err
		}
		b = h.appendID(append(comma(b), `{"id":`...), key.KindLoan, id)
		b = appendText(append(b, `,"number":`...), number)
		b = appendText(append(b, `,"status":`...), status)
		b = appendMoney(append(b, `,"amount":`...), amount)
		b = h.appendID(append(b, `,"borrower":{"id":`...), key.KindUser, borrower)
		b = appendText(append(b, `,"name":`...), name)
		b = h.appendCompany(append(b, `,"company":`...), company, called, industry)
		b = append(b, "}}"...)
		return nil
	}})
	return append(b, "]}}"...), err
}

func portfolio(h *hand, ctx context.Context, v url.Values, b []byte) ([]byte, error) {
	id, err := h.id(v.Get("id"))
	if err != nil {
		return nil, err
	}
	var name string
	var count, invested, earned int64
	list := append(make([]byte, 0, 4096), '[')
	err = h.ask(
		ctx,
		question{personText, []any{id}, func(scan func(...any) error) error { return scan(&name) }},
		question{bidSums, []any{id}, func(scan func(...any) error) error { return scan(&count, &invested) }},
		question{earnedSum, []any{id}, func(scan func(...any) error) error { return scan(&earned) }},
		question{portfolioText, []any{id}, func(scan func(...any) error) error {
			var bid, amount, outstanding, earned, loan int64
			var status, number, stands string
			if err := scan(&bid, &amount, &status, &outstanding, &earned, &loan, &number, &stands); err != nil {
				return err
			}
			list = h.appendID(append(comma(list), `{"id":`...), key.KindBid, bid)
			list = appendMoney(append(list, `,"amount":`...), amount)
			list = appendText(append(list, `,"status":`...), status)
			list = appendMoney(append(list, `,"outstandingPrincipal":`...), outstanding)
			list = appendMoney(append(list, `,"earned":`...), earned)
			list = h.appendID(append(list, `,"loan":{"id":`...), key.KindLoan, loan)
			list = appendText(append(list, `,"number":`...), number)
			list = appendText(append(list, `,"status":`...), stands)
			list = append(list, "}}"...)
			return nil
		}},
	)
	b = h.appendID(append(b, `{"node":{"id":`...), key.KindUser, id)
	b = appendText(append(b, `,"name":`...), name)
	b = strconv.AppendInt(append(b, `,"statistics":{"bids":`...), count, 10)
	b = appendMoney(append(b, `,"invested":`...), invested)
	b = appendMoney(append(b, `,"earned":`...), earned)
	b = strconv.AppendInt(append(b, `},"bids":{"totalCount":`...), count, 10)
	b = append(append(b, `,"nodes":`...), list...)
	return append(b, "]}}}"...), err
}

// namesake finds people and companies by any part of a name: those who are called so first, then those whose names begin so, then the others.
func namesake(h *hand, ctx context.Context, v url.Values, b []byte) ([]byte, error) {
	text := v.Get("text")
	rank := func(name string) int {
		switch {
		case name == text:
			return 0
		case strings.HasPrefix(name, text):
			return 1
		}
		return 2
	}
	people, firms, match := peopleText, firmsText, `"`+text+`"`
	if h.postgres != nil {
		people, firms, match = peopleTextPostgres, firmsTextPostgres, "'"+text+"'"
	}
	type person struct {
		id           int64
		name, status string
		phone        []byte
		company      *int64
		called       *string
	}
	type firm struct {
		id       int64
		name     string
		industry *string
	}
	var named [3][]person
	var called [3][]firm
	total := 0
	err := h.ask(
		ctx,
		question{people, []any{match}, func(scan func(...any) error) error {
			var p person
			err := scan(&p.id, &p.name, &p.status, &p.phone, &p.company, &p.called)
			named[rank(p.name)] = append(named[rank(p.name)], p)
			total++
			return err
		}},
		question{firms, []any{match}, func(scan func(...any) error) error {
			var f firm
			err := scan(&f.id, &f.name, &f.industry)
			called[rank(f.name)] = append(called[rank(f.name)], f)
			total++
			return err
		}},
	)
	if err != nil {
		return nil, err
	}
	b = strconv.AppendInt(append(b, `{"search":{"totalCount":`...), int64(total), 10)
	b = append(b, `,"nodes":[`...)
	left := 20
	for i := range named {
		for _, p := range named[i][:min(left, len(named[i]))] {
			b = h.appendID(append(comma(b), `{"id":`...), key.KindUser, p.id)
			b = appendText(append(b, `,"name":`...), p.name)
			b = appendText(append(b, `,"status":`...), p.status)
			if b, err = h.phone(append(b, `,"maskedPhone":`...), p.phone); err != nil {
				return nil, err
			}
			b = h.appendNamed(append(b, `,"company":`...), key.KindCompany, p.company, p.called)
			b = append(b, '}')
			left--
		}
		for _, f := range called[i][:min(left, len(called[i]))] {
			b = h.appendCompany(comma(b), &f.id, &f.name, f.industry)
			left--
		}
	}
	return append(b, "]}}"...), nil
}

func waiting(h *hand, ctx context.Context, _ url.Values, b []byte) ([]byte, error) {
	var total int64
	list := append(make([]byte, 0, 8192), '[')
	err := h.ask(
		ctx,
		question{waitingText, []any{moment()}, func(scan func(...any) error) (err error) {
			var id, amount, rate, months, given, needed, borrower int64
			var number, purpose, name string
			var since time.Time
			var phone []byte
			var company, reviewer *int64
			var called, industry, reviewerName *string
			if err := scan(&id, &number, &amount, &rate, &months, &purpose, &given, &needed, &since, &borrower, &name, &phone, &company, &called, &industry, &reviewer, &reviewerName); err != nil {
				return err
			}
			list = since.UTC().AppendFormat(append(comma(list), `{"waitingSince":"`...), time.RFC3339Nano)
			list = h.appendNamed(append(list, `","claimedBy":`...), key.KindStaff, reviewer, reviewerName)
			list = h.appendID(append(list, `,"subject":{"id":`...), key.KindLoan, id)
			list = appendText(append(list, `,"number":`...), number)
			list = appendMoney(append(list, `,"amount":`...), amount)
			list = appendRate(append(list, `,"annualRate":`...), rate)
			list = strconv.AppendInt(append(list, `,"termMonths":`...), months, 10)
			list = appendText(append(list, `,"purpose":`...), purpose)
			list = strconv.AppendInt(append(list, `,"approvalsGiven":`...), given, 10)
			list = strconv.AppendInt(append(list, `,"approvalsNeeded":`...), needed, 10)
			list = h.appendID(append(list, `,"borrower":{"id":`...), key.KindUser, borrower)
			list = appendText(append(list, `,"name":`...), name)
			if list, err = h.phone(append(list, `,"maskedPhone":`...), phone); err != nil {
				return err
			}
			list = h.appendCompany(append(list, `},"company":`...), company, called, industry)
			list = append(list, "}}"...)
			return nil
		}},
		question{waitingCount, nil, func(scan func(...any) error) error { return scan(&total) }},
	)
	b = strconv.AppendInt(append(b, `{"reviewQueue":{"totalCount":`...), total, 10)
	b = append(append(b, `,"nodes":`...), list...)
	return append(b, "]}}"...), err
}
