package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The TypeScript client is made from the contract as it stands, checked by its types, compiled, and works the queue of a running server.
func TestTheTypeScriptClientIsMadeCheckedAndRun(t *testing.T) {
	const folder = "examples/typescript"
	if _, err := os.Stat(filepath.Join(folder, "node_modules")); err != nil {
		t.Fatalf("run scripts/need-node first: %v", err)
	}
	command := func(name string, args ...string) *exec.Cmd {
		c := exec.CommandContext(t.Context(), name, args...)
		c.Dir = folder
		return c
	}
	if out, err := command("npm", "run", "build").CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	onEach(t, func(t *testing.T, h *house) {
		for n := range 5 {
			h.register(t, applicant(70+n))
		}
		run := command("node", "dist/main.js")
		run.Env = append(os.Environ(), "LENDDESK_URL=http://"+h.address, "LENDDESK_ADMIN_EMAIL="+adminEmail, "LENDDESK_ADMIN_PASSWORD="+adminPassword)
		out, err := run.CombinedOutput()
		if err != nil || !strings.HasPrefix(string(out), "5 registrations wait.\n") || strings.Count(string(out), ": ACTIVE\n") != 5 {
			t.Errorf("%v\n%s", err, out)
		}
		want(t, "still waiting", h.administrator(t).ask(`{ reviewQueue(kind: REGISTRATION) { totalCount } }`).at("reviewQueue.totalCount"), any(0.0))
		run = command("node", "dist/main.js")
		run.Env = append(os.Environ(), "LENDDESK_URL=http://"+h.address, "LENDDESK_ADMIN_EMAIL="+adminEmail, "LENDDESK_ADMIN_PASSWORD=wrong")
		if out, err := run.CombinedOutput(); err == nil || !strings.Contains(string(out), "WRONG_CREDENTIALS") {
			t.Errorf("with a wrong password: %v\n%s", err, out)
		}
	})
}
