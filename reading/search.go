package reading

import (
	"cmp"
	"context"
	"database/sql/driver"
	"encoding/base64"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"entgo.io/ent/dialect"
	"entgo.io/ent/dialect/sql"
	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/ent/company"
	"lenddesk/ent/loan"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/seal"
	"lenddesk/store"
)

// The most hits that a search tells of, and the longest text in characters.
const (
	mostHits   = 200
	longestAsk = 100
)

// How good a hit is: the best come first.
const (
	byIdentifier int64 = iota // a phone, an e-mail address, an ID number, a company's code, a loan's number
	byWholeName
	byBeginning
	byPart
)

// hit is a row that was found.
type hit struct {
	reference
	rank int64
}

// searched are the kinds of hits, in the order in which equally good ones come.
var searched = []key.Kind{key.KindUser, key.KindCompany, key.KindLoan}

// Search answers `search(text)`: customers and companies by name, by its beginning or any part of it, loans by number or its beginning, and whatever is
// named exactly by phone, e-mail, ID number or credit code; the best hits first, at most mostHits. Only rows that the viewer may see are looked at. It
// returns UNAUTHENTICATED when nobody is signed in.
func (r *Reader) Search(ctx context.Context, text string) (Written, error) {
	v := access.From(ctx)
	if !v.Somebody() {
		return Written{}, fault.Deny(fault.Unauthenticated, "Sign in first.")
	}
	text = strings.TrimSpace(text)
	switch {
	case utf8.RuneCountInString(text) > longestAsk:
		return Written{}, bad(fmt.Sprintf("text must have at most %d characters", longestAsk))
	case unstorable(text):
		return Written{}, bad("text must not contain U+0000")
	}
	run, end := r.begin(ctx, v)
	defer end()
	run.last = false // the objects are read after the hits
	var err error
	if run.plan, err = r.planned(ctx, run.sitting, v, "search", func(c *compiler, p *plan) error {
		p.search = newSearchPlan(c, graphql.GetFieldContext(ctx).Field)
		return nil
	}); err != nil {
		return Written{}, err
	}
	hits, err := run.look(text)
	if err != nil {
		return Written{}, err
	}
	page, err := run.pageOfHits(hits, run.at(graphql.GetFieldContext(ctx).Field))
	if err != nil {
		return Written{}, err
	}
	refs := make([]reference, len(page.hits))
	for i, h := range page.hits {
		refs[i] = h.reference
	}
	read, tasks := map[string]found{}, []*task(nil)
	for _, name := range slices.Sorted(maps.Keys(run.plan.search.nodes)) {
		all, more, err := run.plan.search.nodes[name].ask(run, refs)
		if err != nil {
			return Written{}, err
		}
		read[name], tasks = all, append(tasks, more...)
	}
	if err := run.ask(tasks); err != nil {
		return Written{}, err
	}
	w := r.writer(ctx, v)
	return w.finish(ctx, run.plan.search.write(w, page, read, len(hits))), nil
}

