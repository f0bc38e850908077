package transfer

import (
	"context"
	"encoding/json"
	"fmt"
	"io"

	"lenddesk/access"
	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/export"
	"lenddesk/ent/message"
	"lenddesk/fault"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
)

// UserDataInput says whose data is to be written to a file.
type UserDataInput struct {
	UserID string
	Reason *string
}

// ExportUserData begins a file of all that the platform has of one customer: for that customer, or for staff who may reveal personal data and manage customers. It returns NOT_FOUND at userId, TOO_LONG at reason,
// LIMIT_EXCEEDED.
func (o *Office) ExportUserData(ctx context.Context, in UserDataInput) (key.Export, error) {
	me := access.From(ctx)
	if err := lifecycle.ExportUserData.Permit(me); err != nil {
		return 0, err
	}
	if me.User == 0 {
		if err := access.Require(me, access.ManageUsers); err != nil {
			return 0, err
		}
	}
	var faults fault.List
	reason := workflow.Text(&faults, in.Reason, workflow.MaxNote, "reason")
	return workflow.Effect(ctx, o.Desk, func(ctx context.Context, tx *store.Tx) (key.Export, error) {
		u, err := o.User(ctx, tx, in.UserID, "userId")
		if err := workflow.Gather(&faults, err); err != nil {
			return 0, err
		}
		if err := faults.Err(); err != nil {
			return 0, err
		}
		create := tx.Export.Create().SetKind(export.KindUserData).SetFormat(export.FormatJson).SetUserID(u.ID).SetUnmasked(true)
		return o.begin(ctx, tx, lifecycle.ExportUserData, create, u.ID, lifecycle.Said{Note: reason, Changes: map[string]any{"unmasked": true}})
	})
}

// mayHave says whether somebody may have a file: of one customer's data that customer, or who still holds what asking for it needs.
func mayHave(v access.Viewer, e *ent.Export) bool {
	if e.UserID == nil {
		return v.May(access.ImportExport)
	}
	return v.User != 0 && v.User == *e.UserID || v.May(access.RevealPersonalData) && v.May(access.ManageUsers)
}

// section is a list that belongs to a customer or to one of their loans, by its name and what is asked of each row.
type section struct{ name, rows string }

var (
	ofUser = []section{
		{"bankCards", "id status issuer maskedNumber holderName maskedPhone failure createdAt updatedAt attempts(first: 100) { nodes { system result startedAt finishedAt } }"},
		{"bids", "id status loan { id number } amount outstandingPrincipal earned lost createdAt updatedAt"},
		{"documents", "id status kind name contentType size sha256 validUntil reason subject { id } createdAt updatedAt"},
		{"serviceRecords", "id status kind text dueAt completedAt createdAt"},
		{"timeline", "kind subject { id } from to reason changes at"},
		{"loans", "id number status company { id name } requestedAmount requestedAnnualRate requestedTermMonths amount annualRate termMonths repaymentMethod purpose description outstandingPrincipal createdAt updatedAt"},
	}
	ofLoan = []section{
		{"installments", "number dueOn principal interest penalty paid status"},
		{"repayments", "amount paidAt reference penalty interest principal reversed createdAt"},
	}
)

// told writes a JSON document piece by piece; the first error stays.
type told struct {
	to   io.Writer
	rows int
	err  error
}

func (t *told) raw(s string) {
	if t.err == nil {
		_, t.err = io.WriteString(t.to, s)
	}
}

func (t *told) value(v any) {
	if t.err != nil {
		return
	}
	b, err := json.Marshal(v)
	if err != nil {
		t.err = err
		return
	}
	_, t.err = t.to.Write(b)
}

// list writes the rows of a list under its name, page by page.
func (t *told) list(name string, each func(row func(any)) error) {
	t.raw(",\n")
	t.value(name)
	t.raw(": [")
	first := true
	err := each(func(v any) {
		if !first {
			t.raw(",")
		}
		first = false
		t.raw("\n")
		t.value(v)
		t.rows++
	})
	if t.err == nil {
		t.err = err
	}
	t.raw("]")
}

