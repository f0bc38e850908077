package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"entgo.io/ent/dialect"

	"lenddesk/seal"
	"lenddesk/store"
	"lenddesk/store/copies"
	"lenddesk/workflow/audit"
)

// checkDatabase tries a connection before it is used, and changes nothing.
func checkDatabase(ctx context.Context, url string, out io.Writer) error {
	probe, err := store.Probe(ctx, url)
	if err != nil {
		return err
	}
	state := fmt.Sprintf("at migration %d; this program knows %d", probe.Migration, probe.Newest)
	switch {
	case probe.Migration == 0:
		state = "empty: the first start makes the tables"
	case probe.Migration < probe.Newest:
		state += " and brings it there at its start"
	case probe.Migration > probe.Newest:
		state += ": take the newer lenddesk"
	}
	if _, err := fmt.Fprintf(out, "%s answers, a question takes %s\n%s\n", probe.Driver, probe.Answer.Round(time.Microsecond), state); err != nil {
		return err
	}
	if probe.Migration > probe.Newest {
		return errors.New("the database is from a newer program")
	}
	if probe.Refused != "" {
		return fmt.Errorf("the program cannot work there: %s", probe.Refused)
	}
	_, err = fmt.Fprintln(out, "it can be used")
	return err
}

// restore puts a copy in the database's place, or says what would be done.
func restore(ctx context.Context, s settings, file string, yes bool, out io.Writer) error {
	mark := ""
	keys, err := ownKeys(s, false)
	if err == nil {
		mark, err = keys.Fingerprint()
	}
	if err != nil {
		return err
	}
	plan, err := copies.Prepare(ctx, s.DatabaseURL, file, mark)
	if err != nil {
		return err
	}
	m := plan.Manifest
	if _, err := fmt.Fprintf(out, "%s is a copy of %s, migration %d\nloans %d, bids %d, users %d, events %d\n",
		file, m.TakenAt.Format(time.RFC3339), m.Migration, m.Rows["loans"], m.Rows["bids"], m.Rows["users"], m.Rows["events"]); err != nil {
		return err
	}
	does := "it takes the place of the database, of which nothing is left"
	switch {
	case m.Database == dialect.SQLite && plan.Keeps == "":
		does = "there is no database yet: it becomes the database"
	case m.Database == dialect.SQLite:
		does = "it takes the place of the database, which is kept as " + plan.Keeps
	}
	if !yes {
		_, err := fmt.Fprintf(out, "%s\nNothing has been done. Stop every server and say --yes to do it.\n", does)
		return err
	}
	if err := plan.Restore(ctx); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "Done: %s\nLetters and deliveries that were waiting when the copy was taken are sent again.\n", does)
	return err
}

// move carries a SQLite book to PostgreSQL.
func move(ctx context.Context, s settings, to string, out io.Writer) error {
	if _, err := ownKeys(s, false); err != nil && !errors.Is(err, seal.ErrNoFile) {
		return err
	}
	carried, err := copies.Carry(ctx, s.DatabaseURL, to)
	if err != nil {
		return err
	}
	for _, t := range carried {
		if _, err := fmt.Fprintf(out, "%-24s %10d rows, %d sums equal\n", t.Name, t.Rows, len(t.Sums)); err != nil {
			return err
		}
	}
	rows := int64(0)
	for t := range slices.Values(carried) {
		rows += t.Rows
	}
	_, err = fmt.Fprintf(out, "%d rows in all. Start the servers with LENDDESK_DATABASE_URL set to the new database and with the same keys (%s).\n", rows, s.keySource())
	return err
}

// verifyTrail walks the trail of events.
func verifyTrail(ctx context.Context, s settings, known []string, out io.Writer) (err error) {
	heads := make([]audit.Head, len(known))
	for i, k := range known {
		if heads[i], err = audit.ParseHead(k); err != nil {
			return fmt.Errorf("--known: %w", err)
		}
	}
	st, err := store.Open(ctx, s.DatabaseURL)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, st.Close()) }()
	head, err := audit.Verify(ctx, st.Client(), heads...)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "The trail holds: %d events. Its head, to be kept elsewhere:\n%s\n", head.Events, head)
	return err
}
