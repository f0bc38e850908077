package hooks

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"time"

	"lenddesk/gateway/finance"
	"lenddesk/gateway/kxd"
	"lenddesk/gateway/kxdm"
	"lenddesk/gateway/signing"
	"lenddesk/store"
	"lenddesk/workflow/binding"
	"lenddesk/workflow/servicing"
)

// The paths of the door, below the program's own address.
const (
	KXD     = "/hooks/kxd"
	KXDM    = "/hooks/kxdm"
	Finance = "/hooks/finance"
)

// How long a call-back may be: one about a card has a few hundred bytes, one about an order may name thousands of bids.
const (
	ofCard  = 64 << 10
	ofOrder = 1 << 20
)

// patience is how long a call-back's effect may take.
const patience = 20 * time.Second

// Options are what the door works with. Each system's call-backs are checked by its own verifier.
type Options struct {
	Log                *slog.Logger
	Cards              *binding.Office
	Loans              *servicing.Office
	KXD, KXDM, Finance signing.Verifier
}

// Handler answers the call-backs: 200 when the answer is kept, now or before; 400 for what cannot be read; 401 for what is forged or stale;
// 404 for a request that is not ours; 409 for a report that contradicts an earlier one; 413 for what is too long; 503 when the database cannot take it now.
// After 404, 5xx or none they may call again.
func Handler(o Options) http.Handler {
	mux := http.NewServeMux()
	mux.Handle("POST "+KXD, take(o.Log, o.KXD, ofCard, kxd.Read, o.Cards.Verified))
	mux.Handle("POST "+KXDM, take(o.Log, o.KXDM, ofCard, kxdm.Read, o.Cards.Paid))
	mux.Handle("POST "+Finance, take(o.Log, o.Finance, ofOrder, finance.Read, o.Loans.Reported))
	return mux
}

// take checks a call-back, reads it and has it take effect.
func take[A any](log *slog.Logger, signed signing.Verifier, largest int64, read func([]byte) (A, error), effect func(context.Context, A) error) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, largest))
		if _, long := errors.AsType[*http.MaxBytesError](err); long {
			say(w, http.StatusRequestEntityTooLarge, "The body is too long.")
			return
		}
		if err != nil {
			say(w, http.StatusBadRequest, "The body could not be read.")
			return
		}
		if err := signed.Check(r.Header, body, time.Now()); err != nil {
			log.Warn("a call-back was refused", "path", r.URL.Path, "error", err)
			say(w, http.StatusUnauthorized, "The signature is missing, wrong or too old.")
			return
		}
		a, err := read(body)
		if err != nil {
			log.Warn("a call-back could not be read", "path", r.URL.Path)
			say(w, http.StatusBadRequest, "The body is not what the contract says.")
			return
		}
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), patience) // they may hang up: what they said stays said
		defer cancel()
		switch err := effect(ctx, a); {
		case err == nil:
			say(w, http.StatusOK, "Thank you.")
		case errors.Is(err, binding.ErrUnknown), errors.Is(err, servicing.ErrUnknown):
			say(w, http.StatusNotFound, "There is no such request.")
		case errors.Is(err, servicing.ErrContradicted):
			say(w, http.StatusConflict, "Another report came before, and stands.")
		case errors.Is(err, servicing.ErrUnfit):
			say(w, http.StatusBadRequest, "The report does not fit the order.")
		case store.Unavailable(err) || store.Uncertain(err):
			log.Warn("a call-back must come again", "path", r.URL.Path, "error", err)
			say(w, http.StatusServiceUnavailable, "Not now. Please call again.")
		default:
			log.Error("a call-back failed", "path", r.URL.Path, "error", err)
			say(w, http.StatusInternalServerError, "Something went wrong. Please call again.")
		}
	})
}

func say(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message}) // the caller may be gone
}
