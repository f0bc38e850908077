package workflow

import (
	"context"

	"lenddesk/key"
	"lenddesk/store"
)

// turns are the numbers under which customers' turns are taken, apart from those of everything else.
const turns = 0x6375_0000_0000_0000

// Turn waits until nobody else decides by several rows of this customer, such as which card is bound and whether a loan needs it, and keeps others
// waiting until the transaction ends. What is read after it does not change meanwhile.
func Turn(ctx context.Context, tx *store.Tx, of key.User) error {
	return tx.Alone(ctx, turns|int64(of))
}

// loanTurns and companyTurns are the numbers of those.
const (
	loanTurns    = 0x6c6e_0000_0000_0000
	companyTurns = 0x636f_0000_0000_0000
)

// LoanTurn is Turn for who decides by several rows of a loan, such as who has approved it or what was bid. Where a customer's turn is needed too, that is
// taken first.
func LoanTurn(ctx context.Context, tx *store.Tx, of key.Loan) error {
	return tx.Alone(ctx, loanTurns|int64(of))
}

// CompanyTurn is Turn for who decides by several rows of a company, such as what it owes. A customer's turn is taken first, a loan's last.
func CompanyTurn(ctx context.Context, tx *store.Tx, of key.Company) error {
	return tx.Alone(ctx, companyTurns|int64(of))
}
