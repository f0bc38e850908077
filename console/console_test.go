package console_test

import (
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/parser"

	"lenddesk/console"
)

func get(method, path string, headers ...string) *httptest.ResponseRecorder {
	request := httptest.NewRequest(method, path, nil)
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	recorder := httptest.NewRecorder()
	console.Handler().ServeHTTP(recorder, request)
	return recorder
}

// assets are the paths that index.html loads.
func assets(t *testing.T) []string {
	t.Helper()
	found := regexp.MustCompile(`"(/assets/[^"]+)"`).FindAllStringSubmatch(get("GET", "/").Body.String(), -1)
	var paths []string
	for _, match := range found {
		paths = append(paths, match[1])
	}
	if len(paths) != 3 {
		t.Fatalf("index.html should load a script and a stylesheet and name the licences, has %q", paths)
	}
	return paths
}

func TestEveryAnswerIsStrict(t *testing.T) {
	const policy = "default-src 'none'; script-src 'self'; worker-src 'self'; style-src 'self' 'unsafe-inline'; connect-src 'self'; " +
		"img-src 'self' data:; font-src 'self' data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	for _, answer := range []*httptest.ResponseRecorder{
		get("GET", "/"), get("GET", assets(t)[0]), get("GET", "/nowhere"), get("POST", "/"),
	} {
		for name, want := range map[string]string{
			"Content-Security-Policy": policy,
			"X-Content-Type-Options":  "nosniff",
			"Referrer-Policy":         "no-referrer",
			"X-Frame-Options":         "DENY",
		} {
			if got := answer.Header().Get(name); got != want {
				t.Errorf("status %d: %s is %q, want %q", answer.Code, name, got, want)
			}
		}
	}
}

func TestOnlyThePageIsServedAndOnlyToReaders(t *testing.T) {
	asset := assets(t)[0]
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/", 200},
		{"HEAD", "/", 200},
		{"GET", asset, 200},
		{"HEAD", asset, 200},
		{"GET", "/index.html", 404},
		{"GET", "/assets/", 404},
		{"GET", asset + ".gz", 404},
		{"GET", "/assets/../index.html", 404},
		{"GET", "/SOURCES.sha256", 404},
		{"POST", "/", 405},
		{"DELETE", asset, 405},
		{"OPTIONS", "/nowhere", 405},
	} {
		answer := get(c.method, c.path)
		if answer.Code != c.status {
			t.Errorf("%s %s: %d, want %d", c.method, c.path, answer.Code, c.status)
		}
		if c.status == 405 && answer.Header().Get("Allow") != "GET, HEAD" {
			t.Errorf("%s %s: Allow is %q", c.method, c.path, answer.Header().Get("Allow"))
		}
		if c.method == "HEAD" && (answer.Body.Len() != 0 || answer.Header().Get("Content-Length") == "") {
			t.Errorf("HEAD %s: %d bytes of body, Content-Length %q", c.path, answer.Body.Len(), answer.Header().Get("Content-Length"))
		}
	}
}

func TestThePageIsAskedForAnewAndItsFilesAreKept(t *testing.T) {
	for _, c := range []struct{ path, cache string }{
		{"/", "no-cache"},
		{assets(t)[0], "public, max-age=31536000, immutable"},
	} {
		first := get("GET", c.path, "Accept-Encoding", "gzip")
		if got := first.Header().Get("Cache-Control"); got != c.cache {
			t.Errorf("%s: Cache-Control %q, want %q", c.path, got, c.cache)
		}
		again := get("GET", c.path, "Accept-Encoding", "gzip", "If-None-Match", first.Header().Get("ETag"))
		if again.Code != http.StatusNotModified || again.Body.Len() != 0 {
			t.Errorf("%s asked for again: %d with %d bytes, want 304", c.path, again.Code, again.Body.Len())
		}
		if other := get("GET", c.path, "If-None-Match", `"another"`); other.Code != http.StatusOK {
			t.Errorf("%s with another tag: %d, want 200", c.path, other.Code)
		}
	}
}

