package jobs_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/riverqueue/river"

	"lenddesk/jobs"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// patience is how long a test waits before it says that something never came.
const patience = 30 * time.Second

type greet struct {
	Name string `json:"name"`
}

func (greet) Kind() string { return "greet" }

// greeter does what the test says.
type greeter struct {
	river.WorkerDefaults[greet]
	do func(ctx context.Context, job *river.Job[greet]) error
}

func (g greeter) Work(ctx context.Context, job *river.Job[greet]) error { return g.do(ctx, job) }

// NextRetry is now, so that no test waits.
func (greeter) NextRetry(*river.Job[greet]) time.Time { return time.Now() }

func newQueue(t *testing.T, s *store.Store) *jobs.Queue {
	t.Helper()
	q, err := jobs.New(s, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	return q
}

// start works jobs until the test ends.
func start(t *testing.T, q *jobs.Queue, do func(ctx context.Context, job *river.Job[greet]) error, periodic ...*river.PeriodicJob) {
	t.Helper()
	workers := river.NewWorkers()
	river.AddWorker(workers, greeter{do: do})
	if err := q.Start(t.Context(), jobs.Work{Workers: workers, Periodic: periodic}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := q.Stop(context.WithoutCancel(t.Context())); err != nil {
			t.Error(err)
		}
	})
}

// enqueue queues a job for each name in a transaction of its own.
func enqueue(t *testing.T, s *store.Store, q *jobs.Queue, names ...string) {
	t.Helper()
	for _, name := range names {
		err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error { return q.Enqueue(ctx, tx, greet{name}, nil) })
		if err != nil {
			t.Fatal(err)
		}
	}
}

// next is what comes out of the channel.
func next[T any](t *testing.T, from <-chan T) (got T) {
	t.Helper()
	select {
	case got = <-from:
	case <-time.After(patience):
		t.Fatal("waited in vain")
	}
	return got
}

func depth(t *testing.T, q *jobs.Queue) int {
	t.Helper()
	n, err := q.Depth(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func TestAJobExistsIfAndOnlyIfItsCauseCommitted(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		q := newQueue(t, s)
		undone := errors.New("undone")
		err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			if err := q.Enqueue(ctx, tx, greet{"nobody"}, nil); err != nil {
				return err
			}
			return undone
		})
		if !errors.Is(err, undone) {
			t.Fatal(err)
		}
		if n := depth(t, q); n != 0 {
			t.Errorf("%d jobs after a roll back, want none", n)
		}
		enqueue(t, s, q, "somebody")
		if n := depth(t, q); n != 1 {
			t.Errorf("%d jobs after a commit, want 1", n)
		}
		worked := make(chan string, 2)
		start(t, q, func(_ context.Context, job *river.Job[greet]) error {
			worked <- job.Args.Name
			return nil
		})
		if got := next(t, worked); got != "somebody" {
			t.Errorf("worked %q", got)
		}
	})
}

func TestAJobIsWorkedAfterTheCommitAndSeesWhatItWrote(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		q := newQueue(t, s)
		seen := make(chan bool, 1)
		start(t, q, func(ctx context.Context, job *river.Job[greet]) error {
			there, err := s.Client().Role.Query().Exist(ctx)
			seen <- there
			return err
		})
		err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			if err := q.Enqueue(ctx, tx, greet{"a"}, nil); err != nil {
				return err
			}
			return tx.Role.Create().SetName("a").SetPermissions([]string{}).Exec(ctx)
		})
		if err != nil {
			t.Fatal(err)
		}
		if !next(t, seen) {
			t.Error("the job ran before its cause was there")
		}
	})
}

func TestWorkersMayQueueAndWrite(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		q := newQueue(t, s)
		done := make(chan string, 1)
		start(t, q, func(ctx context.Context, job *river.Job[greet]) error {
			if job.Args.Name == "last" {
				done <- job.Args.Name
				return nil
			}
			return s.InTx(ctx, func(ctx context.Context, tx *store.Tx) error { return q.Enqueue(ctx, tx, greet{"last"}, nil) })
		})
		enqueue(t, s, q, "first")
		next(t, done)
	})
}

func TestAFailedJobIsTriedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		q := newQueue(t, s)
		attempts := make(chan int, 10)
		start(t, q, func(_ context.Context, job *river.Job[greet]) error {
			attempts <- job.Attempt
			switch job.Attempt {
			case 1:
				return errors.New("not today")
			case 2:
				panic("nor tomorrow")
			}
			return nil
		})
		enqueue(t, s, q, "a")
		for want := 1; want <= 3; want++ {
			if got := next(t, attempts); got != want {
				t.Errorf("attempt %d, want %d", got, want)
			}
		}
	})
}

