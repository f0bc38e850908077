package jobs

import (
	"context"
	"log/slog"
)

// warnings lets through what somebody should look at: River says how many jobs it did every five seconds.
type warnings struct{ slog.Handler }

// Enabled reports whether a record is let through.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// WithAttrs is the handler with attributes.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup is the handler with a group.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
