package customers

import (
	"context"
	"fmt"
	"time"

	"github.com/riverqueue/river"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/staff"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/text"
	"lenddesk/workflow"
	"lenddesk/workflow/leads"
	"lenddesk/workflow/mailing"
)

// AddRecordInput is a contact with a customer, or a task.
type AddRecordInput struct {
	UserID                        string
	Kind, Text, DueAt, AssigneeID *string
}

const maxRecord = 5000

// AddRecord notes a contact or a task. What is due is told to the assignee when it falls due. It returns OUT_OF_RANGE at dueAt for a time that is past,
// and NOT_ELIGIBLE at assigneeId for an employee who is not ACTIVE.
func (o *Office) AddRecord(ctx context.Context, in AddRecordInput) (key.ServiceRecord, error) {
	if err := lifecycle.AddServiceRecord.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	kind := servicerecord.Kind(workflow.Value(in.Kind))
	if kind == "" {
		faults.Add(fault.Problem{Code: fault.Required}, "kind")
	} else if servicerecord.KindValidator(kind) != nil {
		faults.Add(fault.Problem{Code: fault.Invalid}, "kind")
	}
	words := workflow.Text(&faults, in.Text, maxRecord, "text")
	if words == "" {
		faults.Add(fault.Problem{Code: fault.Required}, "text")
	}
	due := ahead(&faults, in.DueAt, "dueAt")
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.ServiceRecord, error) {
		u, err := o.User(ctx, tx, in.UserID, "userId")
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		var assignee *key.Staff
		if in.AssigneeID != nil {
			s, err := o.atWork(ctx, tx, *in.AssigneeID, "assigneeId", &faults)
			if err != nil {
				return 0, err
			}
			if s != nil {
				assignee = &s.ID
			}
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		kept, err := leads.Notes(ctx, tx, []*ent.ServiceRecordCreate{tx.ServiceRecord.Create().SetUserID(u.ID).SetKind(kind).SetText(words).SetNillableDueAt(due).SetNillableAssigneeID(assignee)})
		if err != nil {
			return 0, err
		}
		return kept[0], nil
	})
}

// ahead is a moment that is still to come; nil when none is given.
func ahead(faults *fault.List, s *string, field string) *time.Time {
	if s == nil {
		return nil
	}
	at, err := time.Parse(time.RFC3339, *s)
	at = at.UTC().Truncate(time.Microsecond)
	switch {
	case err != nil:
		faults.Add(fault.Problem{Code: fault.Invalid}, field)
	case !at.After(lifecycle.Now()) || at.Year() > 9999:
		faults.Add(fault.Problem{Code: fault.OutOfRange}, field)
	}
	return &at
}

// CompleteRecordInput names a record that is done.
type CompleteRecordInput struct {
	ServiceRecordID string
	Note            *string
	ExpectedVersion *int
}

// CompleteRecord says that a record needs nothing more; the note stands in its event.
func (o *Office) CompleteRecord(ctx context.Context, in CompleteRecordInput) (key.ServiceRecord, error) {
	if err := lifecycle.CompleteServiceRecord.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Note: workflow.Text(&faults, in.Note, workflow.MaxNote, "note"), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.ServiceRecord, error) {
		k, err := access.Find[key.ServiceRecord](ctx, tx, o.IDs, key.KindServiceRecord, servicerecord.Table, in.ServiceRecordID, "serviceRecordId")
		if err != nil {
			return 0, err
		}
		r, err := tx.ServiceRecord.Get(ctx, k)
		if err != nil {
			return 0, fmt.Errorf("read service record: %w", err)
		}
		return k, lifecycle.Make(ctx, tx, lifecycle.CompleteServiceRecord, tx.ServiceRecord.Update().SetCompletedAt(lifecycle.Now()), paper(r), said)
	})
}

// paper is a record as a move's object.
func paper(r *ent.ServiceRecord) lifecycle.Object[servicerecord.Status] {
	return lifecycle.Object[servicerecord.Status]{ID: int64(r.ID), Status: r.Status, Version: r.Version, Owner: r.UserID}
}

// RemindOfDue is the job of telling whose records have fallen due.
type RemindOfDue struct{}

// Kind names the job in the queue.
func (RemindOfDue) Kind() string { return "remind_of_due" }

// DueReminder tells whose records have fallen due, once each.
type DueReminder struct {
	river.WorkerDefaults[RemindOfDue]
	Office *Office
}

// atATime is how many records are told of in one transaction.
const atATime = 50

// Work reminds until nothing is left that has fallen due.
func (w *DueReminder) Work(ctx context.Context, _ *river.Job[RemindOfDue]) error {
	for {
		n, err := w.Office.remind(access.AsSystem(ctx, "reminder"))
		if err != nil || n < atATime {
			return err
		}
	}
}

// remind tells of the records that fell due first, and says how many there were. What two servers find at the same time is told by one of them.
func (o *Office) remind(ctx context.Context) (n int, err error) {
	err = o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Alone(ctx, reminding); err != nil {
			return err
		}
		due, err := tx.ServiceRecord.Query().
			Where(servicerecord.StatusEQ(servicerecord.StatusOpen), servicerecord.RemindedAtIsNil(), servicerecord.DueAtLTE(lifecycle.Now())).
			Order(servicerecord.ByDueAt()).Limit(atATime).WithUser().WithAssignee().WithAuthor().All(ctx)
		if err != nil {
			return fmt.Errorf("look for what is due: %w", err)
		}
		values, err := o.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		for _, r := range due {
			if err := o.tell(ctx, tx, r, values); err != nil {
				return err
			}
		}
		n = len(due)
		return nil
	})
	return n, err
}

// reminding is the number under which one server at a time looks for what is due.
const reminding = 0x6475_6500

// tell writes to the assignee, else to the customer's account manager, else to the author: the first who is at work.
func (o *Office) tell(ctx context.Context, tx *store.Tx, r *ent.ServiceRecord, values parameter.Values) error {
	var manager *ent.Staff
	if k := r.Edges.User.AccountManagerID; k != nil {
		var err error
		if manager, err = tx.Staff.Get(ctx, *k); err != nil {
			return fmt.Errorf("read account manager: %w", err)
		}
	}
	update := tx.ServiceRecord.Update().SetRemindedAt(lifecycle.Now())
	if err := lifecycle.Make(ctx, tx, lifecycle.RemindOfServiceRecord, update, paper(r), lifecycle.Said{}); err != nil {
		return err
	}
	for _, s := range []*ent.Staff{r.Edges.Assignee, manager, r.Edges.Author} {
		if s == nil || s.Status != staff.StatusActive {
			continue
		}
		return mailing.TellStaff(ctx, o.Desk, tx, s, mailing.RecordDue, map[string]any{
			"customer": r.Edges.User.Name, "kind": text.Sentence(s.Locale, "record."+string(r.Kind), nil),
			"due": r.DueAt.In(values.Location(parameter.TimeZoneName)).Format("2006-01-02 15:04"),
		})
	}
	return nil
}
