// Command lenddesk is the customer-relations and order desk of a peer-to-peer lending platform: one GraphQL API server, its playground, and its
// database inside. `lenddesk` serves; `lenddesk --help` has the rest.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"os/signal"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/99designs/gqlgen/graphql"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/rs/cors"

	"lenddesk/access"
	"lenddesk/console"
	"lenddesk/demo"
	"lenddesk/downloads"
	"lenddesk/fault"
	"lenddesk/gateway/blob"
	"lenddesk/gateway/mail"
	"lenddesk/gateway/webhook"
	"lenddesk/graph"
	"lenddesk/graph/door"
	"lenddesk/hooks"
	"lenddesk/jobs"
	"lenddesk/key"
	"lenddesk/lifecycle"
	"lenddesk/live"
	"lenddesk/parameter"
	"lenddesk/reading"
	"lenddesk/store"
	"lenddesk/workflow"
	"lenddesk/workflow/administration"
	"lenddesk/workflow/audit"
	"lenddesk/workflow/authentication"
	"lenddesk/workflow/binding"
	"lenddesk/workflow/companies"
	"lenddesk/workflow/customers"
	"lenddesk/workflow/integration"
	"lenddesk/workflow/mailing"
	"lenddesk/workflow/marketplace"
	"lenddesk/workflow/origination"
	"lenddesk/workflow/privacy"
	"lenddesk/workflow/registration"
	"lenddesk/workflow/reviewing"
	"lenddesk/workflow/servicing"
	"lenddesk/workflow/transfer"
)

// version is set by the linker; else it is the commit that the program was built from.
var version string

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "lenddesk:", err)
		os.Exit(1)
	}
}

// run does what the arguments ask, until ctx ends.
func run(ctx context.Context, args []string, out, logs io.Writer) error {
	command, asked, err := parse(args)
	if err != nil {
		return err
	}
	if command == "version" {
		_, err := fmt.Fprintln(out, Version())
		return err
	}
	s := asked.settings
	log := slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: levels[s.LogLevel]}))
	slog.SetDefault(log)
	for _, name := range unknown() {
		log.Warn("this setting is not known and does nothing", "name", name)
	}
	switch command {
	case "migrate":
		return migrate(ctx, s, log)
	case "check":
		return checkDatabase(ctx, asked.Check.To, out)
	case "restore <file>":
		return restore(ctx, s, asked.Restore.File, asked.Restore.Yes, out)
	case "audit verify":
		return verifyTrail(ctx, s, asked.Audit.Verify.Known, out)
	case "move":
		return move(ctx, s, asked.Move.To, out)
	case "keys rotate":
		return rotate(s, out)
	case "simulate":
		return simulateAlone(ctx, s, log)
	case "demo":
		return fillBook(ctx, s, asked.Book.Big, asked.Book.Proof, out, logs, log)
	}
	p, err := open(ctx, s, out, log)
	if err != nil {
		return err
	}
	<-ctx.Done()
	return p.close()
}

// Version names the build.
func Version() string {
	if version != "" {
		return version
	}
	if info, ok := debug.ReadBuildInfo(); ok {
		for _, setting := range info.Settings {
			if setting.Key == "vcs.revision" {
				return setting.Value
			}
		}
	}
	return "development"
}

func migrate(ctx context.Context, s settings, log *slog.Logger) error {
	st, err := store.Open(ctx, s.DatabaseURL)
	if err != nil {
		return err
	}
	defer st.Close()
	if err := st.Migrate(ctx); err != nil {
		return err
	}
	current, _, err := st.Migration(ctx)
	log.Info("the database is up to date", "migration", current)
	return err
}

// fillBook fills an empty database with a book to measure on. It tells how far it is where the logs go.
func fillBook(ctx context.Context, s settings, o demo.Big, proof bool, out, progress io.Writer, log *slog.Logger) (err error) {
	p := &program{log: log}
	if p.store, err = store.Open(ctx, s.DatabaseURL); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, p.store.Close()) }()
	if err := p.store.Migrate(ctx); err != nil {
		return err
	}
	if p.desk, err = p.openDesk(ctx, s); err != nil {
		return err
	}
	s.Demo = "0"
	if err := p.furnish(ctx, s, out); err != nil {
		return err
	}
	if err := demo.FillBig(ctx, p.desk, o, progress); err != nil {
		return err
	}
	if _, err := fmt.Fprintf(out, "Every customer and employee of the book signs in with the password %s\n", demo.Password); err != nil {
		return err
	}
	if !proof {
		return nil
	}
	if err := p.store.InTx(ctx, demo.Check); err != nil {
		return fmt.Errorf("the book breaks rules: %w", err)
	}
	_, err = fmt.Fprintln(out, "Every rule of the domain holds in it.")
	return err
}

