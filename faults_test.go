package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"entgo.io/ent/dialect"
	"github.com/jackc/pgx/v5"

	"lenddesk/gateway/mail/mailtest"
	"lenddesk/store"
	"lenddesk/store/storetest"
)

// withMail runs a story on every database, each with a program of its own that writes to a mail server.
func withMail(t *testing.T, server func(t *testing.T) (sink *mailtest.Server, url string), story func(t *testing.T, h *house, sink *mailtest.Server)) {
	t.Helper()
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			sink, at := server(t)
			story(t, start(t, settings{DatabaseURL: storetest.URL(t, name), SMTPURL: at}), sink)
		})
	}
}

func direct(t *testing.T) (*mailtest.Server, string) {
	sink := mailtest.Start(t)
	return sink, sink.URL()
}

// exec runs a statement past the program.
func (h *house) exec(t *testing.T, statement string, args ...any) {
	t.Helper()
	if _, err := h.store.Writer().ExecContext(t.Context(), statement, args...); err != nil {
		t.Fatal(err)
	}
}

// hurryMail lets the time pass that the queue waits before it sends again.
func (h *house) hurryMail(t *testing.T) {
	t.Helper()
	h.exec(t, "UPDATE river_job SET state = 'available', scheduled_at = "+h.longAgo()+" WHERE state = 'retryable' AND kind = 'send_message'")
}

// longAgo is a moment of the past, as the queue writes it.
func (h *house) longAgo() string {
	if h.store.Dialect() == dialect.SQLite {
		return "datetime('now', '-1 hour')"
	}
	return "now() - interval '1 hour'"
}

// states counts messages by state.
func (h *house) states(t *testing.T) map[string]int {
	t.Helper()
	counts := map[string]int{}
	type count struct {
		state string
		n     int
	}
	for _, c := range rowsOf(t, h.store, "SELECT state, count(*) FROM messages GROUP BY state", func(scan func(...any) error) (c count, err error) {
		return c, scan(&c.state, &c.n)
	}) {
		counts[c.state] = c.n
	}
	return counts
}

// allSent waits until so many messages are sent and none waits; each arrived under one number.
func (h *house) allSent(t *testing.T, sink *mailtest.Server, n int) {
	t.Helper()
	until(t, "the mails are sent", func() bool {
		h.hurryMail(t)
		states := h.states(t)
		return len(states) == 1 && states["SENT"] == n
	})
	numbers := map[string]string{}
	for _, l := range sink.Letters() {
		id := l.Header.Get("Message-Id")
		if said, again := numbers[id]; again && said != l.To[0]+l.Subject {
			t.Errorf("two letters have the number %s", id)
		}
		numbers[id] = l.To[0] + l.Subject
	}
	want(t, "letters that arrived, repetitions aside", len(numbers), n)
}

// closedPort is an address of this machine where nobody listens until open is called, and that nobody else can take.
func closedPort(t *testing.T) (address string, open func() net.Listener) {
	t.Helper()
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	file := os.NewFile(uintptr(fd), "closed port")
	t.Cleanup(func() { _ = file.Close() })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	name, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	return "127.0.0.1:" + strconv.Itoa(name.(*syscall.SockaddrInet4).Port), func() net.Listener {
		if err := syscall.Listen(fd, 16); err != nil {
			t.Fatal(err)
		}
		l, err := net.FileListener(file)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
}

// forward hands every connection on to another address until the listener is closed.
func forward(t *testing.T, l net.Listener, to string) {
	t.Helper()
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			from, err := l.Accept()
			if err != nil {
				return
			}
			wg.Go(func() {
				defer from.Close()
				onward, err := net.Dial("tcp", to)
				if err != nil {
					t.Error(err)
					return
				}
				defer onward.Close()
				wg.Go(func() { _, _ = io.Copy(onward, from) }) // either side may hang up
				_, _ = io.Copy(from, onward)
			})
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		wg.Wait()
	})
}

func TestAMailServerThatIsDownHoldsNobodyUp(t *testing.T) {
	var mu sync.Mutex
	opens := map[*mailtest.Server]func() net.Listener{}
	down := func(t *testing.T) (*mailtest.Server, string) {
		sink := mailtest.Start(t)
		address, open := closedPort(t)
		mu.Lock()
		opens[sink] = open
		mu.Unlock()
		return sink, "smtp://" + address + "?starttls=off"
	}
	withMail(t, down, func(t *testing.T, h *house, sink *mailtest.Server) {
		for n := range 3 {
			h.register(t, applicant(n))
		}
		until(t, "sending was tried", func() bool {
			n := rowsOf(t, h.store, "SELECT count(*) FROM messages WHERE attempts > 0", func(scan func(...any) error) (n int, err error) { return n, scan(&n) })
			return n[0] == 3
		})
		want(t, "waiting", h.states(t)["QUEUED"], 3)
		h.register(t, applicant(3)) // nor does it hold up who comes after
		mu.Lock()
		open := opens[sink]
		mu.Unlock()
		forward(t, open(), sink.Addr())
		h.allSent(t, sink, 4)
	})
}

