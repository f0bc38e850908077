package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/key"
)

// Users is the lifecycle of a person on the books.
var Users = &Table{Kind: key.KindUser, Owner: "id"}

var (
	// onTheBooks is whoever may still become a customer, is one, or is held back.
	onTheBooks = []user.Status{
		user.StatusPotential, user.StatusPendingReview, user.StatusReturned, user.StatusActive, user.StatusRejected, user.StatusSuspended,
	}
	allOfThem = append([]user.Status{user.StatusWithdrawn, user.StatusClosed}, onTheBooks...)
)

// Nobody reviews their own affairs, nor what they entered themselves.
var (
	otherPerson = Guard{
		Name: "another person than the customer", Needs: []Fact{SamePerson},
		Check: func(f Facts) *fault.Problem {
			if f[SamePerson] == 0 {
				return nil
			}
			return &fault.Problem{Code: fault.SamePerson, Text: "same_person_review"}
		},
	}
	otherEyes = Guard{
		Name: "another person than who entered it", Needs: []Fact{CreatedByViewer},
		Check: func(f Facts) *fault.Problem {
			if f[CreatedByViewer] == 0 {
				return nil
			}
			return &fault.Problem{Code: fault.SamePerson, Text: "same_person_created"}
		},
	}
	noLiveBusiness = Guard{
		Name: "no loan or bid is alive", Needs: []Fact{LiveLoans, LiveBids},
		Check: func(f Facts) *fault.Problem {
			if f[LiveLoans]+f[LiveBids] == 0 {
				return nil
			}
			return &fault.Problem{Code: fault.NotAllowedNow, Text: "live_business", Data: map[string]any{"loans": f[LiveLoans], "bids": f[LiveBids]}}
		},
	}
	notErased = Guard{
		Name: "personal data is still there", Needs: []Fact{Erased},
		Check: func(f Facts) *fault.Problem {
			if f[Erased] == 0 {
				return nil
			}
			return &fault.Problem{Code: fault.NotAllowedNow, Text: "user_erased"}
		},
	}
	twoPairsOfEyes = []Guard{otherPerson, otherEyes}
)

