package reading

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/lifecycle"
	"lenddesk/parameter"
	"lenddesk/store"
)

// sitting is one answer being read: one moment's truth for all of its root fields, and what they know in common.
type sitting struct {
	reader    *Reader
	operation *graphql.OperationContext
	moment    *store.Moment
	now       time.Time

	once      sync.Once
	outline   *outline
	shape     string
	arguments []map[string]any // of each site

	mu         sync.Mutex
	parameters parameter.Values // in force now; nil until somebody asks
}

type seat struct{}

// Sit gives everything that is read in a context one moment of the database, which ends with the function that it returns. It belongs around every answer;
// what is read without it has a moment of its own for each root field.
func (r *Reader) Sit(ctx context.Context) (context.Context, func()) {
	s := r.sitting(ctx)
	return context.WithValue(ctx, seat{}, s), s.moment.End
}

func (r *Reader) sitting(ctx context.Context) *sitting {
	s := &sitting{reader: r, operation: graphql.GetOperationContext(ctx), moment: r.store.Moment()}
	s.moment.Assume(access.Assumed(ctx))
	return s
}

// ask asks the sitting's moment. What is asked for somebody who was taken for what they are no more, is refused: the door asks again as who they are.
func (s *sitting) ask(ctx context.Context, last bool, questions ...*store.Question) error {
	err := s.moment.Ask(ctx, last, questions...)
	if errors.Is(err, store.ErrAuthority) {
		return fault.Deny(fault.Unavailable, "What you may do has just changed.")
	}
	return err
}

// seated is the sitting of a context, or one of its own, and what ends that.
func (r *Reader) seated(ctx context.Context) (*sitting, func()) {
	s, ok := ctx.Value(seat{}).(*sitting)
	end := func() {}
	if !ok || s.reader != r {
		s = r.sitting(ctx)
		end = s.moment.End
	}
	s.once.Do(func() {
		s.now = lifecycle.Now() // a mutation has committed by now
		s.outline = r.outline(s.operation)
		s.shape, s.arguments = s.outline.shape(r.schema, s.operation.Variables)
	})
	return s, end
}

// at is the arguments of a field.
func (s *sitting) at(f graphql.CollectedField) map[string]any {
	if i, ok := s.outline.places[f.Position]; ok {
		return s.arguments[i]
	}
	return nil
}

// inForce is what holds now.
func (s *sitting) inForce(ctx context.Context) (lifecycle.InForce, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.parameters == nil {
		query, args := lifecycle.SelectParameters(s.reader.dialect, s.now).Query()
		q := &store.Question{SQL: query, Args: args, Width: 2}
		if s.reader.Watch != nil {
			s.reader.Watch(ctx, query)
		}
		if err := s.ask(ctx, false, q); err != nil {
			return lifecycle.InForce{}, err
		}
		s.parameters = parameter.Values{}
		for i := range q.Len() {
			s.parameters[q.Row(i)[0].Text()] = q.Row(i)[1].Text()
		}
	}
	return lifecycle.InForce{Now: s.now, Parameters: s.parameters}, nil
}
