package graph

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"lenddesk/access"
	"lenddesk/graph/door"
	"lenddesk/key"
	"lenddesk/store"
	"lenddesk/text"
)

const (
	timeFormat = time.RFC3339Nano
	cookieName = "lenddesk_session"
)

// Entrance finds out who asks, by Bearer token or by the cookie that the playground keeps, and puts the viewer into the context. A token that is
// nobody's leaves nobody in particular: what needs somebody then says UNAUTHENTICATED.
//
// The cookie is SameSite=Strict, and a mutation comes only by POST with a JSON body: no other site can send one in its name.
func Entrance(in Entering, broken func(http.ResponseWriter, *http.Request, error), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ctx, err := in.enter(r)
		if err != nil {
			broken(w, r, err)
			return
		}
		ctx = context.WithValue(ctx, jar{}, &cookies{w: w, secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"})
		next.ServeHTTP(w, r.WithContext(ctx))
	})
}

// Entering is what it takes to find out who asks.
type Entering struct {
	Store     *store.Store
	Known     *access.Known
	IDs       *key.Codec
	Addresses *door.Addresses
	// Used hears of every API key that comes in.
	Used func(key.APIKey)
}

// enter is the context of who sends a request. Where an answer can be thrown away, whoever is known is taken for who they were.
func (in Entering) enter(r *http.Request) (context.Context, error) {
	token := tokenOf(r)
	if token != "" && door.AnsweredOnce(r) {
		if known, assumed, ok := in.Known.Assume(token); ok {
			ctx := access.Assuming(access.With(r.Context(), in.visit(r, known)), assumed)
			return door.Unsettled(ctx, func(ctx context.Context) (context.Context, bool, error) { return in.settle(ctx, r, token) }), nil
		}
	}
	viewer, err := in.viewer(r, token)
	return access.With(r.Context(), viewer), err
}

// settle makes sure of who asks. It is a door.Settle.
func (in Entering) settle(ctx context.Context, r *http.Request, token string) (context.Context, bool, error) {
	holds, err := in.Known.Holds(ctx, access.Assumed(ctx))
	if err != nil {
		return ctx, false, err
	}
	viewer := access.From(ctx)
	if !holds {
		if viewer, err = in.viewer(r, token); err != nil {
			return ctx, false, err
		}
	} else if viewer.APIKey != 0 {
		in.Used(viewer.APIKey)
	}
	return access.Assuming(access.With(ctx, viewer), nil), !holds, nil
}

// viewer is who sends a request with a token, or without one.
func (in Entering) viewer(r *http.Request, token string) (viewer access.Viewer, err error) {
	if token != "" {
		if viewer, err = in.Known.Authenticate(r.Context(), token); err != nil {
			return viewer, err
		}
	}
	if viewer.APIKey != 0 {
		in.Used(viewer.APIKey)
	}
	return in.visit(r, viewer), nil
}

// visit is a viewer as one request comes from them.
func (in Entering) visit(r *http.Request, viewer access.Viewer) access.Viewer {
	if wish := r.Header.Get("Accept-Language"); wish != "" || viewer.Locale == "" {
		viewer.Locale = text.Match(wish, viewer.Locale)
	}
	viewer.Address = in.Addresses.Of(r)
	viewer.RequestID = door.RequestIDOf(r.Context())
	return viewer
}

func tokenOf(r *http.Request) string {
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return strings.TrimSpace(token)
	}
	if c, err := r.Cookie(cookieName); err == nil {
		return c.Value
	}
	return ""
}

type jar struct{}

// cookies sets the session's cookie of one answer. Mutations of one document run one after another, but nothing here relies on it.
type cookies struct {
	mu     sync.Mutex
	w      http.ResponseWriter
	secure bool
}

func (c *cookies) set(value string, expires time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.w.Header().Del("Set-Cookie")
	http.SetCookie(c.w, &http.Cookie{
		Name: cookieName, Value: value, Path: "/", Expires: expires, HttpOnly: true, Secure: c.secure, SameSite: http.SameSiteStrictMode,
	})
}

// remember hands the browser its session.
func remember(ctx context.Context, token string, expires time.Time) {
	if c, ok := ctx.Value(jar{}).(*cookies); ok {
		c.set(token, expires)
	}
}

// forget takes the session from the browser.
func forget(ctx context.Context) {
	if c, ok := ctx.Value(jar{}).(*cookies); ok {
		c.set("", time.Unix(1, 0))
	}
}
