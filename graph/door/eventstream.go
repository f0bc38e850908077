package door

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"lenddesk/fault"
)

// EventStream answers an operation with server-sent events, by "distinct connections mode" of GraphQL over SSE: an event `next` for each answer, with its place as the
// event's id, then `complete`. What is refused before it begins is answered as by Post. A stream that ends without `complete`, since the server is restarted, is to be taken up again: by the
// same request with Last-Event-ID.
type EventStream struct{ *Streams }

var _ graphql.Transport = EventStream{}

// lastEventID is the longest Last-Event-ID that is looked at, in bytes.
const lastEventID = 512

var errLastEventID = fault.Deny(fault.BadRequest, "Last-Event-ID is none of ours.")

// Supports says whether a client waits for events.
func (EventStream) Supports(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodPost) && r.Header.Get("Upgrade") == "" && !forOneAnswer(r)
}

// Do answers with a stream.
func (t EventStream) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	const form = graphqlResponse
	params, status, refusal := t.params(w, r)
	if r.Context().Err() != nil {
		noteGone(r.Context())
		return
	}
	lastSeen := r.Header.Get("Last-Event-ID")
	switch {
	case refusal != nil:
	case len(lastSeen) > lastEventID:
		status, refusal = http.StatusBadRequest, errLastEventID
	case r.Method == http.MethodGet && mutates(params, t.Documents):
		w.Header().Set("Allow", http.MethodPost)
		status, refusal = http.StatusMethodNotAllowed, errOnlyQueries
	}
	if refusal != nil {
		writeRefusal(w, r, form, status, refusal)
		return
	}
	place, refusal := t.enter(r.Context())
	if refusal != nil {
		writeRefusal(w, r, form, statusOf(refusal.Reason), refusal)
		return
	}
	defer place.leave()

	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(t.lasting, cancel)()
	s := &sender{w: w, at: http.NewResponseController(w), limit: t.Limits.Write, cut: cancel}
	var alive sync.WaitGroup
	defer alive.Wait()
	defer cancel()
	out := t.operate(ctx, params, exec, lastSeen, func() {
		s.begin()
		alive.Go(func() { s.keepAlive(ctx, t.Limits.KeepAlive) })
	}, s.next)
	switch {
	case r.Context().Err() != nil:
		noteGone(r.Context())
	case out.refused != nil:
		write(w, r, form, statusFor(form, out.refused), out.refused)
	case t.lasting.Err() != nil: // no complete: it is not
	case s.failed():
		t.Log.InfoContext(ctx, "a stream was cut: it was not read", "request", RequestIDOf(ctx))
	default:
		if out.failed != nil {
			_ = s.next(out.failed, "")
		}
		_ = s.event("complete", "", nil)
	}
}

// params reads the request as Post and Get do.
func (t EventStream) params(w http.ResponseWriter, r *http.Request) (*graphql.RawParams, int, *fault.Refusal) {
	start := graphql.Now()
	var params *graphql.RawParams
	var refusal *fault.Refusal
	switch {
	case r.Method == http.MethodGet && int64(len(r.URL.RawQuery)) > t.Documents.Body:
		return nil, http.StatusRequestURITooLong, errBodyTooLong
	case r.Method == http.MethodGet:
		params, refusal = parseQueryString(r.URL.RawQuery, t.Documents.Nesting)
	case !plainJSON(r.Header):
		w.Header().Set("Accept-Post", "application/json")
		return nil, http.StatusUnsupportedMediaType, errMediaType
	default:
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, t.Documents.Body))
		if err != nil {
			if _, tooLong := errors.AsType[*http.MaxBytesError](err); tooLong {
				return nil, http.StatusRequestEntityTooLarge, errBodyTooLong
			}
			return nil, http.StatusBadRequest, errUnread
		}
		params, refusal = parseBody(body, t.Documents.Nesting)
	}
	if refusal != nil {
		return nil, http.StatusBadRequest, refusal
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	return params, 0, nil
}

// mutates says whether an operation changes something: a link must not. What cannot be read is refused later.
func mutates(p *graphql.RawParams, l Limits) bool {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: p.Query}, l.Tokens)
	if err != nil {
		return false
	}
	op := doc.Operations.ForName(p.OperationName)
	return op != nil && op.Operation == ast.Mutation
}

// sender writes events, one at a time.
type sender struct {
	w     http.ResponseWriter
	at    *http.ResponseController
	limit time.Duration
	cut   context.CancelFunc

	mu  sync.Mutex
	err error
}

// begin sends the head, so that the client knows that it is heard, and lifts the deadlines of a request that is answered at once.
func (s *sender) begin() {
	_ = s.at.SetReadDeadline(time.Time{}) // where there is none to lift, none is in force
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream; charset=utf-8")
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no") // nginx would hold events back
	s.w.WriteHeader(http.StatusOK)
	_ = s.comment()
}

func (s *sender) keepAlive(ctx context.Context, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if s.comment() != nil {
				return
			}
		}
	}
}

func (s *sender) comment() error { return s.put([]byte(":\n\n")) }

// next sends an answer.
func (s *sender) next(answer *graphql.Response, place string) error {
	head, tail, err := envelope(answer)
	if err != nil {
		return err
	}
	return s.event("next", place, bytes.Join([][]byte{head, answer.Data, tail}, nil))
}

// event sends one event. JSON as it is written here has no line break in it, a place none either.
func (s *sender) event(name, id string, data []byte) error {
	b := []byte("event: " + name + "\n")
	if id != "" {
		b = append(b, "id: "+id+"\n"...)
	}
	return s.put(append(append(append(b, "data: "...), data...), "\n\n"...))
}

// put sends within the limit; who does not take it in time is cut off.
func (s *sender) put(b []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.err != nil {
		return s.err
	}
	_ = s.at.SetWriteDeadline(time.Now().Add(s.limit))
	if _, s.err = s.w.Write(b); s.err == nil {
		s.err = s.at.Flush()
	}
	if s.err != nil {
		s.cut()
	}
	return s.err
}

func (s *sender) failed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err != nil
}
