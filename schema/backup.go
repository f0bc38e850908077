package schema

import (
	"entgo.io/ent"
	"entgo.io/ent/schema"
	"entgo.io/ent/schema/edge"
	"entgo.io/ent/schema/field"

	"lenddesk/key"
)

var backupStatuses = []string{"RUNNING", "SUCCEEDED", "VERIFIED", "FAILED"}

// Backup is a copy of the database: where it is and what is known of it.
type Backup struct{ ent.Schema }

// Mixin gives a status, a version and times.
func (Backup) Mixin() []ent.Mixin { return []ent.Mixin{moving{statuses: backupStatuses}} }

// Fields of a backup.
func (Backup) Fields() []ent.Field {
	return []ent.Field{
		id(key.Backup(0)),
		field.String("file").MaxLen(300).Immutable().Comment("below the folder of all backups"),
		field.Bool("scheduled").Immutable().Comment("the clock asked for it"),
		field.Bool("verify").Immutable().Comment("it is to be verified when it is made"),
		field.Int64("size").Optional().Nillable(),
		field.String("sha256").MaxLen(64).Optional().Nillable(),
		field.Time("finished_at").Optional().Nillable(),
		field.Time("verified_at").Optional().Nillable().Comment("the last time"),
		field.String("error").MaxLen(500).Optional().Nillable(),
		ref("created_by_id", key.Staff(0)),
	}
}

// Edges of a backup.
func (Backup) Edges() []ent.Edge {
	return []ent.Edge{edge.To("created_by", Staff.Type).Field("created_by_id").Unique()}
}

// Annotations of the table.
func (Backup) Annotations() []schema.Annotation {
	return checks{
		"status": oneOf("status", backupStatuses), "version": "version > 0", "size": "size >= 0",
		"finished": "(status = 'RUNNING') = (finished_at IS NULL)",
	}.on("backups")
}
