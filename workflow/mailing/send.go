package mailing

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/riverqueue/river"

	"lenddesk/ent"
	"lenddesk/ent/message"
	"lenddesk/gateway/mail"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/workflow"
)

// SendMessage is the job of sending one message.
type SendMessage struct {
	Message int64       `json:"message"`
	Token   seal.Sealed `json:"token,omitempty"` // of the mail's Link, if it has one
}

// Kind names the job in the queue.
func (SendMessage) Kind() string { return "send_message" }

// waiting is how long a mail waits before it is looked whether there is a mail server now.
const waiting = time.Minute

// Sender sends what is queued. Without a mail server, what was queued when there was one waits.
type Sender struct {
	river.WorkerDefaults[SendMessage]
	Desk *workflow.Desk
	Mail mail.Sender // nil when no mail server is set
}

// Work sends a message, unless it has been. A refusal for good makes it FAILED; any other failure is tried again later.
func (w *Sender) Work(ctx context.Context, job *river.Job[SendMessage]) error {
	if w.Mail == nil {
		return river.JobSnooze(waiting)
	}
	var m *ent.Message
	var from string
	err := w.Desk.Store.InTx(ctx, func(ctx context.Context, tx *store.Tx) (err error) {
		values, err := w.Desk.Parameters(ctx, tx)
		if err != nil {
			return err
		}
		from = values.Text(parameter.MailSender)
		m, err = tx.Message.Get(ctx, key.Message(job.Args.Message))
		return err
	})
	if err != nil {
		return fmt.Errorf("read message: %w", err)
	}
	if m.State != message.StateQueued {
		return nil
	}
	words := m.Text
	if job.Args.Token != nil {
		token, err := w.Desk.Keys.Open(linkToken, job.Args.Token)
		if err != nil {
			return fmt.Errorf("open the mail's link: %w", err)
		}
		words = strings.ReplaceAll(words, hidden, token)
	}
	sending := w.Mail.Send(ctx, mail.Letter{
		ID: w.Desk.IDs.Encode(key.KindMessage, int64(m.ID)), From: from, To: m.To, Subject: m.Subject, Text: words, Locale: m.Locale, Date: m.CreatedAt,
	})
	state := message.StateSent
	switch {
	case sending == nil:
	case mail.IsPermanent(sending) || job.Attempt >= job.MaxAttempts:
		state = message.StateFailed
	default:
		state = message.StateQueued
	}
	// What happened is noted even when the request to stop came in between.
	err = w.Desk.Store.InTx(context.WithoutCancel(ctx), func(ctx context.Context, tx *store.Tx) error {
		noted := tx.Message.Update().Where(message.ID(m.ID), message.StateEQ(message.StateQueued)).SetState(state).AddAttempts(1)
		if state == message.StateSent {
			noted.SetSentAt(lifecycle.Now())
		}
		return noted.Exec(ctx)
	})
	if err != nil {
		return fmt.Errorf("note the sending: %w", err)
	}
	if state == message.StateQueued {
		return fmt.Errorf("send message: %w", sending)
	}
	return nil
}
