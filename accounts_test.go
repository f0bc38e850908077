package main

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lenddesk/ent/loan"
	"lenddesk/gateway/mail/mailtest"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/store"
)

// What people do with their own accounts: choose a password anew, change their details, amend what was verified. And what guessers can't.

var linkInLetter = regexp.MustCompile(`https?://\S+\?token=(\S+)`)

// letterTo waits for the n-th letter to an address and gives the token in it, if there is one.
func letterTo(t *testing.T, sink *mailtest.Server, address string, n int) (text, token string) {
	t.Helper()
	var found []mailtest.Letter
	until(t, fmt.Sprintf("%d letters to %s", n, address), func() bool {
		found = found[:0]
		for _, l := range sink.Letters() {
			if l.To[0] == address {
				found = append(found, l)
			}
		}
		return len(found) >= n
	})
	text = found[n-1].Text
	if m := linkInLetter.FindStringSubmatch(text); m != nil {
		token, _ = url.QueryUnescape(m[1])
	}
	return text, token
}

// worked waits until every job of a kind is done, and says how many there were.
func (h *house) worked(t *testing.T, kind string) (n int) {
	t.Helper()
	count := func(where string) int {
		return rowsOf(t, h.store, "SELECT count(*) FROM river_job WHERE kind = '"+kind+"'"+where,
			func(scan func(...any) error) (n int, err error) { return n, scan(&n) })[0]
	}
	until(t, "all "+kind+" are done", func() bool { return count(" AND state <> 'completed'") == 0 })
	return count("")
}

func (p *person) try(login, password string) answer {
	p.t.Helper()
	return p.ask(`mutation($i: SignInInput!) { signIn(input: $i) { session { token } userErrors { code message field } } }`, vars{"i": vars{"login": login, "password": password}})
}

func TestAPasswordIsChosenAnewByMail(t *testing.T) {
	withMail(t, direct, func(t *testing.T, h *house, sink *mailtest.Server) {
		form := applicant(70)
		me, id := h.customer(t, 70)
		nobody, email, chosen := h.anybody(t), form["email"].(string), "another river 77"
		request := func(login string) answer { return nobody.act("requestPasswordReset", "notice", vars{"login": login}) }
		wantFaults(t, nobody.act("requestPasswordReset", "notice", vars{}), "requestPasswordReset", "REQUIRED login")
		letterTo(t, sink, email, 2) // received, approved
		known := request(email)
		want(t, "a login that nobody has", request("stranger@example.com").raw, known.raw)
		want(t, "a login of nonsense", request("§").raw, known.raw)
		if known.text("requestPasswordReset.notice") == "" {
			t.Errorf("nothing is said: %s", known)
		}
		_, token := letterTo(t, sink, email, 3)
		want(t, "the same account by phone within the minute", request(form["phone"].(string)).raw, known.raw)
		want(t, "requests", h.worked(t, "mail_reset"), 4)
		until(t, "the letters are sent", func() bool { return h.states(t)["QUEUED"] == 0 })
		want(t, "letters", len(sink.Letters()), 3)
		if kept := h.administrator(t).ask(`{ messages(first: 100) { nodes { text } } }`); strings.Contains(kept.raw, token) {
			t.Error("the kept message tells the token")
		}

		reset := func(token, password string) answer {
			return nobody.act("resetPassword", "", vars{"token": token, "new": password})
		}
		wantFaults(t, reset("", ""), "resetPassword", "REQUIRED token", "REQUIRED new")
		wantFaults(t, reset("ldl_made_up", "short"), "resetPassword", "INVALID token", "TOO_SHORT new")
		wantFaults(t, reset(token, email), "resetPassword", "TOO_WEAK new")
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() {
				if got := reset(token, chosen); len(got.faults("resetPassword")) == 0 && len(got.codes()) == 0 {
					won.Add(1)
				} else if !slices.Equal(got.faults("resetPassword"), []string{"INVALID token"}) && !slices.Equal(got.faults("resetPassword"), []string{"CONFLICT"}) {
					t.Errorf("a link used twice at once: %s", got)
				}
			})
		}
		wg.Wait()
		want(t, "used", won.Load(), 1)
		wantFaults(t, reset(token, chosen), "resetPassword", "INVALID token")
		want(t, "the session of before", me.ask(`{ viewer { user { id } } }`).at("viewer"), any(nil))
		wantFaults(t, nobody.try(email, form["password"].(string)), "signIn", "WRONG_CREDENTIALS")
		story := nobody.signIn(email, chosen).ask(`query($id: ID!) { node(id: $id) { ... on User { timeline { nodes { kind actor { __typename } } } } } }`, vars{"id": id})
		want(t, "story", fmt.Sprint(kinds(story, "node.timeline.nodes")), "[RESET_PASSWORD WRITE_MESSAGE WRITE_MESSAGE APPROVE_REGISTRATION WRITE_MESSAGE REGISTER_USER]")
		if strings.Contains(h.logs.String(), token) || strings.Contains(h.logs.String(), email) {
			t.Error("the log tells the token or the login")
		}
	})
}

