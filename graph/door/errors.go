package door

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime/debug"
	"slices"
	"strings"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"

	"lenddesk/fault"
)

// The fixed sentences of what is not told.
const (
	sayInternal = "Something went wrong on our side. It has been logged."
	sayTimeout  = "Not finished in time. A mutation may have happened: ask before repeating it."
	sayLost     = "The database was lost on the way. A mutation may have happened: ask before repeating it."
	sayLater    = "The database cannot take this now. Nothing has changed; try again later."
	sayLiteral  = "A value is not of the type that the contract asks for."
	sayUnparsed = "The document is not valid GraphQL at this place."
)

// faults turns every error into one that may leave, and logs what may not.
type faults struct {
	log   *slog.Logger
	blame func(error) fault.Reason
}

var _ graphql.ResponseInterceptor = faults{}

func (faults) ExtensionName() string                   { return "Faults" }
func (faults) Validate(graphql.ExecutableSchema) error { return nil }

// InterceptResponse is the last look at an answer: an error that was put into it past the presenter gets its code here.
func (f faults) InterceptResponse(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
	answer := next(ctx)
	if answer == nil {
		return nil
	}
	for i, err := range answer.Errors {
		if !coded(err) {
			answer.Errors[i] = f.present(ctx, err)
		}
	}
	return answer
}

// present is gqlgen's error presenter.
func (f faults) present(ctx context.Context, err error) *gqlerror.Error {
	var known *gqlerror.Error
	if !errors.As(err, &known) {
		known = gqlerror.WrapPath(graphql.GetPath(ctx), err)
	}
	if coded(known) {
		return known
	}
	out := &gqlerror.Error{Path: known.Path, Locations: known.Locations}
	var reason fault.Reason
	reason, out.Message = f.judge(ctx, err, known)
	out.Extensions = map[string]any{"code": string(reason)}
	switch {
	case protocol(known):
		out.Path = nil // a path is of the answer, and there is none
	case reason == fault.BadRequest && unreadArguments(ctx):
		out.Path = graphql.GetFieldContext(ctx).Path()
	case reason == fault.Internal:
		if id := RequestIDOf(ctx); id != "" {
			out.Extensions["requestId"] = id
		}
	}
	return out
}

// judge finds the reason and a message that is safe.
func (f faults) judge(ctx context.Context, err error, known *gqlerror.Error) (fault.Reason, string) {
	if refusal, ok := fault.FindRefusal(err); ok {
		f.logCause(ctx, refusal, known.Path)
		return refusal.Reason, refusal.Message
	}
	if list, ok := fault.Find(err); ok { // a query has no userErrors to put them in
		return fault.BadRequest, list.Error()
	}
	if protocol(known) {
		return fault.BadRequest, safeMessage(known)
	}
	if reason := f.database(ctx, err, known.Path); reason != "" {
		f.log.LogAttrs(ctx, slog.LevelWarn, "the database failed", f.about(ctx, known.Path, slog.String("code", string(reason)), slog.String("error", err.Error()))...)
		return reason, map[fault.Reason]string{fault.Unavailable: sayLater, fault.Timeout: sayLost}[reason]
	}
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || ctx.Err() != nil {
		return fault.Timeout, sayTimeout
	}
	if unreadArguments(ctx) {
		path := known.Path[min(len(graphql.GetFieldContext(ctx).Path()), len(known.Path)):]
		return fault.BadRequest, "The value of argument " + path.String() + " is not valid."
	}
	f.log.LogAttrs(ctx, slog.LevelError, "a field failed", f.about(ctx, known.Path, slog.String("error", err.Error()))...)
	return fault.Internal, sayInternal
}

// database finds what the database is to blame for: UNAVAILABLE when nothing has changed, TIMEOUT when a mutation may have happened, and "" when it is
// something else. Below a mutation's own field its effect is there already, and only the reading of it failed.
func (f faults) database(ctx context.Context, err error, path ast.Path) fault.Reason {
	if f.blame == nil {
		return ""
	}
	reason := f.blame(err)
	if reason == fault.Unavailable && len(path) > 1 && graphql.HasOperationContext(ctx) {
		if op := graphql.GetOperationContext(ctx).Operation; op != nil && op.Operation == ast.Mutation {
			return fault.Timeout
		}
	}
	return reason
}

// recover is gqlgen's recover function: the stack goes to the log, a fixed sentence to the client.
func (f faults) recover(ctx context.Context, panicked any) error {
	f.log.LogAttrs(ctx, slog.LevelError, "a resolver panicked", f.about(ctx, graphql.GetPath(ctx),
		slog.String("panic", fmt.Sprint(panicked)), slog.String("stack", string(debug.Stack())))...)
	return fault.Deny(fault.Internal, sayInternal)
}

