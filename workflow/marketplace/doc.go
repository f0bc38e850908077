// Package marketplace is the office of the market: a loan is listed, investors bid, bids are reviewed, the listing fills or fails (流标).
//
// It owns what a loan has reserved and funded: both change with the bid that changes them, in one transaction and by compare-and-set, and are the sums
// of the bids that count. It does not own the application before the listing, nor what follows from a full listing (package servicing).
//
// Invariants:
//
//   - A loan is never over-funded. Reserving is one update of the loan, under the condition that it is BIDDING, within its hours, and has the amount left.
//   - The loan is changed before its bids, always: so no two transactions wait for each other.
//   - Whoever bids takes the customer's turn (workflow.Turn): the card that a bid needs is not let go meanwhile, nor the share limit passed by two bids at once.
package marketplace
