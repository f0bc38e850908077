package door

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/coder/websocket"

	"lenddesk/fault"
)

// Socket answers operations over a WebSocket by the protocol graphql-transport-ws. It is our own since gqlgen's cannot be held to our limits: how many operations at once, how
// many connections of whom, the strict reading of messages, an end when the session ends or the server drains.
type Socket struct{ *Streams }

var _ graphql.Transport = Socket{}

const subprotocol = "graphql-transport-ws"

// operationID is the longest id of an operation, in bytes.
const operationID = 128

// The codes with which a WebSocket is closed: the protocol's, and of RFC 6455 for a restart. A client comes again after the latter.
const (
	closeRestart      websocket.StatusCode = websocket.StatusServiceRestart
	closeMessage      websocket.StatusCode = 4400
	closeUnauthorized websocket.StatusCode = 4401
	closeForbidden    websocket.StatusCode = 4403
	closeSubprotocol  websocket.StatusCode = 4406
	closeInitTimeout  websocket.StatusCode = 4408
	closeDuplicate    websocket.StatusCode = 4409
	closeManyInits    websocket.StatusCode = 4429
	closeInternal     websocket.StatusCode = 4500
)

// Supports says whether a client asks for a WebSocket.
func (Socket) Supports(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(strings.TrimSpace(r.Header.Get("Upgrade")), "websocket")
}

// Do serves a WebSocket until it ends.
func (t Socket) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	const form = graphqlResponse
	if !t.known(r) {
		writeRefusal(w, r, form, http.StatusForbidden, errForeignPage)
		return
	}
	place, refusal := t.enter(r.Context())
	if refusal != nil {
		writeRefusal(w, r, form, statusOf(refusal.Reason), refusal)
		return
	}
	defer place.leave()
	conn, err := websocket.Accept(w, r, &websocket.AcceptOptions{
		Subprotocols: []string{subprotocol}, InsecureSkipVerify: true, // the origin was looked at above
		CompressionMode: websocket.CompressionDisabled,
	})
	if err != nil {
		return // it has been answered
	}
	ctx, cancel := context.WithCancel(r.Context())
	c := &connection{Streams: t.Streams, conn: conn, exec: exec, place: place, request: r, viewer: ctx, running: map[string]context.CancelFunc{}}
	defer c.wg.Wait()
	defer cancel()
	defer func() { _ = conn.CloseNow() }()
	if conn.Subprotocol() != subprotocol {
		c.close(closeSubprotocol, "The subprotocol is "+subprotocol)
		return
	}
	conn.SetReadLimit(t.Documents.Body)
	defer context.AfterFunc(t.lasting, func() { c.close(closeRestart, "The server is being restarted; come again") })()
	late := time.AfterFunc(t.Limits.Init, func() {
		if !c.acknowledged() {
			c.close(closeInitTimeout, "Connection initialisation timeout")
		}
	})
	defer late.Stop()
	c.wg.Go(func() { c.keepAlive(ctx) })
	c.read(ctx)
}

// connection is one WebSocket.
type connection struct {
	*Streams
	conn    *websocket.Conn
	exec    graphql.GraphExecutor
	place   *place
	request *http.Request
	wg      sync.WaitGroup

	mu      sync.Mutex
	ready   bool
	viewer  context.Context // of who asks
	running map[string]context.CancelFunc
}

// message is what comes and goes.
type message struct {
	ID      string          `json:"id,omitempty"`
	Type    string          `json:"type"`
	Payload json.RawMessage `json:"payload,omitempty"`
}

// close ends the connection with a code and a reason of at most 123 bytes.
func (c *connection) close(code websocket.StatusCode, reason string) { _ = c.conn.Close(code, reason) }

func (c *connection) acknowledged() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.ready
}

func (c *connection) who() context.Context {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.viewer
}

