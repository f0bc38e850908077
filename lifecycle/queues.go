package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/bid"
	"lenddesk/ent/company"
	"lenddesk/ent/document"
	"lenddesk/ent/loan"
	"lenddesk/ent/review"
	"lenddesk/ent/servicerequest"
	"lenddesk/ent/user"
	"lenddesk/key"
)

// Queue is one kind of decision that is waited for: of which rows, in which status, by whom.
type Queue struct {
	Of         key.Kind
	Status     string
	Permission access.Permission
}

// Table is where the rows of the queue are stored.
func (q Queue) Table() string { return tableName[q.Of] }

// Queues are the queues of reviewers, by the contract's ReviewQueueKind, which is the step of a review, too.
var Queues = map[review.Step]Queue{
	review.StepRegistration:   {key.KindUser, string(user.StatusPendingReview), access.ReviewRegistrations},
	review.StepCompany:        {key.KindCompany, string(company.StatusPendingReview), access.ManageCompanies},
	review.StepDocument:       {key.KindDocument, string(document.StatusPendingReview), access.ReviewMaterials},
	review.StepMaterials:      {key.KindLoan, string(loan.StatusMaterialsReview), access.ReviewMaterials},
	review.StepApplication:    {key.KindLoan, string(loan.StatusApplicationReview), access.ReviewLoans},
	review.StepBid:            {key.KindBid, string(bid.StatusPendingReview), access.ReviewBids},
	review.StepFunding:        {key.KindLoan, string(loan.StatusFullyFunded), access.ReviewFunding},
	review.StepServiceRequest: {key.KindServiceRequest, string(servicerequest.StatusRequested), access.ManageLoans},
}
