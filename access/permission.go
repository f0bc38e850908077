package access

import (
	"fmt"
	"math/bits"
)

// Permission is one thing that a person may do: the contract's enum Permission.
type Permission uint8

// The closed list of permissions, in the contract's order. The numbers are never stored: roles hold names.
const (
	ApplyForLoans Permission = iota
	PlaceBids
	BindBankCards
	ViewUsers
	ManageUsers
	ReviewRegistrations
	RevealPersonalData
	ManageCompanies
	ViewBankCards
	ManageBankCards
	ViewLoans
	ViewBids
	ViewDocuments
	ViewMessages
	ReviewMaterials
	ReviewLoans
	ListLoans
	ReviewBids
	ReviewFunding
	ManageLoans
	ReportPayments
	ManageStaff
	ManageRoles
	ManageParameters
	ManageBackups
	ManageAPIKeys
	ManageWebhooks
	ViewEvents
	ViewStatistics
	ImportExport
	permissions
)

var permissionNames = [permissions]string{
	"APPLY_FOR_LOANS", "PLACE_BIDS", "BIND_BANK_CARDS", "VIEW_USERS", "MANAGE_USERS", "REVIEW_REGISTRATIONS", "REVEAL_PERSONAL_DATA",
	"MANAGE_COMPANIES", "VIEW_BANK_CARDS", "MANAGE_BANK_CARDS", "VIEW_LOANS", "VIEW_BIDS", "VIEW_DOCUMENTS", "VIEW_MESSAGES",
	"REVIEW_MATERIALS", "REVIEW_LOANS", "LIST_LOANS", "REVIEW_BIDS", "REVIEW_FUNDING", "MANAGE_LOANS", "REPORT_PAYMENTS", "MANAGE_STAFF",
	"MANAGE_ROLES", "MANAGE_PARAMETERS", "MANAGE_BACKUPS", "MANAGE_API_KEYS", "MANAGE_WEBHOOKS", "VIEW_EVENTS", "VIEW_STATISTICS",
	"IMPORT_EXPORT",
}

// String is the permission's name in the contract.
func (p Permission) String() string { return permissionNames[p] }

// ParsePermission finds a permission by its name in the contract.
func ParsePermission(name string) (Permission, error) {
	if p, ok := permissionByName[name]; ok {
		return p, nil
	}
	return 0, fmt.Errorf("no permission %q", name)
}

var permissionByName = func() map[string]Permission {
	by := make(map[string]Permission, permissions)
	for p := range permissions {
		by[p.String()] = p
	}
	return by
}()

// Reviews are the permissions to review, which no API key can hold.
const Reviews Permissions = 1<<ReviewRegistrations | 1<<ReviewMaterials | 1<<ReviewLoans | 1<<ReviewBids | 1<<ReviewFunding

// Customers are the permissions that customers may hold.
const Customers Permissions = 1<<ApplyForLoans | 1<<PlaceBids | 1<<BindBankCards

// Permissions is a set of permissions.
type Permissions uint64

// EveryPermission is the administrator's set.
const EveryPermission Permissions = 1<<permissions - 1

// Of makes a set.
func Of(ps ...Permission) Permissions {
	var s Permissions
	for _, p := range ps {
		s |= 1 << p
	}
	return s
}

// Has says whether a permission is in the set.
func (s Permissions) Has(p Permission) bool { return s&(1<<p) != 0 }

// Any says whether at least one of the permissions is in the set.
func (s Permissions) Any(ps ...Permission) bool { return s&Of(ps...) != 0 }

// Names are the set's permissions in the contract's order.
func (s Permissions) Names() []string {
	names := make([]string, 0, bits.OnesCount64(uint64(s)))
	for p := range permissions {
		if s.Has(p) {
			names = append(names, p.String())
		}
	}
	return names
}

// ParsePermissions reads a role's names. A name that is not (or no longer) in the contract gives nothing.
func ParsePermissions(names []string) Permissions {
	var s Permissions
	for _, n := range names {
		if p, err := ParsePermission(n); err == nil {
			s |= 1 << p
		}
	}
	return s
}
