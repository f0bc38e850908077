package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"lenddesk/gateway/signing"
	"lenddesk/gateway/simulator"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

const (
	secretOfKXD  = "a secret of KXD and of ours"
	secretOfKXDM = "a secret of KXDM and of ours"
	secretOfBank = "a secret of finance and of ours"
)

// world is KXD, KXDM and finance as the simulator plays them, with whatever goes wrong on the way.
type world struct {
	server *httptest.Server
	plays  http.Handler
	mu     sync.Mutex
	wrong  string // what goes wrong with the next calls
	left   int    // with how many of them
	heard  map[string]int
	faults int
	hooks  string // the address of the program's call-back door
	victim *victim
}

// victim is a program that is killed when this path is asked: before the question is heard, when it is done, or once it is answered.
type victim struct {
	path, when string
	kill       func()
}

// dies kills the victim if its moment has come.
func (w *world) dies(path, when string) bool {
	w.mu.Lock()
	v := w.victim
	due := v != nil && v.path == path && v.when == when
	if due {
		w.victim = nil
	}
	w.mu.Unlock()
	if due {
		v.kill()
	}
	return due
}

// newWorld starts all three systems.
func newWorld(t *testing.T) *world {
	t.Helper()
	sim := simulator.New(simulator.Options{KXD: []string{secretOfKXD}, KXDM: []string{secretOfKXDM}, Finance: []string{secretOfBank}, Later: 20 * time.Millisecond, Slow: time.Second})
	w := &world{plays: sim.Handler(), heard: map[string]int{}}
	w.server = httptest.NewServer(http.HandlerFunc(w.answer))
	t.Cleanup(func() {
		w.server.Close()
		sim.Close()
	})
	return w
}

// goWrong has something go wrong with the next calls.
func (w *world) goWrong(how string, calls int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.wrong, w.left = how, calls
}

// wrongs is how often something went wrong so far.
func (w *world) wrongs() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.faults
}

// payments are the request ids under which KXDM was ordered to take money.
func (w *world) payments() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for what := range w.heard {
		if strings.HasPrefix(what, "/kxdm/payments ") {
			n++
		}
	}
	return n
}

func (w *world) answer(to http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	if w.dies(r.URL.Path, "before it is heard") {
		return
	}
	var q struct{ RequestID, OrderNumber string }
	_ = json.Unmarshal(body, &q) // the simulator says what it thinks of it
	w.mu.Lock()
	how := ""
	if w.left > 0 {
		how, w.left = w.wrong, w.left-1
		w.faults++
	}
	if how != "down" && how != "refuse" {
		w.heard[r.URL.Path+" "+q.RequestID+q.OrderNumber]++
	}
	plays := w.plays
	w.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(body))
	did := httptest.NewRecorder()
	if how != "down" && how != "refuse" {
		plays.ServeHTTP(did, r)
	}
	if w.dies(r.URL.Path, "when it is done") {
		return
	}
	switch how {
	case "down":
		http.Error(to, "down", http.StatusServiceUnavailable)
	case "refuse": // before it was heard
		hangUp(to, nil)
	case "cut": // after it was done, in the middle of the answer
		hangUp(to, []byte("HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 500\r\n\r\n{\"requestId\": "))
	case "slow": // done, and answered too late
		select {
		case <-time.After(5 * time.Second):
		case <-r.Context().Done():
		}
	case "garbage":
		to.Header().Set("Content-Type", "application/json")
		fmt.Fprint(to, `{"requestId": "another's", "result": "PASSED"}`)
	case "page":
		to.Header().Set("Content-Type", "text/html")
		fmt.Fprint(to, "<html><body>It works!</body></html>")
	case "early": // it calls back before it answers, and so before the program has written the answer down
		path, secret := "/hooks/kxd", secretOfKXD
		if strings.HasPrefix(r.URL.Path, "/kxdm") {
			path, secret = "/hooks/kxdm", secretOfKXDM
		}
		if strings.HasPrefix(r.URL.Path, "/finance") {
			path, secret = "/hooks/finance", secretOfBank
		}
		if status, said := callBack("http://"+w.hooks+path, secret, time.Now(), did.Body.Bytes()); status != http.StatusOK {
			panic(fmt.Sprintf("an early call-back: %d %s", status, said))
		}
		fallthrough
	default:
		for k, v := range did.Header() {
			to.Header()[k] = v
		}
		to.WriteHeader(did.Code)
		_, _ = to.Write(did.Body.Bytes()) // who asked may be gone
		_ = http.NewResponseController(to).Flush()
		w.dies(r.URL.Path, "once it is answered")
	}
}

