package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"lenddesk/access"
	"lenddesk/demo"
	"lenddesk/ent/bid"
	"lenddesk/ent/loan"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
	"lenddesk/workflow/binding"
)

// cardNumber is a valid number of nobody's card, another one for each n; the digits before the last one tell the simulator what to do.
func cardNumber(n int, digits string) string {
	body := fmt.Sprintf("622202%08d%s", n, digits)
	for check := '0'; check <= '9'; check++ { // by ISO/IEC 7812, written independently of package identity
		sum := 0
		for i, d := range body + string(check) {
			v := int(d - '0')
			if (len(body)-i)%2 == 1 {
				v = v*2/10 + v*2%10
			}
			sum += v
		}
		if sum%10 == 0 {
			return body + string(check)
		}
	}
	panic("no check digit")
}

// card is what the door tells of a card.
type card struct{ answer }

const cardLook = `id status version failure issuer maskedNumber maskedPhone holderName replaces { id status }
	availableActions { mutation allowed blockedBy { code } } attempts { nodes { system requestId asks result rawCode duration amount } } timeline { nodes { kind to actor { __typename ... on SystemActor { name } } } }`

// card looks at a card.
func (p *person) card(id string) card {
	p.t.Helper()
	return card{p.ask(`query($id: ID!) { node(id: $id) { ... on BankCard { `+cardLook+` } } }`, vars{"id": id})}
}

func (c card) status() string { return c.text("node.status") }

// story is a card's history, oldest first.
func (c card) story() string {
	all := kinds(c.answer, "node.timeline.nodes")
	slices.Reverse(all)
	return strings.Join(all, " ")
}

// results are what became of the questions about a card, oldest first.
func (c card) results() string {
	nodes, _ := c.at("node.attempts.nodes").([]any)
	var all []string
	for _, n := range nodes {
		m := n.(map[string]any)
		all = append(all, fmt.Sprint(m["system"], " ", m["result"]))
	}
	slices.Reverse(all)
	return strings.Join(all, ", ")
}

// allowed are the mutations that may be done with a card now, in the order of the table.
func (c card) allowed() string {
	actions, _ := c.at("node.availableActions").([]any)
	var all []string
	for _, a := range actions {
		if m := a.(map[string]any); m["allowed"] == true {
			all = append(all, m["mutation"].(string))
		}
	}
	return strings.Join(all, " ")
}

// bind enters a card and returns its id.
func (p *person) bind(number string) string {
	p.t.Helper()
	got := p.act("bindBankCard", "bankCard { id status } notice", vars{"cardNumber": number, "phone": "13800138000"})
	id := got.text("bindBankCard.bankCard.id")
	if id == "" || got.text("bindBankCard.notice") == "" {
		p.t.Fatalf("not entered: %s", got)
	}
	return id
}

// move does a mutation with a card, which must be done.
func (p *person) move(mutation, id string) answer {
	p.t.Helper()
	got := p.act(mutation, "bankCard { id status version } notice", vars{"bankCardId": id})
	if got.text(mutation+".bankCard.id") != id || got.text(mutation+".notice") == "" {
		p.t.Fatalf("%s: %s", mutation, got)
	}
	return got
}

// await waits until so many questions about a card are answered, and says that it then stands where it should.
func (p *person) await(t *testing.T, id, status string, answered int) card {
	t.Helper()
	var c card
	until(t, fmt.Sprintf("%d answers about a card, which is %s", answered, status), func() bool {
		p.h.remind(t)
		c = p.card(id)
		results := c.results()
		return c.status() == status && strings.Count(results, ",")+1 == answered && !strings.Contains(results, "<nil>")
	})
	return c
}

// bound binds a card without anything in between.
func (p *person) bound(t *testing.T, number string) string {
	t.Helper()
	id := p.bind(number)
	p.await(t, id, "PENDING_BINDING", 1)
	p.move("payBankCardBinding", id)
	p.await(t, id, "BOUND", 2)
	return id
}

// remind has questions asked again that have waited, as the clock does now and then.
func (h *house) remind(t *testing.T) {
	t.Helper()
	h.hurryQuestions(t)
	if err := h.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return h.desk.Queue.Enqueue(ctx, tx, binding.AskAgain{}, nil)
	}); err != nil {
		t.Fatal(err)
	}
}

