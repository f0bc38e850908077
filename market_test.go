package main

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"lenddesk/access"
	"lenddesk/ent/bankcard"
	"lenddesk/ent/bankcardattempt"
	"lenddesk/ent/loan"
	"lenddesk/ent/staff"
	"lenddesk/ent/user"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/money"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow/marketplace"
)

// lent numbers the people and loans of these tests.
var lent atomic.Int64

// tell writes the events by which a row came to where it stands: each step is "move from to".
func tell(ctx context.Context, tx *store.Tx, kind key.Kind, id int64, steps ...string) error {
	for _, s := range steps {
		words := strings.Fields(s)
		e := tx.Event.Create().SetKind(lifecycle.Kind(words[0])).SetSubjectType(string(kind)).SetSubjectID(id).SetActorType("SystemActor").SetActorID(0).
			SetActorName("fixture").SetTo(words[len(words)-1]).SetAt(lifecycle.Now())
		if len(words) == 3 {
			e.SetFrom(words[1])
		}
		if err := e.Exec(ctx); err != nil {
			return err
		}
	}
	return nil
}

// trader is a customer who is ACTIVE, borrows and invests, has a card BOUND, and is signed in.
func (h *house) trader(t testing.TB) (*person, key.User) {
	t.Helper()
	n := lent.Add(1)
	token, hash := access.NewToken()
	var made key.User
	err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
		phone := fmt.Sprintf("+86139%08d", n)
		sealed, hashed, err := h.desk.Hide(seal.Phone, phone)
		if err != nil {
			return err
		}
		u, err := tx.User.Create().SetName(fmt.Sprintf("Trader %d", n)).SetEmail(fmt.Sprintf("trader%d@example.com", n)).SetPhone(sealed).SetPhoneHash(hashed).
			SetPasswordHash("x").SetLocale("en").SetBorrower(true).SetInvestor(true).SetStatus(user.StatusActive).Save(ctx)
		if err != nil {
			return err
		}
		made = u.ID
		number, numberHash, err := h.desk.Hide(seal.CardNumber, cardNumber(int(n), "0000"))
		if err != nil {
			return err
		}
		c, err := tx.BankCard.Create().SetUserID(u.ID).SetStatus(bankcard.StatusBound).SetNumber(number).SetNumberHash(numberHash).SetHolderName(u.Name).SetPhone(sealed).Save(ctx)
		if err != nil {
			return err
		}
		for system, result := range map[bankcardattempt.System]string{bankcardattempt.SystemKxd: "PASSED", bankcardattempt.SystemKxdm: "PAID"} {
			asked := tx.BankCardAttempt.Create().SetBankCardID(c.ID).SetSystem(system).SetRequestID(fmt.Sprint(system, n)).SetResult(result).SetFinishedAt(lifecycle.Now())
			if system == bankcardattempt.SystemKxdm {
				asked.SetAmount(1).SetCurrency("CNY")
			}
			if err := asked.Exec(ctx); err != nil {
				return err
			}
		}
		if err := tx.Session.Create().SetUserID(u.ID).SetTokenHash(hash).SetExpiresAt(lifecycle.Now().AddDate(1, 0, 0)).Exec(ctx); err != nil {
			return err
		}
		if err := tell(ctx, tx, key.KindBankCard, int64(c.ID), "bindBankCard PENDING_REVIEW", "passVerification PENDING_REVIEW PENDING_BINDING", "confirmBinding PENDING_BINDING BOUND"); err != nil {
			return err
		}
		return tell(ctx, tx, key.KindUser, int64(u.ID), "registerUser PENDING_REVIEW", "approveRegistration PENDING_REVIEW ACTIVE")
	})
	if err != nil {
		t.Fatal(err)
	}
	return &person{t: t, h: h, token: token}, made
}

