package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"entgo.io/ent/dialect"

	"lenddesk/gateway/mail/mailtest"
	"lenddesk/key"
	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/store/storetest"
	"lenddesk/workflow"
)

var crashes = flag.Int("crashes", 4, "how often the program is killed on each database")

// patience is how long something may take that takes seconds on an idle machine.
const patience = 3 * time.Minute

// built is the folder of the program that the tests start as a process of its own.
var built struct {
	once    sync.Once
	folder  string
	program string
	err     error
}

func TestMain(m *testing.M) {
	flag.Parse()
	// Thousands of people sign in here, and under the race detector a hash of the real cost takes a third of a second. What is started as a process of its own
	// keeps the real cost.
	workflow.Argon2id.Memory, workflow.Argon2id.Iterations = 64, 1
	code := m.Run()
	if left := neverDone(&everDone); code == 0 && everyTest() && len(left) > 0 {
		fmt.Fprintln(os.Stderr, "no story does", strings.Join(left, ", "))
		code = 1
	}
	if built.folder != "" {
		_ = os.RemoveAll(built.folder) // a temporary folder that stays harms nobody
	}
	os.Exit(code)
}

// executable builds the real program, once per test process.
func executable(t *testing.T) string {
	t.Helper()
	built.once.Do(func() {
		if built.folder, built.err = os.MkdirTemp("", "lenddesk-program"); built.err != nil {
			return
		}
		built.program = filepath.Join(built.folder, "lenddesk")
		said, err := exec.Command("go", "build", "-o", built.program, ".").CombinedOutput()
		if err != nil {
			built.err = fmt.Errorf("%w\n%s", err, said)
		}
	})
	if built.err != nil {
		t.Fatal("build the program: ", built.err)
	}
	return built.program
}

// process is the program as a process of its own.
type process struct {
	cmd     *exec.Cmd
	address string
	logs    *logbook
	ended   chan struct{} // closed when it has ended and its logs are read
}

// command is the program with nothing but these settings, in a folder.
func command(t *testing.T, folder string, set []string, args ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(executable(t), args...)
	cmd.Dir = folder
	for _, v := range os.Environ() {
		if !strings.HasPrefix(v, "LENDDESK_") {
			cmd.Env = append(cmd.Env, v)
		}
	}
	cmd.Env = append(append(cmd.Env, "LENDDESK_ADDR=127.0.0.1:0", "LENDDESK_ADMIN_EMAIL="+adminEmail, "LENDDESK_ADMIN_PASSWORD="+adminPassword), set...)
	return cmd
}

// launch starts the program and returns once it serves.
func launch(t *testing.T, folder string, set ...string) *process {
	t.Helper()
	p := &process{cmd: command(t, folder, set), logs: &logbook{}, ended: make(chan struct{})}
	pipe, err := p.cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	serving := make(chan string, 1)
	go func() {
		lines := bufio.NewScanner(pipe)
		for lines.Scan() {
			fmt.Fprintln(p.logs, lines.Text())
			if _, rest, ok := strings.Cut(lines.Text(), "msg=serving playground=http://"); ok {
				address, _, _ := strings.Cut(rest, "/")
				serving <- address
			}
		}
		_ = p.cmd.Wait() // how it ended is in ProcessState
		close(p.ended)
	}()
	t.Cleanup(p.kill)
	select {
	case p.address = <-serving:
	case <-p.ended:
		t.Fatalf("the program did not start:\n%s", p.logs)
	case <-time.After(patience):
		t.Fatalf("the program does not serve:\n%s", p.logs)
	}
	return p
}

// kill ends the program by SIGKILL.
func (p *process) kill() {
	_ = p.cmd.Process.Kill() // it may have ended
	<-p.ended
}

// terminate has the program drain and end.
func (p *process) terminate(t *testing.T) {
	t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	<-p.ended
	if !p.cmd.ProcessState.Success() {
		t.Errorf("the program ended with %v:\n%s", p.cmd.ProcessState, p.logs)
	}
}

// eventually waits, for longer than until does, for what other processes bring about.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	deadline := time.After(patience)
	for !holds() {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatal("waited in vain: ", what)
		}
	}
}