// hurryQuestions lets the time pass that the queue waits before a question is put again.
func (h *house) hurryQuestions(t *testing.T) {
	t.Helper()
	h.exec(t, "UPDATE river_job SET state = 'available', scheduled_at = "+h.longAgo()+" WHERE state = 'retryable' AND kind = 'ask_about_card'")
}

// set sets a parameter from now on.
func (h *house) set(t *testing.T, name, value string) {
	t.Helper()
	if problem := parameter.Check(name, value); problem != nil {
		t.Fatal(name, problem)
	}
	if err := h.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		return tx.Parameter.Create().SetName(name).SetValue(value).SetEffectiveAt(lifecycle.Now()).Exec(ctx)
	}); err != nil {
		t.Fatal(err)
	}
}

// mailsAbout are the kinds of mails to a customer about cards, oldest first.
func (h *house) mailsAbout(t *testing.T, id string) string {
	t.Helper()
	_, k, ok := h.desk.IDs.Decode(id)
	if !ok {
		t.Fatalf("%q is no id", id)
	}
	return strings.Join(rowsOf(t, h.store, fmt.Sprintf("SELECT kind FROM messages WHERE user_id = %d AND kind LIKE 'card_%%' ORDER BY id", k),
		func(scan func(...any) error) (kind string, err error) { return kind, scan(&kind) }), " ")
}

const (
	passedStory = "BIND_BANK_CARD PASS_VERIFICATION"
	boundStory  = passedStory + " PAY_BANK_CARD_BINDING CONFIRM_BINDING"
)

// Each outcome of the simulator, from the form to its end.
func TestEveryOutcomeOfTheSimulatorComesToItsEnd(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		h.set(t, parameter.CardPatience, "1s")
		var wg sync.WaitGroup
		for n, digits := range []string{"0000", "0001", "0002", "0003", "0004", "0005", "0006", "0007", "4321"} {
			me, id := h.customer(t, 100+n)
			wg.Go(func() {
				number := cardNumber(n, digits)
				c := me.bind(number)
				story, results, mails := boundStory, "KXD PASSED, KXDM PAID", "card_verified card_bound"
				switch digits {
				case "0001":
					got := me.await(t, c, "ACTIVATED", 1)
					if got.text("node.failure") == "" || got.text("node.attempts.nodes.0.rawCode") == "" {
						t.Errorf("it is not said why: %s", got)
					}
					want(t, "then", got.allowed(), "retryBankCardVerification cancelBankCardBinding")
					me.move("retryBankCardVerification", c)
					me.await(t, c, "ACTIVATED", 2)
					me.move("cancelBankCardBinding", c)
					story, results = "BIND_BANK_CARD FAIL_VERIFICATION RETRY_BANK_CARD_VERIFICATION FAIL_VERIFICATION CANCEL_BANK_CARD_BINDING", "KXD FAILED, KXD FAILED"
					mails = "card_verification_failed card_verification_failed"
				case "0002":
					me.await(t, c, "PENDING_BINDING", 1)
					me.move("payBankCardBinding", c)
					got := me.await(t, c, "PENDING_BINDING", 2)
					if got.text("node.failure") == "" {
						t.Errorf("it is not said why: %s", got)
					}
					want(t, "then", got.allowed(), "payBankCardBinding cancelBankCardBinding")
					me.move("payBankCardBinding", c)
					me.await(t, c, "BOUND", 3)
					story = passedStory + " PAY_BANK_CARD_BINDING FAIL_BINDING PAY_BANK_CARD_BINDING CONFIRM_BINDING"
					results, mails = "KXD PASSED, KXDM REFUSED, KXDM PAID", "card_verified card_payment_failed card_bound"
				default:
					me.await(t, c, "PENDING_BINDING", 1)
					me.move("payBankCardBinding", c)
					me.await(t, c, "BOUND", 2)
				}
				got := me.card(c)
				want(t, digits+": history", got.story(), story)
				want(t, digits+": questions", got.results(), results)
				want(t, digits+": mails", h.mailsAbout(t, id), mails)
				if digits != "0001" {
					want(t, digits+": failure", got.at("node.failure"), any(nil))
					want(t, digits+": then", got.allowed(), "rebindBankCard unbindBankCard")
				}
				if strings.Contains(got.raw, number) || !strings.HasSuffix(got.text("node.maskedNumber"), number[len(number)-4:]) || got.text("node.issuer") != "中国工商银行" {
					t.Errorf("the number in full, or none of it: %s", got)
				}
			})
		}
		wg.Wait()
		h.keepsTheRules(t)
	})
}

