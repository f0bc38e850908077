package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"

	"lenddesk/access"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// A server that drains ends subscriptions in a way that has clients come again, and is gone soon.
func TestDrainingEndsSubscriptions(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) {
			t.Parallel()
			h := begin(t, settings{DatabaseURL: storetest.URL(t, dialect)})
			admin := h.administrator(t)
			socket, stream := admin.listen("websocket", follows, vars{"after": ""}), admin.listen("event stream", follows, vars{"after": ""})
			socket.next("next")
			stream.next("next")
			began := time.Now()
			if err := h.close(); err != nil {
				t.Error(err)
			}
			if took := time.Since(began); took > drain/2 {
				t.Errorf("draining took %s", took)
			}
			code := 0
			for got := range socket.heard {
				if got.kind == "closed" {
					code = got.code
					break
				}
				want(t, "meanwhile", got.kind, "next")
			}
			want(t, "the socket's end", code, int(websocket.StatusServiceRestart))
			for got := range stream.heard {
				if got.kind == "closed" {
					want(t, "the stream's end", got.raw, "")
					break
				}
				want(t, "meanwhile", got.kind, "next")
			}
		})
	}
}

// Whoever breaks the protocol, or comes from elsewhere, is turned away with the protocol's code.
func TestTheProtocolOfTheWebSocketIsHeld(t *testing.T) {
	h := start(t, settings{DatabaseURL: storetest.URL(t, "sqlite"), AllowedOrigins: []string{"https://desk.example.com"}})
	admin := h.administrator(t)
	closes := func(what string, conn *websocket.Conn, code int) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		for {
			if _, _, err := conn.Read(ctx); err != nil {
				want(t, what, int(websocket.CloseStatus(err)), code)
				return
			}
		}
	}
	send := func(conn *websocket.Conn, frames ...string) *websocket.Conn {
		t.Helper()
		for _, f := range frames {
			if err := conn.Write(t.Context(), websocket.MessageText, []byte(f)); err != nil {
				break // it was closed by the frame before
			}
		}
		return conn
	}
	nobody := h.anybody(t)
	subscribe := `{"type":"subscribe","id":"a","payload":{"query":"subscription { eventAdded { cursor } }"}}`
	for what, c := range map[string]struct {
		frames []string
		code   int
	}{
		"garbage":               {[]string{"\x00\x01 no JSON"}, 4400},
		"a list":                {[]string{"[]"}, 4400},
		"two objects":           {[]string{"{}{}"}, 4400},
		"deep":                  {[]string{strings.Repeat(`{"a":`, 200)}, 4400},
		"a type unknown":        {[]string{`{"type":"start"}`}, 4400},
		"no token":              {[]string{`{"type":"connection_init","payload":{"Authorization":7}}`}, 4400},
		"a token that is wrong": {[]string{`{"type":"connection_init","payload":{"Authorization":"Bearer lds_wrong"}}`}, 4403},
		"too early":             {[]string{subscribe}, 4401},
		"twice":                 {[]string{`{"type":"connection_init"}`, `{"type":"connection_init"}`}, 4429},
		"no id":                 {[]string{`{"type":"connection_init"}`, `{"type":"subscribe","payload":{"query":"{ __typename }"}}`}, 4400},
		"too large":             {[]string{`{"type":"connection_init"}`, `{"type":"ping","payload":"` + strings.Repeat("x", 2<<20) + `"}`}, int(websocket.StatusMessageTooBig)},
	} {
		closes(what, send(nobody.dial(nil), c.frames...), c.code)
	}
	closes("an id twice", send(admin.socket(), subscribe, subscribe), 4409)
	binary := nobody.dial(nil)
	if err := binary.Write(t.Context(), websocket.MessageBinary, []byte(`{"type":"ping"}`)); err != nil {
		t.Fatal(err)
	}
	closes("binary", binary, 4400)
	other, _, err := websocket.Dial(t.Context(), "ws://"+h.address+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-ws"}})
	if err != nil {
		t.Fatal(err)
	}
	closes("another subprotocol", other, 4406)

	for origin, let := range map[string]bool{
		"": true, "http://" + h.address: true, "https://desk.example.com": true,
		"https://evil.example.com": false, "null": false, "http://desk.example.com": false, "https://" + h.address + ".evil.example.com": false,
	} {
		header := http.Header{"Authorization": {"Bearer " + admin.token}}
		if origin != "" {
			header.Set("Origin", origin)
		}
		conn, res, err := websocket.Dial(t.Context(), "ws://"+h.address+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
		if (err == nil) != let || err != nil && res.StatusCode != http.StatusForbidden {
			t.Errorf("from %q: %v", origin, err)
		}
		if err == nil {
			_ = conn.CloseNow()
		}
	}

	// By the cookie, and by the header, whoever says nothing in connection_init is who the request says.
	for _, header := range []http.Header{{"Authorization": {"Bearer " + admin.token}}, {"Cookie": {"lenddesk_session=" + admin.token}}} {
		conn := send(nobody.dial(header), `{"type":"connection_init"}`, `{"type":"subscribe","id":"q","payload":{"query":"{ viewer { staff { name } } }"}}`)
		hear(t, conn)
		if got := fmt.Sprint(hear(t, conn)["payload"]); !strings.Contains(got, "Administrator") {
			t.Errorf("by the request: %s", got)
		}
	}

	conn := admin.socket()
	send(conn, `{"type":"ping"}`)
	want(t, "pong", hear(t, conn)["type"], any("pong"))
	for n := range 12 {
		say(t, conn, vars{"type": "subscribe", "id": fmt.Sprint(n), "payload": vars{"query": `subscription { eventAdded(kinds: ["NONE"]) { cursor } }`}})
	}
	for range 2 {
		got := hear(t, conn)
		want(t, "too many", fmt.Sprint(got["type"], strings.Contains(fmt.Sprint(got["payload"]), "RATE_LIMITED")), "errortrue")
	}
	say(t, conn, vars{"type": "complete", "id": "3"})
	say(t, conn, vars{"type": "subscribe", "id": "again", "payload": vars{"query": "{ __typename }"}})
	want(t, "room again", hear(t, conn)["type"], any("next"))
}

// A viewer, and an address, have so many lasting connections at once.
func TestLastingConnectionsAreCounted(t *testing.T) {
	h := start(t, settings{DatabaseURL: storetest.URL(t, "sqlite")})
	h.streams.Limits.PerViewer, h.streams.Limits.PerAddress = 3, 5
	admin := h.administrator(t)
	var open []*ear
	for range 3 {
		open = append(open, admin.listen("event stream", follows, nil))
	}
	want(t, "of one viewer", strings.Join(admin.listen("event stream", follows, nil).next("refused").codes(), " "), "RATE_LIMITED")
	conn := h.anybody(t).dial(nil)
	say(t, conn, vars{"type": "connection_init", "payload": vars{"authorization": "Bearer " + admin.token}})
	if _, _, err := conn.Read(t.Context()); websocket.CloseStatus(err) != websocket.StatusTryAgainLater {
		t.Errorf("by a token in a message: %v", err)
	}
	h.anybody(t).dial(nil)
	until(t, "the room of the one that was turned away", func() bool {
		conn, _, err := websocket.Dial(t.Context(), "ws://"+h.address+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}})
		if err == nil {
			t.Cleanup(func() { _ = conn.CloseNow() })
		}
		return err == nil
	})
	want(t, "from one address", h.anybody(t).listen("event stream", `{ viewer { staff { id } } }`, nil).next("refused").code, http.StatusTooManyRequests)
	open[0].hangUp()
	until(t, "room again", func() bool {
		e := admin.listen("event stream", follows, vars{"after": ""})
		got := <-e.heard
		e.hangUp()
		return got.kind == "next"
	})
}

