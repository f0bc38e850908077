package demo

import (
	"maps"
	"math/rand/v2"
	"time"

	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bid"
	"lenddesk/ent/company"
	"lenddesk/ent/document"
	"lenddesk/ent/loan"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/servicerequest"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/seal"
)

// tables are those whose rows have a status, and a lifecycle.
var tables = map[key.Kind]string{
	key.KindUser: user.Table, key.KindCompany: company.Table, key.KindStaff: staff.Table, key.KindBankCard: bankcard.Table,
	key.KindLoan: loan.Table, key.KindBid: bid.Table, key.KindDocument: document.Table, key.KindServiceRequest: servicerequest.Table, key.KindServiceRecord: servicerecord.Table,
}

// setting is what a book depends on.
type setting struct {
	now               time.Time // UTC, cut to microseconds; nothing in the book happens later
	seed              uint64
	zone              *time.Location
	platform, contact string
	keys              *seal.Keys
	passwordHash      string
	roles             map[string]key.Role
	administrator     key.Staff
	last              map[key.Kind]int64 // the highest key that a table has
	size              Size               // none: the small book alone
}

// book is the stories being told: the rows that are not handed over yet, and who is in them.
type book struct {
	setting
	rnd    *rand.Rand
	first  map[key.Kind]int64   // the keys before the book
	serial int                  // counts people
	cardNo int                  // counts cards
	hand   func(delivery) error // takes rows that are finished; without it they stay
	trail  trail                // the events of rows that were handed over
	err    error                // the first failure to seal or to hand over

	companies    []*ent.Company
	staff        []*ent.Staff
	staffRoles   []*employeeRole
	users        []*ent.User
	cards        []*ent.BankCard
	attempts     []*ent.BankCardAttempt
	loans        []*ent.Loan
	bids         []*ent.Bid
	installments []*ent.Installment
	repayments   []*ent.Repayment
	allocations  []*ent.Allocation
	orders       []*ent.Disbursement
	documents    []*ent.Document
	reviews      []*ent.Review
	records      []*ent.ServiceRecord
	requests     []*ent.ServiceRequest
	messages     []*ent.Message
	events       []*ent.Event

	// Who does what in the stories.
	service, credit  []key.Staff
	funding, finance key.Staff
	offices, clients []key.Company // branches, and verified firms of customers
	traders          []*trader
	bound            map[key.User]key.BankCard // the card that is bound, or was last
	exchange         exchange
}

// compose tells all stories. It is a pure function of its setting, except for the encryption.
func compose(s setting) (*book, error) {
	b := begin(s)
	b.tellAll()
	return b, b.err
}

func begin(s setting) *book {
	return &book{setting: s, first: maps.Clone(s.last), bound: map[key.User]key.BankCard{}, rnd: rand.New(rand.NewPCG(s.seed, s.seed))}
}

// tellAll tells the stories of the small book, each once, and then the ordinary ones as often as its size asks for.
func (b *book) tellAll() {
	b.openBranches()
	b.hire()
	b.enterFirms()
	b.welcomeTraders()
	b.welcomeOthers()
	b.growPeople()
	b.openExchange()
	b.lend()
	b.growLoans()
	b.keepContact()
}

// take gives the next key of a table.
func (b *book) take(kind key.Kind) int64 {
	b.last[kind]++
	return b.last[kind]
}

// made is how many rows the book has in a table so far.
func (b *book) made(kind key.Kind) int { return int(b.last[kind] - b.first[kind]) }

// ago is a moment before now.
func (b *book) ago(d time.Duration) time.Time { return b.now.Add(-d) }

// between is a random length of time, in whole seconds.
func (b *book) between(least, most time.Duration) time.Duration {
	return least + time.Duration(b.rnd.Int64N(int64((most-least)/time.Second)+1))*time.Second
}

// hide encrypts a value and hashes it for look-ups.
func (b *book) hide(what seal.Purpose, value string) (seal.Sealed, string) {
	sealed, err := b.keys.Seal(what, value)
	if err == nil {
		var hash string
		if hash, err = b.keys.Hash(what, value); err == nil {
			return sealed, hash
		}
	}
	if b.err == nil {
		b.err = err
	}
	return nil, ""
}

// day is one day of hours; months are counted by the calendar.
const day = 24 * time.Hour

// pick takes one of several.
func pick[T any](b *book, from []T) T { return from[b.rnd.IntN(len(from))] }