// hangUp ends the connection after these bytes.
func hangUp(to http.ResponseWriter, said []byte) {
	conn, _, err := to.(http.Hijacker).Hijack()
	if err != nil {
		panic(err)
	}
	_, _ = conn.Write(said)
	_ = conn.Close()
}

// callBack sends a signed call-back and tells what it was answered.
func callBack(url, secret string, at time.Time, body []byte) (status int, said string) {
	r, err := http.NewRequest(http.MethodPost, url, bytes.NewReader(body))
	if err != nil {
		return 0, err.Error()
	}
	r.Header = signing.Sign(secret, at, body)
	r.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return 0, err.Error()
	}
	return res.StatusCode, string(b)
}

// inTheWorld runs a story on every database, each with a program that asks systems of its own world and is called back by them.
func inTheWorld(t *testing.T, story func(t *testing.T, h *house, w *world)) {
	t.Helper()
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			door, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			s := settings{DatabaseURL: storetest.URL(t, name), Keyset: newKeyset(t)}
			before := s
			before.Addr, before.AdminEmail, before.AdminPassword, before.LogLevel, before.Demo = "127.0.0.1:0", adminEmail, adminPassword, "info", "0"
			first, err := open(t.Context(), before, io.Discard, quiet())
			if err != nil {
				t.Fatal(err)
			}
			(&house{program: first}).set(t, parameter.PublicURL, "http://"+door.Addr().String())
			if err := first.close(); err != nil {
				t.Fatal(err)
			}
			s.KXDURL, s.KXDSecret = w.server.URL+"/kxd", []string{secretOfKXD, "a secret that comes next"}
			s.KXDMURL, s.KXDMSecret = w.server.URL+"/kxdm/", []string{secretOfKXDM}
			s.FinanceURL, s.FinanceSecret = w.server.URL+"/finance", []string{secretOfBank}
			h := start(t, s)
			forward(t, door, h.address)
			w.hooks = h.address
			story(t, h, w)
		})
	}
}

// Whatever goes wrong outside, with a check and with a payment: nothing is lost, nothing is done twice, and the card gets where it should.
func TestWhateverGoesWrongOutsideNothingIsLostNorDoneTwice(t *testing.T) {
	inTheWorld(t, func(t *testing.T, h *house, w *world) {
		me, id := h.customer(t, 300)
		for n, how := range []string{"down", "refuse", "cut", "slow", "garbage", "page", "early"} {
			calls := 5 // more than are tried at once
			if how == "early" {
				calls = 1
			}
			number := cardNumber(300+n, "0000")
			faults, payments := w.wrongs(), w.payments()
			w.goWrong(how, calls)
			c := me.bind(number)
			me.await(t, c, "PENDING_BINDING", 1)
			want(t, how+": that often it went wrong with the check", w.wrongs()-faults, calls)
			w.goWrong(how, calls)
			me.move("payBankCardBinding", c)
			got := me.await(t, c, "BOUND", 2)
			want(t, how+": that often it went wrong", w.wrongs()-faults, 2*calls)
			want(t, how+": payments", w.payments()-payments, 1)
			want(t, how+": history", got.story(), boundStory)
			me.move("unbindBankCard", c)
		}
		want(t, "mails", h.mailsAbout(t, id), strings.TrimSpace(strings.Repeat("card_verified card_bound ", 7)))
		h.keepsTheRules(t)
		for _, secret := range []string{secretOfKXD, secretOfKXDM, cardNumber(300, "0000"), "13800138000", w.server.URL} {
			if strings.Contains(h.logs.String(), secret) {
				t.Error("the log tells a secret, a number or an address of the outer systems")
			}
		}
	})
}

// While both systems are down, everything else goes on, and what was asked waits.
func TestOuterSystemsThatAreDownHoldNobodyUp(t *testing.T) {
	inTheWorld(t, func(t *testing.T, h *house, w *world) {
		me, _ := h.customer(t, 320)
		w.goWrong("down", 1<<30)
		c := me.bind(cardNumber(320, "0000"))
		until(t, "it was tried", func() bool { return w.wrongs() >= 3 })
		h.register(t, applicant(321))
		want(t, "the card waits", me.card(c).status(), "PENDING_REVIEW")
		w.goWrong("", 0)
		me.await(t, c, "PENDING_BINDING", 1)
	})
}

