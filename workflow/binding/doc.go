// Package binding is the office that binds bank cards: bind, replace, check again, pay, cancel, unbind, and what KXD and KXDM answer.
//
// KXD checks a card (name, ID number, card number, phone), KXDM takes the payment by which the bank binds it. Every question to them is an Attempt,
// entered in the transaction of the verb that causes it together with the job that asks (Ask). The job asks outside of any transaction, under the
// attempt's request id, as often as it takes: the other side does the same thing once. The answer, whether it comes at once, by call-back or to a later
// question (AskAgain), takes effect in one transaction {attempt finished, move, event, mail}.
//
// Invariants:
//
//   - An attempt is finished once. An answer that comes twice, late or out of order finds it finished and changes nothing.
//   - A card has one open attempt at most, kept by the database itself: nothing is paid twice.
//   - What is asked under a request id never changes: it stands in the card, which keeps it while an attempt is open, and in the attempt.
//   - A number is held by one card at most from the first check until it is let go, so no payment is taken for a card that cannot be bound.
//   - A user has one card in process and one bound at most. The one being replaced is let go in the transaction that binds the other.
//
// All that happens to a customer's cards takes turns (workflow.Turn). The outer systems' own words stay in package gateway.
package binding
