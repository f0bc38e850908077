package simulator

// Card is a way that things can go, chosen by the four digits before the check digit of a card's number.
type Card struct {
	Digits  string
	Number  string // ready to be entered: nobody's, with the right check digit
	Outcome string
}

// Cards are the ways. A card with other digits goes the first way. docs/simulator.md has the table, and a test compares.
var Cards = []Card{
	{"0000", "6222020000000007", "Passes the check, and the payment is made."},
	{"0001", "6222020000000015", "Fails the check."},
	{"0002", "6222020000000023", "Passes the check; the first payment is refused, the next one is made."},
	{"0003", "6222020000000031", "Check and payment are answered later, by call-back."},
	{"0004", "6222020000000049", "Check and payment are answered by three call-backs: the result, an older word that it is still pending, and the result again."},
	{"0005", "6222020000000056", "Check and payment find the system down for a while; then they go the first way."},
	{"0006", "6222020000000064", "Check and payment are done, and answered too late to be heard."},
	{"0007", "6222020000000072", "Check and payment are taken and never answered, until somebody asks."},
}

// way is the four digits before the last.
func way(number string) string {
	if len(number) < 5 {
		return ""
	}
	return number[len(number)-5 : len(number)-1]
}
