package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/alecthomas/kong"

	"lenddesk/demo"
	"lenddesk/gateway/blob"
	"lenddesk/gateway/mail"
	"lenddesk/gateway/outer"
	"lenddesk/gateway/simulator"
	"lenddesk/graph/door"
	"lenddesk/parameter"
	"lenddesk/seal"
)

// settings are what the environment, or a flag, tells the program. All are optional.
type settings struct {
	Addr           string   `env:"LENDDESK_ADDR" default:"127.0.0.1:8080" help:"Where to listen: HOST:PORT."`
	DatabaseURL    string   `name:"database-url" env:"LENDDESK_DATABASE_URL" default:"sqlite:lenddesk.db" help:"sqlite:FILE or postgres://…"`
	AdminEmail     string   `env:"LENDDESK_ADMIN_EMAIL" help:"Address of the first administrator."`
	AdminPassword  string   `env:"LENDDESK_ADMIN_PASSWORD" help:"Password of the first administrator; without it one is made and printed once."`
	Profile        string   `env:"LENDDESK_PROFILE" default:"CN_P2P_2016" help:"Defaults of the parameters of a new book: CN_P2P_2016 or NEUTRAL."`
	BackupURL      string   `name:"backup-url" env:"LENDDESK_BACKUP_URL" help:"Folder of backups: a path or file:///PATH; without it, backups beside the database."`
	SMTPURL        string   `name:"smtp-url" env:"LENDDESK_SMTP_URL" help:"Mail server: smtp://USER:PASSWORD@HOST:PORT or smtps://…; without it mail is kept and not sent."`
	KXDURL         string   `name:"kxd-url" env:"LENDDESK_KXD_URL" help:"KXD, which checks bank cards: http://… or https://…; without it the simulator stands in."`
	KXDSecret      []string `name:"kxd-secret" env:"LENDDESK_KXD_SECRET" help:"Secret that signs what KXD and we say to each other; several, separated by commas, while it is rotated: the first signs, all are believed."`
	KXDMURL        string   `name:"kxdm-url" env:"LENDDESK_KXDM_URL" help:"KXDM, which takes binding payments to the bank: http://… or https://…; without it the simulator stands in."`
	KXDMSecret     []string `name:"kxdm-secret" env:"LENDDESK_KXDM_SECRET" help:"The same for KXDM."`
	FinanceURL     string   `name:"finance-url" env:"LENDDESK_FINANCE_URL" help:"The finance system, which collects from investors and pays borrowers: http://… or https://…; without it the simulator stands in."`
	FinanceSecret  []string `name:"finance-secret" env:"LENDDESK_FINANCE_SECRET" help:"The same for finance."`
	BlobURL        string   `name:"blob-url" env:"LENDDESK_BLOB_URL" help:"Where documents' files are kept, encrypted: a folder (a path or file:///FOLDER); without it one beside the database."`
	Keyset         string   `env:"LENDDESK_KEYSET" help:"Encryption keys: the content of a key file, as it stands or in base64."`
	AllowedOrigins []string `env:"LENDDESK_ALLOWED_ORIGINS" help:"Origins of web pages that may call /graphql, separated by commas."`
	TrustedProxies []string `env:"LENDDESK_TRUSTED_PROXIES" help:"Addresses or ranges (10.0.0.0/8) of proxies whose X-Forwarded-For is believed, separated by commas."`
	WebhookAllow   []string `env:"LENDDESK_WEBHOOK_ALLOW" help:"Ranges of private networks (10.1.0.0/16) into which webhooks may be sent, separated by commas."`
	SlowStatement  string   `name:"slow-statement" env:"LENDDESK_SLOW_STATEMENT" default:"200ms" help:"From how long on a statement to the database is shown as slow (system): 200ms, 1s; 0 shows none."`
	LogLevel       string   `env:"LENDDESK_LOG_LEVEL" default:"info" help:"debug, info, warn or error."`
	Demo           string   `env:"LENDDESK_DEMO" default:"0" help:"1 fills an empty database with a demonstration book."`

	// How the outer systems are waited for, and how the simulator behaves: no settings, for tests are in more of a hurry than people are.
	Outer      outer.Options     `kong:"-"`
	Simulation simulator.Options `kong:"-"`
}

