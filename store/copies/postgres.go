package copies

import (
	"bytes"
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"

	"lenddesk/store"
)

// takePostgres has pg_dump write the database as a transaction of ours sees it, in which the rows are counted too.
func takePostgres(ctx context.Context, s *store.Store, at, file string, m *Manifest) error {
	tx, err := s.Writer().BeginTx(ctx, &sql.TxOptions{Isolation: sql.LevelRepeatableRead, ReadOnly: true})
	if err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it has changed nothing
	var moment string
	if err := tx.QueryRowContext(ctx, "SELECT pg_export_snapshot()").Scan(&moment); err != nil {
		return fmt.Errorf("copies: keep the moment: %w", err)
	}
	if err := run(ctx, at, "pg_dump", "--format=custom", "--no-owner", "--no-privileges", "--snapshot="+moment, "--file="+file); err != nil {
		return err
	}
	return m.look(ctx, tx)
}

// run has one of PostgreSQL's programs work on a database.
func run(ctx context.Context, at, program string, args ...string) error {
	c, err := prepare(ctx, at, program, args...)
	if err != nil {
		return err
	}
	return c.ended(ctx, c.Run())
}

// command is one of PostgreSQL's programs with what it complains of.
type command struct {
	*exec.Cmd
	program string
	said    bytes.Buffer
}

// prepare makes a command for a database. The password goes by the environment, where other users of the machine do not see it.
func prepare(ctx context.Context, at, program string, args ...string) (*command, error) {
	c := &command{program: program}
	if at == "" { // it works on a file
		c.Cmd = exec.CommandContext(ctx, program, args...)
		c.Stderr = &c.said
		return c, nil
	}
	u, err := url.Parse(at)
	if err != nil {
		return nil, errors.New("copies: the database's URL cannot be read")
	}
	password, given := u.User.Password()
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	options := u.Query()
	for name := range options {
		if strings.HasPrefix(name, "pool_") || strings.HasPrefix(name, "default_query_") || strings.HasSuffix(name, "_cache_capacity") {
			options.Del(name) // of the Go driver, which PostgreSQL's own programs do not know
		}
	}
	u.RawQuery = options.Encode()
	c.Cmd = exec.CommandContext(ctx, program, append(args, "--dbname="+u.String())...)
	c.Stderr = &c.said
	c.Env = append(os.Environ(), "PGAPPNAME=lenddesk copy")
	if given {
		c.Env = append(c.Env, "PGPASSWORD="+password)
	}
	return c, nil
}

// ended says how the program ended.
func (c *command) ended(ctx context.Context, err error) error {
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		return ctx.Err()
	case errors.Is(err, exec.ErrNotFound):
		return fmt.Errorf("copies: %s is not installed where the program runs: it comes with PostgreSQL's client programs", c.program)
	}
	// Its words may quote rows: only the first line, which says what went wrong and where.
	line, _, _ := strings.Cut(c.said.String(), "\n")
	return fmt.Errorf("copies: %s: %s", c.program, strings.TrimPrefix(line, c.program+": "))
}

// ErrNoScratch says that a copy could not be checked for want of a database to open it in: it tells nothing about the copy.
var ErrNoScratch = errors.New("copies: make a database to open the copy in (the role that the server signs in with needs CREATEDB)")

// inScratch puts a copy into a database of its own for a while.
func inScratch(ctx context.Context, at, file string, look func(*sql.DB) error) (err error) {
	server, err := sql.Open("pgx", at)
	if err != nil {
		return errors.New("copies: the database's URL cannot be read")
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	name := "lenddesk_verify_" + strings.ToLower(rand.Text()[:12])
	if _, err := server.ExecContext(ctx, "CREATE DATABASE "+name+" TEMPLATE template0"); err != nil {
		return fmt.Errorf("%w: %w", ErrNoScratch, err)
	}
	defer func() {
		_, dropped := server.ExecContext(context.WithoutCancel(ctx), "DROP DATABASE "+name+" WITH (FORCE)")
		err = errors.Join(err, dropped)
	}()
	u, err := url.Parse(at)
	if err != nil {
		return errors.New("copies: the database's URL cannot be read")
	}
	u.Path = "/" + name
	if err := run(ctx, u.String(), "pg_restore", "--exit-on-error", "--no-owner", "--no-privileges", file); err != nil {
		return err
	}
	db, err := sql.Open("pgx", u.String())
	if err != nil {
		return errors.New("copies: the database's URL cannot be read")
	}
	return errors.Join(look(db), db.Close())
}

// restorePostgres replaces all tables of the database in one transaction.
func restorePostgres(ctx context.Context, p Plan) error {
	db, err := sql.Open("pgx", p.target)
	if err != nil {
		return errors.New("copies: the database's URL cannot be read")
	}
	// Whoever has just closed a connection is still there for a moment.
	_, err = backoff.Retry(ctx, func() (struct{}, error) {
		var others int
		err := db.QueryRowContext(ctx, "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'").Scan(&others)
		switch {
		case err != nil:
			return struct{}{}, backoff.Permanent(fmt.Errorf("copies: reach PostgreSQL: %w", err))
		case others > 0:
			return struct{}{}, ErrInUse
		}
		return struct{}{}, nil
	}, backoff.WithBackOff(backoff.NewConstantBackOff(50*time.Millisecond)), backoff.WithMaxElapsedTime(2*time.Second))
	if err = errors.Join(err, db.Close()); err != nil {
		return err
	}
	script, err := prepare(ctx, "", "pg_restore", "--no-owner", "--no-privileges", "--file=-", p.File)
	if err != nil {
		return err
	}
	target, err := prepare(ctx, p.target, "psql", "--no-psqlrc", "--quiet", "--output=/dev/null", "--set=ON_ERROR_STOP=1", "--single-transaction", "--command="+clear, "--file=-")
	if err != nil {
		return err
	}
	if target.Stdin, err = script.StdoutPipe(); err != nil {
		return fmt.Errorf("copies: %w", err)
	}
	if err := script.Start(); err != nil {
		return script.ended(ctx, err)
	}
	// A script that breaks off must not be committed: its end is known before psql sees it, since a broken one ends with an error's line.
	err = target.ended(ctx, target.Run())
	return errors.Join(script.ended(ctx, script.Wait()), err)
}

// clear drops all that lenddesk and its queue have made: what a copy does not have must not stay either.
const clear = `DO $$ DECLARE o record; BEGIN
FOR o IN SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() LOOP
  EXECUTE format('DROP TABLE IF EXISTS %I CASCADE', o.name);
END LOOP;
FOR o IN SELECT p.oid::regprocedure AS name FROM pg_proc p WHERE p.pronamespace = current_schema()::regnamespace
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e') LOOP
  EXECUTE format('DROP FUNCTION IF EXISTS %s CASCADE', o.name);
END LOOP;
FOR o IN SELECT t.typname AS name FROM pg_type t WHERE t.typnamespace = current_schema()::regnamespace AND t.typtype = 'e'
  AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = t.oid AND d.deptype = 'e') LOOP
  EXECUTE format('DROP TYPE IF EXISTS %I CASCADE', o.name);
END LOOP;
END $$`
