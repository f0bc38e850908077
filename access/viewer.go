package access

import (
	"context"

	"lenddesk/fault"
	"lenddesk/key"
)

// Viewer is who asks: a customer, an employee, an API key, a part of the system, or nobody in particular. At most one of User,
// Staff, APIKey and System is set.
type Viewer struct {
	User        key.User
	Staff       key.Staff
	APIKey      key.APIKey
	System      string // the name of the machine's own actor, such as "mailer"
	Session     key.Session
	Permissions Permissions
	Locale      string // the language of what this viewer reads: en or zh-CN
	Address     string // where the request came from, for the audit trail
	RequestID   string
}

// Somebody says whether anybody is signed in.
func (v Viewer) Somebody() bool {
	return v.User != 0 || v.Staff != 0 || v.APIKey != 0 || v.System != ""
}

// May says whether the viewer has a permission. The system's own actors have none: what they may do stands in the lifecycle's tables.
func (v Viewer) May(p Permission) bool { return v.Permissions.Has(p) }

// Actor is the viewer as events name it.
func (v Viewer) Actor() (kind string, id int64, name string) {
	switch {
	case v.User != 0:
		return string(key.KindUser), int64(v.User), ""
	case v.Staff != 0:
		return string(key.KindStaff), int64(v.Staff), ""
	case v.APIKey != 0:
		return string(key.KindAPIKey), int64(v.APIKey), ""
	case v.System != "":
		return "SystemActor", 0, v.System
	}
	return "Anonymous", 0, ""
}

type seat struct{}

// With puts the viewer into a context.
func With(ctx context.Context, v Viewer) context.Context { return context.WithValue(ctx, seat{}, v) }

// From takes the viewer out of a context; nobody in particular, when there is none.
func From(ctx context.Context) Viewer {
	v, _ := ctx.Value(seat{}).(Viewer)
	return v
}

// AsSystem makes the context one of the system's own actors, as jobs run.
func AsSystem(ctx context.Context, name string) context.Context {
	return With(ctx, Viewer{System: name})
}

// Require refuses a viewer without the permission: UNAUTHENTICATED for nobody in particular, else FORBIDDEN naming the permission.
func Require(v Viewer, p Permission) error {
	switch {
	case v.May(p):
		return nil
	case !v.Somebody():
		return fault.Deny(fault.Unauthenticated, "Sign in first.")
	}
	return fault.Deny(fault.Forbidden, "This needs the permission "+p.String()+".")
}
