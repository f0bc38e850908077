package registration

import (
	"context"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// ReopenInput names a rejected registration that is looked at again.
type ReopenInput struct {
	UserID          string
	Note            *string
	ExpectedVersion *int
}

// Reopen puts a rejected registration back under review.
func (o *Office) Reopen(ctx context.Context, in ReopenInput) (key.User, error) {
	if err := lifecycle.ReopenRegistration.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Note: workflow.Text(&faults, in.Note, workflow.MaxNote, "note"), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return o.decide(ctx, decision{move: lifecycle.ReopenRegistration, mail: mailing.RegistrationReopened}, in.UserID, said, nil)
}
