package registration

import (
	"context"
	"slices"
	"strings"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/review"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/text"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// ReturnInput says what is to be mended, and why.
type ReturnInput struct {
	UserID          string
	Reason          *string
	Fields          []string
	ExpectedVersion *int
}

// Return hands a registration back to be mended: the customer is told the reason and the fields.
func (o *Office) Return(ctx context.Context, in ReturnInput) (key.User, error) {
	if err := lifecycle.ReturnRegistration.Permit(access.From(ctx)); err != nil {
		return 0, err
	}
	var faults fault.List
	said := lifecycle.Said{Reason: workflow.Reason(&faults, in.Reason), Expected: in.ExpectedVersion}
	for i, f := range in.Fields {
		if !slices.Contains(Fields, f) {
			faults.Add(fault.Problem{Code: fault.Invalid, Text: "field_unknown", Data: map[string]any{"fields": strings.Join(Fields, ", ")}}, at("fields", i)...)
		}
	}
	if err := faults.Err(); err != nil {
		return 0, err
	}
	if len(in.Fields) > 0 {
		said.Changes = map[string]any{"fields": in.Fields}
	}
	return o.decide(ctx, decision{lifecycle.ReturnRegistration, review.DecisionReturned, mailing.RegistrationReturned, func(u *ent.User) map[string]any {
		names := make([]string, len(in.Fields))
		for i, f := range in.Fields {
			names[i] = text.Sentence(u.Locale, "field."+f, nil)
		}
		return map[string]any{"reason": said.Reason, "fields": names}
	}}, in.UserID, said, nil)
}
