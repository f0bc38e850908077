package main

import (
	"fmt"
	"net"
	"testing"
	"time"

	"lenddesk/store/storetest"
)

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
