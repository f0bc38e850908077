// Package audit is the office that looks after the trail of events: it gives every event its place in the order of commits and its seal, and finds out
// whether the trail was tampered with.
//
// A seal is a hash over the event and the seal before it: whoever changes or removes an event, or puts one in between, breaks the chain from there on. What
// an event says of whose story it stands in (user) is not part of its seal: merging two customers moves it. The head of the chain, kept outside the
// database, tells that nothing was cut off at the end; every manifest of a backup and `lenddesk audit verify` name it.
//
// Invariants: positions are 1, 2, 3 without a gap; an event is sealed once, within a second after its commit while a server runs; one transaction at a time
// seals, and what follows from an event (Follow) is queued in it, so that it follows once.
package audit