// look finds the hits, the best first.
func (r *run) look(text string) ([]hit, error) {
	if text == "" {
		return nil, nil
	}
	eyes := r.viewer.Eyes()
	best := map[reference]int64{}
	var tasks []*task
	// One statement a way of finding; what it finds is ranked by rank, which is told the row's label.
	ask := func(kind key.Kind, table, label string, rank func(label string) int64, where func(*sql.SelectTable) *sql.Predicate) error {
		t := sql.Dialect(r.reader.dialect).Table(table).As("t")
		s := sql.Dialect(r.reader.dialect).Select(t.C("id"), t.C(label)).From(t).Where(where(t)).Limit(mostHits)
		if label != "id" { // the whole name sorts before those that only begin with it, and must not be cut off
			s.OrderExpr(sql.ExprFunc(func(b *sql.Builder) { b.Ident(t.C(label)).WriteString(r.reader.byLetter()) }))
		}
		if kind == key.KindUser {
			// The plus keeps SQLite from taking the index over this column, by which it would look at all who were not merged.
			s.Where(sql.P(func(b *sql.Builder) { b.WriteString("+").Ident(t.C(user.FieldMergedIntoID)).WriteString(" IS NULL") }))
		}
		if rule := access.Rows[kind](eyes, t); rule != nil {
			s.Where(rule)
		}
		query, args := s.Query()
		if err := s.Err(); err != nil {
			return fmt.Errorf("build statement: %w", err)
		}
		for i := range args {
			var err error
			if args[i], err = driver.DefaultParameterConverter.ConvertValue(args[i]); err != nil {
				return fmt.Errorf("build statement: %w", err)
			}
		}
		q := &store.Question{SQL: query, Args: args, Width: 2}
		tasks = append(tasks, &task{question: q, then: func() ([]*task, error) {
			for i := range q.Len() {
				ref, n := reference{string(kind), q.Row(i)[0].Int()}, rank(q.Row(i)[1].Text())
				if known, ok := best[ref]; !ok || n < known {
					best[ref] = n
				}
			}
			return nil, nil
		}})
		return nil
	}
	exactly := func(string) int64 { return byIdentifier }
	for _, id := range r.identifiers(text) {
		if err := ask(id.kind, id.table, "id", exactly, func(t *sql.SelectTable) *sql.Predicate { return sql.EQ(t.C(id.column), id.value) }); err != nil {
			return nil, err
		}
	}
	begins := func(label string) int64 {
		if label == text {
			return byWholeName
		}
		return byBeginning
	}
	grams := store.Grams(text)
	for _, by := range []struct {
		kind          key.Kind
		table, column string
		part          bool
	}{
		{key.KindUser, user.Table, user.FieldName, true}, {key.KindCompany, company.Table, company.FieldName, true}, {key.KindLoan, loan.Table, loan.FieldNumber, false},
	} {
		if err := ask(by.kind, by.table, by.column, begins, func(t *sql.SelectTable) *sql.Predicate { return r.reader.beginning(t, by.column, text) }); err != nil {
			return nil, err
		}
		if !by.part || len(grams) == 0 {
			continue
		}
		if err := ask(by.kind, by.table, "id", func(string) int64 { return byPart }, func(t *sql.SelectTable) *sql.Predicate {
			var all []*sql.Predicate
			for _, word := range store.Words(text) {
				if utf8.RuneCountInString(word) > 2 { // else its only gram says it all
					all = append(all, holds(t, by.column, word))
				}
			}
			// Where nothing else narrows the rows, the index need not name more of them than are wanted.
			enough := 0
			if len(all) == 0 && access.Rows[by.kind](eyes, t) == nil {
				enough = 2 * mostHits // some may have been merged
			}
			return sql.And(append(all, store.Named(t, by.table, enough, grams))...)
		}); err != nil {
			return nil, err
		}
	}
	if err := r.ask(tasks); err != nil {
		return nil, err
	}
	hits := make([]hit, 0, len(best))
	for ref, rank := range best {
		hits = append(hits, hit{ref, rank})
	}
	order := func(h hit) int { return slices.Index(searched, key.Kind(h.kind)) }
	slices.SortFunc(hits, func(a, b hit) int {
		return cmp.Or(cmp.Compare(a.rank, b.rank), cmp.Compare(order(a), order(b)), cmp.Compare(b.key, a.key))
	})
	return hits[:min(len(hits), mostHits)], nil
}

// identifier is a value by which a row is named exactly.
type identifier struct {
	kind          key.Kind
	table, column string
	value         string
}

// identifiers are what a text may be: personal data is looked for by its keyed hash only.
func (r *run) identifiers(text string) []identifier {
	var all []identifier
	sealed := func(what seal.Purpose, column, normal string) {
		if hash, err := r.reader.keys.Hash(what, normal); err == nil {
			all = append(all, identifier{key.KindUser, user.Table, column, hash})
		}
	}
	if phone, problem := identity.Phone(text); problem == nil {
		sealed(seal.Phone, user.FieldPhoneHash, phone)
	}
	if id, problem := nationalID(text); problem == nil {
		sealed(seal.NationalID, user.FieldNationalIDHash, id)
	}
	if address, problem := identity.Email(text); problem == nil {
		all = append(all, identifier{key.KindUser, user.Table, user.FieldEmail, address})
	}
	if code, problem := identity.CreditCode(text); problem == nil {
		all = append(all, identifier{key.KindCompany, company.Table, company.FieldCreditCode, code})
	}
	return append(all, identifier{key.KindLoan, loan.Table, loan.FieldNumber, text}, identifier{key.KindLoan, loan.Table, loan.FieldNumber, strings.ToUpper(text)})
}

// beginning is a column that begins with a text, letter by letter, by the index over it.
func (r *Reader) beginning(t *sql.SelectTable, column, text string) *sql.Predicate {
	collate := r.byLetter()
	return sql.P(func(b *sql.Builder) {
		b.Ident(t.C(column)).WriteString(collate + " >= ").Arg(text).WriteString(" AND ").
			Ident(t.C(column)).WriteString(collate + " < ").Arg(text + string(utf8.MaxRune))
	})
}

// byLetter is how a column is compared character by character, as SQLite does anyway.
func (r *Reader) byLetter() string {
	if r.dialect == dialect.Postgres {
		return ` COLLATE "C"`
	}
	return ""
}

// holds is a column that has a word somewhere in it.
func holds(t *sql.SelectTable, column, word string) *sql.Predicate {
	return sql.P(func(b *sql.Builder) {
		if t.Dialect() == dialect.Postgres {
			b.WriteString("position(CAST(").Arg(word).WriteString(" AS text) IN lower(").Ident(t.C(column)).WriteString(` COLLATE "C")) > 0`)
			return
		}
		b.WriteString("instr(lower(").Ident(t.C(column)).WriteString("), ").Arg(word).WriteString(") > 0")
	})
}

