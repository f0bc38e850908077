package main

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"

	"lenddesk/access"
	"lenddesk/ent/loan"
	"lenddesk/money"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/store/storetest"
	"lenddesk/workflow/servicing"
)

// withStaff is a house with the people who look after loans, and no loan yet.
func withStaff(t *testing.T, h *house) *debt {
	t.Helper()
	d := &debt{market: &market{house: h, t: t}}
	d.lister, d.funder = h.clerk(t, "lister", access.ListLoans), h.clerk(t, "funder", access.ReviewFunding)
	d.finance, d.manager = h.clerk(t, "finance", access.ReportPayments), h.clerk(t, "manager", access.ManageLoans)
	return d
}

// fill lists a loan of 30,000 and these cents for a borrower of its own, and fills it by four bids. The cents tell the simulator what to do.
func (d *debt) fill(cents string) {
	d.t.Helper()
	d.borrower, d.owner = d.trader(d.t)
	amount, problem := money.ParseAmount("30000" + cents)
	if problem != nil {
		d.t.Fatal(problem)
	}
	d.loan = d.approved(d.t, d.owner, amount, 3, loan.RepaymentMethodEqualInstallments)
	d.done(d.lister, "listLoan", "loan", terms(d.loan))
	d.investors = nil
	for _, amount := range []string{"10000.00", "9950.00", "10000.00", "50" + cents} {
		p, _ := d.trader(d.t)
		if _, status, got := p.bid(d.loan, amount); status != "APPROVED" {
			d.t.Fatal(got)
		}
		d.investors = append(d.investors, p)
	}
}

const orderLook = `query($id: ID!) { node(id: $id) { ... on Loan { status orderNumber disbursements { totalCount nodes { id number state asks askedAt acceptedAt reference finishedAt } }
	installments { totalCount } timeline { nodes { kind actor { __typename ... on SystemActor { name } } } } } } }`

// look is what who reports payments sees of the loan and its orders.
func (d *debt) look() answer { return d.finance.ask(orderLook, vars{"id": d.loan}) }

// states are those of the loan's orders, oldest first.
func (d *debt) states() string {
	nodes, _ := d.look().at("node.disbursements.nodes").([]any)
	var all []string
	for _, n := range nodes {
		all = append(all, n.(map[string]any)["state"].(string))
	}
	slices.Reverse(all)
	return strings.Join(all, " ")
}

// comes waits until the loan stands there, asking again about what has waited.
func (d *debt) comes(status string) answer {
	d.t.Helper()
	var got answer
	until(d.t, "the loan is "+status, func() bool {
		d.askFinance()
		got = d.look()
		return got.text("node.status") == status
	})
	return got
}

// askFinance has open orders asked about that have waited, as the clock does now and then, and lets the time pass that the queue waits.
func (d *debt) askFinance() {
	d.t.Helper()
	d.exec(d.t, "UPDATE river_job SET state = 'available', scheduled_at = "+d.longAgo()+" WHERE state = 'retryable' AND kind = 'tell_finance'")
	if err := d.store.InTx(d.t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return d.desk.Queue.Enqueue(ctx, tx, servicing.AskAgain{}, nil)
	}); err != nil {
		d.t.Fatal(err)
	}
}

// accepted waits until finance has said that it has the order.
func (d *debt) accepted() {
	d.t.Helper()
	until(d.t, "the order is accepted", func() bool { return d.look().at("node.disbursements.nodes.0.acceptedAt") != nil })
}

