package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/company"
	"lenddesk/key"
)

// Companies is the lifecycle of a legal entity.
var Companies = &Table{Kind: key.KindCompany}

// The moves of a company.
var (
	CreateCompany = add(Companies, Move[company.Status]{
		Name:    "createCompany",
		To:      []company.Status{company.StatusPendingReview},
		By:      []By{permitted(access.ManageCompanies), anyone},
		Follows: "with a registration, or by staff",
	})
	VerifyCompany = add(Companies, Move[company.Status]{
		Name: "verifyCompany",
		From: []company.Status{company.StatusPendingReview},
		To:   []company.Status{company.StatusVerified},
		By:   []By{permitted(access.ManageCompanies)},
	})
	RejectCompany = add(Companies, Move[company.Status]{
		Name: "rejectCompany",
		From: []company.Status{company.StatusPendingReview},
		To:   []company.Status{company.StatusRejected},
		By:   []By{permitted(access.ManageCompanies)},
	})
	UpdateCompany = add(Companies, Move[company.Status]{
		Name:    "updateCompany",
		From:    []company.Status{company.StatusPendingReview, company.StatusVerified, company.StatusRejected},
		To:      []company.Status{company.StatusPendingReview, company.StatusVerified},
		By:      []By{permitted(access.ManageCompanies)},
		Follows: "changed legal data ask for a new review",
	})
)