// The call-back door: what is forged, stale, unknown, malformed or too long changes nothing and is told so; what is repeated changes nothing and is
// thanked for.
func TestTheCallBackDoor(t *testing.T) {
	inTheWorld(t, func(t *testing.T, h *house, w *world) {
		me, id := h.customer(t, 330)
		c := me.bind(cardNumber(330, "0007")) // never answered until asked
		until(t, "it is asked", func() bool { return me.card(c).at("node.attempts.nodes.0.asks") == any(1.0) })
		request := me.card(c).text("node.attempts.nodes.0.requestId")
		door, now := "http://"+h.address+"/hooks/kxd", time.Now()
		body := func(id, result string) []byte {
			return fmt.Appendf(nil, `{"requestId": %q, "result": %q, "code": "OK", "at": "2026-03-01T08:00:00Z"}`, id, result)
		}
		good := body(request, "PASSED")
		unmoved := func(what string, status, wanted int, said string) {
			t.Helper()
			want(t, what, status, wanted)
			if got := me.card(c); got.status() != "PENDING_REVIEW" || got.at("node.version") != any(1.0) {
				t.Fatalf("%s: the card is %s", what, got)
			}
			if strings.Contains(said, "hook") || strings.Contains(said, "sql") || !strings.Contains(said, `"message"`) && wanted != http.StatusMethodNotAllowed {
				t.Errorf("%s: answered %s", what, said)
			}
		}
		send := func(what, url, secret string, at time.Time, body []byte, wanted int) {
			t.Helper()
			status, said := callBack(url, secret, at, body)
			unmoved(what, status, wanted, said)
		}
		send("forged", door, "another secret altogether", now, good, http.StatusUnauthorized)
		send("the other system's secret", door, secretOfKXDM, now, good, http.StatusUnauthorized)
		send("stale", door, secretOfKXD, now.Add(-6*time.Minute), good, http.StatusUnauthorized)
		send("from ahead", door, secretOfKXD, now.Add(6*time.Minute), good, http.StatusUnauthorized)
		send("unknown", door, secretOfKXD, now, body("nothing of ours", "PASSED"), http.StatusNotFound)
		send("of the other system", "http://"+h.address+"/hooks/kxdm", secretOfKXDM, now, body(request, "PAID"), http.StatusNotFound)
		send("another's word", door, secretOfKXD, now, body(request, "PAID"), http.StatusBadRequest)
		send("garbage", door, secretOfKXD, now, []byte("<html>"), http.StatusBadRequest)
		send("nothing", door, secretOfKXD, now, nil, http.StatusBadRequest)
		send("too long", door, secretOfKXD, now, bytes.Repeat([]byte{' '}, 100_000), http.StatusRequestEntityTooLarge)
		send("older: still pending", door, secretOfKXD, now, body(request, "PENDING"), http.StatusOK)
		res, err := http.Post(door, "application/json", bytes.NewReader(good))
		if err != nil {
			t.Fatal(err)
		}
		unsigned, _ := io.ReadAll(res.Body) // what was read is looked at
		_ = res.Body.Close()
		unmoved("unsigned", res.StatusCode, http.StatusUnauthorized, string(unsigned))
		if res, err = http.Get(door); err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		unmoved("read", res.StatusCode, http.StatusMethodNotAllowed, "")

		// The right one, many times at once, under the secret that comes next.
		var wg sync.WaitGroup
		for range 8 {
			wg.Go(func() {
				if status, said := callBack(door, "a secret that comes next", time.Now(), good); status != http.StatusOK {
					t.Errorf("the right one: %d %s", status, said)
				}
			})
		}
		wg.Wait()
		for what, late := range map[string][]byte{"repeated": good, "contrary": body(request, "FAILED"), "older": body(request, "PENDING")} {
			if status, said := callBack(door, secretOfKXD, time.Now(), late); status != http.StatusOK {
				t.Errorf("%s: %d %s", what, status, said)
			}
		}
		got := me.card(c)
		want(t, "history", got.story(), passedStory)
		want(t, "questions", got.results(), "KXD PASSED")
		want(t, "mails", h.mailsAbout(t, id), "card_verified")
		want(t, "by", got.text("node.timeline.nodes.0.actor.name"), "card-verifier")
		h.keepsTheRules(t)
	})
}

