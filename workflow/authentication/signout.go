package authentication

import (
	"context"
	"fmt"

	"lenddesk/access"
	"lenddesk/store"
)

// SignOut ends the viewer's session at once. Nobody in particular is signed out already.
func (o *Office) SignOut(ctx context.Context) error {
	me := access.From(ctx)
	if me.Session == 0 {
		return nil
	}
	return o.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		if err := tx.Session.DeleteOneID(me.Session).Exec(ctx); err != nil {
			return fmt.Errorf("end session: %w", err)
		}
		return nil
	})
}
