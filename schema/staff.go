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

var staffStatuses = []string{"INVITED", "ACTIVE", "DEACTIVATED"}

// Staff is an employee of the platform.
type Staff struct{ ent.Schema }

// Mixin gives a status, a version and times.
func (Staff) Mixin() []ent.Mixin { return []ent.Mixin{moving{statuses: staffStatuses}} }

// Fields of an employee.
func (Staff) Fields() []ent.Field {
	return []ent.Field{
		id(key.Staff(0)),
		field.String("name").MaxLen(100),
		field.String("email").MaxLen(254).Unique().Comment("lower case"),
		field.Bytes("phone").GoType(seal.Sealed{}).Optional(),
		field.String("phone_hash").MaxLen(32).Optional().Nillable().Unique(),
		field.String("national_id_hash").MaxLen(32).Optional().Nillable().Comment("recognises an employee who is also a customer"),
		field.String("password_hash").Optional().Nillable().Sensitive(),
		field.String("locale").MaxLen(10),
		field.String("employee_number").MaxLen(40).Optional().Nillable().Unique(),
		field.String("department").MaxLen(100).Optional().Nillable(),
		ref("company_id", key.Company(0)),
		field.Bytes("totp_secret").GoType(seal.Sealed{}).Optional().Comment("of the second factor"),
		field.Time("totp_since").Optional().Nillable().Comment("the second factor is asked for since then; before, it is being set up"),
		field.Int64("totp_step").Default(0).Comment("the last one that was used: no code counts twice"),
		field.Strings("recovery_codes").Optional().Comment("keyed hashes of those that are left"),
	}
}

// Edges of an employee.
func (Staff) Edges() []ent.Edge {
	return []ent.Edge{
		edge.To("company", Company.Type).Field("company_id").Unique(),
		edge.To("roles", Role.Type),
	}
}

// Indexes of an employee.
func (Staff) Indexes() []ent.Index {
	return []ent.Index{index.Fields("name"), index.Fields("company_id", "created_at"), index.Fields("department")}
}

// Annotations of the table.
func (Staff) Annotations() []schema.Annotation {
	return checks{
		"status":   oneOf("status", staffStatuses),
		"version":  "version > 0",
		"phone":    "(phone IS NULL) = (phone_hash IS NULL)",
		"totp":     "totp_since IS NULL OR totp_secret IS NOT NULL",
		"password": "status <> 'ACTIVE' OR password_hash IS NOT NULL",
	}.on("staff")
}
