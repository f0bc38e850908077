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

// CloseInput says whom, and why.
type CloseInput struct {
	UserID          string
	Reason          *string
	ExpectedVersion *int
}

// Close ends the relation with a customer who has no loan or bid alive, and no payment for a card open: cards are unbound, sessions end, the identifiers are free again.
func (o *Office) Close(ctx context.Context, in CloseInput) (key.User, error) {
	if err := lifecycle.CloseUser.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Reason: workflow.Reason(&faults, in.Reason), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return o.move(ctx, lifecycle.CloseUser, in.UserID, mailing.UserClosed, said, workflow.LetGo)
}
