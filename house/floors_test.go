package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// module is the name in go.mod: the import path of the program, and the beginning of every other.
const module = "lenddesk"

// A floor is a group of rooms that are equally high. A room is a package with all below its folder; "office/*" makes a room
// of each folder below office, and leaves office itself to another floor.
type floor struct {
	name  string
	rooms []string
	// doors says that the rooms of the floor may import each other; else they may not. (Go itself refuses circles.)
	doors bool
	// reaches names the only lower floors that may be imported; nil means every one.
	reaches []string
}

// floors stand from the roof to the ground. A package imports its own room and what is strictly lower.
var floors = []floor{
	{name: "program", rooms: []string{"."}},
	{name: "house", rooms: []string{"house"}, reaches: []string{}},
	{name: "bench", rooms: []string{"bench"}, reaches: []string{"store", "ground"}}, // asks the program over HTTP
	{name: "client", rooms: []string{"client"}, reaches: []string{}},                // knows the contract alone
	{name: "graph", rooms: []string{"graph"}},
	{name: "reading", rooms: []string{"reading"}},
	{name: "console", rooms: []string{"console"}},
	{name: "hooks", rooms: []string{"hooks"}},
	{name: "downloads", rooms: []string{"downloads"}},
	{name: "demo", rooms: []string{"demo"}},
	{name: "offices", rooms: []string{"workflow/*"}},
	{name: "mailing", rooms: []string{"workflow/mailing", "workflow/leads", "workflow/audit"}}, // what several offices do alike: write letters, enter potential customers, look after the trail
	{name: "workflow", rooms: []string{"workflow"}},
	{name: "lifecycle", rooms: []string{"lifecycle"}},
	{name: "access", rooms: []string{"access"}},
	{name: "live", rooms: []string{"live"}},
	{name: "jobs", rooms: []string{"jobs"}},
	{name: "store", rooms: []string{"store"}},
	{name: "ent", rooms: []string{"ent"}, reaches: []string{"schema", "ground"}},
	{name: "schema", rooms: []string{"schema"}, reaches: []string{"ground"}},
	{name: "simulator", rooms: []string{"gateway/simulator"}}, // speaks as the systems do whose words it uses
	{name: "gateways", rooms: []string{"gateway/kxd", "gateway/kxdm", "gateway/finance", "gateway/mail", "gateway/blob", "gateway/webhook"}},
	{name: "outer", rooms: []string{"gateway/outer"}}, // how systems are asked
	{name: "signing", rooms: []string{"gateway/signing"}},
	{name: "gateway", rooms: []string{"gateway"}},
	{
		name:  "ground",
		rooms: []string{"fault", "key", "money", "identity", "text", "parameter", "seal"},
		doors: true,
	},
}

// place is where a package stands: the number of its floor, counted from the roof, and its room.
type place struct {
	floor int
	room  string
}

// find looks up a package by its import path. The longest matching room wins; of two, the one named on the lower floor.
func find(path string) (place, error) {
	below := strings.TrimPrefix(path, module+"/")
	if path == module {
		below = "."
	}
	found := place{floor: -1}
	for i, f := range floors {
		for _, pattern := range f.rooms {
			if room, ok := match(pattern, below); ok && len(room) >= len(found.room) {
				found = place{i, room}
			}
		}
	}
	if found.floor < 0 {
		return found, fmt.Errorf("%s stands on no floor: give it one in the table of floors", path)
	}
	return found, nil
}

// match tells whether the package at below belongs to the rooms of a pattern, and to which.
func match(pattern, below string) (room string, ok bool) {
	if office, each := strings.CutSuffix(pattern, "/*"); each {
		rest, inside := strings.CutPrefix(below, office+"/")
		first, _, _ := strings.Cut(rest, "/")
		return office + "/" + first, inside
	}
	return pattern, below == pattern || strings.HasPrefix(below, pattern+"/")
}