// Each way that things go with an order in the simulator, to its end.
func TestEveryOrderComesToItsEnd(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.set(t, parameter.FinancePatience, "1s")
		d := withStaff(t, h)
		confirmed := func(cents, orders string) {
			t.Helper()
			got := d.comes("REPAYING")
			want(t, cents+": its orders", d.states(), orders)
			want(t, cents+": the plan", got.at("node.installments.totalCount"), any(3.0))
			want(t, cents+": by", got.text("node.timeline.nodes.0.kind")+" "+got.text("node.timeline.nodes.0.actor.name"), "CONFIRM_DISBURSEMENT finance")
			want(t, cents+": mails", d.written(t, d.owner), "loan_disbursed")
			want(t, cents+": the number is free", got.at("node.orderNumber"), any(nil))
			if got.text("node.disbursements.nodes.0.reference") == "" || got.at("node.disbursements.nodes.0.finishedAt") == nil {
				t.Errorf("%s: without a reference or a time: %s", cents, got)
			}
			d.derives()
		}
		for _, cents := range []string{".01", ".02", ".05", ".06", ".07", ".08"} {
			d.fill(cents)
			d.order()
			confirmed(cents, "CONFIRMED")
		}
		until(t, "the contradicting call-back has been refused", func() bool { return strings.Contains(h.logs.String(), "a call-back was not taken") })
		confirmed(".08", "CONFIRMED")
		d.fill(".03")
		d.order()
		got := d.comes("FULLY_FUNDED")
		want(t, ".03: by", got.text("node.timeline.nodes.0.kind")+" "+got.text("node.timeline.nodes.0.actor.name"), "FAIL_DISBURSEMENT finance")
		want(t, ".03: its order", d.states(), "FAILED")
		d.derives()
		d.order()
		d.comes("FULLY_FUNDED")
		want(t, ".03: the next", d.states(), "FAILED FAILED")
		d.derives()

		d.fill(".04")
		d.order()
		d.comes("BIDDING")
		d.stands(".04: its oldest bid is released", "BIDDING", "20000.04", "20000.04")
		want(t, ".04: the oldest bid", d.investors[0].ask(`{ bids { nodes { status } } }`).text("bids.nodes.0.status"), "RELEASED")
		want(t, ".04: the next bid", d.investors[1].ask(`{ bids { nodes { status } } }`).text("bids.nodes.0.status"), "APPROVED")
		d.derives()
		if _, status, got := d.investors[1].bid(d.loan, "10000.00"); status != "APPROVED" {
			t.Fatal(got)
		}
		d.order()
		confirmed(".04", "FAILED CONFIRMED")

		d.fill(".00")
		number := d.order()
		d.accepted()
		for range 2 {
			asked := d.look().at("node.disbursements.nodes.0.asks").(float64)
			until(t, "it is asked about", func() bool {
				d.askFinance()
				return d.look().at("node.disbursements.nodes.0.asks").(float64) > asked
			})
		}
		want(t, ".00: waits for its report", d.look().text("node.status")+" "+d.states(), "AWAITING_DISBURSEMENT ORDERED")
		d.done(d.finance, "confirmDisbursement", "loan", vars{"loanId": d.loan, "orderNumber": number, "reference": "by hand", "disbursedAt": ago(0)})
		want(t, ".00: reported by hand", d.look().text("node.status")+" "+d.states(), "REPAYING CONFIRMED")
		d.derives()
		for _, secret := range []string{"13900000", "622202", "Trader"} {
			if strings.Contains(h.logs.String(), secret) {
				t.Errorf("the log tells of a card or a person: %s", secret)
			}
		}
	})
}

// Who sees orders to finance: who sees loans or reports payments, and nobody else.
func TestOrdersAreSeenByWhoHandlesThem(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		d := withStaff(t, h)
		d.fill(".00")
		d.order()
		order := d.look().text("node.disbursements.nodes.0.id")
		count := func(p *person) any { return p.ask(orderLook, vars{"id": d.loan}).at("node.disbursements.totalCount") }
		want(t, "who reports payments", count(d.finance), any(1.0))
		want(t, "who sees loans", count(h.clerk(t, "reader", access.ViewLoans)), any(1.0))
		want(t, "who lists loans", count(d.lister), any(0.0))
		want(t, "the borrower", count(d.borrower), any(0.0))
		for _, p := range []*person{d.borrower, d.investors[0], d.lister} {
			want(t, "by its id", p.ask(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": order}).at("node"), any(nil))
		}
		want(t, "by its id", d.finance.ask(`query($id: ID!) { node(id: $id) { ... on Disbursement { loan { id } } } }`, vars{"id": order}).text("node.loan.id"), d.loan)
	})
}

// orders are the numbers under which finance was ordered to pay.
func (w *world) orders() (numbers []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for what := range w.heard {
		if number, ok := strings.CutPrefix(what, "/finance/orders "); ok {
			numbers = append(numbers, number)
		}
	}
	return numbers
}

