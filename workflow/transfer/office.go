package transfer

import (
	"context"
	"encoding/json"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/gateway/blob"
	"lenddesk/key"
	"lenddesk/workflow"
)

// Office does the verbs of imports and exports.
type Office struct {
	*workflow.Desk
	Files *blob.Store // sealed
	// Ask reads, as the viewer of the context, what a document of the contract asks for, and gives its data. An error is what the contract would tell.
	Ask func(ctx context.Context, document string, variables map[string]any) (json.RawMessage, error)
}

// asker is who asked for a file, with the permissions held then.
func asker(staff *key.Staff, apiKey *key.APIKey, customer *key.User, permissions []string, locale string) access.Viewer {
	v := access.Viewer{Permissions: access.ParsePermissions(permissions), Locale: locale}
	switch {
	case staff != nil:
		v.Staff = *staff
	case apiKey != nil:
		v.APIKey = *apiKey
	case customer != nil:
		v.User = *customer
	}
	return v
}

// by are the columns of who asks.
func by(v access.Viewer) (staff *key.Staff, apiKey *key.APIKey) {
	if v.Staff != 0 {
		staff = &v.Staff
	}
	if v.APIKey != 0 {
		apiKey = &v.APIKey
	}
	return staff, apiKey
}

// busy refuses who has as many jobs under way as anybody may.
func busy(running, most int) error {
	if running < most {
		return nil
	}
	return fault.Refuse(fault.Problem{Code: fault.LimitExceeded, Text: "transfers_running", Data: map[string]any{"maximum": most}})
}
