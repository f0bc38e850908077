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
	serviceRecordKinds    = []string{"CALL", "VISIT", "MESSAGE", "COMPLAINT", "TASK"}
	serviceRecordStatuses = []string{"OPEN", "COMPLETED"}
)

// ServiceRecord is a contact, call, visit, complaint or task with a customer.
type ServiceRecord struct{ ent.Schema }

// Mixin gives a status, a version and times.
func (ServiceRecord) Mixin() []ent.Mixin { return []ent.Mixin{moving{statuses: serviceRecordStatuses}} }

// Fields of a record.
func (ServiceRecord) Fields() []ent.Field {
	return []ent.Field{
		id(key.ServiceRecord(0)),
		field.Int64("user_id").GoType(key.User(0)),
		enum("kind", serviceRecordKinds),
		field.String("text").MaxLen(5000),
		field.Time("due_at").Optional().Nillable(),
		field.Time("completed_at").Optional().Nillable(),
		field.Time("reminded_at").Optional().Nillable().Comment("somebody has been told that it is due"),
		ref("author_id", key.Staff(0)),
		ref("assignee_id", key.Staff(0)),
	}
}

// Edges of a record.
func (ServiceRecord) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("user", User.Type).Field("user_id").Unique().Required(),
		edge.To("author", Staff.Type).Field("author_id").Unique(),
		edge.To("assignee", Staff.Type).Field("assignee_id").Unique(),
	}
}

// Indexes of a record.
func (ServiceRecord) Indexes() []ent.Index {
	return []ent.Index{
		index.Fields("user_id", "created_at"), index.Fields("assignee_id", "created_at"), index.Fields("completed_at", "due_at"),
		index.Fields("due_at").StorageKey("service_records_to_remind").Annotations(entsql.IndexWhere("status = 'OPEN' AND reminded_at IS NULL AND due_at IS NOT NULL")),
		index.Fields("kind", "created_at"),
	}
}

// Annotations of the table.
func (ServiceRecord) Annotations() []schema.Annotation {
	return checks{
		"kind": oneOf("kind", serviceRecordKinds), "status": oneOf("status", serviceRecordStatuses), "version": "version > 0",
		"completed": "(status = 'COMPLETED') = (completed_at IS NOT NULL)",
	}.on("service_records")
}
