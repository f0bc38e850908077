// Package integration is the office of other systems that are told of events: webhooks, and what is sent to them.
//
// An event is told to each webhook that asks for its kind by a delivery, a row that is entered with the event's place in the order of commits (Follow), and sent by
// a job until the other side takes it or the tries are over. What is sent names the event and its subject by their ids, and holds no personal data: whoever wants more
// asks with an API key. A delivery may arrive twice (an answer was lost), never under another id.
package integration
