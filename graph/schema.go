package graph

import (
	"context"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/graph/generated"
)

// Schema is the contract, executed by the resolver.
func Schema(r *Resolver) graphql.ExecutableSchema {
	schema := generated.NewExecutableSchema(generated.Config{
		Resolvers: r,
		Directives: generated.DirectiveRoot{
			Requires: func(ctx context.Context, _ any, next graphql.Resolver, permission string) (any, error) {
				if err := requires(ctx, permission); err != nil {
					return nil, err
				}
				return next(ctx)
			},
			Idempotent: func(ctx context.Context, _ any, next graphql.Resolver, key string) (any, error) {
				return r.idempotent(ctx, next, key)
			},
		},
	})
	r.permissions = allows(schema.Schema())
	return schema
}
