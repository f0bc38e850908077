// Package registration is the office that takes a person from the form to the books: register, review (approve, return, reject, reopen),
// resubmit, withdraw. After the move comes a mail to the person (package mailing).
//
// Invariants: one person is one user: e-mail, phone and ID number are unique among those who occupy them, kept by the database itself;
// a refusal never tells whose they are. What was entered before stays with staff: a potential customer is joined on approval, not before.
package registration