// Each result is mailed in its reader's language, with the reason and without a digit of the card.
func TestEachResultIsMailedInItsReadersLanguage(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		admin := h.administrator(t)
		for n, locale := range []string{"en", "zh-CN"} {
			form := applicant(380 + n)
			form["locale"] = locale
			id := h.register(t, form)
			admin.do("approveRegistration", vars{"userId": id})
			me := h.anybody(t).signIn(form["email"].(string), form["password"].(string))
			failing := me.bind(cardNumber(380+n, "0001"))
			failed := me.await(t, failing, "ACTIVATED", 1)
			refusing := me.bind(cardNumber(390+n, "0002"))
			me.await(t, refusing, "PENDING_BINDING", 1)
			me.move("payBankCardBinding", refusing)
			refused := me.await(t, refusing, "PENDING_BINDING", 2)
			me.move("payBankCardBinding", refusing)
			me.await(t, refusing, "BOUND", 3)
			mails := admin.ask(`query($id: ID!) { messages(filter: {userId: $id}, first: 4) { nodes { subject text locale } } }`, vars{"id": id})
			said := [][]string{
				{"your bank card is bound", "银行卡绑定成功"},
				{"payment for your bank card failed", "绑卡支付未成功"},
				{"has been verified", "银行卡审核通过"},
				{"could not be verified", "银行卡审核未通过"},
			}
			for i, s := range said {
				subject, text := mails.text(fmt.Sprintf("messages.nodes.%d.subject", i)), mails.text(fmt.Sprintf("messages.nodes.%d.text", i))
				if !strings.Contains(subject, s[n]) || !strings.Contains(text, "中国工商银行") {
					t.Errorf("%s: %q\n%s", locale, subject, text)
				}
				reason := map[int]string{1: refused.text("node.failure"), 3: failed.text("node.failure")}[i]
				if !strings.Contains(text, reason) {
					t.Errorf("%s: the reason %q is not in the mail\n%s", locale, reason, text)
				}
				for _, number := range []string{cardNumber(380+n, "0001"), cardNumber(390+n, "0002")} {
					if strings.Contains(text, number[len(number)-4:]) {
						t.Errorf("%s: digits of the card are in the mail\n%s", locale, text)
					}
				}
			}
		}
	})
}

func TestACardsFaultsComeAtOnce(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, _ := h.customer(t, 120)
		other, _ := h.customer(t, 121)
		bind := func(p *person, input vars) answer { return p.act("bindBankCard", "bankCard { id } notice", input) }
		wantFaults(t, bind(me, vars{}), "bindBankCard", "REQUIRED cardNumber", "REQUIRED phone")
		for _, number := range []string{"62220", "6222020000000000001", "62220200000000000000000", "six two two two"} {
			wantFaults(t, bind(me, vars{"cardNumber": number, "phone": "12"}), "bindBankCard", "INVALID cardNumber", "INVALID phone")
		}
		number := cardNumber(120, "0000")
		grouped := number[:4] + " " + number[4:8] + "-" + number[8:]
		if got := bind(me, vars{"cardNumber": grouped, "phone": "+86 138 0013 8000"}); got.text("bindBankCard.bankCard.id") == "" {
			t.Errorf("grouped digits: %s", got)
		}
		wantFaults(t, bind(me, vars{"cardNumber": number, "phone": "12"}), "bindBankCard", "ALREADY_TAKEN cardNumber", "INVALID phone", "NOT_ALLOWED_NOW")
		wantFaults(t, bind(other, vars{"cardNumber": number, "phone": "13800138000"}), "bindBankCard", "ALREADY_TAKEN cardNumber")
		unknown := "4111111111111111"
		id := bind(other, vars{"cardNumber": unknown, "phone": "13800138000"}).text("bindBankCard.bankCard.id")
		want(t, "issuer of an unknown number", other.card(id).at("node.issuer"), any(nil))
	})
}

