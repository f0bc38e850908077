package binding

import (
	"context"

	"lenddesk/key"
	"lenddesk/lifecycle"
)

// UnbindInput names a bound card.
type UnbindInput struct {
	BankCardID      string
	ExpectedVersion *int
}

// Unbind lets a bound card go: its owner may, and staff with MANAGE_BANK_CARDS.
//
// It returns NOT_FOUND, CONFLICT, and NOT_ALLOWED_NOW, also while the owner has a loan or a bid under way.
func (o *Office) Unbind(ctx context.Context, in UnbindInput) (key.BankCard, error) {
	return o.letGo(ctx, lifecycle.UnbindBankCard, in.BankCardID, in.ExpectedVersion)
}
