package registration

import (
	"context"
	"fmt"
	"slices"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/event"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerecord"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// ApproveInput names the user whose registration is in order.
type ApproveInput struct {
	UserID          string
	Note            *string
	ExpectedVersion *int
}

// Approve makes a registered person a customer and welcomes them by mail. Potential customers with the same e-mail, phone or ID number are
// joined to them.
func (o *Office) Approve(ctx context.Context, in ApproveInput) (key.User, error) {
	if err := lifecycle.ApproveRegistration.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Note: workflow.Text(&faults, in.Note, workflow.MaxNote, "note"), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return o.decide(ctx, decision{lifecycle.ApproveRegistration, review.DecisionApproved, mailing.RegistrationApproved, nil}, in.UserID, said, o.join)
}

// join gives a new customer what staff had noted of them before: records, account manager, tags.
func (o *Office) join(ctx context.Context, tx *store.Tx, u *ent.User) error {
	same := user.PhoneHash(*u.PhoneHash)
	if u.Email != nil {
		same = user.Or(same, user.Email(*u.Email))
	}
	if u.NationalIDHash != nil {
		same = user.Or(same, user.NationalIDHash(*u.NationalIDHash))
	}
	potential, err := tx.User.Query().Where(user.StatusEQ(user.StatusPotential), same).Order(user.ByID()).All(ctx)
	if err != nil {
		return fmt.Errorf("look for potential customers: %w", err)
	}
	manager, source, tags := u.AccountManagerID, u.Source, u.Tags
	for _, p := range potential {
		if err := lifecycle.Make(access.AsSystem(ctx, "registration"), tx, lifecycle.JoinPotentialCustomer,
			tx.User.Update().SetJoinedIntoID(u.ID), workflow.Person(p), lifecycle.Said{}); err != nil {
			return err
		}
		if err := tx.ServiceRecord.Update().Where(servicerecord.UserID(p.ID)).SetUserID(u.ID).Exec(ctx); err != nil {
			return fmt.Errorf("hand service records over: %w", err)
		}
		// What happened before is part of the customer's story; the customer is not shown it.
		if err := tx.Event.Update().Where(event.UserID(p.ID)).SetUserID(u.ID).Exec(ctx); err != nil {
			return fmt.Errorf("hand the story over: %w", err)
		}
		if manager == nil {
			manager = p.AccountManagerID
		}
		if source == nil {
			source = p.Source
		}
		for _, t := range p.Tags {
			if !slices.Contains(tags, t) {
				tags = append(tags, t)
			}
		}
	}
	if len(potential) == 0 {
		return nil
	}
	update := tx.User.UpdateOneID(u.ID).SetNillableAccountManagerID(manager).SetNillableSource(source)
	if len(tags) > 0 {
		update.SetTags(tags)
	}
	if err := update.Exec(ctx); err != nil {
		return fmt.Errorf("join potential customers: %w", err)
	}
	return nil
}
