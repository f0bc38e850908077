// Package fault is what can go wrong for a caller: the closed lists of codes, and how a verb gathers every fault of
// an input before it refuses.
//
// It owns the codes and their carriers. It does not own the sentences (package text has them, in each language) nor
// how they travel (graph writes them as userErrors or as top-level errors). An error that is neither a List nor a
// Refusal never reaches a client: the door answers INTERNAL and logs it.
package fault
