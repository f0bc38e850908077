package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
	"lenddesk/seal"
)

var userStatuses = []string{"POTENTIAL", "PENDING_REVIEW", "RETURNED", "ACTIVE", "REJECTED", "WITHDRAWN", "SUSPENDED", "CLOSED"}

// occupied is where a person's identifiers are taken: WITHDRAWN and CLOSED set them free, a POTENTIAL customer holds none.
const occupied = "status NOT IN ('POTENTIAL', 'WITHDRAWN', 'CLOSED')"

// User is a person on the books: potential customer, borrower, investor.
type User struct{ ent.Schema }

// Mixin gives a status, a version and times.
func (User) Mixin() []ent.Mixin { return []ent.Mixin{moving{statuses: userStatuses}} }

// Fields of a person.
func (User) Fields() []ent.Field {
	return []ent.Field{
		id(key.User(0)),
		field.String("name").MaxLen(100),
		field.String("email").MaxLen(254).Optional().Nillable().Comment("lower case"),
		field.Bytes("phone").GoType(seal.Sealed{}).Optional(),
		field.String("phone_hash").MaxLen(32).Optional().Nillable(),
		field.Bytes("national_id").GoType(seal.Sealed{}).Optional(),
		field.String("national_id_hash").MaxLen(32).Optional().Nillable(),
		field.String("password_hash").Optional().Nillable().Sensitive(),
		field.String("locale").MaxLen(10),
		field.Bool("borrower").Default(false),
		field.Bool("investor").Default(false),
		field.Strings("tags").Optional(),
		field.String("source").MaxLen(100).Optional().Nillable().Comment("where a potential customer came from"),
		ref("company_id", key.Company(0)),
		ref("account_manager_id", key.Staff(0)),
		ref("previous_user_id", key.User(0)),
		ref("joined_into_id", key.User(0)),
		ref("merged_into_id", key.User(0)),
		ref("created_by_id", key.Staff(0)),
		field.Time("erased_at").Optional().Nillable().Comment("what the law lets go was made unreadable"),
	}
}

// Edges of a person.
func (User) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("company", Company.Type).Field("company_id").Unique(),
		edge.To("account_manager", Staff.Type).Field("account_manager_id").Unique(),
		edge.To("later_users", User.Type),
		edge.From("previous_user", User.Type).Ref("later_users").Field("previous_user_id").Unique(),
		edge.To("joined_users", User.Type),
		edge.From("joined_into", User.Type).Ref("joined_users").Field("joined_into_id").Unique(),
		edge.To("merged_users", User.Type),
		edge.From("merged_into", User.Type).Ref("merged_users").Field("merged_into_id").Unique(),
		edge.To("created_by", Staff.Type).Field("created_by_id").Unique(),
	}
}

// Indexes of a person.
func (User) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("email").Unique().StorageKey("users_email_occupied").Annotations(entsql.IndexWhere(occupied)),
		index.Fields("phone_hash").Unique().StorageKey("users_phone_occupied").Annotations(entsql.IndexWhere(occupied)),
		index.Fields("national_id_hash").Unique().StorageKey("users_national_id_occupied").Annotations(entsql.IndexWhere(occupied)),
		index.Fields("email"), index.Fields("phone_hash"), index.Fields("national_id_hash"),
		index.Fields("name"),
		index.Fields("company_id", "created_at"), index.Fields("account_manager_id", "created_at"),
		index.Fields("previous_user_id"), index.Fields("joined_into_id"), index.Fields("merged_into_id"),
	}
}

// Annotations of the table.
func (User) Annotations() []schema.Annotation {
	return checks{
		"status":  oneOf("status", userStatuses),
		"version": "version > 0",
		"registered": "status IN ('POTENTIAL', 'CLOSED') OR (email IS NOT NULL AND phone_hash IS NOT NULL " +
			"AND password_hash IS NOT NULL AND (borrower OR investor))",
		"merged":      "merged_into_id IS NULL OR (status = 'CLOSED' AND merged_into_id <> id)",
		"erased":      "erased_at IS NULL OR (status = 'CLOSED' AND email IS NULL AND phone_hash IS NULL AND national_id_hash IS NULL AND password_hash IS NULL)",
		"phone":       "(phone IS NULL) = (phone_hash IS NULL)",
		"national_id": "(national_id IS NULL) = (national_id_hash IS NULL)",
	}.on("users")
}
