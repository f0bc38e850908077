// Package authentication is the office at the entrance: sign in, sign out, change the password, and the second factor of staff.
//
// Answers for accounts that exist and that do not are alike in text and time. A token is random, shown once, stored as its SHA-256; a session
// ends when its row goes.
package authentication
