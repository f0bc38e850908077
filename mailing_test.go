package main

import (
	"errors"
	"strings"
	"testing"

	"github.com/riverqueue/river"

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
