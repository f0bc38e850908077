package leads

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/text"
	"lenddesk/workflow"
)

// Lead is a potential customer, checked and ready to be entered.
type Lead struct {
	Name, Phone, Email, Source, Note string
	Company                          key.Company // 0: none
	Manager                          key.Staff   // 0: none
}

// Said is what is known of somebody, as it was entered.
type Said struct{ Name, Phone, Email, Source, Note *string }

// Read checks what is known of somebody, but for whom it names, and gathers every fault of it.
func Read(faults *fault.List, in Said) Lead {
	need := func(field string, s *string, check func(string) (string, *fault.Problem)) string {
		v, problem := check(workflow.Value(s))
		if problem != nil {
			faults.Add(*problem, field)
		}
		return v
	}
	l := Lead{Name: need("name", in.Name, identity.PersonName), Phone: need("phone", in.Phone, identity.Phone)}
	if in.Email != nil {
		l.Email = need("email", in.Email, identity.Email)
	}
	l.Source, l.Note = workflow.Text(faults, in.Source, 100, "source"), workflow.Text(faults, in.Note, workflow.MaxNote, "note")
	return l
}

// Add enters potential customers, each with an event and a task to follow up, in a few statements however many they are. It needs what adding one does.
func Add(ctx context.Context, d *workflow.Desk, tx *store.Tx, leads []Lead) ([]key.User, error) {
	me := access.From(ctx)
	if err := lifecycle.AddPotentialCustomer.Permit(me); err != nil {
		return nil, err
	}
	values, err := d.Parameters(ctx, tx)
	if err != nil {
		return nil, err
	}
	people := make([]*ent.UserCreate, len(leads))
	for i, l := range leads {
		sealed, hash, err := d.Hide(seal.Phone, l.Phone)
		if err != nil {
			return nil, err
		}
		people[i] = tx.User.Create().SetStatus(user.StatusPotential).SetName(l.Name).SetPhone(sealed).SetPhoneHash(hash).SetLocale(values.Text(parameter.DefaultLocale)).
			SetNillableEmail(some(l.Email)).SetNillableSource(some(l.Source)).SetNillableCompanyID(given(l.Company)).SetNillableAccountManagerID(given(l.Manager)).
			SetNillableCreatedByID(given(me.Staff))
	}
	added, err := tx.User.CreateBulk(people...).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("add potential customers: %w", err)
	}
	due := lifecycle.Now().AddDate(0, 0, int(values.Int(parameter.FollowUpDays)))
	keys, born, tasks := make([]key.User, len(added)), make([]lifecycle.Newborn[user.Status], len(added)), make([]*ent.ServiceRecordCreate, len(added))
	for i, u := range added {
		keys[i], born[i] = u.ID, lifecycle.Newborn[user.Status]{ID: int64(u.ID), Status: u.Status, Owner: u.ID}
		task, assignee := leads[i].Note, leads[i].Manager
		if task == "" {
			task = text.Sentence(me.Locale, "task.follow_up", nil)
		}
		if assignee == 0 {
			assignee = me.Staff
		}
		tasks[i] = tx.ServiceRecord.Create().SetUserID(u.ID).SetKind(servicerecord.KindTask).SetText(task).SetDueAt(due).SetNillableAssigneeID(given(assignee))
	}
	if err := lifecycle.BornAll(ctx, tx, lifecycle.AddPotentialCustomer, born); err != nil {
		return nil, err
	}
	_, err = Notes(ctx, tx, tasks)
	return keys, err
}

// Notes keeps service records, with who wrote them.
func Notes(ctx context.Context, tx *store.Tx, create []*ent.ServiceRecordCreate) ([]key.ServiceRecord, error) {
	me := access.From(ctx)
	for _, c := range create {
		c.SetStatus(servicerecord.StatusOpen).SetNillableAuthorID(given(me.Staff))
	}
	records, err := tx.ServiceRecord.CreateBulk(create...).Save(ctx)
	if err != nil {
		return nil, fmt.Errorf("note records: %w", err)
	}
	keys, born := make([]key.ServiceRecord, len(records)), make([]lifecycle.Newborn[servicerecord.Status], len(records))
	for i, r := range records {
		said := lifecycle.Said{Changes: map[string]any{"kind": string(r.Kind)}}
		keys[i], born[i] = r.ID, lifecycle.Newborn[servicerecord.Status]{ID: int64(r.ID), Status: r.Status, Owner: r.UserID, Said: said}
	}
	return keys, lifecycle.BornAll(ctx, tx, lifecycle.AddServiceRecord, born)
}

// given is a key, nil when it is of nobody.
func given[K ~int64](k K) *K {
	if k == 0 {
		return nil
	}
	return &k
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
