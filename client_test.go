package main

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/gqlerror"

	"lenddesk/client"
)

// A program that talks through the generated client registers somebody, works the queue, walks the pages and reads what happened, all by types.
func TestTheTypedClientWorksARegistration(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		ctx, endpoint := t.Context(), "http://"+h.address+"/graphql"
		nobody := client.New(endpoint, "")
		form := applicant(60)
		text := func(name string) *string { s := form[name].(string); return &s }
		input := client.RegisterUserInput{
			Name: text("name"), Email: text("email"), Phone: text("phone"), Password: text("password"), Kinds: []client.UserKind{client.UserKindBorrower},
		}
		refused, err := client.RegisterUser(ctx, nobody, input)
		if err != nil {
			t.Fatal(err)
		}
		if f := refused.RegisterUser.UserErrors; len(f) != 1 || f[0].Code != client.ErrorCodeRequired || !slices.Equal(f[0].Field, []string{"nationalId"}) || refused.RegisterUser.User != nil {
			t.Errorf("without an ID number: %+v", refused.RegisterUser)
		}
		input.NationalId = text("nationalId")
		registered, err := client.RegisterUser(ctx, nobody, input)
		if err != nil || registered.RegisterUser.User == nil || registered.RegisterUser.User.Status != client.UserStatusPendingReview {
			t.Fatalf("registered: %+v %v", registered, err)
		}
		id := registered.RegisterUser.User.Id

		_, err = client.Customers(ctx, nobody, nil, nil, nil)
		var list gqlerror.List
		if !errors.As(err, &list) || fmt.Sprint(list[0].Extensions["code"]) != "UNAUTHENTICATED" {
			t.Errorf("nobody reads customers: %v", err)
		}
		signedIn, err := client.SignIn(ctx, nobody, adminEmail, adminPassword, nil)
		if err != nil || signedIn.SignIn.Session == nil || !signedIn.SignIn.Session.ExpiresAt.After(time.Now()) {
			t.Fatalf("signed in: %+v %v", signedIn, err)
		}
		admin := client.New(endpoint, signedIn.SignIn.Session.Token)
		me, err := client.Me(ctx, admin)
		if err != nil || me.Viewer.Staff == nil || me.Viewer.User != nil || !slices.Contains(me.Viewer.Permissions, client.PermissionReviewRegistrations) {
			t.Errorf("the administrator: %+v %v", me, err)
		}

		waiting, err := client.WaitingRegistrations(ctx, admin, nil, nil)
		if err != nil || waiting.ReviewQueue.TotalCount != 1 {
			t.Fatalf("waiting: %+v %v", waiting, err)
		}
		subject, ok := (*waiting.ReviewQueue.Nodes[0].Subject).(*client.WaitingRegistrationsReviewQueueReviewItemConnectionNodesReviewItemSubjectUser)
		if !ok || subject.Id != id || !slices.ContainsFunc(subject.AvailableActions, func(a client.WaitingRegistrationsReviewQueueReviewItemConnectionNodesReviewItemSubjectUserAvailableActionsAvailableAction) bool {
			return a.Mutation == "approveRegistration" && a.Allowed
		}) {
			t.Errorf("in the queue: %+v", waiting.ReviewQueue.Nodes[0])
		}
		version := registered.RegisterUser.User.Version
		approved, err := client.ApproveRegistration(ctx, admin, id, &version, nil)
		if err != nil || approved.ApproveRegistration.User.Status != client.UserStatusActive {
			t.Fatalf("approved: %+v %v", approved, err)
		}
		again, err := client.ApproveRegistration(ctx, admin, id, &version, nil)
		if err != nil || again.ApproveRegistration.User != nil || again.ApproveRegistration.UserErrors[0].Code != client.ErrorCodeConflict {
			t.Errorf("approved twice: %+v %v", again, err)
		}

		for n := range 4 {
			h.register(t, applicant(61+n))
		}
		first, seen, after := 2, map[string]bool{}, (*string)(nil)
		for {
			page, err := client.Customers(ctx, admin, &client.UserFilter{Status: []client.UserStatus{client.UserStatusActive, client.UserStatusPendingReview}}, &first, after)
			if err != nil {
				t.Fatal(err)
			}
			for _, u := range page.Users.Nodes {
				seen[u.Id] = true
			}
			if after = page.Users.PageInfo.EndCursor; !page.Users.PageInfo.HasNextPage {
				want(t, "customers on all pages", len(seen), page.Users.TotalCount)
				break
			}
		}
		want(t, "customers", len(seen), 5)

		found, err := client.Search(ctx, admin, form["phone"].(string))
		if err != nil || len(found.Search.Nodes) != 1 {
			t.Fatalf("found: %+v %v", found, err)
		}
		if hit, ok := found.Search.Nodes[0].(*client.SearchSearchSearchHitConnectionNodesUser); !ok || hit.Id != id {
			t.Errorf("found: %+v", found.Search.Nodes[0])
		}
		history, err := client.History(ctx, admin, id)
		if err != nil {
			t.Fatal(err)
		}
		story, ok := (*history.Node).(*client.HistoryNodeUser)
		if !ok || story.Timeline.Nodes[1].Kind != "APPROVE_REGISTRATION" || time.Since(story.Timeline.Nodes[1].At) > time.Hour {
			t.Errorf("the history: %+v", *history.Node)
		}
	})
}
