// Package servicing is the office that has a loan from its full listing to its end: the funding review, the order to finance and what finance reports of
// it, the repayment plan, payments and their reversal, what is overdue, early settlement, default and write-off.
//
// An order is told to finance by a job that the funding review queues (Tell), outside of any transaction and under the order's number, as often as it takes: finance
// carries it out once. What finance reports, whether it comes at once, by call-back (Reported), to a later question (AskAgain) or by a person or script
// (Confirm, Fail), takes effect in one transaction, once.
//
// It owns plans as they are stored, and what is paid on them. The arithmetic is packages plan's and ledger's; this office reads rows into a ledger and
// writes it back. It does not own the market (package marketplace), though a funding that fails puts a loan back there.
//
// Invariants:
//
//   - No balance is a guess. What is paid on a line is the sum of its allocations whose repayment stands; a penalty follows from line, payments and day;
//     each bid's share follows from the line. Every verb computes them anew from the rows.
//   - A loan is judged by the parameters in force at its latest submission: grace, penalty, fee.
//   - Everything that happens to the money of a loan takes turns.
//   - A report of finance has one effect: the same reference with the same content is answered as the first, with another content it is CONFLICT.
//   - What an order says never changes, and the first report of it stands. A loan has one open order at most, kept by the database itself.
//   - Where a reversed payment leaves later ones, they stay where they were allocated; what is open again is the oldest for the next payment.
package servicing
