//go:build ignore

package main

import (
	"log"

	"entgo.io/ent/entc"
	"entgo.io/ent/entc/gen"
)

func main() {
	if err := entc.Generate(".", &gen.Config{
		Target:   "../ent",
		Package:  "lenddesk/ent",
		Features: []gen.Feature{gen.FeatureVersionedMigration, gen.FeatureExecQuery, gen.FeatureModifier},
	}); err != nil {
		log.Fatal("generate ent: ", err)
	}
}
