// Package door is how a GraphQL request comes in and how its answer goes out, over plain HTTP.
//
// It owns the transports POST and GET (GraphQL over HTTP), WebSocket and server-sent events with what feeds them
// (streams.go), the strict reading of a body, the limits that a document is
// held to before it is validated, the deadline, what an error looks like to a client, and the HTTP middlewares around
// it all: request id, access log, panic guard. It knows gqlgen and package fault, and nothing of loans, viewers or
// databases: who asks and what they may see is decided behind it.
//
// Invariants:
//   - Every error that leaves has `extensions.code` out of fault.Reasons. What has no code is INTERNAL with one fixed
//     sentence, and its cause goes to the log under the request's id.
//   - No message repeats a value that the client sent, in variables, literals or body: it may be a password.
//   - The walk over a document looks at each selection of each fragment once, whatever the fragments multiply to.
//   - A document is parsed and validated once while the cache holds it, and is never validated before it was walked:
//     every part of gqlgen's validation that grows faster than the document is bounded by Limits.
//   - A finished answer is written as it is, not encoded a second time.
//   - A stream is asked for its next value when the one before was taken: nothing gathers for who reads slowly, and who
//     does not read is cut off. Every lasting connection is counted, and ends when the server drains.
package door