func TestASlowMailServerHoldsNobodyUp(t *testing.T) {
	withMail(t, direct, func(t *testing.T, h *house, sink *mailtest.Server) {
		release := sink.Hold()
		for n := range 3 {
			h.customer(t, n)
		}
		until(t, "the server has letters in its hands", func() bool { return len(sink.Letters()) == 6 })
		h.customer(t, 3) // all answered while the server has answered nothing
		want(t, "sent", h.states(t)["SENT"], 0)
		release()
		h.allSent(t, sink, 8)
	})
}

func TestAMailServerThatCutsOffGetsTheLetterAgainUnderItsNumber(t *testing.T) {
	withMail(t, direct, func(t *testing.T, h *house, sink *mailtest.Server) {
		sink.CutAfterData(2)
		for n := range 3 {
			h.register(t, applicant(n))
		}
		h.allSent(t, sink, 3)
		want(t, "letters with the repetitions", len(sink.Letters()), 5)
	})
}

// same says that people, their events and their mails agree: nothing is half there.
func (h *house) same(t *testing.T, people int) {
	t.Helper()
	for what, query := range map[string]string{
		"people":         "SELECT count(*) FROM users",
		"entries":        "SELECT count(*) FROM events WHERE kind = 'REGISTER_USER'",
		"people entered": "SELECT count(DISTINCT subject_id) FROM events WHERE kind = 'REGISTER_USER'",
		"mails":          "SELECT count(*) FROM messages WHERE kind = 'registration_received'",
		"people told":    "SELECT count(DISTINCT user_id) FROM messages WHERE kind = 'registration_received'",
	} {
		got := rowsOf(t, h.store, query, func(scan func(...any) error) (n int, err error) { return n, scan(&n) })
		want(t, what, got[0], people)
	}
}

// refused says that somebody is told that it is the database, and neither let in nor told of an error of ours.
func refused(t *testing.T, what string, a answer) {
	t.Helper()
	if got := a.codes(); !slices.Equal(got, []string{"UNAVAILABLE"}) || strings.Contains(a.raw, "sql") || strings.Contains(a.raw, "disk") {
		t.Errorf("%s: answered %s", what, a)
	}
}

func TestAFullDiskIsToldAndReadsGoOn(t *testing.T) {
	h := start(t, settings{DatabaseURL: storetest.URL(t, dialect.SQLite)})
	me, id := h.customer(t, 1)
	admin := h.administrator(t)
	pages := rowsOf(t, h.store, "PRAGMA page_count", func(scan func(...any) error) (n int, err error) { return n, scan(&n) })[0]
	h.exec(t, "PRAGMA max_page_count = "+strconv.Itoa(pages))
	n, people := 2, 1
	var last answer
	for ; n < 500; n++ { // until what is free in its pages is used up
		if last = h.anybody(t).do("registerUser", applicant(n)); len(last.codes()) > 0 {
			break
		}
		people++
	}
	refused(t, "register", last)
	h.same(t, people)
	want(t, "mine", me.ask(`{ viewer { user { id status } } }`).text("viewer.user.id"), id)
	want(t, "everybody", admin.ask(`{ users { totalCount } }`).at("users.totalCount"), any(float64(people)))
	h.exec(t, "PRAGMA max_page_count = 1073741823")
	h.register(t, applicant(n))
	h.same(t, people+1)
	if strings.Contains(h.logs.String(), "level=ERROR msg=\"a field failed\"") {
		t.Error("a full disk was logged as an error of ours")
	}
}

// administer runs a statement as PostgreSQL's administrator, outside the test's database. %s in it is the database's name.
func administer(t *testing.T, database, statement string) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	admin, err := pgx.Connect(ctx, os.Getenv("LENDDESK_TEST_POSTGRES"))
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close(ctx)
	if _, err := admin.Exec(ctx, fmt.Sprintf(statement, database)); err != nil {
		t.Fatal(err)
	}
}

const throwEverybodyOut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '%s'"