func TestACardIsItsOwnersAlone(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, _ := h.customer(t, 130)
		other, _ := h.customer(t, 131)
		c := me.bound(t, cardNumber(130, "0000"))
		admin := h.administrator(t)
		for _, mutation := range []string{"retryBankCardVerification", "payBankCardBinding", "cancelBankCardBinding", "unbindBankCard", "rebindBankCard"} {
			input := vars{"bankCardId": c}
			if mutation == "rebindBankCard" {
				input["cardNumber"], input["phone"] = cardNumber(131, "0000"), "13800138000"
			}
			wantFaults(t, other.act(mutation, "bankCard { id }", input), mutation, "NOT_FOUND bankCardId")
			if mutation != "unbindBankCard" {
				wantCodes(t, admin.act(mutation, "bankCard { id }", input), "FORBIDDEN")
			}
			wantCodes(t, h.anybody(t).act(mutation, "bankCard { id }", input), "UNAUTHENTICATED")
		}
		want(t, "to another", other.card(c).at("node"), any(nil))
		wantCodes(t, h.colleague(t, "reader", access.Of(access.ViewBankCards)).act("unbindBankCard", "bankCard { id }", vars{"bankCardId": c}), "FORBIDDEN")
		helper := h.colleague(t, "helper", access.Of(access.ManageBankCards))
		want(t, "by staff", helper.move("unbindBankCard", c).text("unbindBankCard.bankCard.status"), "UNBOUND")
		got := me.card(c)
		want(t, "staff are not named to customers", got.at("node.timeline.nodes.0.actor"), any(nil))
		want(t, "over", got.allowed(), "")
	})
}

// From each status, what may be done and what not: as the door says beforehand and as it then does.
func TestAMoveFromAWrongStatusIsRefusedAndSaidBeforehand(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, _ := h.customer(t, 140)
		c := me.bind(cardNumber(140, "0001"))
		me.await(t, c, "ACTIVATED", 1)
		refuse := func(what string, mutations ...string) {
			t.Helper()
			for _, mutation := range mutations {
				wantFaults(t, me.act(mutation, "bankCard { id }", vars{"bankCardId": c}), mutation, "NOT_ALLOWED_NOW")
				if strings.Contains(me.card(c).allowed(), mutation) {
					t.Errorf("%s: %s is offered", what, mutation)
				}
			}
		}
		refuse("a failed card", "payBankCardBinding", "unbindBankCard")
		me.move("cancelBankCardBinding", c)
		refuse("a cancelled card", "payBankCardBinding", "unbindBankCard", "retryBankCardVerification", "cancelBankCardBinding")
		c = me.bound(t, cardNumber(141, "0000"))
		refuse("a bound card", "payBankCardBinding", "retryBankCardVerification", "cancelBankCardBinding")
		wantFaults(t, me.act("bindBankCard", "bankCard { id }", vars{"cardNumber": cardNumber(142, "0000"), "phone": "13800138000"}), "bindBankCard", "NOT_ALLOWED_NOW")
		stale := me.act("unbindBankCard", "bankCard { id }", vars{"bankCardId": c, "expectedVersion": 1})
		wantFaults(t, stale, "unbindBankCard", "CONFLICT expectedVersion")
		me.move("unbindBankCard", c)
		refuse("an unbound card", "payBankCardBinding", "unbindBankCard", "retryBankCardVerification", "cancelBankCardBinding")
		h.keepsTheRules(t)
	})
}

func TestTheOldCardStaysBoundUntilTheNewOneIs(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 150)
		old := me.bound(t, cardNumber(150, "0000"))
		rebind := func(n int, digits string) answer {
			return me.act("rebindBankCard", "bankCard { id status replaces { id status } } notice",
				vars{"bankCardId": old, "cardNumber": cardNumber(n, digits), "phone": "13900139000"})
		}
		wantFaults(t, rebind(150, "0000"), "rebindBankCard", "ALREADY_TAKEN cardNumber") // the very same
		lost := rebind(151, "0001").text("rebindBankCard.bankCard.id")
		me.await(t, lost, "ACTIVATED", 1)
		want(t, "the old one after a failed check", me.card(old).status(), "BOUND")

		again := rebind(153, "0002")
		fresh := again.text("rebindBankCard.bankCard.id")
		want(t, "replaces", again.text("rebindBankCard.bankCard.replaces.id"), old)
		me.await(t, fresh, "PENDING_BINDING", 1)
		wantFaults(t, rebind(152, "0000"), "rebindBankCard", "NOT_ALLOWED_NOW")
		want(t, "the failed one beside one in process", me.card(lost).allowed(), "cancelBankCardBinding")
		me.move("payBankCardBinding", fresh)
		me.await(t, fresh, "PENDING_BINDING", 2)
		want(t, "the old one after a refused payment", me.card(old).status(), "BOUND")
		me.move("payBankCardBinding", fresh)
		me.await(t, fresh, "BOUND", 3)
		was := me.card(old)
		want(t, "the old one", was.status(), "REPLACED")
		want(t, "its history", was.story(), boundStory+" REPLACE_CARD")
		want(t, "by", was.text("node.timeline.nodes.0.actor.name"), "card-binder")
		wantFaults(t, me.act("retryBankCardVerification", "bankCard { id }", vars{"bankCardId": lost}), "retryBankCardVerification", "NOT_ALLOWED_NOW")
		want(t, "mails", h.mailsAbout(t, id), "card_verified card_bound card_verification_failed card_verified card_payment_failed card_bound")
		h.keepsTheRules(t)
	})
}

