package door

import "lenddesk/fault"

// UserError is one fault of an input, as the contract's UserError writes it: Message in the caller's language, Field the
// path below `input` with list positions as decimal strings, nil for the whole.
type UserError struct {
	Code    fault.Code
	Message string
	Field   []string
}

// Sentence finds a sentence of package text by its id, in a language, filled with data.
type Sentence func(locale, id string, data map[string]any) string

// UserErrors is the fault.List in an error's chain in the caller's words; false when there is none, and the error is for
// the presenter.
func (say Sentence) UserErrors(locale string, err error) ([]UserError, bool) {
	list, ok := fault.Find(err)
	if !ok {
		return nil, false
	}
	out := make([]UserError, len(list))
	for i, f := range list {
		out[i] = UserError{Code: f.Code, Message: say(locale, f.Sentence(), f.Data), Field: f.Field}
	}
	return out, true
}
