package store

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"entgo.io/ent/dialect"
)

// Found is what a connection that was tried told.
type Found struct {
	Driver            string        // with the version
	Answer            time.Duration // of one question
	Migration, Newest int64         // of the database, 0 when it is empty; of this program
	Refused           string        // what the program may not do there; empty when it can work
}

// Probe tries a connection and changes nothing: a SQLite file that is not there is not made.
func Probe(ctx context.Context, url string) (found Found, err error) {
	name, _, err := Newest(url)
	if err != nil {
		return found, err
	}
	if file, sqlite := strings.CutPrefix(url, "sqlite:"); sqlite {
		if _, err := os.Stat(file); err != nil {
			return found, fmt.Errorf("store: there is no such file yet; the first start makes it: %w", err)
		}
	}
	s, err := Open(ctx, url)
	if err != nil {
		return found, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	info, err := s.Info(ctx)
	if err != nil {
		return found, err
	}
	found.Driver = info.Driver
	begun := time.Now()
	if found.Migration, found.Newest, err = s.Migration(ctx); err != nil {
		return found, err
	}
	found.Answer = time.Since(begun)
	return found, s.tryToWork(ctx, name, &found)
}

// tryToWork makes a table and takes that back.
func (s *Store) tryToWork(ctx context.Context, name string, found *Found) error {
	tx, err := s.writer.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("store: begin: %w", err)
	}
	defer func() { _ = tx.Rollback() }() // it is to leave nothing
	if _, err := tx.ExecContext(ctx, "CREATE TABLE lenddesk_probe (n bigint)"); err != nil {
		found.Refused = "it may not make tables: " + err.Error()
		return nil
	}
	if name == dialect.Postgres {
		var encoding string
		if err := tx.QueryRowContext(ctx, "SHOW server_encoding").Scan(&encoding); err != nil {
			return fmt.Errorf("store: ask for the encoding: %w", err)
		}
		if encoding != "UTF8" {
			found.Refused = "the database's encoding is " + encoding + ", UTF8 is needed"
		}
	}
	return nil
}
