package main

import (
	"os"
	"os/exec"
	"testing"
)

// The examples are run as a newcomer runs them, against the whole program.
func TestExamples(t *testing.T) {
	for _, script := range []string{"examples/registration.sh", "examples/relations.sh", "examples/binding.sh", "examples/lending.sh"} {
		t.Run(script, func(t *testing.T) {
			onEach(t, func(t *testing.T, h *house) {
				run := exec.CommandContext(t.Context(), "bash", script)
				run.Env = append(os.Environ(), "LENDDESK_URL=http://"+h.address, "LENDDESK_ADMIN_EMAIL="+adminEmail, "LENDDESK_ADMIN_PASSWORD="+adminPassword)
				if out, err := run.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
			})
		})
	}
}