// read takes one message after another, until the connection ends.
func (c *connection) read(ctx context.Context) {
	for {
		kind, text, err := c.conn.Read(ctx)
		if err != nil {
			return
		}
		var m message
		if kind != websocket.MessageText || wellFormed(text, c.Documents.Nesting+1) != nil || first(text) != '{' || json.Unmarshal(text, &m) != nil {
			c.close(closeMessage, "A message is one JSON object in a text frame")
			return
		}
		switch m.Type {
		case "connection_init":
			if !c.init(ctx, m.Payload) {
				return
			}
		case "ping":
			if c.send(ctx, message{Type: "pong"}) != nil {
				return
			}
		case "pong":
		case "subscribe":
			if !c.subscribe(ctx, m) {
				return
			}
		case "complete":
			c.mu.Lock()
			cancel := c.running[m.ID]
			delete(c.running, m.ID)
			c.mu.Unlock()
			if cancel != nil {
				cancel()
			}
		default:
			c.close(closeMessage, "A message of this type is not known")
			return
		}
	}
}

// init finds out who asks: by a token in the payload, else as the request said.
func (c *connection) init(ctx context.Context, payload json.RawMessage) bool {
	if c.acknowledged() {
		c.close(closeManyInits, "Too many initialisation requests")
		return false
	}
	token, ok := tokenIn(payload)
	if !ok {
		c.close(closeMessage, "The payload of connection_init is an object, its Authorization a Bearer token")
		return false
	}
	who := ctx
	if token != "" {
		var err error
		if who, err = c.Enter(ctx, c.request, token); err != nil {
			if refusal, known := fault.FindRefusal(err); known && refusal.Reason == fault.Unauthenticated {
				c.close(closeForbidden, "Forbidden: the token is nobody's")
				return false
			}
			c.Log.ErrorContext(ctx, "authenticate", "error", err, "request", RequestIDOf(ctx))
			c.close(closeInternal, "Internal server error")
			return false
		}
		if !c.place.become(who) {
			c.close(websocket.StatusTryAgainLater, errManyStreams.Message)
			return false
		}
	}
	c.mu.Lock()
	c.viewer, c.ready = who, true
	c.mu.Unlock()
	return c.send(ctx, message{Type: "connection_ack"}) == nil
}

// tokenIn is the token of a payload: {"Authorization": "Bearer …"}, in upper or lower case, as a header would have it. Whatever else is in it is let be.
func tokenIn(payload json.RawMessage) (token string, ok bool) {
	if len(payload) == 0 || string(payload) == "null" {
		return "", true
	}
	var fields map[string]json.RawMessage
	if json.Unmarshal(payload, &fields) != nil {
		return "", false
	}
	for name, value := range fields {
		if !strings.EqualFold(name, "Authorization") {
			continue
		}
		var header string
		if json.Unmarshal(value, &header) != nil {
			return "", false
		}
		scheme, token, found := strings.Cut(header, " ")
		if token = strings.TrimSpace(token); !found || !strings.EqualFold(scheme, "Bearer") || token == "" {
			return "", false
		}
		return token, true
	}
	return "", true
}

// subscribe begins an operation.
func (c *connection) subscribe(ctx context.Context, m message) bool {
	if !c.acknowledged() {
		c.close(closeUnauthorized, "Unauthorized: connection_init comes first")
		return false
	}
	if m.ID == "" || len(m.ID) > operationID {
		c.close(closeMessage, "An operation has an id of up to 128 bytes")
		return false
	}
	params, refusal := parseBody(m.Payload, c.Documents.Nesting)
	c.mu.Lock()
	_, twice := c.running[m.ID]
	if refusal == nil && len(c.running) >= c.Limits.Operations {
		refusal = errManyRunning
	}
	running, cancel := context.WithCancel(c.viewer)
	if refusal == nil && !twice {
		c.running[m.ID] = cancel
	}
	c.mu.Unlock()
	switch {
	case twice:
		cancel()
		c.close(closeDuplicate, "An operation with this id runs already")
		return false
	case refusal != nil:
		cancel()
		return c.fail(ctx, m.ID, &graphql.Response{Errors: errorsOf(refusal)}) == nil
	}
	params.Headers = c.request.Header
	c.wg.Go(func() {
		defer cancel()
		c.operate(running, m.ID, params)
	})
	return true
}