// program is a running lenddesk.
type program struct {
	log       *slog.Logger
	store     *store.Store
	queue     *jobs.Queue
	reader    *reading.Reader
	desk      *workflow.Desk
	keyUse    *administration.KeyUse
	streams   *door.Streams
	borrowers *origination.Office // there is one of it: it has the files
	carriers  *transfer.Office
	private   *privacy.Office
	hooked    *integration.Office
	copies    administration.Copies
	news      live.Hub // woken when events have got their place
	outside   outside
	listener  net.Listener
	server    *http.Server
	address   string
	stop      context.CancelFunc // ends what goes on beside requests and jobs
	beside    sync.WaitGroup
	draining  atomic.Bool
	active    atomic.Int64 // requests accepted and not yet answered
	served    chan error
}

// drain is how long accepted requests and running jobs have after SIGTERM. It is longer than a request's own deadline.
const drain = 40 * time.Second

// open wires the program and starts serving.
func open(ctx context.Context, s settings, out io.Writer, log *slog.Logger) (_ *program, err error) {
	p := &program{log: log, served: make(chan error, 1)}
	addresses, err := door.NewAddresses(s.TrustedProxies)
	if err != nil {
		return nil, err
	}
	if p.store, err = store.Open(ctx, s.DatabaseURL); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, p.store.Close())
		}
	}()
	if err := p.store.Migrate(ctx); err != nil {
		return nil, err
	}
	p.store.NoteSlow(s.slowStatement())
	p.store.Client().Use(lifecycle.Lock())
	if p.desk, err = p.openDesk(ctx, s); err != nil {
		return nil, err
	}
	files, err := blob.Open(s.blobs())
	if err != nil {
		return nil, fmt.Errorf("LENDDESK_BLOB_URL: %w", err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, files.Close())
		}
	}()
	p.borrowers = &origination.Office{Desk: p.desk, Files: files}
	p.carriers, p.private = &transfer.Office{Desk: p.desk, Files: files}, &privacy.Office{Desk: p.desk, Files: files}
	folder, err := s.backupFolder()
	if err != nil {
		return nil, err
	}
	p.copies = administration.Copies{Database: s.DatabaseURL, Folder: folder}
	if err := p.furnish(ctx, s, out); err != nil {
		return nil, err
	}
	if p.listener, err = net.Listen("tcp", s.Addr); err != nil {
		return nil, fmt.Errorf("listen (LENDDESK_ADDR): %w", err)
	}
	p.address = p.listener.Addr().String()
	defer func() {
		if err != nil {
			p.outside.close()
			err = errors.Join(err, p.listener.Close())
		}
	}()
	if err := p.openOutside(ctx, s); err != nil {
		return nil, err
	}
	allowed, err := s.webhookAllow()
	if err != nil {
		return nil, err
	}
	p.hooked = &integration.Office{Desk: p.desk, Sender: webhook.New(allowed...)}
	if err := p.work(ctx, s); err != nil {
		return nil, err
	}
	p.serve(s, addresses)
	aside, stop := context.WithCancel(context.WithoutCancel(ctx))
	p.stop = stop
	p.beside.Go(func() { p.followKeys(aside) })
	p.beside.Go(func() { p.keyUse.Run(aside) })
	scribe := &audit.Scribe{Desk: p.desk, Log: log, Follow: p.hooked.Follow, Told: p.news.Wake}
	p.beside.Go(func() { scribe.Run(aside) })
	if p.store.Pgx() != nil {
		p.beside.Go(func() { live.Listen(aside, p.listen, audit.Channel, &p.news, log) })
	}
	return p, nil
}

