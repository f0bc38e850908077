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
		viewer, err := in.viewer(r, tokenOf(r))
		if err != nil {
			broken(w, r, err)
			return
		}
		ctx := context.WithValue(access.With(r.Context(), viewer), jar{}, &cookies{w: w, secure: r.TLS != nil || r.Header.Get("X-Forwarded-Proto") == "https"})
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
	if wish := r.Header.Get("Accept-Language"); wish != "" || viewer.Locale == "" {
		viewer.Locale = text.Match(wish, viewer.Locale)
	}
	viewer.Address = in.Addresses.Of(r)
	viewer.RequestID = door.RequestIDOf(r.Context())
	return viewer, nil
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