func TestStaffChooseAPasswordAnewToo(t *testing.T) {
	withMail(t, direct, func(t *testing.T, h *house, sink *mailtest.Server) {
		h.employee(t, "wang")
		nobody := h.anybody(t)
		nobody.act("requestPasswordReset", "", vars{"login": "WANG@lenddesk.example"})
		_, token := letterTo(t, sink, "wang@lenddesk.example", 1)
		id := h.administrator(t).ask(`{ staff { nodes { id name } } }`)
		for _, n := range id.at("staff.nodes").([]any) {
			if s := n.(map[string]any); s["name"] == "wang" {
				h.administrator(t).act("deactivateStaff", "staff { id }", vars{"staffId": s["id"], "reason": "Gone."})
			}
		}
		wantFaults(t, nobody.act("resetPassword", "", vars{"token": token, "new": "another river 77"}), "resetPassword", "INVALID token")
		nobody.act("requestPasswordReset", "", vars{"login": adminEmail})
		_, token = letterTo(t, sink, adminEmail, 1)
		wantFaults(t, nobody.act("resetPassword", "", vars{"token": token, "new": "another river 77"}), "resetPassword")
		nobody.signIn(adminEmail, "another river 77")
	})
}

func TestAnAddressChangesWhenItIsConfirmed(t *testing.T) {
	withMail(t, direct, func(t *testing.T, h *house, sink *mailtest.Server) {
		me, _ := h.customer(t, 71)
		other, _ := h.customer(t, 72)
		form, taken := applicant(71), applicant(72)
		email, fresh := form["email"].(string), "fresh71@example.com"
		update := func(p *person, input vars) answer {
			return p.act("updateProfile", "notice user { email maskedPhone locale version }", input)
		}
		wantFaults(t, update(me, vars{}), "updateProfile", "REQUIRED")
		wantFaults(t, update(me, vars{"email": email, "locale": "en"}), "updateProfile", "REQUIRED")
		wantFaults(t, update(me, vars{"email": taken["email"], "phone": "1", "locale": "xx"}), "updateProfile", "ALREADY_TAKEN email", "INVALID phone", "INVALID locale")
		got := update(me, vars{"email": strings.ToUpper(fresh), "phone": "13899990071", "locale": "zh-CN", "expectedVersion": 2})
		want(t, "at once", fmt.Sprint(got.at("updateProfile.user")), fmt.Sprint(map[string]any{"email": email, "maskedPhone": "+86138****0071", "locale": "zh-CN", "version": 3.0}))
		_, byEmail := letterTo(t, sink, fresh, 1)
		_, byPhone := letterTo(t, sink, email, 3)

		confirm := func(token string) answer {
			return h.anybody(t).act("confirmEmail", "user { email maskedPhone version }", vars{"token": token})
		}
		wantFaults(t, confirm(""), "confirmEmail", "REQUIRED token")
		wantFaults(t, confirm("ldl_made_up"), "confirmEmail", "INVALID token")
		want(t, "phone", confirm(byPhone).text("confirmEmail.user.maskedPhone"), "+86138****0071")
		want(t, "address", confirm(byEmail).text("confirmEmail.user.email"), fresh)
		wantFaults(t, confirm(byEmail), "confirmEmail", "INVALID token")
		if text, token := letterTo(t, sink, email, 4); !strings.Contains(text, "f***@example.com") || strings.Contains(text, fresh) || token != "" {
			t.Errorf("the old address is told %q", text)
		}
		wantFaults(t, h.anybody(t).try(email, form["password"].(string)), "signIn", "WRONG_CREDENTIALS")
		h.anybody(t).signIn("+8613899990071", form["password"].(string))
		h.anybody(t).signIn(fresh, form["password"].(string))

		// Asked for again, the link of before is void; taken meanwhile, it changes nothing.
		update(me, vars{"email": "second71@example.com"})
		_, void := letterTo(t, sink, "second71@example.com", 1)
		update(me, vars{"email": "third71@example.com"})
		_, late := letterTo(t, sink, "third71@example.com", 1)
		wantFaults(t, confirm(void), "confirmEmail", "INVALID token")
		update(other, vars{"email": "third71@example.com"})
		_, first := letterTo(t, sink, "third71@example.com", 2)
		want(t, "the first to confirm", confirm(first).text("confirmEmail.user.email"), "third71@example.com")
		wantFaults(t, confirm(late), "confirmEmail", "ALREADY_TAKEN token")

		form73 := applicant(73)
		h.register(t, form73)
		waiting := h.anybody(t).signIn(form73["email"].(string), form73["password"].(string))
		wantFaults(t, update(waiting, vars{"locale": "zh-CN"}), "updateProfile", "NOT_ALLOWED_NOW")
		wantCodes(t, update(h.administrator(t), vars{"locale": "en"}), "FORBIDDEN")
		wantCodes(t, update(h.anybody(t), vars{"locale": "en"}), "UNAUTHENTICATED")
	})
}

