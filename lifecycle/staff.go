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
	InviteStaff = add(Staff, Move[staff.Status]{
		Name:    "inviteStaff",
		From:    []staff.Status{staff.StatusInvited},
		By:      []By{permitted(access.ManageStaff)},
		Follows: "mail with a new link; the links of before are void",
	})
	UpdateStaff = add(Staff, Move[staff.Status]{
		Name:    "updateStaff",
		From:    []staff.Status{staff.StatusInvited, staff.StatusActive, staff.StatusDeactivated},
		By:      []By{permitted(access.ManageStaff)},
		Follows: "a changed address of who is invited gets the mail with a new link",
	})
	SetStaffRoles = add(Staff, Move[staff.Status]{
		Name:    "setStaffRoles",
		From:    []staff.Status{staff.StatusInvited, staff.StatusActive, staff.StatusDeactivated},
		By:      []By{permitted(access.ManageStaff)},
		Follows: "in force from the next request",
	})
	ActivateStaff = add(Staff, Move[staff.Status]{
		Name:    "activateStaff",
		From:    []staff.Status{staff.StatusInvited},
		To:      []staff.Status{staff.StatusActive},
		By:      []By{system},
		Follows: "the invitation is accepted with a password",
	})
	DeactivateStaff = add(Staff, Move[staff.Status]{
		Name:    "deactivateStaff",
		From:    []staff.Status{staff.StatusInvited, staff.StatusActive},
		To:      []staff.Status{staff.StatusDeactivated},
		By:      []By{permitted(access.ManageStaff)},
		Follows: "every session ends, open claims are released",
	})
	ReactivateStaff = add(Staff, Move[staff.Status]{
		Name:    "reactivateStaff",
		From:    []staff.Status{staff.StatusDeactivated},
		To:      []staff.Status{staff.StatusActive, staff.StatusInvited},
		By:      []By{permitted(access.ManageStaff)},
		Follows: "who had not accepted the invitation is invited anew",
	})
	InstallAdministrator = add(Staff, Move[staff.Status]{
		Name:    "installAdministrator",
		To:      []staff.Status{staff.StatusActive},
		By:      []By{system},
		Follows: "the first administrator, on first start",
	})
)
