// Package reviewing is the office that decides on applications and their documents: documents one by one, the materials as a whole, the application by as many different
// people as its amount asks for; and the claims by which two people don't do the same work.
//
// Every decision is a Review. Nobody decides on their own affairs, nobody approves the same application twice in a round, and an API key decides nothing. Changed
// terms void the approvals given before; a return starts a new round with none. What happens to a loan takes turns (workflow.LoanTurn), so that approvals are counted right.
package reviewing