// loanOf writes a loan that is alive.
func (h *house) loanOf(t *testing.T, id string) {
	t.Helper()
	kind, borrower, ok := h.desk.IDs.Decode(id)
	if !ok || kind != key.KindUser {
		t.Fatalf("%s is no user", id)
	}
	err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
		return tx.Loan.Create().SetNumber("L-" + id[len(id)-6:]).SetBorrowerID(key.User(borrower)).SetStatus(loan.StatusRepaying).SetPurpose(loan.PurposeEquipment).
			SetRequestedAmount(100_000_00).SetRequestedAnnualRate(120_000).SetRequestedTermMonths(12).SetAmount(100_000_00).SetAnnualRate(120_000).
			SetTermMonths(12).SetRepaymentMethod(loan.RepaymentMethodBullet).SetReservedAmount(100_000_00).SetFundedAmount(100_000_00).Exec(ctx)
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestWhatWasVerifiedIsReviewedAnew(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 74)
		admin := h.administrator(t)
		wantFaults(t, me.do("amendRegistration", vars{}), "amendRegistration", "REQUIRED")
		wantFaults(t, me.do("amendRegistration", vars{"name": "1", "nationalId": "x", "kinds": []string{}}), "amendRegistration", "INVALID name", "INVALID nationalId", "REQUIRED kinds")
		got := me.ask(`mutation { amendRegistration(input: {name: "王大明"}) { notice user { status name } userErrors { code } } }`)
		want(t, "amended", fmt.Sprint(got.text("amendRegistration.user.status"), got.text("amendRegistration.user.name")), "PENDING_REVIEW王大明")
		if got.text("amendRegistration.notice") == "" {
			t.Errorf("nothing is said: %s", got)
		}
		want(t, "what is held meanwhile", fmt.Sprint(me.ask(`{ viewer { permissions } }`).at("viewer.permissions")), "[]")
		wantFaults(t, me.do("amendRegistration", vars{"name": "王中明"}), "amendRegistration", "NOT_ALLOWED_NOW")

		h.loanOf(t, id)
		wantFaults(t, me.do("withdrawRegistration", vars{}), "withdrawRegistration", "NOT_ALLOWED_NOW")
		wantFaults(t, admin.do("rejectRegistration", vars{"userId": id, "reason": "No."}), "rejectRegistration", "NOT_ALLOWED_NOW")
		want(t, "returned", admin.do("returnRegistration", vars{"userId": id, "reason": "The name."}).text("returnRegistration.user.status"), "RETURNED")
		wantFaults(t, me.do("withdrawRegistration", vars{}), "withdrawRegistration", "NOT_ALLOWED_NOW")
		want(t, "mended", me.do("resubmitRegistration", vars{"name": "王小明"}).text("resubmitRegistration.user.status"), "PENDING_REVIEW")
		want(t, "approved", admin.do("approveRegistration", vars{"userId": id}).text("approveRegistration.user.status"), "ACTIVE")
	})
}

