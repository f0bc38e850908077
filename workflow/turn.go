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
