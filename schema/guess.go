package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
)

// Guess is one wrong password or token: for whom (a keyed hash of the login) and from where. Rows are counted over the last hour and then
// removed.
type Guess struct{ ent.Schema }

// Fields of a guess.
func (Guess) Fields() []ent.Field {
	return []ent.Field{
		id(key.Guess(0)),
		field.String("login_hash").MaxLen(32).Immutable(),
		field.String("address").MaxLen(64).Immutable(),
		field.Time("at").Immutable().Default(now),
	}
}

// Indexes of a guess.
func (Guess) Indexes() []ent.Index {
	return []ent.Index{index.Fields("login_hash", "at"), index.Fields("address", "at"), index.Fields("at")}
}

// Annotations of the table.
func (Guess) Annotations() []schema.Annotation { return checks{}.on("guesses") }