// commands are the program's subcommands; serve is the default.
type commands struct {
	settings

	Serve   struct{} `cmd:"" default:"1" help:"Serve the API and the playground."`
	Migrate struct{} `cmd:"" help:"Bring the database up to date and end."`
	Keys    struct {
		Rotate struct{} `cmd:"" help:"Add a new encryption key to the key file. Servers take it up while they serve."`
	} `cmd:"" help:"Look after the encryption keys."`
	Check struct {
		To string `required:"" placeholder:"URL" help:"Database to try: sqlite:FILE or postgres://…"`
	} `cmd:"" help:"Try a connection to a database before it is used. Nothing in it is changed."`
	Restore struct {
		File string `arg:"" help:"The copy; its manifest (FILE.json) lies beside it."`
		Yes  bool   `help:"Do it. Without this it is only said what would be done."`
	} `cmd:"" help:"Put a backup in the place of the database in LENDDESK_DATABASE_URL. No server may be running."`
	Move struct {
		To string `required:"" placeholder:"URL" help:"An empty PostgreSQL database: postgres://…"`
	} `cmd:"" help:"Carry the SQLite book in LENDDESK_DATABASE_URL to PostgreSQL. No server may be running."`
	Audit struct {
		Verify struct {
			Known []string `help:"Heads from before (NUMBER:SEAL) that must be in the trail." placeholder:"HEAD"`
		} `cmd:"" help:"Walk the trail of events and find out whether any was changed, removed or put in. Prints its head: keep it elsewhere."`
	} `cmd:"" help:"Look after the trail of events."`
	Simulate struct{} `cmd:"" help:"Simulate KXD, KXDM and finance on LENDDESK_ADDR, under the secrets that are set, and do nothing else."`
	Book     struct {
		demo.Big
		Proof bool `help:"Prove every rule of the domain over the whole book afterwards."`
	} `cmd:"" name:"demo" help:"Fill an empty database with a book to measure on, and end. No server may use it meanwhile."`
	Version struct{} `cmd:"" help:"Print the version."`
}

// names are the settings as operators know them.
var names = []string{
	"LENDDESK_ADDR", "LENDDESK_DATABASE_URL", "LENDDESK_ADMIN_EMAIL", "LENDDESK_ADMIN_PASSWORD", "LENDDESK_PROFILE", "LENDDESK_SMTP_URL", "LENDDESK_BLOB_URL", "LENDDESK_KEYSET",
	"LENDDESK_BACKUP_URL",
	"LENDDESK_KXD_URL", "LENDDESK_KXD_SECRET", "LENDDESK_KXDM_URL", "LENDDESK_KXDM_SECRET", "LENDDESK_FINANCE_URL", "LENDDESK_FINANCE_SECRET",
	"LENDDESK_ALLOWED_ORIGINS", "LENDDESK_TRUSTED_PROXIES", "LENDDESK_WEBHOOK_ALLOW", "LENDDESK_SLOW_STATEMENT", "LENDDESK_LOG_LEVEL", "LENDDESK_DEMO",
}

// parse reads arguments and environment. It returns the subcommand.
func parse(args []string) (command string, c commands, err error) {
	parser, err := kong.New(&c, kong.Name("lenddesk"), kong.Description("The customer-relations and order desk of a peer-to-peer lending platform."),
		kong.UsageOnError())
	if err != nil {
		return "", c, err
	}
	parsed, err := parser.Parse(dashed(args))
	if err != nil {
		return "", c, err
	}
	if err := c.check(); err != nil {
		return "", c, err
	}
	switch parsed.Command() {
	case "simulate":
		err = c.checkSimulation()
	case "demo":
		err = c.Book.Check()
	}
	return parsed.Command(), c, err
}

// dashed takes -name for --name, as Go's own programs do. No setting has a name of one letter.
func dashed(args []string) []string {
	args = slices.Clone(args)
	for i, a := range args {
		if a == "--" {
			break
		}
		if len(a) > 2 && a[0] == '-' && a[1] >= 'a' && a[1] <= 'z' {
			args[i] = "-" + a
		}
	}
	return args
}

// checkSimulation finds what the simulator by itself needs and has not.
func (s settings) checkSimulation() error {
	var wrong []error
	for name, secrets := range map[string][]string{
		"LENDDESK_KXD_SECRET": s.KXDSecret, "LENDDESK_KXDM_SECRET": s.KXDMSecret, "LENDDESK_FINANCE_SECRET": s.FinanceSecret,
	} {
		if len(secrets) == 0 {
			wrong = append(wrong, fmt.Errorf("%s must be the secret that the server has, too", name))
		}
	}
	return errors.Join(wrong...)
}

// shortestSecret is how many characters the shortest secret shared with an outer system has.
const shortestSecret = 16

