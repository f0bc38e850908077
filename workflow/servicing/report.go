package servicing

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/disbursement"
	"lenddesk/fault"
	"lenddesk/gateway/finance"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Why a report of finance is not taken. Nothing has changed then.
var (
	// ErrUnknown is said of a report of an order that is not ours.
	ErrUnknown = errors.New("no such order")
	// ErrContradicted is said of a report that differs from the one before, or comes under another report's reference.
	ErrContradicted = errors.New("the report contradicts what was reported before")
	// ErrUnfit is said of a report that cannot be: of a payment ahead of time, of a bid that is not in the order.
	ErrUnfit = errors.New("the report does not fit the order")
)

// reporter is finance's name in the history of a loan.
const reporter = "finance"

// Reported takes what finance says of an order, whichever way it came: confirmDisbursement and failDisbursement are another door to the same. It returns
// ErrUnknown, ErrContradicted or ErrUnfit; a report that is there already changes nothing, nor does word that the order is accepted change what is reported.
func (o *Office) Reported(ctx context.Context, a finance.Answer) error {
	err := o.Store.InTx(access.AsSystem(ctx, reporter), func(ctx context.Context, tx *store.Tx) error {
		order, err := tx.Disbursement.Query().Where(disbursement.Number(a.OrderNumber)).Only(ctx)
		if ent.IsNotFound(err) {
			return ErrUnknown
		}
		if err != nil {
			return fmt.Errorf("look for the order: %w", err)
		}
		if a.Result == finance.Accepted {
			return accept(ctx, tx, order)
		}
		l, err := inTurn(ctx, tx, order.LoanID)
		if err != nil {
			return err
		}
		var faults fault.List
		if a.Result == finance.Confirmed {
			at := a.DisbursedAt.Format(time.RFC3339Nano)
			told := report{Reference: name(&faults, &a.Reference, "reference"), DisbursedAt: happened(&faults, &at, "disbursedAt")}
			if err := faults.Err(); err != nil {
				return err
			}
			return o.confirm(ctx, tx, l, order.Number, told, nil)
		}
		reason := workflow.Reason(&faults, &a.Reason)
		failed, err := o.failedBids(ctx, tx, l, a.FailedBidIDs, &faults)
		if err != nil {
			return err
		}
		if err := faults.Err(); err != nil {
			return err
		}
		return o.fail(ctx, tx, l, order.Number, reason, failed, nil)
	})
	faults, refused := fault.Find(err)
	if !refused {
		return err
	}
	why := ErrUnfit
	for _, f := range faults {
		if f.Code == fault.Conflict {
			why = ErrContradicted
		}
	}
	slog.WarnContext(ctx, "a report of finance is not taken", "order", a.OrderNumber, "result", a.Result, "faults", faults.Error())
	return fmt.Errorf("%w: %w", why, err)
}

// accept notes that finance has an order, the first time and while its report is waited for.
func accept(ctx context.Context, tx *store.Tx, order *ent.Disbursement) error {
	err := tx.Disbursement.Update().Where(disbursement.ID(order.ID), disbursement.StateEQ(disbursement.StateOrdered), disbursement.AcceptedAtIsNil()).
		SetAcceptedAt(lifecycle.Now()).Exec(ctx)
	if err != nil {
		return fmt.Errorf("note that the order is accepted: %w", err)
	}
	return nil
}
