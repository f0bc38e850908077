package fault

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

func TestEveryCodeIsDocumented(t *testing.T) {
	page, err := os.ReadFile("../docs/api.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, code := range Codes {
		if !strings.Contains(string(page), "`"+string(code)+"`") {
			t.Errorf("docs/api.md says nothing of %s", code)
		}
	}
	for _, reason := range Reasons {
		if !strings.Contains(string(page), "| `"+string(reason)+"` |") {
			t.Errorf("docs/api.md says nothing of %s", reason)
		}
	}
}

func TestAListIsFoundInAChainAndEchoesNothing(t *testing.T) {
	var l List
	if l.Err() != nil {
		t.Error("an empty list is an error")
	}
	l.Add(Problem{Code: Required}, "company", "name")
	l.Add(Problem{Code: TooLong, Text: "too_long", Data: map[string]any{"maximum": 5}})
	found, ok := Find(fmt.Errorf("register: %w", l.Err()))
	if !ok || len(found) != 2 {
		t.Fatalf("found %v", found)
	}
	if got, want := found.Error(), "refused: REQUIRED company.name, TOO_LONG"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if found[0].Sentence() != "fault.REQUIRED" || found[1].Sentence() != "fault.too_long" {
		t.Errorf("sentences %s, %s", found[0].Sentence(), found[1].Sentence())
	}
}

func TestARefusalHidesItsCause(t *testing.T) {
	cause := errors.New("connection to db.internal refused")
	r, ok := FindRefusal(fmt.Errorf("read: %w", Deny(Unavailable, "Try again.").Because(cause)))
	if !ok || !errors.Is(r, cause) {
		t.Fatalf("found %v", r)
	}
	if strings.Contains(r.Error(), "internal") {
		t.Errorf("the cause shows in %q", r.Error())
	}
}
