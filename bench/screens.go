package main

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/url"

	"lenddesk/key"
	"lenddesk/seal"
)

// screen is one thing that a page shows.
type screen struct {
	name, title string
	target      float64 // of the hand-written one's requests per second, at 16 clients; 0: none
	writes      bool    // each answer is another: what must stand in it is must
	must        string
	profiled    bool // at 16 clients, to see where the rest goes
	document    string
	// arguments makes the calls that are asked in turn.
	arguments func(ctx context.Context, v *visit) ([]call, error)
}

// call is a screen with arguments, for lenddesk and for the hand-written server.
type call struct {
	variables map[string]any
	values    url.Values
	token     string // of who asks, where it is not the administrator
}

// visit is what arguments are found with.
type visit struct {
	*shelf
	book           *book
	ids            *key.Codec
	rnd            *rand.Rand
	address, token string
}

// shelf is what is known of a book: who is in it.
type shelf struct {
	loans     []int64 // disbursed
	investors []int64 // with many bids
	names     []string
}

var screens = []screen{
	{
		name: "Q1", title: "a loan by id, with borrower and company", target: 0.65, profiled: true,
		document: `query Q1($id: ID!) { node(id: $id) { ... on Loan { id number status amount annualRate termMonths purpose borrower { id name maskedPhone } company { id name industry } } } }`,
		arguments: func(_ context.Context, v *visit) (calls []call, err error) {
			for _, n := range v.loans {
				id := v.ids.Encode(key.KindLoan, n)
				calls = append(calls, call{variables: map[string]any{"id": id}, values: url.Values{"id": {id}}})
			}
			return calls, nil
		},
	},
	{
		name: "Q2", title: "the 20 oldest loans in review, with borrower, company, reviewer, the 10 newest bids with investors, and the total", target: 0.75, profiled: true,
		document: `query Q2 { loans(filter: {status: [MATERIALS_REVIEW, APPLICATION_REVIEW, FULLY_FUNDED]}, orderBy: {field: CREATED_AT, direction: ASC}, first: 20) {
	totalCount nodes { id number status amount borrower { id name } company { id name } reviewer { id name }
		bids(first: 10) { nodes { id amount status investor { id name } } } } } }`,
		arguments: func(context.Context, *visit) ([]call, error) { return []call{{}}, nil },
	},
	{
		name: "Q3", title: "50 users with their cards, 10 loans each and 5 bids each with investors", target: 0.75,
		document: `query Q3($after: String) { users(filter: {kind: BORROWER}, orderBy: {field: CREATED_AT, direction: ASC}, first: 50, after: $after) {
	nodes { id name status bankCards { nodes { id status issuer maskedNumber } }
		loans(first: 10) { nodes { id number status amount bids(first: 5) { nodes { id amount status investor { id name } } } } } } } }`,
		arguments: func(_ context.Context, v *visit) ([]call, error) {
			return v.walk(`query ($after: String) { list: users(filter: {kind: BORROWER}, orderBy: {field: CREATED_AT, direction: ASC}, first: 50, after: $after) {
	edges { cursor node { id } } } }`, nil, 24)
		},
	},
	{
		name: "Q4", title: "20 loans by industry of the borrower's company and range of amount, ordered by amount, after a cursor far in", target: 0.75,
		document: `query Q4($industry: [String!], $least: Money, $most: Money, $after: String) {
	loans(filter: {industry: $industry, minimumAmount: $least, maximumAmount: $most}, orderBy: {field: AMOUNT, direction: ASC}, first: 20, after: $after) {
		nodes { id number status amount borrower { id name company { id name industry } } } } }`,
		arguments: func(_ context.Context, v *visit) (calls []call, err error) {
			for _, industry := range []string{"制造业", "批发零售"} {
				some, err := v.walk(`query ($after: String, $industry: [String!], $least: Money, $most: Money) {
	list: loans(filter: {industry: $industry, minimumAmount: $least, maximumAmount: $most}, orderBy: {field: AMOUNT, direction: ASC}, first: 20, after: $after) {
		edges { cursor node { id } } } }`,
					map[string]any{"industry": []string{industry}, "least": "20000.00", "most": "400000.00"}, 60)
				if err != nil {
					return nil, err
				}
				for _, c := range some[len(some)/2:] { // far in
					c.values.Set("industry", industry)
					c.values.Set("least", "2000000")
					c.values.Set("most", "40000000")
					calls = append(calls, c)
				}
			}
			return calls, nil
		},
	},
	{
		name: "Q5", title: "one user's portfolio with sums", target: 0.6,
		document: `query Q5($id: ID!) { node(id: $id) { ... on User { id name statistics { bids invested earned }
	bids(first: 20) { totalCount nodes { id amount status outstandingPrincipal earned loan { id number status } } } } } }`,
		arguments: func(_ context.Context, v *visit) (calls []call, err error) {
			for _, n := range v.investors {
				id := v.ids.Encode(key.KindUser, n)
				calls = append(calls, call{variables: map[string]any{"id": id}, values: url.Values{"id": {id}}})
			}
			return calls, nil
		},
	},
	{
		name: "Q6", title: "a search by part of a name, of people and companies",
		document: `query Q6($text: String!) { search(text: $text, first: 20) { totalCount nodes { ... on User { id name status maskedPhone company { id name } } ... on Company { id name industry } } } }`,
		arguments: func(_ context.Context, v *visit) (calls []call, err error) {
			for _, name := range v.names {
				calls = append(calls, call{variables: map[string]any{"text": name}, values: url.Values{"text": {name}}})
			}
			return calls, nil
		},
	},
	{
		name: "Q7", title: "the 20 loans that have waited longest for a decision on the application, with terms, approvals, borrower, company and who looks at them, and the total",
		target: 0.6, profiled: true,
		document: `query Q7 { reviewQueue(kind: APPLICATION, first: 20) { totalCount nodes { waitingSince claimedBy { id name } subject { ... on Loan {
	id number amount annualRate termMonths purpose approvalsGiven approvalsNeeded borrower { id name maskedPhone } company { id name industry } } } } } }`,
		arguments: claims,
	},
	{
		name: "B1", title: "a bid is placed, with full durability: written is the same", target: 0.7, writes: true, must: `"userErrors":[]`, profiled: true,
		document:  `mutation B1($bid: PlaceBidInput!) { placeBid(input: $bid) { bid { id status amount } userErrors { code message field } } }`,
		arguments: bids,
	},
}