// Ten guesses an account an hour, by whatever route; and the owner comes in.
func TestGuessingIsLimited(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		_, id := h.customer(t, 75)
		form := applicant(75)
		email, phone, password := form["email"].(string), form["phone"].(string), form["password"].(string)
		guesser, owner := h.anybody(t).from("203.0.113.7"), h.anybody(t)

		// Aliases in one document, and many documents at once.
		aliases := strings.Builder{}
		for i := range 4 {
			fmt.Fprintf(&aliases, `a%d: signIn(input: {login: %q, password: "guess %d"}) { userErrors { code } } `, i, email, i)
		}
		known := guesser.ask("mutation { " + aliases.String() + " }")
		unknown := h.anybody(t).from("203.0.113.8").ask("mutation { " + strings.ReplaceAll(aliases.String(), email, "nobody75@example.com") + " }")
		want(t, "an account that does not exist", unknown.raw, known.raw)
		var heard, refused atomic.Int32
		var wg sync.WaitGroup
		for i := range 16 {
			wg.Go(func() {
				got := h.anybody(t).from(fmt.Sprintf("198.51.100.%d", i)).try([]string{email, phone}[i%2], fmt.Sprintf("guess %d", i))
				switch f := got.faults("signIn"); {
				case slices.Equal(f, []string{"WRONG_CREDENTIALS"}):
					heard.Add(1)
				case slices.Equal(f, []string{"TRY_LATER"}):
					refused.Add(1)
				default:
					t.Errorf("a guess: %s", got)
				}
			})
		}
		wg.Wait()
		want(t, "heard of those at once", heard.Load(), 1)
		want(t, "refused of those at once", refused.Load(), 15)
		wantFaults(t, guesser.try(email, password), "signIn", "TRY_LATER") // even the right one
		wantFaults(t, guesser.try(phone, password), "signIn", "TRY_LATER") // by whichever login
		stranger := h.anybody(t).from("203.0.113.8")
		wantFaults(t, stranger.try("NOBODY75@example.com", "a guess"), "signIn", "WRONG_CREDENTIALS")
		want(t, "an account that does not exist, in the end", stranger.try("nobody75@example.com", "a guess").raw, guesser.try(email, password).raw)

		// The owner at home comes in, and slips of their own are forgotten then.
		for range 3 {
			for range 4 {
				wantFaults(t, owner.try(email, "a slip"), "signIn", "WRONG_CREDENTIALS")
			}
			owner.signIn(email, password)
		}
		// At home there is a limit too, for a session that somebody else has as well.
		me := owner.signIn(email, password)
		for range 5 {
			wantFaults(t, me.act("changePassword", "", vars{"current": "a guess", "new": "another river 77"}), "changePassword", "WRONG_CREDENTIALS current")
		}
		wantFaults(t, me.act("changePassword", "", vars{"current": password, "new": "another river 77"}), "changePassword", "TRY_LATER current")
		wantFaults(t, owner.try(email, password), "signIn", "TRY_LATER")

		// Elsewhere, at other accounts, it goes on until the address has had its share; who is at home there goes on.
		sprayer, heardOf := h.anybody(t).from("127.0.0.1"), 0
		for i := range 40 {
			got := sprayer.try(fmt.Sprintf("spray%d@example.com", i), "password1")
			if slices.Equal(got.faults("signIn"), []string{"WRONG_CREDENTIALS"}) {
				heardOf++
			} else {
				wantFaults(t, got, "signIn", "TRY_LATER")
			}
		}
		if heardOf != 30 {
			t.Errorf("one address is heard %d times", heardOf)
		}
		other, _ := h.customer(t, 76)
		want(t, "who is at home there", other.ask(`{ viewer { user { id } } }`).text("viewer.user.id") != "", true)

		// An hour later all is forgotten.
		h.exec(t, "UPDATE guesses SET expires_at = '2000-01-01 00:00:00+00:00'")
		guesser.signIn(phone, password)
		want(t, "where they have been before", fmt.Sprint(kinds(owner.signIn(email, password).
			ask(`query($id: ID!) { node(id: $id) { ... on User { timeline { nodes { kind } } } } }`, vars{"id": id}), "node.timeline.nodes")),
			"[SIGN_IN WRITE_MESSAGE APPROVE_REGISTRATION WRITE_MESSAGE REGISTER_USER]")
	})
}

// The right password by many clients at once, from where nobody has been, is not taken for guessing.
func TestManySignInsAtOnceAreNoGuesses(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.customer(t, 77)
		form := applicant(77)
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				got := h.anybody(t).from("203.0.113.9").try(form["email"].(string), form["password"].(string))
				if got.text("signIn.session.token") == "" {
					t.Errorf("refused: %s", got)
				}
			})
		}
		wg.Wait()
	})
}

// A password that is chosen by mail clears the count: the owner is never shut out.
func TestANewPasswordClearsTheGuesses(t *testing.T) {
	withMail(t, direct, func(t *testing.T, h *house, sink *mailtest.Server) {
		h.customer(t, 78)
		form := applicant(78)
		email, chosen := form["email"].(string), "another river 77"
		away := h.anybody(t).from("2001:db8:1:2::3")
		for i := range 5 {
			wantFaults(t, h.anybody(t).from(fmt.Sprintf("2001:db8:1:2::%x", i+16)).try(email, "a guess"), "signIn", "WRONG_CREDENTIALS")
		}
		wantFaults(t, away.try(email, form["password"].(string)), "signIn", "TRY_LATER")
		away.act("requestPasswordReset", "", vars{"login": email})
		_, token := letterTo(t, sink, email, 3)
		wantFaults(t, away.act("resetPassword", "", vars{"token": token, "new": chosen}), "resetPassword")
		away.signIn(email, chosen)
	})
}
