package mailtest

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"io"
	"log"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/mail"
	"strings"
	"sync"
	"testing"

	"github.com/emersion/go-sasl"
	"github.com/emersion/go-smtp"
)

// Letter is a letter that the server has taken.
type Letter struct {
	From    string      // envelope sender
	To      []string    // envelope recipients
	UTF8    bool        // sent with SMTPUTF8 (RFC 6531)
	Header  mail.Header // as sent, encoded words undecoded
	Subject string      // decoded
	Text    string      // decoded, lines ended by \n
	Raw     []byte
}

// Config says what kind of server to start. The zero value takes letters from anybody over an open line.
type Config struct {
	TLS            *tls.Config // offers STARTTLS
	Implicit       bool        // TLS from the start instead
	User, Password string      // if set, letters are taken only after AUTH PLAIN with these
}

// Server is a running mail server.
type Server struct {
	config   Config
	listener net.Listener
	arrived  chan struct{} // closed and renewed with each letter

	mu      sync.Mutex
	letters []Letter
	refusal smtp.SMTPError
	refuse  int           // how many recipients are still refused; negative: all
	cut     int           // how many connections are still cut off after DATA
	held    chan struct{} // answers to DATA wait until it is closed
}

// Start runs a server that takes letters from anybody. It stops with the test.
func Start(t testing.TB) *Server {
	t.Helper()
	return StartWith(t, Config{})
}

// StartWith runs a server of this kind. It stops with the test.
func StartWith(t testing.TB, config Config) *Server {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{config: config, listener: listener, arrived: make(chan struct{}), held: make(chan struct{})}
	close(s.held)
	server := smtp.NewServer(smtp.BackendFunc(func(c *smtp.Conn) (smtp.Session, error) {
		return &session{server: s, conn: c}, nil
	}))
	server.Domain = "mail.example"
	server.AllowInsecureAuth = true
	server.EnableSMTPUTF8 = true
	server.ErrorLog = log.New(io.Discard, "", 0)
	if config.Implicit {
		listener = tls.NewListener(listener, config.TLS)
	} else {
		server.TLSConfig = config.TLS
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	t.Cleanup(func() {
		s.Hold()() // let go of answers that are still held
		_ = server.Close()
		_ = listener.Close() // in case the test ended before the server knew of it
		if err := <-served; err != nil && !errors.Is(err, net.ErrClosed) {
			t.Errorf("mail server: %v", err)
		}
	})
	return s
}

// URL is the address for mail.Open of a server without TLS, user and password.
func (s *Server) URL() string { return "smtp://" + s.Addr() + "?starttls=off" }

// Addr is host and port.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Letters is every letter taken so far, in order, including those whose connection was cut off.
func (s *Server) Letters() []Letter {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Letter(nil), s.letters...)
}

// Wait returns all letters as soon as there are n, or an error when ctx ends before.
func (s *Server) Wait(ctx context.Context, n int) ([]Letter, error) {
	for {
		s.mu.Lock()
		letters, arrived := append([]Letter(nil), s.letters...), s.arrived
		s.mu.Unlock()
		if len(letters) >= n {
			return letters, nil
		}
		select {
		case <-arrived:
		case <-ctx.Done():
			return letters, ctx.Err()
		}
	}
}

// RefuseTemporarily answers the next n recipients with 450, as greylisting does (RFC 6647).
func (s *Server) RefuseTemporarily(n int) {
	s.refuseNext(n, smtp.SMTPError{Code: 450, EnhancedCode: smtp.EnhancedCode{4, 7, 1}, Message: "greylisted, try again"})
}

// RefusePermanently answers every recipient with 550 from now on.
func (s *Server) RefusePermanently() {
	s.refuseNext(-1, smtp.SMTPError{Code: 550, EnhancedCode: smtp.EnhancedCode{5, 1, 1}, Message: "no such mailbox"})
}

func (s *Server) refuseNext(n int, with smtp.SMTPError) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse, s.refusal = n, with
}

// CutAfterData takes the next n letters and closes the connection instead of saying so: the sender cannot know.
func (s *Server) CutAfterData(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = n
}

// Hold makes the server slow: letters are taken, and their answers wait until release is called.
func (s *Server) Hold() (release func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-s.held:
		s.held = make(chan struct{})
	default: // held already: the same answers wait
	}
	held := s.held
	return sync.OnceFunc(func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		select {
		case <-held:
		default:
			close(held)
		}
	})
}

func (s *Server) recipient(to string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.refuse == 0 {
		return nil
	}
	if s.refuse > 0 {
		s.refuse--
	}
	refusal := s.refusal
	refusal.Message += ": " + to // real servers repeat the address
	return &refusal
}

// take keeps the letter and says whether to cut the connection, and until when to hold the answer.
func (s *Server) take(l Letter) (cut bool, held <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.letters = append(s.letters, l)
	close(s.arrived)
	s.arrived = make(chan struct{})
	if s.cut > 0 {
		s.cut--
		cut = true
	}
	return cut, s.held
}

type session struct {
	server   *Server
	conn     *smtp.Conn
	from     string
	to       []string
	utf8     bool
	loggedIn bool
}

func (c *session) Reset()        { c.from, c.to, c.utf8 = "", nil, false }
func (c *session) Logout() error { return nil }

func (c *session) AuthMechanisms() []string {
	if c.server.config.User == "" {
		return nil
	}
	return []string{sasl.Plain}
}

func (c *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, password string) error {
		if user != c.server.config.User || password != c.server.config.Password {
			return smtp.ErrAuthFailed
		}
		c.loggedIn = true
		return nil
	}), nil
}

func (c *session) Mail(from string, options *smtp.MailOptions) error {
	if c.server.config.User != "" && !c.loggedIn {
		return &smtp.SMTPError{Code: 530, EnhancedCode: smtp.EnhancedCode{5, 7, 0}, Message: "authentication required"}
	}
	c.from, c.utf8 = from, options.UTF8
	return nil
}

func (c *session) Rcpt(to string, _ *smtp.RcptOptions) error {
	if err := c.server.recipient(to); err != nil {
		return err
	}
	c.to = append(c.to, to)
	return nil
}

func (c *session) Data(r io.Reader) error {
	raw, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	letter, err := read(raw)
	if err != nil {
		return err
	}
	letter.From, letter.To, letter.UTF8 = c.from, c.to, c.utf8
	cut, held := c.server.take(letter)
	<-held
	if cut {
		return c.conn.Conn().Close()
	}
	return nil
}

func read(raw []byte) (Letter, error) {
	m, err := mail.ReadMessage(bytes.NewReader(raw))
	if err != nil {
		return Letter{}, err
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil {
		return Letter{}, err
	}
	body := m.Body
	switch m.Header.Get("Content-Transfer-Encoding") {
	case "base64":
		body = base64.NewDecoder(base64.StdEncoding, body)
	case "quoted-printable":
		body = quotedprintable.NewReader(body)
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return Letter{}, err
	}
	return Letter{Header: m.Header, Subject: subject, Text: strings.ReplaceAll(string(text), "\r\n", "\n"), Raw: raw}, nil
}