// approved is a loan that was approved as it was asked for.
func (h *house) approved(t testing.TB, borrower key.User, amount money.Amount, months int, method loan.RepaymentMethod) string {
	t.Helper()
	var made key.Loan
	err := h.store.InTx(lifecycle.Book(t.Context()), func(ctx context.Context, tx *store.Tx) error {
		l, err := tx.Loan.Create().SetNumber(fmt.Sprintf("T%d", lent.Add(1))).SetBorrowerID(borrower).SetStatus(loan.StatusApproved).SetPurpose(loan.PurposeEquipment).
			SetRepaymentMethod(method).SetRequestedAmount(amount).SetRequestedAnnualRate(12_0000).SetRequestedTermMonths(months).
			SetAmount(amount).SetAnnualRate(12_0000).SetTermMonths(months).SetSubmittedAt(lifecycle.Now()).Save(ctx)
		if err != nil {
			return err
		}
		made = l.ID
		return tell(ctx, tx, key.KindLoan, int64(l.ID), "applyForLoan DRAFT", "submitLoanApplication DRAFT MATERIALS_REVIEW",
			"approveLoanMaterials MATERIALS_REVIEW APPLICATION_REVIEW", "approveLoanApplication APPLICATION_REVIEW APPROVED")
	})
	if err != nil {
		t.Fatal(err)
	}
	return h.desk.IDs.Encode(key.KindLoan, int64(made))
}

// terms are those of a listing that is open for two days.
func terms(id string) vars {
	return vars{"loanId": id, "closesAt": time.Now().Add(48 * time.Hour).Format(time.RFC3339), "minimumBid": "100.00", "bidStep": "50.00"}
}

// clerk is a colleague whose own story is told, too, so that the book keeps all its rules.
func (h *house) clerk(t *testing.T, name string, holds ...access.Permission) *person {
	t.Helper()
	p := h.colleague(t, name, access.Of(holds...))
	err := h.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
		id, err := tx.Staff.Query().Where(staff.Name(name)).OnlyID(ctx)
		if err != nil {
			return err
		}
		return tell(ctx, tx, key.KindStaff, int64(id), "installAdministrator ACTIVE")
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// market is a house with one listed loan, and the people around it.
type market struct {
	*house
	t        *testing.T
	borrower *person
	owner    key.User
	lister   *person // LIST_LOANS
	reviewer *person // REVIEW_BIDS
	loan     string
}

func openMarket(t *testing.T, h *house, amount money.Amount) *market {
	t.Helper()
	m := &market{house: h, t: t}
	m.borrower, m.owner = h.trader(t)
	m.lister, m.reviewer = h.clerk(t, "lister", access.ListLoans), h.clerk(t, "reviewer", access.ReviewBids)
	m.loan = h.approved(t, m.owner, amount, 3, loan.RepaymentMethodEqualInstallments)
	m.done(m.lister, "listLoan", "loan", terms(m.loan))
	return m
}

// done makes a move that must be done, and tells the status after it.
func (m *market) done(p *person, mutation, object string, input vars) string {
	m.t.Helper()
	got := p.act(mutation, object+" { id status }", input)
	if got.text(mutation+"."+object+".id") == "" {
		m.t.Fatalf("%s: %s", mutation, got)
	}
	return got.text(mutation + "." + object + ".status")
}

// bid places a bid and returns its id and status.
func (p *person) bid(id, amount string) (bid, status string, got answer) {
	p.t.Helper()
	got = p.act("placeBid", "bid { id status }", vars{"loanId": id, "amount": amount})
	return got.text("placeBid.bid.id"), got.text("placeBid.bid.status"), got
}

const listingLook = `query($id: ID!) { node(id: $id) { ... on Loan { status reservedAmount fundedAmount remainingAmount progress borrower { id } company { id }
	availableActions { mutation allowed blockedBy { code } } timeline { nodes { kind } } } } }`

// stands compares a loan with what is expected: status, reserved, funded.
func (m *market) stands(what, status, reserved, funded string) {
	m.t.Helper()
	got := m.lister.ask(listingLook, vars{"id": m.loan})
	if said := got.text("node.status") + " " + got.text("node.reservedAmount") + " " + got.text("node.fundedAmount"); said != status+" "+reserved+" "+funded {
		m.t.Errorf("%s: %s, want %s %s %s", what, said, status, reserved, funded)
	}
}

func TestAListingIsFilledByItsBids(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := openMarket(t, h, 30_000_00)
		one, _ := h.trader(t)
		two, _ := h.trader(t)
		seen := one.ask(listingLook, vars{"id": m.loan})
		want(t, "an investor sees the listing", seen.text("node.status"), "BIDDING")
		if seen.at("node.borrower") != nil || seen.at("node.company") != nil {
			t.Errorf("an investor is told who borrows: %s", seen)
		}
		small, status, got := one.bid(m.loan, "9950.00")
		want(t, "a small bid: "+got.raw, status, "APPROVED")
		m.stands("with a small bid", "BIDDING", "9950.00", "9950.00")
		large, status, got := two.bid(m.loan, "20000.00")
		want(t, "a large bid: "+got.raw, status, "PENDING_REVIEW")
		m.stands("with a large bid", "BIDDING", "29950.00", "9950.00")
		last, status, got := one.bid(m.loan, "50.00") // below the minimum, but all that remains
		want(t, "all that remains: "+got.raw, status, "APPROVED")
		m.stands("all reserved", "BIDDING", "30000.00", "10000.00")
		if two.ask(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": small}).at("node") != nil {
			t.Error("an investor sees another's bid")
		}
		wantFaults(t, two.act("withdrawBid", "bid { id }", vars{"bidId": small}), "withdrawBid", "NOT_FOUND bidId")
		want(t, "withdrawn", m.done(one, "withdrawBid", "bid", vars{"bidId": last}), "WITHDRAWN")
		m.stands("withdrawn", "BIDDING", "29950.00", "9950.00")
		wantFaults(t, one.act("withdrawBid", "bid { id }", vars{"bidId": last}), "withdrawBid", "NOT_ALLOWED_NOW")
		wantFaults(t, m.reviewer.act("rejectBid", "bid { id }", vars{"bidId": large}), "rejectBid", "REQUIRED reason")
		want(t, "refused", m.done(m.reviewer, "rejectBid", "bid", vars{"bidId": large, "reason": "Where the money comes from is not clear."}), "REJECTED")
		m.stands("refused", "BIDDING", "9950.00", "9950.00")
		wantFaults(t, m.reviewer.act("rejectBid", "bid { id }", vars{"bidId": small, "reason": "Too late."}), "rejectBid", "NOT_ALLOWED_NOW")
		m.stands("nothing changed", "BIDDING", "9950.00", "9950.00")
		again, _, _ := two.bid(m.loan, "20000.00")
		if _, status, got = two.bid(m.loan, "50.00"); status != "APPROVED" {
			t.Errorf("the rest: %s", got)
		}
		wantFaults(t, m.reviewer.act("approveBid", "bid { id }", vars{"bidId": again, "expectedVersion": 7}), "approveBid", "CONFLICT expectedVersion")
		want(t, "approved", m.done(m.reviewer, "approveBid", "bid", vars{"bidId": again, "note": "Known for years."}), "APPROVED")
		m.stands("full", "FULLY_FUNDED", "30000.00", "30000.00")
		wantFaults(t, one.act("withdrawBid", "bid { id }", vars{"bidId": small}), "withdrawBid", "NOT_ALLOWED_NOW")
		_, _, got = two.bid(m.loan, "50.00")
		wantFaults(t, got, "placeBid", "LISTING_NOT_OPEN")
		reviews := m.reviewer.ask(`query($id: ID!) { node(id: $id) { ... on Bid { timeline { nodes { kind } } } } }`, vars{"id": again})
		want(t, "its story", strings.Join(kinds(reviews, "node.timeline.nodes"), " "), "APPROVE_BID PLACE_BID")
		h.keepsTheRules(t)
	})
}

