package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/staff"
	"lenddesk/key"
)

// Staff is the lifecycle of an employee.
var Staff = &Table{Kind: key.KindStaff}

// The moves of an employee.
var (
	CreateStaff = add(Staff, Move[staff.Status]{
		Name:    "createStaff",
		To:      []staff.Status{staff.StatusInvited},
		By:      []By{permitted(access.ManageStaff)},
		Follows: "mail with a link",
	})
	ActivateStaff = add(Staff, Move[staff.Status]{
		Name:    "activateStaff",
		From:    []staff.Status{staff.StatusInvited},
		To:      []staff.Status{staff.StatusActive},
		By:      []By{system},
		Follows: "first sign-in",
	})
	DeactivateStaff = add(Staff, Move[staff.Status]{
		Name:    "deactivateStaff",
		From:    []staff.Status{staff.StatusInvited, staff.StatusActive},
		To:      []staff.Status{staff.StatusDeactivated},
		By:      []By{permitted(access.ManageStaff)},
		Follows: "every session ends, open claims are released",
	})
	ReactivateStaff = add(Staff, Move[staff.Status]{
		Name: "reactivateStaff",
		From: []staff.Status{staff.StatusDeactivated},
		To:   []staff.Status{staff.StatusActive},
		By:   []By{permitted(access.ManageStaff)},
	})
	InstallAdministrator = add(Staff, Move[staff.Status]{
		Name:    "installAdministrator",
		To:      []staff.Status{staff.StatusActive},
		By:      []By{system},
		Follows: "the first administrator, on first start",
	})
)
