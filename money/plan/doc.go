// Package plan is how a loan is paid back: the lines of a repayment plan by the four methods, what each investor's share of a line is, on which
// days lines are due, and what all of it costs as an effective rate.
//
// It owns the arithmetic, exact until an amount is rounded half up to 0.01, and nothing else: what is stored of a plan, what was paid on it and
// which parameters limit a loan is the offices' business. No float touches an amount.
//
// Invariants: the principal of the lines adds up to the amount; nothing is negative; shares add up to their line to the cent, and over the lines each
// bid gets exactly its principal back. A plan that cannot keep them (a tiny loan over a very long term) is not made.
package plan
