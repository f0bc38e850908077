package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// heard is one thing that came over a lasting connection.
type heard struct {
	answer
	kind  string // next, error, complete; closed when the connection ended, refused when there never was one
	place string // of an event stream's event
	code  int    // with which a WebSocket was closed, or a request refused
}

// ear is a subscription that is listened to.
type ear struct {
	t      testing.TB
	heard  chan heard
	hangUp func()
}

// ways are how one subscribes.
var ways = []string{"websocket", "event stream"}

// listen subscribes; lastSeen goes into Last-Event-ID of an event stream.
func (p *person) listen(way, query string, v vars, lastSeen ...string) *ear {
	p.t.Helper()
	if way == "websocket" {
		return p.call(query, v)
	}
	return p.tune(query, v, lastSeen...)
}

// tune subscribes by server-sent events.
func (p *person) tune(query string, v vars, lastSeen ...string) *ear {
	p.t.Helper()
	ctx, cancel := context.WithCancel(p.t.Context())
	b, err := json.Marshal(vars{"query": query, "variables": v})
	if err != nil {
		p.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+p.h.address+"/graphql", bytes.NewReader(b))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "text/event-stream")
	if p.token != "" {
		r.Header.Set("Authorization", "Bearer "+p.token)
	}
	if p.address != "" {
		r.Header.Set("X-Forwarded-For", p.address)
	}
	for _, seen := range lastSeen {
		r.Header.Set("Last-Event-ID", seen)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	e := &ear{p.t, make(chan heard, 1000), cancel}
	p.t.Cleanup(cancel)
	if res.StatusCode != http.StatusOK {
		defer res.Body.Close()
		raw, _ := io.ReadAll(res.Body)
		got := heard{kind: "refused", code: res.StatusCode, answer: answer{raw: string(raw)}}
		_ = json.Unmarshal(raw, &got.answer)
		e.heard <- got
		return e
	}
	go func() {
		defer res.Body.Close()
		got := heard{}
		for lines := bufio.NewReader(res.Body); ; {
			line, err := lines.ReadString('\n')
			if err != nil {
				if err != io.EOF {
					got.raw = err.Error()
				}
				e.heard <- heard{kind: "closed", answer: got.answer}
				return
			}
			name, value, _ := strings.Cut(strings.TrimSuffix(line, "\n"), ":")
			value = strings.TrimPrefix(value, " ")
			switch name {
			case "event":
				got.kind = value
			case "id":
				got.place = value
			case "data":
				got.raw = value
				_ = json.Unmarshal([]byte(value), &got.answer)
			}
			if line == "\n" && got.kind != "" {
				e.heard <- got
				got = heard{}
			}
		}
	}()
	return e
}

// socket opens a WebSocket and says who it is.
func (p *person) socket() *websocket.Conn {
	p.t.Helper()
	conn := p.dial(nil)
	payload := vars{}
	if p.token != "" {
		payload["Authorization"] = "Bearer " + p.token
	}
	say(p.t, conn, vars{"type": "connection_init", "payload": payload})
	if got := hear(p.t, conn); got["type"] != "connection_ack" {
		p.t.Fatalf("not let in: %v", got)
	}
	return conn
}

func (p *person) dial(header http.Header) *websocket.Conn {
	p.t.Helper()
	conn, _, err := websocket.Dial(p.t.Context(), "ws://"+p.h.address+"/graphql", &websocket.DialOptions{Subprotocols: []string{"graphql-transport-ws"}, HTTPHeader: header})
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = conn.CloseNow() })
	return conn
}

func say(t testing.TB, conn *websocket.Conn, m vars) {
	t.Helper()
	b, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	if err := conn.Write(t.Context(), websocket.MessageText, b); err != nil {
		t.Fatal(err)
	}
}

func hear(t testing.TB, conn *websocket.Conn) vars {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	_, b, err := conn.Read(ctx)
	if err != nil {
		t.Fatal(err)
	}
	var m vars
	if err := json.Unmarshal(b, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// call subscribes over a WebSocket.
func (p *person) call(query string, v vars) *ear {
	p.t.Helper()
	conn := p.socket()
	say(p.t, conn, vars{"type": "subscribe", "id": "1", "payload": vars{"query": query, "variables": v}})
	e := &ear{p.t, make(chan heard, 1000), func() { _ = conn.CloseNow() }}
	ctx := p.t.Context()
	go func() {
		for {
			_, b, err := conn.Read(ctx)
			if err != nil {
				e.heard <- heard{kind: "closed", code: int(websocket.CloseStatus(err))}
				return
			}
			var m struct {
				Type    string
				Payload json.RawMessage
			}
			_ = json.Unmarshal(b, &m)
			got := heard{kind: m.Type, answer: answer{raw: string(b)}}
			if m.Type == "error" {
				_ = json.Unmarshal(m.Payload, &got.Errors)
			} else {
				_ = json.Unmarshal(m.Payload, &got.answer)
			}
			e.heard <- got
		}
	}()
	return e
}

// next is what comes next, of this kind.
func (e *ear) next(kind string) heard {
	e.t.Helper()
	select {
	case got := <-e.heard:
		if got.kind != kind {
			e.t.Fatalf("%s came instead of %s: %d %s", got.kind, kind, got.code, got)
		}
		return got
	case <-time.After(20 * time.Second):
		e.t.Fatalf("waited in vain for %s", kind)
	}
	return heard{}
}

// ends hears how a subscription is ended by an error, and the connection after it.
func (e *ear) ends(way, code string) {
	e.t.Helper()
	if way == "websocket" {
		if got := e.next("error").codes(); len(got) != 1 || got[0] != code {
			e.t.Errorf("ended by %q, want %s", got, code)
		}
		return
	}
	if got := e.next("next").codes(); len(got) != 1 || got[0] != code {
		e.t.Errorf("ended by %q, want %s", got, code)
	}
	e.next("complete")
}

const follows = `subscription($after: String, $kinds: [String!], $subject: ID) { eventAdded(after: $after, kinds: $kinds, subjectId: $subject) {
	cursor node { id kind at subject { id ... on User { name } } } } }`

// here is the cursor of the last event that has its place.
func (h *house) here(t testing.TB) string {
	t.Helper()
	h.sealed(t)
	return h.administrator(t).ask(`{ events(first: 1, orderBy: {field: PLACE, direction: DESC}) { edges { cursor } } }`).text("events.edges.0.cursor")
}

// onEachWay runs a story on every database, by every way to subscribe.
func onEachWay(t *testing.T, story func(t *testing.T, h *house, way string)) {
	t.Helper()
	for _, way := range ways {
		t.Run(way, func(t *testing.T) {
			onEach(t, func(t *testing.T, h *house) { story(t, h, way) })
		})
	}
}
