package console_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"lenddesk/console"
	"lenddesk/console/consoletest"
)

// desk answers /graphql as far as the page needs it: who is signed in, by the cookie, and a small schema.
type desk struct {
	mu       sync.Mutex
	requests []request
}

type request struct {
	OperationName string         `json:"operationName"`
	Query         string         `json:"query"`
	Variables     map[string]any `json:"variables"`
}

func (d *desk) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var asked request
	if r.Method != http.MethodPost || r.Header.Get("Content-Type") != "application/json" || json.NewDecoder(r.Body).Decode(&asked) != nil {
		http.Error(w, "not a GraphQL request", http.StatusBadRequest)
		return
	}
	d.mu.Lock()
	d.requests = append(d.requests, asked)
	d.mu.Unlock()

	answer := `{"data":{"viewer":null}}`
	switch asked.OperationName {
	case "IntrospectionQuery":
		introspection, err := os.ReadFile("testdata/introspection.json")
		if err != nil {
			panic(err)
		}
		answer = string(introspection)
	case "SignIn":
		http.SetCookie(w, &http.Cookie{Name: "session", Value: "s", Path: "/", HttpOnly: true, SameSite: http.SameSiteStrictMode})
		answer = `{"data":{"signIn":{"session":{"expiresAt":"2030-01-01T00:00:00Z"},"viewer":{"staff":{"name":"Grace"},"user":null,
			"permissions":["VIEW_USERS","REVIEW_REGISTRATIONS"]},"userErrors":[]}}}`
	case "SignOut":
		http.SetCookie(w, &http.Cookie{Name: "session", Path: "/", MaxAge: -1})
		answer = `{"data":{"signOut":{"userErrors":[]}}}`
	case "Who":
		if _, err := r.Cookie("session"); err == nil {
			answer = `{"data":{"viewer":{"user":null,"staff":{"name":"Grace"},"permissions":["VIEW_USERS","REVIEW_REGISTRATIONS"]}}}`
		}
	}
	w.Header().Set("Content-Type", "application/graphql-response+json")
	_, _ = w.Write([]byte(answer))
}

// asked gives the requests with the operation name, in order.
func (d *desk) asked(operation string) []request {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(d.requests), func(r request) bool { return r.OperationName != operation })
}

func serve(t *testing.T) (*desk, string) {
	t.Helper()
	d := &desk{}
	mux := http.NewServeMux()
	mux.Handle("/graphql", d)
	mux.Handle("/", console.Handler())
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return d, server.URL
}

func TestThePlaygroundSignsInAndOutAndAsksNobodyElse(t *testing.T) {
	d, address := serve(t)
	b := consoletest.Start(t)
	b.OpenPlayground(address)

	if diff := cmp.Diff([]string{"SignIn", "Register", "ReviewRegistrations", "Approve", "LookUp", "BindCard", "PayBinding", "Cards", "Relations", "Apply", "ReviewLoans", "ListLoan", "PlaceBid", "ApproveFunding", "Repay", "Roles", "SetParameter", "System", "FollowEvents", "Export"}, b.Tabs()); diff != "" {
		t.Errorf("tabs of a first visitor (-want +got):\n%s", diff)
	}
	b.AwaitWho("Nobody is signed in")

	response := b.Run("SignIn", `{"input": {"login": "grace@example.com", "password": "kept to \"myself\""}}`)
	if !strings.Contains(response, `"name": "Grace"`) {
		t.Errorf("the response pane shows %s", response)
	}
	b.AwaitWho("Grace · staff · 2 permissions")
	sent := d.asked("SignIn")
	if len(sent) != 1 {
		t.Fatalf("SignIn was sent %d times", len(sent))
	}
	want := map[string]any{"input": map[string]any{"login": "grace@example.com", "password": `kept to "myself"`}}
	if diff := cmp.Diff(want, sent[0].Variables); diff != "" || !strings.Contains(sent[0].Query, "signIn(input: $input)") {
		t.Errorf("sent %q, variables (-want +got):\n%s", sent[0].Query, diff)
	}
	if file := os.Getenv("LENDDESK_SCREENSHOT"); file != "" {
		b.Screenshot(file)
	}

	b.Run("LookUp", "")
	if stored := b.Stored("grace@example.com"); strings.Contains(stored, "kept to") {
		t.Errorf("the browser should keep the tabs without the password, keeps:\n%s", stored)
	}

	b.OpenPlayground(address)
	b.AwaitWho("Grace")
	b.SignOut()
	b.AwaitWho("Nobody is signed in")

	workers := 0
	for _, asked := range b.Requests() {
		if parsed, err := url.Parse(asked); err != nil || parsed.Scheme != "data" && "http://"+parsed.Host != address {
			t.Errorf("the page asked for %s", asked)
		}
		if strings.Contains(asked, "/assets/graphql-") {
			workers++
		}
	}
	if workers == 0 {
		t.Errorf("the language service did not start: %q", b.Requests())
	}
	if faults := b.Faults(); len(faults) != 0 {
		t.Errorf("the page complained: %q", faults)
	}
}
