// Command permissions writes docs/permissions.md from the contract and the tables of moves.
package main

import (
	"flag"
	"log"
	"os"

	"lenddesk/graph"
)

func main() {
	out := flag.String("o", "docs/permissions.md", "the file to write")
	flag.Parse()
	if err := os.WriteFile(*out, []byte(graph.PermissionTable(graph.Schema(&graph.Resolver{}).Schema())), 0o644); err != nil {
		log.Fatal(err)
	}
}
