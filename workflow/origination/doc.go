// Package origination is the office that brings a loan from the wish to the approval, as its borrower goes through it: the quote, the application, its
// materials, the submission, the acceptance of changed terms, the withdrawal. What reviewers decide is package reviewing.
package origination
