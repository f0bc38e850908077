package door

import (
	"context"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lenddesk/fault"
)

// Post answers queries and mutations sent as one JSON object (GraphQL over HTTP). Any other media type is 415: a form of
// another site can send none that is application/json, so this and a SameSite cookie are the guard against forged
// requests.
type Post struct{ Limits Limits }

// Get answers queries in the query string. A mutation is 405: links must not change anything.
type Get struct{ Limits Limits }

// other answers the methods that are neither.
type other struct{}

var (
	_ graphql.Transport = Post{}
	_ graphql.Transport = Get{}
	_ graphql.Transport = other{}
)

// Supports says whether a request is a POST for one answer. Upgrades and event streams are other transports'.
func (Post) Supports(r *http.Request) bool { return r.Method == http.MethodPost && forOneAnswer(r) }

// Supports says whether a request is a GET for one answer.
func (Get) Supports(r *http.Request) bool { return r.Method == http.MethodGet && forOneAnswer(r) }

// Supports says yes: this transport is the last.
func (other) Supports(*http.Request) bool { return true }

// Do answers a POST.
func (t Post) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	form, ok := negotiate(r.Header)
	if !ok {
		writeRefusal(w, r, form, http.StatusNotAcceptable, errNotAcceptable)
		return
	}
	if !plainJSON(r.Header) {
		w.Header().Set("Accept-Post", "application/json")
		writeRefusal(w, r, form, http.StatusUnsupportedMediaType, errMediaType)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), t.Limits.Time)
	defer cancel()
	start := graphql.Now()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, t.Limits.Body))
	if err != nil {
		var tooLong *http.MaxBytesError
		switch {
		case errors.As(err, &tooLong):
			writeRefusal(w, r, form, http.StatusRequestEntityTooLarge, errBodyTooLong)
		case r.Context().Err() != nil:
			noteGone(r.Context())
		default:
			writeRefusal(w, r, form, http.StatusBadRequest, errUnread)
		}
		return
	}
	params, refusal := parseBody(body, t.Limits.Nesting)
	if refusal != nil {
		writeRefusal(w, r, form, http.StatusBadRequest, refusal)
		return
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	run(ctx, w, r, form, params, exec)
}

// Do answers a GET.
func (t Get) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	form, ok := negotiate(r.Header)
	if !ok {
		writeRefusal(w, r, form, http.StatusNotAcceptable, errNotAcceptable)
		return
	}
	if int64(len(r.URL.RawQuery)) > t.Limits.Body {
		writeRefusal(w, r, form, http.StatusRequestURITooLong, errBodyTooLong)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), t.Limits.Time)
	defer cancel()
	start := graphql.Now()
	params, refusal := parseQueryString(r.URL.RawQuery, t.Limits.Nesting)
	if refusal != nil {
		writeRefusal(w, r, form, http.StatusBadRequest, refusal)
		return
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	run(ctx, w, r, form, params, exec)
}

// Do answers what is neither POST nor GET, or asks for a protocol that is not served.
func (other) Do(w http.ResponseWriter, r *http.Request, _ graphql.GraphExecutor) {
	form, _ := negotiate(r.Header)
	switch r.Method {
	case http.MethodGet, http.MethodPost:
		writeRefusal(w, r, form, http.StatusBadRequest, errProtocol)
	default:
		w.Header().Set("Allow", "GET, POST")
		writeRefusal(w, r, form, http.StatusMethodNotAllowed, errMethod)
	}
}

// What a request is refused for before it is read.
var (
	errNotAcceptable = fault.Deny(fault.BadRequest, "Answers are application/graphql-response+json or application/json.")
	errMediaType     = fault.Deny(fault.BadRequest, "Send application/json in UTF-8, not compressed.")
	errUnread        = fault.Deny(fault.BadRequest, "The request could not be read to its end.")
	errMethod        = fault.Deny(fault.BadRequest, "Use POST, or GET for queries.")
	errOnlyQueries   = fault.Deny(fault.BadRequest, "GET is for queries only: send this operation by POST.")
	errSubscription  = fault.Deny(fault.BadRequest, "A subscription needs a WebSocket or an event stream.")
	errProtocol      = fault.Deny(fault.BadRequest, "This protocol is not served here.")
	errTimeout       = fault.Deny(fault.Timeout, sayTimeout)
	errInternal      = fault.Deny(fault.Internal, sayInternal)
)

