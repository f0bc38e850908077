package binding_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
	"pgregory.net/rapid"

	"lenddesk/access"
	"lenddesk/demo"
	"lenddesk/ent"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/ent/event"
	"lenddesk/ent/message"
	"lenddesk/ent/user"
	"lenddesk/fault"
	"lenddesk/gateway/kxd"
	"lenddesk/gateway/kxdm"
	"lenddesk/gateway/outer"
	"lenddesk/jobs"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/store/storetest"
	"lenddesk/workflow"
	"lenddesk/workflow/administration"
	"lenddesk/workflow/binding"
	"lenddesk/workflow/customers"
)

// desk is a desk over an installed database, with the lock on statuses in place. Nothing works its queue: the tests do.
func desk(t *testing.T, s *store.Store) *workflow.Desk {
	t.Helper()
	keys, err := seal.Create(filepath.Join(t.TempDir(), "keys"))
	must(t, err)
	ids, err := key.NewCodec(keys.IDs())
	must(t, err)
	passwords, err := workflow.NewPasswords()
	must(t, err)
	queue, err := jobs.New(s, slog.New(slog.DiscardHandler))
	must(t, err)
	s.Client().Use(lifecycle.Lock())
	d := &workflow.Desk{Store: s, Queue: queue, Keys: keys, IDs: ids, Passwords: passwords}
	_, _, err = (&administration.Office{Desk: d}).Install(t.Context(), administration.First{})
	must(t, err)
	return d
}

// tester is a test or a step of a property.
type tester interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

