// Package mailtest is a mail server for tests: it listens on a port of its own, keeps every letter, and can be as
// unfriendly as real ones are.
//
// It owns nothing of the program; only tests import it.
package mailtest
