// Package privacy is the office that answers for personal data: who is shown it in full, why, and when.
//
// Everywhere else ID, phone and card numbers are masked. Here one value at a time is shown in full, to who has the permission and says why; that it was is an event in
// the trail, written before the value is told.
package privacy
