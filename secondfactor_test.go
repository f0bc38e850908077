package main

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/pquerna/otp/totp"

	"lenddesk/access"
)

// enter signs in with a code.
func (p *person) enter(login, password, code string) answer {
	return p.ask(`mutation($i: SignInInput!) { signIn(input: $i) { session { token } viewer { permissions } userErrors { code message field } } }`,
		vars{"i": vars{"login": login, "password": password, "totp": code}})
}

// codeAt is what an authenticator shows.
func codeAt(t *testing.T, secret string, at time.Time) string {
	t.Helper()
	code, err := totp.GenerateCode(secret, at)
	if err != nil {
		t.Fatal(err)
	}
	return code
}

func TestASecondFactorIsAskedForAndNoCodeCountsTwice(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		const email = "keeper@lenddesk.example"
		me := h.employee(t, "keeper", access.ViewUsers)
		elsewhere := h.anybody(t).signIn(email, adminPassword)
		setUp := func(password string) answer {
			return me.act("setUpSecondFactor", "secret uri", vars{"password": password})
		}
		wantFaults(t, setUp(""), "setUpSecondFactor", "REQUIRED password")
		wantFaults(t, setUp("not the one"), "setUpSecondFactor", "WRONG_CREDENTIALS password")
		wantFaults(t, me.act("confirmSecondFactor", "", vars{"totp": "123456"}), "confirmSecondFactor", "NOT_ALLOWED_NOW")
		made := setUp(adminPassword)
		secret := made.text("setUpSecondFactor.secret")
		if secret == "" || !strings.HasPrefix(made.text("setUpSecondFactor.uri"), "otpauth://totp/") {
			t.Fatalf("no secret: %s", made)
		}
		wantFaults(t, me.enter(email, adminPassword, ""), "signIn") // not before it is confirmed
		wantFaults(t, me.act("confirmSecondFactor", "", vars{"totp": "abcdef"}), "confirmSecondFactor", "WRONG_CREDENTIALS totp")
		now := time.Now()
		confirmed := me.act("confirmSecondFactor", "recoveryCodes", vars{"totp": codeAt(t, secret, now)})
		codes, _ := confirmed.at("confirmSecondFactor.recoveryCodes").([]any)
		want(t, "recovery codes", len(codes), 10)
		want(t, "other sessions have ended", elsewhere.ask(`{ viewer { staff { id } } }`).at("viewer"), any(nil))
		want(t, "this one goes on", me.ask(`{ viewer { staff { secondFactor } } }`).at("viewer.staff.secondFactor"), any(true))
		wantFaults(t, setUp(adminPassword), "setUpSecondFactor", "NOT_ALLOWED_NOW")

		enter := func(code string) answer { return h.anybody(t).enter(email, adminPassword, code) }
		wantFaults(t, enter(""), "signIn", "REQUIRED totp")
		wantFaults(t, h.anybody(t).enter(email, "not the password", codeAt(t, secret, now)), "signIn", "WRONG_CREDENTIALS")
		wantFaults(t, enter(codeAt(t, secret, now)), "signIn", "WRONG_CREDENTIALS totp") // used to confirm
		wantFaults(t, enter(codeAt(t, secret, now.Add(-10*time.Minute))), "signIn", "WRONG_CREDENTIALS totp")
		next := codeAt(t, secret, now.Add(30*time.Second))
		wantFaults(t, enter(next), "signIn")
		wantFaults(t, enter(next), "signIn", "WRONG_CREDENTIALS totp")

		h.exec(t, "DELETE FROM guesses")
		first := fmt.Sprint(codes[0])
		wantFaults(t, enter(strings.ToLower(strings.ReplaceAll(first, "-", ""))), "signIn")
		wantFaults(t, enter(first), "signIn", "WRONG_CREDENTIALS totp")
		me = &person{t: t, h: h, token: enter(fmt.Sprint(codes[1])).text("signIn.session.token")}
		wantFaults(t, me.act("removeSecondFactor", "", vars{"password": adminPassword, "totp": "000"}), "removeSecondFactor", "WRONG_CREDENTIALS totp")
		wantFaults(t, me.act("removeSecondFactor", "", vars{"password": adminPassword}), "removeSecondFactor", "REQUIRED totp")
		wantFaults(t, me.act("removeSecondFactor", "", vars{"password": adminPassword, "totp": codes[2]}), "removeSecondFactor")
		wantFaults(t, enter(""), "signIn")
		story := h.administrator(t).ask(`query($id: ID!) { node(id: $id) { ... on Staff { timeline { nodes { kind } } } } }`, vars{"id": me.staffID()})
		if all := strings.Join(kinds(story, "node.timeline.nodes"), " "); !strings.HasPrefix(strings.ReplaceAll(all, "SIGN_IN ", ""), "REMOVE_SECOND_FACTOR USE_RECOVERY_CODE USE_RECOVERY_CODE") {
			t.Errorf("the story tells %s", all)
		}
	})
}

