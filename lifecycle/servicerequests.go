package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/servicerequest"
	"lenddesk/key"
)

// ServiceRequests is the lifecycle of a later application of a borrower.
var ServiceRequests = &Table{Kind: key.KindServiceRequest}

// The moves of a borrower's later application.
var (
	RequestEarlySettlement = add(ServiceRequests, Move[servicerequest.Status]{
		Name: "requestEarlySettlement",
		To:   []servicerequest.Status{servicerequest.StatusRequested},
		By:   []By{owner},
	})
	RequestExtension = add(ServiceRequests, Move[servicerequest.Status]{
		Name: "requestExtension",
		To:   []servicerequest.Status{servicerequest.StatusRequested},
		By:   []By{owner},
	})
	DecideServiceRequest = add(ServiceRequests, Move[servicerequest.Status]{
		Name:    "decideServiceRequest",
		From:    []servicerequest.Status{servicerequest.StatusRequested},
		To:      []servicerequest.Status{servicerequest.StatusApproved, servicerequest.StatusRejected},
		By:      []By{permitted(access.ManageLoans)},
		Follows: "an approved extension makes a new plan, an approved early settlement a quote",
	})
)