func TestEveryRefusedBidSaysWhy(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := openMarket(t, h, 10_000_00)
		me, mine := h.trader(t)
		refused := func(what string, p *person, amount any, expected ...string) {
			t.Helper()
			got := p.act("placeBid", "bid { id }", vars{"loanId": m.loan, "amount": amount})
			if found := got.faults("placeBid"); !slices.Equal(found, expected) {
				t.Errorf("%s: %s, want %v", what, got, expected)
			}
		}
		refused("no amount", me, nil, "REQUIRED amount")
		refused("no number", me, "a lot", "INVALID amount")
		refused("three places", me, "100.001", "INVALID amount")
		refused("nothing", me, "0", "OUT_OF_RANGE amount")
		refused("less than nothing", me, "-100.00", "OUT_OF_RANGE amount")
		refused("too little, and crooked", me, "60.00", "AMOUNT_TOO_LOW amount", "NOT_MULTIPLE_OF_STEP amount")
		refused("crooked", me, "120.00", "NOT_MULTIPLE_OF_STEP amount")
		refused("too much", me, "10050.00", "AMOUNT_EXCEEDS_REMAINING amount")
		refused("one's own", m.borrower, "100.00", "OWN_LISTING")
		h.set(t, "SHARE_LIMIT", "20")
		refused("too large a share", me, "2050.00", "SHARE_LIMIT_EXCEEDED amount")
		if _, _, got := me.bid(m.loan, "1950.00"); len(got.faults("placeBid")) > 0 {
			t.Fatal(got)
		}
		refused("too large a share with another bid", me, "100.00", "SHARE_LIMIT_EXCEEDED amount")
		h.set(t, "SHARE_LIMIT", "100")
		offered := func(p *person) string {
			for _, a := range p.ask(listingLook, vars{"id": m.loan}).at("node.availableActions").([]any) {
				if action := a.(map[string]any); action["mutation"] == "placeBid" {
					return fmt.Sprint(action["allowed"])
				}
			}
			return "not at all"
		}
		want(t, "offered to an investor", offered(me), "true")
		want(t, "offered to the borrower", offered(m.borrower), "false")
		want(t, "offered to staff", offered(m.lister), "not at all")
		h.exec(t, fmt.Sprintf("UPDATE bank_cards SET status = 'CANCELLED' WHERE user_id = %d", mine))
		refused("without a card", me, "100.00", "CARD_NOT_BOUND")
		want(t, "offered without a card", offered(me), "false")
		h.exec(t, fmt.Sprintf("UPDATE bank_cards SET status = 'BOUND' WHERE user_id = %d", mine))
		_, number, _ := h.desk.IDs.Decode(m.loan)
		at := func(column string, moment time.Time) {
			h.exec(t, fmt.Sprintf("UPDATE loans SET %s = $1 WHERE id = %d", column, number), moment)
		}
		at("opens_at", lifecycle.Now().Add(time.Hour))
		refused("before it opens", me, "100.00", "LISTING_NOT_OPEN")
		at("opens_at", lifecycle.Now().Add(-time.Hour))
		at("closes_at", lifecycle.Now())
		refused("after it closed", me, "100.00", "LISTING_NOT_OPEN")
		at("closes_at", lifecycle.Now().Add(time.Hour))
		wantFaults(t, me.act("placeBid", "bid { id }", vars{"loanId": "loan_0000000000000", "amount": "x"}), "placeBid", "INVALID amount", "NOT_FOUND loanId")
		wantFaults(t, me.act("placeBid", "bid { id }", vars{"loanId": m.loan, "amount": "100.00", "expectedVersion": 1}), "placeBid", "CONFLICT expectedVersion")
		if got := h.administrator(t).do("suspendUser", vars{"userId": h.desk.IDs.Encode(key.KindUser, int64(mine)), "reason": "A question."}); len(got.faults("suspendUser")) > 0 {
			t.Fatal(got)
		}
		wantCodes(t, me.act("placeBid", "bid { id }", vars{"loanId": m.loan, "amount": "100.00"}), "FORBIDDEN")
		m.stands("in the end", "BIDDING", "1950.00", "1950.00")
		bids := me.ask(`{ bids { nodes { id } } }`)
		want(t, "a suspended customer withdraws", m.done(me, "withdrawBid", "bid", vars{"bidId": bids.text("bids.nodes.0.id")}), "WITHDRAWN")
		h.keepsTheRules(t)
	})
}

