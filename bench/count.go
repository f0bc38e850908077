package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"sync/atomic"
)

// counter tells how many statements each contestant sends to PostgreSQL for a call: whatever it executes, beginning and ending included. It looks at
// the wire, with the contestants started once more behind a relay. Of what goes on beside (the queue asks once a second) the
// quietest of several calls is free. On SQLite there is no wire, and nil counts nothing.
type counter struct {
	relay       *relay
	contestants []*contestant
}

func newCounter(ctx context.Context, b *book) (*counter, error) {
	if b.dialect != "postgres" {
		return nil, nil
	}
	at, err := url.Parse(b.url)
	if err != nil {
		return nil, err
	}
	c := &counter{relay: &relay{to: at.Host}}
	if c.relay.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		return nil, err
	}
	go c.relay.run()
	at.Host = c.relay.listener.Addr().String()
	for _, one := range []*contestant{{name: "lenddesk"}, {name: "by hand", variant: "rows"}} {
		if err := one.start(ctx, b, at.String()); err != nil {
			return nil, errors.Join(err, c.stop())
		}
		c.contestants = append(c.contestants, one)
	}
	return c, nil
}

func (c *counter) stop() error {
	if c == nil {
		return nil
	}
	var err error
	for _, one := range c.contestants {
		err = errors.Join(err, one.stop())
	}
	return errors.Join(err, c.relay.listener.Close())
}

// count is the statements of a call, by contestant.
func (c *counter) count(ctx context.Context, s screen, asked call, token string) (map[string]int64, error) {
	found := map[string]int64{}
	if c == nil {
		return found, nil
	}
	for _, one := range c.contestants {
		n, err := c.relay.fewest(ctx, one, asked.request(one, s, token))
		if err != nil {
			return nil, err
		}
		found[one.name] = n
	}
	return found, nil
}

// relay stands between a server and PostgreSQL and counts what is executed.
type relay struct {
	to       string
	listener net.Listener
	executed atomic.Int64
}

func (r *relay) run() {
	for {
		from, err := r.listener.Accept()
		if err != nil {
			return // closed
		}
		go func() {
			defer from.Close()
			to, err := net.Dial("tcp", r.to)
			if err != nil {
				return
			}
			defer to.Close()
			go func() {
				_, _ = io.Copy(from, to) // until either ends
				_ = from.Close()
			}()
			_ = r.forward(from, to)
		}()
	}
}

// forward passes messages on. The first has no type; of the others Execute and Query count
// (https://www.postgresql.org/docs/current/protocol-message-formats.html).
func (r *relay) forward(from io.Reader, to io.Writer) error {
	for first := true; ; first = false {
		head := make([]byte, 5)
		if first {
			head = head[:4]
		}
		if _, err := io.ReadFull(from, head); err != nil {
			return err
		}
		if !first && (head[0] == 'E' || head[0] == 'Q') {
			r.executed.Add(1)
		}
		length := binary.BigEndian.Uint32(head[len(head)-4:])
		if length < 4 || length > 1<<26 {
			return fmt.Errorf("a message of %d bytes", length)
		}
		body := make([]byte, length-4)
		if _, err := io.ReadFull(from, body); err != nil {
			return err
		}
		if _, err := to.Write(append(head, body...)); err != nil {
			return err
		}
	}
}

// fewest is what the quietest of several calls took.
func (r *relay) fewest(ctx context.Context, c *contestant, request []byte) (fewest int64, err error) {
	one, err := dial(ctx, c.address)
	if err != nil {
		return 0, err
	}
	defer one.conn.Close()
	for n := range 40 {
		before := r.executed.Load()
		if status, err := one.ask(request); err != nil || status != 200 {
			return 0, fmt.Errorf("count statements: %d %w", status, err)
		}
		if spent := r.executed.Load() - before; n == 0 || spent < fewest {
			fewest = spent
		}
	}
	return fewest, nil
}