// userData writes all of one customer that whoever asks may see, what is masked elsewhere in full.
func (o *Office) userData(ctx context.Context, e *ent.Export, to io.Writer) (int, error) {
	id := o.IDs.Encode(key.KindUser, int64(*e.UserID))
	var who struct{ Node node }
	if err := o.ask(ctx, `query($id: ID!) { node(id: $id) { ... on User { id name status kinds email locale source tags company { id name creditCode } accountManager { name } previousUser { id } createdAt updatedAt } } }`,
		map[string]any{"id": id}, &who); err != nil {
		return 0, err
	}
	if who.Node == nil {
		return 0, fmt.Errorf("the customer cannot be read any more")
	}
	sealed, err := o.inFull(ctx, []node{who.Node})
	if err != nil {
		return 0, err
	}
	who.Node["phone"], who.Node["nationalId"] = sealed[0]["phone"], sealed[0]["nationalId"]
	t := &told{to: to, rows: 1}
	t.raw("{\"madeAt\": ")
	t.value(lifecycle.Now())
	t.raw(",\n\"user\": ")
	t.value(who.Node)
	for _, s := range ofUser {
		t.list(s.name, func(row func(any)) error {
			return o.pages(ctx, "User", id, s, func(n node) error {
				switch s.name {
				case "bankCards":
					return errorOr(o.cardInFull(ctx, n), func() { row(n) })
				case "loans":
					return errorOr(o.withPlan(ctx, n), func() { row(n) })
				}
				row(n)
				return nil
			})
		})
	}
	if v := access.From(ctx); v.User != 0 || v.May(access.ViewMessages) {
		t.list("messages", func(row func(any)) error { return o.messages(ctx, *e.UserID, row) })
	}
	t.raw("\n}\n")
	return t.rows, t.err
}

func errorOr(err error, then func()) error {
	if err == nil {
		then()
	}
	return err
}

// pages asks for the whole of a list of an object.
func (o *Office) pages(ctx context.Context, of, id string, s section, each func(node) error) error {
	document := fmt.Sprintf(`query($id: ID!, $after: String) { node(id: $id) { ... on %s { list: %s(first: 100, after: $after) { nodes { %s } pageInfo { hasNextPage endCursor } } } } }`, of, s.name, s.rows)
	for after := (*string)(nil); ; {
		var told struct {
			Node *struct {
				List struct {
					Nodes    []node
					PageInfo struct {
						HasNextPage bool
						EndCursor   *string
					}
				}
			}
		}
		if err := o.ask(ctx, document, map[string]any{"id": id, "after": after}, &told); err != nil || told.Node == nil {
			return err
		}
		for _, n := range told.Node.List.Nodes {
			if err := each(n); err != nil {
				return err
			}
		}
		if !told.Node.List.PageInfo.HasNextPage {
			return nil
		}
		after = told.Node.List.PageInfo.EndCursor
	}
}

// withPlan adds a loan's plan and payments.
func (o *Office) withPlan(ctx context.Context, loan node) error {
	id, _ := loan.at("id").(string)
	for _, s := range ofLoan {
		rows := []node{}
		if err := o.pages(ctx, "Loan", id, s, func(n node) error { rows = append(rows, n); return nil }); err != nil {
			return err
		}
		loan[s.name] = rows
	}
	return nil
}

// cardInFull adds what is sealed of a card.
func (o *Office) cardInFull(ctx context.Context, card node) error {
	id, _ := card.at("id").(string)
	_, k, _ := o.IDs.Decode(id)
	c, err := o.Store.Client().BankCard.Query().Where(bankcard.ID(key.BankCard(k))).Only(ctx)
	if err != nil {
		return fmt.Errorf("read card: %w", err)
	}
	for name, v := range map[string]struct {
		what   seal.Purpose
		sealed seal.Sealed
	}{"number": {seal.CardNumber, c.Number}, "phone": {seal.Phone, c.Phone}, "nationalId": {seal.NationalID, c.NationalID}} {
		if card[name], err = o.reveal(v.what, v.sealed); err != nil {
			return err
		}
	}
	return nil
}

// messages are the mails to a customer.
func (o *Office) messages(ctx context.Context, k key.User, row func(any)) error {
	for last := key.Message(0); ; {
		some, err := o.Store.Client().Message.Query().Where(message.UserID(k), message.IDGT(last)).Order(message.ByID()).Limit(100).All(ctx)
		if err != nil {
			return fmt.Errorf("read messages: %w", err)
		}
		for _, m := range some {
			row(map[string]any{"to": m.To, "subject": m.Subject, "text": m.Text, "locale": m.Locale, "state": string(m.State), "sentAt": m.SentAt, "createdAt": m.CreatedAt})
			last = m.ID
		}
		if len(some) < 100 {
			return nil
		}
	}
}