// openDesk makes what the offices work with.
func (p *program) openDesk(ctx context.Context, s settings) (*workflow.Desk, error) {
	keys, err := openKeys(ctx, p.store, s)
	if err != nil {
		return nil, err
	}
	ids, err := key.NewCodec(keys.IDs())
	if err != nil {
		return nil, err
	}
	passwords, err := workflow.NewPasswords()
	if err != nil {
		return nil, err
	}
	if p.queue, err = jobs.New(p.store, p.log); err != nil {
		return nil, err
	}
	return &workflow.Desk{Store: p.store, Queue: p.queue, Keys: keys, IDs: ids, Passwords: passwords, Mails: s.SMTPURL != ""}, nil
}

// furnish prepares an empty database, and tells the first administrator's password this once.
func (p *program) furnish(ctx context.Context, s settings, out io.Writer) error {
	office := &administration.Office{Desk: p.desk}
	email, password, err := office.Install(ctx, administration.First{Email: s.AdminEmail, Password: s.AdminPassword, Profile: parameter.Profile(s.Profile)})
	if err != nil {
		return fmt.Errorf("prepare the database: %w", err)
	}
	if password != "" {
		if _, err := fmt.Fprintf(out, "The first administrator is %s, with the password %s\nIt is shown this once: change it after signing in.\n", email, password); err != nil {
			return err
		}
	}
	if s.Demo != "1" {
		return nil
	}
	filled, err := demo.Fill(ctx, p.desk)
	if err != nil {
		return fmt.Errorf("fill the database with a demonstration book: %w", err)
	}
	p.log.Info("demonstration book", "filled", filled)
	return nil
}

