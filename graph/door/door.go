package door

import (
	"context"
	"log/slog"

	"github.com/99designs/gqlgen/graphql"
	"github.com/99designs/gqlgen/graphql/errcode"
	"github.com/99designs/gqlgen/graphql/handler"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/parser"
	"github.com/vektah/gqlparser/v2/validator"

	"lenddesk/fault"
)

// Options of a door.
type Options struct {
	Limits        Limits       // the zero value means DefaultLimits
	Log           *slog.Logger // nil means slog.Default()
	Introspection bool         // whether __schema and __type answer; otherwise they are FORBIDDEN
	// Database says what of an error the database is to blame for: fault.Unavailable, fault.Timeout when a change may have happened, or "". Nil blames
	// it for nothing.
	Database   func(error) fault.Reason
	Transports []graphql.Transport // asked before POST and GET, in this order: WebSocket, server-sent events, multipart
}

// New makes the GraphQL handler of a schema: strict transports, limits, errors with codes. Put RequestID, AccessLog and
// PanicGuard around it.
func New(es graphql.ExecutableSchema, o Options) *handler.Server {
	if o.Limits == (Limits{}) {
		o.Limits = DefaultLimits
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	errs := faults{log: o.Log, blame: o.Database}

	s := handler.New(es)
	for _, t := range o.Transports {
		s.AddTransport(t)
	}
	s.AddTransport(Post{o.Limits})
	s.AddTransport(Get{o.Limits})
	s.AddTransport(other{})
	s.SetErrorPresenter(errs.present)
	s.SetRecoverFunc(errs.recover)
	s.SetParserTokenLimit(o.Limits.Tokens)
	s.SetQueryCache(handedOver{})
	s.Use(&gate{limits: o.Limits, schema: es.Schema(), introspection: o.Introspection, known: newDocuments()})
	s.Use(errs)
	return s
}

// gate parses, walks and validates a document before gqlgen's executor sees it, in that order: validation is quadratic.
type gate struct {
	limits        Limits
	schema        *ast.Schema
	introspection bool
	known         *documents
}

var _ interface {
	graphql.OperationParameterMutator
	graphql.OperationContextMutator
} = &gate{}

// ExpandErrors is the whole list behind an error of CreateOperationContext: gqlgen lets a gate return only one, and
// validation finds many. For the transports.
func ExpandErrors(errs gqlerror.List) gqlerror.List {
	if len(errs) == 1 {
		if all, ok := errs[0].Err.(gqlerror.List); ok {
			return all
		}
	}
	return errs
}

// maxErrors is how many faults of one document are told.
const maxErrors = 20

func (*gate) ExtensionName() string                   { return "Gate" }
func (*gate) Validate(graphql.ExecutableSchema) error { return nil }

// MutateOperationParameters refuses, or leaves the validated document in the operation's context.
func (g *gate) MutateOperationParameters(ctx context.Context, p *graphql.RawParams) *gqlerror.Error {
	doc := g.known.get(p.Query)
	fresh := doc == nil
	if fresh {
		var err *gqlerror.Error
		if doc, err = g.parse(p.Query); err != nil {
			return err
		}
	}
	// The walk is taken for a known document too: page sizes come with the variables.
	m, err := g.limits.check(g.schema, doc, p.OperationName, p.Variables)
	if err != nil {
		return err
	}
	if m.roots > 0 && !g.introspection {
		return refuse(nil, errNoIntrospection)
	}
	if fresh {
		if err := g.limits.compare(doc); err != nil {
			return err
		}
		if err := g.validate(doc); err != nil {
			return err
		}
		g.known.add(p.Query, doc)
	}
	graphql.GetOperationContext(ctx).Doc = doc
	return nil
}

// MutateOperationContext switches introspection on.
func (g *gate) MutateOperationContext(_ context.Context, op *graphql.OperationContext) *gqlerror.Error {
	op.DisableIntrospection = !g.introspection
	return nil
}

func (g *gate) parse(text string) (*ast.QueryDocument, *gqlerror.Error) {
	doc, err := parser.ParseQueryWithTokenLimit(&ast.Source{Input: text}, g.limits.Tokens)
	if err != nil {
		parseError := gqlerror.WrapIfUnwrapped(err)
		if len(parseError.Locations) == 0 { // the only one without a place
			return nil, tooMuch(nil, "More than %d tokens.", g.limits.Tokens)
		}
		errcode.Set(parseError, errcode.ParseFailed)
		return nil, parseError
	}
	if len(doc.Operations) == 0 {
		return nil, badRequest(nil, "The document has no operation.")
	}
	return doc, nil
}

func (g *gate) validate(doc *ast.QueryDocument) *gqlerror.Error {
	errs := validator.ValidateWithRules(g.schema, doc, nil)
	if len(errs) == 0 {
		return nil
	}
	errs = errs[:min(len(errs), maxErrors)]
	for _, err := range errs {
		errcode.Set(err, errcode.ValidationFailed)
	}
	refused := *errs[0]
	refused.Err = errs
	return &refused
}

var errNoIntrospection = fault.Deny(fault.Forbidden, "Introspection is switched off.")
