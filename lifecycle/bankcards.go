package lifecycle

import (
	"lenddesk/access"
	"lenddesk/ent/bankcard"
	"lenddesk/key"
)

// BankCards is the lifecycle of a card, bound or being bound. The states are the platform's own, to the letter.
var BankCards = &Table{Kind: key.KindBankCard, Owner: "user_id"}

// The moves of a card.
var (
	BindBankCard = add(BankCards, Move[bankcard.Status]{
		Name: "bindBankCard", To: []bankcard.Status{bankcard.StatusPendingReview}, By: []By{owner},
		Follows: "the automatic check is queued; the page says so",
	})
	RebindBankCard = add(BankCards, Move[bankcard.Status]{
		Name: "rebindBankCard", To: []bankcard.Status{bankcard.StatusPendingReview}, By: []By{owner},
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
		By: []By{owner}, Follows: "the automatic check is queued",
	})
	PayBankCardBinding = add(BankCards, Move[bankcard.Status]{
		Name: "payBankCardBinding", From: []bankcard.Status{bankcard.StatusPendingBinding}, By: []By{owner},
		Follows: "the payment is asked for; one open payment attempt per card",
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
		To:   []bankcard.Status{bankcard.StatusCancelled}, By: []By{owner, system}, Follows: "refused while a payment is open",
	})
	UnbindBankCard = add(BankCards, Move[bankcard.Status]{
		Name: "unbindBankCard", From: []bankcard.Status{bankcard.StatusBound}, To: []bankcard.Status{bankcard.StatusUnbound},
		By: []By{owner, permitted(access.ManageBankCards), system},
	})
	ReplaceCard = add(BankCards, Move[bankcard.Status]{
		Name: "replaceCard", From: []bankcard.Status{bankcard.StatusBound}, To: []bankcard.Status{bankcard.StatusReplaced},
		By: []By{system}, Follows: "a disbursement already ordered keeps the card that it names",
	})
)
