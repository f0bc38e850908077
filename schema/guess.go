package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
)

// Guess is a password that was tried at an account, until it turns out to be the right one.
type Guess struct{ ent.Schema }

// Fields of a guess.
func (Guess) Fields() []ent.Field {
	return []ent.Field{
		id(key.Guess(0)),
		field.String("account").MaxLen(64).Immutable().Comment("`User 12`, `Staff 3`; for an account that does not exist, the keyed hash of the login"),
		field.String("address").MaxLen(64).Immutable().Comment("where it came from"),
		field.Bool("home").Immutable().Comment("the account's owner has been at the address"),
		field.Time("expires_at").Immutable().Comment("it counts until then"),
	}
}

// Indexes of a guess.
func (Guess) Indexes() []ent.Index {
	return []ent.Index{index.Fields("account", "expires_at"), index.Fields("address", "expires_at"), index.Fields("expires_at")}
}

// Annotations of the table.
func (Guess) Annotations() []schema.Annotation {
	return checks{"account": "account <> ''"}.on("guesses")
}
