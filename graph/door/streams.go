package door

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lenddesk/fault"
)

// StreamLimits is what lasting connections are held to, WebSockets and event streams together. Every number is the largest that still passes.
type StreamLimits struct {
	All        int           // connections of a server
	PerViewer  int           // connections of one viewer
	PerAddress int           // connections from one address
	Operations int           // operations at once over one WebSocket
	Init       time.Duration // from the opening of a WebSocket to its connection_init
	KeepAlive  time.Duration // between two signs of life; a WebSocket that answers none within as long is gone
	Write      time.Duration // for one message to be taken; who is slower is cut off, and takes up again where they were
}

// DefaultStreamLimits lets a page in many tabs, and an office behind one address, pass.
var DefaultStreamLimits = StreamLimits{
	All: 2000, PerViewer: 20, PerAddress: 200, Operations: 10, Init: 10 * time.Second, KeepAlive: 20 * time.Second, Write: 10 * time.Second,
}

// Streams are the lasting connections of a server: WebSockets (Socket) and event streams (EventStream). Make one by NewStreams.
type Streams struct {
	Documents Limits
	Limits    StreamLimits
	Log       *slog.Logger
	// Origins are the pages that may open a WebSocket, beside the server's own.
	Origins []string
	// Enter gives the context of whoever a token belongs to, which came in a message after the request. It returns UNAUTHENTICATED for a token that is nobody's.
	Enter func(ctx context.Context, r *http.Request, token string) (context.Context, error)
	// Again gives the context of the same viewer as they are now. It returns UNAUTHENTICATED when their session or key has ended; nobody in particular stays so.
	Again func(context.Context) (context.Context, error)
	// Whose says for whom a connection counts: the viewer, empty for nobody in particular, and where they come from.
	Whose func(context.Context) (viewer, address string)

	lasting context.Context // ends when the server drains
	drain   context.CancelFunc

	mu   sync.Mutex
	open map[string]int // by viewer and by address
	all  int
	wg   sync.WaitGroup
}

// NewStreams makes the room for lasting connections, with the usual limits. The three functions must be set before it is used.
func NewStreams() *Streams {
	s := &Streams{Documents: DefaultLimits, Limits: DefaultStreamLimits, Log: slog.Default(), open: map[string]int{}}
	s.lasting, s.drain = context.WithCancel(context.Background())
	return s
}

// Drain ends every connection, so that clients come again to another server, lets no new one in, and waits until all are gone or ctx ends.
func (s *Streams) Drain(ctx context.Context) {
	s.mu.Lock()
	s.drain()
	s.mu.Unlock()
	gone := make(chan struct{})
	go func() { s.wg.Wait(); close(gone) }()
	select {
	case <-gone:
	case <-ctx.Done():
	}
}

// What a lasting connection, or an operation over one, is refused for.
var (
	errDraining    = fault.Deny(fault.Unavailable, "The server is being restarted; come again.")
	errManyStreams = fault.Deny(fault.RateLimited, "Too many lasting connections are open; close one.")
	errManyRunning = fault.Deny(fault.RateLimited, "Too many operations run over this connection; complete one.")
	errForeignPage = fault.Deny(fault.Forbidden, "Pages of this origin may not connect.")
	errNoStream    = fault.Deny(fault.BadRequest, "A subscription needs a WebSocket or an event stream.")
	errOneStream   = fault.Deny(fault.BadRequest, "A subscription has exactly one root field.")
)

// place is a connection that is counted.
type place struct {
	s               *Streams
	viewer, address string
}

// enter counts a connection; the caller leaves when it ends.
func (s *Streams) enter(ctx context.Context) (*place, *fault.Refusal) {
	viewer, address := s.Whose(ctx)
	p := &place{s, "viewer " + viewer, "address " + address}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.lasting.Err() != nil:
		return nil, errDraining
	case s.all >= s.Limits.All, s.open[p.address] >= s.Limits.PerAddress:
		return nil, errManyStreams
	}
	if !p.sit(viewer) {
		return nil, errManyStreams
	}
	s.all++
	s.open[p.address]++
	s.wg.Add(1)
	return p, nil
}

// sit counts for a viewer; nobody in particular is not counted.
func (p *place) sit(viewer string) bool {
	p.viewer = ""
	if viewer == "" {
		return true
	}
	if p.s.open["viewer "+viewer] >= p.s.Limits.PerViewer {
		return false
	}
	p.viewer = "viewer " + viewer
	p.s.open[p.viewer]++
	return true
}

// become counts the connection for another viewer, once they have said who they are.
func (p *place) become(ctx context.Context) bool {
	viewer, _ := p.s.Whose(ctx)
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.less(p.viewer)
	return p.sit(viewer)
}

func (p *place) leave() {
	p.s.mu.Lock()
	defer p.s.mu.Unlock()
	p.s.less(p.viewer)
	p.s.less(p.address)
	p.s.all--
	p.s.wg.Done()
}

func (s *Streams) less(name string) {
	if name == "" {
		return
	}
	if s.open[name]--; s.open[name] == 0 {
		delete(s.open, name)
	}
}

