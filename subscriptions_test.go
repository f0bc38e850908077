package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"lenddesk/access"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

func TestASubscriptionTellsWhatHappensAndIsTakenUpAgain(t *testing.T) {
	onEachWay(t, func(t *testing.T, h *house, way string) {
		admin := h.administrator(t)
		from := h.here(t)
		e := admin.listen(way, follows, vars{"after": from, "kinds": []string{"REGISTER_USER", "APPROVE_REGISTRATION"}})
		id := h.register(t, applicant(1))
		got := e.next("next")
		want(t, "told", got.text("eventAdded.node.kind")+" "+got.text("eventAdded.node.subject.id")+" "+got.text("eventAdded.node.subject.name"), "REGISTER_USER "+id+" 王小明")
		cursor := got.text("eventAdded.cursor")
		if way == "event stream" {
			want(t, "the event's id", got.place, cursor)
		}
		admin.do("approveRegistration", vars{"userId": id})
		want(t, "told", e.next("next").text("eventAdded.node.kind"), "APPROVE_REGISTRATION")
		e.hangUp()

		h.register(t, applicant(2))
		e = admin.listen(way, follows, vars{"after": cursor, "subject": id})
		want(t, "about one", e.next("next").text("eventAdded.node.kind"), "APPROVE_REGISTRATION")
		admin.do("suspendUser", vars{"userId": id, "reason": "A question."})
		want(t, "about one", e.next("next").text("eventAdded.node.kind"), "SUSPEND_USER")
		if way == "event stream" {
			e = admin.listen(way, follows, vars{"kinds": []string{"APPROVE_REGISTRATION"}}, cursor)
			want(t, "by Last-Event-ID", e.next("next").text("eventAdded.node.subject.id"), id)
		}

		// All from the first event on is what the list has, whose cursors are the same.
		h.sealed(t)
		list := admin.ask(`{ events(first: 100, orderBy: {field: PLACE, direction: ASC}) { totalCount edges { cursor node { id kind } } } }`)
		e = admin.listen(way, follows, vars{"after": ""})
		for i := range int(list.at("events.totalCount").(float64)) {
			got := e.next("next")
			at := fmt.Sprintf("events.edges.%d.", i)
			want(t, at, got.text("eventAdded.cursor")+got.text("eventAdded.node.id"), list.text(at+"cursor")+list.text(at+"node.id"))
		}
		e = admin.listen(way, follows, vars{"after": list.text("events.edges.2.cursor")})
		want(t, "from a list's cursor", e.next("next").text("eventAdded.node.id"), list.text("events.edges.3.node.id"))
	})
}

func TestASubscriptionThatIsWrongIsRefused(t *testing.T) {
	onEachWay(t, func(t *testing.T, h *house, way string) {
		admin, nobody := h.administrator(t), h.anybody(t)
		timeline := admin.ask(`{ events(first: 1) { edges { cursor } } }`).text("events.edges.0.cursor")
		for what, c := range map[string]struct {
			who   *person
			query string
			v     vars
			code  string
		}{
			"nobody":                         {nobody, follows, nil, "UNAUTHENTICATED"},
			"no cursor":                      {admin, follows, vars{"after": "nonsense"}, "BAD_REQUEST"},
			"a cursor of another order":      {admin, follows, vars{"after": timeline}, "BAD_REQUEST"},
			"too many kinds":                 {admin, follows, vars{"kinds": slices.Repeat([]string{"X"}, 101)}, "BAD_REQUEST"},
			"no kind":                        {admin, follows, vars{"kinds": []string{"\x00"}}, "BAD_REQUEST"},
			"two at once":                    {admin, `subscription { a: eventAdded { cursor } b: eventAdded { cursor } }`, nil, "BAD_REQUEST"},
			"none":                           {admin, `subscription { eventAdded @skip(if: true) { cursor } }`, nil, "BAD_REQUEST"},
			"its type":                       {admin, `subscription { __typename }`, nil, "BAD_REQUEST"},
			"unknown":                        {admin, `subscription { nothing }`, nil, "BAD_REQUEST"},
			"too deep":                       {admin, `subscription { eventAdded { node { ` + strings.Repeat("... on Event { subject { ... on User { company { users { nodes { ", 4) + "id" + strings.Repeat("} } } } } }", 4) + ` } } }`, nil, "LIMIT_EXCEEDED"},
			"a queue without its permission": {h.employee(t, "bystander", access.ViewUsers), `subscription { reviewQueueChanged(kind: REGISTRATION) { kind } }`, nil, "FORBIDDEN"},
			"a queue of no kind":             {admin, `subscription { reviewQueueChanged(kind: NONE) { kind } }`, nil, "BAD_REQUEST"},
		} {
			kind := map[string]string{"websocket": "error", "event stream": "refused"}[way]
			got := c.who.listen(way, c.query, c.v).next(kind)
			if codes := got.codes(); len(codes) == 0 || codes[0] != c.code {
				t.Errorf("%s: %s, want %s", what, got, c.code)
			}
		}
		want(t, "by POST", strings.Join(admin.ask(follows).codes(), " "), "BAD_REQUEST")
	})
}

