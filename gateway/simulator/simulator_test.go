package simulator_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers/gorillamux"

	"lenddesk/gateway/finance"
	"lenddesk/gateway/kxd"
	"lenddesk/gateway/kxdm"
	"lenddesk/gateway/outer"
	"lenddesk/gateway/signing"
	"lenddesk/gateway/simulator"
	"lenddesk/identity"
	"lenddesk/money"
)

const (
	kxdSecret  = "a secret of KXD's"
	kxdmSecret = "a secret of KXDM's"
	bankSecret = "a secret of finance's"
)

// town is a simulator, a place that it calls back, and clients that ask it. What goes over the wire is held against the contracts.
type town struct {
	t     *testing.T
	kxd   *kxd.Client
	kxdm  *kxdm.Client
	bank  *finance.Client
	url   string
	mu    sync.Mutex
	calls []string // call-backs that were taken
	deaf  int      // call-backs that are not taken yet
	heard chan struct{}
}

func build(t *testing.T, o simulator.Options) *town {
	t.Helper()
	tn := &town{t: t, heard: make(chan struct{}, 64)}
	o.KXD, o.KXDM, o.Finance = []string{kxdSecret}, []string{kxdmSecret}, []string{bankSecret}
	if o.Later == 0 {
		o.Later = time.Millisecond
	}
	s := simulator.New(o)
	server := httptest.NewServer(s.Handler())
	back := httptest.NewServer(http.HandlerFunc(tn.back))
	t.Cleanup(func() { s.Close(); server.Close(); back.Close() })
	tn.url = server.URL
	options := func(system, secret string) outer.Options {
		return outer.Options{
			URL: server.URL + "/" + system, Secrets: []string{secret}, CallbackURL: back.URL + "/" + system, Deadline: 300 * time.Millisecond, Tries: 1,
			Transport: abiding(t, "../../docs/"+system+".openapi.yaml", server.URL+"/"+system),
		}
	}
	var err error
	if tn.kxd, err = kxd.Open(options("kxd", kxdSecret)); err != nil {
		t.Fatal(err)
	}
	if tn.kxdm, err = kxdm.Open(options("kxdm", kxdmSecret)); err != nil {
		t.Fatal(err)
	}
	if tn.bank, err = finance.Open(options("finance", bankSecret)); err != nil {
		t.Fatal(err)
	}
	return tn
}

// back is where call-backs come.
func (tn *town) back(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	tn.mu.Lock()
	defer tn.mu.Unlock()
	if tn.deaf > 0 {
		tn.deaf--
		w.WriteHeader(http.StatusNotFound)
		return
	}
	said := ""
	switch r.URL.Path {
	case "/kxd":
		a, err := kxd.Read(body)
		said = fmt.Sprint(a.RequestID, " ", a.Result, err, signing.Verifier{Secrets: []string{kxdSecret}}.Check(r.Header, body, time.Now()))
	case "/finance":
		abidesAsCallBack(tn.t, "../../docs/finance.openapi.yaml", body)
		a, err := finance.Read(body)
		said = fmt.Sprint(a.OrderNumber, " ", a.Result, err, signing.Verifier{Secrets: []string{bankSecret}}.Check(r.Header, body, time.Now()))
	case "/kxdm":
		a, err := kxdm.Read(body)
		said = fmt.Sprint(a.RequestID, " ", a.Result, err, signing.Verifier{Secrets: []string{kxdmSecret}}.Check(r.Header, body, time.Now()))
	}
	tn.calls = append(tn.calls, strings.TrimSpace(strings.ReplaceAll(said, "<nil>", "")))
	tn.heard <- struct{}{}
}

// called waits for so many call-backs.
func (tn *town) called(n int) []string {
	tn.t.Helper()
	for range n {
		select {
		case <-tn.heard:
		case <-time.After(20 * time.Second):
			tn.t.Fatalf("no call-back came; so far %q", tn.calls)
		}
	}
	tn.mu.Lock()
	defer tn.mu.Unlock()
	return tn.calls
}