// try sends one document to wherever a program listens; an error means that no answer came.
func try(address, token, query string, v vars) (answer, error) {
	b, err := json.Marshal(vars{"query": query, "variables": v})
	if err != nil {
		return answer{}, err
	}
	r, err := http.NewRequest(http.MethodPost, "http://"+address+"/graphql", bytes.NewReader(b))
	if err != nil {
		return answer{}, err
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Accept", "application/json")
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return answer{}, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{}, err
	}
	a := answer{raw: string(raw)}
	return a, json.Unmarshal(raw, &a)
}

const (
	signingIn   = `mutation($i: SignInInput!) { signIn(input: $i) { session { token } } }`
	registering = `mutation($i: RegisterUserInput!) { registerUser(input: $i) { user { id status } userErrors { code field } } }`
	approving   = `mutation($i: ApproveRegistrationInput!) { approveRegistration(input: $i) { user { id status } userErrors { code field } } }`
)

// keyed is a mutation under an idempotency key.
func keyed(mutation, key string) string {
	return strings.Replace(mutation, "(input: $i)", fmt.Sprintf("(input: $i) @idempotent(key: %q)", key), 1)
}

// adminToken signs the administrator in.
func adminToken(t *testing.T, address string) string {
	t.Helper()
	got, err := try(address, "", signingIn, vars{"i": vars{"login": adminEmail, "password": adminPassword}})
	token := got.text("signIn.session.token")
	if token == "" {
		t.Fatalf("the administrator cannot sign in: %v %s", err, got)
	}
	return token
}

// deeds is what clients were told, by e-mail address.
type deeds struct {
	mu       sync.Mutex
	asked    atomic.Int64 // persons so far
	told     atomic.Int64 // answers so far
	repeated atomic.Int64 // times that an errand under keys was sent again
	entered  map[string]string
	approved map[string]bool
}

func newDeeds() *deeds { return &deeds{entered: map[string]string{}, approved: map[string]bool{}} }

// errand is a person to be registered and approved. One under keys is sent again until it is answered; another is given up when no answer comes.
type errand struct {
	form  vars
	keyed bool
	id    string // once registered
}

func (d *deeds) errand() *errand {
	n := int(d.asked.Add(1))
	return &errand{form: applicant(n), keyed: n%2 == 0}
}

// do goes on where the errand stands. An error means that an answer did not come, or that it was a wrong one.
func (d *deeds) do(e *errand, address, token string) error {
	email := e.form["email"].(string)
	register, approve := registering, approving
	if e.keyed {
		register, approve = keyed(registering, "register "+email), keyed(approving, "approve "+email)
	}
	if e.id == "" {
		got, err := try(address, "", register, vars{"i": e.form})
		if err != nil {
			return err
		}
		if e.id = got.text("registerUser.user.id"); e.id == "" {
			return fmt.Errorf("%w: not registered: %s", errAnswer, got)
		}
		d.mu.Lock()
		d.entered[email] = e.id
		d.mu.Unlock()
		d.told.Add(1)
	}
	got, err := try(address, token, approve, vars{"i": vars{"userId": e.id}})
	if err != nil {
		return err
	}
	if got.text("approveRegistration.user.status") != "ACTIVE" {
		return fmt.Errorf("%w: not approved: %s", errAnswer, got)
	}
	d.mu.Lock()
	d.approved[email] = true
	d.mu.Unlock()
	d.told.Add(1)
	return nil
}

// interrupted notes that an errand got no answer.
func (d *deeds) interrupted(e *errand) {
	if e.keyed {
		d.repeated.Add(1)
	}
}

// errAnswer is an answer that should not have been given.
var errAnswer = errors.New("wrong answer")

// stage is where clients find the program, which comes and goes.
type stage struct {
	mu      sync.Mutex
	changed *sync.Cond
	address string
	round   int
	over    bool
}

