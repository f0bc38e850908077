package privacy

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"strconv"
	"time"

	"entgo.io/ent/dialect/sql"
	"github.com/riverqueue/river"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bid"
	"lenddesk/ent/claim"
	"lenddesk/ent/document"
	"lenddesk/ent/export"
	"lenddesk/ent/link"
	"lenddesk/ent/loan"
	"lenddesk/ent/message"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/servicerequest"
	"lenddesk/ent/session"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/text"
	"lenddesk/workflow"
	"lenddesk/workflow/audit"
	"lenddesk/workflow/mailing"
)

// EraseInput says whose personal data is to be erased, and why.
type EraseInput struct {
	UserID          string
	Reason          *string
	ExpectedVersion *int
}

// Erase makes unreadable what the law lets go of a customer without live business: of this one, of whoever was merged into or joined to them, and of their earlier registrations. Loans, bids, sums and the trail of events
// stay; the event of the erasure vouches for those that said something in words (audit.Erasure). What the database keeps of it beside its rows is scrubbed by a job, and files go after the commit.
//
// It returns REQUIRED, TOO_LONG at reason; NOT_FOUND at userId; NOT_ALLOWED_NOW; CONFLICT; SAME_PERSON for one's own affairs.
func (o *Office) Erase(ctx context.Context, in EraseInput) (key.User, error) {
	if err := lifecycle.EraseUser.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Reason: workflow.Reason(&faults, in.Reason), Expected: in.ExpectedVersion}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.User, error) {
		u, err := o.User(ctx, tx, in.UserID, "userId")
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		return u.ID, o.erase(ctx, tx, u.ID, said)
	})
}

func (o *Office) erase(ctx context.Context, tx *store.Tx, k key.User, said lifecycle.Said) error {
	person, err := entries(ctx, tx, k)
	if err != nil {
		return err
	}
	for _, e := range person {
		if err := workflow.Turn(ctx, tx, e.ID); err != nil {
			return err
		}
	}
	values, err := o.Parameters(ctx, tx)
	if err != nil {
		return err
	}
	keys := make([]key.User, len(person))
	for i, e := range person {
		keys[i] = e.ID
	}
	erasure, err := audit.Redact(ctx, tx, keys)
	if err != nil {
		return err
	}
	nobody := text.Sentence(values.Text(parameter.DefaultLocale), "user.erased", nil)
	for i, e := range person { // this one is the first
		told := lifecycle.Said{Changes: map[string]any{"with": o.IDs.Encode(key.KindUser, int64(k))}}
		if i == 0 {
			told = said
			told.Changes = erasure.Changes()
		}
		now, err := o.Myself(ctx, tx, e.ID)
		if err != nil {
			return err
		}
		update := tx.User.Update().SetName(nobody).ClearEmail().ClearPhone().ClearPhoneHash().ClearNationalID().ClearNationalIDHash().ClearPasswordHash().ClearTags().ClearSource().ClearCompanyID().
			SetErasedAt(lifecycle.Now())
		if err := lifecycle.Make(ctx, tx, lifecycle.EraseUser, update, workflow.Person(now), told); err != nil {
			return err
		}
		if err := mentions(ctx, tx, e.Name); err != nil {
			return err
		}
	}
	files, err := o.drop(ctx, tx, keys, nobody)
	if err != nil {
		return err
	}
	tx.AfterCommit(func() {
		for _, f := range files {
			if err := o.Files.Delete(context.WithoutCancel(ctx), f); err != nil {
				slog.WarnContext(ctx, "a file of an erased customer stays until it is swept", "error", err)
			}
		}
	})
	return o.Queue.Enqueue(ctx, tx, Scrub{}, nil)
}