// check finds every setting that cannot be. It names the setting and what is allowed, and echoes nothing: there are secrets among them.
func (s settings) check() error {
	var wrong []error
	refuse := func(name, allowed string) { wrong = append(wrong, fmt.Errorf("%s must be %s", name, allowed)) }
	if _, port, err := net.SplitHostPort(s.Addr); err != nil || port == "" {
		refuse("LENDDESK_ADDR", "HOST:PORT, such as 127.0.0.1:8080 or :8080")
	}
	scheme, rest, _ := strings.Cut(s.DatabaseURL, ":")
	if !slices.Contains([]string{"sqlite", "postgres", "postgresql"}, scheme) || rest == "" {
		refuse("LENDDESK_DATABASE_URL", "sqlite:FILE or postgres://USER:PASSWORD@HOST:PORT/DATABASE")
	}
	if !slices.Contains(parameter.Profiles, parameter.Profile(s.Profile)) {
		refuse("LENDDESK_PROFILE", "CN_P2P_2016 or NEUTRAL")
	}
	if _, err := s.backupFolder(); err != nil {
		refuse("LENDDESK_BACKUP_URL", "the path of a folder, or file:///PATH")
	}
	if s.SMTPURL != "" {
		if _, err := mail.Open(s.SMTPURL); err != nil {
			wrong = append(wrong, fmt.Errorf("LENDDESK_SMTP_URL: %w", err))
		}
	}
	if s.BlobURL != "" {
		if err := blob.Check(s.BlobURL); err != nil {
			wrong = append(wrong, fmt.Errorf("LENDDESK_BLOB_URL: %w", err))
		}
	}
	if s.Keyset != "" {
		if _, err := seal.Parse([]byte(s.Keyset)); err != nil {
			wrong = append(wrong, fmt.Errorf("LENDDESK_KEYSET: %w", err))
		}
	}
	for _, system := range []struct {
		name, url string
		secrets   []string
	}{{"LENDDESK_KXD", s.KXDURL, s.KXDSecret}, {"LENDDESK_KXDM", s.KXDMURL, s.KXDMSecret}, {"LENDDESK_FINANCE", s.FinanceURL, s.FinanceSecret}} {
		if slices.ContainsFunc(system.secrets, func(secret string) bool { return len(secret) < shortestSecret }) || system.url != "" && len(system.secrets) == 0 {
			refuse(system.name+"_SECRET", fmt.Sprintf("one or several phrases of at least %d characters, separated by commas; it is needed with %s_URL", shortestSecret, system.name))
		}
		if _, err := outer.Open(outer.Options{System: system.name + "_URL", URL: system.url, Secrets: []string{"looked at above"}}); system.url != "" && err != nil {
			wrong = append(wrong, err)
		}
	}
	for _, o := range s.AllowedOrigins {
		if u, err := url.Parse(o); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.Path != "" {
			refuse("LENDDESK_ALLOWED_ORIGINS", "origins such as https://www.example.com, separated by commas, each without a path")
			break
		}
	}
	if _, err := door.NewAddresses(s.TrustedProxies); err != nil {
		refuse("LENDDESK_TRUSTED_PROXIES", "addresses or ranges such as 10.0.0.0/8, separated by commas")
	}
	if _, err := s.webhookAllow(); err != nil {
		refuse("LENDDESK_WEBHOOK_ALLOW", "ranges such as 10.1.0.0/16 or fd00::/8, separated by commas")
	}
	if d, err := time.ParseDuration(s.SlowStatement); err != nil || d < 0 {
		refuse("LENDDESK_SLOW_STATEMENT", "a duration such as 200ms or 1s, or 0")
	}
	if _, ok := levels[s.LogLevel]; !ok {
		refuse("LENDDESK_LOG_LEVEL", "debug, info, warn or error")
	}
	if s.Demo != "0" && s.Demo != "1" {
		refuse("LENDDESK_DEMO", "0 or 1")
	}
	return errors.Join(wrong...)
}

var levels = map[string]slog.Level{"debug": slog.LevelDebug, "info": slog.LevelInfo, "warn": slog.LevelWarn, "error": slog.LevelError}

// unknown are variables with our prefix that are no settings: most likely misspelt.
func unknown() []string {
	var strange []string
	for _, v := range os.Environ() {
		name, _, _ := strings.Cut(v, "=")
		if strings.HasPrefix(name, "LENDDESK_") && !slices.Contains(names, name) && !strings.HasPrefix(name, "LENDDESK_TEST_") {
			strange = append(strange, name)
		}
	}
	slices.Sort(strange)
	return strange
}

// keyFile is where the keys of a database lie: beside it, or in the working directory when it is not a file.
func (s settings) keyFile() string {
	path, ok := strings.CutPrefix(s.DatabaseURL, "sqlite:")
	if !ok {
		return "lenddesk.keys"
	}
	return strings.TrimSuffix(path, filepath.Ext(path)) + ".keys"
}

// blobs is where documents' files are kept: as set, or in a folder beside the database, or in the working directory when that is not a file.
func (s settings) blobs() string {
	if s.BlobURL != "" {
		return s.BlobURL
	}
	return strings.TrimSuffix(s.keyFile(), ".keys") + ".files"
}

// backupFolder is where backups go: where the operator says, or beside the database.
func (s settings) backupFolder() (string, error) {
	path := s.BackupURL
	if path == "" {
		return filepath.Abs(filepath.Join(filepath.Dir(s.keyFile()), "backups"))
	}
	if strings.Contains(path, "://") {
		u, err := url.Parse(path)
		if err != nil || u.Scheme != "file" || u.Host != "" || u.Path == "" || u.RawQuery != "" {
			return "", errors.New("no folder")
		}
		path = filepath.FromSlash(u.Path)
	}
	return filepath.Abs(path)
}

// slowStatement is from how long on a statement is slow. It has been checked.
func (s settings) slowStatement() time.Duration {
	d, _ := time.ParseDuration(s.SlowStatement)
	return d
}

// webhookAllow is the private networks into which webhooks may be sent.
func (s settings) webhookAllow() (allowed []netip.Prefix, err error) {
	for _, r := range s.WebhookAllow {
		p, err := netip.ParsePrefix(strings.TrimSpace(r))
		if err != nil {
			return nil, err
		}
		allowed = append(allowed, p.Masked())
	}
	return allowed, nil
}