func TestAListingsTermsAreChecked(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		_, owner := h.trader(t)
		id := h.approved(t, owner, 10_000_00, 12, loan.RepaymentMethodBullet)
		lister := h.clerk(t, "lister", access.ListLoans)
		list := func(change vars) answer {
			input := terms(id)
			for k, v := range change {
				input[k] = v
			}
			return lister.act("listLoan", "loan { id status }", input)
		}
		wantFaults(t, list(vars{"closesAt": nil, "minimumBid": nil, "bidStep": nil}), "listLoan", "REQUIRED minimumBid", "REQUIRED bidStep", "REQUIRED closesAt")
		wantFaults(t, list(vars{"closesAt": "tomorrow", "minimumBid": "x", "bidStep": "0", "opensAt": "x"}), "listLoan",
			"INVALID minimumBid", "OUT_OF_RANGE bidStep", "INVALID opensAt", "INVALID closesAt")
		wantFaults(t, list(vars{"closesAt": "2020-01-01T00:00:00Z", "minimumBid": "10000.01", "bidStep": "10000.01"}), "listLoan",
			"OUT_OF_RANGE closesAt", "OUT_OF_RANGE minimumBid", "OUT_OF_RANGE bidStep")
		wantFaults(t, list(vars{"closesAt": "2090-01-01T00:00:00Z"}), "listLoan", "OUT_OF_RANGE closesAt")
		wantFaults(t, list(vars{"opensAt": "2090-01-01T00:00:00Z", "closesAt": "2090-01-02T00:00:00Z"}), "listLoan", "OUT_OF_RANGE opensAt")
		_, number, _ := h.desk.IDs.Decode(id)
		put := func(what string, value any) {
			h.exec(t, fmt.Sprintf("UPDATE loans SET %s = $1 WHERE id = %d", what, number), value)
		}
		put("amount", 9_000_00)
		wantFaults(t, list(nil), "listLoan", "NOT_ALLOWED_NOW") // changed terms that nobody accepted
		put("amount", 10_000_00)
		h.exec(t, fmt.Sprintf("UPDATE bank_cards SET status = 'CANCELLED' WHERE user_id = %d", owner))
		wantFaults(t, list(nil), "listLoan", "CARD_NOT_BOUND")
		h.exec(t, fmt.Sprintf("UPDATE bank_cards SET status = 'BOUND' WHERE user_id = %d", owner))
		got := list(vars{"opensAt": time.Now().Add(time.Hour).Format(time.RFC3339)})
		want(t, "listed: "+got.raw, got.text("listLoan.loan.status"), "BIDDING")
		wantFaults(t, list(nil), "listLoan", "NOT_ALLOWED_NOW")
	})
}

