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

// ReinstateInput names a suspended customer.
type ReinstateInput struct {
	UserID          string
	Note            *string
	ExpectedVersion *int
}

// Reinstate ends a suspension.
func (o *Office) Reinstate(ctx context.Context, in ReinstateInput) (key.User, error) {
	if err := lifecycle.ReinstateUser.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Note: workflow.Text(&faults, in.Note, workflow.MaxNote, "note"), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return o.move(ctx, lifecycle.ReinstateUser, in.UserID, mailing.UserReinstated, said, nil)
}