// Queries and mutations are answered over lasting connections as by POST, and wrong passwords are counted alike.
func TestOtherOperationsOverLastingConnections(t *testing.T) {
	onEachWay(t, func(t *testing.T, h *house, way string) {
		e := h.administrator(t).listen(way, `{ viewer { staff { name } } }`, nil)
		want(t, "viewer", e.next("next").text("viewer.staff.name"), "Administrator")
		e.next("complete")
		form := applicant(5)
		h.register(t, form)
		stranger := h.anybody(t).from("203.0.113.9")
		try := `mutation($i: SignInInput!) { signIn(input: $i) { userErrors { code } } }`
		for range 5 {
			if way == "websocket" {
				stranger.address = "" // the address of a WebSocket is the machine's own, as the harness dials it
			}
			got := stranger.listen(way, try, vars{"i": vars{"login": form["email"], "password": "a wrong guess"}}).next("next")
			want(t, "a guess", got.text("signIn.userErrors.0.code"), "WRONG_CREDENTIALS")
		}
		got := stranger.ask(try, vars{"i": vars{"login": form["email"], "password": form["password"]}})
		want(t, "after five", got.text("signIn.userErrors.0.code"), "TRY_LATER")
	})
}

// Everybody is told what they may see, and nothing else.
func TestASubscriptionTellsEverybodyTheirOwn(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		from := h.here(t)
		one, oneID := h.customer(t, 1)
		other, otherID := h.customer(t, 2)
		clerk, bystander := h.employee(t, "clerk", access.ViewUsers), h.employee(t, "bystander", access.ViewStatistics)
		key := admin.act("createApiKey", "apiKey { id } token", vars{"name": "reader", "roleIds": []string{admin.role("Trail", "VIEW_EVENTS", "VIEW_USERS")}})
		reader := &person{t: t, h: h, token: key.text("createApiKey.token")}
		ears := map[string]*ear{}
		for i, p := range map[string]*person{"one": one, "other": other, "clerk": clerk, "bystander": bystander, "key": reader, "admin": admin} {
			ears[i] = p.listen(ways[len(i)%2], follows, vars{"after": from})
		}
		admin.act("tagUser", "user { id }", vars{"userId": oneID, "tags": []string{"staff's own"}})
		for _, id := range []string{oneID, otherID} {
			admin.do("suspendUser", vars{"userId": id, "reason": "The last."})
		}
		about := map[string]string{oneID: "one", otherID: "other"}
		for _, m := range admin.ask(`{ messages { nodes { id user { id } } } }`).at("messages.nodes").([]any) {
			about[m.(vars)["id"].(string)] = about[m.(vars)["user"].(vars)["id"].(string)]
		}
		upTo := func(who, last string) (seen []string) {
			for {
				got := ears[who].next("next")
				subject := about[got.text("eventAdded.node.subject.id")]
				kind := got.text("eventAdded.node.kind")
				if subject != "" && kind != "SIGN_IN" {
					seen = append(seen, subject+" "+kind)
				} else if who == "one" || who == "other" || who == "clerk" {
					if kind != "SIGN_IN" {
						t.Errorf("%s is told of %s", who, got)
					}
				}
				if subject+" "+kind == last {
					return seen
				}
			}
		}
		want(t, "one", strings.Join(upTo("one", "one SUSPEND_USER"), ", "), "one REGISTER_USER, one WRITE_MESSAGE, one APPROVE_REGISTRATION, one WRITE_MESSAGE, one SUSPEND_USER")
		want(t, "other", strings.Join(upTo("other", "other SUSPEND_USER"), ", "), "other REGISTER_USER, other WRITE_MESSAGE, other APPROVE_REGISTRATION, other WRITE_MESSAGE, other SUSPEND_USER")
		const moves = "one REGISTER_USER, one APPROVE_REGISTRATION, other REGISTER_USER, other APPROVE_REGISTRATION, one TAG_USER, one SUSPEND_USER, other SUSPEND_USER"
		const mails = "one REGISTER_USER, one WRITE_MESSAGE, one APPROVE_REGISTRATION, one WRITE_MESSAGE, other REGISTER_USER, other WRITE_MESSAGE, other APPROVE_REGISTRATION, " +
			"other WRITE_MESSAGE, one TAG_USER, one SUSPEND_USER, one WRITE_MESSAGE, other SUSPEND_USER"
		for who, everything := range map[string]string{"clerk": moves, "key": moves, "admin": mails} { // the key is told that somebody was written to, not whom
			want(t, who, strings.Join(upTo(who, "other SUSPEND_USER"), ", "), everything)
		}
		// Who may see none is told none: the end is the first thing that they hear.
		staff := bystander.ask(`{ viewer { staff { id } } }`).text("viewer.staff.id")
		admin.act("deactivateStaff", "staff { id }", vars{"staffId": staff, "reason": "Left."})
		ears["bystander"].ends(ways[len("bystander")%2], "UNAUTHENTICATED")
	})
}