func TestACardThatIsNeededStaysBound(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 160)
		c := me.bound(t, cardNumber(160, "0000"))
		_, k, _ := h.desk.IDs.Decode(id)
		var l key.Loan
		var b key.Bid
		err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
			borrower, err := tx.User.Create().SetName("x").SetLocale("en").SetStatus(user.StatusPotential).Save(ctx)
			if err != nil {
				return err
			}
			made, err := tx.Loan.Create().SetNumber("L1").SetBorrowerID(borrower.ID).SetStatus(loan.StatusBidding).SetPurpose(loan.PurposeOther).
				SetRepaymentMethod(loan.RepaymentMethodBullet).SetRequestedAmount(100_000).SetRequestedAnnualRate(100_000).SetRequestedTermMonths(12).
				SetAmount(100_000).SetAnnualRate(100_000).SetTermMonths(12).Save(ctx)
			if err != nil {
				return err
			}
			l = made.ID
			offer, err := tx.Bid.Create().SetLoanID(l).SetInvestorID(key.User(k)).SetAmount(100).SetStatus(bid.StatusWithdrawn).Save(ctx)
			b = offer.ID
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		put := func(table string, row any, column string, value any) {
			h.exec(t, fmt.Sprintf("UPDATE %s SET %s = $1 WHERE id = %v", table, column, row), value)
		}
		blocked := func(what string, is bool) {
			t.Helper()
			if offered := strings.Contains(me.card(c).allowed(), "unbindBankCard"); offered == is {
				t.Errorf("%s: unbinding is offered: %v", what, offered)
			}
			if is {
				wantFaults(t, me.act("unbindBankCard", "bankCard { id }", vars{"bankCardId": c}), "unbindBankCard", "NOT_ALLOWED_NOW")
				wantFaults(t, h.administrator(t).act("unbindBankCard", "bankCard { id }", vars{"bankCardId": c}), "unbindBankCard", "NOT_ALLOWED_NOW")
			}
		}
		blocked("another's loan and a withdrawn bid", false)
		for _, status := range []string{"PENDING_REVIEW", "APPROVED", "HOLDING"} {
			put("bids", b, "status", status)
			blocked("a bid that is "+status, true)
		}
		put("bids", b, "status", "SETTLED")
		put("loans", l, "borrower_id", k)
		for _, status := range []string{"MATERIALS_REVIEW", "APPLICATION_REVIEW", "RETURNED", "APPROVED", "BIDDING", "FULLY_FUNDED", "AWAITING_DISBURSEMENT", "REPAYING", "OVERDUE", "DEFAULTED"} {
			put("loans", l, "status", status)
			blocked("a loan that is "+status, true)
		}
		for _, status := range []string{"DRAFT", "SETTLED", "WRITTEN_OFF", "REJECTED"} {
			put("loans", l, "status", status)
			blocked("a loan that is "+status, false)
		}
		me.move("unbindBankCard", c)
	})
}