func TestCodesCannotBeGuessed(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me := h.employee(t, "keeper", access.ViewUsers)
		secret := me.act("setUpSecondFactor", "secret", vars{"password": adminPassword}).text("setUpSecondFactor.secret")
		wantFaults(t, me.act("confirmSecondFactor", "", vars{"totp": codeAt(t, secret, time.Now())}), "confirmSecondFactor")
		refused := 0
		for i := range 15 {
			got := h.anybody(t).from("198.51.100.7").enter("keeper@lenddesk.example", adminPassword, "wrong!")
			h.anybody(t).from("198.51.100.7").enter("keeper@lenddesk.example", adminPassword, "") // asking for the code gives no guess back
			if faults := got.faults("signIn"); len(faults) == 1 && strings.HasPrefix(faults[0], "TRY_LATER") {
				refused++
			} else if i >= 10 {
				t.Fatalf("guess %d: %s", i, got)
			}
		}
		if refused < 5 {
			t.Errorf("%d guesses were refused", refused)
		}
	})
}

func TestASecondFactorThatIsDemandedIsTheFirstThingToDo(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		me := h.employee(t, "keeper", access.ViewUsers)
		wantCodes(t, me.ask(`{ users { totalCount } }`))
		secret := admin.act("setUpSecondFactor", "secret", vars{"password": adminPassword}).text("setUpSecondFactor.secret")
		wantFaults(t, admin.act("confirmSecondFactor", "", vars{"totp": codeAt(t, secret, time.Now())}), "confirmSecondFactor")
		wantFaults(t, admin.act("setParameter", "", vars{"name": "STAFF_SECOND_FACTOR", "value": "REQUIRED"}), "setParameter")
		wantCodes(t, me.ask(`{ users { totalCount } }`), "FORBIDDEN")
		wantCodes(t, admin.ask(`{ users { totalCount } }`))
		again := h.anybody(t).signIn("keeper@lenddesk.example", adminPassword) // to set it up
		own := again.act("setUpSecondFactor", "secret", vars{"password": adminPassword}).text("setUpSecondFactor.secret")
		wantFaults(t, again.act("confirmSecondFactor", "", vars{"totp": codeAt(t, own, time.Now())}), "confirmSecondFactor")
		wantCodes(t, again.ask(`{ users { totalCount } }`))

		id := again.staffID()
		bystander := h.colleague(t, "Clerk", access.Of(access.ManageStaff))
		wantCodes(t, bystander.act("resetSecondFactor", "", vars{"staffId": id}), "FORBIDDEN") // has none
		wantFaults(t, admin.act("resetSecondFactor", "", vars{"staffId": bystander.staffID()}), "resetSecondFactor", "NOT_ALLOWED_NOW")
		wantFaults(t, admin.act("resetSecondFactor", "staff { secondFactor }", vars{"staffId": id}), "resetSecondFactor")
		want(t, "sessions have ended", again.ask(`{ viewer { staff { id } } }`).at("viewer"), any(nil))
		wantFaults(t, h.anybody(t).enter("keeper@lenddesk.example", adminPassword, ""), "signIn")
		customer := applicant(331)
		h.register(t, customer)
		them := h.anybody(t).signIn(customer["email"].(string), customer["password"].(string))
		wantCodes(t, them.act("setUpSecondFactor", "", vars{"password": "x"}), "FORBIDDEN")
		wantCodes(t, h.anybody(t).act("setUpSecondFactor", "", vars{"password": "x"}), "UNAUTHENTICATED")
	})
}