func TestFilesComePackedToThoseWhoTakeIt(t *testing.T) {
	kinds := map[string]string{
		".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8", ".txt": "text/plain; charset=utf-8",
	}
	for _, path := range assets(t) {
		plain := get("GET", path)
		for accepted, packed := range map[string]bool{
			"gzip":                       true,
			"br;q=1.0, GZIP ; q=0.5":     true,
			"*":                          true,
			"deflate, gzip;q=0":          false,
			"gzip;q=0, *":                false,
			"gzip;q=0.000, identity;q=1": false,
			"identity":                   false,
			"br, *;q=0":                  false,
		} {
			answer := get("GET", path, "Accept-Encoding", accepted)
			if got := answer.Header().Get("Content-Encoding") == "gzip"; got != packed {
				t.Errorf("%s for %q: packed %t, want %t", path, accepted, got, packed)
			}
			if answer.Header().Get("Vary") != "Accept-Encoding" || answer.Header().Get("Content-Type") != kinds[filepath.Ext(path)] {
				t.Errorf("%s for %q: headers %v", path, accepted, answer.Header())
			}
			if got := answer.Header().Get("Content-Length"); got != fmt.Sprint(answer.Body.Len()) {
				t.Errorf("%s for %q: Content-Length %s, body %d", path, accepted, got, answer.Body.Len())
			}
			if !packed {
				continue
			}
			if answer.Header().Get("ETag") == plain.Header().Get("ETag") {
				t.Errorf("%s: packed and plain have the same ETag", path)
			}
			reader, err := gzip.NewReader(answer.Body)
			if err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			unpacked, err := io.ReadAll(reader)
			if err != nil || string(unpacked) != plain.Body.String() {
				t.Errorf("%s: unpacked is not the plain file (%v)", path, err)
			}
		}
	}
}

func TestThePageNamesNoOtherPlace(t *testing.T) {
	page := get("GET", "/").Body.String()
	if !strings.Contains(page, "<title>lenddesk</title>") {
		t.Error("the page has another title")
	}
	for _, match := range regexp.MustCompile(`(?:src|href|action)="([^"]*)"`).FindAllStringSubmatch(page, -1) {
		if !strings.HasPrefix(match[1], "/assets/") && !strings.HasPrefix(match[1], "data:image/") {
			t.Errorf("index.html points to %q", match[1])
		}
	}
	for _, path := range assets(t) {
		if filepath.Ext(path) != ".css" {
			continue
		}
		css := get("GET", path).Body.String()
		if found := regexp.MustCompile(`(?:url\(|@import)\s*["']?(?:https?:)?//[^)]*`).FindString(css); found != "" {
			t.Errorf("the stylesheet loads %.80q", found)
		}
	}
}

// The build notes a hash of what it was built from; this is the same sum, over web/ as it stands now.
func TestThePageIsBuiltFromTheseSources(t *testing.T) {
	var paths []string
	err := filepath.WalkDir("web", func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if entry.IsDir() && entry.Name() == "node_modules" {
			return filepath.SkipDir
		}
		if !entry.IsDir() {
			paths = append(paths, filepath.ToSlash(strings.TrimPrefix(path, "web"+string(filepath.Separator))))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	slices.Sort(paths)
	sum := sha256.New()
	for _, path := range paths {
		contents, err := os.ReadFile(filepath.Join("web", path))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(sum, "%x  %s\n", sha256.Sum256(contents), path)
	}
	noted, err := os.ReadFile("dist/SOURCES.sha256")
	if err != nil {
		t.Fatal(err)
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != strings.TrimSpace(string(noted)) {
		t.Errorf("console/dist is stale: run go generate ./console (sources are %s, dist was built from %s)", got, noted)
	}
}

func TestExamplesAreReadyToRun(t *testing.T) {
	examples := console.Examples()
	documents, err := fs.Glob(examples, "*.graphql")
	if err != nil || len(documents) != 20 {
		t.Fatalf("documents: %q, %v", documents, err)
	}
	for _, name := range documents {
		text, err := fs.ReadFile(examples, name)
		if err != nil {
			t.Fatal(err)
		}
		document, err := parser.ParseQuery(&ast.Source{Name: name, Input: string(text)})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if len(document.Operations) != 1 || document.Operations[0].Name == "" {
			t.Errorf("%s: the page titles a tab after its one named operation", name)
			continue
		}
		variables := map[string]any{}
		if given, err := fs.ReadFile(examples, strings.TrimSuffix(name, ".graphql")+".json"); err == nil {
			if err := json.Unmarshal(given, &variables); err != nil {
				t.Errorf("variables of %s: %v", name, err)
			}
		}
		for _, definition := range document.Operations[0].VariableDefinitions {
			if _, given := variables[definition.Variable]; !given {
				t.Errorf("%s: no value for $%s", name, definition.Variable)
			}
			delete(variables, definition.Variable)
		}
		for left := range variables {
			t.Errorf("%s: the document has no $%s", name, left)
		}
	}
}
