// Package administration is the office of the system itself: the first start, which makes the built-in roles, the parameters of a profile and the first
// administrator; staff, from the invitation to the end; roles; API keys; and the cleaning up of what has expired.
//
// It keeps two promises: nobody gives permissions that they do not hold, by whichever verb; and somebody active always holds every permission. Verbs that
// change who holds what run one at a time (see alone). Tokens of keys and invitations are told once and stored as hashes.
package administration