// Only an ACTIVE customer binds; results go on.
func TestASuspendedCustomersCardsWaitAndResultsGoOn(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 170)
		admin := h.administrator(t)
		c := me.bind(cardNumber(170, "0003"))
		admin.do("suspendUser", vars{"userId": id, "reason": "A question."})
		until(t, "the result comes all the same", func() bool { return me.card(c).status() == "PENDING_BINDING" })
		want(t, "offered", me.card(c).allowed(), "")
		for _, mutation := range []string{"payBankCardBinding", "cancelBankCardBinding"} {
			wantCodes(t, me.act(mutation, "bankCard { id }", vars{"bankCardId": c}), "FORBIDDEN")
		}
		wantCodes(t, me.act("unbindBankCard", "bankCard { id }", vars{"bankCardId": c}), "FORBIDDEN")
		wantCodes(t, me.act("bindBankCard", "bankCard { id }", vars{"cardNumber": cardNumber(171, "0000"), "phone": "13800138000"}), "FORBIDDEN")
		admin.do("reinstateUser", vars{"userId": id})
		me.move("payBankCardBinding", c)
		me.await(t, c, "BOUND", 2)
	})
}

func TestClosingACustomerLetsTheirCardsGo(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 180)
		admin := h.administrator(t)
		old := me.bound(t, cardNumber(180, "0000"))
		fresh := me.act("rebindBankCard", "bankCard { id }", vars{"bankCardId": old, "cardNumber": cardNumber(181, "0007"), "phone": "13800138000"}).text("rebindBankCard.bankCard.id")
		h.set(t, parameter.CardPatience, "1s")
		me.await(t, fresh, "PENDING_BINDING", 1)
		h.set(t, parameter.CardPatience, "24h")
		me.move("payBankCardBinding", fresh)
		wantFaults(t, me.act("cancelBankCardBinding", "bankCard { id }", vars{"bankCardId": fresh}), "cancelBankCardBinding", "NOT_ALLOWED_NOW")
		wantFaults(t, admin.do("closeUser", vars{"userId": id, "reason": "Asked for."}), "closeUser", "NOT_ALLOWED_NOW")
		want(t, "still", admin.card(old).status(), "BOUND")
		h.set(t, parameter.CardPatience, "1s")
		until(t, "the payment is answered", func() bool {
			h.remind(t)
			return me.card(fresh).status() == "BOUND"
		})
		want(t, "closed", admin.do("closeUser", vars{"userId": id, "reason": "Asked for."}).text("closeUser.user.status"), "CLOSED")
		want(t, "the card", admin.card(fresh).status(), "UNBOUND")
		want(t, "the one before", admin.card(old).status(), "REPLACED")
		h.keepsTheRules(t)
	})
}

// An answer that comes after the cancellation is kept and changes nothing.
func TestAnAnswerAfterTheCancellationIsOnlyKept(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, id := h.customer(t, 190)
		c := me.bind(cardNumber(190, "0007"))
		until(t, "it is asked", func() bool { return me.card(c).at("node.attempts.nodes.0.asks") != any(0.0) })
		me.move("cancelBankCardBinding", c)
		h.set(t, parameter.CardPatience, "1s")
		got := me.await(t, c, "CANCELLED", 1)
		want(t, "kept", got.results(), "KXD PASSED")
		want(t, "history", got.story(), "BIND_BANK_CARD CANCEL_BANK_CARD_BINDING")
		want(t, "mails", h.mailsAbout(t, id), "")
		me.bound(t, cardNumber(191, "0000"))
	})
}

