package servicing

import (
	"context"
	"fmt"
	"slices"
	"time"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/allocation"
	"lenddesk/ent/loan"
	"lenddesk/ent/repayment"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/money/ledger"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/mailing"
)

// RepayInput is finance's report of a payment.
type RepayInput struct {
	LoanID                    string
	Amount, PaidAt, Reference *string
	ExpectedVersion           *int
}

// Paid is a payment that was entered, and its loan.
type Paid struct {
	Loan      key.Loan
	Repayment key.Repayment
}

// payment is a report of a payment that was read and found in order.
type payment struct {
	amount    money.Amount
	at        time.Time
	reference string
	settles   bool
}

// Repay enters a payment of any amount that is owed: oldest line first, in it penalty, interest, principal. On a loan that was written off it is a recovery.
//
// It returns a fault for every field that breaks its rule, AMOUNT_EXCEEDS_REMAINING at amount for more than is owed; NOT_FOUND, NOT_ALLOWED_NOW; CONFLICT,
// also at reference for another report under the same reference. The same report again is answered as the first.
func (o *Office) Repay(ctx context.Context, in RepayInput) (Paid, error) {
	if err := lifecycle.RecordRepayment.Permit(access.From(ctx)); err != nil {
		return Paid{}, err
	}
	return o.reported(ctx, in, false, func(ctx context.Context, tx *store.Tx, b *book, p payment) (Paid, error) {
		on := b.rules.day(p.at)
		b.charge(on)
		allocate := ledger.Allocate
		if b.lost() {
			allocate = ledger.Recover
		}
		parts, left := allocate(b.lines, p.amount)
		if left > 0 {
			owed := ledger.Open(b.lines).Sum()
			return Paid{}, fault.Refuse(fault.Problem{Code: fault.AmountExceedsRemaining, Text: "payment_exceeds", Data: map[string]any{"outstanding": owed.String()}}, "amount")
		}
		made, err := o.enter(ctx, tx, b, p, parts, on, 0)
		if err != nil {
			return Paid{}, err
		}
		return made, o.conclude(ctx, tx, b, b.seen(on), lifecycle.RecordRepayment, in.ExpectedVersion)
	}, lifecycle.RecordRepayment)
}

// reported reads a report of a payment, finds its loan, and has it take effect unless it has had already.
func (o *Office) reported(ctx context.Context, in RepayInput, settles bool, effect func(context.Context, *store.Tx, *book, payment) (Paid, error), move lifecycle.Move[loan.Status]) (Paid, error) {
	var entered fault.List
	p := payment{
		amount: amount(&entered, in.Amount, "amount"), at: happened(&entered, in.PaidAt, "paidAt"), reference: name(&entered, in.Reference, "reference"), settles: settles,
	}
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (Paid, error) {
		faults := append(fault.List{}, entered...)
		l, err := o.loan(ctx, tx, in.LoanID)
		if err := workflow.Gather(&faults, err); err != nil {
			return Paid{}, err
		}
		if err := faults.Err(); err != nil {
			return Paid{}, err
		}
		before, err := tx.Repayment.Query().Where(repayment.Reference(p.reference)).Only(ctx)
		switch {
		case ent.IsNotFound(err):
		case err != nil:
			return Paid{}, fmt.Errorf("look for the reference: %w", err)
		case before.LoanID == l.ID && before.Amount == p.amount && before.PaidAt.Equal(p.at) && before.Settles == settles:
			return Paid{l.ID, before.ID}, nil
		default:
			return Paid{}, fault.Refuse(fault.Problem{Code: fault.Conflict, Text: "reference_used"}, "reference")
		}
		if !slices.Contains(move.From, l.Status) { // refused by the move, before anything is said of the amount
			return Paid{}, lifecycle.Allowed(ctx, tx, move, ofLoan(l), lifecycle.Said{Expected: in.ExpectedVersion})
		}
		b, err := o.openBook(ctx, tx, l)
		if err != nil {
			return Paid{}, err
		}
		if l.DisbursedAt != nil && b.rules.day(p.at) < b.rules.day(*l.DisbursedAt) {
			return Paid{}, fault.Refuse(fault.Problem{Code: fault.OutOfRange, Text: "paid_before_disbursement"}, "paidAt")
		}
		paid, err := effect(ctx, tx, b, p)
		if _, twin := store.UniqueViolation(err); twin { // for another loan, at the same moment
			return Paid{}, fault.Refuse(fault.Problem{Code: fault.Conflict, Text: "reference_used"}, "reference")
		}
		return paid, err
	})
}

