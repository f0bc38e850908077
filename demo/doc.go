// Package demo fills an empty database with a small demonstration book: branches and firms, staff, customers, cards, loans, bids, plans and
// repayments of every status, with the events, reviews and mails that would have led there, spread over the last eighteen months.
//
// It owns the made-up people and their stories, and Check, which proves the invariants of a whole book, this one or any other. It does not own
// the rules: the moves are those of package lifecycle, the sentences of the mails those of package text.
//
// The book is put together in memory and written in bulk, not by the verbs. It is the same for the same moment and seed, except for what is
// encrypted. Nobody in it exists: resident IDs have the sequence 000, which is given to nobody, addresses end in example.com.
package demo
