package identity

import (
	_ "embed" // the table of issuers
	"strings"
)

// issued is drawn from bcbc (MIT): issuers/README.md says how.
//
//go:embed issuers/issuers.csv
var issued string

// shortestBIN is how many digits the shortest prefix in the table has.
const shortestBIN = 6

// issuers are the banks by the first digits of their cards.
var issuers = func() map[string]string {
	banks := map[string]string{}
	for line := range strings.Lines(issued) {
		bin, bank, _ := strings.Cut(strings.TrimSpace(line), ",")
		banks[bin] = bank
	}
	return banks
}()

// Issuer is the bank that issued a card, by the first digits of its number and in the bank's own language; empty when they are not in the table, which
// is no fault of the card.
func Issuer(number string) string {
	for n := shortestBIN; n <= len(number); n++ {
		if bank, ok := issuers[number[:n]]; ok {
			return bank
		}
	}
	return ""
}
