package demo

import (
	"errors"
	"math"
	"slices"
	"sort"
	"time"

	"lenddesk/ent/loan"
	"lenddesk/key"
	"lenddesk/money"
)

// exchange is who may borrow and invest, in the order in which their cards were bound.
type exchange struct {
	borrowers, investors []*trader
	owed                 map[key.Company]money.Amount // of loans that are neither ended nor drafts
}

// What one person and one company may owe: the platform's limits of 2016.
const (
	mostOfPerson  = money.Amount(200_000_00)
	mostOfCompany = money.Amount(1_000_000_00)
)

var errFew = errors.New("there are too few customers for so many loans and bids")

// openExchange sorts the traders.
func (b *book) openExchange() {
	b.exchange.owed = map[key.Company]money.Amount{}
	for _, t := range b.traders {
		if t.Borrower {
			b.exchange.borrowers = append(b.exchange.borrowers, t)
		}
		if t.Investor {
			b.exchange.investors = append(b.exchange.investors, t)
		}
	}
	for _, all := range [][]*trader{b.exchange.borrowers, b.exchange.investors} {
		slices.SortStableFunc(all, func(x, y *trader) int { return x.ready.Compare(y.ready) })
	}
}

// ready are those of the traders who had a bound card at a moment.
func ready(all []*trader, at time.Time) []*trader {
	return all[:sort.Search(len(all), func(i int) bool { return !all[i].ready.Before(at) })]
}

// somewhere is a place among n; the more it leans, the more come first: those who have been there longest do most of the business.
func (b *book) somewhere(n int, leaning float64) int {
	return int(float64(n) * math.Pow(b.rnd.Float64(), leaning))
}

// room is what somebody may still borrow.
func (b *book) room(t *trader) money.Amount {
	if t.CompanyID != nil {
		return mostOfCompany - b.exchange.owed[*t.CompanyID]
	}
	return mostOfPerson - t.owed
}

// borrower is somebody who may borrow so much at a moment.
func (b *book) borrower(at time.Time, least money.Amount) *trader {
	all := ready(b.exchange.borrowers, at)
	for range 200 {
		if len(all) == 0 {
			break
		}
		if t := all[b.somewhere(len(all), 1.2)]; b.room(t) >= least {
			return t
		}
	}
	for _, t := range all {
		if b.room(t) >= least {
			return t
		}
	}
	return nil
}

// owe notes a loan whose story has been told.
func (b *book) owe(l *lending) {
	switch l.Status {
	case loan.StatusDraft, loan.StatusReturned, loan.StatusRejected, loan.StatusWithdrawn, loan.StatusListingFailed, loan.StatusCancelled,
		loan.StatusSettled, loan.StatusWrittenOff:
		return
	}
	if l.CompanyID != nil {
		b.exchange.owed[*l.CompanyID] += l.Amount
		return
	}
	l.borrower.owed += l.Amount
}

// investors are n who may bid for the loan: neither the borrower nor anybody of the borrowing company. Where there are fewer, some bid again.
func (l *lending) investors(n int) []*trader {
	all := ready(l.exchange.investors, l.at)
	found := make([]*trader, 0, n)
	seen := make(map[*trader]bool, n)
	for tries := 0; len(found) < n && tries < 20*n+200 && len(all) > 0; tries++ {
		t := all[l.somewhere(len(all), 1.6)]
		if seen[t] || t.ID == l.BorrowerID || l.CompanyID != nil && t.CompanyID != nil && *t.CompanyID == *l.CompanyID {
			continue
		}
		seen[t] = true
		found = append(found, t)
	}
	if len(found) == 0 {
		l.err = errors.Join(l.err, errFew)
		return nil
	}
	for i := 0; len(found) < n; i++ {
		found = append(found, found[i])
	}
	return found
}