// pageOfHits is a page of what was found.
type pageOfHits struct {
	hits     []hit
	from, of int
	ids      *key.Codec
}

func (r *run) pageOfHits(hits []hit, args map[string]any) (*pageOfHits, error) {
	size, err := sizeOf(args)
	if err != nil {
		return nil, err
	}
	p := &pageOfHits{of: len(hits), ids: r.reader.ids}
	from, to := 0, len(hits)
	if s, ok := args["after"].(string); ok {
		at, ok := p.place(hits, s)
		if !ok {
			return nil, bad("after is not a cursor of this list")
		}
		from = at + 1
	}
	if s, ok := args["before"].(string); ok {
		at, ok := p.place(hits, s)
		if !ok {
			return nil, bad("before is not a cursor of this list")
		}
		to = max(at, from)
	}
	if _, backward := integer(args["last"]); backward {
		from = max(from, to-size)
	} else {
		to = min(to, from+size)
	}
	p.from, p.hits = from, hits[from:max(from, to)]
	return p, nil
}

// cursor is the place of a hit: which it was, and where it stood, for when it is no more found.
func (p *pageOfHits) cursor(i int) string {
	h := p.hits[i]
	return base64.RawURLEncoding.EncodeToString([]byte(strconv.Itoa(p.from+i) + " " + p.ids.Encode(key.Kind(h.kind), h.key)))
}

func (p *pageOfHits) place(hits []hit, cursor string) (int, bool) {
	plain, err := base64.RawURLEncoding.DecodeString(cursor)
	if err != nil {
		return 0, false
	}
	at, id, ok := strings.Cut(string(plain), " ")
	n, err := strconv.Atoi(at)
	kind, k, known := p.ids.Decode(id)
	if !ok || err != nil || !known || n < 0 || n >= mostHits {
		return 0, false
	}
	if now := slices.IndexFunc(hits, func(h hit) bool { return h.reference == reference{string(kind), k} }); now >= 0 {
		return now, true
	}
	return min(n, len(hits)) - 1, true
}

// searchPlan is what is selected of the hits: the fields of the connection, of its edges and of its pageInfo, and how the objects are read.
type searchPlan struct {
	fields []graphql.CollectedField
	within map[string][]graphql.CollectedField // by response key of edges and pageInfo
	nodes  map[string]*byType                  // by response key of nodes, and of edges and node joined by a dot
}

func newSearchPlan(c *compiler, f graphql.CollectedField) *searchPlan {
	p := &searchPlan{fields: c.collect(f.Selections, "SearchHitConnection"), within: map[string][]graphql.CollectedField{}, nodes: map[string]*byType{}}
	for _, cf := range p.fields {
		switch cf.Name {
		case "nodes":
			p.nodes[cf.Alias] = &byType{selections: cf.Selections}
		case "pageInfo":
			p.within[cf.Alias] = c.collect(cf.Selections, "PageInfo")
		case "edges":
			p.within[cf.Alias] = c.collect(cf.Selections, "SearchHitEdge")
			for _, ef := range p.within[cf.Alias] {
				if ef.Name == "node" {
					p.nodes[cf.Alias+"."+ef.Alias] = &byType{selections: ef.Selections}
				}
			}
		}
	}
	return p
}

func (p *searchPlan) write(w *writer, page *pageOfHits, read map[string]found, total int) bool {
	return w.selectedFields(p.fields, func(f graphql.CollectedField) bool {
		switch f.Name {
		case "totalCount":
			w.whole(int64(total))
		case "nodes":
			return w.list(len(page.hits), true, func(i int) bool { return read[f.Alias].write(w, page.hits[i].reference) })
		case "edges":
			return w.list(len(page.hits), true, func(i int) bool {
				return w.selectedFields(p.within[f.Alias], func(e graphql.CollectedField) bool {
					if e.Name == "cursor" {
						w.string(page.cursor(i))
						return true
					}
					return read[f.Alias+"."+e.Alias].write(w, page.hits[i].reference)
				})
			})
		case "pageInfo":
			return w.selectedFields(p.within[f.Alias], func(i graphql.CollectedField) bool {
				switch i.Name {
				case "hasNextPage":
					w.truth(page.from+len(page.hits) < page.of)
				case "hasPreviousPage":
					w.truth(page.from > 0)
				case "startCursor", "endCursor":
					if len(page.hits) == 0 {
						return false
					}
					at := 0
					if i.Name == "endCursor" {
						at = len(page.hits) - 1
					}
					w.string(page.cursor(at))
				}
				return true
			})
		}
		return true
	})
}
