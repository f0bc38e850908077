// Package lifecycle is how a status changes: by a named move that is allowed now, by this person, for this object, or not at all.
//
// It owns the table of moves of every entity (one file each), the machine that makes a move (compare-and-set and one Event),
// the facts that guards ask for, the lock that refuses a status which no move wrote, and the diagrams in docs/lifecycle.md.
// It does not own what a verb writes beside the status, nor what follows from it: that is the verb's, in the same transaction.
//
// The tables drive everything: enforcement, availableActions, the refusal's text, the documentation, the tests.
package lifecycle

//go:generate go run ./diagrams -o ../docs/lifecycle.md