func must(t tester, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// ask is a question as the outer systems know it.
type ask struct {
	good  bool // what they have decided
	asked int
}

// world is KXD and KXDM: they decide each request once, answer as the property draws it, and never forget what they decided.
type world struct {
	decide   func(request string) bool
	behave   string // how they take the next call: "answer", "later", "down", "slow", "forget"
	known    map[string]*ask
	answered string // what was said last: the result, "pending", "unknown", or "" for no answer
}

var errDown = fmt.Errorf("%w: as drawn", outer.ErrUnavailable)

// take is a call that starts something.
func (w *world) take(request string) (*ask, error) {
	w.answered = ""
	if w.behave == "down" {
		return nil, errDown
	}
	q := w.known[request]
	if q == nil {
		q = &ask{good: w.decide(request)}
		w.known[request] = q
	}
	q.asked++
	if w.behave == "slow" {
		return nil, errDown
	}
	return q, nil
}

// tell is a call that asks what became of it.
func (w *world) tell(request string) (*ask, error) {
	w.answered = ""
	if w.behave == "down" || w.behave == "slow" {
		return nil, errDown
	}
	q := w.known[request]
	if q == nil || w.behave == "forget" {
		w.answered = "unknown"
		return nil, outer.ErrUnknown
	}
	return q, nil
}

// say is one of two results, or that it is not known yet.
func say[R ~string](w *world, q *ask, good, bad, pending R) R {
	result := pending
	switch {
	case w.behave == "later":
	case q.good:
		result = good
	default:
		result = bad
	}
	w.answered = string(result)
	return result
}

type theKXD struct{ *world }

func (k theKXD) Verify(_ context.Context, v kxd.Verification) (kxd.Answer, error) {
	q, err := k.take(v.RequestID)
	if err != nil {
		return kxd.Answer{}, err
	}
	return kxd.Answer{RequestID: v.RequestID, Result: say(k.world, q, kxd.Passed, kxd.Failed, kxd.Pending)}, nil
}

func (k theKXD) Ask(_ context.Context, request string) (kxd.Answer, error) {
	q, err := k.tell(request)
	if err != nil {
		return kxd.Answer{}, err
	}
	return kxd.Answer{RequestID: request, Result: say(k.world, q, kxd.Passed, kxd.Failed, kxd.Pending)}, nil
}

type theKXDM struct{ *world }

func (k theKXDM) Start(_ context.Context, p kxdm.Payment) (kxdm.Answer, error) {
	q, err := k.take(p.RequestID)
	if err != nil {
		return kxdm.Answer{}, err
	}
	return kxdm.Answer{RequestID: p.RequestID, Result: say(k.world, q, kxdm.Paid, kxdm.Refused, kxdm.Pending)}, nil
}

func (k theKXDM) Ask(_ context.Context, request string) (kxdm.Answer, error) {
	q, err := k.tell(request)
	if err != nil {
		return kxdm.Answer{}, err
	}
	return kxdm.Answer{RequestID: request, Result: say(k.world, q, kxdm.Paid, kxdm.Refused, kxdm.Pending)}, nil
}

// What the model knows.
type (
	modelCard struct {
		id       key.BankCard
		owner    *modelUser
		number   string
		status   string
		replaces *modelCard
		events   int
		open     *modelAttempt
		failing  bool // failure says why
	}
	modelAttempt struct {
		id      key.BankCardAttempt
		request string
		card    *modelCard
		system  string
		asks    int
		result  string // "" while it is open
	}
	modelUser struct {
		id     key.User
		active bool
		mails  int
	}
)

// town is the office with its model.
type town struct {
	*world
	office   *binding.Office
	asker    *binding.Asker
	manager  access.Viewer
	users    []*modelUser
	cards    []*modelCard
	attempts []*modelAttempt
}

var numbers = []string{"6222020000000000000", "6228480000000000000", "4111111111111111"}

func inProcess(c *modelCard) bool {
	return c.status == "PENDING_REVIEW" || c.status == "PENDING_BINDING"
}

func (tn *town) held(number string, but *modelCard) bool {
	return slices.ContainsFunc(tn.cards, func(c *modelCard) bool {
		return c != but && c.number == number && (inProcess(c) || c.status == "BOUND")
	})
}

// others are how many other cards of the owner stand in the way of one: in process, and bound without being replaced by it.
func (tn *town) others(c *modelCard) (process, bound int) {
	for _, o := range tn.cards {
		switch {
		case o == c || o.owner != c.owner:
		case inProcess(o):
			process++
		case o.status == "BOUND" && c.replaces != o:
			bound++
		}
	}
	return process, bound
}

// codes are what an error refuses with: "CODE field", sorted; a Refusal's reason; nothing for no error.
func codes(t tester, err error) []string {
	t.Helper()
	if err == nil {
		return nil
	}
	if r, ok := fault.FindRefusal(err); ok {
		return []string{string(r.Reason)}
	}
	list, ok := fault.Find(err)
	if !ok {
		t.Fatalf("neither done nor refused: %v", err)
	}
	var all []string
	for _, f := range list {
		all = append(all, strings.TrimSpace(string(f.Code)+" "+strings.Join(f.Field, ".")))
	}
	slices.Sort(all)
	return all
}

func (tn *town) as(u *modelUser) context.Context {
	return access.With(context.Background(), access.Viewer{User: u.id, Permissions: access.Of(access.BindBankCards), Locale: "en"})
}

func (tn *town) public(c *modelCard) string {
	return tn.office.IDs.Encode(key.KindBankCard, int64(c.id))
}

// refusals compares what an action was refused with; true when it was done, and should have been.
func refusals(t tester, what string, err error, want []string) bool {
	t.Helper()
	slices.Sort(want)
	if got := codes(t, err); !slices.Equal(got, want) {
		t.Fatalf("%s: refused with %q, the model says %q", what, got, want)
	}
	return len(want) == 0
}

// opened finds the attempt that an action has just made.
func (tn *town) opened(t tester, c *modelCard, system string) {
	t.Helper()
	a, err := tn.office.Store.Client().BankCardAttempt.Query().
		Where(bankcardattempt.BankCardID(c.id), bankcardattempt.FinishedAtIsNil()).Only(context.Background())
	must(t, err)
	c.open = &modelAttempt{id: a.ID, request: a.RequestID, card: c, system: system}
	tn.attempts = append(tn.attempts, c.open)
}

func text(s string) *string { return &s }

const phone = "13800138000"

func (tn *town) bind(t *rapid.T) {
	u, number := rapid.SampledFrom(tn.users).Draw(t, "user"), rapid.SampledFrom(numbers).Draw(t, "number")
	var want []string
	if !u.active {
		want = append(want, "NOT_ELIGIBLE")
	}
	process, bound := tn.others(&modelCard{owner: u})
	for range process + bound {
		want = append(want, "NOT_ALLOWED_NOW")
	}
	if tn.held(number, nil) {
		want = append(want, "ALREADY_TAKEN cardNumber")
	}
	id, err := tn.office.Bind(tn.as(u), binding.BindInput{CardNumber: text(number), Phone: text(phone)})
	if refusals(t, "bind", err, want) {
		c := &modelCard{id: id, owner: u, number: number, status: "PENDING_REVIEW", events: 1}
		tn.cards = append(tn.cards, c)
		tn.opened(t, c, "KXD")
	}
}

// one draws a card, mostly one that stands where an action begins, and who acts on it: nearly always its owner.
func (tn *town) one(t *rapid.T, from ...string) (*modelCard, *modelUser) {
	if len(tn.cards) == 0 {
		t.Skip("no cards")
	}
	among := tn.cards
	fitting := slices.DeleteFunc(slices.Clone(among), func(c *modelCard) bool { return !slices.Contains(from, c.status) })
	if len(fitting) > 0 && rapid.IntRange(0, 3).Draw(t, "fitting") > 0 {
		among = fitting
	}
	c := rapid.SampledFrom(among).Draw(t, "card")
	if rapid.IntRange(0, 9).Draw(t, "by another") == 0 {
		return c, rapid.SampledFrom(tn.users).Draw(t, "user")
	}
	return c, c.owner
}

func (tn *town) rebind(t *rapid.T) {
	c, u := tn.one(t, "BOUND")
	number := rapid.SampledFrom(numbers).Draw(t, "number")
	var want []string
	if u != c.owner {
		want = append(want, "NOT_FOUND bankCardId")
	} else {
		if c.status != "BOUND" {
			want = append(want, "NOT_ALLOWED_NOW")
		}
		want = append(want, tn.barred(c)...)
	}
	if tn.held(number, nil) {
		want = append(want, "ALREADY_TAKEN cardNumber")
	}
	id, err := tn.office.Rebind(tn.as(u), binding.RebindInput{BankCardID: tn.public(c), CardNumber: text(number), Phone: text(phone)})
	if refusals(t, "rebind", err, want) {
		n := &modelCard{id: id, owner: u, number: number, status: "PENDING_REVIEW", replaces: c, events: 1}
		tn.cards = append(tn.cards, n)
		tn.opened(t, n, "KXD")
	}
}

// barred is what of a user and their other cards keeps a card from being checked.
func (tn *town) barred(c *modelCard) (want []string) {
	if !c.owner.active {
		want = append(want, "NOT_ELIGIBLE")
	}
	if process, bound := tn.others(c); process+bound > 0 {
		want = append(want, "NOT_ALLOWED_NOW")
	}
	return want
}

func (tn *town) retry(t *rapid.T) {
	c, u := tn.one(t, "ACTIVATED")
	want := []string{"NOT_FOUND bankCardId"}
	if u == c.owner {
		want = tn.barred(c)
		if c.status != "ACTIVATED" {
			want = append(want, "NOT_ALLOWED_NOW")
		}
		if tn.held(c.number, c) {
			want = append(want, "ALREADY_TAKEN")
		}
	}
	_, err := tn.office.Retry(tn.as(u), binding.RetryInput{BankCardID: tn.public(c)})
	if refusals(t, "retry", err, want) {
		c.status, c.failing = "PENDING_REVIEW", false
		c.events++
		tn.opened(t, c, "KXD")
	}
}

func (tn *town) pay(t *rapid.T) {
	c, u := tn.one(t, "PENDING_BINDING")
	open := c.open != nil && c.open.system == "KXDM"
	var want []string
	switch {
	case u != c.owner:
		want = []string{"NOT_FOUND bankCardId"}
	case open:
	default:
		if c.status != "PENDING_BINDING" {
			want = append(want, "NOT_ALLOWED_NOW")
		}
		if !u.active {
			want = append(want, "NOT_ELIGIBLE")
		}
	}
	id, err := tn.office.Pay(tn.as(u), binding.PayInput{BankCardID: tn.public(c)})
	if refusals(t, "pay", err, want) {
		if id != c.id {
			t.Fatalf("paying for card %d answered with %d", c.id, id)
		}
		if !open {
			c.failing = false
			c.events++
			tn.opened(t, c, "KXDM")
		}
	}
}

func (tn *town) cancel(t *rapid.T) {
	c, u := tn.one(t, "PENDING_REVIEW", "PENDING_BINDING", "ACTIVATED")
	var want []string
	switch {
	case u != c.owner:
		want = []string{"NOT_FOUND bankCardId"}
	default:
		if !inProcess(c) && c.status != "ACTIVATED" {
			want = append(want, "NOT_ALLOWED_NOW")
		}
		if c.open != nil && c.open.system == "KXDM" {
			want = append(want, "NOT_ALLOWED_NOW")
		}
	}
	_, err := tn.office.Cancel(tn.as(u), binding.CancelInput{BankCardID: tn.public(c)})
	if refusals(t, "cancel", err, want) {
		c.status = "CANCELLED"
		c.events++
	}
}

func (tn *town) unbind(t *rapid.T) {
	c, u := tn.one(t, "BOUND")
	ctx, want := tn.as(u), []string(nil)
	if rapid.Bool().Draw(t, "by staff") {
		ctx, u = access.With(context.Background(), tn.manager), c.owner
	}
	switch {
	case u != c.owner:
		want = []string{"NOT_FOUND bankCardId"}
	case c.status != "BOUND":
		want = []string{"NOT_ALLOWED_NOW"}
	}
	_, err := tn.office.Unbind(ctx, binding.UnbindInput{BankCardID: tn.public(c)})
	if refusals(t, "unbind", err, want) {
		c.status = "UNBOUND"
		c.events++
	}
}

// suspend stops a user, or lets a stopped one go on, as somebody else's request was on its way already.
func (tn *town) suspend(t *rapid.T) {
	u := rapid.SampledFrom(tn.users).Draw(t, "user")
	office, ctx, id := &customers.Office{Desk: tn.office.Desk}, access.With(context.Background(), tn.manager), tn.office.IDs.Encode(key.KindUser, int64(u.id))
	var err error
	if u.active {
		_, err = office.Suspend(ctx, customers.SuspendInput{UserID: id, Reason: text("As drawn.")})
	} else {
		_, err = office.Reinstate(ctx, customers.ReinstateInput{UserID: id})
	}
	must(t, err)
	u.active = !u.active
	u.mails++
}

// allTheWay binds a card, or replaces the bound one, with nothing in between.
func (tn *town) allTheWay(t *rapid.T) {
	u := rapid.SampledFrom(tn.users).Draw(t, "user")
	free := slices.DeleteFunc(slices.Clone(numbers), func(n string) bool { return tn.held(n, nil) })
	process, _ := tn.others(&modelCard{owner: u})
	if !u.active || process > 0 || len(free) == 0 {
		t.Skip("not now")
	}
	c := &modelCard{owner: u, number: free[0], status: "PENDING_REVIEW", events: 1}
	for _, o := range tn.cards {
		if o.owner == u && o.status == "BOUND" {
			c.replaces = o
		}
	}
	var err error
	if c.replaces == nil {
		c.id, err = tn.office.Bind(tn.as(u), binding.BindInput{CardNumber: text(c.number), Phone: text(phone)})
	} else {
		c.id, err = tn.office.Rebind(tn.as(u), binding.RebindInput{BankCardID: tn.public(c.replaces), CardNumber: text(c.number), Phone: text(phone)})
	}
	must(t, err)
	tn.cards = append(tn.cards, c)
	tn.opened(t, c, "KXD")
	tn.known[c.open.request] = &ask{good: true}
	must(t, tn.office.Verified(context.Background(), kxd.Answer{RequestID: c.open.request, Result: kxd.Passed}))
	c.open.take(t, tn, "PASSED")
	_, err = tn.office.Pay(tn.as(u), binding.PayInput{BankCardID: tn.public(c)})
	must(t, err)
	c.events++
	tn.opened(t, c, "KXDM")
	tn.known[c.open.request] = &ask{good: true}
	must(t, tn.office.Paid(context.Background(), kxdm.Answer{RequestID: c.open.request, Result: kxdm.Paid}))
	c.open.take(t, tn, "PAID")
}

var awaits = map[string]string{"KXD": "PENDING_REVIEW", "KXDM": "PENDING_BINDING"}

// take has an answer take effect on the model.
func (a *modelAttempt) take(t tester, tn *town, result string) {
	if a.result != "" {
		return
	}
	a.result, a.card.open = result, nil
	c := a.card
	if c.status != awaits[a.system] {
		return
	}
	c.events++
	c.owner.mails++
	switch result {
	case "PASSED":
		c.status, c.failing = "PENDING_BINDING", false
	case "FAILED":
		c.status, c.failing = "ACTIVATED", true
	case "REFUSED":
		c.failing = true
	case "PAID":
		c.status, c.failing = "BOUND", false
		for _, o := range tn.cards {
			if o != c && o.owner == c.owner && o.status == "BOUND" {
				o.status = "REPLACED"
				o.events++
			}
		}
	default:
		t.Fatalf("nothing becomes of %q", result)
	}
}

func (tn *town) some(t *rapid.T) *modelAttempt {
	if len(tn.attempts) == 0 {
		t.Skip("no questions")
	}
	var open []*modelAttempt
	for _, a := range tn.attempts {
		if a.result == "" {
			open = append(open, a)
		}
	}
	if len(open) > 0 && rapid.IntRange(0, 4).Draw(t, "open") > 0 {
		return rapid.SampledFrom(open).Draw(t, "question")
	}
	return rapid.SampledFrom(tn.attempts).Draw(t, "any question")
}

// work runs the job of a question.
func (tn *town) work(t *rapid.T) {
	a := tn.some(t)
	tn.behave = rapid.SampledFrom([]string{"answer", "answer", "later", "down", "slow", "forget"}).Draw(t, "behaviour")
	tn.answered = "not asked"
	ended := a.card.status != awaits[a.system]
	err := tn.asker.Work(context.Background(), &river.Job[binding.Ask]{JobRow: &rivertype.JobRow{Attempt: 1, MaxAttempts: 8}, Args: binding.Ask{Attempt: int64(a.id)}})
	switch {
	case a.result != "" || ended && a.asks == 0:
		if tn.answered != "not asked" || err != nil {
			t.Fatalf("a question that is over was put: %q, %v", tn.answered, err)
		}
		if a.result == "" {
			a.result, a.card.open = "WITHDRAWN", nil
		}
		return
	case ended && tn.answered == "unknown":
		a.result, a.card.open = "WITHDRAWN", nil
	}
	a.asks++
	switch tn.answered {
	case "":
		if !errors.Is(err, outer.ErrUnavailable) {
			t.Fatalf("without an answer the job says %v", err)
		}
		return
	case "PASSED", "FAILED", "PAID", "REFUSED":
		a.take(t, tn, tn.answered)
	}
	must(t, err)
}

// callBack is an answer that comes by itself: the right one, a repeated one, an older one, one of a question that was never put, or, once it is too late, the
// contrary.
func (tn *town) callBack(t *rapid.T) {
	if rapid.IntRange(0, 9).Draw(t, "unknown") == 0 {
		request := "nothing of ours"
		if len(tn.attempts) > 0 { // another system's number is not ours either
			for _, a := range tn.attempts {
				if a.system == "KXDM" {
					request = a.request
				}
			}
		}
		if err := tn.office.Verified(context.Background(), kxd.Answer{RequestID: request, Result: kxd.Passed}); !errors.Is(err, binding.ErrUnknown) {
			t.Fatalf("an answer to a question that was never asked: %v", err)
		}
		return
	}
	a := tn.some(t)
	q := tn.known[a.request]
	if q == nil {
		t.Skip("they know nothing of it")
	}
	good := q.good
	if a.result != "" && rapid.Bool().Draw(t, "contrary") {
		good = !good
	}
	late := rapid.IntRange(0, 4).Draw(t, "older") == 0
	var err error
	result := ""
	if a.system == "KXD" {
		answer := kxd.Answer{RequestID: a.request, Result: kxd.Failed, Code: "x"}
		if result = "FAILED"; good {
			answer.Result, result = kxd.Passed, "PASSED"
		}
		if late {
			answer.Result = kxd.Pending
		}
		err = tn.office.Verified(context.Background(), answer)
	} else {
		answer := kxdm.Answer{RequestID: a.request, Result: kxdm.Refused, Code: "x"}
		if result = "REFUSED"; good {
			answer.Result, result = kxdm.Paid, "PAID"
		}
		if late {
			answer.Result = kxdm.Pending
		}
		err = tn.office.Paid(context.Background(), answer)
	}
	must(t, err)
	if !late {
		a.take(t, tn, result)
	}
}

// agrees compares everything that is stored with the model.
func (tn *town) agrees(t *rapid.T) {
	client, ctx := tn.office.Store.Client(), context.Background()
	bound := map[*modelUser]int{}
	for _, c := range tn.cards {
		got, err := client.BankCard.Get(ctx, c.id)
		must(t, err)
		events, err := client.Event.Query().Where(event.SubjectType(string(key.KindBankCard)), event.SubjectID(int64(c.id))).Order(event.ByID()).All(ctx)
		must(t, err)
		if string(got.Status) != c.status || len(events) != c.events || got.Version != c.events || (got.Failure != nil) != c.failing {
			t.Fatalf("card %d is %s, version %d, with %d events, failure %v; the model has %s, %d, %v",
				c.id, got.Status, got.Version, len(events), got.Failure != nil, c.status, c.events, c.failing)
		}
		if last := events[len(events)-1]; *last.To != c.status {
			t.Fatalf("card %d is %s, its history ends with %s", c.id, c.status, *last.To)
		}
		attempts, err := client.BankCardAttempt.Query().Where(bankcardattempt.BankCardID(c.id)).All(ctx)
		must(t, err)
		paid, open := 0, 0
		for _, a := range attempts {
			i := slices.IndexFunc(tn.attempts, func(m *modelAttempt) bool { return m.id == a.ID })
			m := tn.attempts[i]
			result := ""
			if a.Result != nil {
				result = *a.Result
			}
			if result != m.result || (a.FinishedAt == nil) != (result == "") || a.Asks != m.asks {
				t.Fatalf("question %d has %q after %d asks, the model %q after %d", a.ID, result, a.Asks, m.result, m.asks)
			}
			if result == "PAID" {
				paid++
			}
			if a.FinishedAt == nil {
				open++
			}
		}
		if paid > 1 || open > 1 {
			t.Fatalf("card %d was paid for %d times and has %d open questions", c.id, paid, open)
		}
		if c.status == "BOUND" {
			bound[c.owner]++
		}
	}
	for _, u := range tn.users {
		mails, err := client.Message.Query().Where(message.UserID(u.id)).Count(ctx)
		must(t, err)
		if mails != u.mails || bound[u] > 1 {
			t.Fatalf("user %d has %d mails and %d bound cards, the model %d mails", u.id, mails, bound[u], u.mails)
		}
	}
}

// newcomers are two active customers who never were before.
func newcomers(t tester, d *workflow.Desk, n *int) (users []*modelUser) {
	must(t, d.Store.InTx(lifecycle.Book(context.Background()), func(ctx context.Context, tx *store.Tx) error {
		for range 2 {
			*n++
			sealed, hash, err := d.Hide(seal.Phone, fmt.Sprintf("+86138%08d", *n))
			if err != nil {
				return err
			}
			u, err := tx.User.Create().SetName("王小明").SetEmail(fmt.Sprintf("model%d@example.com", *n)).SetPhone(sealed).SetPhoneHash(hash).
				SetPasswordHash("x").SetLocale("en").SetBorrower(true).SetStatus(user.StatusPendingReview).Save(ctx)
			if err != nil {
				return err
			}
			if err := lifecycle.Born(ctx, tx, lifecycle.RegisterUser, int64(u.ID), u.Status, u.ID, lifecycle.Said{}); err != nil {
				return err
			}
			reviewer := access.With(ctx, access.Viewer{APIKey: 1, Permissions: access.Of(access.ReviewRegistrations)})
			if err := lifecycle.Make(reviewer, tx, lifecycle.ApproveRegistration, tx.User.Update(), workflow.Person(u), lifecycle.Said{}); err != nil {
				return err
			}
			users = append(users, &modelUser{id: u.ID, active: true})
		}
		return nil
	}))
	return users
}

func TestCardsFollowTheModelWhateverHappensInWhateverOrder(t *testing.T) {
	if f := flag.Lookup("rapid.checks"); f.Value.String() == f.DefValue { // longer by -rapid.checks
		must(t, f.Value.Set("60"))
		defer func() { _ = f.Value.Set(f.DefValue) }()
	}
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		d, n := desk(t, s), 0
		var admin *ent.Staff
		admin, err := s.Client().Staff.Query().Only(t.Context())
		must(t, err)
		rapid.Check(t, func(t *rapid.T) {
			// The cards of those before are let go, so that their numbers are free.
			must(t, s.InTx(lifecycle.Book(context.Background()), func(ctx context.Context, tx *store.Tx) error {
				return letAllGo(ctx, tx)
			}))
			tn := &town{
				world:   &world{known: map[string]*ask{}},
				office:  &binding.Office{Desk: d},
				manager: access.Viewer{Staff: admin.ID, Permissions: access.EveryPermission},
				users:   newcomers(t, d, &n),
			}
			tn.decide = func(string) bool { return rapid.IntRange(0, 2).Draw(t, "decided") > 0 }
			tn.asker = &binding.Asker{Office: tn.office, KXD: theKXD{tn.world}, KXDM: theKXDM{tn.world}}
			t.Repeat(map[string]func(*rapid.T){
				"bind": tn.bind, "rebind": tn.rebind, "retry": tn.retry, "pay": tn.pay, "pay again": tn.pay, "cancel": tn.cancel, "unbind": tn.unbind, "suspend": tn.suspend,
				"all the way": tn.allTheWay, "work": tn.work, "work on": tn.work, "work more": tn.work, "call back": tn.callBack, "": tn.agrees,
			})
		})
		must(t, s.InTx(t.Context(), demo.Check))
		for _, kind := range []string{"REPLACE_CARD", "FAIL_BINDING", "RETRY_BANK_CARD_VERIFICATION", "UNBIND_BANK_CARD"} {
			n, err := s.Client().Event.Query().Where(event.Kind(kind)).Count(t.Context())
			must(t, err)
			t.Log(kind, n)
		}
	})
}

// letAllGo ends every card, by moves of the machine's own.
func letAllGo(ctx context.Context, tx *store.Tx) error {
	cards, err := tx.BankCard.Query().All(ctx)
	if err != nil {
		return err
	}
	ctx = access.AsSystem(ctx, "tester")
	for _, c := range cards {
		if err := tx.BankCardAttempt.Update().Where(bankcardattempt.BankCardID(c.ID), bankcardattempt.FinishedAtIsNil()).
			SetResult("WITHDRAWN").SetFinishedAt(lifecycle.Now()).Exec(ctx); err != nil {
			return err
		}
		move := lifecycle.CancelBankCardBinding
		switch c.Status {
		case bankcard.StatusBound:
			move = lifecycle.UnbindBankCard
		case bankcard.StatusUnbound, bankcard.StatusReplaced, bankcard.StatusCancelled:
			continue
		}
		o := lifecycle.Object[bankcard.Status]{ID: int64(c.ID), Status: c.Status, Version: c.Version, Owner: c.UserID}
		if err := lifecycle.Make(ctx, tx, move, tx.BankCard.Update(), o, lifecycle.Said{}); err != nil {
			return err
		}
	}
	return nil
}
