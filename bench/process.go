package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// contestant is one server.
type contestant struct {
	name    string // "lenddesk", "by hand", "by hand, JSON by SQLite"
	variant string // of the hand-written ones: rows or json
	address string
	must    string // what must stand in every answer
	cmd     *exec.Cmd
	watch   *pgx.Conn // sees the server's connections to PostgreSQL; nil on SQLite
}

// startAll starts everybody over one book; what was started is returned also with an error.
func startAll(ctx context.Context, b *book) (all []*contestant, err error) {
	for _, c := range []*contestant{{name: "lenddesk"}, {name: "by hand", variant: "rows"}, {name: "by hand, JSON by SQLite", variant: "json"}} {
		if c.variant == "json" && b.dialect != "sqlite" {
			continue
		}
		if err := c.start(ctx, b, b.url); err != nil {
			return all, err
		}
		all = append(all, c)
	}
	return all, nil
}

// start starts the server over a database and waits until it says where it listens.
func (c *contestant) start(ctx context.Context, b *book, at string) error {
	c.cmd = exec.Command(b.program)
	if c.variant != "" {
		c.cmd = exec.Command(b.self, "byhand", c.variant)
	}
	c.cmd.Env = b.environment(at)
	logs, err := c.cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := c.cmd.Start(); err != nil {
		return err
	}
	said := bufio.NewScanner(logs)
	serving := regexp.MustCompile(`graphql=http://([0-9.:]+)/`)
	var tail []string
	for said.Scan() {
		if found := serving.FindStringSubmatch(said.Text()); found != nil {
			c.address = found[1]
			break
		}
		tail = append(tail, said.Text())
	}
	if c.address == "" {
		return fmt.Errorf("%s did not start: %w\n%s", c.name, c.cmd.Wait(), strings.Join(tail, "\n"))
	}
	go func() { _, _ = io.Copy(io.Discard, logs) }() // else it would wait for a reader
	if b.dialect == "postgres" && c.watch == nil {
		c.watch, err = pgx.Connect(ctx, b.url)
	}
	return err
}

func (c *contestant) stop() error {
	if c.cmd == nil {
		return nil
	}
	defer func() { c.cmd, c.watch = nil, nil }()
	err := c.cmd.Process.Signal(syscall.SIGTERM)
	done := make(chan error, 1)
	go func() { done <- c.cmd.Wait() }()
	select {
	case <-done: // a server that was told to end may say so by its status
	case <-time.After(45 * time.Second):
		err = errors.Join(err, c.cmd.Process.Kill())
	}
	if c.watch != nil {
		err = errors.Join(err, c.watch.Close(context.Background()))
	}
	return err
}

// alone stops the others and has one serve: whoever writes would wait for what the others still do with what was written.
func alone(ctx context.Context, b *book, all []*contestant, one *contestant) error {
	for _, c := range all {
		if c != one {
			if err := c.stop(); err != nil {
				return err
			}
		}
	}
	if one.cmd != nil {
		return nil
	}
	if err := one.start(ctx, b, b.url); err != nil || one.variant != "" {
		return err
	}
	return b.sealed(ctx) // what was written without it
}

// used is processor time and memory so far.
type used struct {
	server, database time.Duration
	memory           int64 // bytes, of the server
}

// used looks at the server, and at the processes of PostgreSQL that work for it.
func (c *contestant) used(ctx context.Context) (u used, err error) {
	if u.server, err = processorTime(c.cmd.Process.Pid); err != nil {
		return u, err
	}
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", c.cmd.Process.Pid))
	if err != nil {
		return u, err
	}
	if _, after, ok := strings.Cut(string(status), "VmRSS:"); ok {
		kilobytes, err := strconv.ParseInt(strings.Fields(after)[0], 10, 64)
		if err != nil {
			return u, err
		}
		u.memory = kilobytes << 10
	}
	if c.watch == nil {
		return u, nil
	}
	application := "lenddesk"
	if c.variant != "" {
		application = "byhand"
	}
	rows, err := c.watch.Query(ctx, "SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND application_name = $1 ORDER BY pid", application)
	if err != nil {
		return u, err
	}
	pids, err := pgx.CollectRows(rows, pgx.RowTo[int])
	if err != nil {
		return u, err
	}
	for _, pid := range pids {
		if d, err := processorTime(pid); err == nil { // it may have ended; a server on another machine has no time here
			u.database += d
		}
	}
	return u, nil
}

// processorTime is what a process and its threads have used.
func processorTime(pid int) (time.Duration, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	_, after, _ := strings.Cut(string(stat), ") ")
	fields := strings.Fields(after)
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat cannot be read", pid)
	}
	var ticks int64
	for _, f := range fields[11:13] { // utime and stime, in hundredths of a second
		n, err := strconv.ParseInt(f, 10, 64)
		if err != nil {
			return 0, err
		}
		ticks += n
	}
	return time.Duration(ticks) * 10 * time.Millisecond, nil
}
