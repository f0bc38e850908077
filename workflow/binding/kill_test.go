package binding_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"entgo.io/ent/dialect"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"

	"lenddesk/access"
	"lenddesk/demo"
	"lenddesk/ent"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/ent/event"
	"lenddesk/ent/message"
	"lenddesk/gateway/kxd"
	"lenddesk/gateway/kxdm"
	"lenddesk/key"
	"lenddesk/store"
	"lenddesk/store/storetest"
	"lenddesk/workflow"
	"lenddesk/workflow/binding"
)

// distant is an outer system that does what it is asked once a request, and counts. later: it says that it will call back.
type distant struct {
	*storetest.Mortal
	later bool
	done  map[string]int // by system and request
}

func (d *distant) call(what, request string) error {
	if err := d.Live(); err != nil { // dead before it was heard
		return err
	}
	d.done[what+" "+request]++
	return d.Live() // dead before the answer was
}

func (d *distant) kxd() binding.KXD   { return distantKXD{d} }
func (d *distant) kxdm() binding.KXDM { return distantKXDM{d} }

type distantKXD struct{ *distant }

func (d distantKXD) say(request string) kxd.Answer {
	if d.later {
		return kxd.Answer{RequestID: request, Result: kxd.Pending}
	}
	return kxd.Answer{RequestID: request, Result: kxd.Passed}
}

func (d distantKXD) Verify(_ context.Context, v kxd.Verification) (kxd.Answer, error) {
	err := d.call("KXD", v.RequestID)
	return d.say(v.RequestID), err
}

func (d distantKXD) Ask(ctx context.Context, request string) (kxd.Answer, error) {
	return d.Verify(ctx, kxd.Verification{RequestID: request}) // it forgets nothing
}

type distantKXDM struct{ *distant }

func (d distantKXDM) say(request string) kxdm.Answer {
	if d.later {
		return kxdm.Answer{RequestID: request, Result: kxdm.Pending}
	}
	return kxdm.Answer{RequestID: request, Result: kxdm.Paid}
}

func (d distantKXDM) Start(_ context.Context, p kxdm.Payment) (kxdm.Answer, error) {
	err := d.call("KXDM", p.RequestID)
	return d.say(p.RequestID), err
}

func (d distantKXDM) Ask(ctx context.Context, request string) (kxdm.Answer, error) {
	return d.Start(ctx, kxdm.Payment{RequestID: request})
}

// shop is the office of a mortal program with its queue, which is worked by hand: a job is done at least once, and noted when it is.
type shop struct {
	*storetest.Mortal
	world  *distant
	office *binding.Office
}

// insist has a customer ask for something until it is answered, under a key, starting the program again when it has died.
func insist[I any](t *testing.T, s *shop, u *modelUser, key string, verb func(context.Context, I) (cardKey, error), in I) cardKey {
	t.Helper()
	ctx := workflow.Trying(access.With(t.Context(), access.Viewer{User: u.id, Permissions: access.Of(access.BindBankCards), Locale: "en"}),
		workflow.Try{Scope: fmt.Sprint(u.id), Key: key, Mutation: key, Input: key})
	for {
		id, err := workflow.Once(ctx, s.office.Desk, verb, in)
		switch {
		case err == nil:
			return id
		case errors.Is(err, storetest.ErrKilled):
			s.Restart()
		default:
			t.Fatal(err)
		}
	}
}

// work does what is in the queue until nothing is, and has answers called back in between.
func (s *shop) work(t *testing.T) {
	t.Helper()
	for range 20 {
		waiting := s.waiting(t)
		if len(waiting) == 0 && !s.world.later {
			return
		}
		for id, attempt := range waiting {
			asker := &binding.Asker{Office: s.office, KXD: s.world.kxd(), KXDM: s.world.kxdm()}
			err := asker.Work(t.Context(), &river.Job[binding.Ask]{JobRow: &rivertype.JobRow{Attempt: 1, MaxAttempts: 8}, Args: binding.Ask{Attempt: attempt}})
			if err == nil {
				err = s.Live() // dead before the queue has noted it
			}
			switch {
			case errors.Is(err, storetest.ErrKilled):
				s.Restart()
				continue
			case err != nil:
				t.Fatal(err)
			}
			s.done(t, id)
		}
		if s.world.later {
			open, err := s.office.Store.Client().BankCardAttempt.Query().Where(bankcardattempt.FinishedAtIsNil()).All(t.Context())
			must(t, err)
			for _, a := range open {
				if s.world.done[string(a.System)+" "+a.RequestID] > 0 { // what was never heard is not answered
					s.callBack(t, a)
				}
			}
			if len(open) == 0 && len(waiting) == 0 {
				return
			}
		}
	}
	t.Fatal("the queue is never empty")
}

// callBack has an answer come by itself, again and again until it is taken, and then once more.
func (s *shop) callBack(t *testing.T, a *ent.BankCardAttempt) {
	t.Helper()
	for thanks := 0; thanks < 2; {
		var err error
		if a.System == bankcardattempt.SystemKxd {
			err = s.office.Verified(t.Context(), kxd.Answer{RequestID: a.RequestID, Result: kxd.Passed})
		} else {
			err = s.office.Paid(t.Context(), kxdm.Answer{RequestID: a.RequestID, Result: kxdm.Paid})
		}
		switch {
		case err == nil:
			thanks++
		case errors.Is(err, storetest.ErrKilled):
			s.Restart()
		default:
			t.Fatal(err)
		}
	}
}