// A WebSocket whose other end is silent is found out by the signs of life that it does not answer, and its room is free again.
func TestAWebSocketThatIsHalfOpenIsClosed(t *testing.T) {
	h := start(t, settings{DatabaseURL: storetest.URL(t, "sqlite")})
	h.streams.Limits.KeepAlive, h.streams.Limits.PerAddress = 100*time.Millisecond, 1
	conn, err := net.Dial("tcp", h.address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := fmt.Fprintf(conn, "GET /graphql HTTP/1.1\r\nHost: %s\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"+
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n", h.address); err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 12)
	if _, err := conn.Read(head); err != nil || string(head) != "HTTP/1.1 101" {
		t.Fatalf("not let in: %v %s", err, head)
	}
	until(t, "the room to be free", func() bool {
		e := h.anybody(t).listen("event stream", `{ viewer { staff { id } } }`, nil)
		got := <-e.heard
		e.hangUp()
		return got.kind == "next"
	})
}

// Whoever never reads is cut off when a message has waited for them too long, and keeps nobody else waiting meanwhile.
func TestWhoNeverReadsIsCutOff(t *testing.T) {
	onEachWay(t, func(t *testing.T, h *house, way string) {
		h.streams.Limits.Write, h.streams.Limits.PerViewer = time.Second, 1
		admin := h.administrator(t)
		from := h.here(t)
		long := strings.Repeat("A long story. ", 5000) // more of them than the machine keeps between the two ends
		err := h.store.InTx(access.AsSystem(t.Context(), "writer"), func(ctx context.Context, tx *store.Tx) error {
			for n := range 200 {
				if err := lifecycle.Record(ctx, tx, "longTest", key.KindUser, int64(n), 0, lifecycle.Said{Changes: map[string]any{"story": long}}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		h.sealed(t)
		stays := &http.Client{Transport: &http.Transport{DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			var d net.Dialer
			conn, err := d.DialContext(ctx, network, address)
			if err == nil {
				err = conn.(*net.TCPConn).SetReadBuffer(4096)
			}
			return conn, err
		}}}
		const tells = `subscription($after: String) { eventAdded(after: $after, kinds: ["LONG_TEST"]) { node { changes } } }`
		payload := vars{"query": tells, "variables": vars{"after": from}}
		if way == "websocket" {
			conn, _, err := websocket.Dial(t.Context(), "ws://"+h.address+"/graphql", &websocket.DialOptions{
				HTTPClient: stays, Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: http.Header{"Authorization": {"Bearer " + admin.token}},
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.CloseNow() })
			say(t, conn, vars{"type": "connection_init"})
			want(t, "let in", hear(t, conn)["type"], any("connection_ack"))
			say(t, conn, vars{"type": "subscribe", "id": "1", "payload": payload})
		} else {
			b, err := json.Marshal(payload)
			if err != nil {
				t.Fatal(err)
			}
			r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+h.address+"/graphql", bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			r.Header = http.Header{"Content-Type": {"application/json"}, "Accept": {"text/event-stream"}, "Authorization": {"Bearer " + admin.token}}
			res, err := stays.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = res.Body.Close() })
		}
		viewer := `{ viewer { staff { name } } }`
		want(t, "there", admin.listen("event stream", viewer, nil).next("refused").code, http.StatusTooManyRequests)

		other := h.employee(t, "other", access.ViewEvents, access.ViewUsers)
		e := other.listen(way, follows, vars{"after": from, "kinds": []string{"REGISTER_USER"}})
		id := h.register(t, applicant(1))
		want(t, "another is told", e.next("next").text("eventAdded.node.subject.id"), id)
		want(t, "and asks", other.ask(viewer).text("viewer.staff.name"), "other")

		until(t, "who never reads to be cut off", func() bool {
			e := admin.listen("event stream", viewer, nil)
			defer e.hangUp()
			return (<-e.heard).kind == "next"
		})
	})
}

// Whoever opens a WebSocket and does not say who they are in time makes room for others.
func TestAWebSocketIsBegunInTime(t *testing.T) {
	h := start(t, settings{DatabaseURL: storetest.URL(t, "sqlite")})
	h.streams.Limits.Init = 50 * time.Millisecond
	conn := h.anybody(t).dial(nil)
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if _, _, err := conn.Read(ctx); websocket.CloseStatus(err) != 4408 {
		t.Errorf("closed with %v", err)
	}
}

// However lasting connections end, nothing of them goes on.
func TestNothingIsLeftOfLastingConnections(t *testing.T) {
	for _, dialect := range storetest.Dialects {
		t.Run(dialect, func(t *testing.T) { // by itself: it counts what the whole process does
			h := start(t, settings{DatabaseURL: storetest.URL(t, dialect)})
			h.streams.Limits.PerViewer = 1000
			admin := h.administrator(t)
			from := h.here(t)
			// at work is what goes on for connections, at both ends.
			atWork := func() (n int) {
				all := make([]byte, 64<<20)
				for _, stack := range strings.Split(string(all[:runtime.Stack(all, true)]), "\n\n") {
					if strings.Contains(stack, "lenddesk/graph/door.") || strings.Contains(stack, "lenddesk/reading.") || strings.Contains(stack, "coder/websocket.") {
						n++
					}
				}
				return n
			}
			before := atWork()
			var ears, follow []*ear
			for range 20 {
				for _, way := range ways {
					follow = append(follow, admin.listen(way, follows, vars{"after": from, "kinds": []string{"REGISTER_USER"}}))
					ears = append(ears, admin.listen(way, changes, vars{"kind": "REGISTRATION"}))
					done := admin.listen(way, `{ viewer { staff { id } } }`, nil)
					done.next("next")
					done.next("complete")
					ears = append(ears, done)
					wrong := admin.listen(way, `subscription { nothing }`, nil)
					wrong.next(map[string]string{"websocket": "error", "event stream": "refused"}[way])
					ears = append(ears, wrong)
				}
				conn := admin.dial(nil) // says nothing
				ears = append(ears, &ear{t: t, hangUp: func() { _ = conn.CloseNow() }})
			}
			id := h.register(t, applicant(1))
			for _, e := range follow {
				want(t, "told", e.next("next").text("eventAdded.node.subject.id"), id)
			}
			if now := atWork(); now < before+len(follow) {
				t.Fatalf("%d are at work for %d followers, %d before", now, len(follow), before)
			}
			for _, e := range append(ears, follow...) {
				e.hangUp()
			}
			until(t, "everything to end", func() bool { return atWork() <= before })
		})
	}
}