// freezes makes each kind of database read-only, and lets it go.
var freezes = map[string]struct {
	freeze, thaw func(t *testing.T, h *house, database string)
}{
	dialect.SQLite: {
		func(t *testing.T, h *house, _ string) { h.exec(t, "PRAGMA query_only = 1") },
		func(t *testing.T, h *house, _ string) { h.exec(t, "PRAGMA query_only = 0") },
	},
	dialect.Postgres: {
		func(t *testing.T, _ *house, database string) {
			administer(t, database, "ALTER DATABASE %s SET default_transaction_read_only = on")
			administer(t, database, throwEverybodyOut)
		},
		func(t *testing.T, _ *house, database string) {
			administer(t, database, "ALTER DATABASE %s RESET default_transaction_read_only")
			administer(t, database, throwEverybodyOut)
		},
	},
}

// nameOf is the database in a PostgreSQL URL.
func nameOf(t *testing.T, at string) string {
	t.Helper()
	u, err := url.Parse(at)
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimPrefix(u.Path, "/")
}

func TestAReadOnlyDatabaseIsToldAndReadsGoOn(t *testing.T) {
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			at, how := storetest.URL(t, name), freezes[name]
			h := start(t, settings{DatabaseURL: at})
			me, id := h.customer(t, 1)
			waiting := h.register(t, applicant(2))
			admin := h.administrator(t)
			how.freeze(t, h, nameOf(t, at))
			// PostgreSQL's connections were cut: the pool notices one by one.
			until(t, "reads go on", func() bool { return me.ask(`{ viewer { user { id status } } }`).text("viewer.user.id") == id })
			refused(t, "register", h.anybody(t).do("registerUser", applicant(3)))
			refused(t, "approve", admin.do("approveRegistration", vars{"userId": waiting}))
			refused(t, "sign in", h.anybody(t).ask(signingIn, vars{"i": vars{"login": adminEmail, "password": adminPassword}}))
			until(t, "everybody is read", func() bool { return admin.ask(`{ users { totalCount } }`).at("users.totalCount") == any(2.0) })
			how.thaw(t, h, nameOf(t, at))
			until(t, "writing works again without a restart", func() bool { return h.anybody(t).do("registerUser", applicant(3)).text("registerUser.user.id") != "" })
			want(t, "approved", admin.do("approveRegistration", vars{"userId": waiting}).text("approveRegistration.user.status"), "ACTIVE")
			h.same(t, 3)
			if strings.Contains(h.logs.String(), "level=ERROR msg=\"a field failed\"") {
				t.Error("a read-only database was logged as an error of ours")
			}
		})
	}
}

func TestADatabaseThatGoesAwayAndComesBack(t *testing.T) {
	at, sink := storetest.URL(t, dialect.Postgres), mailtest.Start(t)
	h := start(t, settings{DatabaseURL: at, SMTPURL: sink.URL()})
	me, id := h.customer(t, 1)
	status := func(path string) int {
		res, err := http.Get("http://" + h.address + path)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		return res.StatusCode
	}
	administer(t, nameOf(t, at), "ALTER DATABASE %s ALLOW_CONNECTIONS false")
	administer(t, nameOf(t, at), throwEverybodyOut)
	until(t, "it is gone", func() bool { return status("/readyz") == http.StatusServiceUnavailable })
	want(t, "alive", status("/healthz"), http.StatusOK)
	refused(t, "read", me.ask(`{ viewer { user { id } } }`))
	refused(t, "register", h.anybody(t).do("registerUser", applicant(2)))
	administer(t, nameOf(t, at), "ALTER DATABASE %s ALLOW_CONNECTIONS true")
	until(t, "reads work again", func() bool { return me.ask(`{ viewer { user { id } } }`).text("viewer.user.id") == id })
	h.register(t, applicant(2))
	until(t, "it is ready again", func() bool { return status("/readyz") == http.StatusOK })
	h.same(t, 2)
	h.allSent(t, sink, 3)
}

