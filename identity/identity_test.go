package identity

import (
	"strings"
	"testing"

	"lenddesk/fault"
)

// expect compares a check's answer with the wanted value, or with the wanted sentence (or code, where there is none).
func expect(t *testing.T, raw, got string, problem *fault.Problem, want, text string) {
	t.Helper()
	var said string
	if problem != nil {
		said = strings.TrimPrefix(problem.Sentence(), "fault.")
	}
	if got != want || said != text {
		t.Errorf("%q: got %q and problem %q, want %q and %q", raw, got, said, want, text)
	}
}

// settles fuzzes a check: it must not panic, a refused value must not come back, and what it takes it must take
// unchanged when asked again.
func settles(f *testing.F, check func(string) (string, *fault.Problem), seeds ...string) {
	f.Helper()
	for _, s := range seeds {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		value, problem := check(raw)
		if problem != nil {
			if value != "" {
				t.Fatalf("%q was refused and came back as %q", raw, value)
			}
			return
		}
		if again, problem := check(value); problem != nil || again != value {
			t.Fatalf("%q became %q, then %q (%v)", raw, value, again, problem)
		}
	})
}

func refused(_ string, problem *fault.Problem) bool { return problem != nil }
