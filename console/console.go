package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"path"
	"strconv"
	"strings"
	"time"
)

// contentPolicy lets the page use this origin and nothing else. Monaco places its lines by style elements, and GraphiQL's
// fonts and icons stand in its stylesheet as data URLs.
const contentPolicy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; " +
	"connect-src 'self'; img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

var (
	//go:embed dist/index.html dist/assets/*.gz
	dist embed.FS

	//go:embed web/examples
	examples embed.FS
)

// Examples is what the playground's tabs begin with, in the order of the names: documents (*.graphql) of one operation
// each, and beside some a JSON object of the same name with its variables.
func Examples() fs.FS {
	return must(fs.Sub(examples, "web/examples"))
}

// Handler serves the playground: the page at "/", what it loads below "/assets/", 404 for any other path, 405 for any
// method but GET and HEAD. Every answer carries the content policy.
func Handler() http.Handler {
	files := map[string]http.Handler{"/": page()}
	for _, entry := range must(fs.ReadDir(dist, "dist/assets")) {
		name := strings.TrimSuffix(entry.Name(), ".gz")
		files["/assets/"+name] = newAsset(name, must(dist.ReadFile("dist/assets/"+entry.Name())))
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", contentPolicy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Frame-Options", "DENY")
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, "Only GET and HEAD are served here.", http.StatusMethodNotAllowed)
			return
		}
		file, found := files[r.URL.Path]
		if !found {
			http.NotFound(w, r)
			return
		}
		file.ServeHTTP(w, r)
	})
}

// page is index.html, asked for anew each time: it names the assets of this build.
func page() http.Handler {
	contents := must(dist.ReadFile("dist/index.html"))
	tag := etag(contents, "")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "no-cache")
		w.Header().Set("ETag", tag)
		http.ServeContent(w, r, "index.html", time.Time{}, bytes.NewReader(contents))
	})
}

// asset is a file that never changes under its name, kept packed by gzip.
type asset struct {
	contentType string
	packed      []byte
	tag         string // of the unpacked bytes
	packedTag   string // another one: RFC 9110, 8.8.3.3
}

// contentTypes are the kinds of files that the page is built of; the system's own table may name them differently.
var contentTypes = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".ttf": "font/ttf",
	".txt": "text/plain; charset=utf-8",
}

func newAsset(name string, packed []byte) asset {
	return asset{
		contentType: contentTypes[path.Ext(name)],
		packed:      packed,
		tag:         etag(packed, ""),
		packedTag:   etag(packed, "-gzip"),
	}
}

func (a asset) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Content-Type", a.contentType)
	h.Set("Vary", "Accept-Encoding")
	if takesGzip(r.Header.Values("Accept-Encoding")) {
		h.Set("ETag", a.packedTag)
		h.Set("Content-Encoding", "gzip")
		h.Set("Content-Length", strconv.Itoa(len(a.packed)))
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(a.packed))
		return
	}
	h.Set("ETag", a.tag)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(must(unpack(a.packed))))
}

func unpack(packed []byte) ([]byte, error) {
	reader, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return nil, err
	}
	return io.ReadAll(reader)
}

// takesGzip reads Accept-Encoding (RFC 9110, 12.5.3): gzip named, or else "*", with a weight that is not zero.
func takesGzip(accepted []string) bool {
	byStar := false
	for coding := range strings.SplitSeq(strings.Join(accepted, ","), ",") {
		name, parameter, _ := strings.Cut(coding, ";")
		taken := true
		if weight, given := strings.CutPrefix(strings.TrimSpace(strings.ToLower(parameter)), "q="); given {
			q, err := strconv.ParseFloat(weight, 64)
			taken = err == nil && q > 0
		}
		switch strings.ToLower(strings.TrimSpace(name)) {
		case "gzip", "x-gzip":
			return taken
		case "*":
			byStar = taken
		}
	}
	return byStar
}

func etag(contents []byte, encoding string) string {
	sum := sha256.Sum256(contents)
	return `"` + hex.EncodeToString(sum[:12]) + encoding + `"`
}

// must is for what can only fail if the binary was built from a broken tree.
func must[T any](value T, err error) T {
	if err != nil {
		panic(fmt.Errorf("console: the embedded page is broken: %w", err))
	}
	return value
}
