package origination

import (
	"lenddesk/gateway/blob"
	"lenddesk/workflow"
)

// Office does the verbs of borrowers before their loan is listed.
type Office struct {
	*workflow.Desk
	Files *blob.Store // of documents, sealed
}
