package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"net"
	"net/http/httptest"
	netmail "net/mail"
	"strings"
	"testing"
	"time"

	gomail "github.com/wneessen/go-mail"

	"lenddesk/gateway/mail/mailtest"
)

const recipient = "someone@recipient.example"

var written = time.Date(2026, 3, 1, 9, 30, 0, 0, time.FixedZone("", 8*3600))

func letter() Letter {
	return Letter{
		ID: "message_42", From: "Lenddesk 示例 <no-reply@sender.example>", To: recipient, Locale: "zh-CN", Date: written,
		Subject: "【示例平台】注册成功：您的注册申请已通过审核，现在可以登录并使用平台的各项服务，欢迎您",
		Text:    "您好：\n\n恭喜您，注册成功！\n.\n以点开头的行也会原样送达。\n",
	}
}

func open(t *testing.T, address string) *SMTP {
	t.Helper()
	s, err := Open(address)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLetterArrivesIntact(t *testing.T) {
	server := mailtest.Start(t)
	want := letter()
	if err := open(t, server.URL()).Send(t.Context(), want); err != nil {
		t.Fatal(err)
	}
	got := one(t, server)
	if got.Subject != want.Subject {
		t.Errorf("subject %q, want %q", got.Subject, want.Subject)
	}
	if got.Text != want.Text {
		t.Errorf("text %q, want %q", got.Text, want.Text)
	}
	if got.From != "no-reply@sender.example" || len(got.To) != 1 || got.To[0] != recipient {
		t.Errorf("envelope from %q to %q", got.From, got.To)
	}
	if from, err := netmail.ParseAddress(got.Header.Get("From")); err != nil || from.Name != "Lenddesk 示例" {
		t.Errorf("From reads %v, %v", from, err)
	}
	if date, err := got.Header.Date(); err != nil || !date.Equal(written) {
		t.Errorf("Date reads %v, %v, want %v", date, err, written)
	}
	for name, want := range map[string]string{
		"Message-ID":       "<message_42@sender.example>",
		"Content-Language": "zh-CN",
		"Auto-Submitted":   "auto-generated",
	} {
		if got := got.Header.Get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	_, body, _ := strings.Cut(string(got.Raw), "\r\n\r\n")
	encoded := strings.NewReplacer("\r", "", "\n", "").Replace(body)
	if decoded, err := base64.StdEncoding.DecodeString(encoded); err != nil || string(decoded) != strings.ReplaceAll(want.Text, "\n", "\r\n") {
		t.Errorf("lines are not ended as RFC 2046 wants: %q, %v", decoded, err)
	}
	for _, line := range strings.Split(string(got.Raw), "\r\n") {
		if len(line) > 78 {
			t.Errorf("line of %d octets: %s", len(line), line) // RFC 5322, 2.1.1
		}
	}
}

func TestPlainLetterStaysReadable(t *testing.T) {
	server := mailtest.Start(t)
	l := letter()
	l.From, l.Subject, l.Text, l.Locale = "no-reply@sender.example", "Registration successful", "Dear = reader,\n\nwelcome.\n", "en"
	if err := open(t, server.URL()).Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	got := one(t, server)
	if got.Subject != l.Subject || got.Text != l.Text {
		t.Errorf("got %q %q", got.Subject, got.Text)
	}
	if !strings.Contains(string(got.Raw), "\r\nwelcome.\r\n") {
		t.Errorf("text is not readable as it stands:\n%s", got.Raw)
	}
}

func TestGreylistingIsTemporaryAndTheNextTryIsTheSameLetter(t *testing.T) {
	server := mailtest.Start(t)
	server.RefuseTemporarily(1)
	s := open(t, server.URL())
	err := s.Send(t.Context(), letter())
	if err == nil || IsPermanent(err) {
		t.Fatalf("got %v, want a temporary error", err)
	}
	if want := "mail: recipient: 450 4.7.1"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if err := s.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	one(t, server)
}

func TestUnknownMailboxIsPermanent(t *testing.T) {
	server := mailtest.Start(t)
	server.RefusePermanently()
	err := open(t, server.URL()).Send(t.Context(), letter())
	if !IsPermanent(err) {
		t.Errorf("got %v, want a permanent error", err)
	}
	if want := "mail: recipient: 550 5.1.1"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
}

func TestCutConnectionIsTemporaryAndTheRepeatIsRecognisable(t *testing.T) {
	server := mailtest.Start(t)
	server.CutAfterData(1)
	s := open(t, server.URL())
	err := s.Send(t.Context(), letter())
	if err == nil || IsPermanent(err) {
		t.Fatalf("got %v, want a temporary error", err)
	}
	if want := "mail: content: connection lost"; err.Error() != want {
		t.Errorf("got %q, want %q", err, want)
	}
	if err := s.Send(t.Context(), letter()); err != nil {
		t.Fatal(err)
	}
	letters := server.Letters()
	if len(letters) != 2 {
		t.Fatalf("%d letters, want 2", len(letters))
	}
	if a, b := letters[0].Header.Get("Message-ID"), letters[1].Header.Get("Message-ID"); a != b {
		t.Errorf("Message-ID %s, then %s", a, b)
	}
}

func TestDeadlineOfTheContextIsHonoured(t *testing.T) {
	server := mailtest.Start(t)
	release := server.Hold()
	defer release()
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	started := time.Now()
	err := open(t, server.URL()).Send(ctx, letter())
	if !errors.Is(err, context.DeadlineExceeded) || IsPermanent(err) {
		t.Errorf("got %v, want a temporary error of the deadline", err)
	}
	if took := time.Since(started); took > 10*time.Second {
		t.Errorf("took %v", took)
	}
}

func TestCancellingEndsADelivery(t *testing.T) {
	server := mailtest.Start(t)
	release := server.Hold()
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	go func() {
		_, _ = server.Wait(ctx, 1) // the server has the letter and keeps silent
		cancel()
	}()
	if err := open(t, server.URL()).Send(ctx, letter()); !errors.Is(err, context.Canceled) || IsPermanent(err) {
		t.Errorf("got %v, want a temporary error of the cancellation", err)
	}
}

func TestSilentServerIsGivenUpAfterTheTimeout(t *testing.T) {
	mute, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer mute.Close()
	s := open(t, "smtp://"+mute.Addr().String()+"?starttls=off&timeout=1s")
	if err := s.Send(t.Context(), letter()); !errors.Is(err, context.DeadlineExceeded) || IsPermanent(err) {
		t.Errorf("got %v, want a temporary error of the deadline", err)
	}
}

func TestSMTPUTF8IsAskedForOnlyWhenAnAddressNeedsIt(t *testing.T) {
	server := mailtest.Start(t)
	s := open(t, server.URL())
	if err := s.Send(t.Context(), letter()); err != nil { // a Chinese display name is no reason
		t.Fatal(err)
	}
	l := letter()
	l.To = "某人@recipient.example"
	if err := s.Send(t.Context(), l); err != nil {
		t.Fatal(err)
	}
	letters := server.Letters()
	if len(letters) != 2 || letters[0].UTF8 || !letters[1].UTF8 {
		t.Errorf("got %+v", letters)
	}
}

func TestUnreachableServerIsTemporary(t *testing.T) {
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	err = open(t, "smtp://"+gone.Addr().String()+"?starttls=off").Send(t.Context(), letter())
	if err == nil || IsPermanent(err) {
		t.Errorf("got %v, want a temporary error", err)
	}
}

func TestMalformedLettersAreRefusedForGood(t *testing.T) {
	server := mailtest.Start(t)
	s := open(t, server.URL())
	for name, spoil := range map[string]func(*Letter){
		"header in To":      func(l *Letter) { l.To = recipient + "\r\nBcc: other@recipient.example" },
		"newline in To":     func(l *Letter) { l.To = recipient + "\n" },
		"header in Subject": func(l *Letter) { l.Subject = "Hello\r\nBcc: other@recipient.example" },
		"newline alone":     func(l *Letter) { l.Subject = "Hello\nBcc: other@recipient.example" },
		"header in From":    func(l *Letter) { l.From = "a@sender.example\r\nBcc: other@recipient.example" },
		"header in ID":      func(l *Letter) { l.ID = "1>\r\nBcc: other@recipient.example" },
		"header in Locale":  func(l *Letter) { l.Locale = "en\r\nBcc: other@recipient.example" },
		"no recipient":      func(l *Letter) { l.To = "" },
		"no address":        func(l *Letter) { l.To = "someone at recipient.example" },
		"two recipients":    func(l *Letter) { l.To = recipient + ", other@recipient.example" },
		"no sender":         func(l *Letter) { l.From = "" },
		"no ID":             func(l *Letter) { l.ID = "" },
		"no date":           func(l *Letter) { l.Date = time.Time{} },
		"broken text":       func(l *Letter) { l.Text = "\xff" },
	} {
		l := letter()
		spoil(&l)
		err := s.Send(t.Context(), l)
		if !IsPermanent(err) {
			t.Errorf("%s: got %v, want a permanent error", name, err)
		}
		tellsNothing(t, err)
	}
	if n := len(server.Letters()); n != 0 {
		t.Errorf("%d letters went out", n)
	}
}

func TestErrorsTellNothingOfTheLetter(t *testing.T) {
	server := mailtest.Start(t)
	s := open(t, server.URL())
	server.RefuseTemporarily(1)
	tellsNothing(t, s.Send(t.Context(), letter()))
	server.RefusePermanently()
	tellsNothing(t, s.Send(t.Context(), letter()))
	server.RefuseTemporarily(0)
	server.CutAfterData(1)
	tellsNothing(t, s.Send(t.Context(), letter()))
}

func tellsNothing(t *testing.T, err error) {
	t.Helper()
	if err == nil {
		t.Error("no error")
		return
	}
	for e := err; e != nil; e = errors.Unwrap(e) {
		for _, private := range []string{"recipient.example", "someone", "注册", "Hello"} {
			if strings.Contains(e.Error(), private) {
				t.Errorf("the error tells %q: %v", private, e)
			}
		}
	}
}

func TestEncryptedAndWithPassword(t *testing.T) {
	certificates, roots := certificate(t)
	for _, c := range []struct {
		name, scheme, user, query string
		implicit                  bool
	}{
		{"STARTTLS", "smtp", "desk:s%40cret@", "", false},
		{"STARTTLS when there", "smtp", "desk:s%40cret@", "?starttls=opportunistic", false},
		{"TLS from the start", "smtps", "desk:s%40cret@", "", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			server := mailtest.StartWith(t, mailtest.Config{TLS: certificates, Implicit: c.implicit, User: "desk", Password: "s@cret"})
			s := open(t, c.scheme+"://"+c.user+server.Addr()+c.query)
			s.roots = roots
			if err := s.Send(t.Context(), letter()); err != nil {
				t.Fatal(err)
			}
			one(t, server)

			s.roots = nil
			if err := s.Send(t.Context(), letter()); err == nil || IsPermanent(err) {
				t.Errorf("a certificate of nobody we know: got %v, want a temporary error", err)
			}
			s.roots, s.password = roots, "wrong"
			err := s.Send(t.Context(), letter())
			if err == nil || IsPermanent(err) {
				t.Fatalf("a wrong password: got %v, want a temporary error, as the letter is sound", err)
			}
			if want := "mail: not let in: 535"; err.Error() != want {
				t.Errorf("a wrong password: got %q, want %q", err, want)
			}
			s.user, s.password = "", ""
			if err := s.Send(t.Context(), letter()); err == nil || IsPermanent(err) {
				t.Errorf("no password: got %v, want a temporary error", err)
			}
			one(t, server)
		})
	}
}

func TestNothingIsSentOpenlyWhenEncryptionIsRequired(t *testing.T) {
	server := mailtest.Start(t)
	if err := open(t, "smtp://"+server.Addr()).Send(t.Context(), letter()); err == nil || IsPermanent(err) {
		t.Errorf("got %v, want a temporary error", err)
	}
	if n := len(server.Letters()); n != 0 {
		t.Errorf("%d letters went out", n)
	}
}

func TestOpen(t *testing.T) {
	for address, want := range map[string]SMTP{
		"smtp://mail.example":                                {host: "mail.example", port: 587, startTLS: gomail.TLSMandatory, timeout: time.Minute},
		"smtp://mail.example:25?starttls=off":                {host: "mail.example", port: 25, startTLS: gomail.NoTLS, timeout: time.Minute},
		"smtp://mail.example/?starttls=opportunistic":        {host: "mail.example", port: 587, startTLS: gomail.TLSOpportunistic, timeout: time.Minute},
		"smtp://u:p%3Ass@mail.example:2525?timeout=10s":      {host: "mail.example", port: 2525, user: "u", password: "p:ss", startTLS: gomail.TLSMandatory, timeout: 10 * time.Second},
		"smtps://me%40mail.example:p@mail.example":           {host: "mail.example", port: 465, user: "me@mail.example", password: "p", implicitTLS: true, startTLS: gomail.TLSMandatory, timeout: time.Minute},
		"smtp://u:p@[::1]:1025?starttls=off&timeout=1s":      {host: "::1", port: 1025, user: "u", password: "p", startTLS: gomail.NoTLS, timeout: time.Second},
		"smtp://mail.example?starttls=required&timeout=600s": {host: "mail.example", port: 587, startTLS: gomail.TLSMandatory, timeout: 10 * time.Minute},
	} {
		if got := *open(t, address); got != want {
			t.Errorf("%s gives %+v, want %+v", address, got, want)
		}
	}
}

func TestOpenRefusesSayingWhatIsAllowedAndNoPassword(t *testing.T) {
	for _, address := range []string{
		"",
		"mail.example:587",
		"http://u:hunter2@mail.example",
		"smtp://",
		"smtp://u:hunter2@",
		"smtp://u:hunter2@mail.example:0",
		"smtp://u:hunter2@mail.example:65536",
		"smtp://u:hunter2@mail.example:smtp",
		"smtp://u:hunter2%zz@mail.example",
		"smtp://u:#hunter2@mail.example",
		"smtp://u:?hunter2@mail.example",
		"smtp://u:/hunter2@mail.example",
		"smtp://u:x#hunter2@mail.example",
		"smtp://hunter2@mail.example",
		"smtp://:hunter2@mail.example",
		"smtp://u:hunter2@mail.example/inbox",
		"smtp://u:hunter2@mail.example?starttls=no",
		"smtp://u:hunter2@mail.example?starttls=off",
		"smtp://u:hunter2@mail.example?timeout=0s",
		"smtp://u:hunter2@mail.example?timeout=1h",
		"smtp://u:hunter2@mail.example?timeout=ten",
		"smtp://u:hunter2@mail.example?timeout=5s&timeout=6s",
		"smtp://u:hunter2@mail.example?tls=on",
		"smtp://u:hunter2@mail.example?%zz",
		"smtps://u:hunter2@mail.example?starttls=required",
	} {
		s, err := Open(address)
		if err == nil {
			t.Errorf("%q was taken: %+v", address, s)
			continue
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the error tells the password: %v", address, err)
		}
		if !strings.Contains(err.Error(), "smtp://") || !strings.Contains(err.Error(), "smtps://") {
			t.Errorf("%q: the error does not say what is allowed: %v", address, err)
		}
	}
}

func one(t *testing.T, server *mailtest.Server) mailtest.Letter {
	t.Helper()
	letters := server.Letters()
	if len(letters) != 1 {
		t.Fatalf("%d letters arrived, want 1", len(letters))
	}
	return letters[0]
}

// certificate is that of net/http's own tests, good for 127.0.0.1.
func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	server := httptest.NewTLSServer(nil)
	defer server.Close()
	roots := x509.NewCertPool()
	roots.AddCert(server.Certificate())
	return &tls.Config{Certificates: server.TLS.Certificates, MinVersion: tls.VersionTLS12}, roots
}
