package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// options are the flags.
type options struct {
	folder, name, page string
	database           string
	users              int
	clients            []int
	only               string
	each               time.Duration
	rounds             int
	dialects           []string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	run := measure
	if len(os.Args) > 1 && os.Args[1] == "byhand" {
		run = serveByHand
	}
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func parse(args []string) (o options, err error) {
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.StringVar(&o.folder, "folder", ".bench", "where the programs and the SQLite book are kept")
	flags.StringVar(&o.name, "name", "bench", "name of the book, and of its files")
	flags.StringVar(&o.database, "database", "", "name of its PostgreSQL database; empty: lenddesk_ and the name")
	flags.IntVar(&o.users, "users", 100_000, "size of the book; everything else follows")
	flags.StringVar(&o.page, "page", "docs/performance.md", "where the results are written; empty: nowhere")
	flags.StringVar(&o.only, "only", "", "screens to measure, such as Q1,Q3; empty: all")
	flags.DurationVar(&o.each, "each", 700*time.Millisecond, "length of a round")
	flags.IntVar(&o.rounds, "rounds", 3, "rounds of each contestant")
	clients := flags.String("clients", "1,16,64", "numbers of clients")
	dialects := flags.String("databases", "sqlite,postgres", "databases")
	if err := flags.Parse(args); err != nil {
		return o, err
	}
	if o.database == "" {
		o.database = "lenddesk_" + o.name
	}
	o.dialects = strings.Split(*dialects, ",")
	for _, text := range strings.Split(*clients, ",") {
		n, bad := strconv.Atoi(text)
		if bad != nil || n < 1 {
			err = errors.Join(err, fmt.Errorf("-clients must be numbers such as 1,16,64"))
		}
		o.clients = append(o.clients, n)
	}
	for _, d := range o.dialects {
		if d != "sqlite" && d != "postgres" {
			err = errors.Join(err, fmt.Errorf("-databases must be sqlite, postgres or both"))
		}
	}
	if o.rounds < 1 || o.each < 10*time.Millisecond {
		err = errors.Join(err, fmt.Errorf("-rounds must be 1 or more, and -each 10ms or more"))
	}
	return o, err
}

// measure does everything.
func measure(ctx context.Context, args []string) error {
	o, err := parse(args)
	if err != nil {
		return err
	}
	report := newReport(o)
	program, err := buildProgram(ctx, o)
	if err != nil {
		return err
	}
	for _, dialect := range o.dialects {
		b, err := openBook(ctx, o, program, dialect)
		if err != nil {
			return err
		}
		if err := measureBook(ctx, o, b, report); err != nil {
			return fmt.Errorf("%s: %w", dialect, err)
		}
	}
	text := report.text()
	fmt.Print(text)
	if o.page == "" {
		return nil
	}
	return os.WriteFile(o.page, []byte(text), 0o644)
}

// measureBook starts the contestants over one book, compares their answers, and lets them take turns.
func measureBook(ctx context.Context, o options, b *book, r *report) (err error) {
	shelf, err := b.look(ctx)
	if err != nil {
		return err
	}
	contestants, err := startAll(ctx, b)
	defer func() {
		for _, c := range contestants {
			err = errors.Join(err, c.stop())
		}
	}()
	if err != nil {
		return err
	}
	if err := b.sealed(ctx); err != nil {
		return err
	}
	token, err := signIn(contestants[0].address, b.password)
	if err != nil {
		return err
	}
	said, err := b.durable(ctx)
	if err != nil {
		return err
	}
	r.durable = append(r.durable, said)
	counter, err := newCounter(ctx, b)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, counter.stop()) }()
	for _, s := range screens {
		if o.only != "" && !strings.Contains(","+o.only+",", ","+s.name+",") {
			continue
		}
		if err := measureScreen(ctx, o, b, shelf, s, contestants, counter, token, r); err != nil {
			return fmt.Errorf("%s: %w", s.name, err)
		}
	}
	return nil
}

func measureScreen(ctx context.Context, o options, b *book, shelf *shelf, s screen, contestants []*contestant, counter *counter, token string, r *report) error {
	calls, err := s.calls(ctx, b, shelf, contestants[0].address, token)
	if err != nil {
		return err
	}
	if s.writes { // SQLite's JSON has no part in it
		contestants = contestants[:2]
	}
	requests := make([][][]byte, len(contestants))
	for i, c := range contestants {
		c.must = s.must
		for _, call := range calls {
			requests[i] = append(requests[i], call.request(c, s, token))
		}
	}
	for tries := 5; !s.writes; tries-- { // the program's own jobs may change the book between two answers
		err := compare(contestants, requests)
		if err == nil {
			break
		}
		if tries == 0 || ctx.Err() != nil {
			return err
		}
	}
	statements, err := counter.count(ctx, s, calls[0], token)
	if err != nil {
		return err
	}
	for _, clients := range o.clients {
		row := &row{dialect: b.dialect, screen: s, clients: clients, statements: statements, cells: make([]cell, len(contestants))}
		for i, c := range contestants {
			row.cells[i].name = c.name
			if s.writes {
				if err := alone(ctx, b, contestants, c); err != nil {
					return err
				}
			}
			if _, err := drive(ctx, c, requests[i], clients, o.each/4); err != nil { // warm
				return err
			}
		}
		for round := range o.rounds {
			for turn := range contestants {
				i := (round + turn) % len(contestants)
				if s.writes {
					if err := alone(ctx, b, contestants, contestants[i]); err != nil {
						return err
					}
				}
				heat, err := drive(ctx, contestants[i], requests[i], clients, o.each)
				if err != nil {
					return err
				}
				row.cells[i].add(heat)
			}
		}
		r.add(row)
		if s.profiled && clients == 16 {
			if s.writes {
				if err := alone(ctx, b, contestants, contestants[0]); err != nil {
					return err
				}
			}
			if err := r.profile(ctx, b, s, contestants[0], requests[0]); err != nil {
				return err
			}
		}
	}
	return nil
}
