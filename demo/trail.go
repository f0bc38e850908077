package demo

import (
	"time"

	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bid"
	"lenddesk/ent/company"
	"lenddesk/ent/document"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/servicerequest"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/lifecycle"
)

// actor is who made a move.
type actor struct {
	kind string
	id   int64
	name string
}

var nobody = actor{kind: "Anonymous"}

func byStaff(k key.Staff) actor  { return actor{kind: string(key.KindStaff), id: int64(k)} }
func byUser(k key.User) actor    { return actor{kind: string(key.KindUser), id: int64(k)} }
func bySystem(name string) actor { return actor{kind: "SystemActor", name: name} }
func some[T comparable](v T) *T  { return &v }

// life is a row on its way: each move writes an event, and the row's status, version and times follow.
type life[S ~string] struct {
	book                    *book
	kind                    key.Kind
	id                      int64
	owner                   key.User
	status                  *S
	version                 *int
	created, updated, since *time.Time
}

// born makes the row, by a move without a from.
func (l life[S]) born(m lifecycle.Move[S], who actor, at time.Time) {
	l.bornAs(m, m.To[0], who, at)
}

// bornAs makes the row in one of the move's statuses.
func (l life[S]) bornAs(m lifecycle.Move[S], to S, who actor, at time.Time) {
	*l.status, *l.version, *l.created, *l.updated, *l.since = to, 1, at, at, at
	l.book.event(m.Name, l.kind, l.id, l.owner, who, "", string(to), "", at)
}

// move makes a move to its first status, or to none when the status stays.
func (l life[S]) move(m lifecycle.Move[S], who actor, at time.Time) { l.because(m, who, at, "") }

// because is move with a reason that is told to the customer.
func (l life[S]) because(m lifecycle.Move[S], who actor, at time.Time, reason string) {
	to := *l.status
	if len(m.To) > 0 {
		to = m.To[0]
	}
	l.to(m, to, who, at, reason)
}

// to makes a move to one of its statuses.
func (l life[S]) to(m lifecycle.Move[S], to S, who actor, at time.Time, reason string) {
	from := *l.status
	*l.version++
	*l.updated = at
	if to != from {
		*l.status, *l.since = to, at
	}
	l.book.event(m.Name, l.kind, l.id, l.owner, who, string(from), string(to), reason, at)
}

func (b *book) event(move string, kind key.Kind, id int64, owner key.User, who actor, from, to, reason string, at time.Time) {
	e := &ent.Event{
		SubjectType: string(kind), SubjectID: id, Kind: lifecycle.Kind(move), ActorType: who.kind, ActorID: who.id, To: some(to), At: at,
		ActorName: told(who.name), From: told(from), Reason: told(reason),
	}
	if owner != 0 {
		e.UserID = some(owner)
	}
	b.events = append(b.events, e)
}

// told is a text, or nothing when it is empty.
func told(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// review keeps a reviewer's decision.
func (b *book) review(kind key.Kind, id int64, step review.Step, round int, decision review.Decision, who key.Staff, at time.Time, reason string) {
	b.reviews = append(b.reviews, &ent.Review{
		ID:          key.Review(b.take(key.KindReview)),
		SubjectType: string(kind), SubjectID: id, Step: step, Round: round, Decision: decision, ReviewerID: who, CreatedAt: at, Reason: told(reason),
	})
}

func (b *book) lifeOfUser(u *ent.User) life[user.Status] {
	return life[user.Status]{b, key.KindUser, int64(u.ID), u.ID, &u.Status, &u.Version, &u.CreatedAt, &u.UpdatedAt, &u.StatusSince}
}

func (b *book) lifeOfCard(c *ent.BankCard) life[bankcard.Status] {
	return life[bankcard.Status]{b, key.KindBankCard, int64(c.ID), c.UserID, &c.Status, &c.Version, &c.CreatedAt, &c.UpdatedAt, &c.StatusSince}
}

func (b *book) lifeOfLoan(l *ent.Loan) life[loan.Status] {
	return life[loan.Status]{b, key.KindLoan, int64(l.ID), l.BorrowerID, &l.Status, &l.Version, &l.CreatedAt, &l.UpdatedAt, &l.StatusSince}
}

func (b *book) lifeOfBid(o *ent.Bid) life[bid.Status] {
	return life[bid.Status]{b, key.KindBid, int64(o.ID), o.InvestorID, &o.Status, &o.Version, &o.CreatedAt, &o.UpdatedAt, &o.StatusSince}
}

func (b *book) lifeOfDocument(d *ent.Document) life[document.Status] {
	return life[document.Status]{b, key.KindDocument, int64(d.ID), *d.OwnerID, &d.Status, &d.Version, &d.CreatedAt, &d.UpdatedAt, &d.StatusSince}
}

func (b *book) lifeOfCompany(c *ent.Company) life[company.Status] {
	return life[company.Status]{b, key.KindCompany, int64(c.ID), 0, &c.Status, &c.Version, &c.CreatedAt, &c.UpdatedAt, &c.StatusSince}
}

func (b *book) lifeOfStaff(s *ent.Staff) life[staff.Status] {
	return life[staff.Status]{b, key.KindStaff, int64(s.ID), 0, &s.Status, &s.Version, &s.CreatedAt, &s.UpdatedAt, &s.StatusSince}
}

// note keeps a contact or task that an employee wrote.
func (b *book) note(r *ent.ServiceRecord, at time.Time) {
	r.ID, r.RemindedAt = key.ServiceRecord(b.take(key.KindServiceRecord)), r.DueAt
	b.lifeOfRecord(r).born(lifecycle.AddServiceRecord, byStaff(*r.AuthorID), at)
	b.records = append(b.records, r)
}

func (b *book) lifeOfRecord(r *ent.ServiceRecord) life[servicerecord.Status] {
	return life[servicerecord.Status]{b, key.KindServiceRecord, int64(r.ID), r.UserID, &r.Status, &r.Version, &r.CreatedAt, &r.UpdatedAt, &r.StatusSince}
}

func (b *book) lifeOfRequest(r *ent.ServiceRequest, borrower key.User) life[servicerequest.Status] {
	return life[servicerequest.Status]{b, key.KindServiceRequest, int64(r.ID), borrower, &r.Status, &r.Version, &r.CreatedAt, &r.UpdatedAt, &r.StatusSince}
}
