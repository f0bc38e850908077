package demo

import (
	"errors"
	"fmt"
)

// Size is how many rows of the main tables a big book has, exactly.
type Size struct {
	Users     int `default:"100000" help:"People on the books."`
	Companies int `default:"5000" help:"Companies."`
	Loans     int `default:"50000" help:"Loans of every status."`
	Bids      int `default:"1000000" help:"Bids."`
	Cards     int `default:"120000" help:"Bank cards."`
}

// Check finds every number that cannot be. The limits keep the book believable: nobody owes more than the platform lets them.
func (s Size) Check() error {
	var wrong []error
	within := func(name string, n, least, most int, why string) {
		if n < least || n > most {
			wrong = append(wrong, fmt.Errorf("-%s must be %d to %d%s", name, least, most, why))
		}
	}
	within("users", s.Users, 500, 500_000, "")
	within("companies", s.Companies, 20, 100_000, "")
	within("loans", s.Loans, 200, max(200, s.Users), ": one for each user at most")
	within("bids", s.Bids, 4*max(200, s.Loans), 50*max(200, s.Loans), ": 4 to 50 for each loan")
	within("cards", s.Cards, max(500, s.Users)/2, 3*max(500, s.Users), ": one for every other user, to three for each")
	return errors.Join(wrong...)
}
