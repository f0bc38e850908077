package graph

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/executor"
	"github.com/99designs/gqlgen/graphql/handler/lru"
	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/access"
	"lenddesk/reading"
)

// keptQuestions is how many documents that the program itself asks are kept parsed: there are not many.
const keptQuestions = 100

// Asking is how the program itself asks what the contract can tell, as the viewer of a context: with that viewer's rows, fields and masks. It does not know the door's limits, since no document comes
// from outside. An error is that of the field that failed first.
func Asking(schema graphql.ExecutableSchema, reader *reading.Reader) func(ctx context.Context, document string, variables map[string]any) (json.RawMessage, error) {
	exec := executor.New(schema)
	exec.SetQueryCache(lru.New[*ast.QueryDocument](keptQuestions))
	exec.AroundResponses(func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		ctx, end := reader.Sit(ctx)
		defer end()
		return next(ctx)
	})
	return func(ctx context.Context, document string, variables map[string]any) (json.RawMessage, error) {
		given, err := asJSON(variables)
		if err != nil {
			return nil, err
		}
		ctx = graphql.StartOperationTrace(access.With(bare{ctx}, access.From(ctx)))
		now := graphql.Now()
		operation, wrong := exec.CreateOperationContext(ctx, &graphql.RawParams{Query: document, Variables: given, ReadTime: graphql.TraceTiming{Start: now, End: now}})
		if len(wrong) > 0 {
			return nil, wrong
		}
		answer, ctx := exec.DispatchOperation(graphql.WithOperationContext(ctx, operation), operation)
		told := answer(ctx)
		if len(told.Errors) > 0 {
			if cause := told.Errors[0].Unwrap(); cause != nil {
				return nil, cause
			}
			return nil, errors.New(told.Errors[0].Message)
		}
		return told.Data, nil
	}
}

// asJSON is what variables are when they come from outside: the executor knows no other kinds of values.
func asJSON(variables map[string]any) (given map[string]any, err error) {
	b, err := json.Marshal(variables)
	if err != nil {
		return nil, fmt.Errorf("write variables: %w", err)
	}
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	if err := d.Decode(&given); err != nil {
		return nil, fmt.Errorf("read variables: %w", err)
	}
	return given, nil
}

// bare is a context as far as it ends: a question that is asked while another is answered is none of that one's fields.
type bare struct{ context.Context }

// Value knows nothing.
func (bare) Value(any) any { return nil }
