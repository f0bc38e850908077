package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
	"lenddesk/seal"
)

var (
	exportStatuses = []string{"RUNNING", "SUCCEEDED", "FAILED", "EXPIRED"}
	exportKinds    = []string{"USERS", "LOANS", "BIDS", "USER_DATA"}
	exportFormats  = []string{"CSV", "XLSX", "JSONL", "JSON"}
)

// Export is a file made of what somebody may see, for whoever asked for it.
type Export struct{ ent.Schema }

// Mixin gives a status, a version and times.
func (Export) Mixin() []ent.Mixin { return []ent.Mixin{moving{statuses: exportStatuses}} }

// Fields of an export.
func (Export) Fields() []ent.Field {
	return []ent.Field{
		id(key.Export(0)),
		enum("kind", exportKinds),
		enum("format", exportFormats),
		ref("staff_id", key.Staff(0)),
		ref("api_key_id", key.APIKey(0)),
		field.Int64("user_id").GoType(key.User(0)).Optional().Nillable().Comment("whose data it is; who asked for it, when neither staff nor an API key did"),
		field.Strings("permissions").Comment("that who asked held then: the file is made with them"),
		field.Bool("unmasked").Comment("personal data stands in it in full").Immutable(),
		field.String("locale").MaxLen(10).Immutable().Comment("of who asked"),
		field.Bytes("filter").GoType(seal.Sealed{}).Optional().Comment("JSON, while the file is being made"),
		field.Int("total").Default(0).Comment("rows there were when it was asked for"),
		field.Int("rows").Default(0).Comment("written so far"),
		field.String("blob").MaxLen(200).Unique().Optional().Nillable().Comment("the name of the file in the blob store"),
		field.Int64("size").Optional().Nillable().Comment("bytes"),
		field.String("sha256").MaxLen(64).Optional().Nillable(),
		field.Time("finished_at").Optional().Nillable(),
		field.Time("expires_at").Optional().Nillable(),
		field.String("error").MaxLen(500).Optional().Nillable(),
	}
}

// Edges of an export.
func (Export) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("staff", Staff.Type).Field("staff_id").Unique(),
		edge.To("api_key", APIKey.Type).Field("api_key_id").Unique(),
		edge.To("user", User.Type).Field("user_id").Unique(),
	}
}

// Indexes of an export.
func (Export) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("staff_id", "created_at"), index.Fields("api_key_id", "created_at"), index.Fields("user_id", "created_at"), index.Fields("status", "expires_at"),
	}
}

// Annotations of the table.
func (Export) Annotations() []schema.Annotation {
	return checks{
		"status": oneOf("status", exportStatuses), "kind": oneOf("kind", exportKinds), "format": oneOf("format", exportFormats), "version": "version > 0",
		"counts": "total >= 0 AND rows >= 0 AND size >= 0", "file": "(status = 'SUCCEEDED') = (blob IS NOT NULL)",
		"asked": "staff_id IS NULL OR api_key_id IS NULL", "somebody": "staff_id IS NOT NULL OR api_key_id IS NOT NULL OR user_id IS NOT NULL",
		"data": "(kind = 'USER_DATA') = (user_id IS NOT NULL)", "finished": "(status = 'RUNNING') = (finished_at IS NULL)",
	}.on("exports")
}
