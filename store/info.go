package store

import (
	"context"
	"fmt"
	"os"
	"strconv"
)

// Info tells an administrator about the database.
type Info struct {
	Driver          string // "SQLite" or "PostgreSQL", with the version
	ConnectionMode  string // how the program is connected
	Size            int64  // bytes
	Migration       string // version of the newest migration applied
	OpenConnections int
}

// Info asks the database about itself.
func (s *Store) Info(ctx context.Context) (Info, error) {
	current, _, err := s.Migration(ctx)
	if err != nil {
		return Info{}, err
	}
	info := Info{Migration: strconv.FormatInt(current, 10), OpenConnections: s.writer.Stats().OpenConnections}
	ask := s.askPostgres
	if s.sqlite() {
		ask = s.askSQLite
	}
	if err := ask(ctx, &info); err != nil {
		return Info{}, fmt.Errorf("store: ask the database about itself: %w", err)
	}
	return info, nil
}

func (s *Store) askSQLite(ctx context.Context, info *Info) error {
	var version, journal string
	if err := s.reader.QueryRowContext(ctx, "SELECT sqlite_version()").Scan(&version); err != nil {
		return err
	}
	if err := s.reader.QueryRowContext(ctx, "PRAGMA journal_mode").Scan(&journal); err != nil {
		return err
	}
	for _, suffix := range []string{"", "-wal"} {
		file, err := os.Stat(s.path + suffix)
		if os.IsNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		info.Size += file.Size()
	}
	info.Driver = "SQLite " + version
	info.ConnectionMode = fmt.Sprintf("journal %s, one writer, up to %d readers", journal, s.reader.Stats().MaxOpenConnections)
	info.OpenConnections += s.reader.Stats().OpenConnections
	return nil
}

func (s *Store) askPostgres(ctx context.Context, info *Info) error {
	var version string
	err := s.reader.QueryRowContext(ctx, "SELECT current_setting('server_version'), pg_database_size(current_database())").
		Scan(&version, &info.Size)
	if err != nil {
		return err
	}
	info.Driver = "PostgreSQL " + version
	info.ConnectionMode = fmt.Sprintf("pool of %d, %d more for listening", s.writer.Stats().MaxOpenConnections, s.pgx.Config().MaxConns)
	info.OpenConnections += int(s.pgx.Stat().TotalConns())
	return nil
}
