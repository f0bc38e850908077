package house

import (
	"bytes"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// The stored code of ent must be the one that schema/ generates, and nothing else: a hand in it would be lost with the next
// generation, and a schema changed without generating would compile into a program that knows nothing of the change.
func TestEntComesBackFromItsSchema(t *testing.T) {
	if testing.Short() {
		t.Skip("generating ent takes half a minute; run without -short")
	}
	folder := t.TempDir()
	stored := map[string][]byte{}
	for _, name := range tree(t) {
		content := source(t, name)
		if under(name, "ent") {
			stored[name] = content
			continue
		}
		if !under(name, "console") { // large, and nothing that ent is made from
			write(t, filepath.Join(folder, filepath.FromSlash(name)), content)
		}
	}

	generate := exec.Command("go", "generate", "./schema")
	generate.Dir = folder
	if out, err := generate.CombinedOutput(); err != nil {
		t.Fatalf("go generate ./schema: %v\n%s", err, out)
	}

	made := map[string][]byte{}
	if err := filepath.WalkDir(filepath.Join(folder, "ent"), func(file string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name, err := filepath.Rel(folder, file)
		if err != nil {
			return err
		}
		made[filepath.ToSlash(name)], err = os.ReadFile(file)
		return err
	}); err != nil {
		t.Fatalf("read what was generated: %v", err)
	}
	for _, difference := range differences(stored, made) {
		t.Error(difference)
	}
	if t.Failed() {
		t.Log("run `make generate` and commit ent/ with the change that caused it")
	}
}

// differences names each file that is missing on one side, or is not the same byte for byte.
func differences(stored, made map[string][]byte) (found []string) {
	for name, content := range made {
		if old, ok := stored[name]; !ok {
			found = append(found, name+" is generated, but not stored")
		} else if !bytes.Equal(old, content) {
			found = append(found, name+" is stored otherwise than it is generated")
		}
	}
	for name := range stored {
		if _, ok := made[name]; !ok {
			found = append(found, name+" is stored, but not generated")
		}
	}
	slices.Sort(found)
	return found
}

func TestDifferencesAreNamed(t *testing.T) {
	stored := map[string][]byte{"ent/same": []byte("a"), "ent/edited": []byte("a"), "ent/left": []byte("a")}
	made := map[string][]byte{"ent/same": []byte("a"), "ent/edited": []byte("b"), "ent/new": []byte("a")}
	want := []string{
		"ent/edited is stored otherwise than it is generated",
		"ent/left is stored, but not generated",
		"ent/new is generated, but not stored",
	}
	if got := differences(stored, made); !slices.Equal(got, want) {
		t.Errorf("differences: %q, want %q", got, want)
	}
}

// `make generate` walks a list that people wrote, since the order matters. A package left out of it would go stale in silence.
func TestEveryGeneratingPackageIsInTheMakefile(t *testing.T) {
	line := regexp.MustCompile(`(?m)^GENERATED := (.+)$`).FindSubmatch(source(t, "Makefile"))
	if line == nil {
		t.Fatal("the Makefile has no line GENERATED := …")
	}
	listed := strings.Fields(string(line[1]))

	var generating []string
	directive := regexp.MustCompile(`(?m)^//go:generate `)
	for _, name := range tree(t) {
		if strings.HasSuffix(name, ".go") && directive.Match(source(t, name)) {
			generating = append(generating, "./"+path.Dir(name))
		}
	}
	slices.Sort(generating)
	generating = slices.Compact(generating)
	for _, folder := range generating {
		if !slices.Contains(listed, folder) {
			t.Errorf("%s has a go:generate line, but `make generate` passes it by", folder)
		}
	}
	for _, folder := range listed {
		if !slices.Contains(generating, folder) {
			t.Errorf("`make generate` names %s, which generates nothing", folder)
		}
	}
}

func write(t *testing.T, file string, content []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, content, 0o644); err != nil {
		t.Fatal(err)
	}
}
