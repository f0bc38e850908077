package main

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2"

	"lenddesk/console"
	"lenddesk/console/consoletest"
	"lenddesk/graph"
)

// The same story as a person lives it in the browser. LENDDESK_TEST_SCREENSHOT names a file for a picture of it (the README's is docs/playground.png).
func TestARegistrationIsReviewedInThePlayground(t *testing.T) {
	h := start(t, settings{DatabaseURL: "sqlite:" + t.TempDir() + "/book.db"})
	form := applicant(50)
	id := h.register(t, form)

	b := consoletest.Start(t)
	b.OpenPlayground("http://" + h.address)
	b.AwaitWho("Nobody is signed in")
	b.Run("SignIn", fmt.Sprintf(`{"input": {"login": %q, "password": %q}}`, adminEmail, adminPassword))
	b.AwaitWho("Administrator")

	queue := b.Run("ReviewRegistrations", "")
	if !strings.Contains(queue, id) || !strings.Contains(queue, "+86138****") || strings.Contains(queue, form["nationalId"].(string)) {
		t.Errorf("the queue shows %s", queue)
	}
	if file := os.Getenv("LENDDESK_TEST_SCREENSHOT"); file != "" {
		b.Screenshot(file)
	}
	if approved := b.Run("Approve", fmt.Sprintf(`{"input": {"userId": %q, "note": "In order."}}`, id)); !strings.Contains(approved, `"ACTIVE"`) {
		t.Errorf("approving shows %s", approved)
	}
	if seen := b.Run("LookUp", ""); !strings.Contains(seen, form["email"].(string)) || !strings.Contains(seen, "registration successful") {
		t.Errorf("looking up shows %s", seen)
	}

	b.Begin("FollowEvents", `{"kinds": ["REGISTER_USER"], "after": ""}`)
	b.AwaitResponse(id)
	b.AwaitResponse(h.register(t, applicant(51))) // as it happens

	b.OpenPlayground("http://" + h.address) // come back: still signed in
	b.AwaitWho("Administrator")
	b.SignOut()
	b.AwaitWho("Nobody is signed in")
	for _, asked := range b.Requests() {
		if !strings.HasPrefix(asked, "http://"+h.address+"/") && !strings.HasPrefix(asked, "data:") {
			t.Errorf("the page asked elsewhere: %s", asked)
		}
	}
	if faults := b.Faults(); len(faults) > 0 {
		t.Errorf("the page complained: %q", faults)
	}
}

func TestThePlaygroundsExamplesFitTheContract(t *testing.T) {
	schema := graph.Schema(&graph.Resolver{}).Schema()
	documents, err := fs.Glob(console.Examples(), "*.graphql")
	if err != nil || len(documents) == 0 {
		t.Fatalf("no examples: %v", err)
	}
	for _, name := range documents {
		text, err := fs.ReadFile(console.Examples(), name)
		if err != nil {
			t.Fatal(err)
		}
		if _, faults := gqlparser.LoadQueryWithRules(schema, string(text), nil); len(faults) > 0 {
			t.Errorf("%s: %v", name, faults)
		}
	}
}
