package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/seal"
	"lenddesk/workflow"
)

// secretive are the mutations that answer with a secret, which is told once and never kept to be told again.
var secretive = map[string]bool{
	"signIn": true, "changePassword": true, "setUpSecondFactor": true, "confirmSecondFactor": true, "createApiKey": true, "createWebhook": true, "revealPersonalData": true,
}

// idempotency is the purpose under which inputs are hashed: by a key, since they may hold what could be guessed from a plain hash.
const idempotency seal.Purpose = "idempotency"

// idempotent is the directive: it says to the verb below under which key it is asked for.
func (r *Resolver) idempotent(ctx context.Context, next graphql.Resolver, key string) (any, error) {
	field := graphql.GetFieldContext(ctx)
	if field.Object != "Mutation" || secretive[field.Field.Name] {
		return nil, fault.Deny(fault.BadRequest, field.Field.Name+" does not take @idempotent.")
	}
	if n := utf8.RuneCountInString(key); n < 1 || n > 255 || strings.ContainsRune(key, 0) {
		return nil, fault.Deny(fault.BadRequest, "The key of @idempotent must have 1 to 255 characters, none of them U+0000.")
	}
	input, err := json.Marshal(field.Field.ArgumentMap(graphql.GetOperationContext(ctx).Variables)) // sorts the keys of maps
	if err != nil {
		return nil, fmt.Errorf("read the input: %w", err)
	}
	hash, err := r.Desk.Keys.Hash(idempotency, string(input))
	if err != nil {
		return nil, err
	}
	viewer := access.From(ctx)
	kind, id, _ := viewer.Actor()
	scope := fmt.Sprintf("%s %d", kind, id)
	if !viewer.Somebody() {
		scope = kind + " " + hash
	}
	return next(workflow.Trying(ctx, workflow.Try{Scope: scope, Key: key, Mutation: field.Field.Name, Input: hash}))
}
