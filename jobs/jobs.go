package jobs

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"entgo.io/ent/dialect"
	"github.com/jackc/pgx/v5"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver"
	"github.com/riverqueue/river/riverdriver/riverdatabasesql"
	"github.com/riverqueue/river/riverdriver/riverpgxv5"

	"lenddesk/store"
)

const (
	workers       = 50                   // jobs at a time; most of them wait for an outer system
	timeout       = time.Minute          // of a job whose worker names none
	rescueAfter   = 2 * time.Minute      // a job that still runs is taken for lost, unless its worker's Timeout is longer
	fetchCooldown = 5 * time.Millisecond // between two looks for jobs when woken
	wakeCooldown  = time.Millisecond     // between two wake-ups over PostgreSQL by one program; a job queued sooner may wait for the next look
	pollInterval  = time.Second          // between two looks when not woken
	keepFinished  = 24 * time.Hour
	keepDiscarded = 7 * 24 * time.Hour
	lastWords     = 5 * time.Second // for jobs to notice that they are cancelled
)

// Queue queues jobs, and works them from Start to Stop. It is safe for concurrent use.
type Queue struct {
	store  *store.Store
	log    *slog.Logger
	insert *river.Client[*sql.Tx]
	waking *wakingDriver // nil on PostgreSQL

	mu      sync.Mutex
	working client // nil unless started
}

// client is what this package uses of River's clients, whose types differ in the transactions that they take.
type client interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
	StopAndCancel(ctx context.Context) error
	Stopped() <-chan struct{}
}

// Work is what the queue is to do: the workers of all kinds of jobs, and the jobs that come by the clock.
type Work struct {
	Workers  *river.Workers
	Periodic []*river.PeriodicJob
}

// New makes a queue that can Enqueue. The database must be migrated by the time it does. To log go warnings and errors, with the kind
// and the number of a job, never its arguments.
func New(s *store.Store, log *slog.Logger) (*Queue, error) {
	q := &Queue{store: s, log: slog.New(warnings{log.Handler()})}
	var driver riverdriver.Driver[*sql.Tx] = riverdatabasesql.New(s.Writer())
	if s.Dialect() == dialect.SQLite {
		q.waking = newWakingDriver(s.Writer())
		driver = q.waking
	}
	config := q.config()
	config.FetchCooldown = wakeCooldown
	var err error
	if q.insert, err = river.NewClient(driver, config); err != nil {
		return nil, fmt.Errorf("jobs: %w", err)
	}
	return q, nil
}

func (q *Queue) config() *river.Config {
	return &river.Config{
		Logger:                      q.log,
		JobTimeout:                  timeout,
		RescueStuckJobsAfter:        rescueAfter,
		FetchCooldown:               fetchCooldown,
		FetchPollInterval:           pollInterval,
		CompletedJobRetentionPeriod: keepFinished,
		CancelledJobRetentionPeriod: keepFinished,
		DiscardedJobRetentionPeriod: keepDiscarded,
	}
}

// Enqueue queues a job in the caller's transaction: it is there if that commits, and workers are woken then. opts may be nil;
// a queue other than River's default is refused, since nobody works it.
func (q *Queue) Enqueue(ctx context.Context, tx *store.Tx, args river.JobArgs, opts *river.InsertOpts) error {
	inserted, err := q.insert.InsertTx(ctx, tx.SQL, args, opts)
	if err != nil {
		return fmt.Errorf("jobs: queue %s: %w", args.Kind(), err)
	}
	if queue := inserted.Job.Queue; queue != river.QueueDefault {
		return fmt.Errorf("jobs: queue %s: nobody works the queue %q", args.Kind(), queue)
	}
	if q.waking != nil {
		tx.AfterCommit(q.waking.wake)
	}
	return nil
}

// Start begins to work jobs, until Stop: the end of ctx stops nothing.
func (q *Queue) Start(ctx context.Context, work Work) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.working != nil {
		return errors.New("jobs: started already")
	}
	config := q.config()
	config.Workers = work.Workers
	config.PeriodicJobs = work.Periodic
	config.Queues = map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: workers}}
	working, err := q.worker(config)
	if err != nil {
		return fmt.Errorf("jobs: %w", err)
	}
	if err := working.Start(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("jobs: start: %w", err)
	}
	q.working = working
	return nil
}

// worker makes a client that works: on SQLite over the writer, on PostgreSQL over the pool that can listen.
func (q *Queue) worker(config *river.Config) (client, error) {
	if q.waking != nil {
		return newClient[*sql.Tx](q.waking, config)
	}
	return newClient[pgx.Tx](riverpgxv5.New(q.store.Pgx()), config)
}

// newClient keeps a client that could not be made from becoming a client that is not nil.
func newClient[Tx any](driver riverdriver.Driver[Tx], config *river.Config) (client, error) {
	c, err := river.NewClient(driver, config)
	if err != nil {
		return nil, err
	}
	return c, nil
}

// Stop takes no more jobs and waits for those that run; when ctx ends before they do, it cancels them and gives them a
// few seconds to notice. Jobs that didn't finish are worked again later. It returns an error if one runs on even so.
func (q *Queue) Stop(ctx context.Context) error {
	q.mu.Lock()
	working := q.working
	q.working = nil
	q.mu.Unlock()
	if working == nil || working.Stop(ctx) == nil {
		return nil
	}
	last, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastWords)
	defer cancel()
	if err := working.StopAndCancel(last); err != nil {
		return fmt.Errorf("jobs: a job goes on although it is cancelled: %w", err)
	}
	return nil
}

// Ready returns nil when jobs are being worked and the queue's tables can be read.
func (q *Queue) Ready(ctx context.Context) error {
	q.mu.Lock()
	working := q.working
	q.mu.Unlock()
	if working == nil {
		return errors.New("jobs: not started")
	}
	select {
	case <-working.Stopped():
		return errors.New("jobs: stopped")
	default:
	}
	_, err := q.Depth(ctx)
	return err
}

// Depth counts the jobs that are not finished: waiting, running, to be tried again.
func (q *Queue) Depth(ctx context.Context) (int, error) {
	const unfinished = "SELECT count(*) FROM river_job WHERE state NOT IN ('completed', 'cancelled', 'discarded')"
	var n int
	if err := q.store.Reader().QueryRowContext(ctx, unfinished).Scan(&n); err != nil {
		return 0, fmt.Errorf("jobs: count them: %w", err)
	}
	return n, nil
}