// What a permission shows is shown while it is held, and a field behind one is null with its error.
func TestPermissionsOfASubscriptionAreThoseOfNow(t *testing.T) {
	onEachWay(t, func(t *testing.T, h *house, way string) {
		admin := h.administrator(t)
		role := admin.role("Look", "VIEW_USERS", "REVIEW_REGISTRATIONS")
		clerk := h.employee(t, "clerk", access.ViewStatistics)
		staff := clerk.ask(`{ viewer { staff { id } } }`).text("viewer.staff.id")
		admin.act("setStaffRoles", "staff { id }", vars{"staffId": staff, "roleIds": []string{role}})
		from := h.here(t)
		events := clerk.listen(way, follows, vars{"after": from, "kinds": []string{"REGISTER_USER"}})
		queue := clerk.listen(way, `subscription { reviewQueueChanged(kind: REGISTRATION) { subject { id } } }`, nil)
		id := h.register(t, applicant(1))
		want(t, "while it is held", events.next("next").text("eventAdded.node.subject.id"), id)

		admin.act("updateRole", "role { id }", vars{"roleId": role, "permissions": []string{"VIEW_STATISTICS"}})
		for got := range queue.heard { // maybe the one who came before the subscription had begun
			if got.kind == "next" && len(got.Errors) == 0 {
				continue
			}
			want(t, "the queue ends", strings.Join(got.codes(), " "), "FORBIDDEN")
			break
		}
		h.register(t, applicant(2))
		h.sealed(t)
		admin.act("deactivateStaff", "staff { id }", vars{"staffId": staff, "reason": "Left."})
		events.ends(way, "UNAUTHENTICATED")
		if way == "websocket" {
			want(t, "closed", events.next("closed").code, 4401)
		} else {
			want(t, "closed", events.next("closed").raw, "")
		}
	})
}

// A subscription ends with what it was begun by.
func TestASubscriptionEndsWithItsSession(t *testing.T) {
	onEachWay(t, func(t *testing.T, h *house, way string) {
		admin := h.administrator(t)
		staff := func(p *person) string { return p.ask(`{ viewer { staff { id } } }`).text("viewer.staff.id") }
		key := admin.act("createApiKey", "apiKey { id } token", vars{"name": "reader", "roleIds": []string{admin.role("Trail", "VIEW_EVENTS")}})
		out, changed, gone, expired := h.employee(t, "out"), h.employee(t, "changed"), h.employee(t, "gone"), h.employee(t, "expired")
		closed, closedID := h.customer(t, 9)
		withKey := &person{t: t, h: h, token: key.text("createApiKey.token")}
		expiredID, goneID := staff(expired), staff(gone)
		ears := map[string]*ear{}
		for who, p := range map[string]*person{"signed out": out, "password changed": changed, "deactivated": gone, "expired": expired, "revoked": withKey, "closed": closed} {
			ears[who] = p.listen(way, follows, vars{"kinds": []string{"NONE_OF_THESE"}})
		}
		out.ask(`mutation { signOut { userErrors { code } } }`)
		wantFaults(t, changed.ask(`mutation($i: ChangePasswordInput!) { changePassword(input: $i) { userErrors { code field message } } }`, vars{"i": vars{"current": adminPassword, "new": "another long phrase"}}), "changePassword")
		admin.act("deactivateStaff", "staff { id }", vars{"staffId": goneID, "reason": "Left."})
		admin.act("revokeApiKey", "apiKey { id }", vars{"apiKeyId": key.text("createApiKey.apiKey.id")})
		admin.do("closeUser", vars{"userId": closedID, "reason": "As asked."})
		_, n, _ := h.desk.IDs.Decode(expiredID)
		h.exec(t, fmt.Sprintf("UPDATE sessions SET expires_at = %s WHERE staff_id = %d", h.longAgo(), n))
		for who, e := range ears {
			t.Log(who)
			e.ends(way, "UNAUTHENTICATED")
			if got := e.next("closed"); way == "websocket" && got.code != 4401 {
				t.Errorf("%s: closed with %d", who, got.code)
			}
		}
	})
}

