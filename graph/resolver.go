package graph

import (
	"context"
	"strings"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/graph/door"
	"lenddesk/graph/model"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/live"
	"lenddesk/money"
	"lenddesk/reading"
	"lenddesk/text"
	"lenddesk/workflow"
	"lenddesk/workflow/administration"
	"lenddesk/workflow/authentication"
	"lenddesk/workflow/binding"
	"lenddesk/workflow/companies"
	"lenddesk/workflow/customers"
	"lenddesk/workflow/integration"
	"lenddesk/workflow/marketplace"
	"lenddesk/workflow/origination"
	"lenddesk/workflow/privacy"
	"lenddesk/workflow/registration"
	"lenddesk/workflow/reviewing"
	"lenddesk/workflow/servicing"
	"lenddesk/workflow/transfer"
)

// Resolver hands each root field to a verb or to reading.
type Resolver struct {
	Desk           *workflow.Desk
	Reading        *reading.Reader
	Authentication *authentication.Office
	Registration   *registration.Office
	Customers      *customers.Office
	Administration *administration.Office
	Companies      *companies.Office
	Binding        *binding.Office
	Integration    *integration.Office
	Marketplace    *marketplace.Office
	Servicing      *servicing.Office
	Origination    *origination.Office
	Privacy        *privacy.Office
	Transfer       *transfer.Office
	Reviewing      *reviewing.Office
	News           *live.Hub              // woken when events have got their place, and when a session has ended
	Simulator      []*model.SimulatedCard // while the simulator stands in for KXD or KXDM
	Version        string

	permissions []*model.PermissionInfo // what each opens, by the contract
}

// carrier is a self-writing model.
type carrier[T any] interface {
	*T
	Put(reading.Written)
}

// put makes a model of what is written.
func put[T any, P carrier[T]](w reading.Written, err error) (*T, error) {
	if err != nil {
		return nil, err
	}
	t := new(T)
	P(t).Put(w)
	return t, nil
}

// list reads the present root field, a connection over a type.
func list[T any, P carrier[T]](ctx context.Context, r *reading.Reader, of string) (*T, error) {
	return put[T, P](r.List(ctx, of))
}

func (r *Resolver) node(ctx context.Context, id string) (model.Node, error) {
	n, err := r.Reading.Node(ctx, id)
	if n == nil {
		return nil, err
	}
	return *n, err
}

func (r *Resolver) nodes(ctx context.Context, ids []string) ([]model.Node, error) {
	found, err := r.Reading.Nodes(ctx, ids)
	nodes := make([]model.Node, len(found))
	for i, n := range found {
		if n != nil {
			nodes[i] = *n
		}
	}
	return nodes, err
}

func (r *Resolver) viewer(v access.Viewer) *model.Viewer {
	if !v.Somebody() {
		return nil
	}
	return &model.Viewer{Written: r.Reading.Viewer(v)}
}

// object is the outcome of a verb: the object to be read through these eyes, or the faults.
func object[T any, P carrier[T], K ~int64](ctx context.Context, r *Resolver, eyes access.Viewer, kind key.Kind, id K, err error) (*T, []*model.UserError, error) {
	faults, err := userErrors(ctx, err)
	if err != nil || len(faults) > 0 {
		return nil, faults, err
	}
	t, err := put[T, P](r.Reading.Object(eyes, kind, int64(id)), nil)
	return t, faults, err
}

func (r *Resolver) user(ctx context.Context, eyes access.Viewer, id key.User, err error) (*model.User, []*model.UserError, error) {
	return object[model.User](ctx, r, eyes, key.KindUser, id, err)
}

func (r *Resolver) staff(ctx context.Context, id key.Staff, err error) (*model.Staff, []*model.UserError, error) {
	return object[model.Staff](ctx, r, access.From(ctx), key.KindStaff, id, err)
}

func (r *Resolver) role(ctx context.Context, id key.Role, err error) (*model.Role, []*model.UserError, error) {
	return object[model.Role](ctx, r, access.From(ctx), key.KindRole, id, err)
}

func (r *Resolver) company(ctx context.Context, id key.Company, err error) (*model.Company, []*model.UserError, error) {
	return object[model.Company](ctx, r, access.From(ctx), key.KindCompany, id, err)
}

func (r *Resolver) apiKey(ctx context.Context, id key.APIKey, err error) (*model.APIKey, []*model.UserError, error) {
	return object[model.APIKey](ctx, r, access.From(ctx), key.KindAPIKey, id, err)
}

func (r *Resolver) bankCard(ctx context.Context, id key.BankCard, err error) (*model.BankCard, []*model.UserError, error) {
	return object[model.BankCard](ctx, r, access.From(ctx), key.KindBankCard, id, err)
}

func (r *Resolver) backup(ctx context.Context, id key.Backup, err error) (*model.Backup, []*model.UserError, error) {
	return object[model.Backup](ctx, r, access.From(ctx), key.KindBackup, id, err)
}

