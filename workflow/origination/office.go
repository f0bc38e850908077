package origination

import "lenddesk/workflow"

// Office does the verbs of borrowers before their loan is listed.
type Office struct{ *workflow.Desk }
