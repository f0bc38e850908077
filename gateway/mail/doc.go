// Package mail hands a finished letter to a mail server over SMTP (RFC 5321).
//
// It owns the way there: the connection, its encryption, the form of the letter (RFC 5322), and the judgement whether
// trying again makes sense. It does not own what a letter says (package text), to whom and when it goes, its queue
// and its record.
//
// Invariants: the same Letter.ID always goes out under the same Message-ID, so that a letter sent twice, because the
// first answer was lost, is recognisable; no error holds an address, a password, the subject or the text; nothing in
// a letter can add a header to it.
package mail
