package store

import (
	"context"
	"fmt"
	"strings"

	"lenddesk/ent/migrate"
)

// Scrub removes what the database keeps beside its rows of values that were overwritten or deleted: words in its index of names, and on SQLite pages of the write-ahead log (what is freed in the file itself is overwritten
// as it is freed), on PostgreSQL old versions of rows. It says false when others were reading what was, so that it must be done again.
func (s *Store) Scrub(ctx context.Context) (done bool, err error) {
	if !s.sqlite() {
		tables := make([]string, 0, len(migrate.Tables))
		for _, t := range migrate.Tables {
			tables = append(tables, t.Name)
		}
		if _, err := s.writer.ExecContext(ctx, "VACUUM "+strings.Join(tables, ", ")); err != nil {
			return false, fmt.Errorf("store: scrub: %w", err)
		}
		return true, nil
	}
	for _, table := range searched {
		if _, err := s.writer.ExecContext(ctx, fmt.Sprintf("INSERT INTO %[1]s_search(%[1]s_search) VALUES ('optimize')", table)); err != nil {
			return false, fmt.Errorf("store: scrub the index of names: %w", err)
		}
	}
	var busy, log, moved int
	if err := s.writer.QueryRowContext(ctx, "PRAGMA wal_checkpoint(TRUNCATE)").Scan(&busy, &log, &moved); err != nil {
		return false, fmt.Errorf("store: scrub the log: %w", err)
	}
	return busy == 0, nil
}
