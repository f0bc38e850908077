package customers

import (
	"context"
	"fmt"
	"slices"

	"entgo.io/ent/dialect/sql"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bid"
	"lenddesk/ent/claim"
	"lenddesk/ent/document"
	"lenddesk/ent/event"
	"lenddesk/ent/export"
	"lenddesk/ent/link"
	"lenddesk/ent/loan"
	"lenddesk/ent/message"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/session"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// MergeInput names one person's two entries: which is kept, and which goes up in it.
type MergeInput struct {
	KeepID, MergeID string
	ExpectedVersion *int
}

// fate is what becomes of a row that points to the customer who is given up.
type fate int

const (
	moves   fate = iota // it points to the other one
	ends                // it goes: nobody signs in as this customer any more
	follows             // a customer's tie to another one: it moves, but nobody is tied to themselves
	stays               // it tells what was: who did it, to whom
)

// edge is a column that points to a customer. A column beside it names the type where it may point to others.
type edge struct {
	table, column, typed string
	fate                 fate
}

// edges are all the columns that point to customers. A test compares them with the schema: a new one must be decided on here.
var edges = []edge{
	{table: bankcard.Table, column: bankcard.FieldUserID},
	{table: loan.Table, column: loan.FieldBorrowerID},
	{table: bid.Table, column: bid.FieldInvestorID},
	{table: document.Table, column: document.FieldOwnerID},
	{table: document.Table, column: document.FieldSubjectID, typed: document.FieldSubjectType},
	{table: review.Table, column: review.FieldSubjectID, typed: review.FieldSubjectType},
	{table: message.Table, column: message.FieldUserID},
	{table: servicerecord.Table, column: servicerecord.FieldUserID},
	{table: event.Table, column: event.FieldUserID},
	{table: event.Table, column: event.FieldSubjectID, typed: event.FieldSubjectType, fate: stays},
	{table: event.Table, column: event.FieldActorID, typed: event.FieldActorType, fate: stays},
	{table: "repayments", column: "reported_by_id", typed: "reported_by_type", fate: stays},
	{table: claim.Table, column: claim.FieldSubjectID, typed: claim.FieldSubjectType, fate: ends},
	{table: link.Table, column: link.FieldUserID, fate: ends},
	{table: export.Table, column: export.FieldUserID, fate: ends}, // a file of half a person
	{table: session.Table, column: session.FieldUserID, fate: ends},
	{table: user.Table, column: user.FieldPreviousUserID, fate: follows},
	{table: user.Table, column: user.FieldJoinedIntoID, fate: follows},
	{table: user.Table, column: user.FieldMergedIntoID, fate: follows},
}

// Merge makes two entries of one person one. All that belongs to the one given up, its loans, bids, cards, documents, mails, records and its story,
// belongs to the other; what that one does not know of itself, it takes over; the given-up one is CLOSED, its sessions end, and its id answers with
// the other from then on.
//
// It returns SAME_PERSON for the viewer's own affairs, and NOT_ALLOWED_NOW when the two have different ID numbers, when both have a card bound or in
// process, when one has bid for a loan of the other, when the one given up has registered and the other has not, or is suspended and the other not.
func (o *Office) Merge(ctx context.Context, in MergeInput) (key.User, error) {
	if err := lifecycle.MergeUsers.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.User, error) {
		keep, lose, err := o.pair(ctx, tx, in)
		if err != nil {
			return 0, err
		}
		if err := mergeable(ctx, tx, keep, lose); err != nil {
			return 0, err
		}
		told := func(other *ent.User) lifecycle.Said {
			return lifecycle.Said{Changes: map[string]any{"with": o.IDs.Encode(key.KindUser, int64(other.ID))}}
		}
		if err := lifecycle.Make(ctx, tx, lifecycle.GiveUpForMerger, tx.User.Update().SetMergedIntoID(keep.ID), workflow.Person(lose), told(keep)); err != nil {
			return 0, err
		}
		for _, e := range edges {
			if err := e.settle(ctx, tx, keep.ID, lose.ID); err != nil {
				return 0, err
			}
		}
		said := told(lose)
		said.Expected = in.ExpectedVersion
		return keep.ID, lifecycle.Make(ctx, tx, lifecycle.MergeUsers, complete(tx.User.Update(), keep, lose), workflow.Person(keep), said)
	})
}

// pair finds the two, and waits until nobody else decides by what belongs to either.
func (o *Office) pair(ctx context.Context, tx *store.Tx, in MergeInput) (keep, lose *ent.User, err error) {
	var faults fault.List
	keep, err = o.User(ctx, tx, in.KeepID, "keepId")
	if err := workflow.Gather(&faults, err); err != nil {
		return nil, nil, err
	}
	lose, err = o.User(ctx, tx, in.MergeID, "mergeId")
	if err := workflow.Gather(&faults, err); err != nil {
		return nil, nil, err
	}
	if len(faults) == 0 && keep.ID == lose.ID {
		faults.Add(fault.Problem{Code: fault.Invalid, Text: "merge_itself"}, "mergeId")
	}
	if err := faults.Err(); err != nil {
		return nil, nil, err
	}
	for _, k := range []key.User{min(keep.ID, lose.ID), max(keep.ID, lose.ID)} {
		if err := workflow.Turn(ctx, tx, k); err != nil {
			return nil, nil, err
		}
	}
	if keep, err = o.Myself(ctx, tx, keep.ID); err != nil {
		return nil, nil, err
	}
	lose, err = o.Myself(ctx, tx, lose.ID)
	return keep, lose, err
}