// Whatever goes wrong with an order on the way: it reaches finance under one number, and is carried out once.
func TestWhateverGoesWrongAnOrderIsCarriedOutOnce(t *testing.T) {
	inTheWorld(t, func(t *testing.T, h *house, w *world) {
		h.set(t, parameter.FinancePatience, "1s")
		d := withStaff(t, h)
		for n, how := range []string{"down", "refuse", "cut", "slow", "garbage", "page", "early"} {
			calls := 5 // more than are tried at once
			if how == "early" {
				calls = 1
			}
			d.fill(".01")
			faults := w.wrongs()
			w.goWrong(how, calls)
			d.order()
			got := d.comes("REPAYING")
			want(t, how+": that often it went wrong", w.wrongs()-faults, calls)
			want(t, how+": its order", d.states(), "CONFIRMED")
			want(t, how+": orders that finance has", len(w.orders()), n+1)
			want(t, how+": plan", got.at("node.installments.totalCount"), any(3.0))
			want(t, how+": mails", d.written(t, d.owner), "loan_disbursed")
			d.derives()
		}
		for _, secret := range []string{secretOfBank, "622202", "13900000", w.server.URL} {
			if strings.Contains(h.logs.String(), secret) {
				t.Errorf("the log tells a secret, a number or an address of finance: %s", secret)
			}
		}
	})
}

// While finance is down everything else goes on, also a report by hand; and what was reported by hand is not put any more.
func TestFinanceThatIsDownHoldsNobodyUp(t *testing.T) {
	inTheWorld(t, func(t *testing.T, h *house, w *world) {
		d := withStaff(t, h)
		w.goWrong("down", 1<<30)
		d.fill(".00")
		number := d.order()
		until(t, "it was tried", func() bool { return w.wrongs() >= 3 })
		want(t, "the loan waits", d.look().text("node.status"), "AWAITING_DISBURSEMENT")
		want(t, "by hand", d.done(d.finance, "failDisbursement", "loan", vars{"loanId": d.loan, "orderNumber": number, "reason": "Finance is away."}), "FULLY_FUNDED")
		w.goWrong("", 0)
		next := d.order()
		until(t, "the next order is taken", func() bool {
			d.askFinance()
			return slices.Contains(w.orders(), next)
		})
		want(t, "orders that finance has", fmt.Sprint(w.orders()), "["+next+"]")
		d.derives()
	})
}