// enter writes a payment and where it went.
func (o *Office) enter(ctx context.Context, tx *store.Tx, b *book, p payment, parts []ledger.Parts, on ledger.Day, fee money.Amount) (Paid, error) {
	var whole ledger.Parts
	for _, part := range parts {
		whole = whole.Plus(part)
	}
	kind, id, actor := access.From(ctx).Actor()
	create := tx.Repayment.Create().SetLoanID(b.loan.ID).SetAmount(p.amount).SetPenalty(whole.Penalty).SetInterest(whole.Interest).SetPrincipal(whole.Principal).
		SetFee(fee).SetSettles(p.settles).SetPaidAt(p.at).SetReference(p.reference).SetReportedByType(kind).SetReportedByID(id)
	if actor != "" {
		create.SetReportedByName(actor)
	}
	made, err := create.Save(ctx)
	if err != nil {
		return Paid{}, fmt.Errorf("enter the payment: %w", err)
	}
	var went []*ent.AllocationCreate
	for i, part := range parts {
		if part.Sum() > 0 {
			went = append(went, tx.Allocation.Create().SetRepaymentID(made.ID).SetInstallmentID(b.rows[i].ID).SetPaidOn(on.String()).
				SetPenalty(part.Penalty).SetInterest(part.Interest).SetPrincipal(part.Principal))
		}
	}
	if err := tx.Allocation.CreateBulk(went...).Exec(ctx); err != nil {
		return Paid{}, fmt.Errorf("allocate the payment: %w", err)
	}
	ledger.Pay(b.lines, parts, on)
	return Paid{b.loan.ID, made.ID}, nil
}

// conclude writes the book as it is on a day, and makes the move to where the rows then say that the loan stands. Bids are settled, or held again, with it.
func (o *Office) conclude(ctx context.Context, tx *store.Tx, b *book, on ledger.Day, move lifecycle.Move[loan.Status], expected *int) error {
	b.charge(on)
	if err := b.save(ctx, tx, on); err != nil {
		return err
	}
	was, to := b.loan.Status, b.stands(on)
	changed, said := b.changed(tx, on), lifecycle.Said{Expected: expected}
	var err error
	if len(move.To) == 1 {
		err = lifecycle.Make(ctx, tx, move, changed, ofLoan(b.loan), said)
	} else {
		err = lifecycle.MakeTo(ctx, tx, move, changed, ofLoan(b.loan), to, said)
	}
	if err != nil || was == to {
		return err
	}
	switch {
	case to == loan.StatusSettled:
		if err := eachBid(ctx, tx, b.loan.ID, lifecycle.SettleBid); err != nil {
			return err
		}
		return o.tell(ctx, tx, b.loan, mailing.LoanSettled, nil)
	case was == loan.StatusSettled:
		return eachBid(ctx, tx, b.loan.ID, lifecycle.ReopenBid)
	case to == loan.StatusOverdue:
		return o.tell(ctx, tx, b.loan, mailing.LoanOverdue, map[string]any{"amount": b.late(on).String()})
	}
	return nil
}

// late is what is owed on lines that are late.
func (b *book) late(on ledger.Day) (sum money.Amount) {
	for _, l := range b.lines {
		if l.Late(on, b.rules.grace) {
			sum += l.Open().Sum()
		}
	}
	return sum
}

// tell writes to the borrower.
func (o *Office) tell(ctx context.Context, tx *store.Tx, l *ent.Loan, kind string, data map[string]any) error {
	u, err := o.Myself(ctx, tx, l.BorrowerID)
	if err != nil {
		return err
	}
	said := map[string]any{"number": l.Number}
	for k, v := range data {
		said[k] = v
	}
	return mailing.Tell(ctx, o.Desk, tx, u, kind, said)
}

// ReverseInput names a payment that bounced.
type ReverseInput struct {
	RepaymentID     string
	Reason          *string
	ExpectedVersion *int
}

