// Package hooks is the door for call-backs of outer systems: /hooks/kxd, /hooks/kxdm and /hooks/finance. A call-back is signed (package signing); what is
// forged, stale, malformed or of no question of ours changes nothing and is told so, what comes a second time changes nothing and is thanked for.
//
// It owns the answers in HTTP and nothing else: what an answer means is the verb's (packages binding and servicing), and the same verb is called by the job that asks.
package hooks
