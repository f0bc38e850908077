package client

import (
	"bytes"
	"os"
	"testing"

	"github.com/Khan/genqlient/generate"
)

// The committed code is the one that the contract and the operations make.
func TestTheClientIsGeneratedFromTheContract(t *testing.T) {
	config, err := generate.ReadAndValidateConfig("genqlient.yaml")
	if err != nil {
		t.Fatal(err)
	}
	made, err := generate.Generate(config)
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range made {
		if stored, err := os.ReadFile(name); err != nil || !bytes.Equal(stored, content) {
			t.Errorf("%s is stale: run go generate ./client (%v)", name, err)
		}
	}
	if len(made) == 0 {
		t.Error("nothing was made")
	}
}
