package servicing

import (
	"context"
	"fmt"
	"time"

	"lenddesk/ent"
	"lenddesk/ent/allocation"
	"lenddesk/ent/bid"
	"lenddesk/ent/installment"
	"lenddesk/ent/loan"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/money/ledger"
	"lenddesk/money/plan"
	"lenddesk/store"
	"lenddesk/workflow/mailing"
)

// ahead is where an extension takes hold on a day: the lines that are not due and of which something is owed, by their places in the book, the first number
// among them, and what is owed of principal on them.
type ahead struct {
	lines     []int
	first     int
	principal money.Amount
}

func (b *book) ahead(on ledger.Day) (a ahead) {
	for i, l := range b.lines {
		if l.Due <= on || l.Open().Sum() == 0 {
			continue
		}
		if n := b.rows[i].Number; len(a.lines) == 0 || n < a.first {
			a.first = n
		}
		a.lines = append(a.lines, i)
		a.principal += l.Open().Principal
	}
	return a
}

// extensible is what keeps a loan from being extended by some months on a day: nothing that is not due yet, or the limits in force.
func (b *book) extensible(months int, on ledger.Day) *fault.Problem {
	if b.ahead(on).principal == 0 {
		return &fault.Problem{Code: fault.NotAllowedNow, Text: "nothing_to_extend"}
	}
	most := min(b.rules.maxExtension, b.rules.maxTerm-b.loan.TermMonths)
	if months < 1 || months > most {
		return &fault.Problem{Code: fault.OutOfRange, Text: "extension_out_of_range", Data: map[string]any{"maximum": max(most, 0)}}
	}
	return nil
}

// extend replaces the lines of a loan that are not due by those of a new plan, which ends some months later. Lines that are due stay owed as they are. What was paid
// ahead on a line that is replaced stays paid: its principal is not in the new plan, its interest is not asked for again.
//
// It returns NOT_ALLOWED_NOW and OUT_OF_RANGE where the loan cannot be extended any more, NOT_ELIGIBLE for whoever is not ACTIVE.
func (o *Office) extend(ctx context.Context, tx *store.Tx, l *ent.Loan, months int) error {
	changes := map[string]any{"termMonths": []any{l.TermMonths, l.TermMonths + months}}
	if err := lifecycle.Make(ctx, tx, lifecycle.ExtendLoan, tx.Loan.Update().AddTermMonths(months), ofLoan(l), lifecycle.Said{Changes: changes}); err != nil {
		return err
	}
	b, err := o.openBook(ctx, tx, l)
	if err != nil {
		return err
	}
	on := b.rules.day(lifecycle.Now())
	if p := b.extensible(months, on); p != nil {
		return fault.Refuse(*p)
	}
	a := b.ahead(on)
	lines, p := b.replan(a, months, on)
	if p != nil {
		return fault.Refuse(*p)
	}
	held, owed, err := b.owed(ctx, tx, a)
	if err != nil {
		return err
	}
	var gone []key.Installment
	for _, i := range a.lines {
		gone = append(gone, b.rows[i].ID)
		for _, s := range b.shares[i] {
			gone = append(gone, s.ID)
		}
	}
	err = tx.Installment.Update().Where(installment.IDIn(gone...)).SetStatus(installment.StatusCancelled).SetStatusSince(lifecycle.Now()).AddVersion(1).Exec(ctx)
	if err != nil {
		return fmt.Errorf("cancel lines: %w", err)
	}
	due := make([]string, len(lines))
	for k := range lines {
		after := a.first + k
		if l.RepaymentMethod == loan.RepaymentMethodBullet {
			after = l.TermMonths + months
		}
		due[k] = plan.DueOn(l.DisbursedAt.In(b.rules.zone), after).Format(time.DateOnly)
	}
	version := 0
	for _, row := range b.rows {
		version = max(version, row.Plan)
	}
	if err := enter(ctx, tx, l.ID, version+1, a.first, lines, due, held, plan.Shares(lines, owed)); err != nil {
		return err
	}
	if b, err = o.openBook(ctx, tx, l); err != nil { // what is paid for already is PAID
		return err
	}
	if err := b.save(ctx, tx, b.seen(on)); err != nil {
		return err
	}
	return o.tell(ctx, tx, l, mailing.LoanExtended, map[string]any{"months": months, "day": due[len(due)-1]})
}

// replan is the plan of what is owed on lines that are not due, from the first of them to an end some months later than before. Interest of a month that was paid ahead is
// taken off. A bullet loan's one line has the interest that it had, and that of the months more.
//
// Problems: OUT_OF_RANGE where such a plan would have a negative line.
func (b *book) replan(a ahead, months int, on ledger.Day) ([]plan.Line, *fault.Problem) {
	l := b.loan
	terms := plan.Terms{Amount: a.principal, Rate: l.AnnualRate, Months: l.TermMonths - a.first + 1 + months, Method: plan.Method(l.RepaymentMethod)}
	if terms.Method == plan.Bullet {
		terms.Months = months
		lines, p := terms.Lines()
		if p != nil {
			return nil, p
		}
		for _, i := range a.lines {
			lines[0].Interest += b.lines[i].Open().Interest
		}
		return lines, nil
	}
	lines, p := terms.Lines()
	if p != nil {
		return nil, p
	}
	for i, line := range b.lines {
		if k := b.rows[i].Number - a.first; line.Due > on && k >= 0 && k < len(lines) {
			lines[k].Interest -= min(lines[k].Interest, line.Paid.Interest)
		}
	}
	return lines, nil
}

// owed is what each bid is owed of principal on lines that are not due: the bids, oldest first, and their amounts.
func (b *book) owed(ctx context.Context, tx *store.Tx, a ahead) ([]*ent.Bid, []money.Amount, error) {
	held, err := tx.Bid.Query().Where(bid.LoanID(b.loan.ID), bid.StatusEQ(bid.StatusHolding)).Order(bid.ByID()).All(ctx)
	if err != nil {
		return nil, nil, fmt.Errorf("read bids: %w", err)
	}
	place := make(map[key.Bid]int, len(held))
	for i, h := range held {
		place[h.ID] = i
	}
	owed := make([]money.Amount, len(held))
	for _, i := range a.lines {
		for _, s := range b.shares[i] {
			owed[place[*s.BidID]] += s.Principal - s.PaidPrincipal
		}
	}
	return held, owed, nil
}

// restored is the book in which what a payment brought to lines that an extension replaced can be taken back: such a line is owed again as far as it was paid, since the new
// plan was made without that.
func (o *Office) restored(ctx context.Context, tx *store.Tx, b *book, p *ent.Repayment) (*book, error) {
	went, err := tx.Allocation.Query().Where(allocation.RepaymentID(p.ID)).All(ctx)
	if err != nil {
		return nil, fmt.Errorf("read allocations: %w", err)
	}
	found := false
	for i, row := range b.rows {
		for _, a := range went {
			if a.InstallmentID != row.ID || row.Status != installment.StatusCancelled {
				continue
			}
			found = true
			for _, r := range append([]*ent.Installment{row}, b.shares[i]...) {
				err := tx.Installment.UpdateOneID(r.ID).SetPrincipal(r.PaidPrincipal).SetInterest(r.PaidInterest).SetPenalty(r.PaidPenalty).ClearPlannedInterest().
					SetStatus(installment.StatusPaid).SetStatusSince(lifecycle.Now()).AddVersion(1).Exec(ctx)
				if err != nil {
					return nil, fmt.Errorf("restore a line: %w", err)
				}
			}
			break
		}
	}
	if !found {
		return b, nil
	}
	return o.openBook(ctx, tx, b.loan)
}
