package registration

import (
	"context"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
)

// AmendInput is what was verified and is to be otherwise; what is left out stays.
type AmendInput struct {
	Name, NationalID *string
	Kinds            []string
	Company          *CompanyInput
	ExpectedVersion  *int
}

// Amend changes what was verified of an active customer, who is reviewed anew and meanwhile does no new business. It returns the same faults as Register,
// and REQUIRED when nothing is given.
func (o *Office) Amend(ctx context.Context, in AmendInput) (key.User, error) {
	me := access.From(ctx)
	if err := lifecycle.AmendRegistration.Permit(me); err != nil {
		return 0, err
	}
	if in.Name == nil && in.NationalID == nil && in.Kinds == nil && in.Company == nil {
		return 0, fault.Refuse(fault.Problem{Code: fault.Required, Text: "nothing_to_change"})
	}
	return o.handIn(ctx, lifecycle.AmendRegistration, form{
		name: in.Name, nationalID: in.NationalID, kinds: in.Kinds, company: in.Company,
	}, in.ExpectedVersion)
}
