package customers

import (
	"slices"
	"strings"
	"testing"

	"lenddesk/ent/migrate"
)

// Whatever points to a customer is decided on: a new edge, of whichever table, fails here until Merge knows what becomes of it.
func TestMergeKnowsEveryEdgeToACustomer(t *testing.T) {
	var there []string
	for _, table := range migrate.Tables {
		for _, key := range table.ForeignKeys {
			if key.RefTable.Name == "users" {
				there = append(there, table.Name+"."+key.Columns[0].Name)
			}
		}
		pairs := map[string]bool{}
		for _, c := range table.Columns {
			pairs[c.Name] = true
		}
		for name := range pairs { // (x_type, x_id) may point to a customer as to anything
			if of, ok := strings.CutSuffix(name, "_type"); ok && pairs[of+"_id"] {
				there = append(there, table.Name+"."+of+"_id")
			}
		}
	}
	var known []string
	for _, e := range edges {
		known = append(known, e.table+"."+e.column)
	}
	slices.Sort(there)
	slices.Sort(known)
	for _, e := range there {
		if !slices.Contains(known, e) {
			t.Errorf("nothing is decided of %s when two customers are merged", e)
		}
	}
	for _, e := range known {
		if !slices.Contains(there, e) {
			t.Errorf("%s is no edge to a customer", e)
		}
	}
}

func TestNamesThatAreAlike(t *testing.T) {
	for _, c := range []struct {
		a, b string
		same bool
	}{
		{"王小明", "王小明", true},
		{"王小明", "王晓明", true},
		{"王小明", "王明", false},
		{"欧阳小明", "欧阳明", true},
		{"王小明", "李小刚", false},
		{"李伟", "李薇", false},
		{"Li Wei", "wei LI", true},
		{"Li Wei", "Li Wen", false},
		{"Anna Maria Rossi", "Rossi, Anna-Maria", true},
	} {
		if alike(c.a, c.b) != c.same || alike(c.b, c.a) != c.same {
			t.Errorf("%s and %s: alike is %v", c.a, c.b, !c.same)
		}
	}
}