// Reverse undoes a payment that bounced: what it paid is owed again, and penalties are as if it had never come. Later payments stay where they are. A loan
// that is written off stays so, and its bids lose again what the payment had brought them.
//
// It returns REQUIRED, TOO_LONG at reason; NOT_FOUND at repaymentId; NOT_ALLOWED_NOW, also for one that is reversed already; CONFLICT.
func (o *Office) Reverse(ctx context.Context, in ReverseInput) (Paid, error) {
	if err := lifecycle.ReverseRepayment.Permit(access.From(ctx)); err != nil {
		return Paid{}, err
	}
	var entered fault.List
	reason := workflow.Reason(&entered, in.Reason)
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (Paid, error) {
		faults := append(fault.List{}, entered...)
		k, err := access.Find[key.Repayment](ctx, tx, o.IDs, key.KindRepayment, repayment.Table, in.RepaymentID, "repaymentId")
		if err := workflow.Gather(&faults, err); err != nil {
			return Paid{}, err
		}
		if err := faults.Err(); err != nil {
			return Paid{}, err
		}
		found, err := tx.Repayment.Get(ctx, k)
		if err != nil {
			return Paid{}, fmt.Errorf("read the payment: %w", err)
		}
		l, err := inTurn(ctx, tx, found.LoanID)
		if err != nil {
			return Paid{}, err
		}
		n, err := tx.Repayment.Update().Where(repayment.ID(k), repayment.ReversedAtIsNil()).SetReversedAt(lifecycle.Now()).Save(ctx)
		if err != nil {
			return Paid{}, fmt.Errorf("reverse the payment: %w", err)
		}
		if n == 0 {
			return Paid{}, fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "payment_reversed"}, "repaymentId")
		}
		said := lifecycle.Said{Reason: reason, Expected: in.ExpectedVersion}
		if !slices.Contains(lifecycle.ReverseRepayment.From, l.Status) {
			return Paid{}, lifecycle.Allowed(ctx, tx, lifecycle.ReverseRepayment, ofLoan(l), said)
		}
		b, err := o.openBook(ctx, tx, l)
		if err != nil {
			return Paid{}, err
		}
		if b, err = o.restored(ctx, tx, b, found); err != nil {
			return Paid{}, err
		}
		if err := b.undo(ctx, tx, found); err != nil {
			return Paid{}, err
		}
		return Paid{l.ID, k}, o.reopened(ctx, tx, b, b.seen(b.rules.day(found.PaidAt)), said)
	})
}

// undo takes back what a payment brought to each line, and what an early settlement made of the plan.
func (b *book) undo(ctx context.Context, tx *store.Tx, p *ent.Repayment) error {
	went, err := tx.Allocation.Query().Where(allocation.RepaymentID(p.ID)).All(ctx)
	if err != nil {
		return fmt.Errorf("read allocations: %w", err)
	}
	var known ledger.Parts
	for _, a := range went {
		known = known.Plus(ledger.Parts{Penalty: a.Penalty, Interest: a.Interest, Principal: a.Principal})
	}
	if known != (ledger.Parts{Penalty: p.Penalty, Interest: p.Interest, Principal: p.Principal}) {
		return fault.Refuse(fault.Problem{Code: fault.NotAllowedNow, Text: "payment_unallocated"}, "repaymentId")
	}
	for i, row := range b.rows {
		for _, a := range went {
			if a.InstallmentID != row.ID {
				continue
			}
			line := &b.lines[i]
			line.Paid = ledger.Parts{Penalty: line.Paid.Penalty - a.Penalty, Interest: line.Paid.Interest - a.Interest, Principal: line.Paid.Principal - a.Principal}
			on, _ := ledger.ParseDay(a.PaidOn)
			if at := slices.Index(line.Payments, ledger.Payment{On: on, Principal: a.Principal}); at >= 0 {
				line.Payments = slices.Delete(line.Payments, at, at+1)
			}
		}
		if p.Settles && b.plans[i] != nil {
			b.lines[i].Owed.Interest, b.plans[i] = *b.plans[i], nil
		}
	}
	if p.Fee > 0 {
		last := len(b.lines) - 1
		for last > 0 && b.lines[last].Cancelled { // as the settlement did
			last--
		}
		b.lines[last].Fixed -= p.Fee
		b.lines[last].Owed.Penalty = max(b.lines[last].Owed.Penalty-p.Fee, b.lines[last].Paid.Penalty)
	}
	if err := tx.Allocation.Update().Where(allocation.RepaymentID(p.ID)).SetReversed(true).Exec(ctx); err != nil {
		return fmt.Errorf("reverse allocations: %w", err)
	}
	return nil
}

// reopened concludes a reversal, as of the last day that was looked at: what has happened since then, the end of the day finds out.
func (o *Office) reopened(ctx context.Context, tx *store.Tx, b *book, on ledger.Day, said lifecycle.Said) error {
	b.charge(on)
	if err := b.save(ctx, tx, on); err != nil {
		return err
	}
	was, to := b.loan.Status, b.stands(on)
	if err := lifecycle.MakeTo(ctx, tx, lifecycle.ReverseRepayment, b.changed(tx, on), ofLoan(b.loan), to, said); err != nil {
		return err
	}
	if was == loan.StatusSettled {
		return eachBid(ctx, tx, b.loan.ID, lifecycle.ReopenBid)
	}
	return nil
}
