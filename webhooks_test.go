package main

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lenddesk/gateway/signing"
	"lenddesk/store/storetest"
)

// receiver is another system that is told of events.
type receiver struct {
	*httptest.Server
	mu     sync.Mutex
	got    []vars
	secret string
	wrong  []string
	answer func(n int) int // the status of the n-th message
}

func newReceiver(t *testing.T) *receiver {
	r := &receiver{answer: func(int) int { return http.StatusNoContent }}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		body, err := io.ReadAll(q.Body)
		r.mu.Lock()
		defer r.mu.Unlock()
		var m vars
		if err != nil || json.Unmarshal(body, &m) != nil {
			r.wrong = append(r.wrong, "not JSON: "+string(body))
		}
		if err := (signing.Verifier{Secrets: []string{r.secret}}).Check(q.Header, body, time.Now()); r.secret != "" && err != nil {
			r.wrong = append(r.wrong, err.Error())
		}
		if q.Header.Get("Idempotency-Key") != m["delivery"] {
			r.wrong = append(r.wrong, "the key is not the delivery's")
		}
		r.got = append(r.got, m)
		w.WriteHeader(r.answer(len(r.got)))
	}))
	t.Cleanup(r.Close)
	return r
}

// kinds are what was told, in the order of arrival.
func (r *receiver) kinds() (all []string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, m := range r.got {
		all = append(all, m["kind"].(string))
	}
	return all
}

func (r *receiver) believe(secret string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.secret = secret
}

// hooked starts a program that may send to this machine.
func hooked(t *testing.T, story func(t *testing.T, h *house, admin *person)) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			h := start(t, settings{DatabaseURL: storetest.URL(t, dialect), WebhookAllow: []string{"127.0.0.0/8"}})
			story(t, h, h.administrator(t))
			if !t.Failed() {
				h.audited(t)
			}
		})
	}
}

func (p *person) hook(url string, kinds ...string) (id, secret string) {
	p.t.Helper()
	got := p.act("createWebhook", "webhook { id active kinds } signingKey", vars{"url": url, "kinds": kinds})
	if id = got.text("createWebhook.webhook.id"); id == "" {
		p.t.Fatalf("no webhook: %s", got)
	}
	return id, got.text("createWebhook.signingKey")
}

// Another system is told of the events that it asked for, signed, each once, without personal data, and a refused delivery is sent again.
func TestAnotherSystemIsToldOfEvents(t *testing.T) {
	hooked(t, func(t *testing.T, h *house, admin *person) {
		r := newReceiver(t)
		id, secret := admin.hook(r.URL, "REGISTER_USER", "APPROVE_REGISTRATION")
		r.believe(secret)
		customer, user := h.customer(t, 1)
		_ = customer
		until(t, "both events", func() bool { return len(r.kinds()) == 2 })
		want(t, "kinds", strings.Join(slices.Sorted(slices.Values(r.kinds())), " "), "APPROVE_REGISTRATION REGISTER_USER")
		r.mu.Lock()
		for _, m := range r.got {
			want(t, "subject", m["subject"].(vars)["id"], any(user))
			if raw, _ := json.Marshal(m); strings.Contains(string(raw), "王") || strings.Contains(string(raw), "138") && strings.Contains(string(raw), "@") {
				t.Errorf("personal data: %s", raw)
			}
		}
		if len(r.wrong) > 0 {
			t.Error(r.wrong)
		}
		r.mu.Unlock()
		const deliveries = `query($id: ID!) { node(id: $id) { ... on Webhook { deliveries { totalCount nodes { id state attempts status error event { kind } finishedAt } } } } }`
		var got answer
		until(t, "both to be noted", func() bool {
			got = admin.ask(deliveries, vars{"id": id})
			return strings.Count(got.raw, `"DELIVERED"`) == 2
		})
		again := admin.act("redeliverWebhook", "webhookDelivery { id state event { kind } }", vars{"webhookDeliveryId": got.text("node.deliveries.nodes.0.id")})
		wantFaults(t, again, "redeliverWebhook")
		until(t, "it again", func() bool { return len(r.kinds()) == 3 })
		want(t, "what came again", r.kinds()[2], got.text("node.deliveries.nodes.0.event.kind"))
		wantFaults(t, admin.act("testWebhook", "webhook { id }", vars{"webhookId": id}), "testWebhook")
		until(t, "the test", func() bool { return len(r.kinds()) == 4 })
		want(t, "the test", r.kinds()[3], "TEST")
		wantFaults(t, admin.act("updateWebhook", "webhook { active version }", vars{"webhookId": id, "active": false}), "updateWebhook")
		h.register(t, applicant(2))
		h.sealed(t)
		wantFaults(t, admin.act("deleteWebhook", "webhook { id }", vars{"webhookId": id}), "deleteWebhook")
		wantFaults(t, admin.act("testWebhook", "webhook { id }", vars{"webhookId": id}), "testWebhook", "NOT_FOUND webhookId")
		want(t, "what it was told when it was not active", len(r.kinds()), 4)
	})
}

