package mail

import (
	"context"
	"errors"
	netmail "net/mail"
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	gomail "github.com/wneessen/go-mail"
)

// Sender takes letters to their recipients' mail server.
type Sender interface {
	// Send returns nil once the server has taken the letter over. An error for which IsPermanent is true will be the
	// same the next time. After any other error the letter may even have arrived: it is sent again under the same ID.
	Send(ctx context.Context, letter Letter) error
}

// Letter is one finished mail to one person.
type Letter struct {
	ID      string    // unique per letter and the same at every try: letters, digits, `_`, `-` and inner dots
	From    string    // RFC 5322 address, a display name allowed; its domain names the Message-ID
	To      string    // one RFC 5322 address, a display name allowed
	Subject string    // one line
	Text    string    // plain text, lines ended by \n
	Locale  string    // BCP 47 tag of the language it is written in
	Date    time.Time // when it was written, not when it is sent
}

var (
	idForm     = regexp.MustCompile(`^[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*$`)
	localeForm = regexp.MustCompile(`^[A-Za-z0-9]+(-[A-Za-z0-9]+)*$`)
)

// check says what is wrong with the letter without saying what is in it.
func (l Letter) check() error {
	for _, line := range []struct{ name, value string }{{"From", l.From}, {"To", l.To}, {"Subject", l.Subject}} {
		if !utf8.ValidString(line.value) || strings.ContainsFunc(line.value, unicode.IsControl) {
			return errors.New(line.name + " is not one line of UTF-8")
		}
	}
	switch {
	case !idForm.MatchString(l.ID):
		return errors.New("the ID has other characters than a Message-ID may have")
	case !localeForm.MatchString(l.Locale):
		return errors.New("the locale is not a language tag")
	case !utf8.ValidString(l.Text):
		return errors.New("the text is not UTF-8")
	case l.Date.IsZero():
		return errors.New("the date is missing")
	}
	return nil
}

// message gives the letter its form on the wire.
func (l Letter) message() (*gomail.Msg, error) {
	if err := l.check(); err != nil {
		return nil, err
	}
	from, err := netmail.ParseAddress(l.From)
	if err != nil {
		return nil, errors.New("the sender is not an address")
	}
	to, err := netmail.ParseAddress(l.To)
	if err != nil {
		return nil, errors.New("the recipient is not an address")
	}
	encoding := gomail.EncodingQP
	if !ascii(l.Subject + l.Text) {
		encoding = gomail.EncodingB64
	}
	m := gomail.NewMsg(gomail.WithEncoding(encoding), gomail.WithNoDefaultUserAgent())
	m.FromMailAddress(from)
	m.ToMailAddress(to)
	m.Subject(l.Subject)
	m.SetMessageIDWithValue(l.ID + from.Address[strings.LastIndexByte(from.Address, '@'):])
	m.SetDateWithValue(l.Date)
	m.SetGenHeader("Content-Language", l.Locale)       // RFC 3282
	m.SetGenHeader("Auto-Submitted", "auto-generated") // RFC 3834: no out-of-office answers to us
	m.SetBodyString(gomail.TypeTextPlain, canonical(l.Text))
	return m, nil
}

// canonical ends lines as RFC 2046, 4.1.1 wants them before they are encoded.
func canonical(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, "\r\n", "\n"), "\n", "\r\n")
}

func ascii(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool { return r > unicode.MaxASCII })
}
