package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"

	"lenddesk/gateway/finance"
	"lenddesk/gateway/kxd"
	"lenddesk/gateway/kxdm"
	"lenddesk/gateway/outer"
	"lenddesk/gateway/signing"
	"lenddesk/gateway/simulator"
	"lenddesk/graph/model"
	"lenddesk/hooks"
	"lenddesk/parameter"
	"lenddesk/store"
)

// outside is the platform's own systems as the program reaches them: clients, what their call-backs are checked by, and the simulator where it stands
// in for one of them.
type outside struct {
	kxd       *kxd.Client
	kxdm      *kxdm.Client
	finance   *finance.Client
	signed    struct{ kxd, kxdm, finance signing.Verifier }
	simulated *simulation // nil when all are real
	plays     bool        // the simulator plays KXD or KXDM
}

// openOutside makes the clients. The program must be listening: the simulator calls back to it.
func (p *program) openOutside(ctx context.Context, s settings) (err error) {
	var public string
	if err := p.store.InTx(ctx, func(ctx context.Context, tx *store.Tx) error {
		values, err := p.desk.Parameters(ctx, tx)
		public = values.Text(parameter.PublicURL)
		return err
	}); err != nil {
		return err
	}
	at := func(url string, secrets []string, hook string) *outer.Options {
		o := s.Outer
		o.URL, o.Secrets, o.CallbackURL = url, secrets, public+hook
		if url == "" {
			o.Secrets = []string{rand.Text()}
		}
		return &o
	}
	atKXD, atKXDM, atFinance := at(s.KXDURL, s.KXDSecret, hooks.KXD), at(s.KXDMURL, s.KXDMSecret, hooks.KXDM), at(s.FinanceURL, s.FinanceSecret, hooks.Finance)
	if s.KXDURL == "" || s.KXDMURL == "" || s.FinanceURL == "" {
		options := s.Simulation
		options.KXD, options.KXDM, options.Finance, options.Log = atKXD.Secrets, atKXDM.Secrets, atFinance.Secrets, p.log
		if p.outside.simulated, err = simulate("127.0.0.1:0", options, p.log); err != nil {
			return err
		}
		own := "http://" + reachable(p.listener.Addr())
		for _, system := range []struct {
			at                 *outer.Options
			path, hook, really string
		}{
			{atKXD, "/kxd", hooks.KXD, "the simulator stands in for KXD: no card is really checked (LENDDESK_KXD_URL)"},
			{atKXDM, "/kxdm", hooks.KXDM, "the simulator stands in for KXDM: no payment is really taken (LENDDESK_KXDM_URL)"},
			{atFinance, "/finance", hooks.Finance, "the simulator stands in for finance: nothing is really collected or paid out (LENDDESK_FINANCE_URL)"},
		} {
			if system.at.URL == "" {
				p.log.Warn(system.really)
				system.at.URL, system.at.CallbackURL = p.outside.simulated.url+system.path, own+system.hook
			}
		}
	}
	p.outside.plays = s.KXDURL == "" || s.KXDMURL == ""
	p.outside.signed.kxd, p.outside.signed.kxdm = signing.Verifier{Secrets: atKXD.Secrets}, signing.Verifier{Secrets: atKXDM.Secrets}
	p.outside.signed.finance = signing.Verifier{Secrets: atFinance.Secrets}
	var e1, e2, e3 error
	p.outside.kxd, e1 = kxd.Open(*atKXD)
	p.outside.kxdm, e2 = kxdm.Open(*atKXDM)
	p.outside.finance, e3 = finance.Open(*atFinance)
	return errors.Join(e1, e2, e3)
}

// reachable is where this machine reaches what listens at an address.
func reachable(at net.Addr) string {
	tcp, ok := at.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return at.String()
	}
	return fmt.Sprintf("localhost:%d", tcp.Port)
}

// cards are the simulator's card numbers, for whoever wants to try every outcome.
func (o *outside) cards() (all []*model.SimulatedCard) {
	if !o.plays {
		return nil
	}
	for _, c := range simulator.Cards {
		all = append(all, &model.SimulatedCard{Number: c.Number, Outcome: c.Outcome})
	}
	return all
}

// close ends the simulator, after everybody who asks it.
func (o *outside) close() {
	if o.simulated != nil {
		o.simulated.close()
	}
}

// simulation is a simulator that listens.
type simulation struct {
	*simulator.Simulator
	server *http.Server
	url    string
	ended  chan error
}

// simulate has a simulator of all systems listen.
func simulate(addr string, o simulator.Options, log *slog.Logger) (*simulation, error) {
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return nil, fmt.Errorf("listen for the simulator: %w", err)
	}
	s := &simulation{Simulator: simulator.New(o), url: "http://" + reachable(listener.Addr()), ended: make(chan error, 1)}
	s.server = &http.Server{
		Handler: s.Handler(), ReadHeaderTimeout: 10 * time.Second, ReadTimeout: time.Minute, WriteTimeout: 2 * time.Minute, MaxHeaderBytes: 64 << 10,
		ErrorLog: slog.NewLogLogger(log.Handler(), slog.LevelWarn),
	}
	go func() { s.ended <- s.server.Serve(listener) }()
	return s, nil
}

// close ends at once: what it was about to answer, it is asked again.
func (s *simulation) close() {
	_ = s.server.Close() // the connections of those who asked may be gone
	<-s.ended
	s.Close()
}

// simulateAlone runs the simulator as a program of its own, until ctx ends.
func simulateAlone(ctx context.Context, s settings, log *slog.Logger) error {
	options := s.Simulation
	options.KXD, options.KXDM, options.Finance, options.Log = s.KXDSecret, s.KXDMSecret, s.FinanceSecret, log
	running, err := simulate(s.Addr, options, log)
	if err != nil {
		return err
	}
	log.Info("simulating", "kxd", running.url+"/kxd", "kxdm", running.url+"/kxdm", "finance", running.url+"/finance")
	select {
	case <-ctx.Done():
		running.close()
		return nil
	case err := <-running.ended:
		running.Close()
		return fmt.Errorf("the simulator ended: %w", err)
	}
}
