package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// A client that costs next to nothing, since it runs on the same machine: one connection, requests made beforehand, answers read and thrown away.

// client is one connection.
type client struct {
	conn net.Conn
	in   *bufio.Reader
	body []byte
}

func dial(ctx context.Context, address string) (*client, error) {
	var d net.Dialer
	conn, err := d.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, err
	}
	return &client{conn: conn, in: bufio.NewReaderSize(conn, 64<<10)}, nil
}

// ask sends a request and reads its answer, which stands in body until the next one.
func (c *client) ask(request []byte) (status int, err error) {
	if _, err := c.conn.Write(request); err != nil {
		return 0, err
	}
	line, err := c.in.ReadSlice('\n')
	if err != nil || len(line) < 12 {
		return 0, fmt.Errorf("read an answer: %q, %w", line, err)
	}
	if status, err = strconv.Atoi(string(line[9:12])); err != nil {
		return 0, err
	}
	length, chunked := 0, false
	for {
		if line, err = c.in.ReadSlice('\n'); err != nil {
			return 0, err
		}
		if line = bytes.TrimRight(line, "\r\n"); len(line) == 0 {
			break
		}
		name, value, _ := bytes.Cut(line, []byte(": "))
		switch {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			chunked = true
		}
	}
	c.body = c.body[:0]
	for {
		if chunked {
			if line, err = c.in.ReadSlice('\n'); err != nil {
				return 0, err
			}
			n, err := strconv.ParseInt(string(bytes.TrimRight(line, "\r\n")), 16, 32)
			if err != nil {
				return 0, err
			}
			length = int(n)
		}
		begin := len(c.body)
		c.body = slices.Grow(c.body, length)[:begin+length]
		if _, err := io.ReadFull(c.in, c.body[begin:]); err != nil {
			return 0, err
		}
		if !chunked {
			return status, nil
		}
		if _, err := c.in.Discard(2); err != nil { // the end of the chunk's line
			return 0, err
		}
		if length == 0 {
			return status, nil
		}
	}
}

// heat is what one round of one contestant showed.
type heat struct {
	took      time.Duration
	latencies []time.Duration
	used      used // in this round; memory as it stood at the end
}

// drive has so many clients ask without pause, each from another place in the requests.
func drive(ctx context.Context, c *contestant, requests [][]byte, clients int, length time.Duration) (h heat, err error) {
	ready := make([]*client, clients)
	for i := range ready {
		if ready[i], err = dial(ctx, c.address); err != nil {
			return h, err
		}
		defer ready[i].conn.Close()
	}
	before, err := c.used(ctx)
	if err != nil {
		return h, err
	}
	var all sync.WaitGroup
	var mu sync.Mutex
	begun := time.Now()
	for i, one := range ready {
		all.Go(func() {
			mine := make([]time.Duration, 0, 4096)
			at := i * len(requests) / clients
			var failed error
			for now := time.Now(); now.Sub(begun) < length && ctx.Err() == nil; {
				status, err := one.ask(requests[at%len(requests)])
				if err != nil || status != http.StatusOK || !bytes.Contains(one.body, []byte(c.must)) {
					failed = fmt.Errorf("%s answered %d %.300s: %w", c.name, status, one.body, err)
					break
				}
				end := time.Now()
				mine = append(mine, end.Sub(now))
				now = end
				at++
			}
			mu.Lock()
			defer mu.Unlock()
			h.latencies = append(h.latencies, mine...)
			err = errors.Join(err, failed)
		})
	}
	all.Wait()
	h.took = time.Since(begun)
	if err := errors.Join(err, ctx.Err()); err != nil {
		return h, err
	}
	after, err := c.used(ctx)
	h.used = used{after.server - before.server, after.database - before.database, after.memory}
	return h, err
}

// compare has every contestant answer every request once, and refuses to go on unless all say the same.
func compare(contestants []*contestant, requests [][][]byte) error {
	for n := range requests[0] {
		var first any
		for i, c := range contestants {
			one, err := dial(context.Background(), c.address)
			if err != nil {
				return err
			}
			status, err := one.ask(requests[i][n])
			if err == nil {
				err = one.conn.Close()
			}
			var said any
			if err == nil {
				err = json.Unmarshal(one.body, &said)
			}
			if err != nil || status != http.StatusOK || bytes.Contains(one.body, []byte(`"errors":`)) {
				return fmt.Errorf("%s answered %d %.2000s: %w", c.name, status, one.body, err)
			}
			if i == 0 {
				first = said
				continue
			}
			if !reflect.DeepEqual(first, said) {
				return fmt.Errorf("call %d: %s and %s answer differently: %s", n, contestants[0].name, c.name, difference("", first, said))
			}
		}
	}
	return nil
}

// difference is the first place where two answers differ.
func difference(path string, x, y any) string {
	if a, ok := x.(map[string]any); ok {
		if b, ok := y.(map[string]any); ok {
			for name := range a {
				if !reflect.DeepEqual(a[name], b[name]) {
					return difference(path+"."+name, a[name], b[name])
				}
			}
		}
	}
	if a, ok := x.([]any); ok {
		if b, ok := y.([]any); ok && len(a) == len(b) {
			for i := range a {
				if !reflect.DeepEqual(a[i], b[i]) {
					return difference(fmt.Sprint(path, ".", i), a[i], b[i])
				}
			}
		}
	}
	short := func(v any) string {
		text := []rune(fmt.Sprint(v))
		return string(text[:min(len(text), 300)])
	}
	return fmt.Sprintf("%s is %s and %s", path, short(x), short(y))
}

// request is one request of HTTP/1.1, as bytes.
func request(address, method, path, token string, body []byte) []byte {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nAccept: application/json\r\n", method, path, address)
	if token != "" {
		fmt.Fprintf(&b, "Authorization: Bearer %s\r\n", token)
	}
	if body != nil {
		fmt.Fprintf(&b, "Content-Type: application/json\r\nContent-Length: %d\r\n", len(body))
	}
	return append([]byte(b.String()+"\r\n"), body...)
}

// graphQL is the request for a document.
func graphQL(address, token, document string, variables map[string]any) ([]byte, error) {
	body, err := json.Marshal(map[string]any{"query": document, "variables": variables})
	return request(address, "POST", "/graphql", token, body), err
}

// query asks once and decodes the data.
func query(address, token, document string, variables map[string]any, data any) error {
	raw, err := graphQL(address, token, document, variables)
	if err != nil {
		return err
	}
	one, err := dial(context.Background(), address)
	if err != nil {
		return err
	}
	defer one.conn.Close()
	status, err := one.ask(raw)
	if err != nil {
		return err
	}
	answer := struct {
		Data   any               `json:"data"`
		Errors []json.RawMessage `json:"errors"`
	}{Data: data}
	if err := json.Unmarshal(one.body, &answer); err != nil || len(answer.Errors) > 0 {
		return fmt.Errorf("answer %d %s: %w", status, answer.Errors, err)
	}
	return nil
}

func signIn(address, password string) (string, error) {
	var data struct {
		SignIn struct {
			Session    *struct{ Token string }
			UserErrors []struct{ Code, Message string }
		}
	}
	err := query(address, "", `mutation ($who: SignInInput!) { signIn(input: $who) { session { token } userErrors { code message } } }`,
		map[string]any{"who": map[string]any{"login": "admin@lenddesk.example", "password": password}}, &data)
	if err != nil || data.SignIn.Session == nil {
		return "", fmt.Errorf("sign in: %v %w", data.SignIn.UserErrors, err)
	}
	return data.SignIn.Session.Token, nil
}
