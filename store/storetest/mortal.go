package storetest

import (
	"context"
	"errors"

	"lenddesk/ent"
)

// ErrKilled is what everything says that a killed program would have done.
var ErrKilled = errors.New("killed")

// Mortal is a program that dies at a step and does nothing more until it is started again. Its steps are every write to the database (Hook), and whatever
// else the test makes one by Live: calls to an outer system before they are heard and after they are answered, notes of the queue that a job is done. What
// stood in a transaction that was not committed is gone with it, as the database sees to.
type Mortal struct {
	Died bool // it has died since DieAt

	at, step int
	dead     bool
}

// DieAt has the program die at a step from now on, counted from 1; 0 is never.
func (m *Mortal) DieAt(step int) { *m = Mortal{at: step} }

// Live is a step. It returns ErrKilled when the program dies of it, or is dead.
func (m *Mortal) Live() error {
	if m.step++; m.step == m.at {
		m.dead, m.Died = true, true
	}
	if m.dead {
		return ErrKilled
	}
	return nil
}

// Restart starts the program again; it lives on from now.
func (m *Mortal) Restart() { m.dead, m.at = false, 0 }

// Hook makes every write of a client a step.
func (m *Mortal) Hook(next ent.Mutator) ent.Mutator {
	return ent.MutateFunc(func(ctx context.Context, mutation ent.Mutation) (ent.Value, error) {
		if err := m.Live(); err != nil {
			return nil, err
		}
		return next.Mutate(ctx, mutation)
	})
}