// What the other side refuses is sent again, and one that hangs holds up nobody else.
func TestAHangingReceiverHoldsUpNobody(t *testing.T) {
	hooked(t, func(t *testing.T, h *house, admin *person) {
		hang := make(chan struct{})
		hanging := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hang }))
		defer hanging.Close()
		defer close(hang)
		admin.hook(hanging.URL)
		good, failing := newReceiver(t), newReceiver(t)
		failing.answer = func(n int) int { return map[bool]int{true: 503, false: 200}[n == 1] }
		admin.hook(good.URL, "REGISTER_USER")
		id, _ := admin.hook(failing.URL, "REGISTER_USER")
		const many = 80 // more than there are workers
		begun := time.Now()
		for n := range many {
			h.register(t, applicant(200+n))
		}
		until(t, "the others to be told", func() bool { return len(good.kinds()) == many && len(failing.kinds()) >= many })
		t.Log("all told within", time.Since(begun))
		h.exec(t, "UPDATE river_job SET scheduled_at = CURRENT_TIMESTAMP WHERE state = 'retryable'")
		until(t, "the refused one to be sent again", func() bool {
			got := admin.ask(`query($id: ID!) { node(id: $id) { ... on Webhook { deliveries(first: 100) { nodes { state attempts } } } } }`, vars{"id": id})
			return strings.Contains(got.raw, `{"state":"DELIVERED","attempts":2}`) && strings.Count(got.raw, `"DELIVERED"`) == many
		})
	})
}

// Nothing is sent into private networks, nor where nothing can be sent.
func TestWebhooksGoNowhereInside(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		for url, fault := range map[string]string{
			"": "REQUIRED url", "http://example.com/x": "INVALID url", "ftp://example.com": "INVALID url", "https://user:pass@example.com": "INVALID url",
			"https://": "INVALID url", "https://" + strings.Repeat("a", 500): "TOO_LONG url", "javascript:alert(1)": "INVALID url",
		} {
			wantFaults(t, admin.act("createWebhook", "webhook { id }", vars{"url": url, "kinds": []string{"A", "b c", "A"}}), "createWebhook", fault, "INVALID kinds.1", "INVALID kinds.2")
		}
		r := newReceiver(t)
		_, port, _ := strings.Cut(strings.TrimPrefix(r.URL, "http://"), ":")
		for _, host := range []string{"127.0.0.1", "localhost", "[::1]", "169.254.169.254", "10.0.0.1"} {
			id, _ := admin.hook("https://" + host + ":" + port)
			wantFaults(t, admin.act("testWebhook", "webhook { id }", vars{"webhookId": id}), "testWebhook")
			until(t, "what became of "+host, func() bool {
				return strings.Contains(admin.ask(`query($id: ID!) { node(id: $id) { ... on Webhook { deliveries { nodes { error } } } } }`, vars{"id": id}).raw, "private network")
			})
		}
		want(t, "what came inside", len(r.kinds()), 0)
	})
}