// run executes and answers. A client that went away gets nothing, and nothing is logged as a failure.
func run(ctx context.Context, w http.ResponseWriter, r *http.Request, form mediaType, params *graphql.RawParams, exec graphql.GraphExecutor) {
	answer, refusal := execute(ctx, r, params, exec)
	switch {
	case r.Context().Err() != nil:
		noteGone(r.Context())
	case refusal == errOnlyQueries:
		w.Header().Set("Allow", http.MethodPost)
		writeRefusal(w, r, form, http.StatusMethodNotAllowed, refusal)
	case refusal != nil:
		writeRefusal(w, r, form, statusOf(refusal.Reason), refusal)
	default:
		write(w, r, form, statusFor(form, answer), answer)
	}
}

// execute gives the answer, or a refusal when there is none to give. A panic outside of the resolvers ends here.
func execute(ctx context.Context, r *http.Request, params *graphql.RawParams, exec graphql.GraphExecutor) (answer *graphql.Response, refusal *fault.Refusal) {
	defer func() {
		panicked := recover()
		if panicked == nil {
			return
		}
		if panicked == http.ErrAbortHandler {
			panic(panicked)
		}
		if presenter, ok := exec.(interface {
			PresentRecoveredError(context.Context, any) error
		}); ok {
			_ = presenter.PresentRecoveredError(ctx, panicked) // for the log
		}
		answer, refusal = nil, errInternal
	}()

	op, errs := exec.CreateOperationContext(ctx, params)
	if errs != nil {
		return exec.DispatchError(graphql.WithOperationContext(ctx, op), ExpandErrors(errs)), nil
	}
	noteOperation(ctx, operationName(op))
	if r.Method == http.MethodGet && op.Operation.Operation == ast.Mutation {
		return nil, errOnlyQueries
	}
	if op.Operation.Operation == ast.Subscription {
		return nil, errSubscription
	}
	settle, unsettled := ctx.Value(settleKey).(Settle)
	if unsettled && op.Operation.Operation == ast.Mutation {
		var err error
		if ctx, _, err = settle(ctx); err != nil {
			return exec.DispatchError(graphql.WithOperationContext(ctx, op), graphqlErrors(err)), nil
		}
	}
	next, running := exec.DispatchOperation(ctx, op)
	answer = next(running)
	if answer == nil { // the executor starts nothing in a context that has ended
		return nil, errTimeout
	}
	if unsettled && op.Operation.Operation == ast.Query {
		settled, changed, err := settle(ctx)
		if err != nil {
			return exec.DispatchError(graphql.WithOperationContext(ctx, op), graphqlErrors(err)), nil
		}
		if changed {
			return execute(context.WithValue(settled, settleKey, nil), r, params, exec)
		}
	}
	return answer, nil
}

// operationName is the client's name for an operation when it is one by the grammar, cut to 64 characters: it is logged.
func operationName(op *graphql.OperationContext) string {
	name := op.OperationName
	if name == "" && op.Operation != nil {
		name = op.Operation.Name
	}
	for i := range len(name) {
		c := name[i]
		letter := c == '_' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return ""
		}
	}
	return cut(name, 64)
}

// Settle makes sure of who asks: it gives the context of who that is, and says whether they are another than was assumed.
type Settle func(context.Context) (settled context.Context, changed bool, err error)

// Unsettled has whatever is executed in a context settled: a mutation before it begins, a query when its answer is there, which is thrown away and asked for again if
// who asks is another. So the question costs no journey to the database of its own. It is for requests that AnsweredOnce says yes to.
func Unsettled(ctx context.Context, s Settle) context.Context {
	return context.WithValue(ctx, settleKey, s)
}

// AnsweredOnce says whether a request is one for Post or Get: an answer to it can be thrown away.
func AnsweredOnce(r *http.Request) bool {
	return forOneAnswer(r) && (r.Method == http.MethodGet || r.Method == http.MethodPost && plainJSON(r.Header))
}

// forOneAnswer says whether a client waits for a single answer.
func forOneAnswer(r *http.Request) bool {
	return r.Header.Get("Upgrade") == "" && !strings.HasPrefix(strings.TrimSpace(r.Header.Get("Accept")), "text/event-stream")
}

// plainJSON says whether a body is application/json in UTF-8, not compressed.
func plainJSON(h http.Header) bool {
	if encoding := h.Get("Content-Encoding"); encoding != "" && !strings.EqualFold(encoding, "identity") {
		return false
	}
	media, params, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || media != "application/json" {
		return false
	}
	charset := params["charset"]
	return charset == "" || strings.EqualFold(charset, "utf-8")
}

// errorsOf is a refusal as a list of GraphQL errors.
func errorsOf(refusal *fault.Refusal) gqlerror.List {
	return gqlerror.List{{Message: refusal.Message, Extensions: map[string]any{"code": string(refusal.Reason)}}}
}
