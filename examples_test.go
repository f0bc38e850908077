package main

import (
	"os"
	"os/exec"
	"slices"
	"testing"

	"lenddesk/store/storetest"
)

// The examples are run as a newcomer runs them, against the whole program.
func TestExamples(t *testing.T) {
	for _, script := range []string{"examples/registration.sh", "examples/relations.sh", "examples/binding.sh", "examples/lending.sh", "examples/administration.sh"} {
		for _, dialect := range storetest.Dialects {
			t.Run(script+"/"+dialect, func(t *testing.T) {
				t.Parallel()
				h := start(t, settings{DatabaseURL: storetest.URL(t, dialect), WebhookAllow: []string{"127.0.0.0/8"}})
				receives := newReceiver(t)
				run := exec.CommandContext(t.Context(), "bash", script)
				run.Env = append(os.Environ(), "LENDDESK_URL=http://"+h.address, "LENDDESK_ADMIN_EMAIL="+adminEmail, "LENDDESK_ADMIN_PASSWORD="+adminPassword, "LENDDESK_RECEIVER="+receives.URL)
				if out, err := run.CombinedOutput(); err != nil {
					t.Errorf("%v\n%s", err, out)
				}
				if told := receives.kinds(); script == "examples/administration.sh" && !slices.Contains(told, "CREATE_ROLE") {
					t.Errorf("the receiver was told of %q", told)
				}
			})
		}
	}
}