// An answer that a cut, slow or dead world never gave is asked for, and one that the world has forgotten is asked for anew under the same number.
func TestAForgottenQuestionIsPutAnewUnderItsNumber(t *testing.T) {
	inTheWorld(t, func(t *testing.T, h *house, w *world) {
		me, _ := h.customer(t, 340)
		c := me.bind(cardNumber(340, "0007"))
		until(t, "it is asked", func() bool { return me.card(c).at("node.attempts.nodes.0.asks") == any(1.0) })
		request := me.card(c).text("node.attempts.nodes.0.requestId")
		w.forget(t)
		h.set(t, parameter.CardPatience, "1s")
		got := me.await(t, c, "PENDING_BINDING", 1)
		want(t, "number", got.text("node.attempts.nodes.0.requestId"), request)
		w.mu.Lock()
		defer w.mu.Unlock()
		if asked := w.heard["/kxd/verifications "+request]; asked < 2 {
			t.Errorf("it was put %d times", asked)
		}
	})
}

// The real program, killed by SIGKILL in the middle of a question: the next one asks again under the same number, and the card ends the same.
func TestAProgramThatIsKilledInTheMiddleOfAQuestionAsksAgain(t *testing.T) {
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			w, url, folder := newWorld(t), storetest.URL(t, name), t.TempDir()
			set := []string{
				"LENDDESK_DATABASE_URL=" + url, "LENDDESK_KEYSET=" + newKeyset(t), "LENDDESK_KXD_URL=" + w.server.URL + "/kxd", "LENDDESK_KXD_SECRET=" + secretOfKXD,
				"LENDDESK_KXDM_URL=" + w.server.URL + "/kxdm", "LENDDESK_KXDM_SECRET=" + secretOfKXDM,
			}
			p := launch(t, folder, set...)
			admin := adminToken(t, p.address)
			form := applicant(350)
			got, err := try(p.address, "", registering, vars{"i": form})
			user := got.text("registerUser.user.id")
			if _, err2 := try(p.address, admin, approving, vars{"i": vars{"userId": user}}); err != nil || err2 != nil || user == "" {
				t.Fatal(err, err2, got)
			}
			got, err = try(p.address, "", signingIn, vars{"i": vars{"login": form["email"], "password": form["password"]}})
			token := got.text("signIn.session.token")
			if err != nil || token == "" {
				t.Fatal(err, got)
			}
			look := func(card string) string {
				got, err := try(p.address, token, `query($id: ID!) { node(id: $id) { ... on BankCard { status attempts { nodes { system result } } timeline { nodes { kind } } } } }`, vars{"id": card})
				if err != nil {
					return ""
				}
				nodes, _ := got.at("node.attempts.nodes").([]any)
				return fmt.Sprint(got.text("node.status"), len(nodes), strings.Join(kinds(got, "node.timeline.nodes"), " "))
			}
			// ask does a mutation with a card under a key of its own, and tells the card's id.
			key := 0
			ask := func(mutation string, input vars) (card string, err error) {
				kind := strings.ToUpper(mutation[:1]) + mutation[1:] + "Input"
				got, err := try(p.address, token, `mutation($i: `+kind+`!, $k: String!) { `+mutation+`(input: $i) @idempotent(key: $k) { bankCard { id } userErrors { code } } }`,
					vars{"i": input, "k": fmt.Sprint("key ", key)})
				if card = got.text(mutation + ".bankCard.id"); err == nil && card == "" {
					t.Fatal(got)
				}
				return card, err
			}
			// dying does what leads to a question, sees the program die of it, and starts it anew. Whether it was answered before, is chance.
			dying := func(path, when, mutation string, input vars) (card string) {
				died := make(chan struct{})
				killed := p
				w.mu.Lock()
				w.victim = &victim{path, when, func() {
					killed.kill()
					close(died)
				}}
				w.mu.Unlock()
				key++
				card, err := ask(mutation, input)
				<-died
				rescueJobs(t, url)
				p = launch(t, folder, set...)
				if err != nil {
					if card, err = ask(mutation, input); err != nil {
						t.Fatal(err)
					}
				}
				return card
			}
			for n, when := range []string{"before it is heard", "when it is done", "once it is answered"} {
				payments := w.payments()
				card := dying("/kxd/verifications", when, "bindBankCard", vars{"cardNumber": cardNumber(350+n, "0000"), "phone": "13800138000"})
				eventually(t, "checked, although killed "+when, func() bool { return look(card) == "PENDING_BINDING1PASS_VERIFICATION BIND_BANK_CARD" })
				dying("/kxdm/payments", when, "payBankCardBinding", vars{"bankCardId": card})
				eventually(t, "bound, although killed "+when, func() bool {
					return look(card) == "BOUND2CONFIRM_BINDING PAY_BANK_CARD_BINDING PASS_VERIFICATION BIND_BANK_CARD"
				})
				want(t, when+": payments", w.payments()-payments, 1)
				key++
				if _, err := ask("unbindBankCard", vars{"bankCardId": card}); err != nil {
					t.Fatal(err)
				}
			}
			mails, err := try(p.address, admin, `query($id: ID) { messages(filter: {userId: $id}) { totalCount } }`, vars{"id": user})
			want(t, "mails", mails.at("messages.totalCount"), any(8.0)) // registered, approved, and two for each card
			if err != nil {
				t.Error(err)
			}
			p.terminate(t)
		})
	}
}

