package administration

import (
	"time"

	"lenddesk/fault"
	"lenddesk/lifecycle"
	"lenddesk/workflow"
)

// needed is a text that must be there.
func needed(faults *fault.List, s *string, maximum int, field string) string {
	said := workflow.Text(faults, s, maximum, field)
	if said == "" {
		faults.Add(fault.Problem{Code: fault.Required}, field)
	}
	return said
}

// ahead is a moment that is still to come.
func ahead(faults *fault.List, s, field string) time.Time {
	at, err := time.Parse(time.RFC3339, s)
	at = at.UTC().Truncate(time.Microsecond)
	switch {
	case err != nil:
		faults.Add(fault.Problem{Code: fault.Invalid}, field)
	case !at.After(lifecycle.Now()) || at.Year() > 9999:
		faults.Add(fault.Problem{Code: fault.OutOfRange}, field)
	}
	return at
}

func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// changed tells one change to an event.
func changed(field string, from, to any) map[string]any {
	return map[string]any{field: map[string]any{"from": from, "to": to}}
}

// note adds a change, if it is one.
func note(changes map[string]any, field, from, to string) {
	if from != to {
		changes[field] = map[string]any{"from": some(from), "to": some(to)}
	}
}