// abiding is a transport that fails the test when a request or an answer is not what the contract says.
func abiding(t *testing.T, contract, base string) http.RoundTripper {
	t.Helper()
	doc, err := openapi3.NewLoader().LoadFromFile(contract)
	if err != nil {
		t.Fatal(err)
	}
	if err := doc.Validate(t.Context()); err != nil {
		t.Fatal(contract, ": ", err)
	}
	doc.Servers = openapi3.Servers{{URL: base}}
	router, err := gorillamux.NewRouter(doc)
	if err != nil {
		t.Fatal(err)
	}
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		route, params, err := router.FindRoute(r)
		if err != nil {
			t.Errorf("%s %s is not in the contract: %v", r.Method, r.URL.Path, err)
			return nil, err
		}
		body, _ := io.ReadAll(r.Body)
		input := &openapi3filter.RequestValidationInput{Request: again(r, body), PathParams: params, Route: route}
		if err := openapi3filter.ValidateRequest(r.Context(), input); err != nil {
			t.Errorf("a request that is not the contract's: %v", err)
		}
		res, err := http.DefaultTransport.RoundTrip(again(r, body))
		if err != nil {
			return nil, err
		}
		abides(t, r.Context(), input, res)
		return res, nil
	})
}

func abides(t *testing.T, ctx context.Context, input *openapi3filter.RequestValidationInput, res *http.Response) {
	said, err := io.ReadAll(res.Body)
	_ = res.Body.Close()
	res.Body = io.NopCloser(bytes.NewReader(said))
	if err != nil {
		return
	}
	output := (&openapi3filter.ResponseValidationInput{
		RequestValidationInput: input, Status: res.StatusCode, Header: res.Header, Options: &openapi3filter.Options{IncludeResponseStatus: true},
	}).SetBodyBytes(said)
	if err := openapi3filter.ValidateResponse(ctx, output); err != nil {
		t.Errorf("an answer that is not the contract's: %d %v", res.StatusCode, err)
	}
}

// abidesAsCallBack holds the body of a call-back against the contract's answer.
func abidesAsCallBack(t *testing.T, contract string, body []byte) {
	doc, err := openapi3.NewLoader().LoadFromFile(contract)
	if err != nil {
		t.Error(err)
		return
	}
	var said any
	if err := json.Unmarshal(body, &said); err != nil {
		t.Error(err)
		return
	}
	for _, path := range doc.Paths.Map() {
		for _, callback := range path.Post.Callbacks {
			for _, at := range callback.Value.Map() {
				if err := at.Post.RequestBody.Value.Content["application/json"].Schema.Value.VisitJSON(said); err != nil {
					t.Errorf("a call-back that is not the contract's: %v", err)
				}
			}
		}
	}
}