// work starts the jobs.
func (p *program) work(ctx context.Context, s settings) error {
	workers := river.NewWorkers()
	sender := &mailing.Sender{Desk: p.desk}
	if s.SMTPURL != "" {
		server, err := mail.Open(s.SMTPURL)
		if err != nil {
			return err
		}
		sender.Mail = server
	}
	river.AddWorker(workers, sender)
	river.AddWorker(workers, &authentication.ResetMailer{Office: &authentication.Office{Desk: p.desk}})
	cards := &binding.Office{Desk: p.desk}
	river.AddWorker(workers, &binding.Asker{Office: cards, KXD: p.outside.kxd, KXDM: p.outside.kxdm})
	river.AddWorker(workers, &binding.Reminder{Office: cards})
	river.AddWorker(workers, &origination.Sweeper{Office: p.borrowers})
	river.AddWorker(workers, &origination.Expirer{Office: p.borrowers})
	river.AddWorker(workers, &customers.DueReminder{Office: &customers.Office{Desk: p.desk}})
	office, copies := &administration.Office{Desk: p.desk}, p.copies
	river.AddWorker(workers, &administration.Copier{Office: office, Copies: copies})
	river.AddWorker(workers, &administration.Checker{Office: office, Copies: copies})
	river.AddWorker(workers, &administration.Keeper{Office: office, Copies: copies})
	loans := &servicing.Office{Desk: p.desk}
	river.AddWorker(workers, &servicing.DayEnder{Office: loans})
	river.AddWorker(workers, &servicing.Teller{Office: loans, Finance: p.outside.finance})
	river.AddWorker(workers, &servicing.Reminder{Office: loans})
	river.AddWorker(workers, &integration.Courier{Office: p.hooked})
	river.AddWorker(workers, &marketplace.Closer{Office: &marketplace.Office{Desk: p.desk}})
	river.AddWorker(workers, &transfer.Maker{Office: p.carriers})
	river.AddWorker(workers, &transfer.Reader{Office: p.carriers})
	river.AddWorker(workers, &transfer.Expirer{Office: p.carriers})
	river.AddWorker(workers, &privacy.Scrubber{Office: p.private})
	river.AddWorker(workers, &administration.Cleaner{Office: office})
	river.AddWorker(workers, &administration.Resealer{Office: office})
	return p.queue.Start(context.WithoutCancel(ctx), jobs.Work{Workers: workers, Periodic: []*river.PeriodicJob{
		river.NewPeriodicJob(river.PeriodicInterval(10*time.Minute), func() (river.JobArgs, *river.InsertOpts) { return administration.CleanUp{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true}),
		// Also by the clock: after a start under new keys, and for what a server sealed that was late to take a key up.
		river.NewPeriodicJob(river.PeriodicInterval(time.Hour), func() (river.JobArgs, *river.InsertOpts) { return administration.Reseal{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(5*time.Minute), func() (river.JobArgs, *river.InsertOpts) { return administration.KeepCopies{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(time.Hour), func() (river.JobArgs, *river.InsertOpts) { return origination.Sweep{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(time.Hour), func() (river.JobArgs, *river.InsertOpts) { return transfer.ExpireExports{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(time.Hour), func() (river.JobArgs, *river.InsertOpts) { return origination.Expire{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(15*time.Second), func() (river.JobArgs, *river.InsertOpts) { return binding.AskAgain{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(10*time.Minute), func() (river.JobArgs, *river.InsertOpts) { return servicing.EndDay{}, nil }, nil),
		river.NewPeriodicJob(river.PeriodicInterval(15*time.Second), func() (river.JobArgs, *river.InsertOpts) { return servicing.AskAgain{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(15*time.Second), func() (river.JobArgs, *river.InsertOpts) { return marketplace.CloseListings{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true}),
		river.NewPeriodicJob(river.PeriodicInterval(30*time.Second), func() (river.JobArgs, *river.InsertOpts) { return customers.RemindOfDue{}, nil },
			&river.PeriodicJobOpts{RunOnStart: true}),
	}})
}

// listen makes a connection of its own to PostgreSQL.
func (p *program) listen(ctx context.Context) (*pgx.Conn, error) {
	return pgx.ConnectConfig(ctx, p.store.Pgx().Config().ConnConfig)
}

// serve answers whoever comes.
func (p *program) serve(s settings, addresses *door.Addresses) {
	p.keyUse = administration.NewKeyUse(&administration.Office{Desk: p.desk}, p.log)
	resolver := &graph.Resolver{
		Authentication: &authentication.Office{Desk: p.desk}, Registration: &registration.Office{Desk: p.desk}, Customers: &customers.Office{Desk: p.desk},
		Administration: &administration.Office{Desk: p.desk}, Companies: &companies.Office{Desk: p.desk}, Binding: &binding.Office{Desk: p.desk},
		Integration: p.hooked, Marketplace: &marketplace.Office{Desk: p.desk}, Servicing: &servicing.Office{Desk: p.desk},
		Origination: p.borrowers, Reviewing: &reviewing.Office{Desk: p.desk}, Privacy: p.private, Transfer: p.carriers,
		Desk: p.desk, News: &p.news, Version: Version(), Simulator: p.outside.cards(),
	}
	schema := graph.Schema(resolver)
	p.reader = reading.New(p.store, p.desk.Keys, p.desk.IDs, schema.Schema())
	resolver.Reading = p.reader
	entering := graph.Entering{Store: p.store, Known: access.NewKnown(p.store), IDs: p.desk.IDs, Addresses: addresses, Used: p.keyUse.Used}
	p.streams = graph.Streams(entering)
	p.streams.Log, p.streams.Origins = p.log, s.AllowedOrigins
	p.reader.HasCopy = p.copies.Has
	p.carriers.Ask = graph.Asking(schema, p.reader)
	answering := door.New(schema, door.Options{
		Log: p.log, Introspection: true, Database: databaseFault,
		Transports: []graphql.Transport{door.Socket{Streams: p.streams}, door.EventStream{Streams: p.streams}, door.Multipart{Limits: door.DefaultLimits, SignedIn: func(ctx context.Context) bool { return access.From(ctx).Somebody() }}},
	})
	answering.AroundResponses(func(ctx context.Context, next graphql.ResponseHandler) *graphql.Response {
		ctx, end := p.reader.Sit(ctx)
		defer end()
		return next(ctx)
	})
	var api http.Handler = graph.Entrance(entering, p.broken, answering)
	if len(s.AllowedOrigins) > 0 {
		api = cors.New(cors.Options{
			AllowedOrigins: s.AllowedOrigins, AllowedMethods: []string{http.MethodGet, http.MethodPost},
			AllowedHeaders: []string{"Authorization", "Content-Type", "Last-Event-ID", "X-Request-Id"}, ExposedHeaders: []string{"X-Request-Id"}, MaxAge: 600,
		}).Handler(api)
	}
	mux := http.NewServeMux()
	mux.Handle("/graphql", api)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "alive") })
	mux.HandleFunc("GET /readyz", p.ready)
	mux.Handle("/hooks/", hooks.Handler(hooks.Options{
		Log: p.log, Cards: &binding.Office{Desk: p.desk}, Loans: &servicing.Office{Desk: p.desk},
		KXD: p.outside.signed.kxd, KXDM: p.outside.signed.kxdm, Finance: p.outside.signed.finance,
	}))
	for kind, open := range map[key.Kind]downloads.Open{
		key.KindDocument: p.borrowers.Download, key.KindExport: p.carriers.Download, key.KindBackup: (&administration.Shelf{Desk: p.desk, Copies: p.copies}).Download,
	} {
		mux.Handle(access.Downloads[kind], downloads.Handler(open, func(r *http.Request) access.Viewer {
			return access.Viewer{Address: addresses.Of(r), RequestID: door.RequestIDOf(r.Context())}
		}, p.log))
	}
	mux.Handle("/", console.Handler())
	p.server = &http.Server{
		Handler:           p.counted(door.RequestID(door.AccessLog(p.log, door.PanicGuard(p.log, mux)))),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(p.log.Handler(), slog.LevelWarn),
	}
	p.log.Info("serving", "playground", "http://"+p.address+"/", "graphql", "http://"+p.address+"/graphql", "database", p.store.Dialect())
	go func() { p.served <- p.server.Serve(p.listener) }()
}

// counted keeps count of the requests under way.
func (p *program) counted(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.active.Add(1)
		defer p.active.Add(-1)
		next.ServeHTTP(w, r)
	})
}

// databaseFault tells what of an error is the database's state and no fault of the program.
func databaseFault(err error) fault.Reason {
	switch {
	case store.Uncertain(err):
		return fault.Timeout
	case store.Unavailable(err):
		return fault.Unavailable
	}
	return ""
}

// broken answers a request whose sender could not be found out.
func (p *program) broken(w http.ResponseWriter, r *http.Request, err error) {
	p.log.Error("authenticate", "error", err, "request", door.RequestIDOf(r.Context()))
	code, status := "INTERNAL", http.StatusInternalServerError
	if store.Unavailable(err) {
		code, status = "UNAVAILABLE", http.StatusServiceUnavailable
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"errors":[{"message":"The request could not be answered.","extensions":{"code":%q}}]}`+"\n", code)
}

// ready tells whether requests should be sent here: database, migrations, queue.
func (p *program) ready(w http.ResponseWriter, r *http.Request) {
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	checks, fine := map[string]string{}, true
	check := func(name string, err error) {
		checks[name] = "ok"
		if err != nil {
			checks[name], fine = "failing", false
			p.log.Warn("not ready", "check", name, "error", err)
		}
	}
	check("database", p.store.Reader().PingContext(ctx))
	current, latest, err := p.store.Migration(ctx)
	if err == nil && current != latest {
		err = fmt.Errorf("the database is at migration %d, the program at %d", current, latest)
	}
	check("migrations", err)
	check("queue", p.queue.Ready(ctx))
	if p.draining.Load() {
		checks["server"], fine = "draining", false
	}
	w.Header().Set("Content-Type", "application/json")
	if !fine {
		w.WriteHeader(http.StatusServiceUnavailable)
	}
	_ = json.NewEncoder(w).Encode(checks) // the client may be gone
}

// close answers what was accepted, ends the running jobs, and closes the database.
func (p *program) close() error {
	p.draining.Store(true)
	p.stop()
	p.log.Info("draining", "requests", p.active.Load())
	ctx, cancel := context.WithTimeout(context.Background(), drain)
	defer cancel()
	p.streams.Drain(ctx)
	err := p.server.Shutdown(ctx)
	if served := <-p.served; !errors.Is(served, http.ErrServerClosed) {
		err = errors.Join(err, served)
	}
	p.beside.Wait()
	err = errors.Join(err, p.queue.Stop(ctx))
	p.outside.close()
	return errors.Join(err, p.borrowers.Files.Close(), p.store.Close())
}