// However many write at once, and however slowly some of them commit, who follows and comes again and again is told every event once, in the order of its place.
func TestFollowersMissNothingAndHearNothingTwice(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		const writers, slow = 40, 4
		admin := h.administrator(t)
		from := h.here(t)
		write := func(n int, hold <-chan struct{}, held func()) error {
			return h.store.InTx(access.AsSystem(t.Context(), "writer"), func(ctx context.Context, tx *store.Tx) error {
				if err := lifecycle.Record(ctx, tx, "gapTest", key.KindUser, int64(n), 0, lifecycle.Said{}); err != nil {
					return err
				}
				held()
				<-hold
				return nil
			})
		}
		now := make(chan struct{})
		close(now)
		var all sync.WaitGroup
		begin := func(n int, hold <-chan struct{}, held func()) {
			all.Go(func() {
				if err := write(n, hold, held); err != nil {
					t.Error(err)
				}
			})
		}
		later, quick := make(chan struct{}), writers
		if h.store.Pgx() != nil { // on SQLite one writes after the other
			quick -= slow
			var holding sync.WaitGroup
			for n := range slow { // they have the lower numbers, and commit last
				holding.Add(1)
				begin(n, later, holding.Done)
			}
			holding.Wait()
		}
		for n := range quick {
			begin(writers-1-n, now, func() {})
		}

		type found struct{ follower, seen string }
		told := make(chan found, 3)
		for i, follower := range []string{"websocket", "event stream", "polling"} {
			go func() {
				var seen []string
				after := from
				for len(seen) < writers {
					if follower == "polling" {
						page := admin.ask(`query($after: String) { events(first: 7, after: $after, orderBy: {field: PLACE, direction: ASC}, filter: {kind: ["GAP_TEST"]}) { edges { cursor node { id } } } }`, vars{"after": after})
						edges, _ := page.at("events.edges").([]any)
						for _, e := range edges {
							edge := e.(map[string]any)
							after = edge["cursor"].(string)
							seen = append(seen, edge["node"].(map[string]any)["id"].(string))
						}
						continue
					}
					e := admin.listen(follower, follows, vars{"after": after, "kinds": []string{"GAP_TEST"}})
					for range min(3+i, writers-len(seen)) {
						got := e.next("next")
						after = got.text("eventAdded.cursor")
						seen = append(seen, got.text("eventAdded.node.id"))
					}
					e.hangUp()
				}
				told <- found{follower, strings.Join(seen, " ")}
			}()
		}
		until(t, "the quick ones to have their places", func() bool {
			var n int
			if err := h.store.Reader().QueryRowContext(t.Context(), "SELECT count(*) FROM events WHERE kind = 'GAP_TEST' AND position IS NOT NULL").Scan(&n); err != nil {
				t.Fatal(err)
			}
			return n >= quick
		})
		close(later)
		all.Wait()

		outcomes := []found{<-told, <-told, <-told}
		h.sealed(t)
		rows, err := h.store.Reader().QueryContext(t.Context(), "SELECT id FROM events WHERE kind = 'GAP_TEST' ORDER BY position")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		var placed []string
		for rows.Next() {
			var id int64
			if err := rows.Scan(&id); err != nil {
				t.Fatal(err)
			}
			placed = append(placed, string(h.desk.IDs.Append(nil, key.KindEvent, id)))
		}
		want(t, "events", len(placed), writers)
		for _, o := range outcomes {
			want(t, o.follower, o.seen, strings.Join(placed, " "))
		}
	})
}

// On PostgreSQL subscribers hear at one server what another one does.
func TestServersOnOneDatabaseTellEachOthersEvents(t *testing.T) {
	s := settings{DatabaseURL: storetest.URL(t, "postgres"), Keyset: newKeyset(t)}
	one, other := start(t, s), start(t, s)
	for _, way := range ways {
		e := one.administrator(t).listen(way, follows, vars{"after": one.here(t), "kinds": []string{"REGISTER_USER"}})
		queue := one.administrator(t).listen(way, `subscription { reviewQueueChanged(kind: REGISTRATION) { subject { id } } }`, nil)
		id := other.register(t, applicant(1+len(way)))
		want(t, way, e.next("next").text("eventAdded.node.subject.id"), id)
		other.administrator(t).do("suspendUser", vars{"userId": id, "reason": "Nothing yet."})
		queue.hangUp()
	}
}