// rescueJobs lets the minutes pass after which the queue takes the jobs of a killed program up again.
func rescueJobs(t *testing.T, url string) {
	t.Helper()
	forgetTheDead(t, url)
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Writer().ExecContext(t.Context(), "UPDATE river_job SET state = 'available' WHERE state = 'running' AND kind = 'ask_about_card'"); err != nil {
		t.Error(err)
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// The simulator as a process of its own, asked by a server over its address.
func TestTheSimulatorRunsAlone(t *testing.T) {
	secrets := []string{"LENDDESK_KXD_SECRET=" + secretOfKXD, "LENDDESK_KXDM_SECRET=" + secretOfKXDM, "LENDDESK_FINANCE_SECRET=" + secretOfBank}
	for _, missing := range []string{"LENDDESK_KXD_SECRET", "LENDDESK_KXDM_SECRET", "LENDDESK_FINANCE_SECRET"} {
		set := slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return strings.HasPrefix(s, missing+"=") })
		if said, err := command(t, t.TempDir(), set, "simulate").CombinedOutput(); err == nil || !strings.Contains(string(said), missing) {
			t.Errorf("without %s: %v %s", missing, err, said)
		}
	}
	alone := command(t, t.TempDir(), secrets, "simulate")
	pipe, err := alone.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := alone.Start(); err != nil {
		t.Fatal(err)
	}
	var url string
	for lines := bufio.NewScanner(pipe); url == "" && lines.Scan(); {
		if _, rest, ok := strings.Cut(lines.Text(), "kxd="); ok {
			url, _, _ = strings.Cut(rest, "/kxd ")
		}
	}
	h := start(t, settings{
		DatabaseURL: storetest.URL(t, storetest.Dialects[0]), KXDURL: url + "/kxd", KXDSecret: []string{secretOfKXD}, KXDMURL: url + "/kxdm", KXDMSecret: []string{secretOfKXDM},
		FinanceURL: url + "/finance", FinanceSecret: []string{secretOfBank},
	})
	me, _ := h.customer(t, 360)
	me.bound(t, cardNumber(360, "0000"))
	d := withStaff(t, h)
	d.fill(".01")
	d.order()
	d.comes("REPAYING")
	want(t, "numbers of a simulator that is not inside", fmt.Sprint(h.administrator(t).ask(`{ system { simulator { number } } }`).at("system.simulator")), "[]")
	if err := alone.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := alone.Wait(); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// Every number that the contract offers can be entered as it stands.
func TestTheSimulatorsNumbersAreReadyToBeEntered(t *testing.T) {
	h := start(t, settings{DatabaseURL: storetest.URL(t, storetest.Dialects[0])})
	got := h.administrator(t).ask(`{ system { simulator { number outcome } } }`)
	numbers, _ := got.at("system.simulator").([]any)
	if len(numbers) < 8 {
		t.Fatalf("numbers: %s", got)
	}
	for i, n := range numbers {
		me, _ := h.customer(t, 370+i)
		me.bind(n.(map[string]any)["number"].(string))
	}
}

// forget has both systems start with an empty memory.
func (w *world) forget(t *testing.T) {
	sim := simulator.New(simulator.Options{KXD: []string{secretOfKXD}, KXDM: []string{secretOfKXDM}, Finance: []string{secretOfBank}})
	t.Cleanup(sim.Close)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.plays = sim.Handler()
}
