package main

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/riverqueue/river"

	"lenddesk/access"
	"lenddesk/gateway/mail/mailtest"
	"lenddesk/workflow/mailing"
)

// told is what the program keeps of the mails to a customer.
func (h *house) told(t *testing.T, id string) answer {
	t.Helper()
	return h.administrator(t).ask(`query($id: ID) { messages(filter: {userId: $id}) { nodes { state attempts sentAt subject text } } }`, vars{"id": id})
}

func TestAMailArrivesOnceInItsReadersLanguage(t *testing.T) {
	withMail(t, direct, func(t *testing.T, h *house, sink *mailtest.Server) {
		english, chinese := applicant(30), applicant(31)
		chinese["locale"] = "zh-CN"
		ids := map[string]string{english["email"].(string): h.register(t, english), chinese["email"].(string): h.register(t, chinese)}
		until(t, "both mails are sent", func() bool { return h.states(t)["SENT"] == 2 })
		letters := sink.Letters()
		want(t, "letters", len(letters), 2)
		for _, l := range letters {
			kept := h.told(t, ids[l.To[0]])
			want(t, "attempts", kept.at("messages.nodes.0.attempts"), any(1.0))
			want(t, "subject", l.Subject, kept.text("messages.nodes.0.subject"))
			want(t, "text", strings.TrimSpace(l.Text), strings.TrimSpace(kept.text("messages.nodes.0.text")))
			want(t, "in Chinese", strings.Contains(l.Text, "您"), l.To[0] == chinese["email"])
			story := h.administrator(t).ask(`query($id: ID!) { node(id: $id) { ... on User { timeline(first: 1) { nodes { kind to subject { ... on Message { state } } } } } } }`, vars{"id": ids[l.To[0]]})
			want(t, "the story", fmt.Sprint(story.at("node.timeline.nodes")), "[map[kind:WRITE_MESSAGE subject:map[state:SENT] to:QUEUED]]")
			if kept.text("messages.nodes.0.sentAt") == "" {
				t.Errorf("it is not said when it was sent: %s", kept)
			}
			for _, form := range []vars{english, chinese} {
				for _, secret := range []string{"password", "nationalId", "phone"} {
					if strings.Contains(string(l.Raw), form[secret].(string)) {
						t.Errorf("the mail tells the %s", secret)
					}
				}
			}
		}
	})
}

func TestAGreylistedMailArrivesOnceLater(t *testing.T) {
	withMail(t, direct, func(t *testing.T, h *house, sink *mailtest.Server) {
		sink.RefuseTemporarily(1)
		id := h.register(t, applicant(32))
		until(t, "it was tried again, by itself", func() bool { return h.states(t)["SENT"] == 1 })
		want(t, "letters", len(sink.Letters()), 1)
		want(t, "attempts", h.told(t, id).at("messages.nodes.0.attempts"), any(2.0))
	})
}

func TestAMailRefusedForGoodIsGivenUp(t *testing.T) {
	withMail(t, direct, func(t *testing.T, h *house, sink *mailtest.Server) {
		sink.RefusePermanently()
		form := applicant(33)
		id := h.register(t, form)
		until(t, "it is given up", func() bool { return h.states(t)["FAILED"] == 1 })
		kept := h.told(t, id)
		want(t, "attempts", kept.at("messages.nodes.0.attempts"), any(1.0))
		want(t, "sent", kept.at("messages.nodes.0.sentAt"), any(nil))
		until(t, "nothing is left to be tried", func() bool {
			left := rowsOf(t, h.store, "SELECT count(*) FROM river_job WHERE kind = 'send_message' AND state <> 'completed'",
				func(scan func(...any) error) (n int, err error) { return n, scan(&n) })
			return left[0] == 0
		})
		want(t, "letters", len(sink.Letters()), 0)
		if strings.Contains(h.logs.String(), form["email"].(string)) {
			t.Error("the address that the server repeats stands in the log")
		}
	})
}

func TestAMailThatWasQueuedWaitsForAMailServer(t *testing.T) {
	var sender mailing.Sender // as it is without a mail server
	err := sender.Work(t.Context(), &river.Job[mailing.SendMessage]{})
	var later *river.JobSnoozeError
	if !errors.As(err, &later) || later.Duration <= 0 {
		t.Errorf("a mail without a server: %v", err)
	}
}

