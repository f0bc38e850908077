package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/servicerecord"
	"lenddesk/key"
)

// ServiceRecords is the lifecycle of a contact or task with a customer.
var ServiceRecords = &Table{Kind: key.KindServiceRecord, Owner: servicerecord.FieldUserID}

// The moves of a contact or task.
var (
	AddServiceRecord = add(ServiceRecords, Move[servicerecord.Status]{
		Name: "addServiceRecord",
		To:   []servicerecord.Status{servicerecord.StatusOpen},
		By:   []By{permitted(access.ManageUsers)}, Follows: "when it falls due, whose it is gets one mail",
	})
	CompleteServiceRecord = add(ServiceRecords, Move[servicerecord.Status]{
		Name: "completeServiceRecord",
		From: []servicerecord.Status{servicerecord.StatusOpen},
		To:   []servicerecord.Status{servicerecord.StatusCompleted},
		By:   []By{permitted(access.ManageUsers)},
	})
	RemindOfServiceRecord = add(ServiceRecords, Move[servicerecord.Status]{
		Name: "remindOfServiceRecord",
		From: []servicerecord.Status{servicerecord.StatusOpen},
		By:   []By{system}, Follows: "mail to whose it is, once",
	})
)