func newStage() *stage {
	s := &stage{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

func (s *stage) set(address string, over bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.address, s.over = address, over
	s.round++
	s.changed.Broadcast()
}

// after waits for a round later than this one; false means that there will be none.
func (s *stage) after(round int) (address string, next int, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.round <= round && !s.over {
		s.changed.Wait()
	}
	return s.address, s.round, !s.over
}

func (s *stage) isOver() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// clients work until the stage is over.
func (s *stage) clients(t *testing.T, d *deeds, token string, n int) *sync.WaitGroup {
	var wg sync.WaitGroup
	for range n {
		wg.Go(func() {
			address, round, ok := s.after(0)
			var e *errand
			for ok && !s.isOver() {
				if e == nil {
					e = d.errand()
				}
				err := d.do(e, address, token)
				switch {
				case errors.Is(err, errAnswer):
					t.Error(err)
					return
				case err != nil:
					if d.interrupted(e); !e.keyed {
						e = nil
					}
					address, round, ok = s.after(round)
				default:
					e = nil
				}
			}
		})
	}
	return &wg
}

func TestWhatIsAcknowledgedSurvivesKills(t *testing.T) {
	for _, name := range storetest.Dialects {
		t.Run(name, func(t *testing.T) {
			url, keyset, sink, folder := storetest.URL(t, name), newKeyset(t), mailtest.Start(t), t.TempDir()
			set := []string{"LENDDESK_DATABASE_URL=" + url, "LENDDESK_KEYSET=" + keyset, "LENDDESK_SMTP_URL=" + sink.URL()}
			d, stage := newDeeds(), newStage()
			p := launch(t, folder, set...)
			token := adminToken(t, p.address)
			working := stage.clients(t, d, token, 16)
			for round := range *crashes {
				stage.set(p.address, false)
				enough := d.told.Load() + 20 + rand.Int64N(30)
				eventually(t, "clients are answered", func() bool { return d.told.Load() >= enough || t.Failed() })
				p.kill()
				if round == *crashes-1 { // before, it is the program that finds the database as the kill left it
					forgetTheDead(t, url)
				}
				p = launch(t, folder, set...)
			}
			stage.set(p.address, false)
			enough := d.told.Load() + 16
			eventually(t, "clients are answered after the last kill", func() bool { return d.told.Load() >= enough || t.Failed() })
			stage.set("", true)
			working.Wait()
			eventually(t, "every mail is sent", func() bool {
				got, err := try(p.address, token, `{ messages(filter: {state: ["QUEUED"]}) { totalCount } }`, nil)
				return err == nil && got.at("messages.totalCount") == any(0.0)
			})
			p.terminate(t)
			checkBook(t, url, keyset, d, sink)
		})
	}
}

// forgetTheDead lets the time pass after which the queue takes the jobs of a killed program for lost: its minutes and those of its
// leadership over periodic work.
func forgetTheDead(t *testing.T, url string) {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	long := "now() - interval '1 hour'"
	if s.Dialect() == dialect.SQLite {
		long = "datetime('now', '-1 hour')"
	}
	for _, statement := range []string{"UPDATE river_job SET attempted_at = " + long + " WHERE state = 'running'", "DELETE FROM river_leader"} {
		if _, err := s.Writer().ExecContext(t.Context(), statement); err != nil {
			t.Error(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

// checkBook compares what clients were told with what stands in the database and with what the mail server took.
func checkBook(t *testing.T, url, keyset string, d *deeds, sink *mailtest.Server) {
	t.Helper()
	s, err := store.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	keys, err := seal.Parse([]byte(keyset))
	if err != nil {
		t.Fatal(err)
	}
	ids, err := key.NewCodec(keys.IDs())
	if err != nil {
		t.Fatal(err)
	}
	type person struct {
		id            int64
		email, status string
	}
	people := rowsOf(t, s, "SELECT id, email, status FROM users", func(scan func(...any) error) (p person, err error) {
		return p, scan(&p.id, &p.email, &p.status)
	})
	counted := func(query string) map[string]int {
		counts := map[string]int{}
		for _, c := range rowsOf(t, s, query, func(scan func(...any) error) (c struct {
			id   int64
			kind string
			n    int
		}, err error,
		) {
			return c, scan(&c.id, &c.kind, &c.n)
		}) {
			counts[fmt.Sprint(c.id, " ", c.kind)] = c.n
		}
		return counts
	}
	events := counted("SELECT subject_id, kind, count(*) FROM events WHERE subject_type = '" + string(key.KindUser) + "' GROUP BY subject_id, kind")
	mails := counted("SELECT user_id, kind, count(*) FROM messages GROUP BY user_id, kind")
	written := counted("SELECT m.user_id, m.kind, count(*) FROM events e JOIN messages m ON m.id = e.subject_id AND m.user_id = e.user_id WHERE e.subject_type = '" +
		string(key.KindMessage) + "' GROUP BY m.user_id, m.kind")
	if !maps.Equal(written, mails) {
		t.Errorf("the mails are %v, and their stories tell of %v", mails, written)
	}
	found := map[string]person{}
	for _, p := range people {
		if _, twice := found[p.email]; twice {
			t.Errorf("%s is there twice", p.email)
		}
		found[p.email] = p
		decided := 0
		if p.status == "ACTIVE" {
			decided = 1
		}
		for what, n := range map[string]int{"REGISTER_USER": 1, "APPROVE_REGISTRATION": decided} {
			want(t, fmt.Sprint("events ", what, " of a person who is ", p.status), events[fmt.Sprint(p.id, " ", what)], n)
		}
		for what, n := range map[string]int{"registration_received": 1, "registration_approved": decided} {
			want(t, fmt.Sprint("mails ", what, " of a person who is ", p.status), mails[fmt.Sprint(p.id, " ", what)], n)
		}
	}
	for email, id := range d.entered {
		p, ok := found[email]
		if !ok {
			t.Errorf("%s was told to be registered and is not there", email)
			continue
		}
		want(t, "id of "+email, ids.Encode(key.KindUser, p.id), id)
		if d.approved[email] {
			want(t, "status of "+email, p.status, "ACTIVE")
		}
	}
	t.Logf("%d persons asked, %d are there; %d registrations and %d approvals were acknowledged, %d under keys were sent again", d.asked.Load(), len(people), len(d.entered),
		len(d.approved), d.repeated.Load())
	if d.repeated.Load() == 0 {
		t.Error("nothing under a key was sent again: the test has shown nothing of keys")
	}

	arrived := map[string]map[string]bool{} // the number of a letter and whom it went to, with what it says
	for _, l := range sink.Letters() {
		id, _, _ := strings.Cut(strings.Trim(l.Header.Get("Message-Id"), "<>"), "@")
		if arrived[id] == nil {
			arrived[id] = map[string]bool{}
		}
		arrived[id][l.To[0]+"\n"+l.Subject] = true
	}
	type letter struct {
		id                 int64
		to, subject, state string
	}
	letters := rowsOf(t, s, "SELECT id, to_address, subject, state FROM messages", func(scan func(...any) error) (l letter, err error) {
		return l, scan(&l.id, &l.to, &l.subject, &l.state)
	})
	for _, l := range letters {
		want(t, "state of a message", l.state, "SENT")
		id := ids.Encode(key.KindMessage, l.id)
		if got := slices.Collect(maps.Keys(arrived[id])); len(got) != 1 || got[0] != l.to+"\n"+l.subject {
			t.Errorf("the letter %q to %s arrived as %q", l.subject, l.to, got)
		}
		delete(arrived, id)
	}
	if len(arrived) > 0 {
		t.Errorf("%d letters arrived that nobody wrote", len(arrived))
	}
	if s.Dialect() == dialect.SQLite {
		one := func(scan func(...any) error) (line string, err error) { return line, scan(&line) }
		want(t, "integrity_check", fmt.Sprint(rowsOf(t, s, "PRAGMA integrity_check", one)), "[ok]")
		want(t, "broken foreign keys", fmt.Sprint(rowsOf(t, s, "SELECT \"table\" FROM pragma_foreign_key_check", one)), "[]")
	}
}

// rowsOf reads the rows of a query.
func rowsOf[T any](t *testing.T, s *store.Store, query string, read func(scan func(...any) error) (T, error)) (all []T) {
	t.Helper()
	rows, err := s.Reader().QueryContext(context.WithoutCancel(t.Context()), query)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		one, err := read(rows.Scan)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, one)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return all
}