func again(r *http.Request, body []byte) *http.Request {
	c := r.Clone(r.Context())
	c.Body, c.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return c
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func number(digits string) string {
	for _, c := range simulator.Cards {
		if c.Digits == digits {
			return c.Number
		}
	}
	return "6222020000080018" // another: it goes the first way
}

func (tn *town) verify(id, digits string) string {
	a, err := tn.kxd.Verify(tn.t.Context(), kxd.Verification{RequestID: id, HolderName: "王小明", NationalID: "11010519491231002X", CardNumber: number(digits), Phone: "+8613800138000"})
	return said(tn.t, id, a.RequestID, string(a.Result), err)
}

func (tn *town) pay(id, digits string) string {
	a, err := tn.kxdm.Start(tn.t.Context(), kxdm.Payment{RequestID: id, HolderName: "王小明", CardNumber: number(digits), Phone: "+8613800138000", Amount: 1, Currency: "CNY"})
	return said(tn.t, id, a.RequestID, string(a.Result), err)
}

func (tn *town) verified(id string) string {
	a, err := tn.kxd.Ask(tn.t.Context(), id)
	return said(tn.t, id, a.RequestID, string(a.Result), err)
}

func (tn *town) paid(id string) string {
	a, err := tn.kxdm.Ask(tn.t.Context(), id)
	return said(tn.t, id, a.RequestID, string(a.Result), err)
}

var aCard = finance.Card{HolderName: "王小明", NationalID: "11010519491231002X", Number: "6222020000000007", Phone: "+8613800138000"}

// order orders the amount with these cents to be collected for two bids.
func (tn *town) order(number, loan, cents string) string {
	amount, problem := money.ParseAmount("300" + cents)
	if problem != nil {
		tn.t.Fatal(problem)
	}
	a, err := tn.bank.Put(tn.t.Context(), finance.Order{
		Number: number, LoanNumber: loan, Amount: amount, Currency: "CNY", Payee: aCard,
		Collections: []finance.Collection{{BidID: "bid_1", Amount: 100_00, Card: aCard}, {BidID: "bid_2", Amount: amount - 100_00, Card: aCard}},
	})
	return tn.reported(number, a, err)
}

func (tn *town) ordered(number string) string {
	a, err := tn.bank.Ask(tn.t.Context(), number)
	return tn.reported(number, a, err)
}

// reported is an answer of finance's in words.
func (tn *town) reported(number string, a finance.Answer, err error) string {
	words := said(tn.t, number, a.OrderNumber, string(a.Result), err)
	if (a.Result == finance.Confirmed) != (a.Reference != "" && !a.DisbursedAt.IsZero()) || (a.Result == finance.Failed) != (a.Reason != "") {
		tn.t.Errorf("an answer with too little or too much: %+v", a)
	}
	return strings.Join(append([]string{words}, a.FailedBidIDs...), " ")
}

// said is an answer in a word.
func said(t *testing.T, id, answered, result string, err error) string {
	t.Helper()
	switch {
	case err == nil && answered != id:
		t.Errorf("asked about %s, answered about %s", id, answered)
	case errors.Is(err, outer.ErrUnavailable):
		return "unavailable"
	case errors.Is(err, outer.ErrUnknown):
		return "unknown"
	case errors.Is(err, outer.ErrRejected):
		return "rejected"
	case err != nil:
		t.Error(err)
	}
	return result
}

func want(t *testing.T, what, got, expected string) {
	t.Helper()
	if got != expected {
		t.Errorf("%s: %s, want %s", what, got, expected)
	}
}

func TestEveryCardGoesItsWay(t *testing.T) {
	tn := build(t, simulator.Options{Slow: time.Minute, Down: 3})
	for _, plain := range []string{"0000", "another"} {
		want(t, plain+" is checked", tn.verify("v"+plain, plain), "PASSED")
		want(t, plain+" is paid", tn.pay("p"+plain, plain), "PAID")
	}
	want(t, "0001", tn.verify("v1", "0001"), "FAILED")
	want(t, "0002 is checked", tn.verify("v2", "0002"), "PASSED")
	want(t, "0002 is paid first", tn.pay("p2", "0002"), "REFUSED")
	want(t, "the same order again", tn.pay("p2", "0002"), "REFUSED")
	want(t, "another order", tn.pay("p2b", "0002"), "PAID")

	want(t, "0003", tn.verify("v3", "0003"), "PENDING")
	want(t, "0003 calls back", fmt.Sprint(tn.called(1)), "[v3 PASSED]")
	want(t, "0003 when asked", tn.verified("v3"), "PASSED")
	want(t, "0004", tn.pay("p4", "0004"), "PENDING")
	want(t, "0004 calls back", fmt.Sprint(tn.called(3)), "[v3 PASSED p4 PAID p4 PENDING p4 PAID]")

	for i := range 3 {
		if i == 1 {
			want(t, "0005 when asked", tn.verified("v5"), "unavailable")
		} else {
			want(t, "0005", tn.verify("v5", "0005"), "unavailable")
		}
	}
	want(t, "0005 when asked in the end", tn.verified("v5"), "unknown")
	want(t, "0005 in the end", tn.verify("v5", "0005"), "PASSED")

	want(t, "0006", tn.pay("p6", "0006"), "unavailable")
	want(t, "0006 when asked", tn.paid("p6"), "PAID")
	want(t, "0007", tn.verify("v7", "0007"), "PENDING")
	want(t, "0007 again", tn.verify("v7", "0007"), "PENDING")
	want(t, "0007 when asked", tn.verified("v7"), "PASSED")
	want(t, "nothing", tn.paid("p0"), "unknown")
}

func TestEveryOrderGoesItsWay(t *testing.T) {
	tn := build(t, simulator.Options{Slow: time.Minute, Down: 3})
	want(t, "nothing", tn.ordered("O-0"), "unknown")
	want(t, ".01", tn.order("O-1", "L1", ".01"), "CONFIRMED")
	want(t, ".01 again", tn.order("O-1", "L1", ".01"), "CONFIRMED")
	want(t, ".01 when asked", tn.ordered("O-1"), "CONFIRMED")
	want(t, ".02", tn.order("O-2", "L2", ".02"), "ACCEPTED")
	want(t, ".02 calls back", fmt.Sprint(tn.called(1)), "[O-2 CONFIRMED]")
	want(t, ".02 when asked", tn.ordered("O-2"), "CONFIRMED")
	want(t, ".03", tn.order("O-3", "L3", ".03"), "ACCEPTED")
	want(t, ".03 calls back", fmt.Sprint(tn.called(1)), "[O-2 CONFIRMED O-3 FAILED]")
	want(t, ".03, another order", tn.order("O-3b", "L3", ".03"), "ACCEPTED")
	want(t, ".03 calls back again", fmt.Sprint(tn.called(1)), "[O-2 CONFIRMED O-3 FAILED O-3b FAILED]")
	want(t, ".04", tn.order("O-4", "L4", ".04"), "FAILED bid_1")
	want(t, ".04 again", tn.order("O-4", "L4", ".04"), "FAILED bid_1")
	want(t, ".04, the next order", tn.order("O-4b", "L4", ".04"), "CONFIRMED")
	want(t, ".05", tn.order("O-5", "L5", ".05"), "ACCEPTED")
	want(t, ".05 again", tn.order("O-5", "L5", ".05"), "ACCEPTED")
	want(t, ".05 when asked", tn.ordered("O-5"), "CONFIRMED")
	for range 3 {
		want(t, ".06", tn.order("O-6", "L6", ".06"), "unavailable")
	}
	want(t, ".06 when asked in the end", tn.ordered("O-6"), "unknown")
	want(t, ".06 in the end", tn.order("O-6", "L6", ".06"), "CONFIRMED")
	want(t, ".07", tn.order("O-7", "L7", ".07"), "unavailable")
	want(t, ".07 when asked", tn.ordered("O-7"), "CONFIRMED")
	want(t, ".08", tn.order("O-8", "L8", ".08"), "ACCEPTED")
	calls := tn.called(2)
	want(t, ".08 calls back", fmt.Sprint(calls[len(calls)-2:]), "[O-8 CONFIRMED O-8 FAILED]")
	for range 2 {
		want(t, "another", tn.order("O-9", "L9", ".90"), "ACCEPTED")
		want(t, "another when asked", tn.ordered("O-9"), "ACCEPTED")
	}
	want(t, "other content", tn.order("O-9", "L9", ".91"), "rejected")
}

func TestARequestIDIsForOneContent(t *testing.T) {
	tn := build(t, simulator.Options{})
	want(t, "first", tn.verify("v", "0000"), "PASSED")
	want(t, "again", tn.verify("v", "0000"), "PASSED")
	want(t, "other content", tn.verify("v", "0001"), "rejected")
	want(t, "the other system's", tn.paid("v"), "unknown")
}

func TestACallBackThatIsNotTakenIsMadeAgain(t *testing.T) {
	tn := build(t, simulator.Options{})
	tn.deaf = 2
	want(t, "taken", tn.verify("v", "0003"), "PENDING")
	want(t, "called back", fmt.Sprint(tn.called(1)), "[v PASSED]")
}

func TestAMessageThatIsNotSignedIsRefused(t *testing.T) {
	tn := build(t, simulator.Options{})
	body := []byte(`{"requestId":"v"}`)
	for what, header := range map[string]http.Header{
		"nothing": {}, "another secret": signing.Sign(kxdmSecret, time.Now(), body), "long ago": signing.Sign(kxdSecret, time.Now().Add(-time.Hour), body),
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, tn.url+"/kxd/verifications/status", bytes.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header = header
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if res.StatusCode != http.StatusUnauthorized {
			t.Errorf("%s: HTTP %d", what, res.StatusCode)
		}
	}
}

func TestTheTableIsInTheDocuments(t *testing.T) {
	page, err := os.ReadFile("../../docs/simulator.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, o := range simulator.Orders {
		if line := fmt.Sprintf("| `%s` | %s |\n", o.Cents, o.Outcome); !strings.Contains(string(page), line) {
			t.Errorf("docs/simulator.md lacks the line %s", line)
		}
	}
	for _, c := range simulator.Cards {
		if line := fmt.Sprintf("| `%s` | `%s` | %s |\n", c.Digits, c.Number, c.Outcome); !strings.Contains(string(page), line) {
			t.Errorf("docs/simulator.md lacks the line %s", line)
		}
		if _, problem := identity.CardNumber(c.Number); problem != nil || c.Number[len(c.Number)-5:len(c.Number)-1] != c.Digits {
			t.Errorf("%s is no card of the way %s", c.Number, c.Digits)
		}
	}
}
