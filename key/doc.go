// Package key has one type of key per table, so that a loan's id cannot be handed over for a user's, and the Codec
// that turns a key into the opaque id of the contract and back.
//
// It owns the list of kinds (what a Node may be) and their prefixes. It knows no table and no row.
package key