// The moves of a user.
var (
	AddPotentialCustomer = add(Users, Move[user.Status]{
		Name: "addPotentialCustomer", To: []user.Status{user.StatusPotential},
		By: []By{permitted(access.ManageUsers)}, Follows: "a note to follow up",
	})
	RegisterUser = add(Users, Move[user.Status]{
		Name: "registerUser", To: []user.Status{user.StatusPendingReview},
		By: []By{anyone}, Follows: "mail: received",
	})
	ApproveRegistration = add(Users, Move[user.Status]{
		Name: "approveRegistration", From: []user.Status{user.StatusPendingReview}, To: []user.Status{user.StatusActive},
		By: []By{permitted(access.ReviewRegistrations)}, Guards: twoPairsOfEyes,
		Follows: "mail: registration successful (注册成功); a matching potential customer is joined",
	})
	ReturnRegistration = add(Users, Move[user.Status]{
		Name: "returnRegistration", From: []user.Status{user.StatusPendingReview}, To: []user.Status{user.StatusReturned},
		By: []By{permitted(access.ReviewRegistrations)}, Guards: twoPairsOfEyes, Follows: "mail with the reason and the fields to mend",
	})
	ResubmitRegistration = add(Users, Move[user.Status]{
		Name: "resubmitRegistration", From: []user.Status{user.StatusReturned}, To: []user.Status{user.StatusPendingReview},
		By: []By{owner},
	})
	RejectRegistration = add(Users, Move[user.Status]{
		Name: "rejectRegistration", From: []user.Status{user.StatusPendingReview}, To: []user.Status{user.StatusRejected},
		By: []By{permitted(access.ReviewRegistrations)}, Guards: append([]Guard{noLiveBusiness}, twoPairsOfEyes...), Follows: "mail with the reason",
	})
	ReopenRegistration = add(Users, Move[user.Status]{
		Name: "reopenRegistration", From: []user.Status{user.StatusRejected}, To: []user.Status{user.StatusPendingReview},
		By: []By{permitted(access.ReviewRegistrations)}, Guards: twoPairsOfEyes, Follows: "mail",
	})
	WithdrawRegistration = add(Users, Move[user.Status]{
		Name: "withdrawRegistration", From: []user.Status{user.StatusPendingReview, user.StatusReturned}, To: []user.Status{user.StatusWithdrawn},
		By: []By{owner}, Guards: []Guard{noLiveBusiness}, Follows: "cards are unbound, the identifiers are free again, every session ends",
	})
	SuspendUser = add(Users, Move[user.Status]{
		Name: "suspendUser", From: []user.Status{user.StatusActive}, To: []user.Status{user.StatusSuspended},
		By: []By{permitted(access.ManageUsers)}, Guards: []Guard{otherPerson}, Follows: "mail with the reason",
	})
	ReinstateUser = add(Users, Move[user.Status]{
		Name: "reinstateUser", From: []user.Status{user.StatusSuspended}, To: []user.Status{user.StatusActive},
		By: []By{permitted(access.ManageUsers)}, Guards: []Guard{otherPerson}, Follows: "mail",
	})
	AmendRegistration = add(Users, Move[user.Status]{
		Name: "amendRegistration", From: []user.Status{user.StatusActive}, To: []user.Status{user.StatusPendingReview},
		By: []By{owner}, Follows: "what is verified is never simply edited; loans and cards wait",
	})
	UpdateProfile = add(Users, Move[user.Status]{
		Name: "updateProfile", From: []user.Status{user.StatusActive},
		By: []By{owner}, Follows: "the language changes at once; a mail with a link asks to confirm an e-mail address or a phone",
	})
	ConfirmEmail = add(Users, Move[user.Status]{
		Name: "confirmEmail", From: []user.Status{user.StatusActive},
		By: []By{system}, Follows: "the address or phone that was confirmed is in force; a mail tells the old address of the new one",
	})
	JoinPotentialCustomer = add(Users, Move[user.Status]{
		Name: "joinPotentialCustomer", From: []user.Status{user.StatusPotential}, To: []user.Status{user.StatusClosed},
		By: []By{system}, Follows: "its notes and its account manager go to the customer who registered",
	})
	UpdateUser = add(Users, Move[user.Status]{
		Name: "updateUser", From: onTheBooks,
		By: []By{permitted(access.ManageUsers)}, Follows: "what a customer has registered with stays: that is the customer's own to change",
	})
	AssignAccountManager = add(Users, Move[user.Status]{
		Name: "assignAccountManager", From: onTheBooks,
		By: []By{permitted(access.ManageUsers)},
	})
	TagUser = add(Users, Move[user.Status]{
		Name: "tagUser", From: onTheBooks,
		By: []By{permitted(access.ManageUsers)},
	})
	MergeUsers = add(Users, Move[user.Status]{
		Name: "mergeUsers", From: onTheBooks,
		By: []By{permitted(access.ManageUsers)}, Guards: []Guard{otherPerson},
		Follows: "all that belongs to the other belongs to this one; the other's id answers with this one",
	})
	GiveUpForMerger = add(Users, Move[user.Status]{
		Name: "giveUpForMerger", From: allOfThem, To: []user.Status{user.StatusClosed},
		By: []By{permitted(access.ManageUsers)}, Guards: []Guard{otherPerson, notErased},
		Follows: "the other half of mergeUsers: sessions end, links are void",
	})
	CloseUser = add(Users, Move[user.Status]{
		Name: "closeUser", From: []user.Status{user.StatusPotential, user.StatusActive, user.StatusSuspended}, To: []user.Status{user.StatusClosed},
		By: []By{permitted(access.ManageUsers)}, Guards: []Guard{otherPerson, noLiveBusiness},
		Follows: "mail; cards are unbound, the identifiers are free again, every session ends",
	})
	EraseUser = add(Users, Move[user.Status]{
		Name: "eraseUser", From: []user.Status{user.StatusPotential, user.StatusRejected, user.StatusWithdrawn, user.StatusClosed}, To: []user.Status{user.StatusClosed},
		By: []By{permitted(access.ManageUsers)}, Guards: []Guard{otherPerson, noLiveBusiness, notErased},
		Follows: "what the law lets go of the customer is made unreadable; loans, bids, sums and the trail of events stay",
	})
)
