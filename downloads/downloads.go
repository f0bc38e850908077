package downloads

import (
	"errors"
	"log/slog"
	"mime"
	"net/http"
	"strconv"

	"lenddesk/access"
	"lenddesk/store"
	"lenddesk/workflow/origination"
)

// Handler answers GET at access.Downloads: the file; 404 for a link that opens nothing, whatever the reason; 503 when the database cannot take the event now; 500.
//
// visit says of a request where it came from and which it is, for the event.
func Handler(office *origination.Office, visit func(*http.Request) access.Viewer, log *slog.Logger) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Content-Security-Policy", "default-src 'none'; sandbox")
		h.Set("Referrer-Policy", "no-referrer")
		if r.Method != http.MethodGet {
			h.Set("Allow", http.MethodGet)
			http.Error(w, "Files are had by GET.", http.StatusMethodNotAllowed)
			return
		}
		from := visit(r)
		file, err := office.Download(access.With(r.Context(), from), r.URL.Query().Get(access.DownloadLink))
		switch {
		case errors.Is(err, origination.ErrNoDownload):
			http.Error(w, "This link opens nothing, or no longer.", http.StatusNotFound)
			return
		case store.Unavailable(err):
			http.Error(w, "Try again later.", http.StatusServiceUnavailable)
			return
		case err != nil:
			log.Error("a download failed", "error", err, "request", from.RequestID)
			http.Error(w, "Something went wrong on our side.", http.StatusInternalServerError)
			return
		}
		h.Set("Content-Type", file.ContentType)
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
		h.Set("Content-Length", strconv.Itoa(len(file.Content)))
		_, _ = w.Write(file.Content) // the client may be gone
	})
}
