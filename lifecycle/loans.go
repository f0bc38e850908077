package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/loan"
	"lenddesk/key"
)

// Loans is the lifecycle of a loan, from the application to the last repayment.
var Loans = &Table{Kind: key.KindLoan, Owner: "borrower_id"}

// The moves of a loan.
var (
	ApplyForLoan = add(Loans, Move[loan.Status]{
		Name: "applyForLoan", To: []loan.Status{loan.StatusDraft}, By: []By{borrows},
	})
	UpdateLoanApplication = add(Loans, Move[loan.Status]{
		Name: "updateLoanApplication", From: []loan.Status{loan.StatusDraft, loan.StatusReturned}, By: []By{borrows},
	})
	SubmitLoanApplication = add(Loans, Move[loan.Status]{
		Name: "submitLoanApplication", From: []loan.Status{loan.StatusDraft, loan.StatusReturned}, To: []loan.Status{loan.StatusMaterialsReview},
		By: []By{borrows}, Guards: []Guard{activeBorrower, fitCompany, boundCard, termsWithin, amountWithin, documentsThere},
		Follows: "judged by the parameters in force now",
	})
	ApproveLoanMaterials = add(Loans, Move[loan.Status]{
		Name: "approveLoanMaterials", From: []loan.Status{loan.StatusMaterialsReview}, To: []loan.Status{loan.StatusApplicationReview},
		By: []By{permitted(access.ReviewMaterials)}, Guards: []Guard{otherThanBorrower, activeBorrower, documentsApproved},
	})
	ApproveLoanApplication = add(Loans, Move[loan.Status]{
		Name: "approveLoanApplication", From: []loan.Status{loan.StatusApplicationReview},
		To: []loan.Status{loan.StatusApproved, loan.StatusApplicationReview},
		By: []By{permitted(access.ReviewLoans)}, Guards: []Guard{otherThanBorrower, notApprovedBefore, activeBorrower, documentsApproved},
		Follows: "stays until as many different people as the amount asks for have approved; changed terms void what was given before; mail when approved",
	})
	AcceptLoanTerms = add(Loans, Move[loan.Status]{
		Name: "acceptLoanTerms", From: []loan.Status{loan.StatusApproved}, By: []By{borrows}, Guards: []Guard{termsToAccept},
		Follows: "listing may follow",
	})
	ReturnLoanApplication = add(Loans, Move[loan.Status]{
		Name: "returnLoanApplication", From: []loan.Status{loan.StatusMaterialsReview, loan.StatusApplicationReview},
		To: []loan.Status{loan.StatusReturned}, By: reviewersOfStep, Guards: []Guard{otherThanBorrower},
		Follows: "mail with what is missing; a new round starts, with the terms that were requested",
	})
	RejectLoanApplication = add(Loans, Move[loan.Status]{
		Name: "rejectLoanApplication", From: []loan.Status{loan.StatusMaterialsReview, loan.StatusApplicationReview},
		To: []loan.Status{loan.StatusRejected}, By: reviewersOfStep, Guards: []Guard{otherThanBorrower}, Follows: "mail with the reason",
	})
	WithdrawLoanApplication = add(Loans, Move[loan.Status]{
		Name: "withdrawLoanApplication",
		From: []loan.Status{loan.StatusDraft, loan.StatusMaterialsReview, loan.StatusApplicationReview, loan.StatusReturned, loan.StatusApproved},
		To:   []loan.Status{loan.StatusWithdrawn}, By: []By{borrows},
	})
	ListLoan = add(Loans, Move[loan.Status]{
		Name: "listLoan", From: []loan.Status{loan.StatusApproved}, To: []loan.Status{loan.StatusBidding}, By: []By{permitted(access.ListLoans)},
		Guards: []Guard{otherThanBorrower, activeBorrower, boundCard, termsAgreed}, Follows: "investors see it; bids from opensAt to closesAt",
	})
	BidOnLoan = add(Loans, Move[loan.Status]{
		Name: "placeBid", Beside: []loan.Status{loan.StatusBidding}, By: []By{bids},
		Guards: []Guard{activeViewer, viewersCard, othersListing, openListing, notFull}, Follows: "a bid; its amount is reserved",
	})
	FillListing = add(Loans, Move[loan.Status]{
		Name: "fillListing", From: []loan.Status{loan.StatusBidding}, To: []loan.Status{loan.StatusFullyFunded}, By: []By{system},
		Follows: "when approved bids make the amount",
	})
	CloseListing = add(Loans, Move[loan.Status]{
		Name: "closeListing", From: []loan.Status{loan.StatusBidding, loan.StatusFullyFunded}, To: []loan.Status{loan.StatusListingFailed}, By: []By{system},
		Follows: "流标: every bid is released; mails",
	})
	CancelListing = add(Loans, Move[loan.Status]{
		Name: "cancelListing", From: []loan.Status{loan.StatusBidding}, To: []loan.Status{loan.StatusCancelled}, By: []By{permitted(access.ListLoans)},
		Guards: []Guard{otherThanBorrower}, Follows: "every bid is released; mails with the reason",
	})
	RelistLoan = add(Loans, Move[loan.Status]{
		Name: "relistLoan", From: []loan.Status{loan.StatusListingFailed, loan.StatusCancelled}, To: []loan.Status{loan.StatusApproved},
		By: []By{permitted(access.ListLoans)}, Guards: []Guard{otherThanBorrower, activeBorrower, boundCard, amountWithin},
	})
	ApproveFunding = add(Loans, Move[loan.Status]{
		Name: "approveFunding", From: []loan.Status{loan.StatusFullyFunded}, To: []loan.Status{loan.StatusAwaitingDisbursement},
		By: []By{permitted(access.ReviewFunding)}, Guards: []Guard{otherThanBorrower, otherThanApprover, activeBorrower, boundCard},
		Follows: "a numbered order to finance",
	})
	RejectFunding = add(Loans, Move[loan.Status]{
		Name: "rejectFunding", From: []loan.Status{loan.StatusFullyFunded}, To: []loan.Status{loan.StatusListingFailed},
		By: []By{permitted(access.ReviewFunding)}, Guards: []Guard{otherThanBorrower, otherThanApprover}, Follows: "every bid is released; mails with the reason",
	})
	ConfirmDisbursement = add(Loans, Move[loan.Status]{
		Name: "confirmDisbursement", From: []loan.Status{loan.StatusAwaitingDisbursement}, To: []loan.Status{loan.StatusRepaying},
		By: []By{permitted(access.ReportPayments), system}, Guards: []Guard{otherThanFunder}, Follows: "the repayment plan is made; bids are held; mail",
	})
	FailDisbursement = add(Loans, Move[loan.Status]{
		Name: "failDisbursement", From: []loan.Status{loan.StatusAwaitingDisbursement}, To: []loan.Status{loan.StatusFullyFunded, loan.StatusBidding},
		By: []By{permitted(access.ReportPayments), system}, Guards: []Guard{otherThanFunder}, Follows: "with failed bids: those are released and it takes bids again",
	})
	RecordRepayment = add(Loans, Move[loan.Status]{
		Name:    "recordRepayment",
		From:    []loan.Status{loan.StatusRepaying, loan.StatusOverdue, loan.StatusDefaulted, loan.StatusWrittenOff},
		To:      []loan.Status{loan.StatusRepaying, loan.StatusOverdue, loan.StatusDefaulted, loan.StatusWrittenOff, loan.StatusSettled},
		By:      []By{permitted(access.ReportPayments)},
		Follows: "stays, is cured or settled, as the rows then say; on WRITTEN_OFF a recovery",
	})
	ReverseRepayment = add(Loans, Move[loan.Status]{
		Name:    "reverseRepayment",
		From:    []loan.Status{loan.StatusRepaying, loan.StatusOverdue, loan.StatusDefaulted, loan.StatusWrittenOff, loan.StatusSettled},
		To:      []loan.Status{loan.StatusRepaying, loan.StatusOverdue, loan.StatusDefaulted, loan.StatusWrittenOff},
		By:      []By{permitted(access.ReportPayments)},
		Follows: "what the rows then say; WRITTEN_OFF stays",
	})
	MarkOverdue = add(Loans, Move[loan.Status]{
		Name:    "markOverdue",
		From:    []loan.Status{loan.StatusRepaying},
		To:      []loan.Status{loan.StatusOverdue},
		By:      []By{system},
		Follows: "mail",
	})
	CureLoan = add(Loans, Move[loan.Status]{
		Name: "cureLoan",
		From: []loan.Status{loan.StatusOverdue},
		To:   []loan.Status{loan.StatusRepaying},
		By:   []By{system},
	})
	SettleLoanEarly = add(Loans, Move[loan.Status]{
		Name:    "settleLoanEarly",
		From:    []loan.Status{loan.StatusRepaying, loan.StatusOverdue},
		To:      []loan.Status{loan.StatusSettled},
		By:      []By{permitted(access.ReportPayments)},
		Follows: "later interest is cancelled",
	})
	SettlementOfLoan = add(Loans, Move[loan.Status]{
		Name: "requestEarlySettlement", Beside: []loan.Status{loan.StatusRepaying, loan.StatusOverdue}, By: []By{borrows},
		Guards: []Guard{noOpenSettlement}, Follows: "a request that MANAGE_LOANS decides on",
	})
	ExtensionOfLoan = add(Loans, Move[loan.Status]{
		Name: "requestExtension", Beside: []loan.Status{loan.StatusRepaying, loan.StatusOverdue}, By: []By{borrows},
		Guards: []Guard{noOpenExtension}, Follows: "a request that MANAGE_LOANS decides on",
	})
	ExtendLoan = add(Loans, Move[loan.Status]{
		Name: "extendLoan", From: []loan.Status{loan.StatusRepaying, loan.StatusOverdue}, By: []By{permitted(access.ManageLoans)},
		Guards: []Guard{otherThanBorrower, activeBorrower}, Follows: "by an approved request: lines that are not yet due are replaced by those of a new plan",
	})
	DefaultLoan = add(Loans, Move[loan.Status]{
		Name: "defaultLoan",
		From: []loan.Status{loan.StatusOverdue},
		To:   []loan.Status{loan.StatusDefaulted},
		By:   []By{permitted(access.ManageLoans), system}, Guards: []Guard{otherThanBorrower},
	})
	WriteOffLoan = add(Loans, Move[loan.Status]{
		Name: "writeOffLoan",
		From: []loan.Status{loan.StatusDefaulted},
		To:   []loan.Status{loan.StatusWrittenOff},
		By:   []By{permitted(access.ManageLoans), system}, Guards: []Guard{otherThanBorrower},
		Follows: "what is lost is shared by outstanding principal",
	})
)
