// Package simulator stands in for KXD, KXDM and finance where there are none: on a developer's machine, in tests, or as a process of its own. It speaks
// their wire contract (docs/kxd.openapi.yaml, kxdm.openapi.yaml, finance.openapi.yaml) over real HTTP, checks signatures, and calls back.
//
// It owns what happens to which card (Cards) and to which order (Orders), and its memory of requests, which ends with it: who asks about a request of
// before is told that there is none, and asks anew. It moves no money, keeps no card number, and knows nothing of lenddesk's books.
package simulator