func (f faults) logCause(ctx context.Context, refusal *fault.Refusal, path ast.Path) {
	cause := refusal.Unwrap()
	if cause == nil || errors.Is(cause, context.Canceled) {
		return
	}
	level := slog.LevelWarn
	if refusal.Reason == fault.Internal {
		level = slog.LevelError
	}
	f.log.LogAttrs(ctx, level, "a field was refused", f.about(ctx, path, slog.String("code", string(refusal.Reason)), slog.String("error", cause.Error()))...)
}

// about says which request and field, never with what.
func (faults) about(ctx context.Context, path ast.Path, more ...slog.Attr) []slog.Attr {
	attrs := []slog.Attr{slog.String("request", RequestIDOf(ctx))}
	if graphql.HasOperationContext(ctx) {
		attrs = append(attrs, slog.String("operation", operationName(graphql.GetOperationContext(ctx))))
	}
	return append(append(attrs, slog.String("path", cut(path.String(), 200))), more...)
}

// coded says whether an error has one of our codes already.
func coded(err *gqlerror.Error) bool {
	code, ok := err.Extensions["code"].(string)
	return ok && slices.Contains(fault.Reasons, fault.Reason(code))
}

// protocol says whether the error is of gqlgen's parsing, validation or coercion of variables.
func protocol(err *gqlerror.Error) bool {
	code := err.Extensions["code"]
	return code == errcode.ParseFailed || code == errcode.ValidationFailed
}

// unreadArguments says whether an error stands between a field's arguments as sent and as Go values: generated code
// makes the field's context first and fills Args last. Its messages repeat values (strconv quotes them).
func unreadArguments(ctx context.Context) bool {
	fc := graphql.GetFieldContext(ctx)
	return fc != nil && fc.Args == nil && fc.Field.Field != nil && len(fc.Field.Arguments) > 0
}

// safeMessage is gqlgen's message of a protocol error without what the client sent as values. Names of fields, types and
// arguments stay.
func safeMessage(err *gqlerror.Error) string {
	switch {
	case err.Extensions["code"] == errcode.ParseFailed:
		return safeParseMessage(err.Message)
	case len(err.Path) > 1 && err.Path[0] == ast.PathName("variable"):
		return "Variable " + err.Path[1:].String() + ": " + safeVariableMessage(err.Message) + "."
	case err.Rule == "" && strings.HasPrefix(err.Message, "operation "):
		return "No operation of that name is in the document; operationName must choose one of several."
	case err.Rule == "":
		return sayLiteral
	case strings.HasPrefix(err.Rule, "ValuesOfCorrectType"):
		return safeLiteralMessage(err.Message)
	}
	return err.Message
}

// safeParseMessage keeps the kind of token and drops its text: a password with a quotation mark in it can become any
// token. Of a token that is none the lexer repeats the rest of the document.
func safeParseMessage(message string) string {
	switch {
	case strings.HasPrefix(message, "Unexpected <Invalid>"):
		return sayUnparsed
	case strings.HasPrefix(message, "Unexpected "):
		kind, _, _ := strings.Cut(message, ` "`)
		return kind + "."
	case strings.HasPrefix(message, "Expected "):
		expected, found, _ := strings.Cut(message, ", found ")
		kind, _, _ := strings.Cut(found, ` "`)
		return expected + ", found " + kind + "."
	}
	return sayUnparsed
}

func safeVariableMessage(message string) string {
	if i := strings.LastIndex(message, " is not a valid "); i >= 0 {
		return "not a valid " + message[i+len(" is not a valid "):]
	}
	switch {
	case strings.HasPrefix(message, "cannot use value "):
		_, typ, _ := strings.Cut(message, " as ")
		return "not a valid " + typ
	case strings.HasPrefix(message, "cannot use "), // and the kind of the JSON value
		strings.HasPrefix(message, "must be "), strings.HasPrefix(message, "must an input type"),
		message == "cannot be null", message == "unknown field", message == "enums must be ints or strings":
		return message
	}
	return "not valid"
}

func safeLiteralMessage(message string) string {
	if strings.HasPrefix(message, `Field "`) || strings.HasPrefix(message, `OneOf Input Object "`) {
		return message
	}
	if expected, _, ok := strings.Cut(message, `, found `); ok && strings.HasPrefix(expected, "Expected value of type ") {
		return expected + "."
	}
	if i := strings.LastIndex(message, `" does not exist in "`); i >= 0 && strings.HasPrefix(message, `Value "`) {
		return "A value" + message[i+1:]
	}
	if what, _, ok := strings.Cut(message, " value: "); ok && !strings.HasPrefix(message, `Value "`) {
		return what + " value."
	}
	return sayLiteral
}

func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return strings.ToValidUTF8(s[:n], "")
}
