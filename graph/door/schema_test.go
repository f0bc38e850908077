package door

import (
	"bytes"
	"context"
	"errors"
	"io"

	"github.com/99designs/gqlgen/graphql"
	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"

	"lenddesk/fault"
)

var testSchema = gqlparser.MustLoadSchema(&ast.Source{Name: "test.graphqls", Input: `
	directive @idempotent(key: String!) on FIELD
	directive @mark repeatable on FIELD
	enum Status { OPEN CLOSED }
	scalar Money
	interface Node { id: ID! }
	type PageInfo { hasNextPage: Boolean! }
	type Loan implements Node { id: ID! next: Loan bids(first: Int, last: Int, after: String): BidConnection! }
	type LoanEdge { cursor: String! node: Loan! }
	type LoanConnection { edges: [LoanEdge!]! nodes: [Loan!]! pageInfo: PageInfo! totalCount: Int! }
	type Bid implements Node { id: ID! loan: Loan bids(first: Int): BidConnection! }
	type BidConnection { nodes: [Bid!]! totalCount: Int! }
	input SignInInput { email: String password: String tries: Int status: Status amount: Money }
	type Query {
		hello: String
		big: String
		fails: String
		refused: String
		faulty: String
		panics: String
		required: String!
		waits: String
		number(n: Int): String
		byStatus(status: Status, of: [Status!]): String
		loan: Loan
		loans(first: Int, last: Int, after: String): LoanConnection!
		nodes(ids: [ID!]!): [Node]!
	}
	type Mutation { signIn(input: SignInInput!): String }
	type Subscription { ticks: String }
`})

// secret is what must never come back.
const secret = "correct-horse-battery"

// resolvers are the test schema's fields that answer something else than "hello".
var resolvers = map[string]func(context.Context) (any, error){
	"big":     func(context.Context) (any, error) { return string(bytes.Repeat([]byte("0123456789"), 1000)), nil },
	"fails":   func(context.Context) (any, error) { return nil, errors.New("no such table: " + secret) },
	"refused": func(context.Context) (any, error) { return nil, fault.Deny(fault.Forbidden, "Not for you.") },
	"faulty": func(context.Context) (any, error) {
		return nil, fault.Refuse(fault.Problem{Code: fault.Invalid}, "from")
	},
	"panics":   func(context.Context) (any, error) { panic("at " + secret) },
	"required": func(context.Context) (any, error) { return nil, nil },
	"waits":    func(ctx context.Context) (any, error) { <-ctx.Done(); return nil, errors.New("interrupted") },
}

// newSchema runs root fields through gqlgen's own runtime, in the order and with the contexts of generated code.
func newSchema() graphql.ExecutableSchema {
	return &graphql.ExecutableSchemaMock{
		SchemaFunc: func() *ast.Schema { return testSchema },
		ComplexityFunc: func(context.Context, string, string, int, map[string]any) (int, bool) {
			return 0, false
		},
		ExecFunc: func(context.Context) graphql.ResponseHandler {
			done := false
			return func(ctx context.Context) *graphql.Response {
				if done {
					return nil
				}
				done = true
				return &graphql.Response{Data: executeRoot(ctx)}
			}
		},
	}
}

func executeRoot(ctx context.Context) []byte {
	op := graphql.GetOperationContext(ctx)
	var out bytes.Buffer
	out.WriteByte('{')
	for i, field := range graphql.CollectFields(op, op.Operation.SelectionSet, nil) {
		if i > 0 {
			out.WriteByte(',')
		}
		var value bytes.Buffer
		nonNull := field.Definition.Type.NonNull && field.Name == "required"
		resolveRoot(ctx, op, field, nonNull).MarshalGQL(&value)
		if nonNull && value.String() == "null" {
			return []byte("null")
		}
		graphql.MarshalString(field.Alias).MarshalGQL(&out)
		out.WriteByte(':')
		out.Write(value.Bytes())
	}
	out.WriteByte('}')
	return out.Bytes()
}

func resolveRoot(ctx context.Context, op *graphql.OperationContext, field graphql.CollectedField, nonNull bool) graphql.Marshaler {
	return graphql.ResolveField(ctx, op, field, fieldContext(op),
		func(ctx context.Context) (any, error) {
			if resolve := resolvers[field.Name]; resolve != nil {
				return resolve(ctx)
			}
			return "hello", nil
		},
		nil,
		func(_ context.Context, _ ast.SelectionSet, v string) graphql.Marshaler {
			return graphql.WriterFunc(func(w io.Writer) { graphql.MarshalString(v).MarshalGQL(w) })
		},
		true, nonNull)
}

func fieldContext(op *graphql.OperationContext) func(context.Context, graphql.CollectedField) (*graphql.FieldContext, error) {
	return func(ctx context.Context, field graphql.CollectedField) (*graphql.FieldContext, error) {
		fc := &graphql.FieldContext{Field: field}
		ctx = graphql.WithFieldContext(ctx, fc)
		args, err := arguments(ctx, field.ArgumentMap(op.Variables))
		if err != nil {
			op.Error(ctx, err)
			return fc, err
		}
		fc.Args = args
		return fc, nil
	}
}

func arguments(ctx context.Context, raw map[string]any) (map[string]any, error) {
	n, err := graphql.ProcessArgField(ctx, raw, "n", func(ctx context.Context, v any) (int32, error) {
		n, err := graphql.UnmarshalInt32(v)
		return n, graphql.ErrorOnPath(ctx, err)
	})
	if err != nil {
		return nil, err
	}
	input, err := graphql.ProcessArgField(ctx, raw, "input", func(ctx context.Context, v any) (any, error) {
		amount, ok := v.(map[string]any)["amount"].(string)
		if !ok {
			return v, nil
		}
		ctx = graphql.WithPathContext(ctx, graphql.NewPathWithField("amount"))
		_, err := graphql.UnmarshalInt(amount)
		return v, graphql.ErrorOnPath(ctx, err)
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"n": n, "input": input}, nil
}