// entries are all entries of one person in the book that are not erased yet, the one named first: who was merged into or joined to them, and their earlier registrations, each with its own.
func entries(ctx context.Context, tx *store.Tx, k key.User) ([]*ent.User, error) {
	first, err := tx.User.Get(ctx, k)
	if err != nil {
		return nil, fmt.Errorf("read customer: %w", err)
	}
	all, seen := []*ent.User{first}, map[key.User]bool{k: true}
	for i := 0; i < len(all); i++ {
		of := user.Or(user.MergedIntoID(all[i].ID), user.JoinedIntoID(all[i].ID))
		if all[i].PreviousUserID != nil {
			of = user.Or(of, user.ID(*all[i].PreviousUserID))
		}
		more, err := tx.User.Query().Where(of, user.ErasedAtIsNil()).Order(user.ByID()).All(ctx)
		if err != nil {
			return nil, fmt.Errorf("look for a customer's entries: %w", err)
		}
		for _, m := range more {
			if !seen[m.ID] {
				seen[m.ID] = true
				all = append(all, m)
			}
		}
	}
	return all, nil
}

// mentions drops the texts of letters to staff that name a customer. Somebody of the same name may be meant: the letters have been read, or wait as records.
func mentions(ctx context.Context, tx *store.Tx, name string) error {
	_, err := tx.Message.Update().Where(message.UserIDIsNil(), message.Kind(mailing.RecordDue), message.Or(message.TextContains(name), message.SubjectContains(name))).
		SetSubject("").SetText("").Save(ctx)
	if err != nil {
		return fmt.Errorf("drop letters about a customer: %w", err)
	}
	return nil
}

// drop makes unreadable what belongs to customers, and gives the names of the files that are to go.
func (o *Office) drop(ctx context.Context, tx *store.Tx, customers []key.User, nobody string) (files []string, err error) {
	ids := make([]any, len(customers))
	for i, c := range customers {
		ids[i] = int64(c)
	}
	if files, err = o.files(ctx, tx, customers); err != nil {
		return nil, err
	}
	d := sql.Dialect(tx.Dialect())
	among := func(table, column string, of *sql.Predicate) *sql.Predicate {
		return sql.In(column, d.Select("id").From(sql.Table(table)).Where(of))
	}
	owned := func(column string) *sql.Predicate { return sql.In(column, ids...) }
	statements := map[string]sql.Querier{
		"loans": d.Update(loan.Table).SetNull(loan.FieldDescription).Where(owned(loan.FieldBorrowerID)),
		"service requests": d.Update(servicerequest.Table).SetNull(servicerequest.FieldReason).SetNull(servicerequest.FieldDecisionReason).
			Where(among(loan.Table, servicerequest.FieldLoanID, owned(loan.FieldBorrowerID))),
		"service records": d.Update(servicerecord.Table).Set(servicerecord.FieldText, "").Where(owned(servicerecord.FieldUserID)),
		"letters on their way": d.Update(message.Table).Set(message.FieldState, string(message.StateFailed)).
			Where(sql.And(owned(message.FieldUserID), sql.EQ(message.FieldState, string(message.StateQueued)))),
		"letters": d.Update(message.Table).Set("to_address", "").Set(message.FieldSubject, "").Set(message.FieldText, "").Where(owned(message.FieldUserID)),
		"documents": d.Update(document.Table).SetNull(document.FieldName).SetNull(document.FieldReason).SetNull(document.FieldSha256).SetNull(document.FieldBlob).
			Where(sql.And(owned(document.FieldOwnerID), sql.NEQ(document.FieldSubjectType, string(key.KindCompany)))),
		"documents of companies": d.Update(document.Table).SetNull(document.FieldName).Where(sql.And(owned(document.FieldOwnerID), sql.EQ(document.FieldSubjectType, string(key.KindCompany)))),
		"links":                  d.Delete(link.Table).Where(owned(link.FieldUserID)),
		"sessions":               d.Delete(session.Table).Where(owned(session.FieldUserID)),
		"exports":                d.Delete(export.Table).Where(owned(export.FieldUserID)),
		"claims":                 d.Delete(claim.Table).Where(sql.And(sql.EQ(claim.FieldSubjectType, string(key.KindUser)), owned(claim.FieldSubjectID))),
	}
	for kind, of := range map[key.Kind]*sql.Predicate{
		key.KindUser: owned(review.FieldSubjectID), key.KindLoan: among(loan.Table, review.FieldSubjectID, owned(loan.FieldBorrowerID)),
		key.KindBid:      among(bid.Table, review.FieldSubjectID, owned(bid.FieldInvestorID)),
		key.KindDocument: among(document.Table, review.FieldSubjectID, owned(document.FieldOwnerID)),
	} {
		statements["reviews of "+string(kind)] = d.Update(review.Table).SetNull(review.FieldNote).SetNull(review.FieldReason).
			Where(sql.And(sql.EQ(review.FieldSubjectType, string(kind)), of))
	}
	for what, s := range maps.All(statements) {
		query, args := s.Query()
		if _, err := tx.SQL.ExecContext(ctx, query, args...); err != nil {
			return nil, fmt.Errorf("drop a customer's %s: %w", what, err)
		}
	}
	return files, o.cards(ctx, tx, customers, nobody)
}

