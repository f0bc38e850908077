package door

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"

	"github.com/99designs/gqlgen/graphql"

	"lenddesk/fault"
)

// Multipart answers a POST with files, by the GraphQL multipart request specification: a part `operations` as the JSON of a POST would be, with null in the place of each
// file; a part `map` that says which part is which variable; then the parts with files. Files are only taken from who is signed in, and not from a page of another site in the name of
// its visitor.
type Multipart struct {
	Limits Limits
	// SignedIn says whether somebody asks. Nobody's files are not even read.
	SignedIn func(context.Context) bool
}

var _ graphql.Transport = Multipart{}

// Supports says whether a request is a multipart POST for one answer.
func (Multipart) Supports(r *http.Request) bool {
	media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return r.Method == http.MethodPost && forOneAnswer(r) && err == nil && media == "multipart/form-data"
}

var (
	errNotSignedIn  = fault.Deny(fault.Unauthenticated, "Sign in first.")
	errOtherSite    = fault.Deny(fault.BadRequest, "Files are not taken from another site.")
	errParts        = fault.Deny(fault.BadRequest, "A multipart request has the parts operations and map, in this order, and then one for each file of the map.")
	errMap          = fault.Deny(fault.BadRequest, "map must be a JSON object of lists of paths such as variables.input.file, each of a null in operations.")
	errFilesMissing = fault.Deny(fault.BadRequest, "A file of the map is missing.")
	errTooManyFiles = fault.Deny(fault.RequestTooComplex, "There are too many files in one request.")
)

// sameSite refuses what a browser says that another site sent. Who brings a token of their own is no visitor whose cookie is abused.
func sameSite(r *http.Request) bool {
	return r.Header.Get("Authorization") != "" || http.NewCrossOriginProtection().Check(r) == nil
}

// Do answers a multipart POST.
func (t Multipart) Do(w http.ResponseWriter, r *http.Request, exec graphql.GraphExecutor) {
	form, ok := negotiate(r.Header)
	switch {
	case !ok:
		writeRefusal(w, r, form, http.StatusNotAcceptable, errNotAcceptable)
		return
	case !sameSite(r):
		writeRefusal(w, r, form, http.StatusForbidden, errOtherSite)
		return
	case t.SignedIn != nil && !t.SignedIn(r.Context()):
		writeRefusal(w, r, form, statusOf(fault.Unauthenticated), errNotSignedIn)
		return
	}
	ctx, cancel := context.WithTimeout(r.Context(), t.Limits.Time)
	defer cancel()
	start := graphql.Now()
	r.Body = http.MaxBytesReader(w, r.Body, t.Limits.Upload)
	params, refusal := t.read(r)
	if r.Context().Err() != nil {
		noteGone(r.Context())
		return
	}
	if refusal != nil {
		status := http.StatusBadRequest
		if refusal == errBodyTooLong {
			status = http.StatusRequestEntityTooLarge
		}
		writeRefusal(w, r, form, status, refusal)
		return
	}
	params.Headers = r.Header
	params.ReadTime = graphql.TraceTiming{Start: start, End: graphql.Now()}
	run(ctx, w, r, form, params, exec)
}

// read takes the parts in their order.
func (t Multipart) read(r *http.Request) (*graphql.RawParams, *fault.Refusal) {
	parts, err := r.MultipartReader()
	if err != nil {
		return nil, errParts
	}
	operations, refusal := t.text(parts, "operations")
	if refusal != nil {
		return nil, refusal
	}
	params, refusal := parseBody(operations, t.Limits.Nesting)
	if refusal != nil {
		return nil, refusal
	}
	written, refusal := t.text(parts, "map")
	if refusal != nil {
		return nil, refusal
	}
	places, refusal := t.places(written)
	if refusal != nil {
		return nil, refusal
	}
	for range len(places) {
		part, err := parts.NextPart()
		if errors.Is(err, io.EOF) {
			return nil, errFilesMissing
		}
		if err != nil {
			return nil, unread(err)
		}
		paths, asked := places[part.FormName()]
		if !asked {
			return nil, errParts
		}
		content, err := io.ReadAll(part)
		if err != nil {
			return nil, unread(err)
		}
		sum := sha256.Sum256(content)
		f := &file{Name: part.FileName(), SHA256: hex.EncodeToString(sum[:]), content: content}
		for _, path := range paths {
			if !put(params.Variables, strings.Split(path, "."), f) {
				return nil, errMap
			}
		}
		delete(places, part.FormName())
	}
	if _, err := parts.NextPart(); !errors.Is(err, io.EOF) {
		return nil, errParts
	}
	return params, nil
}

// text reads the next part, which must have this name and be no file.
func (t Multipart) text(parts *multipart.Reader, name string) ([]byte, *fault.Refusal) {
	part, err := parts.NextPart()
	if err != nil {
		return nil, unread(err)
	}
	if part.FormName() != name {
		return nil, errParts
	}
	content, err := io.ReadAll(io.LimitReader(part, t.Limits.Body+1))
	if err != nil {
		return nil, unread(err)
	}
	if int64(len(content)) > t.Limits.Body {
		return nil, errBodyTooLong
	}
	return content, nil
}

// unread is what is said of a body that could not be read on.
func unread(err error) *fault.Refusal {
	if _, long := errors.AsType[*http.MaxBytesError](err); long {
		return errBodyTooLong
	}
	return errParts
}

// places reads the map: which variables each part is.
func (t Multipart) places(written []byte) (map[string][]string, *fault.Refusal) {
	if refusal := wellFormed(written, t.Limits.Nesting); refusal != nil {
		return nil, refusal
	}
	var places map[string][]string
	d := json.NewDecoder(bytes.NewReader(written))
	if d.Decode(&places) != nil || len(places) == 0 {
		return nil, errMap
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errMap
	}
	if len(places) > t.Limits.Files {
		return nil, errTooManyFiles
	}
	for _, paths := range places {
		if len(paths) == 0 || len(paths) > t.Limits.Files {
			return nil, errMap
		}
	}
	return places, nil
}

// put puts a file in the place of a null among the variables; false when there is none at the path.
func put(variables map[string]any, path []string, f *file) bool {
	if len(path) < 2 || path[0] != "variables" {
		return false
	}
	var at any = variables
	for i, step := range path[1:] {
		last := i == len(path)-2
		switch into := at.(type) {
		case map[string]any:
			v, there := into[step]
			if !there || last && v != nil {
				return false
			}
			if last {
				into[step] = f
			}
			at = v
		case []any:
			n, err := strconv.Atoi(step)
			if err != nil || n < 0 || n >= len(into) || last && into[n] != nil {
				return false
			}
			if last {
				into[n] = f
			} else {
				at = into[n]
			}
		default:
			return false
		}
	}
	return true
}
