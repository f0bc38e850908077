package customers

import (
	"context"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// SuspendInput says whom, and why.
type SuspendInput struct {
	UserID          string
	Reason          *string
	ExpectedVersion *int
}

// Suspend stops a customer from doing anything but reading; the customer is told the reason.
func (o *Office) Suspend(ctx context.Context, in SuspendInput) (key.User, error) {
	if err := lifecycle.SuspendUser.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Reason: workflow.Reason(&faults, in.Reason), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return o.move(ctx, lifecycle.SuspendUser, in.UserID, mailing.UserSuspended, said, nil)
}