// known says whether a page that asks for a connection may have one: browsers name its origin, other programs none.
func (s *Streams) known(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host) || slices.ContainsFunc(s.Origins, func(o string) bool { return strings.EqualFold(o, origin) })
}

// stream is one subscription under way.
type stream struct {
	mu     sync.Mutex
	begun  bool
	after  string   // what the client says that it has seen last
	places []string // of what was fed and has not been sent yet
	err    error
	feeds  sync.WaitGroup
}

type streamKey struct{}

// LastSeen is what a client says, by Last-Event-ID, that it has seen last of a subscription; empty when it says nothing.
func LastSeen(ctx context.Context) string {
	if s, ok := ctx.Value(streamKey{}).(*stream); ok {
		return s.after
	}
	return ""
}

// Feed begins the stream of a subscription's field. run puts one value after another, each with its place (empty where there is none), and waits with each until it is
// asked for the next: nothing gathers for who reads slowly. It returns when put says false, since the subscriber is gone; the error that it returns ends the stream, and is told.
func Feed[T any](ctx context.Context, run func(ctx context.Context, put func(value T, place string) bool) error) (<-chan T, error) {
	s, ok := ctx.Value(streamKey{}).(*stream)
	if !ok {
		return nil, errNoStream
	}
	s.begun = true
	values := make(chan T)
	put := func(value T, place string) bool {
		s.mu.Lock()
		s.places = append(s.places, place)
		s.mu.Unlock()
		select {
		case values <- value:
			return true
		case <-ctx.Done():
			return false
		}
	}
	s.feeds.Go(func() {
		defer close(values)
		defer func() {
			if panicked := recover(); panicked != nil {
				s.end(graphql.GetOperationContext(ctx).Recover(ctx, panicked))
			}
		}()
		s.end(run(ctx, put))
	})
	return values, nil
}

func (s *stream) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.err = err
}

// ended is the error that ended the stream, nil while there is none.
func (s *stream) ended() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// sent is the place of what is being sent.
func (s *stream) sent() (place string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.places) > 0 {
		place, s.places = s.places[0], s.places[1:]
	}
	return place
}

// outcome is how an operation over a lasting connection ended.
type outcome struct {
	refused *graphql.Response // it never began: why
	failed  *graphql.Response // it began, and this ended it
	over    bool              // the viewer is none any more
}

// operate runs one operation. begin is called once it runs, send with each answer. A panic outside of the resolvers ends here.
func (s *Streams) operate(ctx context.Context, params *graphql.RawParams, exec graphql.GraphExecutor, lastSeen string, begin func(), send func(*graphql.Response, string) error) (out outcome) {
	ctx, cancel := context.WithCancel(ctx)
	under := &stream{after: lastSeen}
	defer under.feeds.Wait()
	defer cancel()
	begun := false
	defer func() {
		panicked := recover()
		if panicked == nil {
			return
		}
		if presenter, ok := exec.(interface {
			PresentRecoveredError(context.Context, any) error
		}); ok {
			_ = presenter.PresentRecoveredError(ctx, panicked) // for the log
		}
		answer := &graphql.Response{Errors: errorsOf(errInternal)}
		if out = (outcome{refused: answer}); begun {
			out = outcome{failed: answer}
		}
	}()

	op, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		return outcome{refused: exec.DispatchError(graphql.WithOperationContext(ctx, op), ExpandErrors(errs))}
	}
	noteOperation(ctx, operationName(op))
	if op.Operation.Operation != ast.Subscription {
		limited, cancel := context.WithTimeout(ctx, s.Documents.Time)
		defer cancel()
		next, limited := exec.DispatchOperation(limited, op)
		answer := next(limited)
		if answer == nil {
			answer = &graphql.Response{Errors: errorsOf(errTimeout)}
		}
		if len(answer.Data) == 0 && len(answer.Errors) > 0 {
			return outcome{refused: answer}
		}
		begin()
		_ = send(answer, "") // whether it arrives or not, it is over
		return outcome{}
	}
	if len(graphql.CollectFields(op, op.Operation.SelectionSet, []string{"Subscription"})) != 1 {
		return outcome{refused: &graphql.Response{Errors: errorsOf(errOneStream)}}
	}
	next, streaming := exec.DispatchOperation(context.WithValue(ctx, streamKey{}, under), op)
	if !under.begun {
		if out.refused = next(streaming); out.refused == nil {
			out.refused = &graphql.Response{Errors: errorsOf(errTimeout)}
		}
		return out
	}
	begun = true
	begin()
	for answer := next(streaming); answer != nil; answer = next(streaming) {
		if send(answer, under.sent()) != nil {
			return out
		}
	}
	err := under.ended()
	if err == nil || ctx.Err() != nil {
		return out
	}
	refusal, _ := fault.FindRefusal(err)
	out.over = refusal != nil && refusal.Reason == fault.Unauthenticated
	out.failed = exec.DispatchError(graphql.WithOperationContext(ctx, op), graphqlErrors(err))
	return out
}

func graphqlErrors(err error) gqlerror.List { return gqlerror.List{gqlerror.Wrap(err)} }