// judge says why importer may not import imported; both are packages of the module. It returns nil if it may.
func judge(importer, imported string) error {
	from, err := find(importer)
	if err != nil {
		return err
	}
	to, err := find(imported)
	if err != nil {
		return err
	}
	upper, lower := floors[from.floor], floors[to.floor]
	switch {
	case from.room == to.room:
		return nil
	case from.floor == to.floor && !upper.doors:
		return fmt.Errorf("%s imports %s: sideways, on the floor %s", importer, imported, upper.name)
	case from.floor > to.floor:
		return fmt.Errorf("%s imports %s: up, from the floor %s to %s", importer, imported, upper.name, lower.name)
	case from.floor < to.floor && upper.reaches != nil && !slices.Contains(upper.reaches, lower.name):
		return fmt.Errorf("%s imports %s: the floor %s may import only %v", importer, imported, upper.name, upper.reaches)
	}
	return nil
}

// listed is what `go list -json` says of a package. Tests inside a package are part of it and are judged; those of an external
// package (foo_test) stand outside the house and may call anybody: a story about a low floor may well need a verb.
type listed struct {
	ImportPath           string
	Imports, TestImports []string
}

// ours tells whether an import path is in this module.
func ours(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }

func TestImportsRunDownTheFloors(t *testing.T) {
	list := exec.Command("go", "list", "-json=ImportPath,Imports,TestImports", "./...")
	list.Dir = root
	var complaint bytes.Buffer
	list.Stderr = &complaint
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, &complaint)
	}
	seen := 0
	for packages := json.NewDecoder(bytes.NewReader(out)); ; seen++ {
		var p listed
		if err := packages.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatalf("read what go list says: %v", err)
		}
		if _, err := find(p.ImportPath); err != nil {
			t.Error(err)
			continue
		}
		for _, imported := range append(p.Imports, p.TestImports...) {
			if !ours(imported) {
				continue
			}
			if err := judge(p.ImportPath, imported); err != nil {
				t.Error(err)
			}
		}
	}
	if seen < 2 {
		t.Fatalf("go list named %d packages: it did not look at the house", seen)
	}
}

func TestFloorsRefuseWhatTheyShould(t *testing.T) {
	for _, c := range []struct{ importer, imported, refusal string }{
		{"lenddesk", "lenddesk/graph", ""},
		{"lenddesk/graph", "lenddesk/reading", ""},
		{"lenddesk/graph/model", "lenddesk/reading", ""},
		{"lenddesk/graph", "lenddesk/graph/door", ""},
		{"lenddesk/workflow/lending", "lenddesk/workflow", ""},
		{"lenddesk/demo", "lenddesk/workflow/lending", ""},
		{"lenddesk/ent/loan", "lenddesk/key", ""},
		{"lenddesk/ent/runtime", "lenddesk/schema", ""},
		{"lenddesk/store/storetest", "lenddesk/store", ""},
		{"lenddesk/gateway/mail/mailtest", "lenddesk/gateway/mail", ""},
		{"lenddesk/text", "lenddesk/fault", ""},
		{"lenddesk/gateway/simulator", "lenddesk/gateway/kxd", ""},

		{"lenddesk/store", "lenddesk/jobs", "up"},
		{"lenddesk/store/storetest", "lenddesk/access", "up"},
		{"lenddesk/key", "lenddesk/schema", "up"},
		{"lenddesk/reading", "lenddesk/graph/model", "up"},
		{"lenddesk/workflow", "lenddesk/workflow/lending", "up"},
		{"lenddesk/graph", "lenddesk", "up"},
		{"lenddesk/workflow/lending", "lenddesk/workflow/binding", "sideways"},
		{"lenddesk/workflow/lending", "lenddesk/workflow/binding/cards", "sideways"},
		{"lenddesk/gateway/kxd", "lenddesk/gateway/mail", "sideways"},
		{"lenddesk/ent", "lenddesk/gateway/mail", "may import only"},
		{"lenddesk/schema", "lenddesk/gateway/mail", "may import only"},
		{"lenddesk/house", "lenddesk/key", "may import only"},
		{"lenddesk/attic", "lenddesk/key", "no floor"},
		{"lenddesk/graph", "lenddesk/graphics", "no floor"},
	} {
		err := judge(c.importer, c.imported)
		if c.refusal == "" && err != nil {
			t.Errorf("%s may import %s, and was refused: %v", c.importer, c.imported, err)
		}
		if c.refusal != "" && (err == nil || !strings.Contains(err.Error(), c.refusal)) {
			t.Errorf("%s must not import %s (%s), and the answer was: %v", c.importer, c.imported, c.refusal, err)
		}
	}
}
