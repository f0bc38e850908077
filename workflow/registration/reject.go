package registration

import (
	"context"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// RejectInput says why a registration is refused.
type RejectInput struct {
	UserID          string
	Reason          *string
	ExpectedVersion *int
}

// Reject refuses a registration; the customer is told the reason. The identifiers stay held: a rejected registration is reopened.
func (o *Office) Reject(ctx context.Context, in RejectInput) (key.User, error) {
	if err := lifecycle.RejectRegistration.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Reason: workflow.Reason(&faults, in.Reason), Expected: in.ExpectedVersion}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	return o.decide(ctx, decision{lifecycle.RejectRegistration, review.DecisionRejected, mailing.RegistrationRejected, func(*ent.User) map[string]any {
		return map[string]any{"reason": said.Reason}
	}}, in.UserID, said, nil)
}
