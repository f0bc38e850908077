// Package text has every sentence that a customer or a page may read, in each language that the platform speaks:
// the sentences of faults, the notices of payloads, the mails, the names of registration fields.
//
// It owns the catalogues (one JSON file a language, embedded) and the choice of language. It does not own when a
// sentence is said, nor what fills it: callers hand over values, and keep personal data and secrets out of them.
//
// Invariants, proved by the tests: every catalogue has the same ids with the same placeholders, no sentence is empty,
// every error code of the contract has one.
package text