// The story of a customer tells of each mail right after what it is about. It is seen as the mail itself is, and says nothing of what stands in it.
func TestAStoryTellsOfItsMails(t *testing.T) {
	const story = `id timeline(first: 100, orderBy: {field: AT, direction: ASC}) { totalCount nodes { id kind from to reason changes actor { ... on SystemActor { name } }
		subject { id ... on Message { subject state user { id } } } } }`
	onEach(t, func(t *testing.T, h *house) {
		admin, form := h.administrator(t), applicant(34)
		id := h.register(t, form)
		admin.do("returnRegistration", vars{"userId": id, "reason": "The name differs from the card.", "fields": []string{"name"}})
		me := h.anybody(t).signIn(form["email"].(string), form["password"].(string))
		me.do("resubmitRegistration", vars{"name": "王小民"})
		admin.do("approveRegistration", vars{"userId": id})
		of := func(p *person) answer {
			return p.ask(`query($id: ID!) { node(id: $id) { ... on User { `+story+` } } }`, vars{"id": id})
		}

		const moves = "REGISTER_USER RETURN_REGISTRATION RESUBMIT_REGISTRATION APPROVE_REGISTRATION"
		const whole = "REGISTER_USER WRITE_MESSAGE RETURN_REGISTRATION WRITE_MESSAGE RESUBMIT_REGISTRATION APPROVE_REGISTRATION WRITE_MESSAGE"
		mails := []string{"your registration has been received", "please complete your registration", "registration successful"}
		for _, who := range []struct {
			name   string
			reads  *person
			story  string
			opened bool // the mails themselves are seen, too
		}{
			{"the customer", me, whole, true},
			{"the administrator", admin, whole, true},
			{"staff who see users", h.employee(t, "users", access.ViewUsers), moves, false},
			{"staff who see users and mails", h.employee(t, "mails", access.ViewUsers, access.ViewMessages), whole, true},
			{"staff who see users and the trail", h.employee(t, "trail", access.ViewUsers, access.ViewEvents), whole, false},
		} {
			got := of(who.reads)
			want(t, who.name+": the story", strings.Join(kinds(got, "node.timeline.nodes"), " "), who.story)
			want(t, who.name+": its length", got.at("node.timeline.totalCount"), any(float64(len(strings.Fields(who.story)))))
			var read []string
			for _, n := range got.at("node.timeline.nodes").([]any) {
				e := n.(map[string]any)
				if e["kind"] != "WRITE_MESSAGE" {
					continue
				}
				want(t, who.name+": what the event says", fmt.Sprintf("%v %v %v %v %v", e["from"], e["to"], e["reason"], e["changes"], e["actor"]), "<nil> KEPT <nil> <nil> map[name:mailer]")
				if mail, ok := e["subject"].(map[string]any); ok {
					want(t, who.name+": the mail", fmt.Sprintf("%v %v", mail["state"], mail["user"]), "KEPT map[id:"+id+"]")
					read = append(read, mail["subject"].(string))
				}
			}
			if !who.opened {
				want(t, who.name+": mails", len(read), 0)
				continue
			}
			if len(read) != len(mails) {
				t.Fatalf("%s: mails %q", who.name, read)
			}
			for i, says := range mails {
				if !strings.Contains(read[i], says) {
					t.Errorf("%s: mail %d says %q, not %q", who.name, i, read[i], says)
				}
			}
		}

		// Another customer has a story of their own, and neither sees that there are others.
		other, _ := h.customer(t, 35)
		want(t, "another's story", strings.Join(kinds(other.ask(`{ viewer { user { `+story+` } } }`), "viewer.user.timeline.nodes"), " "),
			"REGISTER_USER WRITE_MESSAGE APPROVE_REGISTRATION WRITE_MESSAGE")
		mine := of(me)
		event, mail := mine.text("node.timeline.nodes.1.id"), mine.text("node.timeline.nodes.1.subject.id")
		for _, hidden := range []string{id, event, mail} {
			want(t, "what is another's", other.ask(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": hidden}).at("node"), any(nil))
			want(t, "what is mine", me.ask(`query($id: ID!) { node(id: $id) { id } }`, vars{"id": hidden}).text("node.id"), hidden)
		}

		// Staff are written to as well; nobody's story tells of it, and nothing in the trail says what stands in a mail.
		wantFaults(t, admin.act("createStaff", "staff { id }", vars{"name": "李雷", "email": "li@lenddesk.example", "roleIds": []string{}}), "createStaff")
		told := admin.ask(`{ messages { totalCount } events(filter: {kind: ["WRITE_MESSAGE"]}) { totalCount } }`)
		want(t, "mails and their events", fmt.Sprint(told.at("messages.totalCount"), told.at("events.totalCount")), "6 5")
		for _, row := range rowsOf(t, h.store, "SELECT COALESCE(reason, '') || COALESCE(note, '') || COALESCE(CAST(changes AS TEXT), '') || COALESCE(address, '') || COALESCE(request_id, '') FROM events WHERE kind = 'WRITE_MESSAGE'",
			func(scan func(...any) error) (s string, err error) { return s, scan(&s) }) {
			want(t, "an event of a mail", row, "")
		}
	})
}
