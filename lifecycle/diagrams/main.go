// Command diagrams writes docs/lifecycle.md from the tables of moves.
package main

import (
	"flag"
	"log"
	"os"

	"lenddesk/lifecycle"
)

func main() {
	out := flag.String("o", "docs/lifecycle.md", "the file to write")
	flag.Parse()
	if err := os.WriteFile(*out, []byte(lifecycle.Document()), 0o644); err != nil {
		log.Fatal(err)
	}
}
