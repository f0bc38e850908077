package lifecycle

import (
	"strings"

	"lenddesk/access"
	"lenddesk/ent/backup"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bid"
	"lenddesk/ent/company"
	"lenddesk/ent/document"
	"lenddesk/ent/export"
	"lenddesk/ent/importation"
	"lenddesk/ent/loan"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/servicerequest"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/key"
)

// By is one answer to who may make a move; a move names one or several.
type By struct {
	Permission access.Permission  // of staff or an API key, when Who is Permitted
	Holding    access.Permissions // what an owner must hold besides, which customers do while they are ACTIVE
	Who        Who
	At         []string // statuses in which this one may; none: all from which the move starts
}

// Who is the kind of person that a By means.
type Who string

// Who may make a move.
const (
	Permitted Who = "permitted" // who holds the permission
	Owner     Who = "owner"     // the customer whose object it is
	Customer  Who = "customer"  // any customer
	Anyone    Who = "anyone"    // nobody in particular need be signed in
	System    Who = "system"    // the machine itself, on a result, a time or a sum
)

// String says who, as the documentation and Move.by of the contract do.
func (b By) String() string {
	switch {
	case b.Who == Permitted && len(b.At) > 0:
		return b.Permission.String() + " while " + strings.Join(b.At, " or ")
	case b.Who == Permitted:
		return b.Permission.String()
	case b.Holding != 0:
		return string(b.Who) + " with " + strings.Join(b.Holding.Names(), " and ")
	}
	return string(b.Who)
}

func permitted(p access.Permission) By { return By{Permission: p, Who: Permitted} }

// permittedAt is who holds the permission, for an object in this status.
func permittedAt[S ~string](p access.Permission, at S) By {
	return By{Permission: p, Who: Permitted, At: []string{string(at)}}
}

func ownerWith(p access.Permission) By { return By{Holding: access.Of(p), Who: Owner} }

var (
	owner  = By{Who: Owner}
	anyone = By{Who: Anyone}
	system = By{Who: System}
)

// Move is one line of an entity's table.
type Move[S ~string] struct {
	Name    string  // the mutation's name, or the machine's own word
	From    []S     // none: the move makes the object
	Beside  []S     // of a move that makes an object in place of another: where that one stands, which stays as it is
	To      []S     // none: the status stays; several: what the rows then say
	By      []By    // any of them
	Guards  []Guard // all of them
	Follows string  // what follows from it, for the documentation

	kind key.Kind
}

// Line is a move without its type: what documentation, availableActions and the contract's lifecycles read.
type Line struct {
	Name             string
	From, Beside, To []string
	By               []By
	Guards           []Guard
	Follows          string
}

// Offered are the statuses of an object to which the move is offered: it starts from there, or makes another one beside it.
func (l Line) Offered() []string {
	if len(l.Beside) > 0 {
		return l.Beside
	}
	return l.From
}

// Permission is the permission by which staff make the move, if there is one.
func (l Line) Permission() (access.Permission, bool) {
	for _, b := range l.By {
		if b.Who == Permitted {
			return b.Permission, true
		}
	}
	return 0, false
}

// Table is all moves of one entity. Owner is the column that holds the customer whose object a row is; empty when no
// customer owns one.
type Table struct {
	Kind  key.Kind
	Owner string
	Lines []Line
}

// Needs are the facts that the guards of the table ask for.
func (t *Table) Needs() []Fact {
	var needs []Fact
	for _, l := range t.Lines {
		for _, g := range l.Guards {
			needs = append(needs, g.Needs...)
		}
	}
	return needs
}

// Initial are the statuses that a row may be born with.
func (t *Table) Initial() []string {
	var born []string
	for _, l := range t.Lines {
		if len(l.From) == 0 {
			born = append(born, l.To...)
		}
	}
	return born
}

// add gives the move its place in a table.
func add[S ~string](t *Table, m Move[S]) Move[S] {
	m.kind = t.Kind
	t.Lines = append(t.Lines, m.line())
	return m
}

func (m Move[S]) line() Line {
	return Line{m.Name, plain(m.From), plain(m.Beside), plain(m.To), m.By, m.Guards, m.Follows}
}

func plain[S ~string](ss []S) []string {
	out := make([]string, len(ss))
	for i, s := range ss {
		out[i] = string(s)
	}
	return out
}

// Tables are the lifecycles of every entity that has one, in the order of the documentation.
var Tables = []*Table{Users, BankCards, Loans, Bids, Documents, Companies, Staff, ServiceRequests, Backups, ServiceRecords, Exports, Imports}

// Of is an entity's table; nil when it has no lifecycle.
func Of(kind key.Kind) *Table {
	for _, t := range Tables {
		if t.Kind == kind {
			return t
		}
	}
	return nil
}

// tableName is where the rows of a kind are stored.
var tableName = map[key.Kind]string{
	key.KindUser: user.Table, key.KindBankCard: bankcard.Table, key.KindLoan: loan.Table, key.KindBid: bid.Table,
	key.KindDocument: document.Table, key.KindCompany: company.Table, key.KindStaff: staff.Table,
	key.KindServiceRequest: servicerequest.Table, key.KindBackup: backup.Table,
	key.KindServiceRecord: servicerecord.Table, key.KindExport: export.Table, key.KindImport: importation.Table,
}

// Becomes is the status after the move: several are joined by ", ", none is left when it stays.
func (l Line) Becomes() string { return strings.Join(l.To, ", ") }

// Who is who may make the move, joined by ", ".
func (l Line) Who() string {
	who := make([]string, len(l.By))
	for i, b := range l.By {
		who[i] = b.String()
	}
	return strings.Join(who, ", ")
}
