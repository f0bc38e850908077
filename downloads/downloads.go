package downloads

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"
	"strconv"
	"time"

	"lenddesk/access"
	"lenddesk/store"
	"lenddesk/workflow"
)

// Open opens a link, and leaves an event.
type Open func(ctx context.Context, link string) (workflow.Download, error)

// stalled is how long a client may take for a piece of a file.
const stalled = time.Minute

// Handler answers GET at one of access.Downloads: the file; 404 for a link that opens nothing, whatever the reason; 503 when the database cannot take the event now; 500.
//
// visit says of a request where it came from and which it is, for the event.
func Handler(open Open, visit func(*http.Request) access.Viewer, log *slog.Logger) http.Handler {
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
		file, err := open(access.With(r.Context(), from), r.URL.Query().Get(access.DownloadLink))
		switch {
		case errors.Is(err, workflow.ErrNoDownload):
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
		defer file.Content.Close()
		h.Set("Content-Type", file.ContentType)
		h.Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": file.Name}))
		h.Set("Content-Length", strconv.FormatInt(file.Size, 10))
		if err := send(w, file.Content); err != nil {
			log.Error("a download broke off", "error", err, "request", from.RequestID)
		}
	})
}

// send sends a file however long it takes, as long as the client takes it. It returns what went wrong on our side.
func send(w http.ResponseWriter, content io.Reader) error {
	control, piece := http.NewResponseController(w), make([]byte, 256<<10)
	for {
		n, err := content.Read(piece)
		if n > 0 {
			_ = control.SetWriteDeadline(time.Now().Add(stalled)) // whoever cannot set one keeps the server's
			if _, gone := w.Write(piece[:n]); gone != nil {
				return nil
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
