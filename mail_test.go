package main

import (
	"strings"
	"testing"

	"lenddesk/gateway/mail/mailtest"
)

func TestEachMailArrivesOnceInTheReadersLanguage(t *testing.T) {
	withMail(t, direct, func(t *testing.T, h *house, sink *mailtest.Server) {
		form := applicant(70)
		form["locale"] = "zh-CN"
		id := h.register(t, form)
		h.allSent(t, sink, 1)
		h.administrator(t).do("approveRegistration", vars{"userId": id})
		h.allSent(t, sink, 2)
		letters := sink.Letters()
		want(t, "letters", len(letters), 2)
		want(t, "to", letters[1].To[0], form["email"].(string))
		if !strings.Contains(letters[1].Text, "注册成功") {
			t.Errorf("the welcome mail says %s", letters[1].Text)
		}
	})
}

func TestARefusedMailIsTriedAgainAndOneRefusedForGoodIsNot(t *testing.T) {
	withMail(t, direct, func(t *testing.T, h *house, sink *mailtest.Server) {
		sink.RefuseTemporarily(1) // greylisting
		h.register(t, applicant(71))
		h.allSent(t, sink, 1)
		want(t, "letters", len(sink.Letters()), 1)
		sink.RefusePermanently()
		h.register(t, applicant(72))
		until(t, "the second is noted as failed", func() bool { return h.states(t)["FAILED"] == 1 })
	})
}
