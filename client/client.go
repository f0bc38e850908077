package client

import (
	"net/http"

	"github.com/Khan/genqlient/graphql"
)

// New speaks to the server whose GraphQL endpoint is at url, as whoever the token is of: a session's or an API key's. An empty token is nobody's.
func New(url, token string) graphql.Client {
	return graphql.NewClient(url, &http.Client{Transport: bearer{token}})
}

// bearer sends the token with every request.
type bearer struct{ token string }

func (b bearer) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	if b.token != "" {
		r.Header.Set("Authorization", "Bearer "+b.token)
	}
	return http.DefaultTransport.RoundTrip(r)
}
