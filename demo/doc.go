// Package demo fills an empty database with a book: branches and firms, staff, customers, cards, loans, bids, plans and repayments of every status,
// with the events, reviews and mails that would have led there, spread over eighteen months. Fill writes a small one to look at, each story told
// once; FillBig one to measure on, which goes on from there with the ordinary stories until there are as many rows as it was asked for.
//
// It owns the made-up people and their stories, and Check, which proves the invariants of a whole book, this one or any other. It does not own
// the rules: the moves are those of package lifecycle, the sentences of the mails those of package text.
//
// The book is written in bulk, not by the verbs: stories are told in one goroutine, and their rows written in another as soon as a story has ended;
// only the events wait, packed, to be put in the order of time. The small book is the same for the same moment and seed, the big one for the
// same seed, sizes and day, on either database, except for what is encrypted. Nobody in it exists: resident IDs have the sequence 000, which is given to nobody, addresses end in example.com.
package demo