// The call-back door of finance: what is forged, stale, unknown, malformed or does not fit changes nothing and is told so; what is repeated changes nothing and
// is thanked for; what contradicts the first report is refused.
func TestTheCallBackDoorOfFinance(t *testing.T) {
	inTheWorld(t, func(t *testing.T, h *house, w *world) {
		d := withStaff(t, h)
		d.fill(".00")
		number := d.order()
		d.accepted()
		door, now := "http://"+h.address+"/hooks/finance", time.Now()
		confirmed := func(number, reference, at string) []byte {
			return fmt.Appendf(nil, `{"orderNumber": %q, "result": "CONFIRMED", "reference": %q, "disbursedAt": %q}`, number, reference, at)
		}
		failed := func(number, reason, bids string) []byte {
			return fmt.Appendf(nil, `{"orderNumber": %q, "result": "FAILED", "reason": %q, "failedBidIds": [%s]}`, number, reason, bids)
		}
		accepted := fmt.Appendf(nil, `{"orderNumber": %q, "result": "ACCEPTED"}`, number)
		at := ago(0)
		good := confirmed(number, "F-1", at)
		version := d.borrower.ask(`query($id: ID!) { node(id: $id) { ... on Loan { version } } }`, vars{"id": d.loan}).at("node.version")
		contract, err := openapi3.NewLoader().LoadFromFile("docs/finance.openapi.yaml")
		if err != nil {
			t.Fatal(err)
		}
		answers := contract.Paths.Value("/orders").Post.Callbacks["result"].Value.Value("{$request.body#/callbackUrl}").Post.Responses
		send := func(what, secret string, signed time.Time, body []byte, wanted int) {
			t.Helper()
			status, said := callBack(door, secret, signed, body)
			want(t, what+": "+said, status, wanted)
			if answers.Status(status) == nil {
				t.Errorf("%s: the contract tells of no answer %d", what, status)
			}
			if !strings.Contains(said, `"message"`) || strings.Contains(said, "sql") {
				t.Errorf("%s: answered %s", what, said)
			}
			if got := d.borrower.ask(`query($id: ID!) { node(id: $id) { ... on Loan { status version } } }`, vars{"id": d.loan}); got.at("node.version") != version {
				t.Fatalf("%s: the loan is %s", what, got)
			}
		}
		bidOf := func(p *person) string { return p.ask(`{ bids { nodes { id } } }`).text("bids.nodes.0.id") }
		send("forged", "another secret altogether", now, good, http.StatusUnauthorized)
		send("another system's secret", secretOfKXDM, now, good, http.StatusUnauthorized)
		send("stale", secretOfBank, now.Add(-6*time.Minute), good, http.StatusUnauthorized)
		send("from ahead", secretOfBank, now.Add(6*time.Minute), good, http.StatusUnauthorized)
		send("unknown", secretOfBank, now, confirmed(number+"0", "F-1", at), http.StatusNotFound)
		send("garbage", secretOfBank, now, []byte("<html>"), http.StatusBadRequest)
		send("nothing", secretOfBank, now, nil, http.StatusBadRequest)
		send("another's word", secretOfBank, now, fmt.Appendf(nil, `{"orderNumber": %q, "result": "PAID"}`, number), http.StatusBadRequest)
		send("without a reference", secretOfBank, now, confirmed(number, "", at), http.StatusBadRequest)
		send("without a time", secretOfBank, now, fmt.Appendf(nil, `{"orderNumber": %q, "result": "CONFIRMED", "reference": "F-1"}`, number), http.StatusBadRequest)
		send("without a reason", secretOfBank, now, failed(number, "", ""), http.StatusBadRequest)
		send("a payment ahead", secretOfBank, now, confirmed(number, "F-1", ago(-1)), http.StatusBadRequest)
		send("a reference that is too long", secretOfBank, now, confirmed(number, strings.Repeat("x", 101), at), http.StatusBadRequest)
		send("a bid of nothing", secretOfBank, now, failed(number, "No money.", `"bid_0000000000000"`), http.StatusBadRequest)
		send("a bid twice", secretOfBank, now, failed(number, "No money.", fmt.Sprintf("%q, %[1]q", bidOf(d.investors[0]))), http.StatusBadRequest)
		send("too long", secretOfBank, now, make([]byte, 2<<20), http.StatusRequestEntityTooLarge)
		send("accepted once more", secretOfBank, now, accepted, http.StatusOK)

		// The right one, many times at once.
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if status, said := callBack(door, secretOfBank, time.Now(), good); status != http.StatusOK {
					t.Errorf("the right one: %d %s", status, said)
				}
			})
		}
		wg.Wait()
		want(t, "paid out", d.look().text("node.status")+" "+d.states(), "REPAYING CONFIRMED")
		version = d.borrower.ask(`query($id: ID!) { node(id: $id) { ... on Loan { version } } }`, vars{"id": d.loan}).at("node.version")
		send("repeated", secretOfBank, time.Now(), good, http.StatusOK)
		send("older: accepted", secretOfBank, time.Now(), accepted, http.StatusOK)
		send("failed after all", secretOfBank, time.Now(), failed(number, "No money.", ""), http.StatusConflict)
		send("failed for a bid after all", secretOfBank, time.Now(), failed(number, "No money.", fmt.Sprintf("%q", bidOf(d.investors[0]))), http.StatusConflict)
		send("another reference", secretOfBank, time.Now(), confirmed(number, "F-2", at), http.StatusConflict)
		send("another day", secretOfBank, time.Now(), confirmed(number, "F-1", ago(3)), http.StatusConflict)
		want(t, "by hand, the same", d.done(d.finance, "confirmDisbursement", "loan", vars{"loanId": d.loan, "orderNumber": number, "reference": "F-1", "disbursedAt": at}), "REPAYING")
		got := d.look()
		want(t, "history", strings.Count(strings.Join(kinds(got, "node.timeline.nodes"), " "), "DISBURSEMENT"), 1)
		want(t, "mails", d.written(t, d.owner), "loan_disbursed")
		d.derives()

		// What people have reported, finance's own call-back finds done; a reference is used once.
		d.fill(".00")
		number = d.order()
		version = d.borrower.ask(`query($id: ID!) { node(id: $id) { ... on Loan { version } } }`, vars{"id": d.loan}).at("node.version")
		send("another's reference", secretOfBank, time.Now(), confirmed(number, "F-1", at), http.StatusConflict)
		d.done(d.finance, "failDisbursement", "loan", vars{"loanId": d.loan, "orderNumber": number, "reason": "No money."})
		version = d.borrower.ask(`query($id: ID!) { node(id: $id) { ... on Loan { version } } }`, vars{"id": d.loan}).at("node.version")
		send("as people have said", secretOfBank, time.Now(), failed(number, "No money.", ""), http.StatusOK)
		send("not as people have said", secretOfBank, time.Now(), confirmed(number, "F-3", at), http.StatusConflict)
		next := d.order()
		version = d.borrower.ask(`query($id: ID!) { node(id: $id) { ... on Loan { version } } }`, vars{"id": d.loan}).at("node.version")
		send("of the order before", secretOfBank, time.Now(), confirmed(number, "F-3", at), http.StatusConflict)
		if status, said := callBack(door, secretOfBank, time.Now(), confirmed(next, "F-3", at)); status != http.StatusOK {
			t.Errorf("of the next order: %d %s", status, said)
		}
		want(t, "orders", d.look().text("node.status")+" "+d.states(), "REPAYING FAILED CONFIRMED")
		d.derives()
	})
}