func TestStopWaitsForTheJobThatRuns(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		q := newQueue(t, s)
		running, goOn, finished := make(chan bool), make(chan bool), make(chan bool, 1)
		start(t, q, func(ctx context.Context, _ *river.Job[greet]) error {
			running <- true
			<-goOn
			finished <- ctx.Err() == nil
			return nil
		})
		enqueue(t, s, q, "a")
		next(t, running)
		stopped := make(chan error, 1)
		go func() { stopped <- q.Stop(t.Context()) }()
		for q.Ready(t.Context()) == nil { // until Stop has begun
			if t.Context().Err() != nil {
				t.Fatal("Stop never began")
			}
		}
		select {
		case <-stopped:
			t.Fatal("stopped while a job ran")
		default:
		}
		goOn <- true
		if err := next(t, stopped); err != nil {
			t.Error(err)
		}
		if !next(t, finished) {
			t.Error("the job was cancelled")
		}
		if n := depth(t, q); n != 0 {
			t.Errorf("%d jobs left, want none", n)
		}
	})
}

func TestStopCancelsWhatDoesNotFinishAndItIsWorkedAgain(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		q := newQueue(t, s)
		running := make(chan bool)
		start(t, q, func(ctx context.Context, _ *river.Job[greet]) error {
			running <- true
			<-ctx.Done()
			return ctx.Err()
		})
		enqueue(t, s, q, "a")
		next(t, running)
		now, cancel := context.WithCancel(t.Context())
		cancel()
		if err := q.Stop(now); err != nil {
			t.Error(err)
		}
		if n := depth(t, q); n != 1 {
			t.Errorf("%d jobs left, want the cancelled one", n)
		}
		again := make(chan bool, 1)
		start(t, q, func(context.Context, *river.Job[greet]) error {
			again <- true
			return nil
		})
		next(t, again)
	})
}

func TestTwoProgramsNeverWorkOneJobTwice(t *testing.T) {
	s := storetest.Open(t, dialect.Postgres)
	const all = 200
	var mu sync.Mutex
	times := map[string]int{}
	done := make(chan bool, 2*all)
	work := func(_ context.Context, job *river.Job[greet]) error {
		mu.Lock()
		defer mu.Unlock()
		times[job.Args.Name]++
		done <- true
		return nil
	}
	first, second := newQueue(t, s), newQueue(t, s)
	start(t, first, work)
	start(t, second, work)
	for i := range all {
		enqueue(t, s, first, strings.Repeat("x", i+1))
	}
	for range all {
		next(t, done)
	}
	for _, q := range []*jobs.Queue{first, second} {
		if err := q.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if len(times) != all || len(done) != 0 {
		t.Errorf("%d jobs worked, %d of them more than once; want %d once", len(times), len(done), all)
	}
}

func TestAPeriodicJobComesByItself(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		q := newQueue(t, s)
		came := make(chan string, 100)
		start(t, q, func(_ context.Context, job *river.Job[greet]) error {
			came <- job.Args.Name
			return nil
		}, river.NewPeriodicJob(river.PeriodicInterval(time.Second), func() (river.JobArgs, *river.InsertOpts) {
			return greet{"clock"}, nil
		}, &river.PeriodicJobOpts{RunOnStart: true}))
		for range 2 {
			if got := next(t, came); got != "clock" {
				t.Errorf("worked %q", got)
			}
		}
	})
}

func TestAQueueThatNobodyWorksIsRefused(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		q := newQueue(t, s)
		err := s.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) error {
			return q.Enqueue(ctx, tx, greet{"a"}, &river.InsertOpts{Queue: "elsewhere"})
		})
		if err == nil || depth(t, q) != 0 {
			t.Error("queued for ever")
		}
	})
}

func TestReadyFollowsStartAndStop(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		q := newQueue(t, s)
		if q.Ready(t.Context()) == nil {
			t.Error("ready before Start")
		}
		start(t, q, func(context.Context, *river.Job[greet]) error { return nil })
		if err := q.Ready(t.Context()); err != nil {
			t.Error("started:", err)
		}
		if err := q.Start(t.Context(), jobs.Work{Workers: river.NewWorkers()}); err == nil {
			t.Error("started twice")
		}
		if err := q.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if q.Ready(t.Context()) == nil {
			t.Error("ready after Stop")
		}
	})
}

func TestTheLogNeverHasArguments(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s *store.Store) {
		var mu sync.Mutex
		var log bytes.Buffer
		q, err := jobs.New(s, slog.New(slog.NewTextHandler(locked{&mu, &log}, &slog.HandlerOptions{Level: slog.LevelDebug})))
		if err != nil {
			t.Fatal(err)
		}
		tried := make(chan bool, 2)
		start(t, q, func(context.Context, *river.Job[greet]) error {
			tried <- true
			return errors.New("cannot greet")
		})
		enqueue(t, s, q, "Xiuzhen")
		next(t, tried)
		next(t, tried)
		if err := q.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		mu.Lock()
		defer mu.Unlock()
		if said := log.String(); !strings.Contains(said, "cannot greet") || strings.Contains(said, "Xiuzhen") {
			t.Errorf("logged %s; want the failure without the arguments", said)
		}
	})
}

// locked is a writer for several goroutines.
type locked struct {
	mu *sync.Mutex
	to *bytes.Buffer
}

func (l locked) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.to.Write(p)
}
