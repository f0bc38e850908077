package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/bankcard"
	"lenddesk/fault"
	"lenddesk/key"
)

// BankCards is the lifecycle of a card, bound or being bound. The states are the platform's own, to the letter.
var BankCards = &Table{Kind: key.KindBankCard, Owner: "user_id"}

// What a card's moves need besides the right status.
var (
	activeOwner = Guard{
		Name: "the owner is ACTIVE", Needs: []Fact{OwnerActive},
		Check: func(f Facts) *fault.Problem {
			if f[OwnerActive] > 0 {
				return nil
			}
			return &fault.Problem{Code: fault.NotEligible}
		},
	}
	oneInProcess = Guard{
		Name: "no other card is in process, nor bound unless this one replaces it", Needs: []Fact{CardsInProcess, OtherBoundCards},
		Check: func(f Facts) *fault.Problem {
			switch {
			case f[CardsInProcess] > 0:
				return &fault.Problem{Code: fault.NotAllowedNow, Text: "card_in_process"}
			case f[OtherBoundCards] > 0:
				return &fault.Problem{Code: fault.NotAllowedNow, Text: "card_bound_already"}
			}
			return nil
		},
	}
	freeNumber = Guard{
		Name: "nobody else has the same card", Needs: []Fact{NumberHeld},
		Check: func(f Facts) *fault.Problem {
			if f[NumberHeld] == 0 {
				return nil
			}
			return &fault.Problem{Code: fault.AlreadyTaken, Text: "card_number_taken"}
		},
	}
	noOpenPayment = Guard{
		Name: "no payment is open", Needs: []Fact{OpenPayments},
		Check: func(f Facts) *fault.Problem {
			if f[OpenPayments] == 0 {
				return nil
			}
			return &fault.Problem{Code: fault.NotAllowedNow, Text: "payment_open"}
		},
	}
	noBusinessOfOwner = Guard{
		Name: "no loan or bid of the owner is alive", Needs: []Fact{OwnersLiveLoans, OwnersLiveBids},
		Check: func(f Facts) *fault.Problem {
			if f[OwnersLiveLoans]+f[OwnersLiveBids] == 0 {
				return nil
			}
			return &fault.Problem{Code: fault.NotAllowedNow, Text: "card_needed", Data: map[string]any{"loans": f[OwnersLiveLoans], "bids": f[OwnersLiveBids]}}
		},
	}
	bindsCards = ownerWith(access.BindBankCards)
)

// The moves of a card.
var (
	BindBankCard = add(BankCards, Move[bankcard.Status]{
		Name: "bindBankCard", To: []bankcard.Status{bankcard.StatusPendingReview}, By: []By{bindsCards},
		Follows: "the automatic check is queued; the page says so",
	})
	RebindBankCard = add(BankCards, Move[bankcard.Status]{
		Name: "rebindBankCard", Beside: []bankcard.Status{bankcard.StatusBound}, To: []bankcard.Status{bankcard.StatusPendingReview}, By: []By{bindsCards},
		Guards:  []Guard{activeOwner, oneInProcess},
		Follows: "the automatic check is queued; the old card stays bound until the new one is",
	})
	PassVerification = add(BankCards, Move[bankcard.Status]{
		Name: "passVerification", From: []bankcard.Status{bankcard.StatusPendingReview}, To: []bankcard.Status{bankcard.StatusPendingBinding},
		By: []By{system}, Follows: "mail",
	})
	FailVerification = add(BankCards, Move[bankcard.Status]{
		Name: "failVerification", From: []bankcard.Status{bankcard.StatusPendingReview}, To: []bankcard.Status{bankcard.StatusActivated},
		By: []By{system}, Follows: "mail with the reason",
	})
	RetryBankCardVerification = add(BankCards, Move[bankcard.Status]{
		Name: "retryBankCardVerification", From: []bankcard.Status{bankcard.StatusActivated}, To: []bankcard.Status{bankcard.StatusPendingReview},
		By: []By{bindsCards}, Guards: []Guard{activeOwner, oneInProcess, freeNumber}, Follows: "the automatic check is queued",
	})
	PayBankCardBinding = add(BankCards, Move[bankcard.Status]{
		Name: "payBankCardBinding", From: []bankcard.Status{bankcard.StatusPendingBinding}, By: []By{bindsCards}, Guards: []Guard{activeOwner},
		Follows: "the payment is asked for; while it is open, another call returns it",
	})
	ConfirmBinding = add(BankCards, Move[bankcard.Status]{
		Name: "confirmBinding", From: []bankcard.Status{bankcard.StatusPendingBinding}, To: []bankcard.Status{bankcard.StatusBound},
		By: []By{system}, Follows: "mail; a card being replaced becomes REPLACED",
	})
	FailBinding = add(BankCards, Move[bankcard.Status]{
		Name: "failBinding", From: []bankcard.Status{bankcard.StatusPendingBinding}, By: []By{system}, Follows: "mail; may be tried again",
	})
	CancelBankCardBinding = add(BankCards, Move[bankcard.Status]{
		Name: "cancelBankCardBinding",
		From: []bankcard.Status{bankcard.StatusPendingReview, bankcard.StatusPendingBinding, bankcard.StatusActivated},
		To:   []bankcard.Status{bankcard.StatusCancelled}, By: []By{bindsCards, system}, Guards: []Guard{noOpenPayment},
	})
	UnbindBankCard = add(BankCards, Move[bankcard.Status]{
		Name: "unbindBankCard", From: []bankcard.Status{bankcard.StatusBound}, To: []bankcard.Status{bankcard.StatusUnbound},
		By: []By{bindsCards, permitted(access.ManageBankCards), system}, Guards: []Guard{noBusinessOfOwner},
	})
	ReplaceCard = add(BankCards, Move[bankcard.Status]{
		Name: "replaceCard", From: []bankcard.Status{bankcard.StatusBound}, To: []bankcard.Status{bankcard.StatusReplaced},
		By: []By{system}, Follows: "a disbursement already ordered keeps the card that it names",
	})
)
