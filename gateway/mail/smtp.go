package mail

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// defaultTimeout bounds one delivery. Servers that scan a letter answer late, and giving up after they have it means
// sending it twice.
const (
	defaultTimeout = time.Minute
	shortestWait   = time.Second
	longestWait    = 10 * time.Minute // RFC 5321, 4.5.3.2.6
)

// SMTP is a Sender over SMTP, one connection a letter. It may be used concurrently.
type SMTP struct {
	host           string
	port           int
	user, password string
	implicitTLS    bool
	startTLS       gomail.TLSPolicy
	timeout        time.Duration
	roots          *x509.CertPool // nil: the machine's own
}

const form = "wanted: smtp://[user:password@]host[:587][?starttls=required|opportunistic|off&timeout=60s] " +
	"or smtps://[user:password@]host[:465][?timeout=60s], " +
	"with special characters of user and password percent-encoded"

// Open reads the address of a mail server:
//
//	smtp://user:password@host:587?starttls=required|opportunistic|off&timeout=60s
//	smtps://user:password@host:465?timeout=60s
//
// smtp means STARTTLS (RFC 3207), required unless said otherwise; smtps means TLS from the start (RFC 8314). User and
// password come together or not at all, and never go over an open line to another machine. The timeout, from 1s to
// 10m, bounds one whole delivery. Nothing is dialled yet. An error says what is allowed and repeats nothing of what
// was given, as there may be a password in it.
func Open(address string) (*SMTP, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, refuse("it cannot be read")
	}
	s := &SMTP{host: u.Hostname(), timeout: defaultTimeout, startTLS: gomail.TLSMandatory}
	switch u.Scheme {
	case "smtp":
		s.port = 587
	case "smtps":
		s.port, s.implicitTLS = 465, true
	default:
		return nil, refuse("the scheme is neither smtp nor smtps")
	}
	if s.host == "" {
		return nil, refuse("the host is missing")
	}
	if u.Opaque != "" || u.Fragment != "" || (u.Path != "" && u.Path != "/") {
		return nil, refuse("there is more than host, port and options")
	}
	if p := u.Port(); p != "" {
		if s.port, err = strconv.Atoi(p); err != nil || s.port < 1 || s.port > 65535 {
			return nil, refuse("the port is not between 1 and 65535")
		}
	}
	s.user = u.User.Username()
	s.password, _ = u.User.Password()
	if (s.user == "") != (s.password == "") {
		return nil, refuse("user and password come together")
	}
	if err := s.options(u.RawQuery); err != nil {
		return nil, err
	}
	if s.user != "" && !s.implicitTLS && s.startTLS == gomail.NoTLS && !loopback(s.host) {
		return nil, refuse("with starttls=off the password would be readable on the way")
	}
	return s, nil
}

func (s *SMTP) options(query string) error {
	options, err := url.ParseQuery(query)
	if err != nil {
		return refuse("the options cannot be read")
	}
	for name, values := range options {
		switch {
		case len(values) != 1:
			return refuse("an option is given twice")
		case name == "timeout":
			s.timeout, err = time.ParseDuration(values[0])
			if err != nil || s.timeout < shortestWait || s.timeout > longestWait {
				return refuse("timeout is not a duration from 1s to 10m")
			}
		case name == "starttls" && !s.implicitTLS:
			policy, known := policies[values[0]]
			if !known {
				return refuse("starttls is none of required, opportunistic, off")
			}
			s.startTLS = policy
		default:
			return refuse("there is an option that is not known here")
		}
	}
	return nil
}

// policies are the values of starttls.
var policies = map[string]gomail.TLSPolicy{
	"required":      gomail.TLSMandatory,
	"opportunistic": gomail.TLSOpportunistic,
	"off":           gomail.NoTLS,
}

func refuse(why string) error { return fmt.Errorf("address of the mail server: %s; %s", why, form) }

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

// Send hands the letter over, as Sender says. It ends when ctx does, and no later than the timeout of Open. The
// errors match context.DeadlineExceeded and context.Canceled where these were the reason.
func (s *SMTP) Send(ctx context.Context, letter Letter) error {
	message, err := letter.message()
	if err != nil {
		return &failure{step: "malformed letter", permanent: true, cause: err}
	}
	ctx, hangUp := context.WithTimeout(ctx, s.timeout)
	defer hangUp()
	conn, err := s.dial(ctx)
	if err != nil {
		return notLetIn(ctx, err)
	}
	client, err := s.client(conn, !ascii(message.GetFrom()[0].Address+message.GetTo()[0].Address))
	if err != nil {
		return notLetIn(ctx, err)
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return notLetIn(ctx, err)
	}
	err = client.SendWithSMTPClient(session, message)
	if message.IsDelivered() {
		err = nil
	} else {
		err = notTaken(ctx, err)
	}
	_ = client.CloseWithSMTPClient(session) // the letter's fate is decided: a rude goodbye changes nothing
	return err
}

// dial opens a connection that lives as long as ctx. go-mail would bound each command by itself and leave the
// connection open when the greeting fails.
func (s *SMTP) dial(ctx context.Context) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", net.JoinHostPort(s.host, strconv.Itoa(s.port)))
	if err != nil {
		return nil, err
	}
	context.AfterFunc(ctx, func() { _ = conn.Close() })
	if !s.implicitTLS {
		return conn, nil
	}
	encrypted := tls.Client(conn, s.tls())
	return encrypted, encrypted.HandshakeContext(ctx)
}

func (s *SMTP) tls() *tls.Config {
	return &tls.Config{ServerName: s.host, RootCAs: s.roots, MinVersion: tls.VersionTLS12}
}

func (s *SMTP) client(conn net.Conn, utf8Addresses bool) (*gomail.Client, error) {
	const beyond = 2 // times the timeout: the context of the delivery is to end it, so that the error says why
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(beyond * s.timeout), gomail.WithTLSConfig(s.tls()), gomail.WithoutNoop(), gomail.WithoutRset(),
		gomail.WithDialContextFunc(func(context.Context, string, string) (net.Conn, error) { return conn, nil }),
	}
	if s.implicitTLS {
		options = append(options, gomail.WithSSL())
	} else {
		options = append(options, gomail.WithTLSPolicy(s.startTLS))
	}
	if s.user != "" {
		options = append(options, gomail.WithUsername(s.user), gomail.WithPassword(s.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthSCRAMSHA256, gomail.SMTPAuthPlain, gomail.SMTPAuthLogin, gomail.SMTPAuthCramMD5))
	}
	if !utf8Addresses {
		// Asking for SMTPUTF8 (RFC 6531) without need would make relays without it bounce the letter.
		options = append(options, gomail.WithoutSMTPUTF8())
	}
	return gomail.NewClient(s.host, options...)
}
