package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/company"
	"lenddesk/fault"
	"lenddesk/key"
)

// Companies is the lifecycle of a legal entity.
var Companies = &Table{Kind: key.KindCompany}

// otherEntry: who entered the legal data, at first or by a later change, does not review it.
var otherEntry = Guard{
	Name: "another person than who entered the legal data", Needs: []Fact{EnteredByViewer},
	Check: func(f Facts) *fault.Problem {
		if f[EnteredByViewer] == 0 {
			return nil
		}
		return &fault.Problem{Code: fault.SamePerson, Text: "same_person_created"}
	},
}

// The moves of a company.
var (
	CreateCompany = add(Companies, Move[company.Status]{
		Name: "createCompany",
		To:   []company.Status{company.StatusPendingReview},
		By:   []By{permitted(access.ManageCompanies)},
	})
	RegisterCompany = add(Companies, Move[company.Status]{
		Name:    "registerCompany",
		To:      []company.Status{company.StatusPendingReview},
		By:      []By{anyone},
		Follows: "with a registration that names it",
	})
	VerifyCompany = add(Companies, Move[company.Status]{
		Name: "verifyCompany",
		From: []company.Status{company.StatusPendingReview},
		To:   []company.Status{company.StatusVerified},
		By:   []By{permitted(access.ManageCompanies)}, Guards: []Guard{otherEntry},
	})
	RejectCompany = add(Companies, Move[company.Status]{
		Name: "rejectCompany",
		From: []company.Status{company.StatusPendingReview},
		To:   []company.Status{company.StatusRejected},
		By:   []By{permitted(access.ManageCompanies)}, Guards: []Guard{otherEntry},
	})
	UpdateCompany = add(Companies, Move[company.Status]{
		Name:    "updateCompany",
		From:    []company.Status{company.StatusPendingReview, company.StatusVerified, company.StatusRejected},
		By:      []By{permitted(access.ManageCompanies)},
		Follows: "what is not legal data changes at once",
	})
	AmendCompany = add(Companies, Move[company.Status]{
		Name:    "amendCompany",
		From:    []company.Status{company.StatusPendingReview, company.StatusVerified, company.StatusRejected},
		To:      []company.Status{company.StatusPendingReview},
		By:      []By{permitted(access.ManageCompanies)},
		Follows: "updateCompany with other legal data, which ask for a new review by another person",
	})
)