// claims has the administrator look at every other loan of the queue's first page, which demonstration books do not; it lapses by itself.
func claims(_ context.Context, v *visit) ([]call, error) {
	var data struct {
		ReviewQueue struct {
			Nodes []struct{ Subject struct{ ID string } }
		}
	}
	if err := query(v.address, v.token, `{ reviewQueue(kind: APPLICATION, first: 20) { nodes { subject { ... on Loan { id } } } } }`, nil, &data); err != nil {
		return nil, err
	}
	for i, n := range data.ReviewQueue.Nodes {
		if i%2 == 1 {
			continue
		}
		var claimed struct {
			ClaimReview struct{ UserErrors []struct{ Message string } }
		}
		err := query(v.address, v.token, `mutation ($id: ID!) { claimReview(input: {subjectId: $id, step: APPLICATION}) { userErrors { message } } }`, map[string]any{"id": n.Subject.ID}, &claimed)
		if err == nil && len(claimed.ClaimReview.UserErrors) > 0 {
			err = errors.New(claimed.ClaimReview.UserErrors[0].Message)
		}
		if err != nil {
			return nil, fmt.Errorf("claim a review: %w", err)
		}
	}
	return []call{{}}, nil
}

// calls are the arguments of a screen over a book.
func (s screen) calls(ctx context.Context, b *book, shelf *shelf, address, token string) ([]call, error) {
	keys, err := seal.Parse([]byte(b.keyset))
	if err != nil {
		return nil, err
	}
	ids, err := key.NewCodec(keys.IDs())
	if err != nil {
		return nil, err
	}
	calls, err := s.arguments(ctx, &visit{shelf, b, ids, rand.New(rand.NewPCG(1, 1)), address, token})
	if err == nil && len(calls) == 0 {
		err = fmt.Errorf("the book has nothing to ask for")
	}
	return calls, err
}

// request is the call as bytes.
func (c call) request(to *contestant, s screen, token string) []byte {
	if c.token != "" {
		token = c.token
	}
	switch {
	case to.variant != "" && s.writes:
		return request(to.address, "POST", "/"+s.name+"?"+c.values.Encode(), token, nil)
	case to.variant != "":
		return request(to.address, "GET", "/"+s.name+"?"+c.values.Encode(), "", nil)
	}
	raw, err := graphQL(to.address, token, s.document, c.variables)
	if err != nil {
		panic(err) // strings and maps of them
	}
	return raw
}

// walk reads through a list by pages, and gives a call after the first of each: with lenddesk's cursor, and with the row's key.
func (v *visit) walk(document string, variables map[string]any, pages int) (calls []call, err error) {
	after, full := any(nil), 0
	for range pages {
		asked := map[string]any{"after": after}
		for name, value := range variables {
			asked[name] = value
		}
		var data struct {
			List struct {
				Edges []struct {
					Cursor string
					Node   struct{ ID string }
				}
			}
		}
		if err := query(v.address, v.token, document, asked, &data); err != nil {
			return nil, err
		}
		if len(data.List.Edges) == 0 || len(data.List.Edges) < full {
			break
		}
		full = len(data.List.Edges)
		last := data.List.Edges[full-1]
		after = last.Cursor
		values := map[string]any{"after": last.Cursor}
		for name, value := range variables {
			values[name] = value
		}
		calls = append(calls, call{variables: values, values: url.Values{"after": {last.Node.ID}}})
	}
	return calls, nil
}

// look finds whom to ask for.
func (b *book) look(ctx context.Context) (*shelf, error) {
	s := &shelf{}
	err := b.reading(ctx, func(db *sql.DB) error {
		if err := numbers(ctx, db, &s.loans, "SELECT id FROM loans WHERE disbursed_at IS NOT NULL ORDER BY amount % 977, id LIMIT 500"); err != nil {
			return err
		}
		if err := numbers(ctx, db, &s.investors, "SELECT investor_id FROM bids GROUP BY investor_id ORDER BY ABS(COUNT(*) - 60), investor_id LIMIT 50"); err != nil {
			return err
		}
		rows, err := db.QueryContext(ctx, "SELECT DISTINCT substr(name, 2, 2) FROM users WHERE length(name) = 3 AND id % 7 = 0 ORDER BY 1 LIMIT 100")
		if err != nil {
			return err
		}
		defer rows.Close()
		for rows.Next() {
			var name string
			if err := rows.Scan(&name); err != nil {
				return err
			}
			s.names = append(s.names, name)
		}
		return rows.Err()
	})
	return s, err
}

func numbers(ctx context.Context, db *sql.DB, into *[]int64, query string) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var n int64
		if err := rows.Scan(&n); err != nil {
			return err
		}
		*into = append(*into, n)
	}
	return rows.Err()
}