// A call-back that comes before the order is even written down is told to come again, and changes nothing.
func TestAReportBeforeItsOrderComesAgain(t *testing.T) {
	inTheWorld(t, func(t *testing.T, h *house, w *world) {
		d := withStaff(t, h)
		d.fill(".00")
		_, k, _ := h.desk.IDs.Decode(d.loan)
		number := rowsOf(t, h.store, fmt.Sprintf("SELECT number FROM loans WHERE id = %d", k), func(scan func(...any) error) (s string, err error) { return s, scan(&s) })[0] + "-1"
		body := fmt.Appendf(nil, `{"orderNumber": %q, "result": "CONFIRMED", "reference": "F", "disbursedAt": %q}`, number, ago(0))
		send := func() int {
			status, _ := callBack("http://"+h.address+"/hooks/finance", secretOfBank, time.Now(), body)
			return status
		}
		want(t, "before", send(), http.StatusNotFound)
		want(t, "the loan", d.look().text("node.status"), "FULLY_FUNDED")
		want(t, "the order", d.order(), number)
		want(t, "after", send(), http.StatusOK)
		want(t, "the loan then", d.look().text("node.status"), "REPAYING")
		d.derives()
	})
}

// An order that finance has forgotten is put anew under its number.
func TestAForgottenOrderIsPutAnewUnderItsNumber(t *testing.T) {
	inTheWorld(t, func(t *testing.T, h *house, w *world) {
		d := withStaff(t, h)
		d.fill(".05")
		number := d.order()
		d.accepted()
		w.forget(t)
		h.set(t, parameter.FinancePatience, "1s")
		d.comes("REPAYING")
		want(t, "orders that finance has", fmt.Sprint(w.orders()), "["+number+"]")
		w.mu.Lock()
		defer w.mu.Unlock()
		if asked := w.heard["/finance/orders "+number]; asked < 2 {
			t.Errorf("it was put %d times", asked)
		}
	})
}

// The loans of the demonstration book that wait for finance can be reported as any other, and finance is asked about them.
func TestTheDemonstrationBooksOrdersAreOpen(t *testing.T) {
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := start(t, settings{DatabaseURL: storetest.URL(t, name), Demo: "1"})
			h.set(t, parameter.FinancePatience, "1s")
			d := &debt{market: &market{house: h, t: t}, finance: h.clerk(t, "reporter", access.ReportPayments)}
			got := d.finance.ask(`{ loans(filter: {status: [AWAITING_DISBURSEMENT]}) { nodes { id orderNumber disbursements { nodes { asks } } } } }`)
			d.loan = got.text("loans.nodes.0.id")
			number, before := got.text("loans.nodes.0.orderNumber"), got.at("loans.nodes.0.disbursements.nodes.0.asks").(float64)
			until(t, "it is asked about, and put anew", func() bool {
				d.askFinance()
				return d.look().at("node.disbursements.nodes.0.asks").(float64) > before
			})
			report := vars{"loanId": d.loan, "orderNumber": number, "reference": "out", "disbursedAt": ago(0)}
			want(t, "reported", d.done(d.finance, "confirmDisbursement", "loan", report), "REPAYING")
			h.keepsTheRules(t)
		})
	}
}
