package jobs

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
)

func TestTheLogHasWhatSomebodyShouldLookAt(t *testing.T) {
	var b bytes.Buffer
	log := slog.New(warnings{slog.NewTextHandler(&b, nil)})
	log.Info("worked", "jobs", 5)
	log.Error("look for jobs", "error", context.Canceled.Error())
	log.Error("look for jobs", "err", context.Canceled)
	if b.Len() > 0 {
		t.Errorf("nobody need look at %s", &b)
	}
	log.Error("look for jobs", "error", errors.New("disk full"))
	log.With("job", 7).Warn("tried again")
	if said := b.String(); !strings.Contains(said, "disk full") || !strings.Contains(said, "job=7") {
		t.Errorf("the log says %s", said)
	}
}
