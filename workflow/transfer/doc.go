// Package transfer is the office that carries many rows in and out: exports of what somebody may see to a file, all that is known of one customer, and imports of potential customers.
//
// It owns files on their way: each is sealed in the store, piece by piece, and removed when its days are over. What stands in an export is read through the door's own reading (Ask), as whoever
// asked for it with the permissions held then: rows, fields and masks are the API's. It does not own what a potential customer is; the rules are package customers'.
//
// Invariants: a job that is broken off and run again makes one file, and enters each row once; how far an import is stands in the transaction of what it did.
package transfer
