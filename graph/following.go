package graph

import (
	"context"
	"net/http"
	"time"

	"lenddesk/access"
	"lenddesk/fault"
	"lenddesk/graph/door"
	"lenddesk/key"
	"lenddesk/reading"
	"lenddesk/store"
)

const (
	look = 5 * time.Second  // between two looks of a subscription when nobody wakes it: so long may one last whose session has expired
	step = 30 * time.Second // for one look
)

var errOver = fault.Deny(fault.Unauthenticated, "The session has ended. Sign in again.")

// Streams is the room for subscriptions: who comes in is recognized as Entrance does, and again with every look.
func Streams(entering Entering) *door.Streams {
	streams := door.NewStreams()
	streams.Enter = func(ctx context.Context, r *http.Request, token string) (context.Context, error) {
		v, err := entering.viewer(r.WithContext(ctx), token)
		if err == nil && !v.Somebody() {
			err = fault.Deny(fault.Unauthenticated, "The token is nobody's.")
		}
		return access.With(ctx, v), err
	}
	streams.Again = func(ctx context.Context) (context.Context, error) { return again(ctx, entering.Store) }
	streams.Whose = func(ctx context.Context) (viewer, address string) {
		v := access.From(ctx)
		if v.Somebody() {
			kind, id, _ := v.Actor()
			viewer = string(entering.IDs.Append([]byte(nil), key.Kind(kind), id))
		}
		return viewer, v.Address
	}
	return streams
}

// again is the context of the same viewer with what they may do now. It returns UNAUTHENTICATED when their session or API key has ended.
func again(ctx context.Context, s *store.Store) (context.Context, error) {
	was := access.From(ctx)
	if !was.Somebody() {
		return ctx, nil
	}
	limited, cancel := context.WithTimeout(ctx, step)
	defer cancel()
	is, err := access.Recognize(limited, s.Reader(), s.Dialect(), was.Session, was.APIKey)
	if err != nil {
		return ctx, err
	}
	if !is.Somebody() {
		return ctx, errOver
	}
	is.Locale, is.Address, is.RequestID = was.Locale, was.Address, was.RequestID
	return access.With(ctx, is), nil
}

// follow tells a trail, as whoever asks is at each step, until they are gone.
func follow[T any, P carrier[T]](ctx context.Context, r *Resolver, trail *reading.Trail, err error) (<-chan *T, error) {
	if err != nil {
		return nil, err
	}
	return door.Feed(ctx, func(ctx context.Context, put func(*T, string) bool) error {
		for {
			news := r.News.Next() // before looking: what comes meanwhile wakes at once
			more, err := stepOn[T, P](ctx, r, trail, put)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return err
			}
			if more {
				continue
			}
			if !sleep(ctx, news) {
				return nil
			}
		}
	})
}

// stepOn tells what is next of a trail.
func stepOn[T any, P carrier[T]](ctx context.Context, r *Resolver, trail *reading.Trail, put func(*T, string) bool) (more bool, err error) {
	limited, cancel := context.WithTimeout(ctx, step)
	defer cancel()
	now, err := again(limited, r.Desk.Store)
	if err != nil {
		return false, err
	}
	next, more, err := trail.Next(now)
	cancel() // it is read: handing it on takes as long as its reader likes
	if err != nil {
		return false, err
	}
	for _, told := range next {
		t := new(T)
		P(t).Put(told.Written)
		if !put(t, told.Place) {
			return false, nil
		}
	}
	return more, nil
}

// sleep waits for news, or for the time to look anyway; false when the subscriber is gone.
func sleep(ctx context.Context, news <-chan struct{}) bool {
	timer := time.NewTimer(look)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-news:
	case <-timer.C:
	}
	return true
}

// lastSeen is where a subscription of events begins: what the transport says was seen last goes before what the document says.
func lastSeen(ctx context.Context, argument *string) *string {
	if seen := door.LastSeen(ctx); seen != "" {
		return &seen
	}
	return argument
}