// operate runs an operation as who asks is now, and says how it ended, unless the client has said so before.
func (c *connection) operate(ctx context.Context, id string, params *graphql.RawParams) {
	now, err := c.Again(ctx)
	if err != nil {
		out := outcome{refused: c.exec.DispatchError(graphql.WithOperationContext(ctx, &graphql.OperationContext{}), graphqlErrors(err))}
		refusal, known := fault.FindRefusal(err)
		out.over = known && refusal.Reason == fault.Unauthenticated
		c.end(ctx, id, out)
		return
	}
	params.ReadTime = graphql.TraceTiming{Start: graphql.Now(), End: graphql.Now()}
	c.end(ctx, id, c.Streams.operate(now, params, c.exec, "", func() {}, func(answer *graphql.Response, _ string) error {
		return c.tell(ctx, id, "next", answer)
	}))
}

// end tells how an operation ended, and closes the connection when its viewer is none any more.
func (c *connection) end(ctx context.Context, id string, out outcome) {
	c.mu.Lock()
	_, running := c.running[id]
	delete(c.running, id)
	c.mu.Unlock()
	if !running || ctx.Err() != nil {
		return
	}
	switch {
	case out.refused != nil:
		_ = c.fail(ctx, id, out.refused)
	case out.failed != nil:
		_ = c.fail(ctx, id, out.failed)
	default:
		_ = c.send(ctx, message{ID: id, Type: "complete"})
	}
	if out.over {
		// Beside: closing waits for the client, and whoever ends the connection waits for this operation.
		go c.close(closeUnauthorized, "Unauthorized: the session has ended")
	}
}

// fail ends an operation by its errors.
func (c *connection) fail(ctx context.Context, id string, answer *graphql.Response) error {
	list, err := json.Marshal(answer.Errors)
	if err != nil {
		return err
	}
	return c.send(ctx, message{ID: id, Type: "error", Payload: list})
}

// tell sends an answer.
func (c *connection) tell(ctx context.Context, id, kind string, answer *graphql.Response) error {
	head, tail, err := envelope(answer)
	if err != nil {
		return err
	}
	written, err := json.Marshal(id)
	if err != nil {
		return err
	}
	b := append([]byte(`{"id":`), written...)
	b = append(append(b, `,"type":"`+kind+`","payload":`...), head...)
	return c.write(ctx, append(append(append(b, answer.Data...), tail...), '}'))
}

func (c *connection) send(ctx context.Context, m message) error {
	b, err := json.Marshal(m)
	if err != nil {
		return err
	}
	return c.write(ctx, b)
}

// write sends within the limit; who does not take it in time is cut off.
func (c *connection) write(ctx context.Context, b []byte) error {
	// An operation that is given up in the middle of a message must not take the connection with it.
	limited, cancel := context.WithTimeout(context.WithoutCancel(ctx), c.Limits.Write)
	defer cancel()
	err := c.conn.Write(limited, websocket.MessageText, b)
	if errors.Is(err, context.DeadlineExceeded) {
		c.Log.InfoContext(ctx, "a WebSocket was cut: it was not read", "request", RequestIDOf(ctx))
	}
	return err
}

// keepAlive finds out connections whose other end is gone, and those whose viewer is.
func (c *connection) keepAlive(ctx context.Context) {
	tick := time.NewTicker(c.Limits.KeepAlive)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		limited, cancel := context.WithTimeout(ctx, c.Limits.KeepAlive)
		err := c.conn.Ping(limited)
		cancel()
		if err != nil {
			_ = c.conn.CloseNow()
			return
		}
		_, err = c.Again(c.who())
		if refusal, known := fault.FindRefusal(err); known && refusal.Reason == fault.Unauthenticated {
			c.close(closeUnauthorized, "Unauthorized: the session has ended")
			return
		}
	}
}