const changes = `subscription($kind: ReviewQueueKind!) { reviewQueueChanged(kind: $kind) { kind waiting waitingSince claimedBy { name } claimExpiresAt subject { id } } }`

// A queue is told as it changes: what comes, is claimed, is released and leaves.
func TestAQueueIsToldAsItChanges(t *testing.T) {
	onEachWay(t, func(t *testing.T, h *house, way string) {
		admin := h.administrator(t)
		reviewer := h.employee(t, "reviewer", access.ReviewRegistrations)
		e := reviewer.listen(way, changes, vars{"kind": "REGISTRATION"})
		if way == "websocket" { // until the subscription stands: what comes before it has begun is not told
			h.begun(t, e, func(n int) { h.register(t, applicant(100+n)) })
		}
		id := h.register(t, applicant(1))
		next := func(what, said string) {
			t.Helper()
			for { // whatever was told of those before
				got := e.next("next")
				if got.text("reviewQueueChanged.subject.id") != id {
					continue
				}
				want(t, what, fmt.Sprint(got.at("reviewQueueChanged.waiting"), " ", got.text("reviewQueueChanged.claimedBy.name")), said)
				return
			}
		}
		next("comes", "true ")
		claim := vars{"i": vars{"subjectId": id, "step": "REGISTRATION"}}
		wantFaults(t, reviewer.ask(`mutation($i: ClaimReviewInput!) { claimReview(input: $i) { reviewItem { waiting } userErrors { code field } } }`, claim), "claimReview")
		next("claimed", "true reviewer")
		wantFaults(t, reviewer.ask(`mutation($i: ReleaseReviewInput!) { releaseReview(input: $i) { userErrors { code field } } }`, claim), "releaseReview")
		next("released", "true ")
		admin.do("approveRegistration", vars{"userId": id})
		next("left", "false ")
		want(t, "in the list", fmt.Sprint(admin.ask(`{ reviewQueue(kind: REGISTRATION) { nodes { waiting } } }`).at("reviewQueue.nodes.0.waiting")), map[string]string{"websocket": "true", "event stream": "<nil>"}[way])
	})
}

// begun waits until a subscription of a queue stands, by bringing something into the queue until it is told.
func (h *house) begun(t *testing.T, e *ear, bring func(n int)) {
	t.Helper()
	for n := range 50 {
		bring(n)
		select {
		case got := <-e.heard:
			if got.kind != "next" {
				t.Fatalf("%s: %s", got.kind, got)
			}
			return
		case <-time.After(300 * time.Millisecond):
		}
	}
	t.Fatal("the subscription never began")
}

// Documents of a loan wait when its review begins, and no more when it is over.
func TestTheQueueOfDocumentsFollowsTheirLoans(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, _ := h.borrower(t, 31)
		materials, _, _ := h.reviewers(t)
		loan := me.applied(wish("80000"))
		documents := me.withDocuments(loan)
		h.sealed(t) // else what has no place yet is told as it then stands, and again when it moves
		e := materials.listen("event stream", changes, vars{"kind": "DOCUMENT"})
		loans := materials.listen("event stream", changes, vars{"kind": "MATERIALS"})
		me.does("submitLoanApplication", loan, "MATERIALS_REVIEW")
		told := func(n int, waiting bool) (ids []string) {
			t.Helper()
			for range n {
				got := e.next("next")
				want(t, "waiting", got.at("reviewQueueChanged.waiting"), any(waiting))
				ids = append(ids, got.text("reviewQueueChanged.subject.id"))
			}
			slices.Sort(ids)
			return ids
		}
		slices.Sort(documents)
		want(t, "come with the loan", strings.Join(told(len(documents), true), " "), strings.Join(documents, " "))
		want(t, "the loan comes", loans.next("next").text("reviewQueueChanged.subject.id"), loan)
		materials.judges(documents[0])
		want(t, "approved", strings.Join(told(1, false), " "), documents[0])
		materials.does("returnLoanApplication", loan, "RETURNED", vars{"reason": "Another page, please."})
		want(t, "go with the loan", strings.Join(told(len(documents)-1, false), " "), strings.Join(documents[1:], " "))
		want(t, "the loan leaves", loans.next("next").at("reviewQueueChanged.waiting"), any(false))
	})
}