func (r *Resolver) export(ctx context.Context, id key.Export, err error) (*model.Export, []*model.UserError, error) {
	return object[model.Export](ctx, r, access.From(ctx), key.KindExport, id, err)
}

func (r *Resolver) webhook(ctx context.Context, id key.Webhook, err error) (*model.Webhook, []*model.UserError, error) {
	return object[model.Webhook](ctx, r, access.From(ctx), key.KindWebhook, id, err)
}

// or is an input that may be left out.
func or[I any](input *I) (in I) {
	if input != nil {
		in = *input
	}
	return in
}

func (r *Resolver) loan(ctx context.Context, id key.Loan, err error) (*model.Loan, []*model.UserError, error) {
	return object[model.Loan](ctx, r, access.From(ctx), key.KindLoan, id, err)
}

func (r *Resolver) document(ctx context.Context, id key.Document, err error) (*model.Document, []*model.UserError, error) {
	return object[model.Document](ctx, r, access.From(ctx), key.KindDocument, id, err)
}

// reviewItem is the outcome of a claim: its place in the queue.
func (r *Resolver) reviewItem(ctx context.Context, i reviewing.Item, err error) (*model.ReviewItem, []*model.UserError, error) {
	faults, err := userErrors(ctx, err)
	if err != nil || len(faults) > 0 {
		return nil, faults, err
	}
	t, err := put[model.ReviewItem](r.Reading.QueueItem(access.From(ctx), string(i.Step), i.Subject), nil)
	return t, faults, err
}

// quote is what a query tells of a plan. A query has no userErrors: its faults are one refusal that says all of them.
func quote(ctx context.Context, q origination.Quote, err error) (*model.Quote, error) {
	faults, err := userErrors(ctx, err)
	if err != nil {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, refusal(faults)
	}
	told := &model.Quote{TotalInterest: q.Interest.String(), EffectiveAnnualRate: q.EffectiveAnnual.String()}
	var total money.Amount
	for k, l := range q.Lines {
		total += l.Payment()
		told.Installments = append(told.Installments, &model.QuoteLine{
			Number: k + 1, DueOn: q.Days[k], Principal: l.Principal.String(), Interest: l.Interest.String(), Payment: l.Payment().String(), Balance: q.Balance[k].String(),
		})
	}
	told.TotalPayment = total.String()
	return told, nil
}

// refusal is the faults of a query's arguments as one top-level error.
func refusal(faults []*model.UserError) error {
	said := make([]string, len(faults))
	for i, f := range faults {
		said[i] = f.Message
		if len(f.Field) > 0 {
			said[i] = strings.Join(f.Field, ".") + ": " + f.Message
		}
	}
	return fault.Deny(fault.BadRequest, strings.Join(said, " "))
}

// paid is the outcome of a verb about a payment: the loan and the payment.
func (r *Resolver) paid(ctx context.Context, done servicing.Paid, err error) (*model.Loan, *model.Repayment, []*model.UserError, error) {
	loan, faults, err := r.loan(ctx, done.Loan, err)
	if err != nil || loan == nil {
		return nil, nil, faults, err
	}
	repayment, err := put[model.Repayment](r.Reading.Object(access.From(ctx), key.KindRepayment, int64(done.Repayment)), nil)
	return loan, repayment, faults, err
}

// settlement is what it costs to settle a loan early. A query has no userErrors: its faults are one refusal that says all of them.
func (r *Resolver) settlement(ctx context.Context, id string, on *string) (*model.Quote, error) {
	q, err := r.Servicing.QuoteSettlement(ctx, id, on)
	faults, err := userErrors(ctx, err)
	if err != nil || q == nil && len(faults) == 0 {
		return nil, err
	}
	if len(faults) > 0 {
		return nil, refusal(faults)
	}
	principal, interest := q.Due.Principal+q.Principal, q.Sum()-q.Due.Principal-q.Principal
	return &model.Quote{
		TotalInterest: interest.String(), TotalPayment: q.Sum().String(), EffectiveAnnualRate: q.Annual.String(),
		Installments: []*model.QuoteLine{{
			Number: 1, DueOn: q.On.String(), Principal: principal.String(), Interest: interest.String(), Payment: q.Sum().String(), Balance: money.Amount(0).String(),
		}},
	}, nil
}

func (r *Resolver) request(ctx context.Context, id key.ServiceRequest, err error) (*model.ServiceRequest, []*model.UserError, error) {
	return object[model.ServiceRequest](ctx, r, access.From(ctx), key.KindServiceRequest, id, err)
}

func (r *Resolver) bid(ctx context.Context, id key.Bid, err error) (*model.Bid, []*model.UserError, error) {
	return object[model.Bid](ctx, r, access.From(ctx), key.KindBid, id, err)
}

// some is a text that may be missing: null when it is empty.
func some(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}

// session is the outcome of a verb that opens a session.
func (r *Resolver) session(ctx context.Context, s authentication.Session, err error) (*model.Session, []*model.UserError, error) {
	faults, err := userErrors(ctx, err)
	if err != nil || len(faults) > 0 {
		return nil, faults, err
	}
	remember(ctx, s.Token, s.Expires)
	return &model.Session{Token: s.Token, ExpiresAt: s.Expires.Format(timeFormat)}, faults, nil
}

