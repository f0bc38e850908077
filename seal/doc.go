// Package seal keeps personal data unreadable at rest: it encrypts ID numbers, phone and card numbers (AES-256-GCM), and makes
// the keyed hash by which an exact value is found again.
//
// It owns the key set and its file. It does not know which columns are sealed (schema does) nor who may read them (access does).
// The key set stands outside the database: whoever has only one of the two has nothing.
//
// Invariants: the hash key and the key of public ids last as long as the database; encryption keys may be added (Rotate), and
// what older ones sealed stays readable. A running program follows its key file: at need, when a value does not open, and when
// it is told to look (Keys.Refresh).
package seal