// waiting are the jobs that the queue has, with their questions.
func (s *shop) waiting(t *testing.T) map[int64]int64 {
	t.Helper()
	column := "json_extract(args, '$.attempt')"
	if s.office.Store.Dialect() == dialect.Postgres {
		column = "CAST(args->>'attempt' AS bigint)"
	}
	rows, err := s.office.Store.Reader().QueryContext(t.Context(), "SELECT id, "+column+" FROM river_job WHERE kind = 'ask_about_card' ORDER BY id")
	must(t, err)
	defer rows.Close()
	jobs := map[int64]int64{}
	for rows.Next() {
		var id, attempt int64
		must(t, rows.Scan(&id, &attempt))
		jobs[id] = attempt
	}
	must(t, rows.Err())
	return jobs
}

func (s *shop) done(t *testing.T, job int64) {
	t.Helper()
	_, err := s.office.Store.Writer().ExecContext(t.Context(), fmt.Sprintf("DELETE FROM river_job WHERE id = %d", job))
	must(t, err)
}

type cardKey = key.BankCard

// The program is killed at each step of binding a card and of replacing it, once at a time. However that goes: no card is stuck, nothing is paid twice, and
// each mail is written once.
func TestKilledAtAnyStepACardEndsTheSame(t *testing.T) {
	for _, later := range []bool{false, true} {
		t.Run(map[bool]string{false: "answered at once", true: "answered by call-back"}[later], func(t *testing.T) {
			storetest.Each(t, func(t *testing.T, st *store.Store) {
				d, n := desk(t, st), 0
				m := &storetest.Mortal{}
				st.Client().Use(m.Hook)
				for at := 1; ; at++ {
					m.DieAt(0)
					u := newcomers(t, d, &n)[0]
					world := &distant{Mortal: m, later: later, done: map[string]int{}}
					s := &shop{m, world, &binding.Office{Desk: d}}
					m.DieAt(at)
					first, second := fmt.Sprintf("622202%011d", 2*at), fmt.Sprintf("622202%011d", 2*at+1)
					old := insist(t, s, u, "bind", s.office.Bind, binding.BindInput{CardNumber: text(withLuhn(first)), Phone: text(phone)})
					s.work(t)
					public := d.IDs.Encode(key.KindBankCard, int64(old))
					insist(t, s, u, "pay", s.office.Pay, binding.PayInput{BankCardID: public})
					s.work(t)
					fresh := insist(t, s, u, "rebind", s.office.Rebind, binding.RebindInput{BankCardID: public, CardNumber: text(withLuhn(second)), Phone: text(phone)})
					s.work(t)
					insist(t, s, u, "pay anew", s.office.Pay, binding.PayInput{BankCardID: d.IDs.Encode(key.KindBankCard, int64(fresh))})
					s.work(t)
					ended(t, d, u, world, at, old, fresh)
					if !m.Died {
						t.Logf("%d steps", at-1)
						if at < 40 {
							t.Errorf("only %d steps were found to die at", at-1)
						}
						break
					}
				}
				m.DieAt(0)
				must(t, st.InTx(t.Context(), demo.Check))
			})
		})
	}
}

// ended says what stands at the end, whenever the program was killed.
func ended(t *testing.T, d *workflow.Desk, u *modelUser, world *distant, at int, old, fresh key.BankCard) {
	t.Helper()
	client, ctx := d.Store.Client(), t.Context()
	for id, want := range map[key.BankCard]string{
		old:   "REPLACED: BIND_BANK_CARD PASS_VERIFICATION PAY_BANK_CARD_BINDING CONFIRM_BINDING REPLACE_CARD",
		fresh: "BOUND: REBIND_BANK_CARD PASS_VERIFICATION PAY_BANK_CARD_BINDING CONFIRM_BINDING",
	} {
		c, err := client.BankCard.Get(ctx, id)
		must(t, err)
		events, err := client.Event.Query().Where(event.SubjectType(string(key.KindBankCard)), event.SubjectID(int64(id))).Order(event.ByID()).All(ctx)
		must(t, err)
		var story []string
		for _, e := range events {
			story = append(story, e.Kind)
		}
		if got := string(c.Status) + ": " + strings.Join(story, " "); got != want {
			t.Errorf("killed at step %d: %s, want %s", at, got, want)
		}
		attempts, err := client.BankCardAttempt.Query().Where(bankcardattempt.BankCardID(id)).Order(bankcardattempt.ByID()).All(ctx)
		must(t, err)
		if len(attempts) != 2 || attempts[0].Result == nil || *attempts[0].Result != "PASSED" || attempts[1].Result == nil || *attempts[1].Result != "PAID" {
			t.Errorf("killed at step %d: %d questions", at, len(attempts))
		}
	}
	payments := 0
	for what := range world.done { // the other side does a thing once a request
		if strings.HasPrefix(what, "KXDM ") {
			payments++
		}
	}
	if payments != 2 {
		t.Errorf("killed at step %d: %d payments for two cards", at, payments)
	}
	mails, err := client.Message.Query().Where(message.UserID(u.id)).Order(message.ByID()).All(ctx)
	must(t, err)
	var told []string
	for _, m := range mails {
		told = append(told, m.Kind)
	}
	if got := strings.Join(told, " "); got != "card_verified card_bound card_verified card_bound" {
		t.Errorf("killed at step %d: the mails are %s", at, got)
	}
}

// withLuhn appends the check digit (ISO/IEC 7812).
func withLuhn(digits string) string {
	sum := 0
	for i := range len(digits) {
		v := int(digits[len(digits)-1-i] - '0')
		if i%2 == 0 {
			v = v*2/10 + v*2%10
		}
		sum += v
	}
	return digits + string(rune('0'+(10-sum%10)%10))
}