// userErrors takes the faults out of a verb's error; any other error goes on.
func userErrors(ctx context.Context, err error) ([]*model.UserError, error) {
	found, ok := door.Sentence(text.Sentence).UserErrors(access.From(ctx).Locale, err)
	if !ok {
		return []*model.UserError{}, err
	}
	told := make([]*model.UserError, len(found))
	for i, f := range found {
		told[i] = &model.UserError{Code: model.ErrorCode(f.Code), Message: f.Message, Field: f.Field}
	}
	return told, nil
}

// notice is a sentence for the page, once something has been done.
func notice(ctx context.Context, done bool, sentence string) *string {
	if !done {
		return nil
	}
	s := text.Sentence(access.From(ctx).Locale, sentence, nil)
	return &s
}

// lifecycles are the tables of moves.
func (r *Resolver) lifecycles() []*model.LifecycleTable {
	var tables []*model.LifecycleTable
	for _, t := range lifecycle.Tables {
		table := &model.LifecycleTable{Type: string(t.Kind), Mermaid: t.Mermaid()}
		for _, l := range t.Lines {
			move := &model.Move{Name: l.Name, From: l.From, To: l.Becomes(), By: l.Who()}
			if r.Reading.Offers(l.Name) {
				move.Mutation = &l.Name
			}
			if p, ok := l.Permission(); ok {
				named := p.String()
				move.Permission = &named
			}
			table.Moves = append(table.Moves, move)
		}
		tables = append(tables, table)
	}
	return tables
}

// system is how the program runs.
func (r *Resolver) system(ctx context.Context) (*model.System, error) {
	info, err := r.Desk.Store.Info(ctx)
	if err != nil {
		return nil, err
	}
	queued, err := r.Desk.Queue.Depth(ctx)
	if err != nil {
		return nil, err
	}
	slow := []*model.SlowStatement{}
	for _, s := range r.Desk.Store.Slow() {
		slow = append(slow, &model.SlowStatement{
			Text: s.SQL, Times: min(s.Times, 1<<31-1), LongestMilliseconds: int(min(s.Longest.Milliseconds(), 1<<31-1)), LastAt: s.Last.Format(timeFormat),
		})
	}
	return &model.System{Version: r.Version, Simulator: r.Simulator, Database: &model.DatabaseInfo{
		Driver: info.Driver, ConnectionMode: info.ConnectionMode, Size: int(min(info.Size, 1<<31-1)), Migration: info.Migration,
		OpenConnections: info.OpenConnections, QueuedJobs: queued, SlowStatements: slow,
	}}, nil
}

// parameters are all parameters as a viewer reads them.
func (r *Resolver) parameters(ctx context.Context) ([]*model.Parameter, error) {
	all, err := r.Administration.EveryParameter(ctx)
	if err != nil {
		return nil, err
	}
	me, now := access.From(ctx), lifecycle.Now()
	told := make([]*model.Parameter, len(all))
	for i, p := range all {
		t := &model.Parameter{
			Name: p.Name, Description: p.English, Type: string(p.Type), Unit: some(p.Unit), Value: p.Value, Minimum: some(p.Minimum), Maximum: some(p.Maximum),
			Choices: append([]string{}, p.Choices...), Scheduled: []*model.ParameterValue{}, History: []*model.ParameterValue{},
		}
		if me.Locale == "zh-CN" {
			t.Description = p.Chinese
		}
		for _, given := range p.Given {
			v := &model.ParameterValue{Value: given.Value, EffectiveAt: given.EffectiveAt.Format(timeFormat)}
			if given.SetByID != nil {
				if v.SetBy, err = put[model.Staff](r.Reading.Object(me, key.KindStaff, int64(*given.SetByID)), nil); err != nil {
					return nil, err
				}
			}
			if given.EffectiveAt.After(now) {
				t.Scheduled = append([]*model.ParameterValue{v}, t.Scheduled...)
			} else {
				t.History = append(t.History, v)
			}
		}
		told[i] = t
	}
	return told, nil
}

// parameter is the outcome of a verb that sets one.
func (r *Resolver) parameter(ctx context.Context, name string, err error) (*model.Parameter, []*model.UserError, error) {
	faults, err := userErrors(ctx, err)
	if err != nil || len(faults) > 0 {
		return nil, faults, err
	}
	all, err := r.parameters(ctx)
	if err != nil {
		return nil, nil, fault.Deny(fault.Timeout, "It was done, and cannot be read now.").Because(err)
	}
	for _, p := range all {
		if p.Name == name {
			return p, faults, nil
		}
	}
	return nil, faults, nil // told under a key, and gone from the program since
}

// requires is the directive on root fields; reading sees to it on all others.
func requires(ctx context.Context, permission string) error {
	p, err := access.ParsePermission(permission)
	if err != nil {
		return fault.Deny(fault.Internal, "").Because(err)
	}
	return access.Require(access.From(ctx), p)
}