// closes ends the listings that are over at a moment, as the job does with its own clock.
func (h *house) closes(t *testing.T, at time.Time) int {
	t.Helper()
	n, err := (&marketplace.Office{Desk: h.desk}).Close(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// written are the kinds of the mails to a customer, oldest first.
func (h *house) written(t *testing.T, to key.User) string {
	t.Helper()
	return strings.Join(rowsOf(t, h.store, fmt.Sprintf("SELECT kind FROM messages WHERE user_id = %d ORDER BY id", to),
		func(scan func(...any) error) (kind string, err error) { return kind, scan(&kind) }), " ")
}

func TestAListingThatFailsReleasesEveryBid(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		m := openMarket(t, h, 40_000_00)
		me, mine := h.trader(t)
		small, _, _ := me.bid(m.loan, "5000.00")
		large, _, _ := me.bid(m.loan, "20000.00")
		now := time.Now()
		want(t, "before the time is up", h.closes(t, now), 0)
		want(t, "when the time is up", h.closes(t, now.Add(49*time.Hour)), 1)
		m.stands("after it", "LISTING_FAILED", "0.00", "0.00")
		want(t, "once more", h.closes(t, now.Add(49*time.Hour)), 0)
		for _, b := range []string{small, large} {
			got := me.ask(`query($id: ID!) { node(id: $id) { ... on Bid { status timeline { nodes { kind actor { ... on SystemActor { name } } } } } } }`, vars{"id": b})
			want(t, "its bid", got.text("node.status")+" "+got.text("node.timeline.nodes.0.kind")+" "+got.text("node.timeline.nodes.0.actor.name"), "RELEASED RELEASE_BID listings")
		}
		want(t, "the investor's mails", h.written(t, mine), "bid_released bid_released")
		want(t, "the borrower's mails", h.written(t, m.owner), "listing_failed")

		want(t, "again", m.done(m.lister, "relistLoan", "loan", vars{"loanId": m.loan}), "APPROVED")
		m.done(m.lister, "listLoan", "loan", terms(m.loan))
		waiting, _, _ := me.bid(m.loan, "40000.00")
		want(t, "full, but not reviewed", h.closes(t, now.Add(49*time.Hour)), 0)
		want(t, "approved after the time was up", m.done(m.reviewer, "approveBid", "bid", vars{"bidId": waiting}), "APPROVED")
		m.stands("filled", "FULLY_FUNDED", "40000.00", "40000.00")
		want(t, "nobody reviews the funding", h.closes(t, now.Add(8*24*time.Hour)), 1)
		m.stands("not reviewed", "LISTING_FAILED", "0.00", "0.00")

		m.done(m.lister, "relistLoan", "loan", vars{"loanId": m.loan})
		m.done(m.lister, "listLoan", "loan", terms(m.loan))
		me.bid(m.loan, "40000.00")
		want(t, "reviews that take too long", h.closes(t, now.Add((48+25)*time.Hour)), 1)

		m.done(m.lister, "relistLoan", "loan", vars{"loanId": m.loan})
		m.done(m.lister, "listLoan", "loan", terms(m.loan))
		last, _, _ := me.bid(m.loan, "1000.00")
		wantFaults(t, m.lister.act("cancelListing", "loan { id }", vars{"loanId": m.loan}), "cancelListing", "REQUIRED reason")
		want(t, "cancelled", m.done(m.lister, "cancelListing", "loan", vars{"loanId": m.loan, "reason": "At the borrower's wish."}), "CANCELLED")
		m.stands("cancelled", "CANCELLED", "0.00", "0.00")
		want(t, "its bid", me.ask(`query($id: ID!) { node(id: $id) { ... on Bid { status } } }`, vars{"id": last}).text("node.status"), "RELEASED")
		h.exec(t, fmt.Sprintf("UPDATE bank_cards SET status = 'CANCELLED' WHERE user_id = %d", m.owner))
		wantFaults(t, m.lister.act("relistLoan", "loan { id }", vars{"loanId": m.loan}), "relistLoan", "CARD_NOT_BOUND")
		h.exec(t, fmt.Sprintf("UPDATE bank_cards SET status = 'BOUND' WHERE user_id = %d", m.owner))
		h.set(t, "MAX_OUTSTANDING_PERSON", "39999.99")
		wantFaults(t, m.lister.act("relistLoan", "loan { id }", vars{"loanId": m.loan}), "relistLoan", "LIMIT_EXCEEDED")
		h.keepsTheRules(t)
	})
}

