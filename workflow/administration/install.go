package administration

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"

	"lenddesk/access"
	"lenddesk/ent/role"
	"lenddesk/ent/staff"
	"lenddesk/fault"
	"lenddesk/identity"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Office does the verbs of the system's own management.
type Office struct{ *workflow.Desk }

// Role is a role that a new book has.
type Role struct {
	Name, Description string
	Holds             access.Permissions
}

// BuiltIn are the roles of a new book: editable, except for the administrator's.
func BuiltIn() []Role { return slices.Clone(roles) }

var roles = []Role{
	{"ADMINISTRATOR", "Every permission, and no exemption from the rule of two pairs of eyes.", access.EveryPermission},
	{access.BorrowerRole, "What an active customer may do who borrows.", access.Of(access.ApplyForLoans, access.BindBankCards)},
	{access.InvestorRole, "What an active customer may do who invests.", access.Of(access.PlaceBids, access.BindBankCards)},
	{
		"CUSTOMER_SERVICE", "Keeps customer relations and reviews registrations.",
		access.Of(access.ViewUsers, access.ManageUsers, access.ReviewRegistrations, access.ManageCompanies, access.ViewBankCards, access.ManageBankCards,
			access.ViewLoans, access.ViewMessages, access.ViewDocuments),
	},
	{
		"CREDIT_REVIEWER", "Reviews materials, applications and bids, and lists loans.",
		access.Of(access.ViewUsers, access.ViewLoans, access.ViewBids, access.ViewDocuments, access.ReviewMaterials, access.ReviewLoans, access.ListLoans, access.ReviewBids),
	},
	{
		"FUNDING_REVIEWER", "Reviews funding and manages loans under way.",
		access.Of(access.ViewUsers, access.ViewLoans, access.ViewBids, access.ViewBankCards, access.ReviewFunding, access.ManageLoans, access.ViewStatistics),
	},
	{"FINANCE", "For the finance system: reports payments.", access.Of(access.ViewLoans, access.ViewBids, access.ReportPayments)},
}

// First is what an empty book begins with: the first administrator, and the profile of parameters. An empty password has one made.
type First struct {
	Email, Password string
	Profile         parameter.Profile
}

// DefaultEmail is the first administrator's where none is set.
const DefaultEmail = "admin@lenddesk.example"

// Install prepares an empty book, once: built-in roles, the profile whose defaults parameters have until they are set, the first administrator. It returns the password to be shown
// if it made one. A book that has been prepared is left alone. An address or password that breaks the rules is a fault.List.
func (o *Office) Install(ctx context.Context, first First) (email, password string, err error) {
	ctx = access.AsSystem(ctx, "installation")
	var faults fault.List
	if first.Email == "" {
		first.Email = DefaultEmail
	}
	email, problem := identity.Email(first.Email)
	if problem != nil {
		faults.Add(*problem, "LENDDESK_ADMIN_EMAIL")
	}
	if first.Password != "" {
		if problem := identity.Password(first.Password, email); problem != nil {
			faults.Add(*problem, "LENDDESK_ADMIN_PASSWORD")
		}
	} else {
		first.Password = rand.Text()
		password = first.Password
	}
	if err := faults.Err(); err != nil {
		return "", "", err
	}
	prepared := false
	look := func(ctx context.Context, tx *store.Tx) (err error) {
		prepared, err = tx.Staff.Query().Exist(ctx)
		return err
	}
	if err := o.Store.InTx(ctx, look); err != nil || prepared {
		return "", "", err
	}
	hash, err := o.Passwords.Hash(ctx, first.Password)
	if err != nil {
		return "", "", err
	}
	err = o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return install(ctx, tx, email, hash, first.Profile) })
	if _, twice := store.UniqueViolation(err); twice { // another server was faster
		return "", "", nil
	}
	if err != nil {
		return "", "", err
	}
	return email, password, nil
}

func install(ctx context.Context, tx *store.Tx, email, hash string, profile parameter.Profile) error {
	for _, r := range roles {
		if err := tx.Role.Create().SetName(r.Name).SetDescription(r.Description).SetPermissions(r.Holds.Names()).SetBuiltIn(true).Exec(ctx); err != nil {
			return fmt.Errorf("make role %s: %w", r.Name, err)
		}
	}
	if err := tx.Parameter.Create().SetName(parameter.ProfileName).SetValue(string(profile)).SetEffectiveAt(lifecycle.Now()).Exec(ctx); err != nil {
		return fmt.Errorf("set the profile: %w", err)
	}
	language := parameter.Values{parameter.ProfileName: string(profile)}.Text(parameter.DefaultLocale)
	every, err := tx.Role.Query().Where(role.Name("ADMINISTRATOR")).OnlyID(ctx)
	if err != nil {
		return fmt.Errorf("find the administrator's role: %w", err)
	}
	first, err := tx.Staff.Create().SetName("Administrator").SetEmail(email).SetPasswordHash(hash).SetLocale(language).
		SetStatus(staff.StatusActive).AddRoleIDs(every).Save(ctx)
	if err != nil {
		return fmt.Errorf("make the first administrator: %w", err)
	}
	return lifecycle.Born(ctx, tx, lifecycle.InstallAdministrator, int64(first.ID), first.Status, 0, lifecycle.Said{})
}
