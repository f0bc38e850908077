package jobs

import (
	"context"
	"log/slog"
)

// warnings lets through what somebody should look at: River says how many jobs it did every five seconds, and calls it an error when it is stopped in
// the middle of looking for more.
type warnings struct{ slog.Handler }

// Enabled reports whether records of a level may be let through.
func (w warnings) Enabled(ctx context.Context, level slog.Level) bool {
	return level >= slog.LevelWarn && w.Handler.Enabled(ctx, level)
}

// Handle lets a record through, unless it only says that what was stopped has stopped.
func (w warnings) Handle(ctx context.Context, r slog.Record) error {
	stopped := false
	r.Attrs(func(a slog.Attr) bool {
		stopped = (a.Key == "error" || a.Key == "err") && a.Value.String() == context.Canceled.Error()
		return !stopped
	})
	if stopped {
		return nil
	}
	return w.Handler.Handle(ctx, r)
}

// WithAttrs is the handler with attributes.
func (w warnings) WithAttrs(attrs []slog.Attr) slog.Handler {
	return warnings{w.Handler.WithAttrs(attrs)}
}

// WithGroup is the handler with a group.
func (w warnings) WithGroup(name string) slog.Handler { return warnings{w.Handler.WithGroup(name)} }
