package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/dialect/entsql"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"
	"entgo.io/ent/schema/index"

	"lenddesk/key"
)

var (
	importStatuses = []string{"RUNNING", "SUCCEEDED", "REFUSED", "FAILED"}
	importPolicies = []string{"REJECT_ALL", "SKIP_FAULTY"}
	importFormats  = []string{"CSV", "XLSX"}
)

// Importation is a file of potential customers on its way into the book.
type Importation struct{ ent.Schema }

// Mixin gives a status, a version and times.
func (Importation) Mixin() []ent.Mixin { return []ent.Mixin{moving{statuses: importStatuses}} }

// Fields of an import.
func (Importation) Fields() []ent.Field {
	return []ent.Field{
		id(key.Import(0)),
		enum("format", importFormats),
		enum("on_error", importPolicies),
		field.Bool("dry_run").Immutable().Comment("checked only"),
		ref("staff_id", key.Staff(0)),
		ref("api_key_id", key.APIKey(0)),
		field.Strings("permissions").Comment("that who asked held then"),
		field.String("locale").MaxLen(10).Immutable().Comment("of who asked"),
		field.String("blob").MaxLen(200).Unique().Optional().Nillable().Comment("the name of the file in the blob store, while it is needed"),
		field.Int64("size").Immutable().Comment("bytes"),
		field.String("sha256").MaxLen(64).Immutable(),
		field.Int("rows").Default(0).Comment("in the file; 0 until they are counted"),
		field.Int("checked").Default(0).Comment("rows that were looked at"),
		field.Int("passed").Default(0).Comment("rows that are behind us: entered, or left out"),
		field.Int("faulty").Default(0),
		field.Int("entered").Default(0),
		field.Time("finished_at").Optional().Nillable(),
		field.String("error").MaxLen(500).Optional().Nillable(),
	}
}

// Edges of an import.
func (Importation) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("staff", Staff.Type).Field("staff_id").Unique(),
		edge.To("api_key", APIKey.Type).Field("api_key_id").Unique(),
	}
}

// Indexes of an import.
func (Importation) Indexes() []ent.Index {
	return []ent.Index{index.Fields("staff_id", "created_at"), index.Fields("api_key_id", "created_at")}
}

// Annotations of the table.
func (Importation) Annotations() []schema.Annotation {
	return checks{
		"status": oneOf("status", importStatuses), "on_error": oneOf("on_error", importPolicies), "format": oneOf("format", importFormats), "version": "version > 0",
		"asked": "(staff_id IS NULL) <> (api_key_id IS NULL)", "finished": "(status = 'RUNNING') = (finished_at IS NULL)", "file": "status <> 'RUNNING' OR blob IS NOT NULL",
		"counts": "rows >= 0 AND checked >= 0 AND passed >= 0 AND faulty >= 0 AND entered >= 0 AND checked <= rows AND passed <= rows AND faulty <= checked AND entered <= passed",
	}.on("imports")
}

// ImportFault is what is wrong with one field of one row of an import's file. What stood there is not kept.
type ImportFault struct{ ent.Schema }

// Fields of a fault.
func (ImportFault) Fields() []ent.Field {
	return []ent.Field{
		id(key.ImportFault(0)),
		needed("import_id", key.Import(0)),
		field.Int("line").Immutable().Comment("of the file, the header's is 1"),
		field.String("name").StorageKey("field").MaxLen(40).Optional().Nillable().Immutable().Comment("none: the row as a whole"),
		field.String("code").MaxLen(40).Immutable(),
		field.String("sentence").MaxLen(80).Immutable().Comment("the name of the text that says it"),
		field.JSON("data", map[string]any{}).Optional().Immutable(),
	}
}

// Edges of a fault.
func (ImportFault) Edges() []ent.Edge {
	return []ent.Edge{edge.To("importation", Importation.Type).Field("import_id").Unique().Required().Immutable().Annotations(entsql.OnDelete(entsql.Cascade))}
}

// Indexes of a fault.
func (ImportFault) Indexes() []ent.Index { return []ent.Index{index.Fields("import_id", "line")} }

// Annotations of the table.
func (ImportFault) Annotations() []schema.Annotation {
	return checks{"line": "line > 0"}.on("import_faults")
}