// mergeable refuses two who cannot be one.
func mergeable(ctx context.Context, tx *store.Tx, keep, lose *ent.User) error {
	var faults fault.List
	refuse := func(is bool, text string) {
		if is {
			faults.Add(fault.Problem{Code: fault.NotAllowedNow, Text: text}, "mergeId")
		}
	}
	refuse(keep.NationalIDHash != nil && lose.NationalIDHash != nil && *keep.NationalIDHash != *lose.NationalIDHash, "merge_other_person")
	refuse(keep.Status == user.StatusPotential && lose.PasswordHash != nil, "merge_keep_registered")
	refuse(lose.Status == user.StatusSuspended && keep.Status != user.StatusSuspended, "merge_suspended")
	for _, in := range [][]bankcard.Status{{bankcard.StatusBound}, {bankcard.StatusPendingReview, bankcard.StatusPendingBinding}} {
		n, err := tx.BankCard.Query().Where(bankcard.UserIDIn(keep.ID, lose.ID), bankcard.StatusIn(in...)).Count(ctx)
		if err != nil {
			return fmt.Errorf("count cards: %w", err)
		}
		refuse(n > 1, "merge_cards")
	}
	n, err := tx.Bid.Query().Where(
		bid.InvestorIDIn(keep.ID, lose.ID),
		bid.HasLoanWith(loan.BorrowerIDIn(keep.ID, lose.ID)),
	).Count(ctx)
	if err != nil {
		return fmt.Errorf("count bids: %w", err)
	}
	refuse(n > 0, "merge_own_listing")
	return faults.Err()
}

// settle does with the rows of an edge what is decided of them.
func (e edge) settle(ctx context.Context, tx *store.Tx, keep, lose key.User) error {
	d := sql.Dialect(tx.Dialect())
	mine := func(who key.User) *sql.Predicate {
		if e.typed == "" {
			return sql.EQ(e.column, int64(who))
		}
		return sql.And(sql.EQ(e.typed, string(key.KindUser)), sql.EQ(e.column, int64(who)))
	}
	var statements []sql.Querier
	move := d.Update(e.table).Set(e.column, int64(keep)).Where(mine(lose))
	switch e.fate {
	case moves:
		statements = append(statements, move)
	case ends:
		statements = append(statements, d.Delete(e.table).Where(mine(lose)))
	case follows:
		statements = append(statements, d.Update(e.table).SetNull(e.column).Where(sql.And(sql.EQ("id", int64(keep)), mine(lose))), move)
	case stays:
	}
	for _, s := range statements {
		query, args := s.Query()
		if _, err := tx.SQL.ExecContext(ctx, query, args...); err != nil {
			return fmt.Errorf("merge %s.%s: %w", e.table, e.column, err)
		}
	}
	return nil
}

// complete gives who is kept what they do not know of themselves.
func complete(u *ent.UserUpdate, keep, lose *ent.User) *ent.UserUpdate {
	if keep.Email == nil {
		u.SetNillableEmail(lose.Email)
	}
	if keep.PhoneHash == nil && lose.PhoneHash != nil {
		u.SetPhone(lose.Phone).SetPhoneHash(*lose.PhoneHash)
	}
	if keep.NationalIDHash == nil && lose.NationalIDHash != nil {
		u.SetNationalID(lose.NationalID).SetNationalIDHash(*lose.NationalIDHash)
	}
	if keep.CompanyID == nil {
		u.SetNillableCompanyID(lose.CompanyID)
	}
	if keep.AccountManagerID == nil {
		u.SetNillableAccountManagerID(lose.AccountManagerID)
	}
	if keep.Source == nil {
		u.SetNillableSource(lose.Source)
	}
	if keep.PreviousUserID == nil && lose.PreviousUserID != nil && *lose.PreviousUserID != keep.ID {
		u.SetPreviousUserID(*lose.PreviousUserID)
	}
	tags := slices.Clone(keep.Tags)
	for _, t := range lose.Tags {
		if !slices.Contains(tags, t) {
			tags = append(tags, t)
		}
	}
	if len(tags) > len(keep.Tags) {
		u.SetTags(tags)
	}
	// What the one given up was approved for, the other is too; what was only asked for waits for its review.
	if approved := lose.Status != user.StatusPotential && lose.Status != user.StatusPendingReview && lose.Status != user.StatusReturned &&
		lose.Status != user.StatusRejected; approved || keep.Status == user.StatusPotential {
		u.SetBorrower(keep.Borrower || lose.Borrower).SetInvestor(keep.Investor || lose.Investor)
	}
	return u
}