func TestConnectionsThatAreCutAreNoErrorsOfOurs(t *testing.T) {
	at := storetest.URL(t, dialect.Postgres)
	h := start(t, settings{DatabaseURL: at})
	d := newDeeds()
	token := adminToken(t, h.address)
	var wg sync.WaitGroup
	ctx, stop := context.WithCancel(t.Context())
	var mu sync.Mutex
	var unchanged, perhaps []string // addresses of those who were told that nothing has changed, and that it may have
	for range 8 {
		wg.Go(func() {
			for ctx.Err() == nil {
				form := applicant(int(d.asked.Add(1)))
				got, err := try(h.address, "", registering, vars{"i": form})
				if err != nil {
					t.Error(err)
					return
				}
				if id := got.text("registerUser.user.id"); id != "" {
					d.told.Add(1)
					continue
				}
				mu.Lock()
				switch codes := got.codes(); {
				case slices.Equal(codes, []string{"UNAVAILABLE"}):
					unchanged = append(unchanged, form["email"].(string))
				case slices.Equal(codes, []string{"TIMEOUT"}):
					perhaps = append(perhaps, form["email"].(string))
				default:
					t.Errorf("answered %s", got)
				}
				mu.Unlock()
			}
		})
	}
	for range 5 {
		enough := d.told.Load() + 10
		until(t, "people register", func() bool { return d.told.Load() >= enough || t.Failed() })
		administer(t, nameOf(t, at), throwEverybodyOut)
	}
	enough := d.told.Load() + 10
	until(t, "people register again", func() bool { return d.told.Load() >= enough || t.Failed() })
	stop()
	wg.Wait()
	until(t, "the administrator reads", func() bool {
		got, err := try(h.address, token, `{ users { totalCount } }`, nil)
		return err == nil && got.at("users.totalCount") != nil
	})
	var people int
	until(t, "the pool is well", func() bool {
		return h.store.InTx(t.Context(), func(ctx context.Context, tx *store.Tx) (err error) {
			people, err = tx.User.Query().Count(ctx)
			return err
		}) == nil
	})
	if people < int(d.told.Load()) {
		t.Errorf("%d were told to be registered, %d are", d.told.Load(), people)
	}
	h.same(t, people)
	for _, email := range rowsOf(t, h.store, "SELECT email FROM users", func(scan func(...any) error) (email string, err error) { return email, scan(&email) }) {
		if slices.Contains(unchanged, email) {
			t.Errorf("%s was told that nothing has changed, and is registered", email)
		}
	}
	t.Logf("%d registered, %d told that nothing has changed, %d that it may have", d.told.Load(), len(unchanged), len(perhaps))
}

func TestAClockThatIsSetBackTurnsNoHistoryRound(t *testing.T) {
	onEach(t, func(t *testing.T, h *house) {
		id, admin := h.register(t, applicant(1)), h.administrator(t)
		// As if the clock had been an hour ahead when the person registered, and had been set right since.
		h.exec(t, "UPDATE events SET at = $1 WHERE kind = 'REGISTER_USER'", time.Now().UTC().Add(time.Hour).Truncate(time.Microsecond))
		admin.do("approveRegistration", vars{"userId": id})
		admin.do("suspendUser", vars{"userId": id, "reason": "Asked for."})
		newest := []string{"WRITE_MESSAGE", "SUSPEND_USER", "WRITE_MESSAGE", "APPROVE_REGISTRATION", "WRITE_MESSAGE", "REGISTER_USER"}
		read := func(page string) (kinds []string, cursor string) {
			got := admin.ask(`query($id: ID!) { node(id: $id) { ... on User { timeline(`+page+`) { nodes { kind at } pageInfo { endCursor } } } } }`, vars{"id": id})
			nodes, ok := got.at("node.timeline.nodes").([]any)
			if !ok {
				t.Fatalf("no timeline: %s", got)
			}
			for _, n := range nodes {
				kinds = append(kinds, n.(map[string]any)["kind"].(string))
			}
			return kinds, got.text("node.timeline.pageInfo.endCursor")
		}
		all, _ := read("first: 100")
		want(t, "newest first", fmt.Sprint(all), fmt.Sprint(newest))
		oldest, _ := read("first: 100, orderBy: {field: AT, direction: ASC}")
		slices.Reverse(oldest)
		want(t, "oldest first, turned round", fmt.Sprint(oldest), fmt.Sprint(newest))
		var paged []string
		page, cursor := read("first: 1")
		for len(page) > 0 && len(paged) < 10 {
			paged = append(paged, page...)
			page, cursor = read("first: 1, after: " + strconv.Quote(cursor))
		}
		want(t, "page by page", fmt.Sprint(paged), fmt.Sprint(newest))
		// The clock goes back behind the beginning of everything: what is in force stays in force, and the person still moves on.
		h.exec(t, "UPDATE parameters SET effective_at = $1", time.Now().UTC().Add(time.Hour).Truncate(time.Microsecond))
		h.register(t, applicant(2))
		got := admin.do("reinstateUser", vars{"userId": id})
		want(t, "status", got.text("reinstateUser.user.status"), "ACTIVE")
	})
}