// files are the names of the files that belong to customers; a company's papers are the company's.
func (o *Office) files(ctx context.Context, tx *store.Tx, customers []key.User) (names []string, err error) {
	if err := tx.Document.Query().Where(document.OwnerIDIn(customers...), document.SubjectTypeNEQ(string(key.KindCompany)), document.BlobNotNil()).
		Select(document.FieldBlob).Scan(ctx, &names); err != nil {
		return nil, fmt.Errorf("look for a customer's files: %w", err)
	}
	var exported []string
	if err := tx.Export.Query().Where(export.UserIDIn(customers...), export.BlobNotNil()).Select(export.FieldBlob).Scan(ctx, &exported); err != nil {
		return nil, fmt.Errorf("look for a customer's exports: %w", err)
	}
	return append(names, exported...), nil
}

// cards makes what is known of cards unreadable. A card must have a number and a phone: the empty ones take their place, under a hash that nothing has.
func (o *Office) cards(ctx context.Context, tx *store.Tx, customers []key.User, nobody string) error {
	cards, err := tx.BankCard.Query().Where(bankcard.UserIDIn(customers...)).IDs(ctx)
	if err != nil {
		return fmt.Errorf("read cards: %w", err)
	}
	for _, c := range cards {
		number, err := o.Keys.Seal(seal.CardNumber, "")
		if err != nil {
			return err
		}
		phone, err := o.Keys.Seal(seal.Phone, "")
		if err != nil {
			return err
		}
		query, args := sql.Dialect(tx.Dialect()).Update(bankcard.Table).Set(bankcard.FieldNumber, []byte(number)).Set(bankcard.FieldNumberHash, "erased "+strconv.FormatInt(int64(c), 10)).
			Set(bankcard.FieldHolderName, nobody).Set(bankcard.FieldPhone, []byte(phone)).SetNull(bankcard.FieldNationalID).SetNull(bankcard.FieldFailure).Where(sql.EQ("id", int64(c))).Query()
		if _, err := tx.SQL.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("drop a customer's card: %w", err)
		}
	}
	return nil
}

// Scrub is the job that removes what the database keeps beside its rows of what was erased: old versions of rows, pages of its log, words of its index.
type Scrub struct{}

// Kind names the job in the queue.
func (Scrub) Kind() string { return "scrub" }

// Scrubber removes it.
type Scrubber struct {
	river.WorkerDefaults[Scrub]
	Office *Office
}

// Timeout is how long one run may take.
func (*Scrubber) Timeout(*river.Job[Scrub]) time.Duration { return 30 * time.Minute }

// Work removes it, later when somebody is reading what was.
func (w *Scrubber) Work(ctx context.Context, _ *river.Job[Scrub]) error {
	done, err := w.Office.Store.Scrub(ctx)
	if err == nil && !done {
		return river.JobSnooze(2 * time.Second)
	}
	return err
}
