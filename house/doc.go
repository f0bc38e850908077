// Package house holds the tests of the house itself: that imports run down its floors, that generated code is what its sources
// generate, and that no leftover of the workshop stays in a file.
//
// It owns the table of floors. It does not test what any package does.
//
// Invariants: it exports nothing, and nothing imports it.
package house