func TestOfTwoWhoBindAtOnceOneDoes(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		one, _ := h.customer(t, 200)
		two, _ := h.customer(t, 201)
		compete := func(what string, n int, try func(i int) answer, mutation string, refusals ...string) {
			t.Helper()
			var won atomic.Int32
			var wg sync.WaitGroup
			for i := range n {
				wg.Go(func() {
					got := try(i)
					if got.text(mutation+".bankCard.id") != "" {
						won.Add(1)
						return
					}
					for _, f := range got.faults(mutation) {
						if !slices.Contains(refusals, f) {
							t.Errorf("%s: %s", what, got)
						}
					}
					if len(got.faults(mutation)) == 0 {
						t.Errorf("%s: %s", what, got)
					}
				})
			}
			wg.Wait()
			want(t, what, won.Load(), 1)
		}
		bind := func(p *person, n int) answer {
			return p.act("bindBankCard", "bankCard { id }", vars{"cardNumber": cardNumber(n, "0000"), "phone": "13800138000"})
		}
		compete("one card by two", 8, func(i int) answer { return bind([]*person{one, two}[i%2], 200) }, "bindBankCard", "ALREADY_TAKEN cardNumber", "NOT_ALLOWED_NOW")
		third, _ := h.customer(t, 202)
		compete("two cards by one", 8, func(i int) answer { return bind(third, 202+i) }, "bindBankCard", "NOT_ALLOWED_NOW")

		fourth, _ := h.customer(t, 203)
		c := fourth.bind(cardNumber(230, "0007"))
		h.set(t, parameter.CardPatience, "1s")
		fourth.await(t, c, "PENDING_BINDING", 1)
		h.set(t, parameter.CardPatience, "24h")
		var wg sync.WaitGroup
		for i := range 8 {
			wg.Go(func() {
				if i%4 == 3 { // taking it back at the same moment
					got := fourth.act("cancelBankCardBinding", "bankCard { id }", vars{"bankCardId": c})
					if f := got.faults("cancelBankCardBinding"); len(f) != 1 && got.text("cancelBankCardBinding.bankCard.id") == "" {
						t.Errorf("cancel: %s", got)
					}
					return
				}
				got := fourth.act("payBankCardBinding", "bankCard { id }", vars{"bankCardId": c})
				if f := got.faults("payBankCardBinding"); got.text("payBankCardBinding.bankCard.id") != c && !slices.Equal(f, []string{"NOT_ALLOWED_NOW"}) {
					t.Errorf("pay: %s", got)
				}
			})
		}
		wg.Wait()
		got := fourth.card(c)
		if asked := strings.Count(got.results(), "KXDM"); got.status() == "CANCELLED" && asked != 0 || got.status() != "CANCELLED" && asked != 1 {
			t.Errorf("paid for at once: %s", got)
		}
		h.keepsTheRules(t)
	})
}

func TestBindingUnderAKeyHasOneEffect(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		me, _ := h.customer(t, 210)
		bind := func(number string) answer {
			return me.ask(`mutation($i: BindBankCardInput!) { bindBankCard(input: $i) @idempotent(key: "one") { bankCard { id } userErrors { code field } } }`,
				vars{"i": vars{"cardNumber": number, "phone": "13800138000"}})
		}
		number := cardNumber(210, "0000")
		first := bind(number).text("bindBankCard.bankCard.id")
		me.await(t, first, "PENDING_BINDING", 1)
		want(t, "again", bind(number).text("bindBankCard.bankCard.id"), first)
		wantFaults(t, bind(cardNumber(211, "0000")), "bindBankCard", "IDEMPOTENCY_CONFLICT")
		want(t, "questions", me.card(first).results(), "KXD PASSED")
	})
}

// Staff see which cards wait too long, longest first.
func TestCardsThatWaitTooLongAreListed(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		var ids []string
		for n := range 3 {
			me, _ := h.customer(t, 220+n)
			ids = append(ids, me.bind(cardNumber(220+n, "0007")))
		}
		_, first, _ := h.desk.IDs.Decode(ids[1])
		_, second, _ := h.desk.IDs.Decode(ids[0])
		now := lifecycle.Now()
		h.exec(t, fmt.Sprintf("UPDATE bank_cards SET status_since = $1 WHERE id = %d", first), now.AddDate(0, 0, -2))
		h.exec(t, fmt.Sprintf("UPDATE bank_cards SET status_since = $1 WHERE id = %d", second), now.AddDate(0, 0, -1))
		list := h.colleague(t, "desk", access.Of(access.ViewBankCards)).ask(`query($since: DateTime) { bankCards(filter: {status: [PENDING_REVIEW], waitingSince: $since},
			orderBy: {field: STATUS_SINCE, direction: ASC}) { totalCount nodes { id statusSince user { id } attempts { nodes { system asks askedAt result } } } } }`,
			vars{"since": now.AddDate(0, 0, 0).Add(-60 * 60 * 1e9).Format("2006-01-02T15:04:05Z07:00")})
		want(t, "how many", list.at("bankCards.totalCount"), any(2.0))
		want(t, "longest first", list.text("bankCards.nodes.0.id")+" "+list.text("bankCards.nodes.1.id"), ids[1]+" "+ids[0])
		want(t, "customers see their own", h.anybody(t).ask(`{ bankCards { totalCount } }`).at("bankCards"), any(nil))
	})
}

// keepsTheRules checks the whole book.
func (h *house) keepsTheRules(t *testing.T) {
	t.Helper()
	if err := h.store.InTx(t.Context(), demo.Check); err != nil {
		t.Error(err)
	}
}