// bidsFlag is how many bids the test of over-funding places.
var bidsFlag = flag.Int("bids", 0, "how many bids TestALoanIsNeverOverFunded places; 0: some hundreds")

// Sixty-four clients at once on one loan: some withdraw, some send again under the same key or without one, while others add up what they read.
func TestALoanIsNeverOverFunded(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		const clients = 64
		tries := 6
		if *bidsFlag > 0 {
			tries = max(1, *bidsFlag/clients)
		}
		m := openMarket(t, h, money.Amount(clients*tries*100_00/2)) // for about half of what is offered
		people := make([]*person, clients)
		for i := range people {
			people[i], _ = h.trader(t)
		}
		var over atomic.Bool
		var ended atomic.Int64
		stop := make(chan struct{})
		var readers, all sync.WaitGroup
		for range 2 {
			readers.Go(func() {
				for {
					select {
					case <-stop:
						return
					default:
					}
					got := m.lister.ask(listingLook, vars{"id": m.loan})
					whole, e1 := money.ParseAmount(got.text("node.remainingAmount"))
					reserved, e2 := money.ParseAmount(got.text("node.reservedAmount"))
					if e1 != nil || e2 != nil || whole < 0 || reserved > money.Amount(clients*tries*100_00/2) {
						over.Store(true)
					}
				}
			})
		}
		document := func(key string) string {
			d := ""
			if key != "" {
				d = fmt.Sprintf(" @idempotent(key: %q)", key)
			}
			return `mutation($i: PlaceBidInput!) { placeBid(input: $i)` + d + ` { bid { id } userErrors { code field } } }`
		}
		var placed [clients]int
		for i, p := range people {
			all.Go(func() {
				for n := range tries {
					k := ""
					if n%2 == 0 {
						k = fmt.Sprint("bid ", n)
					}
					input := vars{"i": vars{"loanId": m.loan, "amount": "100.00"}}
					got := p.ask(document(k), input)
					id := got.text("placeBid.bid.id")
					if n%4 == 0 && id != "" { // sent again: the same bid
						if second := p.ask(document(k), input).text("placeBid.bid.id"); second != id {
							t.Errorf("under one key two bids: %s %s", id, second)
						}
					}
					if id == "" {
						ended.Add(1)
						continue
					}
					placed[i]++
					if (i+n)%10 == 0 && len(p.act("withdrawBid", "bid { id }", vars{"bidId": id}).faults("withdrawBid")) == 0 {
						placed[i]--
					}
				}
			})
		}
		all.Wait()
		close(stop)
		readers.Wait()
		if over.Load() {
			t.Error("a reader saw more reserved than there is")
		}
		standing := 0
		for _, n := range placed {
			standing += n
		}
		counted := rowsOf(t, h.store, "SELECT count(*) FROM bids WHERE status = 'APPROVED'", func(scan func(...any) error) (n int, err error) { return n, scan(&n) })
		want(t, "bids that stand, as their clients were told", counted[0], standing)
		if ended.Load() == 0 && standing != clients*tries/2 {
			t.Errorf("%d bids, nobody refused", standing)
		}
		got := m.lister.ask(listingLook, vars{"id": m.loan})
		want(t, "reserved in the end", got.text("node.reservedAmount"), money.Amount(standing*100_00).String())
		h.keepsTheRules(t)
	})
}
