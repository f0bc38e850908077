// Package mailing writes to customers and staff: a mail is rendered in the reader's language and stored as a Message in the transaction that caused it,
// and sent by a job afterwards.
//
// It owns the states of a Message: KEPT (no mail server is set; it stays readable), QUEUED, SENT, FAILED. A job that runs again finds
// what is SENT and does nothing. Between the server's acceptance and our note of it lies one moment in which a crash repeats the
// mail; it then carries the same Message-ID, by which mail systems drop the second.
//
// The token of a Link in a mail is never stored in clear: the Message says where it was, and the job that sends it has it sealed.
package mailing
